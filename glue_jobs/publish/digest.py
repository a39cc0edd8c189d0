"""The last complete week in about ten lines of text, from the results of the reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import EVERYTHING, Answers, DataSet
from glue_jobs.publish.page.markup import visible
from glue_jobs.publish.page.sections.headline import without_reads
from glue_jobs.publish.page.usage import AUDIENCE, BYTES, DOWNLOADS, READERS, USAGE, Usage

SUBSCRIBERS, SURGES = "subscriber/new_returning_lapsed", "access/surges"
NAMES = 3
"""How many data sets, subscribers or surges the text names."""
MIN_DOWNLOADS_OF_MOVERS = 10
"""A change counts as chance if both weeks have fewer downloads than this."""
WEEK = timedelta(days=7)
MEASURES: tuple[tuple[str, Callable[[float], str]], ...] = (
    (DOWNLOADS, lambda value: words.plural(value, "download")),
    (BYTES, words.size),
    (READERS, lambda value: words.plural(value, "reader")),
)


@dataclass(frozen=True)
class _Weeks:
    """Numbers of the last complete week and of the one before, by measure; robots and own traffic do not count.

    ``before`` is None if the logs do not cover that whole week.
    """

    now: Mapping[str, int]
    before: Mapping[str, int] | None


def digest_text(answers: Answers) -> str:
    """Totals of the last complete week (Monday to Sunday, UTC), movers, new and lost subscribers, and surges.

    Lines are left out if their results were not requested, failed or are empty.
    """
    monday = answers.day - timedelta(days=answers.day.weekday()) - WEEK
    lines = [f"Usage of {words.days(monday, monday + WEEK - timedelta(days=1))} (UTC)"]
    usage = Usage(answers)
    if usage:
        weeks = {one: _weeks(usage, one, monday) for one in (EVERYTHING, *usage.data_sets)}
        lines += [*_totals(weeks.pop(EVERYTHING)), *_movers(weeks)]
    elif answers.get(USAGE):
        lines.append(without_reads(answers)[0])
    lines += [*_subscribers(answers), *_surges(answers), *answers.notices]
    # Some mail programs show no-break spaces as other characters. Names come from strangers, hence `visible`.
    return "\n".join(map(visible, lines)).replace(words.NO_BREAK, " ").replace("\N{WORD JOINER}", "") + "\n"


def _weeks(usage: Usage, scope: DataSet, monday: date) -> _Weeks:
    starts = usage.starts["week"]

    def numbers(start: date) -> dict[str, int]:
        if start not in starts:
            return {measure: 0 for measure, _ in MEASURES}
        place = starts.index(start)
        return {measure: usage.values(scope, "week", AUDIENCE + measure)[place] for measure, _ in MEASURES}

    begun = usage.first_day
    is_whole = begun is not None and begun <= monday - WEEK
    return _Weeks(numbers(monday), numbers(monday - WEEK) if is_whole else None)


def _totals(all_data_sets: _Weeks) -> Iterator[str]:
    now, before = all_data_sets.now, all_data_sets.before
    yield ", ".join(written(now[measure]) for measure, written in MEASURES)
    if before is not None and any(before.values()):
        parts = [f"{written(before[each])} ({words.change(now[each], before[each])})" for each, written in MEASURES]
        yield f"The week before: {', '.join(parts)}"


def _movers(weeks: Mapping[DataSet, _Weeks]) -> Iterator[str]:
    """The data sets with most downloads, and those whose downloads rose and fell most."""
    now = {one: each.now[DOWNLOADS] for one, each in weeks.items()}
    before = {one: each.before[DOWNLOADS] for one, each in weeks.items() if each.before is not None}
    gains = {one: now[one] - before[one] for one in before if max(now[one], before[one]) >= MIN_DOWNLOADS_OF_MOVERS}
    most = sorted((one for one in weeks if now[one]), key=lambda one: (-now[one], one))
    rising = sorted((one for one, gain in gains.items() if gain > 0), key=lambda one: (-gains[one], one))
    falling = sorted((one for one, gain in gains.items() if gain < 0), key=lambda one: (gains[one], one))
    if most:
        yield f"Most downloads: {', '.join(f'{one.label} ({words.count(now[one])})' for one in most[:NAMES])}"
    for title, movers in (("Rising", rising), ("Falling", falling)):
        changes = [f"{one.label} ({words.count(before[one])} to {words.count(now[one])})" for one in movers[:NAMES]]
        if changes:
            yield f"{title}: {', '.join(changes)}"


def _subscribers(answers: Answers) -> Iterator[str]:
    month = (answers.day - timedelta(days=1)).replace(day=1)
    # A subscriber has lapsed only once a month without requests is over.
    over = (month - timedelta(days=1)).replace(day=1)
    # In the first known month every subscriber is new.
    first = min((row["month"] for row in answers.rows(SUBSCRIBERS)), default=month)
    for status, of_month, title in (("new", month, "New subscribers in"), ("lapsed", over, "Subscribers lost in")):
        names = sorted(
            row["subscriber_name"]
            for row in answers.rows(SUBSCRIBERS)
            if row["status"] == status and row["month"] == of_month and (status, of_month) != ("new", first)
        )
        if names:
            more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
            yield f"{title} {of_month:%B %Y}: {', '.join(map(words.shortened, names[:NAMES]))}{more}"


def _surges(answers: Answers) -> Iterator[str]:
    """The largest surges: what was read, who read it, and how much more than usual."""
    rows = sorted(answers.rows(SURGES), key=lambda row: -row["bytes_sent"])
    for row in rows[:NAMES]:
        data_set = DataSet.of(row).label
        who = words.shortened(row["reader"])
        what = f"{data_set}, most by {who}" if row["level"] == "data set" else f"{who}, most of {data_set}"
        size, times = words.size(row["bytes_sent"]), words.count(row["times_usual"])
        yield f"Surge on {words.short_day(row['day'])}: {size}, {times} times the usual: {what}"
