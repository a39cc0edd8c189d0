"""Lines of run summaries become rows; lines that break the grammar are rejected with their place and a reason."""

from __future__ import annotations

import numpy as np
import pytest

from glue_jobs.read.parsed import DocumentId, ParsedDocument
from glue_jobs.sources.run_summary.source import parse_run_summaries, parse_run_summary

RUN = "SRR9"
COMMENT = f"readlength=100;SUMZER_COMMENT=sra={RUN},genome=cov3ma,version=200818,date=200820-10:20;"
FAMILY = "famcvg=_o_;fam=Hepe;score=86;pctid=93;depth=3.2;aln=202;glb=44;len=8000;top=NC_1.1;topscore=82;toplen=70;"
SEQUENCE = "seqcvg=_o_;seq=NC_1.1;score=82;pctid=93;depth=3.5;aln=200;glb=44;len=7052;family=Hepe;"
PREFIX = f"sra={RUN};"
PROTEIN_COMMENT = (
    f"{PREFIX}SUMZER_COMMENT=sra={RUN},genome=p5,date=200831-09:30,type=protein;totalalns=30;readlength=100;"
    "truncated=no;"
)


def parse(kind: str, *lines: str) -> ParsedDocument:
    return parse_run_summary(DocumentId(kind, RUN), "\n".join([*lines, ""]).encode("utf-8", "surrogateescape"))


def rows(kind: str, *lines: str) -> dict[str, list[dict[str, object]]]:
    """The rows by table; nothing is rejected."""
    parsed = parse(kind, *lines)
    assert not parsed.rejected
    return {
        table.name: [dict(zip(table.record, row, strict=True)) for row in found]
        for table, found in parsed.rows.items()
        if found
    }


def reasons(kind: str, *lines: str) -> list[str]:
    return [each.reason for each in parse(kind, *lines).rejected]


def test_a_nucleotide_summary_has_a_run_families_and_sequences() -> None:
    found = rows("nucleotide", COMMENT, f"{FAMILY}topname=Trout virus;", f"{SEQUENCE}name=Trout virus;")
    run = {"run_id": RUN, "read_length": 100, "genome": "cov3ma", "version": "200818", "date": "200820-10:20"}
    assert found["nsra"] == [run]
    assert found["nfamily"][0] | {"top_name": "Trout virus", "depth": 3.2, "n_reads": 202} == found["nfamily"][0]
    assert found["nsequence"][0] | {"virus_name": "Trout virus", "length": 7052} == found["nsequence"][0]


@pytest.mark.parametrize("name", [";a;b=c", "name=x;topname=y", "a\u2028b\x85c\x0bd\x0ce", "", ' "q" ;'])
def test_a_name_is_the_rest_of_its_line(name: str) -> None:
    assert rows("nucleotide", COMMENT, f"{SEQUENCE}name={name};")["nsequence"][0]["virus_name"] == name


@pytest.mark.parametrize(("start", "end"), [("", "\r\n"), ("\ufeff", "\n"), ("\ufeff", "\r\n")])
def test_line_ends_and_a_mark_that_windows_programs_write_are_no_part_of_the_values(start: str, end: str) -> None:
    lines = [COMMENT, f"{FAMILY}topname=Trout virus;", f"{SEQUENCE}name=Trout virus;"]
    text = start + "".join(line + end for line in lines)
    plain = parse("nucleotide", *lines)
    document = DocumentId("nucleotide", RUN)
    assert parse_run_summary(document, text.encode()) == plain
    several = parse_run_summaries([document], text.encode(), np.zeros(1, np.int64))
    assert several.rejected == []
    found = {table: part.to_pylist() for table, parts in several.rows.items() for part, _ in parts}
    for table, rows_of_table in plain.rows.items():
        assert [tuple(row.values()) for row in found.get(table, [])] == rows_of_table


def test_unknown_lengths_and_coverages_are_null_and_numbers_have_64_bits() -> None:
    line = SEQUENCE.replace("len=7052", "len=?").replace("_o_", "~").replace("aln=200", "aln=9000000000")
    row = rows("nucleotide", COMMENT, f"{line}name=x;")["nsequence"][0]
    assert (row["length"], row["coverage_bins"], row["n_reads"]) == (None, None, 9_000_000_000)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (FAMILY.replace("depth", "deepness") + "topname=x;", "the key deepness is unknown here"),
        (FAMILY.replace("pctid=93;", "") + "topname=x;", "the key pctid is missing"),
        (FAMILY, "the key topname is missing"),
        (f"{FAMILY}score=1;topname=x;", "the key score is there twice"),
        (FAMILY.replace("score=86", "score=8.5") + "topname=x;", "score is no whole number of 64 bits"),
        (FAMILY.replace("glb=44", "glb=9223372036854775808") + "topname=x;", "n_global_reads is no whole number"),
        (FAMILY.replace("3.2", "nan") + "topname=x;", "depth is no number"),
        (f"{FAMILY}topname=\udcff;", "the line is not UTF-8"),
        ("more=1;", "the line belongs to no section"),
        (COMMENT, "the line belongs to no section"),
    ],
)
def test_a_line_that_breaks_the_grammar_is_rejected_and_the_others_stay(line: str, reason: str) -> None:
    parsed = parse("nucleotide", COMMENT, line, f"{FAMILY}topname=x;")
    (rejected,) = parsed.rejected
    assert reason in rejected.reason
    assert (rejected.position, rejected.record) == (len(COMMENT) + 1, line.encode("utf-8", "surrogateescape"))
    assert sum(map(len, parsed.rows.values())) == 2


