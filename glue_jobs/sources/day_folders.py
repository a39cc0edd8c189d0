"""Finding raw objects whose keys tell their day, listing only the days of a window.

Two shapes, found by looking: names that begin with the day (``[stem]2024-05-07-…``, thousands side by side), and
folders ``2024/05/07/``. Both may lie several folders below the raw path, one per account, Region and bucket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from glue_jobs.errors import ArgumentError
from glue_jobs.sources.found import Found, Skipped, Window
from glue_jobs.storage import Storage

# Deeper than any layout AWS writes; a data bucket given by mistake must not be walked to its last leaf.
DEEPEST = 6
MOST_FOLDERS = 10_000


@dataclass(frozen=True)
class DayNames:
    """How a source names its objects.

    ``flat`` matches an object that lies directly in a folder and has groups stem, year, month, day; None when the
    source has no such layout. ``in_day`` matches an object inside a day's folder. ``ignored`` folders belong to others.
    """

    in_day: re.Pattern[str]
    flat: re.Pattern[str] | None = None
    ignored: frozenset[str] = frozenset()


def day_in_name(names: DayNames, path: str) -> date | None:
    """The day that the path of an object tells, None when it is not named as the source names its objects."""
    folder, _, name = path.rpartition("/")
    tree = re.search(r"(?:^|/)(\d{4})/(\d{2})/(\d{2})$", folder)
    if tree and names.in_day.fullmatch(name):
        return _day(*tree.groups())
    flat = names.flat.match(name) if names.flat else None
    return _day(flat["year"], flat["month"], flat["day"]) if flat else None


@dataclass
class _Contents:
    stems: set[str] = field(default_factory=set)
    years: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


class DayFolders:
    """One walk over a raw path; ``skipped`` is complete once `objects` is exhausted."""

    def __init__(self, storage: Storage, names: DayNames, window: Window, skipped: Skipped) -> None:
        self._storage = storage
        self._names = names
        self._window = window
        self._skipped = skipped
        self._visited = 0

    def objects(self, prefix: str, depth: int = 0) -> Iterator[Found]:
        """The source's objects of the window below ``prefix``.

        Raises:
            ArgumentError: there are far more folders than logs lie in.
        """
        self._visited += 1
        if self._visited > MOST_FOLDERS:
            raise ArgumentError(f"there are over {MOST_FOLDERS} folders below the raw path; name the logs' own prefix")
        contents = self._look(prefix)
        for stem in sorted(contents.stems):
            yield from self._flat(prefix + stem)
        for year in contents.years:
            yield from self._year(f"{prefix}{year}/", int(year))
        for folder in contents.folders:
            if depth < DEEPEST and folder not in self._names.ignored:
                yield from self.objects(f"{prefix}{folder}/", depth + 1)

    def _look(self, prefix: str) -> _Contents:
        contents, after, more = _Contents(), "", True
        while more:
            page = self._storage.level(prefix, after)
            for folder in page.folders:
                (contents.years if re.fullmatch(r"\d{4}", folder) else contents.folders).append(folder)
            for name in page.objects:
                match = self._names.flat.match(name) if self._names.flat else None
                if match:
                    contents.stems.add(match["stem"])
                else:
                    self._skipped.add(prefix + name)
            more = page.more
            after = prefix + max((self._past(name) for name in (*page.objects, *page.folders)), default="")
        return contents

    def _past(self, name: str) -> str:
        """A name that sorts after ``name`` and after the others of its year, which need not be looked at."""
        match = self._names.flat.match(name) if self._names.flat else None
        return f"{match['stem']}{match['year']}-~" if match else f"{name}0"

    def _flat(self, stem: str) -> Iterator[Found]:
        assert self._names.flat is not None
        since, until = self._window.since, self._window.until
        start = f"{stem}{since.isoformat()}" if since else f"{stem}0"
        stop = f"{stem}{(until + timedelta(days=1)).isoformat()}" if until else f"{stem}:"
        folder = stem.rpartition("/")[0] + "/"
        for entry in self._storage.list(stem, start, stop):
            match = self._names.flat.match(entry.address.removeprefix(folder))
            day = _day(match["year"], match["month"], match["day"]) if match else None
            if day is not None and folder + match["stem"] == stem:  # type: ignore[index]
                yield Found(entry, day)

    def _year(self, prefix: str, year: int) -> Iterator[Found]:
        if not self._overlaps(date(year, 1, 1), date(year, 12, 31)):
            return
        for month in self._numbered(prefix):
            first = _day(year, month, 1)
            if first is None or not self._overlaps(first, (first + timedelta(days=31)).replace(day=1)):
                continue
            for day_number in self._numbered(f"{prefix}{month}/"):
                day = _day(year, month, day_number)
                if day is not None and day in self._window:
                    yield from self._day(f"{prefix}{month}/{day_number}/", day)

    def _day(self, prefix: str, day: date) -> Iterator[Found]:
        for entry in self._storage.list(prefix):
            if self._names.in_day.fullmatch(entry.address.removeprefix(prefix)):
                yield Found(entry, day)
            else:
                self._skipped.add(entry.address)

    def _numbered(self, prefix: str) -> list[str]:
        names, after, more = [], "", True
        while more:
            page = self._storage.level(prefix, after)
            names += [folder for folder in page.folders if re.fullmatch(r"\d{2}", folder)]
            for name in page.objects:
                self._skipped.add(prefix + name)
            more = page.more
            after = prefix + max((self._past(name) for name in (*page.objects, *page.folders)), default="")
        return names

    def _overlaps(self, first: date, last: date) -> bool:
        since, until = self._window.since, self._window.until
        return (since is None or last >= since) and (until is None or first <= until)


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
