"""Proof that ``pyarrow.csv`` split access log lines at the blanks that S3 wrote.

``pyarrow.csv`` splits a line correctly if its only quotes are those that S3 writes around request-URI, referer and user
agent (or none, where S3 writes a bare ``-``). With any other quote it may be wrong. Given as many rows as lines, each
with the number of columns of a layout of S3, a row is proven if

1. the lengths of its columns add up: from the start of the line to the request-URI, from the end of the line back to
   the user agent, and between these two. Each of the three client fields has a quote and a blank at both ends, or is a
   bare ``-``;
2. there is no other quote: the number of quotes in all lines equals the number that these places account for;
3. the values have the types and shapes of what S3 writes in their columns.

A quote typed by a client breaks point 2, whatever else the client typed. Without one, no quoted text ends early, so
every value is where S3 wrote it. docs/decisions/0004-access-log-fast-path.md shows the proof on a line.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import flags_of
from glue_jobs.columns.numpy_types import Bytes, Flags, Places
from glue_jobs.read.parsed import MAX_LOGGED_NUMBER
from glue_jobs.sources.s3_access_log.parser.columns import (
    REFERER_COLUMN,
    URI_COLUMN,
    USER_AGENT_COLUMN,
    ZONE,
)
from glue_jobs.sources.s3_access_log.parser.values import ANY, LONE_VERSION_ID, NUMBERS, SHAPES, TIME_LENGTH

QUOTE, BLANK, DASH = b'" -'
_POWERS_OF_TEN = 10 ** np.arange(19, dtype=np.int64)
_PATTERNS = {name: f"^(?:{shape})$" for name, shape in SHAPES.items() if shape != ANY} | {ZONE: r"^\+0000\]$"}


class UnmatchedRowsError(Exception):
    """The rows cannot be matched with the lines."""


def prove_places(data: Bytes, starts: Places, ends: Places, arrays: dict[str, pa.Array], quotes: int) -> Flags:
    """Flags of the rows that satisfy points 1 and 2; ``quotes`` is the number of quotes in all the lines.

    Raises UnmatchedRowsError if the quotes do not add up.
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
    if _quotes_in(data, starts, ends, ~good) + int(expected[good].sum()) == quotes:
        return good
    for column in (URI_COLUMN, REFERER_COLUMN, USER_AGENT_COLUMN):
        good &= ~flags_of(pc.match_substring(arrays[names[column]], '"'))
    if _quotes_in(data, starts, ends, ~good) + int(expected[good].sum()) != quotes:
        raise UnmatchedRowsError
    return good


def _follow(data: Bytes, place: Places, length: Places, step: int) -> tuple[Places, Flags, Flags]:
    """Follow a client field of known length that begins at ``place``, forwards (``step`` 1) or backwards (-1).

    Returns the place after the field, whether the field is between blanks and is quoted or a bare ``-``, and whether it
    is quoted.
    """
    first = data.take(place, mode="clip")
    quoted = first == QUOTE
    last = place + step * (length - 1 + 2 * quoted)
    good = (quoted & (data.take(last, mode="clip") == QUOTE)) | ((first == DASH) & (length == 1))
    good &= (data.take(place - step, mode="clip") == BLANK) & (data.take(last + step, mode="clip") == BLANK)
    return last + step, good, quoted


def _logged_lengths(arrays: dict[str, pa.Array]) -> dict[str, Places]:
    """The length of each value in its line, in bytes and without quotes. A null is a ``-``."""
    lengths: dict[str, Places] = {}
    for name, array in arrays.items():
        if name in NUMBERS:
            # As S3 writes it: pyarrow also reads hexadecimal numbers and leading zeros, whose lengths then differ.
            digits = np.searchsorted(_POWERS_OF_TEN, array.fill_null(0).to_numpy(), side="right")
            lengths[name] = np.maximum(digits, 1)
        elif name == "event_time":
            lengths[name] = np.full(len(array), TIME_LENGTH)
        else:
            lengths[name] = np.maximum(pc.binary_length(array).fill_null(0).to_numpy(), 1)
    return lengths


def _quotes_in(data: Bytes, starts: Places, ends: Places, chosen: Flags) -> int:
    lines = zip(starts[chosen].tolist(), ends[chosen].tolist(), strict=True)
    return sum(int(np.count_nonzero(data[start:end] == QUOTE)) for start, end in lines)


def prove_shapes(arrays: dict[str, pa.Array], quotes: Places) -> Flags:
    """Flags of the rows that satisfy point 3; strings are dictionary-encoded, ``quotes`` are the numbers per line."""
    good: Flags = np.ones(len(arrays[ZONE]), dtype=bool)
    patterns = _PATTERNS if "host_id" in arrays else _PATTERNS | {"version_id": f"^(?:{LONE_VERSION_ID})$"}
    for name, array in arrays.items():
        if name == "http_status":
            status = array.fill_null(200).to_numpy()
            good &= (status >= 100) & (status <= 999)
        elif name in NUMBERS:
            if (pc.max(array).as_py() or 0) > MAX_LOGGED_NUMBER:
                good &= array.fill_null(0).to_numpy() <= MAX_LOGGED_NUMBER
        elif name in patterns:
            shaped = flags_of(pc.match_substring_regex(array.dictionary, patterns[name]))
            if not shaped.all() or (name == ZONE and array.null_count):
                good &= np.append(shaped, name != ZONE)[array.indices.fill_null(-1).to_numpy()]
    # Lines of lifecycle rules end with dashes too, but have no text of a client and so no quotes.
    return good & ~(_may_be_unquoted_headers(arrays) & (quotes > 0))


def _may_be_unquoted_headers(arrays: dict[str, pa.Array]) -> Flags:
    """Flags of rows whose fields after the user agent may be status to turn-around time and two bare ``-`` (headers).

    The client then typed the quotes before them, in its request-URI.
    """
    if "host_header" not in arrays:
        return np.zeros(len(arrays[ZONE]), dtype=bool)
    hosts = arrays["host_header"]
    numbers = flags_of(pc.match_substring_regex(hosts.dictionary, "^[0-9]*$"))
    may: Flags = np.append(numbers, True)[hosts.indices.fill_null(-1).to_numpy()]
    for name in ("signature_version", "tls_version", "access_point_arn"):
        if name in arrays:
            may &= arrays[name].is_null().to_numpy(zero_copy_only=False)
    return may
