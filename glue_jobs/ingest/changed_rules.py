"""The rules that gave stored rows their data set and told own traffic: a run with other rules says that these rows keep
what they have.
"""

from __future__ import annotations

import hashlib
import json

from glue_jobs.config import Config, CsvRule, MappingRule
from glue_jobs.lake.plain_files import Notes
from glue_jobs.tables.model import Table

# A note on the table of rows: sections of the configuration by which the last run stored rows.
NOTE = "usage-lake.rules"

# Each section, and a column that the tables have whose rows it decides on.
SECTIONS = {
    "datasets": "repository",
    "access_points": "access_point_arn",
    "distributions": "cs_host",
    "own_traffic": "is_own",
}


def rules_note(table: Table, config: Config) -> dict[str, str]:
    """The note of a run that stores rows of the table."""
    rules = _rules(table, config)
    return {NOTE: json.dumps(rules)} if rules else {}


def changed_rules(notes: Notes, table: Table, config: Config) -> str:
    """What to know where the configuration has other rules than the last run that stored rows; '' where it has not."""
    noted = json.loads(notes.note(NOTE) or "{}")
    changed = [section for section, rules in _rules(table, config).items() if noted.get(section, rules) != rules]
    if not changed:
        return ""
    return (
        f"the configuration has other rules ({', '.join(changed)}) than that of the run before; rows that are stored"
        " keep what those gave them, so ingest into a new lake to have all rows by the new rules"
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
    # Files of prefixes and contents grow with each new data set, which changes nothing for the others.
    return "\n".join(
        f"{type(rule).__name__} {rule.bucket}" if isinstance(rule, CsvRule | MappingRule) else rule.model_dump_json()
        for rule in config.datasets
    )
