"""Reader ids, and the keys that make them: which one for which day, and that none ever leaves its process."""

from __future__ import annotations

import json
import pickle
from datetime import date

import pyarrow as pa
import pytest

from glue_jobs.enrich.readers.keys import ReaderKeys

FIRST, SECOND = "0123456789abcdef" * 2, "fedcba9876543210" * 4
KEYS = ReaderKeys.read(json.dumps({"2024-06-01": SECOND, "2006-03-14": FIRST}).encode())


def test_a_reader_id_is_what_other_programs_compute_too() -> None:
    # printf 192.0.2.7 | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    assert KEYS.keys[0].reader_id("192.0.2.7") == "53db62d6a946d0fa863e3ff4da7ba0c7"


SPELLINGS = ("2001:db8::7", "2001:0DB8:0::7", "::ffff:192.0.2.7", "192.0.2.7")


def test_spellings_of_an_address_are_one_reader_and_other_keys_make_other_ids() -> None:
    one, same, mapped, four = (KEYS.keys[0].reader_id(text) for text in SPELLINGS)
    assert (one, mapped) == (same, four)
    assert len({key.reader_id(text) for key in KEYS.keys for text in ("192.0.2.7", "192.0.2.8")}) == 4


def test_the_day_of_an_event_decides_about_its_key() -> None:
    days = [date(1999, 1, 1), date(2024, 5, 31), date(2024, 6, 1), None]
    assert KEYS.numbers(pa.array(days, pa.date32())).tolist() == [0, 0, 1, 0]
    assert [KEYS.number(day) for day in days if day] == [0, 0, 1]


def test_keys_are_told_apart_without_telling_anything_of_them() -> None:
    first, second = KEYS.keys
    assert KEYS.version == f"{first.id} from 2006-03-14, {second.id} from 2024-06-01"
    for text in (KEYS.version, repr(KEYS.keys), str(first)):
        assert not any(secret[:4] in text.replace(first.id, "").replace(second.id, "") for secret in (FIRST, SECOND))
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(KEYS)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (f'{{"2006-03-14": "{FIRST}"', "it is not a JSON object such as"),
        (FIRST, "it is not a JSON object such as"),
        (f'["{FIRST}"]', "it is not a JSON object such as"),
        (f'{{"{FIRST}": "today"}}', "it is not a JSON object such as"),
        ('{"2006-03-14": 5}', "it is not a JSON object such as"),
        ("{}", "it has no key"),
        (f'{{"2006-03-14": "{FIRST[1:]}"}}', "a key has fewer than 32 characters"),
    ],
)
def test_what_is_no_key_is_a_sentence_that_quotes_nothing(content: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as error:
        ReaderKeys.read(content.encode())
    assert FIRST[1:6] not in str(error.value)
