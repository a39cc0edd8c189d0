"""The files for looking up places, as resources of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from glue_jobs.config import BUILTIN, Config
from glue_jobs.enrich.places.databases import MaxMindFile, Registries
from glue_jobs.enrich.places.network_files import read_network_file
from glue_jobs.enrich.reference_data import Resource, content_of, packaged, stored
from glue_jobs.errors import StorageError

# Prefix of the names of these resources, and of the commit properties that record their versions.
PREFIX = "places/"

# Addresses change owners, so a database of this age is wrong about many readers.
MAX_AGE_DAYS = 3_650


def place_resources(config: Config) -> tuple[Resource, ...]:
    """The files of the section ``places``: first the network files, then the address databases.

    ``about`` of each resource contains its kind, date and licence line.

    Raises:
        StorageError: a file cannot be read, has an unknown type, or is ten years old; the message names it.
    """
    return tuple(_described(name, address, read) for name, address, read in _files(config))


def network_name(number: int) -> str:
    """The resource name of the entry of ``networks`` at this position."""
    return f"{PREFIX}networks/{number}"


def database_name(number: int) -> str:
    """The resource name of the entry of ``addresses`` at this position."""
    return f"{PREFIX}addresses/{number}"


def _files(config: Config) -> Iterator[tuple[str, str, Callable[[bytes], Any]]]:
    for number, network in enumerate(config.places.networks):
        yield network_name(number), network.file, read_network_file
    for number, address in enumerate(config.places.addresses):
        yield database_name(number), address, Registries.read if address == BUILTIN else MaxMindFile


def _described(name: str, address: str, read: Callable[[bytes], Any]) -> Resource:
    if address == BUILTIN:
        resource = packaged(name, "iptocc", "iptocc", "__init__.py", read)
    else:
        resource = stored(name, address, read)
    try:
        content = content_of(resource)
    except ValueError as error:
        raise StorageError(f"{address} cannot tell places: {error}") from error
    if content.date and (date.today() - content.date).days >= MAX_AGE_DAYS:
        raise StorageError(
            f"{address} cannot tell places: it is of {content.date}, and addresses have changed hands since; get a"
            " newer one"
        )
    made = f" of {content.date}" if content.date else ""
    return replace(resource, about="; ".join(filter(None, (f"{content.title}{made}", content.licence))))
