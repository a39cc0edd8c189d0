"""The most read files, and the tools that read them."""

from __future__ import annotations

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import EVERYTHING, Answers, DataSet, Row
from glue_jobs.publish.page.charts.bars import bar_list, count_bar
from glue_jobs.publish.page.markup import element, name
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.tables import Column, count_column, data_table, size_column

BARS = 10
TOP_OBJECTS, TOP_OF_DATA_SETS, TOOLS = "access/top_objects", "access/top_objects_by_repository", "access/tools"


def top_files(answers: Answers, scope: DataSet) -> Section | None:
    """The files with most downloads."""
    query = TOP_OBJECTS if scope == EVERYTHING else TOP_OF_DATA_SETS
    rows = answers.rows(query) if scope == EVERYTHING else answers.rows_of(query, scope)
    rows = [row for row in rows if row["audience_logical_downloads"]]
    if not rows:
        return None
    bars = [
        count_bar(
            element("span", name(_file_name(row)), title=row["key"]),
            row["audience_logical_downloads"],
            DataSet.of(row).label if scope == EVERYTHING else row["key"] or "",
        )
        for row in rows[:BARS]
    ]
    times = words.plural(rows[0]["audience_logical_downloads"], "time")
    columns = [
        Column("File", "key"),
        Column("Bucket", "bucket"),
        size_column("Size", "object_size"),
        count_column("Downloads", "audience_logical_downloads"),
        size_column("Data served", "audience_bytes_sent"),
        count_column("Readers", "audience_unique_requesters"),
    ]
    return Section(
        "files",
        "Files",
        f"{words.shortened(_file_name(rows[0]))} is downloaded most, {times}",
        answers.period(query, "Downloads"),
        bar_list(bars, "Files by downloads"),
        data_table("Files by downloads", columns, rows),
        (query,),
        is_wide=False,
    )


def _file_name(row: Row) -> str:
    # The root of a site behind CloudFront has no key.
    key: str = row["key"] or "(none)"
    return key.rstrip("/").rpartition("/")[2] or key


def tools(answers: Answers) -> Section | None:
    """The tools that sent most requests."""
    rows = [row for row in answers.rows(TOOLS) if row["audience_served_gets"]]
    if not rows:
        return None
    rows.sort(key=lambda row: (-row["audience_served_gets"], row["tool"]))
    bars = [
        count_bar(
            name(row["tool"]), row["audience_served_gets"], words.plural(row["audience_unique_requesters"], "reader")
        )
        for row in rows[:BARS]
    ]
    columns = [
        Column("Tool", "tool"),
        count_column("Served GETs", "audience_served_gets"),
        size_column("Data sent", "audience_bytes_sent"),
        count_column("Readers", "audience_unique_requesters"),
        count_column("Served GETs, all traffic", "served_gets"),
        size_column("Data sent, all traffic", "bytes_sent"),
    ]
    first, served = rows[0], sum(row["audience_served_gets"] for row in rows)
    return Section(
        "tools",
        "Tools",
        f"{words.share(first['audience_served_gets'], served)} of what is read goes to {_called(first['tool'])}",
        answers.period(TOOLS, "Served requests"),
        bar_list(bars, "Tools by served requests"),
        data_table("Tools by served requests", columns, rows),
        (TOOLS,),
        is_wide=False,
    )


def _called(tool: str) -> str:
    return {"browser": "browsers", "other": "other tools", "(none)": "tools without a name"}.get(
        tool, words.shortened(tool)
    )
