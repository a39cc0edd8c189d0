"""Names of tables and columns that need no quotation marks in Athena, derived from the names in uploads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

# Glue allows 255 bytes; the rest leaves room for the number of a duplicate name.
MAX_NAME_LENGTH = 128

_UNSAFE, _SAFE = re.compile("[^a-z0-9_]+"), re.compile("[a-z0-9]")
# Latin letters that do not decompose into a letter and an accent, and the Greek letter for micro in units.
_LATIN = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "μ": "u",
    }
)


def safe_name(name: str) -> str:
    """The name in lower case, with letters, digits and underscores only; letters lose their accents.

    ``Unit Price (€)`` is unit_price; a name that begins with a digit gets an underscore before it. Letters of other
    scripts are encoded at the end (Punycode, RFC 3492), so that different names stay different.
    """
    plain = _without_accents(name)
    if is_encoded(name):
        plain = unicodedata.normalize("NFKC", name.casefold()).translate(_LATIN).encode("punycode").decode("ascii")
    text = _UNSAFE.sub("_", plain).rstrip("_")
    text = text if name.startswith("_") else text.lstrip("_")
    return (f"_{text}" if text[:1].isdigit() else text)[:MAX_NAME_LENGTH] or "unnamed"


def is_encoded(name: str) -> bool:
    """Whether the safe name is in Punycode, because the name has letters of another script or none in ASCII."""
    plain = _without_accents(name)
    return any(not sign.isascii() and sign.isalnum() for sign in plain) or not (plain.isascii() or _SAFE.search(plain))


def _without_accents(name: str) -> str:
    signs = unicodedata.normalize("NFKD", name.casefold()).translate(_LATIN)
    return "".join(sign for sign in signs if not unicodedata.combining(sign))


class ColumnNames:
    """The columns of one upload, by field name; ``notes`` has a sentence on each with a number or in Punycode."""

    def __init__(self, reserved: Collection[str]) -> None:
        self._reserved = reserved
        self._columns: dict[str, str] = {}
        self._fields: dict[str, str] = {}
        self.notes: list[str] = []

    def __len__(self) -> int:
        return len(self._columns)

    def __contains__(self, field: str) -> bool:
        return field in self._columns

    def add(self, fields: Iterable[str]) -> None:
        """Assign a column to each field. Names do not depend on the order of fields, which may differ between files."""
        new = dict.fromkeys(field for field in fields if field not in self._columns)
        columns = {field: self._free(field) for field in sorted(new, key=lambda each: (safe_name(each) != each, each))}
        self._columns |= {field: columns[field] for field in new}

    def column(self, field: str) -> str:
        """The column of a field."""
        return self._columns[field]

    def _free(self, field: str) -> str:
        wanted = safe_name(field)
        name, number = wanted, 1
        while name in self._fields or name in self._reserved:
            number += 1
            name = f"{wanted}_{number}"
        if number > 1:
            other = f"the field {self._fields[wanted]!r}" if wanted in self._fields else "a column that every table has"
            self.notes.append(f"the field {field!r} is the column {name}, because {wanted} is {other}")
        elif is_encoded(field):
            self.notes.append(f"the field {field!r} is the column {name}")
        self._fields[name] = field
        return name
