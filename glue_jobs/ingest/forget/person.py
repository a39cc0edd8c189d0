"""The ids of a person, and the rows that have one of these ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Flags
from glue_jobs.errors import ArgumentError
from glue_jobs.tables.model import READER, Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD

READER_ID = re.compile("[0-9a-f]{32}")
ACCOUNT = re.compile("[0-9]{12}|[0-9a-f]{64}")

# The boundaries of an IP address in a text: other characters would make it another one. A port may follow an IPv4 one.
_BEFORE = r"(?:^|[^0-9A-Za-z.:]|::ffff:)"
_AFTER = {4: r"(?:$|[^0-9A-Za-z.]|[.](?:$|[^0-9]))", 6: r"(?:$|[^0-9A-Za-z.:]|[.:](?:$|[^0-9A-Fa-f:]))"}


@dataclass(frozen=True)
class Person:
    """The IP addresses, reader ids and accounts to forget; accounts are account ids or canonical user ids."""

    addresses: frozenset[str] = frozenset()
    reader_ids: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()

    def columns(self, table: Table) -> tuple[str, ...]:
        """The columns of the table that may contain one of the ids."""
        if table == REJECTED_RECORD:
            return ("record", "reason")
        people = (table.address, READER[0], *table.texts_with_addresses)
        return tuple(dict.fromkeys((*people, *(table.callers if self.accounts else ()))))

    def has(self, table: Table, rows: pa.Table) -> Flags:
        """A mask of the rows that are of the person; ``rows`` must have the `columns`."""
        found = np.zeros(rows.num_rows, dtype=bool)
        for name in self.columns(table):
            pattern = self._pattern(table, name)
            if pattern and rows.num_rows:
                found |= _matches(rows[name], pattern)
        return found

    def _pattern(self, table: Table, column: str) -> str:
        of_caller = column in table.callers
        is_text = table == REJECTED_RECORD or column in table.texts_with_addresses
        patterns = [] if of_caller and not is_text else [_address(address) for address in sorted(self.addresses)]
        ids: set[str] = set()
        if is_text or column == READER[0]:
            ids |= self.reader_ids
        if of_caller or table == REJECTED_RECORD:
            ids |= self.accounts
        if ids:
            patterns.append(f"(?:^|[^0-9A-Za-z])(?:{'|'.join(sorted(ids))})(?:$|[^0-9A-Za-z])")
        return "|".join(patterns)


def person(addresses: Iterable[str], reader_ids: Iterable[str], accounts: Iterable[str]) -> Person:
    """The person with these ids.

    Raises:
        ArgumentError: no id is given, or one is not an IP address, a reader id or an account.
    """
    found = Person(frozenset(map(_plain, addresses)), frozenset(reader_ids), frozenset(accounts))
    if not (found.addresses or found.reader_ids or found.accounts):
        raise ArgumentError("name a reader, an address or an account to forget")
    for given, known, what in (
        (found.reader_ids, READER_ID, "a reader id has 32 hexadecimal digits"),
        (found.accounts, ACCOUNT, "an account is an id of 12 digits or a canonical user id of 64 hexadecimal digits"),
    ):
        for text in given:
            if not known.fullmatch(text):
                raise ArgumentError(f"{what}; this is {text!r}")
    return found


def _plain(text: str) -> str:
    try:
        address = ip_address(text.strip())
    except ValueError as error:
        raise ArgumentError(f"{text!r} is no address of IPv4 or IPv6") from error
    mapped = None if isinstance(address, IPv4Address) else address.ipv4_mapped
    return str(mapped or address)


def _address(text: str) -> str:
    """A regular expression that finds the address in a text, in any of its usual spellings."""
    address = ip_address(text)
    groups = address.exploded.split(":")
    forms = (
        {text, address.exploded, ":".join(group.lstrip("0") or "0" for group in groups)} if len(groups) > 1 else {text}
    )
    written = "|".join(map(re.escape, forms))
    return f"(?i:{_BEFORE}(?:{written}){_AFTER[address.version]})"


def _matches(column: pa.ChunkedArray, pattern: str) -> Flags:
    values = column.unify_dictionaries().combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_list(values.type):
        values = pc.binary_join(values, " ")
    if pa.types.is_dictionary(values.type):
        # Match each distinct value once.
        of_value = pc.fill_null(pc.match_substring_regex(values.dictionary, pattern), False).to_numpy(False)
        codes = pc.fill_null(values.indices, -1).to_numpy()
        matching: Flags = np.append(of_value, False)[codes].astype(bool)
        return matching
    found: Flags = pc.fill_null(pc.match_substring_regex(values, pattern), False).to_numpy(zero_copy_only=False)
    return found
