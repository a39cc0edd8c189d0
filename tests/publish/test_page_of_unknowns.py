"""The page where logs name no key or bucket, and inventories no sizes."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest

from tests.publish.editions import edition, usage
from tests.publish.test_page import TWO, USAGE, page, visible


@pytest.mark.parametrize("key", [None, ""])
def test_what_is_read_without_a_key_is_a_file_without_a_name(key: str | None) -> None:
    root = {"bucket": "b", "key": key, "account": "earth", "repository": "snow", "audience_logical_downloads": 3}
    files = {"access/top_objects": [root], "access/top_objects_by_repository": [root]}
    answers = edition({USAGE: usage(TWO, 60), **files})
    assert "(none) is downloaded most, 3 times" in page(answers)
    assert "(none) is downloaded most, 3 times" in page(answers, "datasets/earth--snow.html")


def test_objects_of_unknown_size_are_counted_beside_the_bytes_of_the_others() -> None:
    known = {"account": "earth", "repository": "snow", "storage_class": "STANDARD", "objects": 2, "bytes": 400}
    known |= {"noncurrent_bytes": 0, "audience_unread_bytes": 100, "unread_bytes": 100}
    unknown = known | {"storage_class": "(unknown)", "objects": 3}
    unknown |= dict.fromkeys(("bytes", "noncurrent_bytes", "audience_unread_bytes", "unread_bytes"))
    for rows, told in (([known, unknown], True), ([known], False)):
        classes = [row | {"level": level} for level in ("total", "repository") for row in rows]
        answers = edition(
            {USAGE: usage(TWO, 60), "storage/storage_classes": classes, "together/kept_but_never_read": rows}
        )
        text = visible(page(answers))
        never = " that are known" if told else ""
        assert f"100\xa0bytes of 400\xa0bytes{never} (25\xa0%) were not read by anyone" in text
        assert ("400\xa0bytes are stored, 100\xa0% of it in STANDARD" in text) != told
        least = (
            "At least 400\xa0bytes are stored; 25\xa0% of that" if told else "400\xa0bytes are stored; 25\xa0% of it"
        )
        assert least in visible(page(answers, "datasets/earth--snow.html"))
        sentence = "The bytes of 3 objects are unknown, because an inventory has no field Size."
        assert text.count(sentence) == (2 if told else 0)
        assert text.count("At least 400\xa0bytes are stored") == (1 if told else 0)


def test_a_class_that_the_inventory_does_not_tell_is_not_named() -> None:
    row = {"account": "earth", "repository": "snow", "storage_class": "(unknown)", "objects": 3, "bytes": 400}
    classes = [row | {"level": level} for level in ("total", "repository")]
    text = visible(page(edition({"storage/storage_classes": classes})))
    assert "400\xa0bytes are stored" in text
    assert "of it in" not in text


def test_without_any_size_objects_are_counted() -> None:
    row = {"account": "earth", "repository": "snow", "storage_class": "(unknown)", "objects": 3}
    row |= dict.fromkeys(("bytes", "noncurrent_bytes", "audience_unread_bytes", "unread_bytes"))
    classes = [row | {"level": level} for level in ("total", "repository")]
    months = [row | {"month": date(2026, month, 1)} for month in (1, 2)]
    answers = edition(
        {
            USAGE: usage(TWO, 60),
            "storage/storage_classes": classes,
            "storage/stored_by_month": months,
            "together/kept_but_never_read": [row],
        }
    )
    text = visible(page(answers))
    assert "3 objects are stored" in text
    assert not re.search("\\b0\xa0bytes", text)


def test_a_month_of_which_a_part_is_unknown_is_in_no_comparison() -> None:
    row = {"account": "earth", "repository": "snow", "storage_class": "STANDARD", "objects": 3, "bytes": 400}
    sizeless = row | {"repository": "ice", "bytes": None, "noncurrent_bytes": None}
    months = [row | {"month": date(2026, month, 1)} for month in (1, 2, 3)]
    text = visible(page(edition({"storage/stored_by_month": [*months, sizeless | {"month": date(2026, 1, 1)}]})))
    assert "Storage stayed at 400\xa0bytes since February 2026" in text
    assert "Months in which an inventory has no field Size are left out." in text
    two = [sizeless | {"month": each["month"]} for each in months[:2]]
    assert "Storage over time" not in visible(page(edition({"storage/stored_by_month": [*months, *two]})))


def test_reads_of_a_bucket_that_no_log_names_are_in_the_table_of_completeness() -> None:
    reads = {"event_date": date(2026, 3, 1), "reads": 1, "in_both": 1}
    rows = [reads | {"bucket": bucket} for bucket in ("b", None, "a")]
    assert "Access logs have 100\xa0%" in visible(page(edition({"together/log_completeness": rows})))


def test_without_logs_nothing_is_said_to_be_never_read() -> None:
    row = {"account": "earth", "repository": "snow", "objects": 3, "unread_objects": 3, "bytes": 9}
    row |= {"unread_bytes": 9, "audience_unread_objects": 3, "audience_unread_bytes": 9}
    unread = {"together/kept_but_never_read": [row]}
    assert "not read by anyone" not in page(edition(unread | {USAGE: []}))
    assert "not read by anyone" in page(edition(unread | {USAGE: usage(TWO, 60)}))
    some = [row, row | {"unread_objects": 2}]
    assert "not read by anyone" in page(edition({USAGE: [], "together/kept_but_never_read": some}))
    assert "not read by anyone" in page(edition(unread)), "reads were not asked for"


def test_the_parts_of_a_cost_add_up_to_it_and_what_has_no_price_is_told() -> None:
    cost = {"account": "earth", "repository": "snow", "estimated_dollars": 3.5, "estimated_storage_dollars": 3.0}
    tiered = cost | {"estimated_monitoring_dollars": 0.5, "unpriced_bytes": 7000, "unpriced_classes": "SNOW"}
    unknown = cost | {"repository": "ice", "estimated_dollars": None, "estimated_storage_dollars": None}
    html = page(edition({"together/cost_to_serve": [tiered, unknown]}))
    assert "Monitoring" in visible(html)
    assert "$0.50" in visible(html)
    assert "1 data set of unknown size is not in it. 7\xa0kB in classes without a price are not in it." in visible(html)
    text = visible(page(edition({"together/cost_to_serve": [cost]})))
    assert "Monitoring" not in text
    assert "not in it" not in text
    text = visible(page(edition({"together/cost_to_serve": [cost | {"estimated_dollars": 0.002}]})))
    assert "Less than $0.01 a month to store and serve" in text


@pytest.mark.parametrize(
    ("source", "title", "is_stored", "is_served"),
    [
        ("s3_access_log", "About $3.50 a month to serve", False, True),
        ("s3_inventory_object", "About $3.50 a month to store", True, False),
    ],
)
def test_a_cost_that_is_only_of_what_is_stored_or_served_says_so(
    source: str, title: str, is_stored: bool, is_served: bool
) -> None:
    cost = {"account": "earth", "repository": "snow", "estimated_dollars": 3.5, "estimated_storage_dollars": 0.0}
    reports = {
        USAGE: usage(TWO, 60) if is_served else [],
        "together/cost_to_serve": [cost],
        "together/freshness": [{"pipeline": source, "records": 5}],
    }
    html = page(edition(reports)).partition('id="costs"')[2].partition("</section>")[0]
    text = visible(html)
    assert title in text
    assert "store and serve" not in text
    assert ("There are no inventories, so storage is not counted." in text) != is_stored
    assert ("storage of the latest inventories" in text) == is_stored
    assert ("<th" in html and ">Storage<" in html) == is_stored
    assert ("There are no access logs, so only storage is counted." in text) != is_served


def test_logs_in_which_only_robots_read_or_nobody_are_logs() -> None:
    rows = [{**row, "audience_logical_downloads": 0} for row in usage(TWO, 60)]
    text = visible(page(edition({USAGE: rows}))).partition("Nothing was downloaded completely in ")[2]
    assert "own traffic not counted. The newest data are of " in text.partition(", robots and the publisher")[2][:70]
    cost = {"account": "earth", "repository": "snow", "estimated_dollars": 3.5, "estimated_storage_dollars": 3.0}
    sources = [{"pipeline": "s3_access_log", "records": 5}]
    reports = {USAGE: [], "together/cost_to_serve": [cost], "together/freshness": sources}
    text = visible(page(edition(reports)))
    assert "The logs have no reads yet." in text
    assert "no access logs" not in text


def test_readers_of_parts_only_are_said_so() -> None:
    row = {"account": "(all)", "repository": "(all)", "least_downloads": 0, "audience_unique_requesters": 28}
    assert "28 readers got parts of objects only" in page(edition({"access/readers_by_downloads": [row]}))


@pytest.mark.parametrize(
    ("begun", "told"),
    [(datetime(2026, 1, 5, 7), True), (datetime(2025, 3, 1, 7), False), (datetime(2010, 3, 1), False), (None, False)],
)
def test_never_read_says_where_the_logs_begin_within_its_period(begun: datetime | None, told: bool) -> None:
    row = {"account": "earth", "repository": "snow", "objects": 3, "unread_objects": 3, "bytes": 9, "unread_bytes": 9}
    sources = [{"pipeline": "s3_access_log", "first_event_time": begun}]
    sources += [{"pipeline": "s3_inventory_object", "first_event_time": datetime(2026, 2, 1)}]
    reports = {"together/kept_but_never_read": [row], "together/freshness": sources}
    answers = edition({USAGE: usage((("earth", "snow"),), 60), **reports})
    for name in ("index.html", "datasets/earth--snow.html"):
        assert ("The logs begin on 5\xa0January\xa02026: what" in visible(page(answers, name))) == told


@pytest.mark.parametrize(
    ("days", "note"),
    [
        (0, "There are no access logs, so only storage is counted."),
        (
            30,
            "The first known read is of 13\xa0February\xa02026, so requests and transfer may cover only part",
        ),
        (42, None),
    ],
)
def test_costs_of_a_month_that_logs_have_a_part_of_say_so(days: int, note: str | None) -> None:
    cost = {"account": "earth", "repository": "snow", "estimated_dollars": 3.0, "estimated_storage_dollars": 3.0}
    text = visible(page(edition({USAGE: usage(TWO, days), "together/cost_to_serve": [cost]})))
    assert "About $3.00 a month" in text
    assert (note in text) if note else ("so requests and transfer" not in text and "storage alone" not in text)
