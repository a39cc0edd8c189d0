"""Which numbers of one month are shown. Each breakdown divides the month, so its rows add up to the month.

Three rules hold for each breakdown and each number by itself:

1. A number with fewer readers behind it than the minimum is hidden.
2. If only such numbers are hidden, the shown one with the fewest readers is hidden too. The sum of the hidden ones,
   which is the month less the shown ones, then belongs to two rows or more and to enough readers.
3. Numbers of people do not add up, but all rows together have no fewer people than the month. More numbers are hidden
   as long as the published ones would reveal that there are any readers in the hidden rows.

One rule holds for data sets and kinds of file together, because everybody who lists a bucket knows which kinds of file
a data set has:

4. Rule 2 also holds for the kinds of file that each shown data set has, for those of all hidden data sets together, and
   likewise for the data sets that have each kind of file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from glue_jobs.config import Privacy
from glue_jobs.query.saved.metadata import Public

Row = Mapping[str, Any]

WHOLE = "total"
OTHER = "(other)"
"""The name of the row that sums the hidden rows."""
HIDDEN = "hidden"
"""Placeholder for a number of enough readers that would reveal hidden ones."""
BYTES = "bytes_sent"

# Names that identify somebody: an AWS account, a canonical user id, an ARN, an address.
_WHO = re.compile(
    r"(?<!\d)\d{12}(?!\d)|\b[0-9a-f]{64}\b|\barn:|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|[0-9a-f]*(?::[0-9a-f]*){2,7}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ShownMonth:
    """The rows of a month as everybody may see them, how many numbers are hidden, and their share of the bytes.

    ``rows`` have the names and counts of the declaration; a count is a number, the placeholder of a hidden one, or
    None. ``shares`` are 0 to 1, by breakdown.
    """

    rows: list[dict[str, Any]]
    cells: int
    shares: dict[str, float]


def shown_month(rows: Sequence[Row], declared: Public, privacy: Privacy) -> ShownMonth:
    """Hide the numbers of one month that must stay private; one of ``rows`` is the whole month."""
    (whole,) = (row for row in rows if row[declared.breakdown] == WHOLE)
    month = _Month(whole, declared, privacy)
    shown = [month.row(whole, {count: month.value(whole, count) for count in declared.counts})]
    cells, shares = sum(isinstance(shown[0][count], str) for count in declared.counts), {}
    # By name, because any other order would reveal something about the hidden numbers.
    ordered = sorted(rows, key=lambda row: [row[name] for name in (declared.breakdown, *declared.names)])
    by_breakdown: defaultdict[str, list[Row]] = defaultdict(list)
    for row in ordered:
        by_breakdown[row[declared.breakdown]].append(row)
    del by_breakdown[WHOLE]
    links = month.links(by_breakdown, by_breakdown.pop(declared.crossed, []))
    places = {count: month.hidden(by_breakdown, count, links) for count in declared.counts}
    for breakdown, parts in by_breakdown.items():
        hidden = {count: places[count][breakdown] for count in declared.counts}
        shown += month.rows(parts, hidden)
        cells += sum(map(len, hidden.values()))
        if BYTES in hidden:
            hidden_bytes = sum(parts[place][BYTES] for place in hidden[BYTES])
            shares[breakdown] = round(hidden_bytes / whole[BYTES], 4) if whole[BYTES] else 0.0
    return ShownMonth(shown, cells, shares)


@dataclass(frozen=True)
class _Month:
    """The row of a whole month, and the rules by which the parts of its breakdowns are shown."""

    whole: Row
    declared: Public
    privacy: Privacy

    def links(self, by_breakdown: Mapping[str, Sequence[Row]], crossed: Iterable[Row]) -> list[Mapping[str, int]]:
        """For each crossed row, the positions of the parts that it belongs to, by breakdown."""
        places = {
            (breakdown, *(part[name] for name in self.declared.names)): place
            for breakdown, parts in by_breakdown.items()
            for place, part in enumerate(parts)
        }
        named = {
            breakdown: {name for part in parts for name in self.declared.names if part[name] != self.whole[name]}
            for breakdown, parts in by_breakdown.items()
        }
        links: list[Mapping[str, int]] = []
        for row in crossed:
            keys = {
                breakdown: (breakdown, *((row if name in names else self.whole)[name] for name in self.declared.names))
                for breakdown, names in named.items()
            }
            links.append({breakdown: places[key] for breakdown, key in keys.items() if key in places})
        return links

    def hidden(
        self, by_breakdown: Mapping[str, Sequence[Row]], count: str, links: Sequence[Mapping[str, int]]
    ) -> dict[str, set[int]]:
        """The positions of the parts of each breakdown whose number is hidden."""
        behind = self.declared.counts[count]
        may_show = {
            breakdown: {place for place, part in enumerate(parts) if self._may_show(part, behind)}
            for breakdown, parts in by_breakdown.items()
        }
        hidden = {breakdown: set(range(len(parts))) - may_show[breakdown] for breakdown, parts in by_breakdown.items()}
        while True:
            for breakdown, places in self._known_sums(by_breakdown, hidden, links):
                shown = places - hidden[breakdown]
                if shown and places & hidden[breakdown] and not places & hidden[breakdown] & may_show[breakdown]:
                    parts = by_breakdown[breakdown]
                    hidden[breakdown].add(min(shown, key=lambda place: (parts[place][behind], place)))
                    break
            else:
                break
        if count == behind:
            for breakdown, parts in by_breakdown.items():
                hidden[breakdown] |= self._hidden_people(parts, count, may_show[breakdown])
        return hidden

    def _known_sums(
        self,
        by_breakdown: Mapping[str, Sequence[Row]],
        hidden: Mapping[str, set[int]],
        links: Sequence[Mapping[str, int]],
    ) -> Iterator[tuple[str, set[int]]]:
        """Groups of parts of a breakdown whose sum anybody may know."""
        yield from ((breakdown, set(range(len(parts)))) for breakdown, parts in by_breakdown.items())
        for here, there in permutations(links[0] if links else (), 2):
            beside: defaultdict[int | None, set[int]] = defaultdict(set)
            for link in links:
                beside[None if link[there] in hidden[there] else link[there]].add(link[here])
            yield from ((here, places) for places in beside.values())

    def _may_show(self, part: Row, behind: str) -> bool:
        # If the number of the whole month is hidden, so are all of its parts.
        minimum = self.privacy.minimum_readers
        return part[behind] >= minimum and self.whole[behind] >= minimum and not self._tells_who(part)

    def _hidden_people(self, parts: Sequence[Row], count: str, may_show: set[int]) -> set[int]:
        """The positions of the smallest parts that, if shown, would reveal that hidden rows have readers."""
        candidates = sorted(may_show, key=lambda place: (parts[place][count], place))
        concealed = int(len(candidates) < len(parts))
        while concealed and self._tells_of_people(
            self.whole[count], [parts[place][count] for place in candidates], concealed
        ):
            concealed += 1
        return set(candidates[:concealed])

    def rows(self, parts: Sequence[Row], hidden: Mapping[str, set[int]]) -> list[dict[str, Any]]:
        """The parts with a shown number, and one row with the sums of the hidden numbers."""
        rows = []
        for place, part in enumerate(parts):
            if not all(place in places for places in hidden.values()):
                shown = {count: self.value(part, count, place in places) for count, places in hidden.items()}
                rows.append(self.row(part, shown))
        if any(hidden.values()):
            whole = self.whole
            names = {
                name: whole[name] if all(part[name] == whole[name] for part in parts) else OTHER
                for name in self.declared.names
            }
            rest = {count: self._rest(parts, count, places) for count, places in hidden.items()}
            rows.append(self.row({**parts[0], **names}, rest))
        return rows

    def row(self, row: Row, counts: Mapping[str, Any]) -> dict[str, Any]:
        """The names of ``row`` with the given counts."""
        return {name: row[name] for name in (self.declared.breakdown, *self.declared.names)} | dict(counts)

    def value(self, row: Row, count: str, is_hidden: bool = False) -> int | str:
        """The number as it is shown."""
        behind = self.declared.counts[count]
        if row[behind] < self.privacy.minimum_readers:
            return self._few
        if is_hidden:
            return HIDDEN
        return self.privacy.rounding.rounded(row[count]) if count == behind else int(row[count])

    @property
    def _few(self) -> str:
        """Placeholder for a number of too few readers."""
        return f"<{self.privacy.minimum_readers}"

    def _rest(self, parts: Sequence[Row], count: str, places: set[int]) -> int | str | None:
        """The sum of the hidden numbers; None if none is hidden, and for people, who do not add up."""
        behind = self.declared.counts[count]
        if not places or count == behind:
            return None
        if self.whole[behind] < self.privacy.minimum_readers:
            return self._few
        return int(sum(parts[place][count] for place in places))

    def _tells_who(self, row: Row) -> bool:
        return any(_WHO.search(row[name]) for name in self.declared.names)

    def _tells_of_people(self, whole: int, parts: Sequence[int], concealed: int) -> bool:
        """Whether published numbers reveal readers in the hidden rows even with the ``concealed`` smallest ones hidden.

        The parts are sorted by readers. Who knows the rules knows that a concealed part has no more than the next.
        """
        shown = [self._greatest(part) for part in parts[concealed:]]
        return bool(shown) and self._least(whole) > sum(shown) + concealed * shown[0]

    def _least(self, people: int) -> int:
        """The least number of people that is published like this one."""
        rounding = self.privacy.rounding
        first, published = max(self.privacy.minimum_readers, people - rounding.multiple), rounding.rounded(people)
        return next(number for number in range(first, people + 1) if rounding.rounded(number) == published)

    def _greatest(self, people: int) -> int:
        """The greatest number of people that is published like this one."""
        rounding = self.privacy.rounding
        published, last = rounding.rounded(people), people + rounding.multiple
        if isinstance(published, str):
            return rounding.minimum - 1
        return next(number for number in range(last, people - 1, -1) if rounding.rounded(number) == published)
