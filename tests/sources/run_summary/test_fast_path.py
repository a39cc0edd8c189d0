"""The fast path gives the rows and rejected records of the slow parser, for whatever bytes."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glue_jobs.sources.run_summary.fast_path
from glue_jobs.sources.run_summary.fast_path import Documents, parse_summaries
from glue_jobs.sources.run_summary.kinds import KINDS
from glue_jobs.sources.run_summary.parser import parse_summary
from tests.run_summaries import nucleotide

NUCLEOTIDE, PROTEIN, RDRP = KINDS

TEXTS = (
    (
        NUCLEOTIDE,
        nucleotide(
            "SRR1",
            "famcvg=_:.;fam=Hepe;score=86;pctid=93;depth=3.2;aln=202;glb=44;len=8000;top=N.1;topscore=82;toplen=70;"
            "topname=Trout virus, isolate=2; x;",
            "famcvg=_:.;fam=Arte;score=6;pctid=100;depth=3;aln=2;glb=0;len=8;top=N.1;topscore=82;toplen=70;topname=é;",
            "seqcvg=uuu;seq=N.1;score=82;pctid=93;depth=3.5;aln=200;glb=44;len=7052;family=Hepe;name=Trout virus;",
        ),
    ),
    (NUCLEOTIDE, nucleotide("SRR1")),
    (
        PROTEIN,
        "sra=SRR1;SUMZER_COMMENT=sra=SRR1,genome=p,date=1,type=protein;totalalns=3;readlength=9;truncated=no;\n"
        "sra=SRR1;famcvg=__;fam=Hepe;score=86;pctid=93;alns=2;avgcols=44;\n"
        "sra=SRR1;gencvg=__;gen=Hepe.ORF2;score=86;pctid=93;alns=2;avgcols=44;\n"
        "sra=SRR1;seqcvg=__;seq=Hepe.ORF2.187.2;score=86;pctid=93;alns=2;avgcols=44;\n",
    ),
    (
        RDRP,
        "sra=SRR1;SUMZER_COMMENT=sra=SRR1,genome=r,date=1,type=protein;totalalns=3;readlength=9;truncated=no;excepts=1;\n"
        "sra=SRR1;phycvg=__;phy=pisu;cat=K;score=2;depth=0.1;pctid=50;alns=1;avgcols=26;\n"
        "sra=SRR1;famcvg=__;fam=pisu.Unc159;cat=P;score=2;depth=0.1;pctid=50;alns=1;avgcols=26;\n"
        "sra=SRR1;famcvg=__;fam=kiti.Tombus-14;cat=P;score=1;depth=0.0;pctid=67;alns=1;avgcols=21;\n"
        "sra=SRR1;vircvg=__;vir=pisu.Unc159.picalivirus_c:AFR11839;cat=P;score=2;depth=0.1;pctid=50;alns=1;avgcols=26;\n",
    ),
)


def joined(texts: list[tuple[Any, bytes]]) -> tuple[Documents, bytes, np.ndarray]:
    """The documents with runs of their own, as a batch."""
    documents, pieces = [], []
    for number, (kind, text) in enumerate(texts):
        documents.append((kind, f"SRR{number}"))
        piece = text.replace(b"SRR1", f"SRR{number}".encode())
        pieces.append(piece if piece.endswith(b"\n") else piece + b"\n")
    starts = np.cumsum([0, *map(len, pieces)])[:-1]
    return documents, b"".join(pieces), starts


def slow(documents: Documents, data: bytes, starts: np.ndarray) -> tuple[dict[str, Counter[Any]], Counter[Any]]:
    rows: defaultdict[str, Counter[Any]] = defaultdict(Counter)
    rejected: Counter[Any] = Counter()
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True)):
        parsed = parse_summary(*documents[number], data[start:end])
        for table, found in parsed.rows.items():
            rows[table.name].update((number, row) for row in found)
        rejected.update((number, each) for each in parsed.rejected)
    return {name: found for name, found in rows.items() if found}, rejected


def fast(documents: Documents, data: bytes, starts: np.ndarray) -> tuple[dict[str, Counter[Any]], Counter[Any]]:
    parsed = parse_summaries(documents, data, starts)
    rows: defaultdict[str, Counter[Any]] = defaultdict(Counter)
    for table, parts in parsed.rows.items():
        for found, owners in parts:
            assert found.column_names == [*table.record]
            values = (tuple(row.values()) for row in found.to_pylist())
            rows[table.name].update(zip(owners.tolist(), values, strict=True))
    return dict(rows), Counter(parsed.rejected)


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(
            [b"", b";", b"=", b".", b",", b"\n", b"-", b"0", b"?", b"~", b" ", b"sra=", b"\xff", b"SUMZER_COMMENT="]
        ),
        st.integers(0, 3),
    ),
    max_size=2,
)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(TEXTS), CHANGES), min_size=1, max_size=4))
def test_both_parsers_agree_on_summaries_with_a_few_bytes_changed(chosen: list[Any]) -> None:
    texts = []
    for (kind, text), changes in chosen:
        data = text.encode()
        for place, new, removed in changes:
            at = place % (len(data) + 1)
            data = data[:at] + new + data[at + removed :]
        if data:
            texts.append((kind, data))
    if texts:
        batch = joined(texts)
        assert fast(*batch) == slow(*batch)


def test_plain_summaries_do_not_need_the_slow_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = joined([(kind, text.encode()) for kind, text in TEXTS * 2])
    expected = slow(*batch)

    def no_parser(*_: Any) -> None:
        raise AssertionError("the slow parser was called")

    monkeypatch.setattr(glue_jobs.sources.run_summary.fast_path, "parse_summary", no_parser)
    assert fast(*batch) == expected
