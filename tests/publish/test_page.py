"""The page says what is in the published files, and no text of a stranger becomes HTML."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import date, datetime

import pytest

from glue_jobs.publish.digest import digest_text
from glue_jobs.publish.page.answers import Answers, DataSet
from glue_jobs.publish.page.pages import pages, summary_text
from glue_jobs.publish.page.usage import DAYS_BACK, WEEK_DAYS_BACK, Usage
from glue_jobs.query.saved.query import SavedQuery
from tests.publish.editions import HOSTILE, edition, usage

TWO = (("earth", "clouds"), ("earth", "snow"))
USAGE = "access/usage_over_time"


def page(answers: Answers, name: str = "index.html") -> str:
    return dict(pages(answers))[name]


def visible(html: str) -> str:
    return re.sub(r"<[^>]*>", "", re.sub(r"<(script|style)[^>]*>.*?</\1>", "", html, flags=re.S))


def test_the_headline_compares_the_last_28_days_with_the_28_before() -> None:
    rows = usage(TWO, 60)
    for row in rows:
        if row["grain"] == "28 days" and row["first_day"] == date(2026, 1, 18):
            row["audience_logical_downloads"] //= 2
    text = page(edition({USAGE: rows}))
    assert "<h1>840 downloads in the last 28 days, up from 420</h1>" in text
    assert '↑ +100\xa0%</span> <span class="keep">from 420' in text


def test_without_56_days_of_logs_nothing_is_compared() -> None:
    text = page(edition({USAGE: usage(TWO, 55)}))
    assert "<h1>840 downloads in the last 28 days</h1>" in text
    assert "The logs begin on 19\xa0January\xa02026, so there is no comparison yet." in text
    assert "chip" not in re.sub(r"<(script|style)[^>]*>.*?</\1>", "", text, flags=re.S)


def test_days_without_reads_in_older_logs_are_drawn() -> None:
    rows = [row for row in usage(TWO, 300) if row["grain"] != "day" or row["first_day"] > date(2026, 3, 4)]
    days = Usage(edition({USAGE: rows})).starts["day"]
    assert (days[0], len(days)) == (date(2025, 12, 14), 91)
    assert len(Usage(edition({USAGE: usage(TWO, 10)})).starts["day"]) == 10


def test_the_course_of_a_data_set_ends_with_a_whole_week() -> None:
    courses = re.findall(r'class="line" d="M([^"]*)"', page(edition({USAGE: usage(TWO, 300)})))
    heights = [{point.split()[1] for point in course.split("L")} for course in courses]
    assert len(heights) > len(TWO)
    # As many downloads each day; the week under way has fewer days.
    assert heights == [{"2"}] * len(heights)


def test_the_page_knows_how_far_back_the_query_looks() -> None:
    sql = SavedQuery.load(USAGE).sql
    assert f"SELECT 'day' AS grain, current_date - INTERVAL '{DAYS_BACK}' DAY" in sql
    assert f"SELECT 'week' AS grain, date_trunc('week', current_date) - INTERVAL '{WEEK_DAYS_BACK}' DAY" in sql


def test_an_old_archive_says_how_far_its_data_reach() -> None:
    rows = [row for row in usage(TWO, 70) if row["first_day"] < date(2026, 2, 10) and row["grain"] != "28 days"]
    text = page(edition({USAGE: rows}))
    assert "<h1>No downloads in the last 28 days</h1>" in text
    assert "The newest data are of 9\xa0February\xa02026." in text
    text = page(edition({USAGE: [row for row in rows if row["grain"] == "month"]}))
    assert "The newest data are of February\xa02026." in text
    assert "The busiest month was January 2026, with 840 downloads" in text
    text = page(edition({USAGE: [row for row in rows if row["grain"] != "day"]}))
    assert "The busiest week was 5–\u206011\xa0January\xa02026, with 210 downloads" in text


def test_countries_are_counted_drawn_and_listed_and_the_unknown_ones_named() -> None:
    rows = [
        {"month": date(2026, month, 1), "account": account, "repository": data_set, "country": code, **downloads}
        for month in (1, 2)
        for is_total in (False, True)
        for name, code, number in (("clouds", "US", 6), ("snow", "SG", 1), ("snow", "(unknown)", 3))
        for account, data_set in [("(all)", "(all)") if is_total else ("earth", name)]
        for downloads in [{"audience_logical_downloads": number, "audience_bytes_sent": 1000 * number}]
    ]
    answers = edition({USAGE: usage(TWO, 60), "access/downloads_by_country": rows})
    text = page(answers)
    assert "Downloads went to 2 countries, most of them to the United States" in visible(text)
    assert "Of 30\xa0% the country is unknown." in visible(text)
    one = [row for row in rows if row["country"] != "SG"]
    text_of_one = visible(page(edition({USAGE: usage(TWO, 60), "access/downloads_by_country": one})))
    assert "67\xa0% of downloads went to the United States" in text_of_one
    assert '<dt>Countries</dt><dd class="big">2</dd><dd class="from">since January 2026</dd>' in text
    assert re.findall("<title>([^<]*: [0-9]+ downloads?)</title></(path|circle)>", text) == [
        ("United States: 12 downloads", "path"),
        ("Singapore: 2 downloads", "circle"),
    ]
    assert json.loads(summary_text(answers))["countries_in_13_months"] == 2
    of_snow = visible(page(answers, "datasets/earth--snow.html"))
    assert "25\xa0% of downloads went to Singapore" in of_snow


def test_the_summary_has_the_numbers_of_the_headline() -> None:
    assert json.loads(summary_text(edition({USAGE: usage(TWO, 60)}))) == {
        "day": "2026-03-15",
        "first_day": "2026-02-15",
        "last_day": "2026-03-14",
        "downloads": 840,
        "downloads_28_days_before": 840,
        "bytes": 840_000_000,
        "bytes_28_days_before": 840_000_000,
        "readers": 840,
        "readers_28_days_before": 840,
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_strangers_stay_text(name: str) -> None:
    rows = {
        USAGE: usage([(name, name), ("earth", "snow")], 60),
        "access/tools": [{"tool": name, "audience_served_gets": 5}],
        "access/top_objects": [{"key": name, "bucket": name, "account": name, "audience_logical_downloads": 5}],
    }
    for file, text in pages(edition(rows, [name])):
        assert re.fullmatch(r"index\.html|datasets/[a-z0-9_.-]+\.html", file)
        assert text.count("<script") == text.count("</script>") == 2
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", text)
        assert text.count("alert('1')") == 0 or "<script>alert" not in text.replace("\\u003c", "")


def test_data_sets_have_pages_of_their_own_even_if_their_names_look_alike() -> None:
    alike = [("a", "b"), ("A", "b"), ("a/b", "c"), ("a", "b--c"), ("a--b", "c"), ("水", "質")]
    names = [name for name, _ in pages(edition({USAGE: usage(alike, 5)}))]
    assert len({name.lower() for name in names}) == len(alike) + 1
    assert names[-1] == "index.html"
    assert DataSet("a", "b").page == "datasets/a--b.html"


@pytest.mark.parametrize(
    ("account", "repository", "label"),
    [
        ("earth", "snow", "earth / snow"),
        ("earth", "(none)", "earth / (no data set)"),
        ("(none)", "snow", "snow"),
        ("(none)", "(none)", "(no data set)"),
        ("(all)", "(all)", "All data sets"),
        ("(nothing there)", "(nothing there)", "(keys that are not there)"),
    ],
)
def test_a_data_set_is_called_by_what_names_it(account: str, repository: str, label: str) -> None:
    assert DataSet(account, repository).label == label


def test_the_page_loads_nothing_and_its_policy_allows_its_own_script_and_style_only() -> None:
    for _, text in pages(edition({USAGE: usage(TWO, 5)})):
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)|[^-]src=|@import|url\(| style=| on\w+=", text)
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
        assert policy and policy[1].startswith("default-src 'none'")
        for tag in ("style", "script"):
            (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy[1]


def test_a_failed_query_costs_its_section_and_is_named() -> None:
    text = page(edition({"access/tools": [{"tool": "curl", "audience_served_gets": 5}]}, ["storage/growth"]))
    assert "<strong>Not in this edition: </strong><bdi>storage/growth</bdi>." in text
    assert re.findall(r'<section id="([\w-]+)"', text) == ["tools", "definitions", "all-files"]


def test_an_empty_lake_has_a_page() -> None:
    assert "<h1>No reads are known</h1>" in page(edition({USAGE: [], "access/tools": []}))


def test_on_the_first_day_of_logs_the_page_says_that_no_day_is_complete() -> None:
    read = [{"key": "a.nc", "bucket": "open-data", "audience_logical_downloads": 1}]
    answers = edition({USAGE: [], "access/top_objects": read, "together/freshness": [{"pipeline": "s3_access_log"}]})
    text = visible(page(answers))
    assert "No complete day is known yet" in text
    assert "The first known reads are of today, 15\xa0March\xa02026, and are below." in text
    assert "a.nc is downloaded most" in text
    assert digest_text(answers).splitlines()[1:] == ["No complete day is known yet"]


def test_the_page_of_100_data_sets_and_ten_years_has_at_most_1_mb() -> None:
    names = [(f"account {place % 7}", f"data set {place}") for place in range(100)]
    assert len(page(edition({USAGE: usage(names, 3650)})).encode()) < 1_000_000


def test_numbers_of_tables_are_those_of_the_files() -> None:
    answers = edition({USAGE: usage(TWO, 60)})
    text = page(answers)
    published = {str(value) for answer in answers.answers for row in answer.rows for value in row.values()}
    shown = re.findall(r'<td class="n" data-v="(\d+)"', text)
    assert len(shown) > 50
    assert not set(shown) - published - {"0"}


def test_each_section_says_what_it_found() -> None:
    everything = {"account": "(all)", "repository": "(all)"}
    text = visible(
        page(
            edition(
                {
                    USAGE: usage(TWO, 60),
                    "access/readers_by_downloads": [
                        {**everything, "least_downloads": least, "audience_unique_requesters": readers}
                        for least, readers in ((0, 2), (1, 30), (11, 8))
                    ],
                    "access/downloads_by_file_type": [
                        {
                            **everything,
                            "month": date(2026, 2, 1),
                            "extension": kind,
                            "audience_logical_downloads": number,
                        }
                        for kind, number in (("nc", 30), ("(none)", 10))
                    ],
                    "access/tools": [{"tool": "curl", "audience_served_gets": number} for number in (3, 1)],
                    "together/freshness": [
                        {"pipeline": "s3_access_log", "last_event_time": datetime(2026, 3, 14, 5), "records": 9},
                        {"pipeline": "s3_inventory_object", "last_event_time": datetime(2026, 3, 14), "records": 9},
                    ],
                    "together/kept_but_never_read": [{"bytes": 4_000_000_000, "audience_unread_bytes": 10**9}],
                    "together/cost_to_serve": [{"estimated_dollars": 1234.5}],
                }
            )
        )
    )
    for finding in (
        "The busiest day was 14\xa0January\xa02026, with 30 downloads",
        "earth / snow has most downloads: 67\xa0% of all",
        "30 readers of 40 downloaded once",
        "75\xa0% of downloads are .nc files",
        "75\xa0% of what is read goes to curl",
        "The data reach to 14\xa0March\xa02026,\xa005:00 UTC",
        "1\xa0GB of 4\xa0GB (25\xa0%) were not read by anyone",
        "About $1,234 a month to store and serve",
    ):
        assert finding in text


def test_storage_over_time_has_a_bar_for_each_month_and_the_smallest_classes_together() -> None:
    row = {"account": "earth", "repository": "snow", "objects": 1}
    classes = ("STANDARD", "STANDARD_IA", "GLACIER", "DEEP_ARCHIVE", "ONEZONE_IA", "GLACIER_IR", "OUTPOSTS")
    rows = [{**row, "month": date(2026, 3, 1), "storage_class": one, "bytes": 10**9} for one in classes]
    rows.append(
        {**row, "month": date(2026, 1, 1), "storage_class": "STANDARD", "bytes": 10**9, "noncurrent_bytes": 10**9}
    )
    for name in ("index.html", "datasets/earth--snow.html"):
        text = page(edition({USAGE: usage(TWO, 60), "storage/stored_by_month": rows}), name)
        assert "Storage grew to 7\xa0GB, from 2\xa0GB in January 2026" in text
        assert "<title>January 2026: STANDARD, 2\xa0GB</title>" in text
        assert "<title>March 2026 (under way): Other classes, 2\xa0GB</title>" in text
        assert "February 2026:" not in text
    assert "Storage over time" not in page(edition({"storage/stored_by_month": rows[:7]}))


def test_storage_that_rounds_to_the_same_number_stayed() -> None:
    row = {"account": "earth", "repository": "snow", "storage_class": "STANDARD"}
    rows = [{**row, "month": date(2026, month, 1), "bytes": 1_680_000_000_000 + month} for month in (2, 3)]
    assert "Storage stayed at 1.68\xa0TB since February 2026" in page(edition({"storage/stored_by_month": rows}))


def test_the_page_names_once_what_told_places_if_a_section_shows_them() -> None:
    told = ("dbip.mmdb sha256:0123; DBIP-City-Lite of 2026-11-01; IP geolocation by DB-IP",)
    total = {"month": date(2026, 3, 1), "account": "(all)", "repository": "(all)", "audience_logical_downloads": 9}
    networks = {"access/downloads_by_network": [{**total, "network": "aws"}]}
    places = {"access/downloads_by_place": [{**total, "place": "AWS/us-east-2"}]}
    text = page(replace(edition(networks | places), place_sources=told))
    assert text.count("Places by dbip.mmdb; DBIP-City-Lite of 2026-11-01; IP geolocation by DB-IP.") == 1
    tools = {"access/tools": [{"tool": "curl", "audience_served_gets": 1}]}
    assert "DB-IP" not in page(replace(edition(tools), place_sources=told))


def test_files_of_several_reports_are_told_apart() -> None:
    row = {"account": "earth", "repository": "snow", "storage_class": "STANDARD", "bytes": 1}
    classes = [{**row, "level": level} for level in ("total", "repository")]
    kept = {
        "storage/storage_classes": classes,
        "storage/changes_by_month": [{"account": "earth", "repository": "snow"}],
    }
    text = visible(page(edition({**kept, "access/tools": [{"tool": "curl", "audience_served_gets": 1}]})))
    assert "Storage classes in total and per data setCSVJSONChanges of each data set by monthCSVJSON" in text
    assert "NumbersToolCSV" not in text


def test_downloads_from_inside_aws_are_told_by_region() -> None:
    places = {"AWS/us-east-2": 6, "AWS/eu-west-1": 2, "US/Ohio": 2}
    rows = [
        {"month": date(2026, 3, 1), "account": "(all)", "repository": "(all)", "place": place, **counted}
        for place, number in places.items()
        for counted in [{"logical_downloads": number, "audience_logical_downloads": number}]
    ]
    text = page(edition({"access/downloads_by_place": rows}))
    assert "80\xa0% of downloads come from inside AWS, most of them from us-east-2" in text
    assert visible(text).count("eu-west-1") == 2
    assert "75\xa0% of downloads come from inside AWS, all of them from us-east-2" in page(
        edition({"access/downloads_by_place": [rows[0], rows[2]]})
    )
    even = [rows[0] | {"audience_logical_downloads": 2}, *rows[1:]]
    assert "67\xa0% of downloads come from inside AWS, 50\xa0% of them from eu-west-1" in page(
        edition({"access/downloads_by_place": even})
    )
    assert "AWS Regions" not in page(edition({"access/downloads_by_place": rows[2:]}))
