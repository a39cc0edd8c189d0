"""Report that the rules for data sets or own traffic have changed: stored rows keep the values of the old rules."""

from __future__ import annotations

import hashlib
import json

from glue_jobs.config import Config, CsvRule, MappingRule
from glue_jobs.lake.without_pyiceberg.plain_files import Notes, json_note
from glue_jobs.tables.model import Table

# A note on the table of rows: hashes of the sections of the configuration that the last run used.
NOTE = "usage-lake.rules"

# Each section, with a column that every table it affects has.
SECTIONS = {
    "datasets": "repository",
    "access_points": "access_point_arn",
    "distributions": "cs_host",
    "own_traffic": "is_own",
}


def rules_note(table: Table, config: Config) -> dict[str, str]:
    """The note that a run sets on the table to which it adds rows."""
    rules = _rules(table, config)
    return {NOTE: json.dumps(rules)} if rules else {}


def changed_rules(notes: Notes, table: Table, config: Config) -> str:
    """A sentence if the rules differ from those of the last run that stored rows; otherwise ''."""
    noted = json_note(notes, NOTE)
    changed = [section for section, rules in _rules(table, config).items() if noted.get(section, rules) != rules]
    if not changed:
        return ""
    return (
        f"the rules of the configuration ({', '.join(changed)}) have changed since the last run; stored rows keep what"
        " the old rules gave them, so ingest into a new lake to apply the new ones to all rows"
    )


def _rules(table: Table, config: Config) -> dict[str, str]:
    columns = {column.name for column in table.columns}
    return {
        section: hashlib.sha256(_text(config, section).encode()).hexdigest()[:16]
        for section, column in SECTIONS.items()
        if column in columns
    }


def _text(config: Config, section: str) -> str:
    if section != "datasets":
        return config.model_dump_json(include={section})
    # A CSV or mapping file grows with each new data set, which does not affect the others: its content is not hashed.
    return "\n".join(
        f"{type(rule).__name__} {rule.bucket}" if isinstance(rule, CsvRule | MappingRule) else rule.model_dump_json()
        for rule in config.datasets
    )
