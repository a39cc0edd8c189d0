"""Write place databases in the MMDB format from a list of networks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def write_database(
    path: Path, records: Mapping[str, Any], title: str, built: date, description: str = "", ip_version: int = 6
) -> None:
    """Write the database ``title`` with a record for each CIDR, with ``built`` as the build date."""
    writer = _Writer(
        ip_version,
        title,
        languages=["en"],
        description={"en": description},
        ipv4_compatible=ip_version == 6,
        float_type="f64",
    )
    writer.built = built
    for cidr, record in records.items():
        writer.insert_network(IPSet([cidr]), record)
    writer.to_db_file(str(path))


class _Writer(MMDBWriter):
    built: date

    def _build_meta(self) -> dict[str, Any]:
        # Otherwise the file would contain the current time, and its bytes would not be reproducible.
        day = datetime(self.built.year, self.built.month, self.built.day, tzinfo=UTC)
        return {**super()._build_meta(), "build_epoch": int(day.timestamp())}
