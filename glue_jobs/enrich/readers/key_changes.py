"""The days on which reader ids of a lake changed: who reads before and after such a day is counted twice.

The note of a table lists what has identified readers (ids of keys, addresses, or nothing), each with the first day
(UTC) of its events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from glue_jobs.enrich.readers.key_file import FIRST_DAY
from glue_jobs.lake.without_pyiceberg.plain_files import Notes, json_note
from glue_jobs.tables.model import Table

if TYPE_CHECKING:
    # Imported for types only: importing these takes longer than answering a query.
    from glue_jobs.config import Config
    from glue_jobs.enrich.readers.keys import ReaderKeys
    from glue_jobs.enrich.reference_data import ReferenceData
    from glue_jobs.lake import Lake, LoadedTable
    from glue_jobs.lake.without_pyiceberg.plain_files import PlainNotes

NOTE = "usage-lake.reader-ids"

ADDRESSES, NOTHING = "addresses", "nothing"

# By default, no saved query that counts readers reaches further back.
LONGEST_PERIOD = timedelta(days=400)


def reader_ids_note(rows: LoadedTable, config: Config, reference: ReferenceData, today: date) -> dict[str, str]:
    """The note of a commit to the table of ``rows``, if it has an address: what identifies readers, and since when."""
    from glue_jobs.enrich.readers.resource import READER_KEYS

    if not rows.table.address:
        return {}
    noted = _noted(rows)
    if config.privacy.addresses == "drop":
        used = {NOTHING: FIRST_DAY}
    else:
        keys: ReaderKeys = reference[READER_KEYS]
        used = {key.id: str(key.first_day) for key in keys.keys}
    # In a lake with rows, a new entry applies to events from about now on, even if its first day is earlier.
    new = {name: max(day, str(today)) if noted else day for name, day in used.items() if name not in noted}
    return {NOTE: json.dumps(noted | new)}


def lost_keys(notes: Notes, location: str, keys: ReaderKeys) -> str:
    """A sentence if the run has new keys and lacks keys that created the lake's reader ids; '' otherwise."""
    known, used = json_note(notes, NOTE).keys() - {ADDRESSES, NOTHING}, {key.id for key in keys.keys}
    if known <= used or used <= known:
        return ""
    lost = ", ".join(sorted(known - used))
    return (
        f"reader ids of this lake were made with a key that {location} does not have ({lost}): readers without"
        " an account who read before and read again count twice; --reader-keys names the file that has the key"
    )


def key_changes(lake: Lake, tables: Iterable[Table], until: date, since: date | None = None) -> tuple[str, ...]:
    """A sentence for each day of the period on which reader ids in these tables changed.

    Raises:
        LakeError: a table cannot be read.
    """
    since = since or until - LONGEST_PERIOD
    found: set[str] = set()
    for table in tables:
        if not table.address or not lake.has(table):
            continue
        _, *changes = sorted(_noted(lake.notes(table)).values()) or [""]
        found |= {day for day in changes if str(since) < day <= str(until)}
    return tuple(map(_sentence, sorted(found)))


def _noted(rows: LoadedTable | PlainNotes) -> dict[str, str]:
    note = rows.note(NOTE)
    if note is not None:
        return {str(name): str(day) for name, day in json.loads(note).items()}
    # Versions that did not write this note stored addresses.
    return {ADDRESSES: FIRST_DAY} if rows.commits else {}


def _sentence(day: str) -> str:
    return (
        f"Since {day} other ids stand for readers without an account: in numbers of readers, those who read before and"
        " after that day count twice."
    )
