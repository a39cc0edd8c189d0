"""The raw files of the measurements: those of a generated publisher, reused between runs, and files cut from them."""

from __future__ import annotations

import itertools
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

import msgspec
from isal import isal_zlib

from benchmarks.measure import Settings
from glue_jobs.read.framing.json_records import DOCUMENT, HEAD, NOT_JSON
from glue_jobs.read.unpack import GZIP_WINDOW
from glue_jobs.sample import write_sample

LAST_DAY = date(2024, 6, 30)

# About 1,540,000 lines of 45 days.
SCALE = 26
QUICK_SCALE = 0.1

# More than 500,000 events.
TRAIL_SCALE = 9

COMPRESSION_LEVEL = 4

TINY_LINES = 5


def once(place: Path, write: Callable[[Path], object]) -> Path:
    """The folder ``place``; ``write`` fills it if it does not exist yet."""
    if not place.exists():
        print(f"  making {place.name}", flush=True)
        unfinished = place.with_name(f"unfinished-{place.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        write(unfinished)
        unfinished.rename(place)
    return place


def sample(folder: Path, scale: float, days: int = 45) -> Path:
    """A sample publisher's raw access logs; about 60,000 lines at scale 1."""
    write = partial(write_sample, last_day=LAST_DAY, days=days, scale=scale)
    return once(folder / f"sample-{scale:g}-{days}", write) / "raw" / "s3_access_log"


def sample_logs(settings: Settings) -> Path:
    """The access logs that most benchmarks use."""
    return sample(settings.folder, QUICK_SCALE if settings.quick else SCALE)


def config_file(raw: Path) -> Path:
    """The configuration that belongs to a sample's raw folder."""
    return raw.parent.parent / "config.yaml"


def log_files(raw: Path) -> list[Path]:
    """All access logs of a sample, by name."""
    return sorted(path for path in raw.rglob("20*-*") if path.is_file())


def trail_files(raw: Path) -> list[Path]:
    """All CloudTrail files below a folder, by name."""
    return sorted(raw.rglob("*.json.gz"))


def whole_trail(settings: Settings) -> Path:
    """A sample publisher's raw CloudTrail files, without data that the other engines fail on.

    Records that are not objects, a truncated file, and folders without events are left out.
    """
    logs = sample(settings.folder, QUICK_SCALE if settings.quick else TRAIL_SCALE)
    raw = logs.with_name("cloudtrail_s3_event")

    def write(target: Path) -> None:
        for path in trail_files(raw):
            records = [record for record in _records(path) if bytes(record).startswith(b"{")]
            if "/CloudTrail/" in str(path) and records:
                place = target / path.relative_to(raw)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(b"".join(_document([records])))

    return once(raw.parent.parent / "whole" / raw.name, write)


def _records(path: Path) -> list[msgspec.Raw]:
    """The records of a CloudTrail file; none if it is damaged."""
    try:
        return DOCUMENT.decode(isal_zlib.decompressobj(GZIP_WINDOW).decompress(path.read_bytes())).Records or []
    except NOT_JSON:
        return []


def _document(groups: Iterable[list[msgspec.Raw]]) -> Iterator[bytes]:
    """One gzipped CloudTrail document of all the groups' records, in pieces."""
    compressor, before = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, GZIP_WINDOW), HEAD
    for records in groups:
        yield compressor.compress(before + b",".join(records))
        before = b","
    yield compressor.compress(b"]}") + compressor.flush()


def large_trail_file(raw: Path, folder: Path, size: int) -> Path:
    """A folder with one CloudTrail file of about ``size`` bytes of gzip: the sample's records, repeated."""

    def write(target: Path) -> None:
        with (target / "large.json.gz").open("wb") as large:
            files = itertools.cycle(trail_files(raw))
            enough = itertools.takewhile(lambda _: large.tell() < size, files)
            for part in _document(map(_records, enough)):
                large.write(part)

    return once(folder / f"one-trail-file-of-{size / 1e6:g}-MB-gzip", write)


def large_log(raw: Path, folder: Path, size: int) -> Path:
    """A folder with one access log of about ``size`` bytes: the sample's files, repeated."""

    def write(target: Path) -> None:
        with (target / "2024-06-30-00-00-00-0000000000000000").open("wb") as large:
            for path in itertools.cycle(log_files(raw)):
                large.write(path.read_bytes().rstrip(b"\n") + b"\n")
                if large.tell() >= size:
                    break

    return once(folder / f"one-file-of-{size // 1_000_000}-MB", write)


def tiny_files(settings: Settings) -> tuple[Path, Path]:
    """Folders with 20,000 files of 5 lines, and with the same lines in 20 files."""
    raw, (files, together) = sample_logs(settings), (100, 2) if settings.quick else (20_000, 20)
    small, large = f"{files}-files-of-{TINY_LINES}-lines", f"the-same-in-{together}-files"

    def write(target: Path) -> None:
        pieces = list(itertools.islice(_pieces(raw), files))
        assert len(pieces) == files, "the sample is too small"
        for name, count in ((small, 1), (large, files // together)):
            (target / name).mkdir()
            for number in range(0, files, count):
                text = b"".join(text for _, text in pieces[number : number + count])
                (target / name / f"{pieces[number][0]}{number:08X}").write_bytes(text)

    place = once(settings.folder / f"tiny-{files}", write)
    return place / small, place / large


def _pieces(raw: Path) -> Iterator[tuple[str, bytes]]:
    """Names (up to the unique part) and contents of small log files, in the order of time."""
    for path in log_files(raw / "logs"):
        every = path.read_bytes().splitlines(keepends=True)
        for start in range(0, len(every) - TINY_LINES, TINY_LINES):
            yield path.name[: len("2024-05-07-00-00-00-")], b"".join(every[start : start + TINY_LINES])
