"""Protocol buffer messages as far as ORC's own use them: fields that are whole numbers or bytes, by their numbers.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Value = tuple[int, int | bytes]
"""A field's number and value."""

# How a field is written stands in the last three bits before its value.
VARINT, BYTES = 0, 2


class Message:
    """The fields of a message, in order.

    Raises:
        ValueError: it has a field of another kind, or ends within one.
    """

    def __init__(self, message: bytes) -> None:
        self.fields = tuple(_read(message))

    def number(self, field: int) -> int:
        """A field that is a number; nought if it is not there."""
        return next((value for number, value in self.fields if number == field and isinstance(value, int)), 0)

    def texts(self, field: int) -> list[bytes]:
        """All fields of that number that are bytes."""
        return [value for number, value in self.fields if number == field and isinstance(value, bytes)]

    def messages(self, field: int) -> list[Message]:
        """The same as messages of their own."""
        return [Message(value) for value in self.texts(field)]

    def packed(self, field: int) -> list[int]:
        """The numbers of a field that has several of them, packed."""
        return [number for value in self.texts(field) for number in _varints(value)]


def written(fields: Iterable[Value]) -> bytes:
    """The message of these fields."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_as_varint(number << 3 | VARINT), _as_varint(value)]
        else:
            parts += [_as_varint(number << 3 | BYTES), _as_varint(len(value)), value]
    return b"".join(parts)


def _read(message: bytes) -> Iterator[Value]:
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        value, place = _varint(message, place)
        if tag & 7 == VARINT:
            yield tag >> 3, value
        elif tag & 7 == BYTES and place + value <= len(message):
            yield tag >> 3, message[place : place + value]
            place += value
        else:
            raise ValueError(f"field {tag >> 3} is no number and no bytes, or ends early")


def _varints(value: bytes) -> Iterator[int]:
    place = 0
    while place < len(value):
        number, place = _varint(value, place)
        yield number


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = 0
    for end in range(place, min(place + 10, len(message))):
        number |= (message[end] & 0x7F) << 7 * (end - place)
        if message[end] < 0x80:
            return number, end + 1
    raise ValueError("a number has no end")


def _as_varint(number: int) -> bytes:
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])
