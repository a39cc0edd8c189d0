"""Which user agents are robots."""

from __future__ import annotations

import json
import re
from functools import cache

import crawleruseragents
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.config import Config
from glue_jobs.enrich import robots as robots_module
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.robots import ROBOTS, RobotList, is_robot, robot_resources

REFERENCE = ReferenceData(robot_resources(Config()))
LIST = REFERENCE[ROBOTS]

PEOPLE = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "[Boto3/1.40.61 md/Botocore#1.40.76 ua/2.1 os/linux lang/python#3.11.7 Botocore/1.40.76]",
    "rclone/v1.68.1",
    "",
]
AGENTS = [instance for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for instance in entry["instances"]]
TRICKY = [
    "curl/8.0",
    "x curl/8.0",
    "googlebot/2.1",
    "SSL Labs\n",
    "SSL Labs x",
    "AdsBot-Google",
    "AdsBot-Google-Mobile",
]


PATTERNS = [
    re.compile(entry["pattern"])
    for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA
    if "http-library" not in entry["tags"]
]


@cache
def is_listed(agent: str) -> bool:
    return any(pattern.search(agent) for pattern in PATTERNS)


def robots(agents: list[str | None]) -> list[object]:
    return is_robot(pa.array(agents, pa.string()), LIST).to_pylist()


def test_the_answers_are_those_of_the_list() -> None:
    agents = [*PEOPLE, *TRICKY, *AGENTS, *(agent[1:] for agent in AGENTS), *(agent.swapcase() for agent in AGENTS[::4])]
    expected = [is_listed(agent) for agent in agents]
    assert robots([*agents]) == expected
    assert robots(agents[::-1]) == expected[::-1]
    assert {*expected} == {True, False}


@given(st.lists(st.text() | st.tuples(st.sampled_from(AGENTS), st.integers(0, 99), st.text(max_size=3)), max_size=5))
def test_the_answers_on_mutilated_agents_are_those_of_the_list(parts: list[str | tuple[str, int, str]]) -> None:
    agents = [part if isinstance(part, str) else part[0][: part[1]] + part[2] + part[0][part[1] :] for part in parts]
    assert robots([*agents]) == [is_listed(agent) for agent in agents]


def test_libraries_that_people_download_with_are_no_robots() -> None:
    assert robots(["curl/8.0", "Wget/1.21", "python-requests/2.32", "Go-http-client/1.1", "okhttp/4"]) == [False] * 5
    assert crawleruseragents.is_crawler("curl/8.0")


def test_monitors_of_aws_are_robots() -> None:
    canary = "Mozilla/5.0 Chrome/120.0.0.0 CloudWatchSynthetics/arn:aws:synthetics:us-east-1:111122223333:canary:a"
    checker = "Amazon-Route53-Health-Check-Service (ref 0a1b)"
    assert robots([canary, checker, f"[{checker}]"]) == [True] * 3


def test_people_and_null_are_no_robots() -> None:
    assert robots([*PEOPLE, None]) == [False] * 5
    assert is_robot(pa.array(["bingbot", None, "bingbot"]).dictionary_encode(), LIST).to_pylist() == [True, False, True]
    assert is_robot(pa.array([], pa.string()), LIST).to_pylist() == []


def test_a_list_remembers_its_answers_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots_module, "MAX_REMEMBERED_AGENTS", 3)
    few = RobotList(["bot"])
    for number in range(20):
        agents = [f"bot/{number}", f"person {number}", "bot/0"]
        assert few.matches(agents) == dict(zip(agents, [True, False, True], strict=True))


def test_an_entry_of_a_download_library_is_left_out_of_the_list() -> None:
    entries = [{"pattern": "spider", "tags": []}, {"pattern": "curl", "tags": ["http-library"]}]
    assert RobotList.read(json.dumps(entries).encode()).matches(["spider/1", "curl/8"]) == {
        "spider/1": True,
        "curl/8": False,
    }


def test_the_version_is_that_of_the_package() -> None:
    assert REFERENCE.versions[ROBOTS].startswith("crawler-user-agents 1.")
