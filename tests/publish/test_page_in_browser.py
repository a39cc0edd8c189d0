"""The page in a real browser: its script, its policy, every width, both colour schemes, and accessibility."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from glue_jobs.publish.page.pages import data_set_pages, main_page
from glue_jobs.publish.page.usage import Usage
from glue_jobs.publish.public.page import public_pages
from tests.publish.editions import DAY, HOSTILE, edition, public_usage, usage

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = (390, 800, 1280, 1600)
USAGE = "access/usage_over_time"
HOW_TO_GET_ONE = "the browser tests did not run: install chromium (Debian: apt-get install chromium) or Google Chrome"

BROWSER = next(filter(None, map(shutil.which, CHROMIUM)), None)
if BROWSER is None and os.environ.get("USAGE_LAKE_BROWSER") != "required":
    pytest.skip(HOW_TO_GET_ONE, allow_module_level=True)


def rows_of(names: list[tuple[str, str]], days: int) -> dict[str, list[dict[str, Any]]]:
    """Rows for every section; the names stand wherever a stranger's text may stand."""
    first = names[0][1]
    data_sets = [{"account": account, "repository": repository} for account, repository in names]
    return {
        USAGE: usage(names, days),
        "access/tools": [{"tool": tool, "audience_served_gets": 50} for tool in ("curl", first, "browser")],
        "access/top_objects": [
            {**one, "key": f"{one['repository']}/{first}", "audience_logical_downloads": 7} for one in data_sets[:30]
        ],
        "access/downloads_by_file_type": [
            {**one, "month": date(2026, month, 1), "extension": f"type{kind}", "audience_logical_downloads": kind}
            for month in (1, 2, 3)
            for kind in range(1, 9)
            for one in ({"account": "(all)", "repository": "(all)"}, data_sets[-1])
        ],
        "access/downloads_by_country": [
            {**one, "month": date(2026, 3, 1), "country": code, "audience_logical_downloads": 3**place}
            for place, code in enumerate(("US", "DE", "SG", first[:2], "(unknown)"))
            for one in [{"account": "(all)", "repository": "(all)"}, *data_sets[:5]]
        ],
        "access/downloads_by_network": [
            {**one, "month": date(2026, 3, 1), "network": network, "audience_logical_downloads": 9}
            for network in ("aws", "other")
            for one in [{"account": "(all)", "repository": "(all)"}, *data_sets[:5]]
        ],
        "access/readers_by_downloads": [
            {"account": "(all)", "repository": "(all)", "least_downloads": least, "audience_unique_requesters": 5}
            for least in (0, 1, 3, 1001)
        ],
        "together/freshness": [
            {"pipeline": "s3_access_log", "last_event_time": datetime(2026, 3, 14, 5), "records": 5, "rejected": 1}
        ],
        "storage/storage_classes": [
            {"level": level, **one, "storage_class": kind, "bytes": 10**place, "objects": place}
            for place, kind in enumerate(("STANDARD", "GLACIER", "DEEP_ARCHIVE"))
            for level, one in [("total", {}), *(("repository", one) for one in data_sets[:40])]
        ],
        "storage/stored_by_month": [
            {"month": date(2026, month, 1), **data_sets[0], "storage_class": "STANDARD", "objects": 1, "bytes": size}
            for month, size in ((2, 500), (3, 1990))
        ],
        "subscriber/unique_subscribers": [
            {"subscriber_name": account, "subscriber_account_id": "111122223333", "audience_gets": 7}
            | {"audience_bytes_out": 10**place, "first_seen": datetime(2026, 3, 1), "last_seen": datetime(2026, 3, 14)}
            for place, (account, _) in enumerate(names[:12])
        ],
        "together/kept_but_never_read": [{**one, "bytes": 10**9, "audience_unread_bytes": 10**8} for one in data_sets],
        "together/cost_to_serve": [
            {**one, "estimated_dollars": 12.5, "estimated_storage_dollars": 12.5} for one in data_sets[:40]
        ],
        "together/log_completeness": [
            {
                "event_date": date(2026, 3, day),
                "bucket": "open-data",
                "reads": 10,
                "in_both": 9,
                "only_in_cloudtrail": 1,
            }
            for day in range(1, 15)
        ],
    }


