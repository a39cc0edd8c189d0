"""The keys of reader ids as a resource of a run: tasks get the location of the keys, and each process reads them."""

from __future__ import annotations

from glue_jobs.enrich.readers.key_file import default_key_file, key_bytes, make_key_file
from glue_jobs.enrich.readers.keys import ReaderKeys
from glue_jobs.enrich.reference_data import KEYS, Resource
from glue_jobs.errors import StorageError

READER_KEYS = "reader-keys"


def reader_key_resource(location: str | None) -> Resource:
    """The keys in this file or secret; None stands for the file of the user, which is created if it does not exist.

    The version of the resource, which commits record, contains the ids of the keys and their first days.

    Raises:
        StorageError: the keys cannot be read, or others may read the file; the sentence says nothing of the content.
    """
    if location is None:
        location = default_key_file()
        make_key_file(location)
    return Resource(READER_KEYS, f"{KEYS}{location}", read_keys(location).version, ReaderKeys.read)


def read_keys(location: str) -> ReaderKeys:
    """The keys in this file or secret.

    Raises:
        StorageError: the keys cannot be read, or others may read the file; the sentence says nothing of the content.
    """
    try:
        return ReaderKeys.read(key_bytes(location))
    except ValueError as error:
        raise StorageError(f"{location} does not have the keys of reader ids: {error}") from None
