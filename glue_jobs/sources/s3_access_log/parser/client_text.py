"""Find where the client's text ends in an access log line, whatever it contains.

S3 writes request-URI, referer and user agent as the client sent them, quotes and blanks included. A client can thus
type `` " 200 - 9 9 9 9 "-" "`` to forge the fields that follow. The eight fields before this text and the fields from
the version id on contain no blank and no quote of a client (not even the host header, by which S3 finds the bucket), so
both groups are read from their own end of the line. Between them, six fields of S3 (status to turn-around time) follow
the quote that closes the request-URI. Each place where six such fields are followed by a referer and a user agent is a
possible reading of the line. The last quote may close the user agent, the referer or the request-URI, because S3 writes
a bare ``-`` for a header that is absent.

- One reading: it is the true one, because the line that S3 wrote is always among the readings.
- Several, or none: the client's text cannot be distinguished from S3's, so the line is rejected. The HTTP version at
  the end of a request-URI decides nothing: S3 also logs requests without one (``"-"``, ``GET /k``), and a client can
  type one, and forged fields after it, into its URI, its referer or its user agent.

The first ``" "`` separates referer and user agent. Both are the client's own text, so a forged separator gains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from glue_jobs.sources.s3_access_log.parser.values import (
    FIELDS,
    FIRST_YEAR_OF_VERSIONS,
    HEAD,
    LONE_VERSION_ID,
    MIDDLE,
    SHAPES,
    TAIL,
    TAIL_LENGTHS,
    TIME,
    pattern_of,
)

SPLICED = "Two records run into each other: a second owner, bucket and time stand inside the line."
IMITATED = "Text of the client imitates the fields after it, so the line can be read in several ways."
NO_STATUS = "No status, sizes and times follow the request-URI: the line is cut short or damaged."
UNCLOSED = "The line is cut short: it ends inside a quoted field, or text is glued to a closing quote."

# A line with more possible readings is hostile, and trying each one takes quadratic time.
MAX_READINGS = 16
# Version id and host id may be any text.
UNSHAPED_TAIL_FIELDS = 2
FIELDS_BEFORE_TAIL = len(FIELDS) - len(TAIL)

# Wider than what S3 writes: if the true reading were missed, a forged one could be the only one left.
_SIX = rf" +(?:[0-9]{{3}}|-) +{SHAPES['error_code']}(?: +(?:-?[0-9]+|-)){{4}} +"
_READING = re.compile(rf'"(?=({_SIX})["-])')
_BARE_READING = re.compile(rf"-({_SIX})")
_UNQUOTED_HEADERS = re.compile(rf"{_SIX}- +-(?: |$)")
_MIDDLE = re.compile(" +" + " +".join(pattern_of(name) for name in MIDDLE) + " +")
_HEADERS = re.compile(r'(?:"(?P<referer>.*?)"|-) +(?:"(?P<user_agent>.*)"|-)', re.DOTALL)
_SECOND_HEAD = re.compile(rf"[0-9a-f]{{16}} +[^ \"]+ +{TIME} +[+-][0-9]{{4}}\] ")
_LONE_VERSION_ID = re.compile(f"-|{LONE_VERSION_ID}")
_SHAPES = {name: re.compile(shape) for name, shape in SHAPES.items()}


class UnreadableLineError(ValueError):
    """A line cannot be parsed; the message is the reason, one sentence."""


class Reading(NamedTuple):
    """One way to read the text between key and version id; ``middle`` is the text of the six fields of S3."""

    request_uri: str | None
    middle: str
    referer: str | None
    user_agent: str | None


def read_client_text(rest: str, year: int) -> tuple[Reading, list[str], list[str]]:
    """The true reading of the line's ``rest`` after its key, its six fields of S3, and the fields from version id on.

    ``year`` is that of the line's time.

    Raises UnreadableLineError if there is no reading, or more than one.
    """
    if _SECOND_HEAD.search(rest):
        raise UnreadableLineError(SPLICED)
    end = rest.rfind('"') + 1
    if end == 0:
        raise UnreadableLineError(problem_of_count(len(HEAD) + len(rest.split())) or NO_STATUS)
    if rest[end : end + 1].strip(" "):
        raise UnreadableLineError(UNCLOSED)
    found: dict[int, tuple[Reading, list[str]]] = {}
    problem = None
    for client_text, tail in _ends_of_client_text(rest, end):
        readings, wrong = _readings(client_text), problem_of_tail(tail, year)
        if wrong is None:
            found = {place: (reading, tail) for place, reading in readings.items()} | found
        elif readings:
            problem = problem or wrong
    if not found:
        raise UnreadableLineError(problem or NO_STATUS)
    if len(found) > 1:
        raise UnreadableLineError(IMITATED)
    ((reading, tail),) = found.values()
    six = _MIDDLE.fullmatch(reading.middle)
    if six is None:
        raise UnreadableLineError("The sizes and times after the request-URI are negative.")
    return reading, list(six.groups()), tail


def _ends_of_client_text(rest: str, end: int) -> Iterator[tuple[str, list[str]]]:
    """For each field that the last quote may close: the text up to the user agent, and the fields after it."""
    after = [value for value in rest[end:].split(" ") if value]
    yield rest[:end], after
    if after[:1] == ["-"]:
        # The referer: the user agent is a bare "-".
        yield rest[:end] + " -", after[1:]
    if may_be_unquoted_headers(rest[end:]):
        # The request-URI: its six fields follow, and two bare "-".
        count = len(MIDDLE) + 2
        yield " ".join([rest[:end], *after[:count]]), after[count:]


def may_be_unquoted_headers(text: str) -> bool:
    """Whether a text may begin with the six fields of S3 and a bare ``-`` for each of referer and user agent."""
    return _UNQUOTED_HEADERS.match(text) is not None


def _readings(text: str) -> dict[int, Reading]:
    """All ways to read a text that begins with the request-URI and ends with the user agent, by the URI's end.

    Raises UnreadableLineError if there are too many candidates.
    """
    if text.startswith("-"):
        matches = [match for match in [_BARE_READING.match(text)] if match]
    else:
        matches = [*islice(_READING.finditer(text, 1), MAX_READINGS + 1)]
    if len(matches) > MAX_READINGS:
        raise UnreadableLineError(IMITATED)
    readings = {}
    for match in matches:
        headers = _HEADERS.fullmatch(text, match.end(1))
        if headers:
            uri = text[1 : match.start()] if match.start() else None
            readings[match.start()] = Reading(uri, match[1], headers["referer"], headers["user_agent"])
    return readings


def problem_of_tail(tail: list[str], year: int) -> str | None:
    """What is wrong with the fields from the version id on, one sentence; None if nothing is."""
    if not tail and year < FIRST_YEAR_OF_VERSIONS:
        return None
    if len(tail) <= len(TAIL) and len(tail) not in TAIL_LENGTHS:
        return problem_of_count(FIELDS_BEFORE_TAIL + len(tail))
    if len(tail) == 1 and not _LONE_VERSION_ID.fullmatch(tail[0]):
        return UNCLOSED
    return _problem_of_shapes(tuple(tail[UNSHAPED_TAIL_FIELDS:]))


@lru_cache(maxsize=1024)
def _problem_of_shapes(tail: tuple[str, ...]) -> str | None:
    for name, value in zip(TAIL[UNSHAPED_TAIL_FIELDS:], tail, strict=False):
        if value != "-" and not _SHAPES[name].fullmatch(value):
            return f"The field {name} is not what S3 writes there: the line is cut short or its fields are shifted."
    return None


def problem_of_count(fields: int) -> str | None:
    """The sentence that a line with this number of fields is cut short; None if S3 has written such lines."""
    if fields >= len(FIELDS) or fields - FIELDS_BEFORE_TAIL in TAIL_LENGTHS:
        return None
    return f"The line is cut short: it has {fields} fields, where S3 writes 18 or at least 24, and 17 before 2010."
