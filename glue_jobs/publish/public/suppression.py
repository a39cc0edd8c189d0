"""Which numbers of one month are shown. Each breakdown divides the month, so its rows and the month add up.

Three rules hold for each breakdown and each number by itself:

1. A number with fewer readers behind it than the minimum is hidden.
2. If any number is hidden, the shown one with the fewest readers is hidden too. The sum of the hidden ones, which is
   the month less the shown ones, then belongs to two rows or more and to enough readers.
3. Numbers of people do not add up, but all rows together have no fewer people than the month. More numbers are hidden
   as long as the published ones would reveal that there are any readers in the hidden rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glue_jobs.config import Privacy
from glue_jobs.query.saved.metadata import Public

Row = Mapping[str, Any]

WHOLE = "total"
OTHER = "(other)"
"""The name of the rows that are not shown, together."""
HIDDEN = "hidden"
"""Stands for a number of enough readers that would give hidden ones away."""
BYTES = "bytes_sent"

# Names that say who somebody is: an AWS account, a canonical user id, an ARN, an address.
_WHO = re.compile(
    r"(?<!\d)\d{12}(?!\d)|\b[0-9a-f]{64}\b|\barn:|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|[0-9a-f]*(?::[0-9a-f]*){2,7}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ShownMonth:
    """The rows of a month as everybody may see them, how many numbers are hidden, and their share of the bytes.

    ``rows`` have the names and counts of the declaration; a count is a number, a text that stands for a hidden one, or
    None. ``shares`` are 0 to 1, by breakdown.
    """

    rows: list[dict[str, Any]]
    cells: int
    shares: dict[str, float]


def shown_month(rows: Sequence[Row], declared: Public, privacy: Privacy) -> ShownMonth:
    """Hide what must not be seen of the rows of one month, one of which is the whole."""
    (whole,) = (row for row in rows if row[declared.breakdown] == WHOLE)
    shown = [_row(whole, declared, {count: _value(whole, count, declared, privacy) for count in declared.counts})]
    cells, shares = sum(isinstance(shown[0][count], str) for count in declared.counts), {}
    for breakdown in sorted({row[declared.breakdown] for row in rows} - {WHOLE}):
        parts = [row for row in rows if row[declared.breakdown] == breakdown]
        # By name: any other order would tell something of the hidden numbers.
        parts.sort(key=lambda row: [row[name] for name in declared.names])
        hidden = {count: _hidden(whole, parts, count, declared, privacy) for count in declared.counts}
        shown += _parts(whole, parts, hidden, declared, privacy)
        cells += sum(map(len, hidden.values()))
        if BYTES in hidden:
            shares[breakdown] = _share(sum(parts[place][BYTES] for place in hidden[BYTES]), whole[BYTES])
    return ShownMonth(shown, cells, shares)


def _hidden(whole: Row, parts: Sequence[Row], count: str, declared: Public, privacy: Privacy) -> set[int]:
    """The places of the parts whose number is hidden."""
    behind = declared.counts[count]
    enough = [place for place, part in enumerate(parts) if part[behind] >= privacy.minimum_readers]
    # A sum of the month that is hidden itself has no parts that are shown.
    candidates = [
        place for place in enough if not _tells_who(parts[place], declared) and whole[behind] >= privacy.minimum_readers
    ]
    candidates.sort(key=lambda place: parts[place][behind])
    concealed = int(len(candidates) < len(parts))
    if count == behind and concealed:
        while _tells_of_people(whole[count], [parts[place][count] for place in candidates], concealed, privacy):
            concealed += 1
    return set(range(len(parts))).difference(candidates[concealed:])


def _tells_of_people(whole: int, parts: Sequence[int], concealed: int, privacy: Privacy) -> bool:
    """Whether published numbers reveal readers in the hidden rows even with the ``concealed`` smallest parts hidden.

    The parts are sorted by readers. Whoever knows the rules knows that each concealed part has no more than the next.
    """
    shown = [_greatest(part, privacy) for part in parts[concealed:]]
    return bool(shown) and _least(whole, privacy) > sum(shown) + concealed * shown[0]


def _least(people: int, privacy: Privacy) -> int:
    """The least number of people that is published like this one."""
    rounding = privacy.rounding
    first = max(privacy.minimum_readers, people - rounding.multiple)
    return next(number for number in range(first, people + 1) if rounding.rounded(number) == rounding.rounded(people))


def _greatest(people: int, privacy: Privacy) -> int:
    """The greatest number of people that is published like this one."""
    published, rounding = privacy.rounding.rounded(people), privacy.rounding
    if isinstance(published, str):
        return rounding.minimum - 1
    last = people + rounding.multiple
    return next(number for number in range(last, people - 1, -1) if rounding.rounded(number) == published)


def _parts(
    whole: Row, parts: Sequence[Row], hidden: Mapping[str, set[int]], declared: Public, privacy: Privacy
) -> list[dict[str, Any]]:
    """The parts with a number that is shown, and one row for what the others add up to."""
    rows = []
    for place, part in enumerate(parts):
        if all(place in places for places in hidden.values()):
            continue
        shown = {count: _value(part, count, declared, privacy, place in places) for count, places in hidden.items()}
        rows.append(_row(part, declared, shown))
    if any(hidden.values()):
        names = {
            name: whole[name] if all(part[name] == whole[name] for part in parts) else OTHER for name in declared.names
        }
        rest = {count: _rest(whole, parts, count, places, declared, privacy) for count, places in hidden.items()}
        rows.append(_row({**parts[0], **names}, declared, rest))
    return rows


def _value(row: Row, count: str, declared: Public, privacy: Privacy, is_hidden: bool = False) -> int | str:
    """The number as it is shown."""
    behind = declared.counts[count]
    if row[behind] < privacy.minimum_readers:
        return f"<{privacy.minimum_readers}"
    if is_hidden:
        return HIDDEN
    return privacy.rounding.rounded(row[count]) if count == behind else int(row[count])


def _rest(
    whole: Row, parts: Sequence[Row], count: str, places: set[int], declared: Public, privacy: Privacy
) -> int | str | None:
    """What the hidden numbers add up to; None if none is hidden, and of people, who do not add up."""
    if not places or count == declared.counts[count]:
        return None
    if whole[declared.counts[count]] < privacy.minimum_readers:
        return f"<{privacy.minimum_readers}"
    return int(sum(parts[place][count] for place in places))


def _row(row: Row, declared: Public, counts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in (declared.breakdown, *declared.names)} | dict(counts)


def _tells_who(row: Row, declared: Public) -> bool:
    return any(_WHO.search(row[name]) for name in declared.names)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
