"""Discover raw objects whose keys contain their day, in the order of days, and list only the days of a window.

Discovery recognises two layouts: names with the day (``[stem]2024-05-07-…``, thousands side by side), and folders
``2024/05/07/`` or ``year=2024/month=05/day=07/``. Both may lie several folders below the raw path, one per account,
Region and bucket.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from glue_jobs.errors import ArgumentError
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.layouts.day_names import DayNames, date_or_none, day_from_name
from glue_jobs.sources.layouts.walk import Part, Walk, in_order_of_days
from glue_jobs.storage import Storage

# More than any AWS layout needs. These limits stop the walk over a data bucket that is given by mistake.
MAX_FOLDER_DEPTH = 8
MAX_FOLDERS = 10_000

# The end of a raw path that is the folder of a year, month or day.
DAY_FOLDER = re.compile("/([0-9]{4})(?:/([0-9]{2})(?:/([0-9]{2}))?)?/$")

# Names of folders for a year, and for a month or day. Hive-style names include the column: year=2024.
YEAR_FOLDER = re.compile("(?:year=)?([0-9]{4})")
TWO_DIGITS = re.compile("(?:month=|day=)?([0-9]{2})")

# The folder in which AWS creates a folder for each service, and the folders that most services have.
ACCOUNT_FOLDER = re.compile("AWSLogs/(?:o-[0-9a-z]+/)?[0-9]{12}/$")
REGION_FOLDER = re.compile("[a-z]{2,4}(?:-[a-z]+)+-[0-9]+")

# A folder's name with this suffix sorts after all keys in the folder, and before all keys that follow it.
END_OF_FOLDER = "/\U0010ffff"


@dataclass
class _Contents:
    """A folder's subfolders, and the stems and years in the names of its objects."""

    stems: set[str] = field(default_factory=set)
    years: set[str] = field(default_factory=set)
    folders: list[str] = field(default_factory=list)


