"""The tables of Serratus' run summaries, with the names and columns that its users query.

Producers: https://github.com/ababaian/serratus (containers/serratus-merge)
"""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

RUN_SUMMARY = Table(
    name="run_summary",
    description=(
        "One row per summary of a sequencing run. A summary that is delivered again replaces all rows of the old one. "
        "A summary is stored completely once ingested_object has its source_object with this ingest_run_id."
    ),
    columns=(
        Column(1, "kind", "string", "nucleotide, protein or rdrp: the reference that the run was aligned to."),
        Column(2, "run_id", "string", "Accession of the run, e.g. SRR1000001, from the name of the object."),
        Column(3, "rows", "bigint", "Lines of the summary that are stored as rows of its kind's tables."),
        Column(4, "rejected", "bigint", "Lines that were rejected, each in rejected_record with its reason."),
        Column(5, "source_object", "string", "Raw object: the summary."),
        Column(6, "ingest_run_id", "string", "Ingest run that stored the rows; run_id in ingested_object."),
    ),
    partitions=(),
    sort=("kind", "run_id"),
    identity=("run_id", "kind"),
    derived=("source_object", "ingest_run_id"),
    keys=("kind", "run_id"),
)

_COLUMNS = {
    "run_id": ("string", "Accession of the run, e.g. SRR1000001."),
    "phylum_name": ("string", "Phylum, e.g. Pisuviricota; Unclassified and Deltavirus are two of them."),
    "family_name": ("string", "Virus family, e.g. Hepeviridae; for RdRp, Unclassified-42 stands for the group Unc42."),
    "family_group": ("string", "Group within the family, e.g. Hepeviridae-4 or Unc42."),
    "protein_name": ("string", "Protein of the family, e.g. ORF2."),
    "genbank_id": ("string", "GenBank accession of the protein, which may contain dots."),
    "virus_name": ("string", "Name of the virus or sequence, text of the reference."),
    "sequence_accession": ("string", "Accession of the sequence in the reference."),
    "coverage_bins": ("string", "25 characters for coverage along the reference, from _ through . : u w a o m to ^."),
    "score": ("bigint", "Score of the match, 0 to 100."),
    "percent_identity": ("bigint", "Identity of the reads with the reference in percent, 50 to 100."),
    "depth": ("double", "Mean depth of the coverage, in reads."),
    "n_reads": ("bigint", "Aligned reads."),
    "n_global_reads": ("bigint", "Reads aligned from end to end."),
    "length": ("bigint", "Length of the reference in bases; null where it is unknown."),
    "aligned_length": ("bigint", "Mean number of columns in the alignments."),
    "top_genbank_id": ("string", "Accession of the best sequence of the family."),
    "top_score": ("bigint", "Score of that sequence, truncated to a whole number; score is rounded."),
    "top_length": ("bigint", "Length of that sequence in bases."),
    "top_name": ("string", "Name of that sequence, text of the reference."),
    "read_length": ("bigint", "Length of the reads in bases."),
    "genome": ("string", "Name of the reference that the run was aligned to."),
    "version": ("string", "Version of the program that wrote the summary."),
    "date": ("string", "When the summary was written, yymmdd-HH:MM."),
    "aligned_reads": ("bigint", "All aligned reads of the run."),
    "truncated": ("string", "yes if the run has more alignments than were read, else no."),
}


def _table(name: str, description: str, columns: str, sort: str) -> Table:
    names = ["run_id", *columns.split()]
    known = [Column(number, each, *_COLUMNS[each]) for number, each in enumerate(names, 1)]
    number = len(known)
    return Table(
        name=name,
        description=description,
        columns=(
            *known,
            Column(number + 1, "source_object", "string", "Raw object: the summary that the row is from."),
            Column(number + 2, "ingest_run_id", "string", "Ingest run that stored the row; see run_summary."),
        ),
        partitions=(),
        sort=(*sort.split(), "run_id"),
        statistics=tuple(each for each in ("score", "percent_identity") if each in names),
        derived=("source_object", "ingest_run_id"),
        keys=("run_id",),
    )


_HIT = "n_reads aligned_length"

NSRA = _table("nsra", "One row per nucleotide summary.", "read_length genome version date", "")
NFAMILY = _table(
    "nfamily",
    "One row per run and virus family that its reads match, by nucleotides.",
    "family_name coverage_bins score percent_identity depth n_reads n_global_reads length top_genbank_id top_score "
    "top_length top_name",
    "family_name score",
)
NSEQUENCE = _table(
    "nsequence",
    "One row per run and sequence that its reads match, by nucleotides.",
    "family_name sequence_accession coverage_bins score percent_identity depth n_reads n_global_reads length "
    "virus_name",
    "sequence_accession score",
)
PSRA = _table("psra", "One row per protein summary.", "read_length genome aligned_reads date truncated", "")
PFAMILY = _table(
    "pfamily",
    "One row per run and virus family that its reads match, by proteins.",
    f"family_name coverage_bins score percent_identity {_HIT}",
    "family_name score",
)
PROTEIN = _table(
    "protein",
    "One row per run and protein of a family that its reads match.",
    f"family_name protein_name coverage_bins score percent_identity {_HIT}",
    "family_name protein_name score",
)
PSEQUENCE = _table(
    "psequence",
    "One row per run and protein sequence that its reads match.",
    f"family_name protein_name genbank_id coverage_bins score percent_identity {_HIT}",
    "genbank_id score",
)
RSRA = _table("rsra", "One row per RdRp summary.", "read_length genome aligned_reads date truncated", "")
RPHYLUM = _table(
    "rphylum",
    "One row per run and phylum of RNA viruses that its reads match.",
    f"phylum_name coverage_bins score percent_identity depth {_HIT}",
    "phylum_name score",
)
RFAMILY = _table(
    "rfamily",
    "One row per run and family group of RNA viruses that its reads match.",
    f"phylum_name family_name family_group coverage_bins score percent_identity depth {_HIT}",
    "family_name score",
)
RSEQUENCE = _table(
    "rsequence",
    "One row per run and RNA virus that its reads match.",
    "phylum_name family_name family_group virus_name sequence_accession coverage_bins score percent_identity depth "
    f"{_HIT}",
    "sequence_accession score",
)
