"""The raw files that are measured with: a made-up publisher's, kept between runs, and others cut from them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from glue_jobs.local.sample import write_sample

LAST_DAY = date(2024, 6, 30)

# About 1,540,000 lines of 45 days.
SCALE = 26
QUICK_SCALE = 0.1


def sample(folder: Path, scale: float, days: int = 45) -> Path:
    """A sample publisher's raw access logs, made when they are not there yet; about 60,000 lines at scale 1."""
    place = folder / f"sample-{scale:g}-{days}"
    if not (place / "truth.json").exists():
        shutil.rmtree(place, ignore_errors=True)
        print(f"  making a sample of scale {scale:g}", flush=True)
        write_sample(place, last_day=LAST_DAY, days=days, scale=scale)
    return place / "raw" / "s3_access_log"


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
