"""The raw files that are measured with: a made-up publisher's, kept between runs, and others cut from them."""

from __future__ import annotations

import itertools
import shutil
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
from isal import isal_zlib

from benchmarks.measure import Settings
from glue_jobs.read.json_documents import DOCUMENT, HEAD, NOT_JSON
from glue_jobs.read.unpack import GZIP_WINDOW
from glue_jobs.sample import write_sample

LAST_DAY = date(2024, 6, 30)

# About 1,540,000 lines of 45 days.
SCALE = 26
QUICK_SCALE = 0.1

# More than 500,000 events.
TRAIL_SCALE = 9

PACKING_LEVEL = 4


def sample(folder: Path, scale: float, days: int = 45) -> Path:
    """A sample publisher's raw access logs, made when they are not there yet; about 60,000 lines at scale 1."""
    place = folder / f"sample-{scale:g}-{days}"
    if not (place / "truth.json").exists():
        shutil.rmtree(place, ignore_errors=True)
        print(f"  making a sample of scale {scale:g}", flush=True)
        write_sample(place, last_day=LAST_DAY, days=days, scale=scale)
    return place / "raw" / "s3_access_log"


def whole_trail(settings: Settings) -> Path:
    """A sample publisher's raw CloudTrail files, without the few that would stop any way but ours.

    Left out are records that are no objects, a file that was cut short, and folders that have no events.
    """
    scale = QUICK_SCALE if settings.quick else TRAIL_SCALE
    raw = sample(settings.folder, scale).with_name("cloudtrail_s3_event")
    target = raw.parent.parent / "whole" / raw.name
    if not (target.parent / "done").exists():
        shutil.rmtree(target, ignore_errors=True)
        for path in trail_files(raw):
            records = [record for record in _records(path) if bytes(record).startswith(b"{")]
            if "/CloudTrail/" in str(path) and records:
                place = target / path.relative_to(raw)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(_packed(records))
        (target.parent / "done").touch()
    return target


def _records(path: Path) -> list[msgspec.Raw]:
    """The records of a CloudTrail file, none of one that is damaged."""
    try:
        return DOCUMENT.decode(isal_zlib.decompressobj(GZIP_WINDOW).decompress(path.read_bytes())).Records or []
    except NOT_JSON:
        return []


def _packed(records: list[msgspec.Raw]) -> bytes:
    compressor = zlib.compressobj(PACKING_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    return compressor.compress(HEAD + b",".join(records) + b"]}") + compressor.flush()


def trail_files(raw: Path) -> list[Path]:
    """All CloudTrail files below a folder, by name."""
    return sorted(raw.rglob("*.json.gz"))


def config_file(raw: Path) -> Path:
    """The configuration that belongs to a sample's raw folder."""
    return raw.parent.parent / "config.yaml"


def log_files(raw: Path) -> list[Path]:
    """All access logs of a sample, by name."""
    return sorted(path for path in raw.rglob("20*-*") if path.is_file())


def tiny_files(raw: Path, target: Path, files: int, lines: int, files_together: int) -> tuple[Path, Path]:
    """The same lines twice: in ``files`` files of ``lines`` lines, and in ``files_together`` large ones."""
    small, large = target / f"{files}-files-of-{lines}-lines", target / f"the-same-in-{files_together}-files"
    if not (target / "done").exists():
        shutil.rmtree(target, ignore_errors=True)
        small.mkdir(parents=True)
        large.mkdir()
        pieces = list(_pieces(raw, files, lines))
        for number, (name, text) in enumerate(pieces):
            (small / f"{name}{number:08X}").write_bytes(text)
        each = -(-files // files_together)
        for number in range(0, files, each):
            name = f"{pieces[number][0]}{number:08X}"
            (large / name).write_bytes(b"".join(text for _, text in pieces[number : number + each]))
        (target / "done").touch()
    return small, large


def _pieces(raw: Path, count: int, lines: int) -> Iterator[tuple[str, bytes]]:
    """Names (up to the unique part) and contents of so many small log files, in the order of time."""
    for path in log_files(raw / "logs"):
        every = path.read_bytes().splitlines(keepends=True)
        for start in range(0, len(every) - lines, lines):
            if not count:
                return
            count -= 1
            yield path.name[: len("2024-05-07-00-00-00-")], b"".join(every[start : start + lines])
    if count:
        raise ValueError(f"the sample is too small: {count} files are missing")


def large_file(raw: Path, target: Path, size: int) -> Path:
    """One log file of about ``size`` bytes: the sample's files, over and over."""
    if not target.exists():
        files = log_files(raw)
        unfinished = target.with_name("unfinished")
        with unfinished.open("wb") as large:
            while large.tell() < size:
                for path in files:
                    large.write(path.read_bytes().rstrip(b"\n") + b"\n")
                    if large.tell() >= size:
                        break
        unfinished.rename(target)
    return target


def large_trail_file(raw: Path, target: Path, size: int) -> Path:
    """One CloudTrail file of about ``size`` bytes of gzip: one document with the sample's records, over and over."""
    if not target.exists():
        unfinished = target.with_name("unfinished")
        compressor = zlib.compressobj(PACKING_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
        before = HEAD
        with unfinished.open("wb") as large:
            for path in itertools.cycle(trail_files(raw)):
                large.write(compressor.compress(before + b",".join(_records(path))))
                before = b","
                if large.tell() >= size:
                    break
            large.write(compressor.compress(b"]}") + compressor.flush())
        unfinished.rename(target)
    return target
