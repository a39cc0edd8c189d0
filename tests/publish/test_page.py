"""The page of the reports shows the first rows, and escapes all texts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pyarrow as pa

from glue_jobs.publish.page import Shown, page
from glue_jobs.publish.report_set import Report, report_set

DAY = date(2026, 3, 15)
HOSTILE = "<script>alert('1')</script>&\"quoted\""


def report(name: str) -> Report:
    return next(report for report in report_set() if report.query.name == name)


def test_rows_titles_and_links_are_shown() -> None:
    rows = pa.table({"key": ["a", None], "n": [1234567, None], "gb": [747.3, 0.5]})
    text = page([Shown(report("storage/growth"), rows, 1500), Shown(report("storage/accounts"), rows, 2)], [], DAY)
    assert '<h3 id="storage/growth">Growth between the two latest snapshots</h3>' in text
    assert re.findall(r'<a href="(.*?)">(\w+)</a>', text) == [
        ("storage/growth-20260315.csv", "CSV"),
        ("storage/growth-20260315.json", "JSON"),
        ("accounts/source-stats-accounts-20260315.csv", "CSV"),
    ]
    assert '<tr><td>a</td><td class="number">1,234,567</td><td class="number">747.3</td></tr>' in text
    assert re.findall("The first .*? rows", text) == ["The first 2 of 1,500 rows"]
    assert text.count("<h2>Storage</h2>") == 1


def test_texts_cannot_become_html() -> None:
    rows = pa.table({HOSTILE: [HOSTILE]})
    tools = report("access/tools")
    metadata = tools.query.metadata.model_copy(update={"title": HOSTILE, "description": HOSTILE})
    tools = replace(tools, query=replace(tools.query, metadata=metadata))
    text = page([Shown(tools, rows, 1)], [HOSTILE], DAY)
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&amp;&quot;quoted&quot;") == 5


def test_the_page_loads_nothing_and_names_failed_reports() -> None:
    text = page([Shown(report("access/tools"), pa.table({"n": pa.array([], pa.int64())}), 0)], ["storage/growth"], DAY)
    assert not re.findall(r"https?://|src=|@import|url\(", text)
    assert "<strong>Could not be made:</strong> storage/growth." in text
    assert "<p>No rows.</p>" in text
