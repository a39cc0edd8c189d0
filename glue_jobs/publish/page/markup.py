"""HTML elements as text. Every text is escaped, because keys, data sets and user agents come from strangers."""

from __future__ import annotations

import re
from html import escape

Attribute = str | int | float | bool | None


# Control characters, line separators, and characters that change the direction of the text around them.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_VOID = {"input"}


class Html(str):
    """Text that is HTML already; :func:`element` inserts it unchanged."""

    __slots__ = ()


EMPTY = Html("")


def element(tag: str, /, *children: str, **attributes: Attribute) -> Html:
    """One element; its children are :class:`Html` or texts, which are escaped.

    ``class_`` is the attribute class, ``data_value`` is data-value. None and False leave an attribute out.
    """
    end = "" if tag in _VOID else f"</{tag}>"
    return Html(f"<{tag}{''.join(_attributes(attributes))}>{joined(*children)}{end}")


def joined(*parts: str) -> Html:
    """Several elements or texts, one after the other."""
    return Html("".join(part if isinstance(part, Html) else text(part) for part in parts))


def text(value: str) -> Html:
    """A text, escaped."""
    return Html(escape(visible(value)))


def visible(value: str) -> str:
    """The text with control characters as Python escape sequences."""
    return _INVISIBLE.sub(lambda found: ascii(found[0])[1:-1], value)


def name(value: str) -> Html:
    """A name that a stranger chose: its writing direction does not change the text around it."""
    return element("bdi", value)


def _attributes(attributes: dict[str, Attribute]) -> list[str]:
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        written.append(f" {key}" if value is True else f' {key}="{text(str(value))}"')
    return written
