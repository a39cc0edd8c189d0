"""Reference data: named resources for look-ups during enrichment, such as the list of robots.

A resource is described by a few strings, which are sent with each task. Each worker process loads its content once,
from an installed package, a folder or S3. A commit records the version of every resource its rows depend on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

from glue_jobs.enrich.readers.key_file import key_bytes
from glue_jobs.errors import StorageError
from glue_jobs.storage import storage_for

# The number of contents cached by one process; a run uses a handful of resources.
MAX_LOADED = 16

PACKAGE = "package:"
KEYS = "keys:"


@dataclass(frozen=True)
class Resource:
    """One named resource: where its bytes are, their version, and the function that reads them.

    ``location`` is ``package:MODULE/FILE``, the path of a file, ``s3://bucket/key``, or ``keys:`` and the location of
    secret keys. ``read`` is a module-level function, because it is pickled by name. ``about`` is the provider's
    description.
    """

    name: str
    location: str
    version: str
    read: Callable[[bytes], Any]
    about: str = field(default="", compare=False)


def packaged(name: str, distribution: str, module: str, file: str, read: Callable[[bytes], Any]) -> Resource:
    """A resource that is a file of an installed package; its version is that of the package.

    Raises:
        StorageError: the package is not installed.
    """
    try:
        return Resource(name, f"{PACKAGE}{module}/{file}", f"{distribution} {version(distribution)}", read)
    except PackageNotFoundError as error:
        raise StorageError(f"the package {distribution}, which has the {name}, is not installed") from error


def stored(name: str, address: str, read: Callable[[bytes], Any]) -> Resource:
    """A resource that is a file in a folder or on S3; its version is the beginning of the SHA-256 of its content.

    Raises:
        StorageError: it cannot be read.
    """
    digest = hashlib.sha256(storage_for(address).get(address)).hexdigest()
    return Resource(name, address, f"{address.rpartition('/')[2]} sha256:{digest[:16]}", read)


@dataclass(frozen=True)
class ReferenceData:
    """The resources of a run, by name, without their contents."""

    resources: tuple[Resource, ...] = ()

    def __getitem__(self, name: str) -> Any:
        """The content of the resource, as its ``read`` returns it; loaded once in each process.

        Raises:
            KeyError: the run has no resource of that name.
            StorageError: the resource cannot be read, or is not of the version that the run started with.
        """
        return content_of({resource.name: resource for resource in self.resources}[name])

    @property
    def versions(self) -> dict[str, str]:
        """The version of each resource and its provider's description, by name."""
        return {
            resource.name: "; ".join(filter(None, (resource.version, resource.about))) for resource in self.resources
        }


@lru_cache(maxsize=MAX_LOADED)
def content_of(resource: Resource) -> Any:
    """The content of the resource, as its ``read`` returns it; loaded once in each process.

    Raises:
        StorageError: the resource cannot be read, or is not of the version that it had when the run started.
    """
    return resource.read(_bytes(resource))


def _bytes(resource: Resource) -> bytes:
    if resource.location.startswith(PACKAGE):
        module, _, file = resource.location.removeprefix(PACKAGE).partition("/")
        return files(module).joinpath(file).read_bytes()
    if resource.location.startswith(KEYS):
        return key_bytes(resource.location.removeprefix(KEYS))
    data = storage_for(resource.location).get(resource.location)
    if not resource.version.endswith(hashlib.sha256(data).hexdigest()[:16]):
        raise StorageError(f"{resource.location} changed while the run was reading it; start the run again")
    return data
