"""The CSV files of a configuration: rows of text, each with its line number for messages."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationInfo

from glue_jobs.config.checks import bucket_name, prefix_text
from glue_jobs.config.mistakes import ConfigError
from glue_jobs.errors import StorageError

Read = Callable[[str], bytes]
"""Loads a file by its name relative to the configuration file; raises OSError or StorageError."""


@dataclass(frozen=True)
class PrefixFile:
    """The columns of a CSV file of prefixes; empty cells are None."""

    prefixes: tuple[str, ...]
    accounts: tuple[str | None, ...]
    repositories: tuple[str | None, ...]
    buckets: tuple[str | None, ...]


def csv_rows(name: Any, info: ValidationInfo, *headers: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Place ("file, line n") and cells of each row; the header must be one of ``headers``.

    The context of ``info`` contains ``read``, of type Read.

    Raises:
        ConfigError: the file has a mistake.
        ValueError: the file cannot be read.
    """
    if not isinstance(name, str) or not isinstance(info.context, dict):
        raise ValueError("must be the name of a CSV file, relative to the configuration file")
    try:
        lines = csv.reader(io.StringIO(info.context["read"](name).decode("utf-8-sig"), newline=""), strict=True)
        header = next(lines, [])
        if ",".join(header) not in headers:
            raise ConfigError(f"{name}, line 1: the header must be {' or '.join(headers)}.")
        for cells in lines:
            place = f"{name}, line {lines.line_num}"
            if cells and len(cells) != len(header):
                raise ConfigError(f"{place}: the row has {len(cells)} cells, the header {len(header)}.")
            if cells:
                yield place, dict(zip(header, cells, strict=True))
    except (OSError, StorageError) as error:
        raise ValueError(f"cannot read '{name}' ({error})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: this is not UTF-8 text.") from None
    except csv.Error as error:
        raise ConfigError(f"{name}, line {lines.line_num}: this is not CSV ({error}).") from None


def read_prefixes(name: Any, info: ValidationInfo) -> PrefixFile:
    """The prefixes in the CSV file ``name``, or ``name`` itself if it is a PrefixFile; raises like ``csv_rows``."""
    if isinstance(name, PrefixFile):
        return name
    seen: dict[tuple[str, str | None], tuple[str | None, str | None]] = {}
    header = "prefix,account,repository"
    for place, row in csv_rows(name, info, header, f"{header},bucket"):
        target = (row["account"] or None, row["repository"] or None)
        prefix = (row["prefix"], row.get("bucket") or None)
        if target == (None, None):
            raise ConfigError(f"{place}: the row needs an account, a repository or both.")
        if prefix in seen:
            raise ConfigError(f"{place}: prefix '{row['prefix']}' appears twice.")
        try:
            prefix_text(row["prefix"])
            bucket_name(row.get("bucket", ""))
        except ValueError as error:
            raise ConfigError(f"{place}: {error}.") from None
        seen[prefix] = target
    return PrefixFile(
        tuple(prefix for prefix, _ in seen),
        tuple(account for account, _ in seen.values()),
        tuple(repository for _, repository in seen.values()),
        tuple(bucket for _, bucket in seen),
    )
