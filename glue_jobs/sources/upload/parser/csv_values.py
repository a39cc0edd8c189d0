"""Convert the texts of a CSV column to values of the type that they all have."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.sources.upload.types import BIGINT, BOOLEAN, DOUBLE, MAX_WHOLE, NOTHING, TEXT, WHOLE, Type, arrow_type
from glue_jobs.sources.upload.values import MAX_DIGITS

# Only texts that say no more than the number: 007 and +1 stay texts.
_WHOLE = r"^(?:0|-?[1-9][0-9]{0,18})$"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?$"
# The parts of a number that are not significant digits.
_NO_DIGITS = r"[eE].*$|[-.]|^-?0[.]0*"
# A double represents every whole number of this many digits.
MAX_WHOLE_DIGITS = 15


def type_of_texts(column: pa.Array) -> Type:
    """The narrowest type that all texts fit."""
    texts = column.drop_null()
    if not len(texts):
        return NOTHING
    if _all(pc.match_substring_regex(texts, _WHOLE)):
        try:
            bounds = pc.min_max(texts.cast(pa.int64())).as_py()
        except pa.ArrowInvalid:
            return TEXT
        return WHOLE if bounds["min"] >= -MAX_WHOLE and bounds["max"] <= MAX_WHOLE else BIGINT
    if _all(pc.match_substring_regex(texts, _NUMBER)):
        return DOUBLE if _are_doubles(texts) else TEXT
    return BOOLEAN if _all(pc.is_in(texts, pa.array(["true", "false"]))) else TEXT


def column_of_texts(column: pa.Array, kind: Type) -> pa.Array:
    """The texts as values of a type that they all fit."""
    return column if kind in (TEXT, NOTHING) else column.cast(arrow_type(kind))


def _are_doubles(texts: pa.Array) -> bool:
    """Whether no number has more digits than a double holds, or is infinite as a double."""
    digits = pc.utf8_length(pc.replace_substring_regex(texts, _NO_DIGITS, ""))
    is_whole = pc.match_substring_regex(texts, _WHOLE)
    limit = pc.if_else(is_whole, MAX_WHOLE_DIGITS, MAX_DIGITS)
    return _all(pc.less_equal(digits, limit)) and _all(pc.is_finite(texts.cast(pa.float64())))


def _all(flags: pa.Array) -> bool:
    return bool(pc.all(flags).as_py())
