"""AWS accounts that read data, from CloudTrail events."""

from __future__ import annotations

from datetime import datetime

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers
from glue_jobs.publish.page.charts.bars import Bar, bar_list
from glue_jobs.publish.page.markup import name
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.tables import Column, count_column, data_table, size_column

BARS = 10
SUBSCRIBERS = "subscriber/unique_subscribers"
FILES = (SUBSCRIBERS, "subscriber/usage_by_month", "subscriber/usage_by_dataset")
GETS, BYTES = "audience_gets", "audience_bytes_out"


def subscribers(answers: Answers) -> Section | None:
    """The accounts by what they read; None if CloudTrail recorded none."""
    rows = [row for row in answers.rows(SUBSCRIBERS) if row[GETS]]
    if not rows:
        return None
    rows.sort(key=lambda row: (-row[BYTES], -row[GETS], row["subscriber_name"]))
    accounts = words.plural(len(rows), "AWS account")
    first, gets, sent = rows[0], sum(row[GETS] for row in rows), sum(row[BYTES] for row in rows)
    # CloudTrail may leave the bytes out.
    measure, write = (BYTES, words.size) if sent else (GETS, words.count)
    title = f"{accounts} read {words.size(sent) if sent else words.plural(gets, 'time')}"
    if len(rows) > 1 and sent:
        title += f", {words.share(first[BYTES], sent)} of it by {words.shortened(first['subscriber_name'])}"
    bars = [
        Bar(name(row["subscriber_name"]), [row[measure]], write(row[measure]), words.plural(row[GETS], "read"))
        for row in rows[:BARS]
    ]
    columns = [
        Column("Name", "subscriber_name"),
        Column("Account", "subscriber_account_id"),
        count_column("Reads", GETS),
        size_column("Data sent", BYTES),
        count_column("Active months", "active_months"),
        Column("First request", "first_seen", _day),
        Column("Last request", "last_seen", _day),
    ]
    return Section(
        "subscribers",
        "Subscribers",
        title,
        f"{answers.period(SUBSCRIBERS, 'Reads and copies that CloudTrail recorded')} Each part of an object is one "
        "read. Anonymous readers, AWS services, robots and the publisher are left out.",
        bar_list(bars, "AWS accounts by what they read"),
        data_table("AWS accounts by what they read", columns, rows),
        FILES,
        is_wide=False,
    )


def _day(moment: datetime) -> str:
    return f"{words.short_day(moment)}{words.NO_BREAK}{moment.year}"
