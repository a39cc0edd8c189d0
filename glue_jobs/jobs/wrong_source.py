"""Check that the objects below the raw path are of the run's source; if not, say which source they are of."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from glue_jobs.errors import StorageError, UsageLakeError
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.progress import printable
from glue_jobs.read.raw_object import Skipped, Window
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.signatures import SIGNATURE_BYTES, source_of_content, source_of_name
from glue_jobs.storage import Entry, storage_for

# Names identify a source within this many objects; contents, within a few objects.
NAMES_LOOKED_AT = 1_000
OBJECTS_READ = 3
# In a folder without names that AWS gives, notes, checksums and hidden files may precede the logs.
OBJECTS_SEARCHED = 30


class WrongSourceError(UsageLakeError):
    """Nothing below the raw path is of the run's source. The sentence names the actual source and its command."""


def check_source(request: IngestRequest) -> None:
    """Check that something below the raw path is of the request's source, whatever its day; write nothing.

    A path below which AWS has delivered nothing yet passes.

    Raises:
        WrongSourceError: there are objects, but none is of this source.
        ArgumentError: the folder is empty.
        StorageError: the raw path cannot be listed or read.
    """
    if not request.raw.startswith("s3://") and Path(request.raw).is_file():
        raise WrongSourceError(_one_file(request))
    skipped = Skipped()
    storage = storage_for(request.raw)
    objects = request.pipeline.discover(storage, request.raw, Window(), skipped, request.any_name)
    found = list(islice((each.entry for each in objects), OBJECTS_READ if request.any_name else 1))
    if found and not (request.any_name and _is_of_another(request, found)):
        return
    # Logs that the source skips on purpose, and unfinished snapshots, are not a mistake.
    if not found and (skipped.empty_path or skipped.folders or skipped.unfinished):
        return
    prefix = request.raw if request.raw.startswith("s3://") else f"{request.raw.rstrip('/')}/"
    # AWS and the console create empty objects at future places of delivery.
    entries = [entry for entry in islice(storage.list(prefix), NAMES_LOOKED_AT) if entry.size]
    if entries or not storage.remote:
        raise WrongSourceError(_sentence(request, entries, skipped))


def _is_of_another(request: IngestRequest, entries: Iterable[Entry]) -> bool:
    """Whether the content of every one of these objects belongs to another source."""
    sources = [_source_of_content(entry) for entry in entries]
    return None not in sources and request.pipeline.name not in sources


def _source_of_content(entry: Entry) -> str | None:
    """The source of an object by its first bytes; None if it cannot be read, which the run reports later."""
    if not entry.size or entry.unreadable:
        return None
    try:
        return source_of_content(storage_for(entry.address).read(entry, 0, min(entry.size, SIGNATURE_BYTES)))
    except StorageError:
        return None


def _sentence(request: IngestRequest, entries: list[Entry], skipped: Skipped) -> str:
    title, raw = request.pipeline.title, request.raw
    names = Counter(source for entry in entries if (source := source_of_name(entry.address)))
    source = names.most_common(1)[0][0] if names else None
    example = next((each for each in entries if source and source_of_name(each.address) == source), None)
    if source is None:
        read = ((_source_of_content(entry), entry) for entry in entries[:OBJECTS_SEARCHED])
        source, example = next((pair for pair in read if pair[0]), (None, entries[0] if entries else None))
    shown = f", e.g. {printable(example.address)}" if example else ""
    if source is None:
        hint = "; --any-name takes objects of any name" if skipped.takeable and not request.any_name else ""
        return f"nothing below {raw} is named as AWS names {title}{shown}{hint}"
    if source == request.pipeline.name:
        if not BY_NAME[source].takes_any_name:
            return f"{raw} has a part of {title}{shown}; give the folder that has all of it, or one above that"
        return f"{raw} has {title}, but not in the folders of days in which AWS delivers them{shown}; add --any-name"
    assert example is not None, "the source is that of an object"
    command = _command(source, raw, example.address)
    return f"{raw} has {BY_NAME[source].title}, not {title}{shown}; the command for them is: {command}"


def _one_file(request: IngestRequest) -> str:
    path = Path(request.raw)
    storage = storage_for(request.raw)
    entry = next(entry for entry in storage.list(f"{path.parent}/") if entry.address == request.raw)
    source = source_of_name(request.raw) or _source_of_content(entry) or request.pipeline.name
    command = _command(source, str(path.parent), request.raw)
    return f"{request.raw} is a file, and a run takes the folder that it is in: {command}"


def _command(source: str, raw: str, example: str) -> str:
    """The command that ingests objects named like the example."""
    is_named = BY_NAME[source].is_named(example)
    return f"usage-lake ingest {source} --from {shlex.quote(raw)}{'' if is_named else ' --any-name'}"