class DayFolders:
    """One walk over a raw path; ``skipped`` is complete once the walk is exhausted."""

    def __init__(self, storage: Storage, names: DayNames, window: Window, skipped: Skipped) -> None:
        self._storage = storage
        self._names = names
        self._window = window
        self._skipped = skipped
        self._visited = 0
        self._read_ahead: dict[str, _Contents] = {}

    def below(self, prefix: str) -> Iterator[RawObject]:
        """The source's objects of the window below ``prefix``, which may be the folder of a year, month or day.

        They are in the order of days, except in folders that are found only while flat names are listed.

        Raises:
            ArgumentError: there are far more folders than in any layout of logs.
        """
        return in_order_of_days(self._below(prefix), self._storage.remote)

    def _below(self, prefix: str) -> Walk:
        # Where the names contain the day, the folders do not matter.
        match = None if self._names.flat else DAY_FOLDER.search(prefix)
        if match is None:
            yield from self._objects(prefix)
            return
        year, month, day = match.groups("")
        folders = self._storage.level(prefix).folders
        # A prefix may look like the folder of a day and contain something else.
        if day:
            is_dated = not folders
        elif month:
            is_dated = any(TWO_DIGITS.fullmatch(folder) for folder in folders)
        else:
            is_dated = bool(self._years(prefix.removesuffix(f"{year}/"), [year]))
        if is_dated:
            yield from self._dated(prefix, [int(part) for part in (year, month, day) if part], 0)
        else:
            yield from self._objects(prefix)

    def _objects(self, prefix: str, depth: int = 0) -> Walk:
        """Objects below a folder that is not the folder of a year, month or day."""
        self._visited += 1
        if self._visited > MAX_FOLDERS:
            raise ArgumentError(f"there are over {MAX_FOLDERS} folders below the raw path; name the logs' own prefix")
        contents = self._read(prefix)
        years = self._years(prefix, contents.folders)
        if years or contents.stems:
            self._skipped.log_folders.add(prefix)

        def inside(folder: str) -> Walk:
            if folder in years:
                yield self._part(f"{prefix}{folder}/", [int(folder[-4:])], depth)
            else:
                yield from self._other(f"{prefix}{folder}/", folder, depth)

        yield from self._both(prefix, contents, inside)

    def _years(self, prefix: str, folders: list[str]) -> set[str]:
        """The folders of years: the latest one that contains months or names of its year, and all earlier ones."""
        candidates = sorted(filter(YEAR_FOLDER.fullmatch, folders))
        while candidates:
            latest = f"{prefix}{candidates[-1]}/"
            contents = self._read_ahead[latest] = self._read(latest)
            if contents.years == {candidates[-1][-4:]} or any(map(TWO_DIGITS.fullmatch, contents.folders)):
                break
            candidates.pop()
        return set(candidates)

    def _other(self, prefix: str, folder: str, depth: int) -> Walk:
        if folder in self._names.excluded:
            self._skipped.folders.add(prefix)
        elif depth == MAX_FOLDER_DEPTH:
            self._skipped.add(prefix)
        elif not self._is_of_another_service(prefix, folder):
            yield from self._objects(prefix, depth + 1)

    def _is_of_another_service(self, prefix: str, folder: str) -> bool:
        """Whether the folder has the logs of another AWS service: it is in the folder of an account, or has Regions.

        A prefix that somebody chose may have the same name as a service.
        """
        if folder not in self._names.ignored:
            return False
        if ACCOUNT_FOLDER.search(prefix.removesuffix(f"{folder}/")):
            return True
        contents = self._read_ahead[prefix] = self._read(prefix)
        return any(map(REGION_FOLDER.fullmatch, contents.folders))

    def _read(self, prefix: str) -> _Contents:
        if prefix in self._read_ahead:
            return self._read_ahead.pop(prefix)
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
            ends = [*map(self._end, page.objects), *(folder + END_OF_FOLDER for folder in page.folders)]
            after = prefix + max(ends, default="")
        return contents

    def _end(self, name: str) -> str:
        """Where listing continues after ``name``: after all names of the same stem and year."""
        match = self._names.flat.match(name) if self._names.flat else None
        return f"{match['stem']}{match['year']}-~" if match else name

    def _both(self, prefix: str, contents: _Contents, inside: Callable[[str], Walk]) -> Walk:
        """The objects directly in a folder, and those ``inside`` its subfolders."""
        folders = {*contents.folders}
        for stem in sorted(contents.stems):
            yield Part(self._window.since or date.min, self._flat(prefix + stem, folders, inside))
        for folder in contents.folders:
            yield from inside(folder)

    def _flat(self, stem: str, folders: set[str], inside: Callable[[str], Walk]) -> Walk:
        since, until = self._window.since, self._window.until
        start: str | None = f"{stem}{since.isoformat()}" if since else f"{stem}0"
        # A colon sorts after the digits.
        stop = f"{stem}{(until + timedelta(days=1)).isoformat()}" if until and until < date.max else f"{stem}:"
        while start is not None:
            start = yield from self._flat_between(stem, start, stop, folders, inside)

    def _flat_between(
        self, stem: str, start: str, stop: str, folders: set[str], inside: Callable[[str], Walk]
    ) -> Generator[RawObject | Part, None, str | None]:
        """Objects up to the next folder, and the objects ``inside`` it if it is not among the known ``folders``.

        Returns the key from which to continue; None at the end.
        """
        assert self._names.flat is not None
        folder = stem.rpartition("/")[0] + "/"
        for entry in self._storage.list(stem, start, stop):
            name, slash, _ = entry.address.removeprefix(folder).partition("/")
            if slash:
                if name not in folders:
                    folders.add(name)
                    yield Part(date.min, inside(name))
                return folder + name + END_OF_FOLDER
            match = self._names.flat.match(name)
            if match and folder + match["stem"] == stem:
                day = day_from_name(self._names, entry.address)
                if day is None:
                    self._skipped.add(entry.address)
                else:
                    yield RawObject(entry, day)
        return None

    def _part(self, prefix: str, parts: list[int], depth: int) -> Part:
        return Part(date_or_none(*[*parts, 1, 1][:3]) or date.min, self._dated(prefix, parts, depth))

    def _dated(self, prefix: str, parts: list[int], depth: int) -> Walk:
        """Objects in the folder of a year, month or day; ``parts`` are its one to three numbers."""
        first = date_or_none(*[*parts, 1, 1][:3])
        if first is None:
            self._skipped.add(prefix)
        elif len(parts) == 3:
            if first in self._window:
                yield from self._day(prefix, first)
        elif self._overlaps(first, _last_day(first, is_year=len(parts) == 1)):

            def inside(folder: str) -> Walk:
                if TWO_DIGITS.fullmatch(folder):
                    yield self._part(f"{prefix}{folder}/", [*parts, int(folder[-2:])], depth)
                else:
                    yield from self._other(f"{prefix}{folder}/", folder, depth)

            yield from self._both(prefix, self._read(prefix), inside)

    def _day(self, prefix: str, day: date) -> Iterator[RawObject]:
        for entry in self._storage.list(prefix):
            if self._names.in_day.fullmatch(entry.address.removeprefix(prefix)):
                yield RawObject(entry, day)
            else:
                self._skipped.add(entry.address)

    def _overlaps(self, first: date, last: date) -> bool:
        since, until = self._window.since, self._window.until
        return (since is None or last >= since) and (until is None or first <= until)


def _last_day(first: date, is_year: bool) -> date:
    return date(first.year, 12, 31) if is_year else first.replace(day=monthrange(first.year, first.month)[1])
