"""The week in about ten lines of text, from the results of the reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers
from glue_jobs.publish.page.usage import AUDIENCE, BYTES, DOWNLOADS, EVERYTHING, READERS, DataSet, Usage

SUBSCRIBERS, SURGES = "subscriber/new_returning_lapsed", "access/surges"
NAMES = 3
"""How many data sets, subscribers or surges the text names."""
MIN_DOWNLOADS_OF_MOVERS = 10
"""With fewer downloads than this in both weeks, a change is taken for chance."""
WEEK = timedelta(days=7)
MEASURES: tuple[tuple[str, Callable[[float], str]], ...] = (
    (DOWNLOADS, lambda value: words.plural(value, "download")),
    (BYTES, words.size),
    (READERS, lambda value: words.plural(value, "reader")),
)


@dataclass(frozen=True)
class _Weeks:
    """Numbers of the last complete week and of the one before, by measure; robots and own traffic do not count."""

    now: Mapping[str, int]
    before: Mapping[str, int]


def digest_text(answers: Answers) -> str:
    """Totals of the last complete week (Monday to Sunday, UTC), movers, new and lost subscribers, and surges.

    Lines whose results were not asked for, failed or have nothing to say are left out.
    """
    monday = answers.day - timedelta(days=answers.day.weekday()) - WEEK
    lines = [f"Usage of {words.days(monday, monday + WEEK - timedelta(days=1))} (UTC)"]
    usage = Usage(answers)
    if usage:
        weeks = {one: _weeks(usage, one, monday) for one in (EVERYTHING, *usage.data_sets)}
        lines += [*_totals(weeks.pop(EVERYTHING)), *_movers(weeks)]
    lines += [*_subscribers(answers), *_surges(answers), *answers.notices]
    # Some mail programs show blanks that do not break as other characters.
    return "\n".join(lines).replace(words.NO_BREAK, " ").replace("\N{WORD JOINER}", "") + "\n"


def _weeks(usage: Usage, scope: DataSet, monday: date) -> _Weeks:
    starts = usage.starts["week"]

    def numbers(start: date) -> dict[str, int]:
        if start not in starts:
            return {measure: 0 for measure, _ in MEASURES}
        place = starts.index(start)
        return {measure: usage.values(scope, "week", AUDIENCE + measure)[place] for measure, _ in MEASURES}

    return _Weeks(numbers(monday), numbers(monday - WEEK))


def _totals(all_data_sets: _Weeks) -> Iterator[str]:
    yield ", ".join(written(all_data_sets.now[measure]) for measure, written in MEASURES)
    parts = [
        f"{written(before)} ({words.change(all_data_sets.now[measure], before)})"
        for measure, written in MEASURES
        for before in [all_data_sets.before[measure]]
    ]
    if any(all_data_sets.before.values()):
        yield f"The week before: {', '.join(parts)}"


def _movers(weeks: Mapping[DataSet, _Weeks]) -> Iterator[str]:
    def line(title: str, order: Sequence[DataSet]) -> Iterator[str]:
        parts = [
            f"{one.label} ({words.count(weeks[one].before[DOWNLOADS])} to {words.count(weeks[one].now[DOWNLOADS])})"
            for one in order[:NAMES]
        ]
        if parts:
            yield f"{title}: {', '.join(parts)}"

    def gain(one: DataSet) -> int:
        return weeks[one].now[DOWNLOADS] - weeks[one].before[DOWNLOADS]

    most = sorted(weeks, key=lambda one: (-weeks[one].now[DOWNLOADS], one))
    named = [f"{one.label} ({words.count(weeks[one].now[DOWNLOADS])})" for one in most if weeks[one].now[DOWNLOADS]]
    if named:
        yield f"Most downloads: {', '.join(named[:NAMES])}"
    known = [
        one
        for one, each in weeks.items()
        if max(each.now[DOWNLOADS], each.before[DOWNLOADS]) >= MIN_DOWNLOADS_OF_MOVERS
    ]
    yield from line("Rising", sorted((one for one in known if gain(one) > 0), key=lambda one: (-gain(one), one)))
    yield from line("Falling", sorted((one for one in known if gain(one) < 0), key=lambda one: (gain(one), one)))


def _subscribers(answers: Answers) -> Iterator[str]:
    month = (answers.day - timedelta(days=1)).replace(day=1)
    # A month is over before somebody can have made no request in it.
    over = (month - timedelta(days=1)).replace(day=1)
    for status, of_month, title in (("new", month, "New subscribers in"), ("lapsed", over, "Subscribers lost in")):
        names = sorted(
            row["subscriber_name"]
            for row in answers.rows(SUBSCRIBERS)
            if row["status"] == status and row["month"] == of_month
        )
        if names:
            more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
            yield f"{title} {of_month:%B %Y}: {', '.join(map(words.shortened, names[:NAMES]))}{more}"


def _surges(answers: Answers) -> Iterator[str]:
    """The largest surges: what was read, who read it, and how much more than usual."""
    rows = sorted(answers.rows(SURGES), key=lambda row: -row["bytes_sent"])
    for row in rows[:NAMES]:
        data_set = DataSet(row["account"], row["repository"]).label
        who = words.shortened(row["reader"])
        what = f"{data_set}, most by {who}" if row["level"] == "data set" else f"{who}, most of {data_set}"
        times = words.count(row["times_usual"])
        yield f"Surge on {words.short_day(row['day'])}: {words.size(row['bytes_sent'])}, {times} usual days: {what}"
