"""Text of the client in an access log line: where it ends although it may contain anything.

S3 writes the request-URI, the referer and the user agent as the client sent them, quotes and blanks included, so a
client can type `` " 200 - 9 9 9 9 "-" "`` and forge what seems to follow. The first eight fields come before that text,
the fields from the version id on come after it; neither can contain a blank or a quote from the client, so both are
read from their own end of the line. In between, six fields written by S3 (status to turn-around time) follow the quote
that closes the request-URI. Every place where such six fields are followed by a referer and a user agent is a possible
reading of the line:

- one reading: it is the true one, because the line S3 wrote is always among the readings;
- several: those count whose request-URI ends in `` HTTP/1.1`` or another version, as S3 always writes it;
- still several, or none: nobody can tell what S3 wrote from what the client typed, so the line is rejected.

Where the referer ends and the user agent begins is the client's text on both sides, so nothing is gained by forging
it: the first ``" "`` divides them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from glue_jobs.sources.s3_access_log.parser.values import (
    FIELDS,
    HEAD,
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

# A line with more is hostile whatever it says, and trying each would take quadratic time.
MOST_READINGS = 16
# Version id and host id may be any text, and the latter is another in every line.
UNSHAPED = 2
BEFORE_TAIL = len(FIELDS) - len(TAIL)

# Wider than what S3 writes: a true reading must not be missed, or a forged one would be the only one.
_SIX = rf" +(?:[0-9]{{3}}|-) +{SHAPES['error_code']}(?: +(?:-?[0-9]+|-)){{4}} +"
_READING = re.compile(rf'"(?=({_SIX})["-])')
_BARE_READING = re.compile(rf"-({_SIX})")
_MIDDLE = re.compile(" +" + " +".join(pattern_of(name) for name in MIDDLE) + " +")
_HEADERS = re.compile(r'(?:"(?P<referer>.*?)"|-) +(?:"(?P<user_agent>.*)"|-)', re.DOTALL)
_HTTP_VERSION = re.compile(r" HTTP/[0-9](?:\.[0-9])?$")
_SECOND_HEAD = re.compile(rf"[0-9a-f]{{16}} +[^ \"]+ +{TIME} +\+0000\] ")
_SHAPES = {name: re.compile(shape) for name, shape in SHAPES.items()}


class Unreadable(ValueError):
    """Why a line cannot be understood, as one sentence."""


class Reading(NamedTuple):
    """One way to read the text between the key and the version id; ``middle`` is the text of the six fields of S3."""

    request_uri: str | None
    middle: str
    referer: str | None
    user_agent: str | None


def read_client_text(rest: str) -> tuple[Reading, list[str], list[str]]:
    """The true reading of a line after its key, the six fields of S3 in it, and the fields from the version id on.

    Raises Unreadable when there is none, or more than one.
    """
    if _SECOND_HEAD.search(rest):
        raise Unreadable(SPLICED)
    end = rest.rfind('"') + 1
    if end == 0:
        raise Unreadable(problem_of_count(len(HEAD) + len(rest.split())) or NO_STATUS)
    if rest[end : end + 1].strip(" "):
        raise Unreadable(UNCLOSED)
    tail = [value for value in rest[end:].split(" ") if value]
    readings, problem = _readings(rest[:end]), problem_of_tail(tail)
    if not readings or problem:
        # The last quote may close the referer, or the request-URI, and the fields after it be a bare "-".
        bare = _readings(rest[:end] + " -") if tail[:1] == ["-"] and not problem_of_tail(tail[1:]) else []
        if not bare:
            raise Unreadable(problem or NO_STATUS if readings else NO_STATUS)
        readings, tail = bare, tail[1:]
    reading = _true_one(readings)
    six = _MIDDLE.fullmatch(reading.middle)
    if six is None:
        raise Unreadable("The sizes and times after the request-URI are negative.")
    return reading, list(six.groups()), tail


def _readings(text: str) -> list[Reading]:
    """Every way to read a text that begins with the request-URI and ends with the user agent; at most a few."""
    if text.startswith("-"):
        starts = [(None, six, 1) for six in [_BARE_READING.match(text)] if six]
        places: list[tuple[str | None, re.Match[str], int]] = [*starts]
    else:
        quotes = islice(_READING.finditer(text, 1), MOST_READINGS + 1)
        places = [(text[1 : quote.start()], quote, quote.end()) for quote in quotes]
    if len(places) > MOST_READINGS:
        raise Unreadable(IMITATED)
    found = []
    for uri, six, start in places:
        headers = _HEADERS.fullmatch(text, start + len(six[1]))
        if headers:
            found.append(Reading(uri, six[1], headers["referer"], headers["user_agent"]))
    return found


def _true_one(readings: list[Reading]) -> Reading:
    if len(readings) > 1:
        readings = [reading for reading in readings if _HTTP_VERSION.search(reading.request_uri or "")]
    if len(readings) != 1:
        raise Unreadable(IMITATED)
    return readings[0]


def problem_of_tail(tail: list[str]) -> str | None:
    """What is wrong with the fields from the version id on, as one sentence; null when nothing is."""
    if len(tail) <= len(TAIL) and len(tail) not in TAIL_LENGTHS:
        return problem_of_count(BEFORE_TAIL + len(tail))
    return _problem_of_shapes(tuple(tail[UNSHAPED:]))


@lru_cache(maxsize=1024)
def _problem_of_shapes(tail: tuple[str, ...]) -> str | None:
    for name, value in zip(TAIL[UNSHAPED:], tail, strict=False):
        if value != "-" and not _SHAPES[name].fullmatch(value):
            return f"The field {name} is not what S3 writes there: the line is cut short or its fields are shifted."
    return None


def problem_of_count(fields: int) -> str | None:
    """That a line with so few fields is cut short, as one sentence; null when S3 has written such lines."""
    if fields >= len(FIELDS) or fields - BEFORE_TAIL in TAIL_LENGTHS:
        return None
    return f"The line is cut short: it has {fields} fields, where S3 has always written 18 or at least 24."
