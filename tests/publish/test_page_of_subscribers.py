"""The page where CloudTrail tells who reads, with access logs or without."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from glue_jobs.publish.digest import digest_text
from tests.publish.editions import edition, usage
from tests.publish.test_page import TWO, USAGE, page, visible

SUBSCRIBERS = "subscriber/unique_subscribers"
TRAIL = [{"pipeline": "cloudtrail_s3_event", "records": 5}]


def subscriber(name: str, gets: int, sent: int) -> dict[str, Any]:
    numbers = {"audience_gets": gets, "audience_bytes_out": sent, "active_months": 2}
    days = {"first_seen": datetime(2026, 1, 5, 7), "last_seen": datetime(2026, 3, 9, 7)}
    return {"subscriber_name": name, "subscriber_account_id": "111122223333", **numbers, **days}


def test_accounts_are_listed_by_what_they_read_and_the_publisher_is_none_of_them() -> None:
    rows = [subscriber("Delta <University>", 3, 100), subscriber("Coast", 2, 300), subscriber("ourselves", 0, 0)]
    html = page(edition({USAGE: usage(TWO, 60), SUBSCRIBERS: rows}))
    text = visible(html)
    assert "2 AWS accounts read 400\xa0bytes, 75\xa0% of it by Coast" in text
    assert html.index("Coast</") < html.index("Delta &lt;University&gt;</")
    assert "9\xa0Mar\xa02026" in text
    assert "ourselves" not in text


def test_reads_are_counted_where_cloudtrail_left_out_the_bytes() -> None:
    text = visible(page(edition({SUBSCRIBERS: [subscriber("Coast", 2, 0), subscriber("Delta", 3, 0)]})))
    assert "2 AWS accounts read 5 times" in text


def test_without_access_logs_the_page_says_that_downloads_are_not_known() -> None:
    answers = edition({USAGE: [], "together/freshness": TRAIL, SUBSCRIBERS: [subscriber("Coast", 2, 300)]})
    text = visible(page(answers))
    assert "Downloads are not known" in text
    assert "1 AWS account read 300\xa0bytes" in text
    assert "No reads are known" not in text
    assert digest_text(answers).splitlines()[1:] == ["Downloads are not known"]


def test_a_page_of_other_subjects_says_nothing_of_reads() -> None:
    text = visible(page(edition({"together/freshness": TRAIL})))
    assert "Downloads and readers are not in this edition." in text
    assert "known" not in text.partition("What the words mean")[0].replace("Known already", "")
