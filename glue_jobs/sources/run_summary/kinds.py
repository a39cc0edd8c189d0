"""The three kinds of run summaries: where their objects are, and which lines they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from glue_jobs.sources.run_summary.table import (
    NFAMILY,
    NSEQUENCE,
    NSRA,
    PFAMILY,
    PROTEIN,
    PSEQUENCE,
    PSRA,
    RFAMILY,
    RPHYLUM,
    RSEQUENCE,
    RSRA,
)
from glue_jobs.tables.model import Table

RUN = re.compile("[SED]RR[0-9]{1,12}")
"""Accessions of runs: https://www.ncbi.nlm.nih.gov/books/NBK569234/"""

PHYLA = {
    "dupl": "Duplornaviricota",
    "kiti": "Kitrinoviricota",
    "levi": "Lenarviricota",
    "nega": "Negarnaviricota",
    "pisu": "Pisuviricota",
    "rdrp": "Unclassified",
    "var": "Deltavirus",
}

# The column of each key that differs from the column's name.
COLUMNS = {
    "readlength": "read_length",
    "totalalns": "aligned_reads",
    "famcvg": "coverage_bins",
    "gencvg": "coverage_bins",
    "seqcvg": "coverage_bins",
    "phycvg": "coverage_bins",
    "vircvg": "coverage_bins",
    "fam": "family_name",
    "family": "family_name",
    "seq": "sequence_accession",
    "pctid": "percent_identity",
    "aln": "n_reads",
    "alns": "n_reads",
    "glb": "n_global_reads",
    "len": "length",
    "avgcols": "aligned_length",
    "top": "top_genbank_id",
    "topscore": "top_score",
    "toplen": "top_length",
    "topname": "top_name",
    "name": "virus_name",
}


@dataclass(frozen=True)
class Section:
    """Lines that begin with the first of ``keys`` and have all of them once; each line is a row of ``table``.

    ``rest`` is the key whose value is the rest of the line. ``split`` divides the value of the key ``label`` into
    columns, or raises ValueError with the reason; without it, the value is one column. ``optional`` keys are ignored.
    """

    table: Table
    keys: tuple[str, ...]
    rest: str = ""
    label: str = ""
    split: Callable[[str], Mapping[str, str]] | None = None
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Kind:
    """One kind of summaries: its objects are ``folder``/RUN``suffix``, and ``index`` may name the runs.

    With ``has_prefix``, each line begins with the run. ``comment`` has the keys of the first line.
    """

    name: str
    index: str
    folder: str
    suffix: str
    has_prefix: bool
    comment: Section
    sections: tuple[Section, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables with rows of a summary; the table of the first line comes last."""
        return (*(section.table for section in self.sections), self.comment.table)

    @cached_property
    def by_key(self) -> dict[str, int]:
        """The number of each section, by the key that its lines begin with."""
        return {section.keys[0]: number for number, section in enumerate(self.sections)}


def _keys(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _parts(text: str, count: int, label: str) -> list[str]:
    parts = text.split(".", count - 1)
    if len(parts) != count or not all(parts):
        raise ValueError(f"{label} has not {count} names with dots between them")
    return parts


def _protein(text: str) -> Mapping[str, str]:
    family, protein = _parts(text, 2, "gen")
    if "." in protein:
        raise ValueError("gen has not 2 names with dots between them")
    return {"family_name": family, "protein_name": protein}


def _protein_sequence(text: str) -> Mapping[str, str]:
    return dict(zip(("family_name", "protein_name", "genbank_id"), _parts(text, 3, "seq"), strict=True))


def _phylum(code: str) -> Mapping[str, str]:
    if code not in PHYLA:
        raise ValueError("the code of the phylum is unknown")
    return {"phylum_name": PHYLA[code]}


def _group(code: str, group: str) -> Mapping[str, str]:
    if unclassified := re.fullmatch("Unc([0-9]+)", group):
        family = f"Unclassified-{unclassified[1]}"
    else:
        family, dash, _ = group.partition("-")
        if not dash:
            raise ValueError("the family group has no dash and is not Unc with a number")
    return {**_phylum(code), "family_name": family, "family_group": group}


def _family_group(text: str) -> Mapping[str, str]:
    return _group(*_parts(text, 2, "fam"))


def _virus(text: str) -> Mapping[str, str]:
    code, group, virus = _parts(text, 3, "vir")
    name, colon, accession = virus.partition(":")
    if not colon:
        raise ValueError("vir has no colon before the accession")
    return {**_group(code, group), "virus_name": name, "sequence_accession": accession}


_COMMENT = _keys("sra type readlength genome totalalns truncated date")
_HIT = "score pctid alns avgcols"
_DEEP_HIT = "score pctid depth alns avgcols"
_EXCEPTS = frozenset({"excepts"})
_CATEGORY = frozenset({"cat"})

KINDS = (
    Kind(
        name="nucleotide",
        index="nindex.txt",
        folder="summary2",
        suffix=".summary",
        has_prefix=False,
        comment=Section(NSRA, _keys("sra readlength genome version date")),
        sections=(
            Section(
                NFAMILY,
                _keys("famcvg fam score pctid depth aln glb len top topscore toplen topname"),
                rest="topname",
            ),
            Section(NSEQUENCE, _keys("seqcvg seq score pctid depth aln glb len family name"), rest="name"),
        ),
    ),
    Kind(
        name="protein",
        index="pindex.txt",
        folder="psummary",
        suffix=".psummary",
        has_prefix=True,
        comment=Section(PSRA, _COMMENT, optional=_EXCEPTS),
        sections=(
            Section(PFAMILY, _keys(f"famcvg fam {_HIT}"), label="fam"),
            Section(PROTEIN, _keys(f"gencvg gen {_HIT}"), label="gen", split=_protein),
            Section(PSEQUENCE, _keys(f"seqcvg seq {_HIT}"), label="seq", split=_protein_sequence),
        ),
    ),
    Kind(
        name="rdrp",
        index="rindex.txt",
        folder="rsummary",
        suffix=".psummary",
        has_prefix=True,
        comment=Section(RSRA, _COMMENT, optional=_EXCEPTS),
        sections=(
            Section(RPHYLUM, _keys(f"phycvg phy {_DEEP_HIT}"), label="phy", split=_phylum, optional=_CATEGORY),
            Section(RFAMILY, _keys(f"famcvg fam {_DEEP_HIT}"), label="fam", split=_family_group, optional=_CATEGORY),
            Section(RSEQUENCE, _keys(f"vircvg vir {_DEEP_HIT}"), label="vir", split=_virus, optional=_CATEGORY),
        ),
    ),
)
