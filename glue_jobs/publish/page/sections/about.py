"""How complete the logs are, what the words mean, and all files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers
from glue_jobs.publish.page.charts.time_chart import Layer, Period, legend, time_chart
from glue_jobs.publish.page.markup import EMPTY, element, joined, name
from glue_jobs.publish.page.section import Card, Section, card
from glue_jobs.publish.page.tables import Column, count_column, data_table, links

COMPLETENESS = "together/log_completeness"
LOGS = (
    ("In both", "in_both"),
    ("Only in access logs", "only_in_access_log"),
    ("Only in CloudTrail", "only_in_cloudtrail"),
)

DEFINITIONS = (
    (
        "Download",
        "One reader reads one version of one object, with no pause over 30 minutes, and gets at least 95 % of its "
        "bytes. The files also have complete GETs (answered 200) and served GETs (200 or 206): archives count in "
        "different ways.",
    ),
    (
        "Reader",
        "Who signed the request; for anonymous requests and presigned URLs, an address together with a user agent. "
        "People behind one proxy count once, one person with two tools twice. Readers of several periods or data sets "
        "must not be added up.",
    ),
    (
        "Robots and own traffic",
        "Requests of known crawlers, and those of the accounts and addresses that the configuration lists as the "
        "publisher. They are left out unless a number says all traffic.",
    ),
    (
        "Data",
        "Bytes that S3 sent, or CloudFront where its logs are known, without protocol overhead. Units are powers of "
        "1,000.",
    ),
    (
        # https://repost.aws/knowledge-center/s3-console-metric-discrepancy
        "Storage",
        "What the latest inventories list, which S3 makes daily or weekly. The S3 console and Storage Lens count in "
        "powers of 1,024, so their numbers are smaller. Storage Lens and CloudWatch also count multipart uploads that "
        "were never completed, which are in no inventory.",
    ),
    (
        "Days",
        "Days, weeks (from Monday) and months are in UTC. The day of the report is not complete: the headline and the "
        "bars over time leave it out.",
    ),
)


def completeness(answers: Answers) -> Section | None:
    """Reads that each kind of log recorded."""
    rows = answers.rows(COMPLETENESS)
    both = [row for row in rows if row["in_both"]]
    if not both:
        return None
    reads_of_day: dict[date, list[float]] = defaultdict(lambda: [0.0] * len(LOGS))
    for row in rows:
        for place, (_, key) in enumerate(LOGS):
            reads_of_day[row["event_date"]][place] += row[key]
    days = sorted(reads_of_day)
    periods = [Period(words.day(day), words.short_day(day)) for day in days]
    layers = [Layer(title, [reads_of_day[day][place] for day in days]) for place, (title, _) in enumerate(LOGS)]
    missed = sum(row["only_in_cloudtrail"] for row in both)
    reads = sum(row["in_both"] for row in both) + missed
    columns = [Column("Day", "event_date", str), Column("Bucket", "bucket"), count_column("Reads", "reads")]
    columns += [count_column(title, key) for title, key in LOGS]
    newest = sorted(rows, key=lambda row: row["bucket"] or "")
    newest.sort(key=lambda row: row["event_date"], reverse=True)
    picture = time_chart(periods, layers, words.short_count, "Stacked bars: reads by day and by the logs with them")
    return Section(
        "completeness",
        "Completeness",
        f"Access logs have {words.share(reads - missed, reads)} of the reads that CloudTrail recorded",
        f"{answers.period(COMPLETENESS, 'Reads')} S3 delivers access logs as best it can: all counts are lower bounds.",
        joined(legend([title for title, _ in LOGS]), picture),
        data_table("Reads by day, bucket and log", columns, newest),
        (COMPLETENESS,),
    )


def definitions(words_and_meanings: Sequence[tuple[str, str]]) -> Card:
    """What the words mean."""
    terms = [joined(element("dt", word), element("dd", meaning)) for word, meaning in words_and_meanings]
    return card("definitions", "Words", "What the words mean", element("dl", *terms, class_="definitions"))


def all_files(answers: Answers) -> Card:
    """Every report with its files, and the names of those that failed."""
    entries = [
        element(
            "li",
            element("div", element("strong", answer.report.query.metadata.title), links(answer.files, answers.root)),
            element("p", answer.report.query.metadata.description),
            id=answer.report.query.name,
        )
        for answer in answers.answers
    ]
    failed = element("p", element("strong", "Not in this edition: "), name(", ".join(answers.failed)), ".")
    count = element("summary", words.plural(len(entries), "report"), class_="button")
    reports = element("details", count, element("ul", *entries, class_="reports"))
    return card("all-files", "All files", "All files of this edition", failed if answers.failed else EMPTY, reports)
