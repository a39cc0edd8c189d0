"""The digest says in about ten lines what happened in the last complete week."""

from __future__ import annotations

from datetime import date

from glue_jobs.publish.digest import digest_text
from tests.publish.editions import edition, usage

TWO = (("earth", "clouds"), ("earth", "snow"))
USAGE = "access/usage_over_time"


def test_a_week_is_compared_with_the_one_before_and_data_sets_that_moved_are_named() -> None:
    rows = usage(TWO, 60)
    for row in rows:
        if row["grain"] == "week" and row["first_day"] == date(2026, 2, 23) and row["repository"] != "snow":
            row["audience_logical_downloads"] = {"clouds": 40, "(all)": 180}[row["repository"]]
    lines = digest_text(edition({USAGE: rows}, day=date(2026, 3, 10))).splitlines()
    assert lines[0] == "Usage of 2–8 March 2026 (UTC)"
    assert lines[1].startswith("210 downloads, ")
    assert lines[2].startswith("The week before: 180 downloads (+17 %), ")
    assert lines[3:] == [
        "Most downloads: earth / snow (140), earth / clouds (70)",
        "Rising: earth / clouds (40 to 70)",
    ]


def test_a_week_in_which_the_logs_began_is_compared_with_no_other() -> None:
    for days, is_compared in ((13, True), (12, False), (10, False)):
        text = digest_text(edition({USAGE: usage(TWO, days)}, day=date(2026, 3, 16)))
        assert text.startswith("Usage of 9–15 March 2026 (UTC)\n180 downloads, ")
        assert ("The week before: " in text, "Falling: " in text) == (is_compared, is_compared)
        assert "Rising: " not in text


def test_names_of_strangers_turn_no_text_and_begin_no_line() -> None:
    lines = digest_text(edition({USAGE: usage([("earth", "a\nUsage: none"), ("\u202eearth", "b")], 60)})).splitlines()
    assert lines[3] == r"Most downloads: \u202eearth / b (140), earth / a\nUsage: none (70)"


def test_a_data_set_without_downloads_in_the_week_is_not_named() -> None:
    rows = usage(TWO, 60)
    for row in rows:
        if row["repository"] == "snow":
            row["audience_logical_downloads"] = 0
    assert (
        "Most downloads: earth / clouds (70)" in digest_text(edition({USAGE: rows}, day=date(2026, 3, 10))).splitlines()
    )


def test_subscribers_who_came_and_went_and_surges_are_named() -> None:
    def status(kind: str, month: int, name: str) -> dict[str, object]:
        return {"status": kind, "month": date(2026, month, 1), "subscriber_name": name}

    subscribers = [status("new", 3, name) for name in "dcba"] + [status("lapsed", 2, name) for name in "xyz"]
    subscribers.append(status("new", 2, "w"))
    surge = {"day": date(2026, 3, 9), "account": "earth", "repository": "snow", "reader": "192.0.2.1 curl"}
    surges = [
        {**surge, "level": "reader", "bytes_sent": 10**9, "usual_bytes": 10**6, "times_usual": 1000.0},
        {**surge, "level": "data set", "bytes_sent": 2 * 10**9, "usual_bytes": 10**8, "times_usual": 20.0},
    ]
    text = digest_text(edition({"subscriber/new_returning_lapsed": subscribers, "access/surges": surges}))
    assert text.splitlines()[1:] == [
        "New subscribers in March 2026: a, b, c and 1 more",
        "Subscribers lost in February 2026: x, y, z",
        "Surge on 9 Mar: 2 GB, 20 times the usual: earth / snow, most by 192.0.2.1 curl",
        "Surge on 9 Mar: 1 GB, 1,000 times the usual: 192.0.2.1 curl, most of earth / snow",
    ]


def test_in_the_first_month_of_a_trail_nobody_is_new() -> None:
    new = [{"status": "new", "month": date(2026, 3, 1), "subscriber_name": name} for name in "ab"]
    assert "New subscribers" not in digest_text(edition({"subscriber/new_returning_lapsed": new}))


def test_without_logs_only_the_week_is_said() -> None:
    assert digest_text(edition({}, day=date(2026, 3, 9))) == "Usage of 2–8 March 2026 (UTC)\n"
