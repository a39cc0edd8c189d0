"""Protocol buffer messages of numbers and bytes: what is written is read again, what is none is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.sources.s3_inventory_object.parser.protobuf import Message, written

fields = st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1) | st.binary(max_size=300))


@given(st.lists(fields))
def test_what_is_written_is_read_again(given_fields: list[tuple[int, int | bytes]]) -> None:
    assert list(Message(written(given_fields)).fields) == given_fields


def test_fields_are_found_by_their_numbers() -> None:
    # Message of the encoding guide's examples: 1: 150, 2: "testing", 4: packed 3, 270, 86942.
    message = Message(bytes.fromhex("089601 120774657374696e67 2206038e029ea705"))
    assert (message.number(1), message.number(9)) == (150, 0)
    assert message.texts(2) == [b"testing"]
    assert message.packed(4) == [3, 270, 86942]


@pytest.mark.parametrize("damaged", ["08", "0880", "1207746573", "0d00000000", "ff" * 12])
def test_what_is_no_such_message_is_refused(damaged: str) -> None:
    with pytest.raises(ValueError, match="number"):
        Message(bytes.fromhex(damaged))
