"""Finding raw objects whose keys tell their day, listing only the days of a window.

Two shapes, found by looking: names that begin with the day (``[stem]2024-05-07-…``, thousands side by side), and
folders ``2024/05/07/``. Both may lie several folders below the raw path, one per account, Region and bucket.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from glue_jobs.errors import ArgumentError
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.layouts.day_names import DayNames, date_or_none, day_from_name
from glue_jobs.storage import Storage

# Deeper than any layout AWS writes; a data bucket given by mistake must not be walked to its last leaf.
MAX_FOLDER_DEPTH = 8
MAX_FOLDERS = 10_000

# The end of a raw path that leads into the folders of days.
DAY_FOLDER = re.compile("/([0-9]{4})(?:/([0-9]{2})(?:/([0-9]{2}))?)?/$")

# Appended to a folder's name: sorts after everything inside, before everything behind.
END_OF_FOLDER = "/\U0010ffff"


@dataclass
class _Contents:
    stems: set[str] = field(default_factory=set)
    years: set[str] = field(default_factory=set)
    folders: list[str] = field(default_factory=list)


class DayFolders:
    """One walk over a raw path; ``skipped`` is complete once `objects` is exhausted."""

    def __init__(self, storage: Storage, names: DayNames, window: Window, skipped: Skipped) -> None:
        self._storage = storage
        self._names = names
        self._window = window
        self._skipped = skipped
        self._visited = 0
        self._looked: dict[str, _Contents] = {}

    def below(self, prefix: str) -> Iterator[RawObject]:
        """The source's objects of the window below ``prefix``, which may be the folder of a year, month or day.

        Raises:
            ArgumentError: there are far more folders than logs lie in.
        """
        # Names that begin with the day need no folders of days.
        inside = None if self._names.flat else DAY_FOLDER.search(prefix)
        if inside is None:
            yield from self.objects(prefix)
            return
        year, month, day = inside.groups("")
        folders = self._storage.level(prefix).folders
        # A prefix may be named like a day and hold something else.
        if day and not folders:
            yield from self._day(prefix, date_or_none(year, month, day))
        elif month and not day and any(re.fullmatch("[0-9]{2}", folder) for folder in folders):
            yield from self._month(prefix, int(year), int(month), 0)
        elif not month and self._years(prefix.removesuffix(f"{year}/"), [year]):
            yield from self._year(prefix, int(year), 0)
        else:
            yield from self.objects(prefix)

    def objects(self, prefix: str, depth: int = 0) -> Iterator[RawObject]:
        """The source's objects of the window below ``prefix``, which is above the folders of years.

        Raises:
            ArgumentError: there are far more folders than logs lie in.
        """
        self._visited += 1
        if self._visited > MAX_FOLDERS:
            raise ArgumentError(f"there are over {MAX_FOLDERS} folders below the raw path; name the logs' own prefix")
        contents = self._look(prefix)
        yield from self._beside(prefix, contents)
        years = self._years(prefix, contents.folders)
        for folder in contents.folders:
            if folder in years:
                yield from self._year(f"{prefix}{folder}/", int(folder), depth)
            else:
                yield from self._other(f"{prefix}{folder}/", folder, depth)

    def _years(self, prefix: str, folders: list[str]) -> set[str]:
        """Those of the folders that are years: from the latest one on whose content says so, back."""
        named = sorted(folder for folder in folders if re.fullmatch("[0-9]{4}", folder))
        while named:
            latest = f"{prefix}{named[-1]}/"
            inside = self._looked[latest] = self._look(latest)
            if inside.years == {named[-1]} or any(re.fullmatch("[0-9]{2}", folder) for folder in inside.folders):
                break
            named.pop()
        return set(named)

    def _other(self, prefix: str, folder: str, depth: int) -> Iterator[RawObject]:
        if folder in self._names.excluded:
            self._skipped.folders.add(prefix)
        elif depth == MAX_FOLDER_DEPTH:
            self._skipped.add(prefix)
        elif folder not in self._names.ignored:
            yield from self.objects(prefix, depth + 1)

    def _look(self, prefix: str) -> _Contents:
        known = self._looked.pop(prefix, None)
        if known is not None:
            return known
        contents, after, more = _Contents(), "", True
        while more:
            page = self._storage.level(prefix, after)
            contents.folders += page.folders
            for name in page.objects:
                match = self._names.flat.match(name) if self._names.flat else None
                if match:
                    contents.stems.add(match["stem"])
                    contents.years.add(match["year"])
                else:
                    self._skipped.add(prefix + name)
            more = page.more
            past = [*map(self._past, page.objects), *(folder + END_OF_FOLDER for folder in page.folders)]
            after = prefix + max(past, default="")
        return contents

    def _past(self, name: str) -> str:
        """Where to go on after ``name``: behind the others of its stem and year, which need not be looked at."""
        match = self._names.flat.match(name) if self._names.flat else None
        return f"{match['stem']}{match['year']}-~" if match else name

    def _beside(self, prefix: str, contents: _Contents) -> Iterator[RawObject]:
        for stem in sorted(contents.stems):
            yield from self._flat(prefix + stem, contents.folders)

    def _flat(self, stem: str, folders: list[str]) -> Iterator[RawObject]:
        since, until = self._window.since, self._window.until
        start: str | None = f"{stem}{since.isoformat()}" if since else f"{stem}0"
        # A colon comes after the digits.
        stop = f"{stem}{(until + timedelta(days=1)).isoformat()}" if until and until < date.max else f"{stem}:"
        while start is not None:
            start = yield from self._flat_between(stem, start, stop, folders)

    def _flat_between(
        self, stem: str, start: str, stop: str, folders: list[str]
    ) -> Generator[RawObject, None, str | None]:
        """The objects up to the next folder, which is one of ``folders`` then; returns where to go on behind it."""
        assert self._names.flat is not None
        folder = stem.rpartition("/")[0] + "/"
        for entry in self._storage.list(stem, start, stop):
            name, slash, _ = entry.address.removeprefix(folder).partition("/")
            if slash:
                if name not in folders:
                    folders.append(name)
                return folder + name + END_OF_FOLDER
            match = self._names.flat.match(name)
            if match and folder + match["stem"] == stem:
                day = day_from_name(self._names, entry.address)
                if day is None:
                    self._skipped.add(entry.address)
                else:
                    yield RawObject(entry, day)
        return None

    def _year(self, prefix: str, year: int, depth: int) -> Iterator[RawObject]:
        first = date_or_none(year, 1, 1)
        if first is None:
            self._skipped.add(prefix)
        elif self._overlaps(first, date(year, 12, 31)):
            contents = self._look(prefix)
            yield from self._beside(prefix, contents)
            for folder in contents.folders:
                if re.fullmatch("[0-9]{2}", folder):
                    yield from self._month(f"{prefix}{folder}/", year, int(folder), depth)
                else:
                    yield from self._other(f"{prefix}{folder}/", folder, depth)

    def _month(self, prefix: str, year: int, month: int, depth: int) -> Iterator[RawObject]:
        first = date_or_none(year, month, 1)
        if first is None:
            self._skipped.add(prefix)
        elif self._overlaps(first, first.replace(day=monthrange(year, month)[1])):
            contents = self._look(prefix)
            yield from self._beside(prefix, contents)
            for folder in contents.folders:
                if re.fullmatch("[0-9]{2}", folder):
                    yield from self._day(f"{prefix}{folder}/", date_or_none(year, month, folder))
                else:
                    yield from self._other(f"{prefix}{folder}/", folder, depth)

    def _day(self, prefix: str, day: date | None) -> Iterator[RawObject]:
        if day is None:
            self._skipped.add(prefix)
        elif day in self._window:
            for entry in self._storage.list(prefix):
                if self._names.in_day.fullmatch(entry.address.removeprefix(prefix)):
                    yield RawObject(entry, day)
                else:
                    self._skipped.add(entry.address)

    def _overlaps(self, first: date, last: date) -> bool:
        since, until = self._window.since, self._window.until
        return (since is None or last >= since) and (until is None or first <= until)