EDITIONS = {
    "usual": rows_of([("earth", "clouds"), ("earth", "snow"), ("sea", "whale song")], 80),
    "hostile": rows_of([(name, name) for name in HOSTILE], 40),
    "one-day": rows_of([("earth", "clouds")], 1),
    "ten-years": rows_of([("earth", "clouds"), ("earth", "snow")], 3650),
    "large": rows_of([(f"account-{place % 9}", f"data-set-{place}") for place in range(500)], 100),
    "empty": {USAGE: []},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert BROWSER, "there is no browser, and USAGE_LAKE_BROWSER is required"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("editions")
    for edition_name, rows in EDITIONS.items():
        answers = edition(rows)
        used = Usage(answers)
        (root / edition_name / "datasets").mkdir(parents=True)
        (root / edition_name / "index.html").write_text(main_page(answers, used), encoding="utf-8")
        for name, text in islice(data_set_pages(answers, used), 1):
            (root / edition_name / name).write_text(text, encoding="utf-8")
    (root / "public" / "datasets").mkdir(parents=True)
    for name, text in public_pages(public_usage(["clouds", HOSTILE[1]]), DAY, ["The logs are stale."]):
        (root / "public" / name).write_text(text, encoding="utf-8")
    return root


class Opened:
    """One page of an edition; what the browser complains of is collected."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page, self.complaints = page, list[str]()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.complaints.extend([request.url] if request.url[:4] == "http" else []))
        page.goto(path.as_uri())


@pytest.fixture
def usual(browser: Browser, folder: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = Opened(page, folder / "usual/index.html")
    yield page
    assert not opened.complaints
    page.close()


@pytest.mark.parametrize("edition_name", [*EDITIONS, "public"])
def test_every_width_shows_whole_numbers_and_nothing_beside_the_page(
    browser: Browser, folder: Path, edition_name: str
) -> None:
    for path in sorted((folder / edition_name).rglob("*.html")):
        page = browser.new_page()
        opened = Opened(page, path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            broken = page.evaluate(
                """[...document.querySelectorAll(".n, .said, .big, .chip, .keep, .lead strong, td time")]
                .filter((one) => one.getClientRects().length > 1 ||
                  (one.matches("td") && one.scrollWidth > one.clientWidth))
                .map((one) => one.outerHTML)"""
            )
            assert not broken
            cut = page.evaluate(
                """[...document.querySelectorAll(".axis text")].filter((one) => {
                  const svg = one.closest("svg");
                  const room = getComputedStyle(svg).overflow === "visible" ? one.closest(".card") : svg;
                  return one.getBoundingClientRect().left < room.getBoundingClientRect().left;
                }).map((one) => one.textContent)"""
            )
            assert not cut
        assert not opened.complaints
        page.close()


def test_paper_has_room_for_every_table_and_all_its_rows(browser: Browser, folder: Path) -> None:
    for path in sorted(folder.rglob("index.html")):
        # Between the margins of A4.
        page = browser.new_page(viewport={"width": 717, "height": 1000})
        page.goto(path.as_uri())
        page.emulate_media(media="print")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 717, path
        assert page.locator(".cut tr:not(:visible)").count() == 0
        page.close()


def test_paper_is_white_whatever_the_screen_is(browser: Browser, folder: Path) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto((folder / "usual/index.html").as_uri())
    card = "getComputedStyle(document.querySelector('.card'))"
    colours = f"[{card}.color, {card}.backgroundColor]"
    assert page.evaluate(colours) == ["rgb(231, 237, 242)", "rgb(21, 29, 36)"]
    page.emulate_media(media="print")
    assert page.evaluate(colours) == ["rgb(20, 33, 43)", "rgb(255, 255, 255)"]
    page.close()


def test_a_phone_shows_numbers_of_data_sets_labels_of_few_bars_and_what_a_finger_taps(
    browser: Browser, folder: Path
) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800}, has_touch=True, reduced_motion="reduce")
    page.goto((folder / "usual/index.html").as_uri())
    assert page.evaluate(
        """[...document.querySelectorAll("#data-sets td[data-v]:nth-child(3)")]
        .every((one) => one.getBoundingClientRect().right <= one.closest(".scroll").getBoundingClientRect().right)"""
    )
    labels = page.locator("#stored-over-time .plot text")
    assert [(label.text_content(), label.is_visible()) for label in labels.all()] == [
        ("Mar\xa02026", True),
        ("Feb\xa02026", True),
    ]
    page.locator("#stored-over-time .plot rect").first.tap()
    assert page.inner_text(".tip") == "February 2026: STANDARD, 500\xa0bytes"
    page.evaluate("scrollBy(0, -50)")
    page.wait_for_selector(".tip", state="hidden")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser: Browser, folder: Path, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    # What differs between the schemes are the colours.
    options = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
    for path in ["hostile/index.html", "empty/index.html", "public/index.html"][: 1 if scheme == "dark" else 3]:
        page = context.new_page()
        page.goto((folder / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        results = Axe().run(page, options=options)
        assert results.violations_count == 0, results.generate_report()
    context.close()


def bars(page: Page) -> list[list[str]]:
    return page.evaluate(
        """[...document.querySelectorAll("#over-time-chart rect")].map((bar) => [
          bar.getAttribute("class"), bar.querySelector("title").textContent,
          ...["x", "y", "width", "height"].map((name) => parseFloat(bar.getAttribute(name)).toFixed(1))])"""
    )


def texts(page: Page) -> list[str]:
    return page.eval_on_selector_all("#over-time svg text", "all => all.map((one) => one.textContent)")


def test_the_script_draws_what_the_page_came_with(usual: Page) -> None:
    came = bars(usual), sorted(texts(usual))
    assert len(came[0]) > 10
    usual.check("[name=all-traffic]")
    assert bars(usual) != came[0]
    usual.uncheck("[name=all-traffic]")
    assert (bars(usual), sorted(texts(usual))) == came


def test_the_picture_over_time_shows_what_is_chosen(usual: Page) -> None:
    usual.locator(".choice label", has_text="Month").click()
    assert [bar[1] for bar in bars(usual)][-2:] == ["February 2026: 1,680", "March 2026 (under way): 840"]
    usual.check("[name=cumulative]")
    assert [bar[1].split(": ")[1] for bar in bars(usual)][-2:] == ["3,960", "4,800"]
    usual.locator(".choice label", has_text="Data").click()
    assert [bar[1].split(": ")[1] for bar in bars(usual)][-1] == "4.8\xa0GB"
    usual.select_option("#data-set", label="earth / snow")
    assert [bar[1].split(": ")[1] for bar in bars(usual)][-1] == "1.6\xa0GB"
    usual.locator(".choice label", has_text="Readers").click()
    assert usual.is_disabled("[name=cumulative]")
    usual.click("#over-time summary")
    assert usual.inner_text("#over-time-table tbody tr:first-child").split("\t")[:2] == [
        "March 2026 (under way)",
        "280",
    ]


def test_tables_sort_by_value_with_the_keyboard(usual: Page) -> None:
    def names() -> list[str]:
        return usual.eval_on_selector_all("#data-sets tbody a", "all => all.map((one) => one.textContent)")

    downloads = usual.locator("#data-sets th button", has_text="Downloads")
    assert names() == ["sea / whale song", "earth / snow", "earth / clouds"]
    for order, expected in (("descending", names()), ("ascending", names()[::-1])):
        downloads.press("Enter")
        assert usual.get_attribute("#data-sets th[aria-sort]", "aria-sort") == order
        assert names() == expected


def test_long_keys_and_names_can_be_read_to_their_end(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "hostile/index.html").as_uri())
    page.click("#files summary")
    cut = """(what) => [...document.querySelectorAll(what)]
      .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"""
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(cut, "#files td:first-child, #data-sets td:first-child, .bars .name, .movers a") == []
    page.close()


def test_periods_sort_by_time(usual: Page) -> None:
    def periods() -> list[str]:
        return usual.eval_on_selector_all("#over-time-table td:first-child", "all => all.map((one) => one.textContent)")

    usual.click("#over-time summary")
    for grain in ("Day", "Week", "Month"):
        usual.locator(".choice label", has_text=grain).click()
        newest_first = periods()
        for expected in (newest_first, newest_first[::-1]):
            usual.locator("#over-time-table th button").first.click()
            assert periods() == expected


def test_a_data_set_beyond_the_numbers_on_the_page_opens_its_own_page(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "large/index.html").as_uri())
    with page.expect_request("**/datasets/account-*.html"):
        page.select_option("#data-set", index=500)
    page.close()


def test_without_script_pictures_and_tables_are_there(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "usual/index.html").as_uri())
    assert page.locator("#over-time-chart rect").count() > 10
    assert not page.is_visible("#over-time-form")
    page.click("#over-time summary")
    assert page.is_visible("#over-time-table")
    context.close()
