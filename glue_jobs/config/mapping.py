"""Data sets by content id: a key contains a content id, and a mapping file gives its data set and path there.

The file has the form of DANDI's cache: ``{content id: {data set: path}}``, plain or gzip. If an id has several data
sets, the first counts.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, ValidationInfo

from glue_jobs.config.checks import REST, BucketName
from glue_jobs.config.mistakes import ConfigError
from glue_jobs.config.section import Section
from glue_jobs.errors import StorageError

if TYPE_CHECKING:
    import pyarrow as pa

# The data set and the path of a content id that is not in the mapping.
UNDETERMINED = "undetermined"

CONTENT_ID = "{id}"
ANY_FOLDER = "*"
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Mapping:
    """The data set and the path of each content id; two mappings are equal if their files are equal."""

    sha256: str
    ids: pa.StringArray = field(compare=False, repr=False)
    datasets: pa.StringArray = field(compare=False, repr=False)
    paths: pa.StringArray = field(compare=False, repr=False)


def read_mapping(name: Any, info: ValidationInfo) -> Mapping:
    """The mapping in the file ``name``, or ``name`` itself if it is a Mapping; ``info.context`` has ``read``.

    Raises:
        ConfigError: the file has a mistake.
        ValueError: the file cannot be read.
    """
    if isinstance(name, Mapping):
        return name
    if not isinstance(name, str) or not isinstance(info.context, dict):
        raise ValueError("must be the name of a JSON file, relative to the configuration file")
    try:
        content = info.context["read"](name)
        content = gzip.decompress(content) if content.startswith(GZIP) else content
        entries = json.loads(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ConfigError(f"{name}: the gzip data is damaged.") from None
    except (OSError, StorageError) as error:
        raise ValueError(f"cannot read '{name}' ({error})") from None
    except ValueError as error:
        raise ConfigError(f"{name}: this is not JSON ({error}).") from None
    if not isinstance(entries, dict):
        raise ConfigError(f"{name}: a mapping is an object {{content id: {{data set: path}}}}.")
    # Listing queries reads the prices of the configuration, and importing Arrow would slow it down.
    import pyarrow as pa

    first = [_first(name, content_id, places) for content_id, places in entries.items()]
    columns = [pa.array([entry[number] for entry in first], pa.string()) for number in range(3)]
    return Mapping(hashlib.sha256(content).hexdigest(), *columns)


def _first(name: str, content_id: str, places: Any) -> tuple[str, str, str]:
    if not isinstance(places, dict) or not all(isinstance(path, str) for path in places.values()):
        raise ConfigError(f"{name}: content id '{content_id}' must have an object {{data set: path}}.")
    dataset, path = next(iter(places.items()), (UNDETERMINED, UNDETERMINED))
    return content_id, dataset, path


def _key_pattern(value: str) -> str:
    folders = value.split("/")
    rest = folders[:-1] if folders[-1] in REST else folders
    if folders.count(CONTENT_ID) != 1:
        raise ValueError(f"a key contains {CONTENT_ID} once, as in blobs/*/*/{CONTENT_ID} or zarr/{CONTENT_ID}/…")
    for folder in rest:
        if folder not in (CONTENT_ID, ANY_FOLDER) and (not folder or set(folder) & set("{}*…")):
            raise ValueError(f"'{folder}' cannot be a folder of a key; allowed: {CONTENT_ID}, *, fixed text")
    return value


KeyPattern = Annotated[str, AfterValidator(_key_pattern)]


class MappingRule(Section):
    """Keys that match one of the patterns ``keys``; the mapping gives the data set of their content id."""

    mapping: Annotated[InstanceOf[Mapping], BeforeValidator(read_mapping)]
    keys: Annotated[tuple[KeyPattern, ...], Field(min_length=1)]
    bucket: BucketName | None = None
