"""The configuration file that the argument ``config`` names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from glue_jobs.config import Config, load_config
from glue_jobs.errors import ArgumentError
from glue_jobs.storage import address, storage_for


def config_argument(values: Mapping[str, str]) -> Config:
    """The configuration of the file, or the defaults if the argument is absent.

    Raises:
        ArgumentError: the file is not UTF-8 text.
        ConfigError: the file has a mistake.
        StorageError: the file cannot be read.
    """
    text = values.get("config")
    if not text:
        return Config()
    location = address(text)
    folder = location.rpartition("/")[0]

    def locate(name: str) -> str:
        return name if name.startswith("s3://") or PurePosixPath(name).is_absolute() else f"{folder}/{name}"

    def read(name: str) -> bytes:
        return storage_for(locate(name)).get(locate(name))

    try:
        content = read(location).decode()
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{text} is not a configuration file: byte {error.start} is not UTF-8 text") from error
    return load_config(content, text, read, locate)
