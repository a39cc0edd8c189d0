"""Names and texts of the documents of one summary."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from glue_jobs.sources.run_summary import table as tables
from glue_jobs.sources.run_summary.kinds import Kind
from glue_jobs.tables.model import Table

RUN_FOLDER = "run"

# For each table of hits: the folder of its documents, and the columns that identify a document within a run.
HITS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    tables.NFAMILY.name: ("family", ("family_name",)),
    tables.NSEQUENCE.name: ("sequence", ("sequence_accession",)),
    tables.PFAMILY.name: ("family", ("family_name",)),
    tables.PROTEIN.name: ("protein", ("family_name", "protein_name")),
    tables.PSEQUENCE.name: ("sequence", ("genbank_id",)),
    tables.RPHYLUM.name: ("phylum", ("phylum_name",)),
    tables.RFAMILY.name: ("family", ("family_group",)),
    tables.RSEQUENCE.name: ("sequence", ("sequence_accession",)),
}

# File systems allow 255 bytes for a name; the hash, the run, a repeat number and the ending need the rest.
MAX_NAME = 180

Row = Mapping[str, object]


def root(folder: str, kind: Kind) -> str:
    """The folder of a kind's documents; nucleotide summaries use ``folder`` itself."""
    return folder if kind.name == "nucleotide" else f"{folder}/{kind.name}"


def hit_folders(kind: Kind) -> list[str]:
    """The folders of a kind's documents, except that of the runs."""
    return [HITS[section.table.name][0] for section in kind.sections]


def hit_documents(run: str, rows: Mapping[Table, Sequence[Row]]) -> Iterator[tuple[str, bytes]]:
    """The names and texts of a summary's documents, except that of the run itself.

    Documents with the same name are numbered: the second name ends with ``~2``, and so on.
    """
    for table, hits in rows.items():
        folder, columns = HITS[table.name]
        seen: Counter[str] = Counter()
        for row, text in sorted(((row, document(row)) for row in hits), key=lambda each: each[1]):
            name = safe_name(".".join(str(row[column]) for column in columns))
            seen[name] += 1
            again = f"~{seen[name]}" if seen[name] > 1 else ""
            yield f"{folder}/{run}_{name}{again}.json", text


def safe_name(name: str) -> str:
    """The name, safe in keys and file names: characters other than letters, digits and -._ are percent-encoded."""
    text = re.sub("[^A-Za-z0-9._-]", lambda sign: "".join(f"%{byte:02X}" for byte in sign[0].encode()), name)
    # The hash distinguishes names with the same beginning.
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}%{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def document(row: Row) -> bytes:
    """A row as a JSON object; the names are those of its columns."""
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"
