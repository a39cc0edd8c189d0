"""Throughput of run summaries to their tables, beside the upstream method, plain Python and Spark.

The summaries are made up, of realistic size.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import functions as f

from benchmarks.contest import OURS, Other, contest, lines
from benchmarks.engines import CORES, spark_session
from benchmarks.measure import Line, Settings
from benchmarks.sample_files import once

# The upstream method takes an hour for all summaries, so it converts only this many.
UPSTREAM_RUNS = 2_000

# A summary has 36 lines on average, and 6 kB.
MOST_FAMILIES, MOST_SEQUENCES_EACH = 18, 5

NAMES = (
    "Hepatitis E virus, complete genome",
    "Human rhinovirus 89, complete genome",
    "Severe acute respiratory syndrome coronavirus 2 isolate Wuhan-Hu-1, complete genome",
    'Theiler virus; strain "GDVII"',
)

FAMILY = ["famcvg", "fam", "score", "pctid", "depth", "aln", "glb", "len", "top", "topscore", "toplen", "topname"]
SEQUENCE = ["seqcvg", "seq", "score", "pctid", "depth", "aln", "glb", "len", "family", "name"]
INTEGERS = {"score", "pctid", "aln", "glb", "len", "topscore", "toplen", "readlength"}

# The number of runs that one worker of the upstream program gets.
RUNS_PER_WORKER = 1_000
# Scores from 0 to 100, and as many identities.
MOST_PARTITIONS = 10_201


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: our seconds, and the others' over ours."""
    raw = summaries(settings)
    count = len((raw / "nindex.txt").read_text().split())
    part = min(UPSTREAM_RUNS, count)
    others = [
        Other("upstream way", partial(upstream, part, raw), 10, f"{part:,} runs, scaled to all", count / part),
        Other("Spark read.text", partial(spark, raw), 5, "families and sequences; not sorted"),
        Other("plain Python, whole files", partial(plain_python, raw), note="not what upstream does; not sorted"),
    ]
    runs = contest(settings, "run_summary", raw, others)
    totals = runs[OURS].result.totals
    size = sum(path.stat().st_size for path in (raw / "summary2").iterdir())
    amount = f"{totals.objects:,} summaries with {totals.records:,} lines, {size / 1e6:,.0f} MB"
    yield from lines(runs, others, f"{amount}; every column, sorted")


def summaries(settings: Settings) -> Path:
    """A folder with 100,000 nucleotide summaries and their index."""
    count = 300 if settings.quick else settings.objects or 100_000
    return once(settings.folder / f"summaries-{count}", lambda folder: _write(folder, count))


def _write(folder: Path, count: int) -> None:
    (folder / "summary2").mkdir()
    chance = random.Random(1)
    runs = [f"SRR{10_000_000 + number}" for number in range(count)]
    for run in runs:
        (folder / "summary2" / f"{run}.summary").write_text(_summary(run, chance))
    (folder / "nindex.txt").write_text("".join(f"{run}\n" for run in runs))


def _summary(run: str, chance: random.Random) -> str:
    lines = [f"readlength=100;SUMZER_COMMENT=sra={run},genome=cov3ma,version=200818,date=200820-10:20;"]
    families, sequences = [], []
    for family in chance.sample(range(80), chance.randint(0, MOST_FAMILIES)):
        name = chance.choice(NAMES)
        families.append(
            f"famcvg={_bins(chance)};fam=Family{family}viridae;{_hit(chance)};top=NC_{family:06}.1;"
            f"topscore={chance.randint(1, 100)};toplen=7052;topname={name};"
        )
        sequences += [
            f"seqcvg={_bins(chance)};seq=NC_{family * 50 + chance.randint(0, 49):06}.1;{_hit(chance)};"
            f"family=Family{family}viridae;name={name};"
            for _ in range(chance.randint(1, MOST_SEQUENCES_EACH))
        ]
    return "\n".join([*lines, *families, *sequences, ""])


def _bins(chance: random.Random) -> str:
    return "".join(chance.choices("_.:uwaomUWAOM^", k=25))


