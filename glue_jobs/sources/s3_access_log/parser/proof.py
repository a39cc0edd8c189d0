"""The proof that ``pyarrow.csv`` split access log lines where S3 put the blanks.

A line is plain when its only quotes are those S3 puts around request-URI, referer and user agent (none where it writes
a bare ``-``). ``pyarrow.csv`` reads plain lines right and may misread others. Given that there are as many rows as
lines and that each has exactly the number of columns of a layout S3 has written, a row is proven right when

1. the lengths of its columns left of the request-URI add up to the place where that begins, and those right of the
   user agent to the place where that ends; there and at the other ends of the three fields stand a quote and a blank,
   or a bare ``-``; referer and user agent are neighbours, and the columns between request-URI and referer fill the
   bytes between them;
2. there are no other quotes: the quotes of all lines are as many as these places account for;
3. the columns have the types and shapes of what S3 writes there.

One quote typed by a client breaks the second point, whatever the client typed around it. Without one, quoted text
cannot end early: every token is where S3 put it, and nothing the client typed is taken for a field of S3.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.byte_search import Bytes, Flags, Places
from glue_jobs.sources.s3_access_log.parser.columns import (
    REFERER_COLUMN,
    URI_COLUMN,
    USER_AGENT_COLUMN,
    ZONE,
    string_offsets,
)
from glue_jobs.sources.s3_access_log.parser.values import ANY, NUMBERS, SHAPES, TIME_LENGTH

QUOTE, BLANK, DASH = b'" -'
_POWERS_OF_TEN = 10 ** np.arange(19, dtype=np.int64)
_PATTERNS = {name: f"^(?:{shape})$" for name, shape in SHAPES.items() if shape != ANY} | {ZONE: r"^\+0000\]$"}


class Doubt(Exception):
    """The rows that were read cannot be matched with the lines."""


def prove_places(data: Bytes, starts: Places, ends: Places, arrays: dict[str, pa.Array], quotes: int) -> Flags:
    """Which rows are proven to be split where S3 wrote the blanks (points 1 and 2); ``quotes`` are in all the lines.

    Raises Doubt when the quotes cannot be accounted for.
    """
    names = list(arrays)
    lengths = _logged_lengths(arrays)
    uri_start = starts + sum(lengths[name] + 1 for name in names[:URI_COLUMN])
    agent_end = ends - sum(lengths[name] + 1 for name in names[USER_AGENT_COLUMN + 1 :])
    uri_end, uri_good, uri_quoted = _follow(data, uri_start, lengths[names[URI_COLUMN]], step=1)
    agent_start, agent_good, agent_quoted = _follow(data, agent_end - 1, lengths[names[USER_AGENT_COLUMN]], step=-1)
    referer_start, referer_good, referer_quoted = _follow(
        data, agent_start - 1, lengths[names[REFERER_COLUMN]], step=-1
    )
    middle = sum(lengths[name] + 1 for name in names[URI_COLUMN + 1 : REFERER_COLUMN])
    good: Flags = uri_good & agent_good & referer_good & (uri_end + middle == referer_start)
    expected = 2 * (uri_quoted.astype(np.int64) + agent_quoted + referer_quoted)
    if _quotes_within(data, starts, ends, ~good) + int(expected[good].sum()) == quotes:
        return good
    for column in (URI_COLUMN, REFERER_COLUMN, USER_AGENT_COLUMN):
        good &= ~_flags(pc.match_substring(arrays[names[column]], '"'))
    if _quotes_within(data, starts, ends, ~good) + int(expected[good].sum()) != quotes:
        raise Doubt
    return good


def _follow(data: Bytes, place: Places, length: Places, step: int) -> tuple[Places, Flags, Flags]:
    """The blank beyond a quoted or bare ``-`` field that begins at ``place`` and runs in direction ``step``.

    Also says whether the field stands between blanks and is quoted or bare as it should, and whether it is quoted.
    """
    first = data.take(place, mode="clip")
    quoted = first == QUOTE
    last = place + step * (length - 1 + 2 * quoted)
    good = (quoted & (data.take(last, mode="clip") == QUOTE)) | ((first == DASH) & (length == 1))
    good &= (data.take(place - step, mode="clip") == BLANK) & (data.take(last + step, mode="clip") == BLANK)
    return last + step, good, quoted


def _logged_lengths(arrays: dict[str, pa.Array]) -> dict[str, Places]:
    """Bytes each value took in its line, without quotes; a null took one."""
    lengths: dict[str, Places] = {}
    for name, array in arrays.items():
        if name in NUMBERS:
            lengths[name] = _digits(array.fill_null(0).to_numpy())
        elif name == "event_time":
            lengths[name] = np.full(len(array), TIME_LENGTH)
        else:
            length = np.diff(string_offsets(array))
            lengths[name] = length + (length == 0)
    return lengths


def _digits(numbers: Places) -> Places:
    """How many digits numbers have as S3 writes them; pyarrow also reads hexadecimal ones and leading zeros."""
    digits: Places = np.ones(len(numbers), np.int64)
    largest = numbers.max(initial=0)
    for power in _POWERS_OF_TEN[1:]:
        # A few comparisons of whole columns take a quarter of the time of a binary search for each number.
        if power > largest:
            break
        digits += numbers >= power
    return digits


def _quotes_within(data: Bytes, starts: Places, ends: Places, chosen: Flags) -> int:
    spans = zip(starts[chosen].tolist(), ends[chosen].tolist(), strict=True)
    return sum(int(np.count_nonzero(data[start:end] == QUOTE)) for start, end in spans)


def prove_shapes(arrays: dict[str, pa.Array]) -> Flags:
    """Which rows have only values that look like what S3 writes in their column (point 3)."""
    good: Flags = np.ones(len(arrays[ZONE]), dtype=bool)
    for name, array in arrays.items():
        if name == "http_status":
            status = array.fill_null(200).to_numpy()
            good &= (status >= 100) & (status <= 999)
        elif name in _PATTERNS:
            shaped = _flags(pc.match_substring_regex(array.dictionary, _PATTERNS[name]))
            if not shaped.all() or (name == ZONE and array.null_count):
                good &= np.append(shaped, name != ZONE)[array.indices.fill_null(-1).to_numpy()]
    return good


def _flags(values: pa.Array) -> Flags:
    flags: Flags = values.fill_null(False).to_numpy(zero_copy_only=False)
    return flags