def test_a_line_after_its_section_is_rejected() -> None:
    late = f"{FAMILY}topname=x;"
    assert reasons("nucleotide", COMMENT, f"{SEQUENCE}name=x;", late) == ["the line stands after its section"]
    assert reasons("nucleotide", COMMENT, f"{SEQUENCE}extra=1;name=x;", late) == ["the key extra is unknown here"]


def test_a_summary_of_another_run_has_no_rows() -> None:
    found = parse("nucleotide", COMMENT.replace(RUN, "SRR8"), f"{FAMILY}topname=x;")
    assert [each.reason for each in found.rejected] == ["the summary is of SRR8, and its name is of SRR9"] * 2
    assert not any(found.rows.values())


def test_an_empty_summary_and_one_with_only_its_first_line_are_valid() -> None:
    assert rows("nucleotide") == {}
    assert list(rows("protein", PROTEIN_COMMENT.replace("totalalns", "excepts=3;totalalns"))) == ["psra"]


def test_protein_labels_name_family_protein_and_sequence() -> None:
    hit = "score=18;pctid=77;alns=20;avgcols=27;"
    found = rows(
        "protein",
        PROTEIN_COMMENT,
        f"{PREFIX}famcvg=_;fam=He;pe=1;{hit}".replace("pe=1", "pe"),
        f"{PREFIX}gencvg=_;gen=Hepe.ORF2;{hit}",
        f"{PREFIX}seqcvg=_;seq=Hepe.ORF2.187.2;{hit}",
    )
    assert found["psra"][0] | {"aligned_reads": 30, "truncated": "no"} == found["psra"][0]
    assert found["pfamily"][0]["family_name"] == "He;pe"
    assert (found["protein"][0]["family_name"], found["protein"][0]["protein_name"]) == ("Hepe", "ORF2")
    assert found["psequence"][0]["genbank_id"] == "187.2"
    bad = [f"{PREFIX}gencvg=_;gen=Hepe.ORF2.x;{hit}", f"{PREFIX}seqcvg=_;seq=Hepe.ORF2;{hit}", f"sra=SRR8;fam={hit}"]
    assert reasons("protein", PROTEIN_COMMENT, *bad) == [
        "gen has not 2 names with dots between them",
        "seq has not 3 names with dots between them",
        "the line does not begin with sra=SRR9;",
    ]


def test_rdrp_labels_name_phylum_group_and_virus() -> None:
    hit = "cat=k;score=21;depth=3.3;pctid=94;alns=43;avgcols=38;"
    found = rows(
        "rdrp",
        PROTEIN_COMMENT,
        f"{PREFIX}phycvg=_;phy=pisu;{hit}",
        f"{PREFIX}famcvg=_;fam=kiti.Tombusviridae-14;{hit}",
        f"{PREFIX}famcvg=_;fam=pisu.Unc159;{hit}".replace("cat=k;", ""),
        f"{PREFIX}vircvg=_;vir=pisu.Unc159.pi.ca:virus_c:AFR11839;{hit}",
    )
    assert found["rphylum"][0]["phylum_name"] == "Pisuviricota"
    names = [(each["phylum_name"], each["family_name"], each["family_group"]) for each in found["rfamily"]]
    assert names == [
        ("Kitrinoviricota", "Tombusviridae", "Tombusviridae-14"),
        ("Pisuviricota", "Unclassified-159", "Unc159"),
    ]
    assert (found["rsequence"][0]["virus_name"], found["rsequence"][0]["sequence_accession"]) == (
        "pi.ca",
        "virus_c:AFR11839",
    )
    bad = [f"{PREFIX}phycvg=_;phy=none;{hit}", f"{PREFIX}famcvg=_;fam=kiti.Tombus;{hit}"]
    assert reasons("rdrp", PROTEIN_COMMENT, *bad) == [
        "the code of the phylum is unknown",
        "the family group has no dash and is not Unc with a number",
    ]