def _hit(chance: random.Random) -> str:
    score, identity, reads = chance.randint(1, 100), chance.randint(50, 100), chance.randint(1, 5_000)
    return f"score={score};pctid={identity};depth={reads / 63:.1f};aln={reads};glb={reads // 3};len=8000"


def upstream(runs: int, raw: Path, target: Path) -> None:
    """Parse one run at a time and write like the upstream program, for the first ``runs`` of the index.

    A worker gets 1,000 runs; its files are partitioned by score and identity, into up to 10,201 folders. Upstream
    writes them with pandas; this uses Arrow, which is faster.
    """
    _in_workers(raw, target, _divided, runs)


def plain_python(raw: Path, target: Path) -> None:
    """Parse one run at a time, and write one file per 1,000 runs, unlike upstream."""
    _in_workers(raw, target, _whole, None)


def _in_workers(raw: Path, target: Path, write: Callable[[pa.Table, Path], None], count: int | None) -> None:
    target.mkdir(parents=True)
    runs = (raw / "nindex.txt").read_text().split()[:count]
    parts = [runs[at : at + RUNS_PER_WORKER] for at in range(0, len(runs), RUNS_PER_WORKER)]
    with ProcessPoolExecutor(CORES, get_context("spawn")) as pool:
        list(pool.map(partial(_worker, raw, target, write), parts))


def _worker(raw: Path, target: Path, write: Callable[[pa.Table, Path], None], runs: list[str]) -> None:
    tables: dict[str, list[dict[str, Any]]] = {"run": [], "family": [], "sequence": []}
    for run in runs:
        lines = (raw / "summary2" / f"{run}.summary").read_text().split("\n")
        comment = lines[0].replace("SUMZER_COMMENT=", "").replace(",", ";")
        tables["run"].append(_pairs(run, comment, ""))
        for line in lines[1:]:
            if line.startswith("famcvg"):
                tables["family"].append(_pairs(run, line, "topname"))
            elif line.startswith("seqcvg"):
                tables["sequence"].append(_pairs(run, line, "name"))
    for name, rows in tables.items():
        write(pa.Table.from_pylist(rows), target / f"{name}-{runs[0]}")


def _whole(rows: pa.Table, place: Path) -> None:
    pq.write_table(rows, place.with_suffix(".parquet"), compression="zstd")


def _divided(rows: pa.Table, place: Path) -> None:
    keys = [name for name in ("score", "pctid") if name in rows.column_names]
    pq.write_to_dataset(rows, place, partition_cols=keys, max_partitions=MOST_PARTITIONS)


def _pairs(run: str, line: str, last: str) -> dict[str, Any]:
    values: dict[str, Any] = {"run": run}
    if last:
        line, _, rest = line.partition(f";{last}=")
        values[last] = rest.strip(";")
    for pair in line.strip(";").split(";"):
        key, value = pair.split("=")
        values[key] = int(value) if key in INTEGERS else float(value) if key == "depth" else value
    return values


def spark(raw: Path, target: Path) -> None:
    """Read all lines as text, and extract each value with its own ``regexp_extract``."""
    lines = spark_session().read.text(str(raw / "summary2")).withColumn("file", f.input_file_name()).cache()
    for name, keys in (("family", FAMILY), ("sequence", SEQUENCE)):
        pattern = ";".join(f"{key}=(.*)" if key == keys[-1] else f"{key}=([^;]*)" for key in keys) + ";$"
        found = lines.where(f.col("value").startswith(f"{keys[0]}="))
        texts = found.select(
            f.regexp_extract("file", r"([^/]*)\.summary$", 1).alias("run"),
            *(f.regexp_extract("value", pattern, number).alias(key) for number, key in enumerate(keys, 1)),
        )
        types = {**dict.fromkeys(INTEGERS, "bigint"), "depth": "double"}
        rows = texts.select("run", *(f.col(key).cast(types.get(key, "string")).alias(key) for key in keys))
        rows.write.option("compression", "zstd").parquet(str(target / name))
    lines.unpersist()
