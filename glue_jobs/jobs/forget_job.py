"""Forget the person that a command or a program names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from glue_jobs.enrich.readers.key_file import default_key_file
from glue_jobs.enrich.readers.keys import ReaderKey
from glue_jobs.enrich.readers.resource import read_keys
from glue_jobs.errors import StorageError
from glue_jobs.ingest.forget.forget import Forgotten, forget
from glue_jobs.ingest.forget.person import Person, person
from glue_jobs.lake import Lake
from glue_jobs.progress import Reporter
from glue_jobs.sources.tables import TABLES


def forget_person(
    lake: Lake,
    is_dry: bool,
    reporter: Reporter,
    *,
    addresses: Iterable[str] = (),
    reader_ids: Iterable[str] = (),
    accounts: Iterable[str] = (),
    reader_keys: str | None = None,
) -> Forgotten:
    """Forget the person with these addresses, reader ids and accounts; with ``is_dry``, only count what is stored.

    ``reader_keys`` is the file or secret with the keys that turn addresses into reader ids; None is the file of the
    user, if it exists.

    Raises:
        ArgumentError: nobody is named, or a text is not an address, a reader id or an account.
        StorageError: a key of the lake's reader ids is missing, so that not all rows of an address can be found.
        UsageLakeError: the lake cannot be searched or written.
    """
    lake.check_any(TABLES)
    known = person(addresses, reader_ids, accounts)
    if not known.addresses:
        return _forget_reader(lake, known, is_dry, reporter)
    keys = _keys(reader_keys)
    ids = {key.reader_id(text) for text in known.addresses for key in keys}
    known = replace(known, reader_ids=known.reader_ids | ids)
    # A dry run first checks that all rows can be found; nothing is removed before.
    found = forget(lake, known, True, reporter)
    missing = sorted(found.keys - {key.id for key in keys})
    if missing:
        raise StorageError(
            f"the lake has reader ids by the key {missing[0]}, and without it nobody can tell which is that of the"
            " address; name the file or secret with it as --reader-keys, or the reader id as --reader"
        )
    return found if is_dry else forget(lake, known, False, reporter)


def _forget_reader(lake: Lake, known: Person, is_dry: bool, reporter: Reporter) -> Forgotten:
    """Forget a person who is named without an address; the lake may know the person's addresses."""
    if known.reader_ids:
        # If the lake keeps addresses, rejected records and other texts contain these instead of reader ids.
        addresses = forget(lake, known, True, reporter).addresses
        known = person(addresses, known.reader_ids, known.accounts)
    return forget(lake, known, is_dry, reporter)


def _keys(location: str | None) -> Sequence[ReaderKey]:
    if location is None and not Path(default_key_file()).exists():
        return ()
    return read_keys(location or default_key_file()).keys
