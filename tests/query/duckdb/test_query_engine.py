"""Athena SQL on DuckDB: which files are read, the clock, the types of results, and errors."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from glue_jobs.query.answer import records
from glue_jobs.query.duckdb import table_source
from glue_jobs.query.duckdb.athena_sql import QueryError, for_duckdb, parse
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.duckdb.table_source import DUCKDB_TYPES, TableSource, load_table
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import TYPES, Column, Table, arrow_type
from saved_query_cases import tables_read

READ = Table(
    name="read",
    description="One row per read.",
    columns=(
        Column(1, "key", "string", "Object."),
        Column(2, "bytes", "bigint", "Bytes."),
        Column(3, "event_date", "date", "Day."),
        Column(4, "tags", "array<string>", "Tags, added later.", element_id=5),
    ),
    partitions=("event_date",),
)
ROWS = [
    {"key": "a", "bytes": 1, "event_date": date(2026, 3, 1), "tags": ["x"]},
    {"key": "b", "bytes": 2, "event_date": date(2026, 3, 2), "tags": None},
]
EVERY_TYPE = Table(
    name="every_type",
    description="A column of every type a table may have.",
    columns=tuple(
        Column(i, f"column_{i}", name, "Any.", element_id=100 if name.startswith("array") else None)
        for i, name in enumerate(TYPES, start=1)
    ),
    partitions=(),
)


def rows(of: Sequence[dict[str, Any]] = ROWS) -> pa.Table:
    return pa.Table.from_pylist(list(of), schema=READ.arrow_schema)


def run(sql: str, *parameters: Any, today: date | None = None, data: Any = None) -> list[dict[str, Any]]:
    source = TableSource(READ, rows() if data is None else data)
    with QueryEngine({"read": lambda: source}) as engine:
        answer: list[dict[str, Any]] = engine.run(sql, parameters, today).to_pylist()
        return answer


def write(path: Path, table: pa.Table) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return str(path)


def test_files_in_partition_folders_with_any_name_are_read_once(tmp_path: Path) -> None:
    odd = tmp_path / "it's [odd]*?" / "shelf=1" / "event_date=2020-01-01"
    write(odd / "not listed.parquet", rows())
    files = [write(odd / "one.parquet", rows(ROWS[:1])), write(odd / "two.parquet", rows(ROWS[1:]))]
    assert run("SELECT * FROM read ORDER BY key", data=files) == ROWS


def test_a_column_is_found_by_its_field_id_and_null_where_a_file_has_none(tmp_path: Path) -> None:
    before_renaming = rows(ROWS[:1]).select(["bytes", "key"]).rename_columns(["bytes", "old_name"])
    files = [write(tmp_path / "old.parquet", before_renaming), write(tmp_path / "new.parquet", rows(ROWS[1:]))]
    assert run("SELECT * FROM read ORDER BY key", data=files) == [
        {**ROWS[0], "event_date": None, "tags": None},
        ROWS[1],
    ]


def test_constants_of_a_file_are_not_read_from_it(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{number}.parquet", rows(ROWS)) for number in range(3)]
    source = TableSource(READ, files, [{"key": "it's"}, {}, {"key": "it's"}])
    with QueryEngine({"read": lambda: source}) as engine:
        answer = engine.run("SELECT key, sum(bytes) AS bytes FROM read GROUP BY key ORDER BY key").to_pylist()
    assert answer == [{"key": "a", "bytes": 1}, {"key": "b", "bytes": 2}, {"key": "it's", "bytes": 6}]


@pytest.mark.parametrize("max_kinds", [1, 2])
def test_files_of_few_kinds_are_read_by_name(tmp_path: Path, max_kinds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_source, "MAX_FILE_KINDS", max_kinds)
    few = rows(ROWS[:1]).select(["bytes", "event_date"])
    files = [write(tmp_path / "few.parquet", few), write(tmp_path / "event_date=2020-01-01" / "all.parquet", rows())]
    columns = [frozenset(few.column_names), frozenset(READ.arrow_schema.names)]
    source = TableSource(READ, files, [{"key": "it's"}, {}], columns)
    with duckdb.connect() as connection:
        load_table(connection, "read", source)
        answer = connection.sql("SELECT * FROM read").to_arrow_table()
        plan = connection.sql("EXPLAIN SELECT * FROM read").fetchall()[0][1]
    assert sorted(answer.to_pylist(), key=lambda row: str(row["key"])) == [
        *ROWS,
        {**ROWS[0], "key": "it's", "tags": None},
    ]
    assert answer.schema.names == READ.arrow_schema.names
    # DuckDB knows the number of rows before it plans only if it reads by name.
    assert ("~2 rows" in plan) == (max_kinds == 2)


def test_a_cte_is_stored_only_if_it_aggregates() -> None:
    parts = "picked AS (SELECT key FROM read), summed AS (SELECT count(*) AS n FROM picked)"
    sql = f"WITH {parts} SELECT n, key FROM summed, picked"
    shown = for_duckdb(parse(sql), datetime(2026, 3, 7))
    assert "picked AS NOT MATERIALIZED (" in shown
    assert "summed AS (" in shown
    assert run(sql + " ORDER BY key") == [{"n": 2, "key": "a"}, {"n": 2, "key": "b"}]


@pytest.mark.parametrize("in_a_file", [True, False])
def test_every_type_survives_and_no_files_are_an_empty_table_of_the_same_types(tmp_path: Path, in_a_file: bool) -> None:
    empty = EVERY_TYPE.arrow_schema.empty_table()
    files = [write(tmp_path / "empty.parquet", empty)] if in_a_file else []
    with QueryEngine({"every_type": lambda: TableSource(EVERY_TYPE, files)}) as engine:
        answer = engine.run("SELECT * FROM every_type")
    assert answer.num_rows == 0
    assert [kind.equals(arrow_type(name)) for kind, name in zip(answer.schema.types, TYPES, strict=True)] == (
        [True] * len(TYPES)
    )
    assert tuple(DUCKDB_TYPES) == TYPES


def test_a_table_without_files_has_its_nested_columns() -> None:
    nested = pa.struct([pa.field("x", pa.int64(), metadata={"PARQUET:field_id": "2"})])
    table = Table("nested", "Rows.", (Column(1, "deep", "struct<x:bigint>", "Deep.", arrow_type=nested),), ())
    with QueryEngine({"nested": lambda: TableSource(table, [])}) as engine:
        assert engine.run("SELECT deep FROM nested").schema.field("deep").type == pa.struct({"x": pa.int64()})


def test_a_pyarrow_dataset_is_a_source(tmp_path: Path) -> None:
    write(tmp_path / "one.parquet", rows())
    assert run("SELECT sum(bytes) AS s FROM read", data=ds.dataset(tmp_path, schema=READ.arrow_schema)) == [{"s": 3}]


def test_a_source_is_opened_once_and_only_if_a_query_reads_it() -> None:
    asked: list[str] = []

    def source(name: str) -> Callable[[], TableSource]:
        return lambda: asked.append(name) or TableSource(READ, rows())  # type: ignore[func-returns-value]

    with QueryEngine({"read": source("read"), "other": source("other")}) as engine:
        engine.run("SELECT count(*) AS n FROM read AS one JOIN read AS two ON one.key = two.key")
        engine.run("SELECT * FROM read WHERE key IN (SELECT key FROM read)")
    assert asked == ["read"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT key FROM usage_lake.read WHERE read.key = 'a'",
        'SELECT key FROM "awsdatacatalog"."usage_lake"."read" WHERE usage_lake.read.key = \'a\'',
        "SELECT r.key FROM READ r WHERE r.key = 'a'",
        "WITH read AS (SELECT * FROM read WHERE key = 'a') SELECT key FROM read",
        "WITH read AS (SELECT 'z' AS key) SELECT key FROM usage_lake.read WHERE key = 'a'",
        "SELECT key FROM read WHERE key = 'a' UNION ALL (SELECT key FROM read WHERE false)",
        "SELECT key FROM (SELECT * FROM read) WHERE key = (SELECT min(key) FROM read)",
    ],
)
def test_a_table_is_found_under_any_spelling_of_its_name(sql: str) -> None:
    assert run(sql) == [{"key": "a"}]
    assert tables_read(sql) == ("read",)


def test_today_replaces_the_clock() -> None:
    sql = "SELECT current_date AS d, current_timestamp AS t, now() AS n, localtimestamp AS l"
    midnight = datetime(2026, 3, 2)
    utc = midnight.replace(tzinfo=UTC)
    assert run(sql, today=date(2026, 3, 2)) == [{"d": date(2026, 3, 2), "t": utc, "n": utc, "l": midnight}]
    nested = "SELECT date_diff('day', current_date, date_add('day', date_diff('day', event_date, current_date), "
    nested += "current_date)) AS days FROM read WHERE key = 'a'"
    assert run(nested, today=date(2026, 3, 8)) == [{"days": 7}]
    assert run("SELECT CAST(now() AS timestamp) AS t", today=date(2026, 3, 2)) == [{"t": midnight}]
    assert run("SELECT key FROM read WHERE event_date = current_date", today=date(2026, 3, 2)) == [{"key": "b"}]


def test_without_today_the_clock_is_read_once_and_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    before = datetime.now(UTC)
    (row,) = run("SELECT current_date AS d, now() AS n, current_timestamp AS t")
    assert row["n"] == row["t"]
    assert before <= row["n"] <= datetime.now(UTC)
    assert row["d"] == row["n"].date()


def test_parameters_are_bound_and_not_pasted_into_the_sql() -> None:
    sql = "SELECT key FROM read WHERE key = ? AND event_date = ?"
    assert run(sql, "a", date(2026, 3, 1)) == [{"key": "a"}]
    assert run(sql, "' OR '1' = '1", date(2026, 3, 1)) == []


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("7 / 2", 3),
        ("CAST(7 AS double) / 2", 3.5),
        ("date_diff('minute', TIMESTAMP '2026-03-01 10:00:59', TIMESTAMP '2026-03-01 10:01:01')", 0),
        ("date_diff('day', DATE '2026-02-27', DATE '2026-03-01')", 2),
        ("date_diff('month', DATE '2026-01-15', DATE '2026-02-14')", 0),
        ("IF(regexp_like('boto3/1', '^boto'), 'yes', 'no')", "yes"),
        ("element_at(split('a/b', '/'), 2)", "b"),
        ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a.b')", "1"),
        ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a')", None),
        ("json_extract_scalar('{\"a\": [1]}', '$.a')", None),
        ("json_extract_scalar('{\"a\": \"\"}', '$.a')", ""),
        ("json_extract_scalar('{\"a\": null}', '$.a')", None),
        ("json_extract_scalar('{}', '$.a')", None),
        ("json_extract_scalar('no JSON', '$.a')", None),
        ("regexp_extract('boto3/1.2', '/([0-9]+)', 1)", "1"),
        ("regexp_extract('boto3/1.2', '[0-9]*')", ""),
        ("regexp_extract('boto3', '/([0-9]+)', 1)", None),
        ("split_part('a/b', '/', 2)", "b"),
        ("split_part('a/', '/', 2)", ""),
        ("split_part('a/b', '/', 3)", None),
        ("split_part(regexp_extract(split_part('x y=1/2', ' ', 2), 'y=(.*)', 1), '/', 2)", "2"),
        ("regexp_extract(split_part('a', '/', 2), '.*')", None),
        ("date_format(DATE '2026-03-01', '%Y%m')", "202603"),
        ("(SELECT max_by(x, y) FROM (VALUES (NULL, 2), ('a', 1)) AS t (x, y))", None),
        ("(SELECT min_by(x, y) FROM (VALUES (NULL, 1), ('a', 2), ('b', NULL)) AS t (x, y))", None),
        ("(SELECT max(v) FROM (SELECT max_by(x, y) OVER () AS v FROM (VALUES (NULL, 2), ('a', 1)) AS t (x, y)))", None),
        ("(SELECT max_by(x, y) FROM (VALUES ('a', 1), ('b', NULL)) AS t (x, y))", "a"),
        ("hour(CAST('2026-03-01 23:30:00' AS timestamp) AT TIME ZONE 'Europe/Zurich')", 0),
        ("date(CAST('2026-03-01 23:30:00' AS timestamp) AT TIME ZONE 'Europe/Zurich')", date(2026, 3, 2)),
        ("hour(TIMESTAMP '2026-03-01 23:30:00' AT TIME ZONE 'America/New_York')", 18),
        ("hour(from_unixtime(0) AT TIME ZONE 'America/New_York')", 19),
        ("hour(from_unixtime(0) AT TIME ZONE 'Asia/Tokyo' AT TIME ZONE 'America/New_York')", 19),
        ("hour((from_unixtime(0) AT TIME ZONE 'Asia/Tokyo') AT TIME ZONE 'America/New_York')", 19),
        ("regexp_replace('a/b/c', '^([^/]+)/(.*)$', '$2 of $1')", "b/c of a"),
        ("regexp_replace('a1b2', '[0-9]', '<$0>')", "a<1>b<2>"),
        (r"regexp_replace('ab', '(b)', '\$1')", "a$1"),
        (r"regexp_replace('ab', 'b', '\\')", "a\\"),
        ("regexp_replace('ab', '(b)', '$1' || '$1')", "abb"),
        (
            "format('%s has %,d reads, %.1f %% of %05d', 'a', 1234567, 12.34, 7)",
            "a has 1,234,567 reads, 12.3 % of 00007",
        ),
        ("format('%s and %s, %.2f', 3, DATE '2026-03-01', 2)", "3 and 2026-03-01, 2.00"),
        ("""CAST(json_extract('{"a": "x"}', '$.a') AS varchar)""", "x"),
        ("""CAST(json_extract('{"a": 1}', '$.b') AS varchar(10))""", None),
        ("CAST('abc' AS varchar(2)) || TRY_CAST('abc' AS varchar(9))", "ababc"),
        ("""CAST(json_extract('{"a": "xyz"}', '$.a') AS varchar(2))""", "xy"),
        (
            "(SELECT array_agg(substr('abc', n) ORDER BY n) FROM (VALUES -4, -3, 0, 2, 4) AS t (n))",
            ["", "abc", "", "bc", ""],
        ),
        ("substr('abc', 0) || substr('abc', -5, 3) || substr('abc', 2, strpos('abc', '/') - 1)", ""),
        ("coalesce(substr(CAST(NULL AS varchar), 0), 'unknown')", "unknown"),
        ("typeof(DATE '2026-03-01')", "date"),
        ("url_decode('a+b%2B')", "a b+"),
        ("url_encode('a b+')", "a+b%2B"),
        ("(SELECT max(date_trunc('month', event_date)) FROM read)", date(2026, 3, 1)),
        ("date_trunc('month', DATE '2026-03-15')", date(2026, 3, 1)),
        ("date_trunc('week', date(TIMESTAMP '2026-03-15 12:00:00'))", date(2026, 3, 9)),
        ("date_trunc('month', TIMESTAMP '2026-03-15 12:00:00')", datetime(2026, 3, 1)),
        ("date_trunc('hour', TIMESTAMP '2026-03-15 12:34:00')", datetime(2026, 3, 15, 12)),
        ("extract(dow FROM DATE '2026-03-01')", 7),
        ("extract(DAY_OF_WEEK FROM DATE '2026-03-02')", 1),
        ("extract(yow FROM DATE '2024-12-30')", 2025),
        ("DATE '2026-03-01' - INTERVAL '1' DAY", date(2026, 2, 28)),
        ("date_trunc('month', current_date) + INTERVAL '1' MONTH - INTERVAL '1' DAY", date(2026, 3, 31)),
        ("date_add('week', -1, DATE '2026-03-08')", date(2026, 3, 1)),
        ("(SELECT max(event_date) + INTERVAL '1' DAY FROM read)", date(2026, 3, 3)),
        ("TIMESTAMP '2026-03-01 00:00:00' - INTERVAL '1' DAY", datetime(2026, 2, 28)),
        ("sequence(DATE '2026-02-28', DATE '2026-03-01')", [date(2026, 2, 28), date(2026, 3, 1)]),
        ("sequence(DATE '2026-01-01', DATE '2026-03-01', INTERVAL '2' MONTH)", [date(2026, 1, 1), date(2026, 3, 1)]),
        ("sequence(1, 5, 2)", [1, 3, 5]),
        ("date_format(DATE '2024-12-30', '%x-W%v')", "2025-W01"),
        ("millisecond(TIMESTAMP '2026-03-01 00:00:12.345')", 345),
        ("slice(ARRAY[1, 2, 3, 4], 2, 2)", [2, 3]),
        ("slice(ARRAY[1, 2, 3, 4], -3, 2)", [2, 3]),
        ("slice(ARRAY[1, 2, 3, 4], -1, 2)", [4]),
        ("slice(ARRAY[1, 2, 3, 4], 2, 0)", []),
        ("array_join(slice(split('a/b/c', '/'), 2, 9), '/')", "b/c"),
        ("array_position(ARRAY['a', 'b'], 'c')", 0),
        ("array_position(ARRAY['a', 'b'], 'b')", 2),
        ("array_position(CAST(NULL AS array(varchar)), 'b')", None),
        ("reduce(ARRAY[1, 2], 0, (s, x) -> s + x, s -> s)", 3),
        ("(SELECT approx_distinct(key, 0.1) FROM read)", 2),
        ("CAST(2.5e0 * 1 AS bigint)", 3),
        ("CAST(-5e0 / 2 AS integer)", -3),
        ("(SELECT CAST(avg(x) AS integer) FROM (VALUES 2, 3, NULL) AS t (x))", 3),
        ("(SELECT CAST(sum(x) / 2 AS bigint) FROM (VALUES 2, 3) AS t (x))", 2),
        ("TIMESTAMP '2026-03-03 00:00:01.5' - TIMESTAMP '2026-03-01 00:00:00'", timedelta(days=2, seconds=1.5)),
        ("TIMESTAMP '2026-03-01 00:00:00' - TIMESTAMP '2026-03-01 00:00:01'", timedelta(seconds=-1)),
    ],
)
def test_an_expression_has_the_value_it_has_in_athena(expression: str, value: object) -> None:
    (row,) = run(f"SELECT {expression} AS v", today=date(2026, 3, 2))
    assert (row, type(row["v"])) == ({"v": value}, type(value))


def test_the_month_of_each_column_of_days_is_a_day() -> None:
    for name in {column.name for table in TABLES for column in table.columns if column.type == "date"}:
        data = {"t": lambda name=name: TableSource(READ, rows().rename_columns(["key", "bytes", name, "tags"]))}
        with QueryEngine(data) as engine:
            assert engine.run(f"SELECT date_trunc('month', {name}) AS v FROM t").schema.types == [pa.date32()], name


def test_a_text_that_is_not_json_is_null_in_its_row_only() -> None:
    sql = """SELECT json_extract_scalar(text, '$.a') AS v
             FROM (VALUES ('{"a": 1}'), ('{'), (NULL), ('{"a": {}}'), ('{"a": true}')) AS given (text)"""
    assert run(sql) == [{"v": "1"}, {"v": None}, {"v": None}, {"v": None}, {"v": "true"}]


def test_a_sum_of_bigint_is_bigint() -> None:
    with QueryEngine({"read": lambda: TableSource(READ, rows())}) as engine:
        answer = engine.run("SELECT sum(bytes) AS s, count(*) AS n, sum(bytes) OVER () AS w FROM read GROUP BY bytes")
    assert answer.schema.types == [pa.int64()] * 3


@pytest.mark.parametrize(
    "values",
    [
        "1, CAST(2 AS smallint), CAST(3 AS tinyint), 1.5, 1.5e0, CAST(1.5 AS real), true, NULL, 'é', from_hex('00ff')",
        "DATE '2024-05-07', TIMESTAMP '2024-05-07 01:02:03.456789', CAST(1 AS decimal(38, 2)), ARRAY['a', NULL]",
        "sum(bytes), CAST('nan' AS double)",
        "now() - current_timestamp, CAST(NULL AS timestamp) - TIMESTAMP '2024-05-07 00:00:00', INTERVAL '25' HOUR",
        # Values that Arrow and DuckDB give differently come from Arrow.
        "MAP(ARRAY['a'], ARRAY[1]), ARRAY[1, 2], current_timestamp, TIME '01:02:03'",
        "CAST(ROW(1, 'a') AS ROW(x bigint, y varchar))",
    ],
)
def test_python_values_are_those_of_the_arrow_table(values: str) -> None:
    sql = f"SELECT {values} FROM read"
    with QueryEngine({"read": lambda: TableSource(READ, rows(ROWS[:1]))}) as engine:
        expected, answer = (ask(sql, (), date(2026, 3, 1)) for ask in (engine.run, engine.answer))
    assert repr(answer.records) == repr(records(expected))
    assert [*answer.column_names] == expected.column_names


def test_a_sum_beyond_bigint_is_an_error_as_in_athena() -> None:
    sql = "SELECT sum(bytes * 9223372036854775807) AS s FROM read WHERE key = 'a' OR bytes * 0 = 0"
    with QueryEngine({"read": lambda: TableSource(READ, large())}) as engine:
        for ask in (engine.run, engine.answer):
            with pytest.raises(QueryError, match="column 's' is too large for bigint"):
                ask(sql)


def large() -> pa.Table:
    return rows([{"key": "a", "bytes": 1}, {"key": "b", "bytes": 1}])


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT * FROM reads", "there is no table 'reads'; did you mean 'read'$"),
        ("SELECT * FROM read_parquet('secret')", "there is no table"),
        ("SELECT FROM WHERE", "^this is not Athena SQL: Expected table name at 'WHERE' in line 1$"),
        ("SELECT (1\n FROM read", "^this is not Athena SQL: Expecting [)] at 'FROM' in line 2$"),
        ("SELECT 'x", "^this is not Athena SQL: Error tokenizing"),
        ("SELECT 1 FROM read WHERE bytes > 1 IS NOT TRUE", "^this is not Athena SQL: .* IS TRUE; Athena has IS NULL"),
        ("SELECT 1; SELECT 2", "^a query must be exactly one SELECT$"),
        ("DROP TABLE read", "must be exactly one SELECT"),
        ("INSERT INTO read SELECT * FROM read", "must be exactly one SELECT"),
        ("", "must be exactly one SELECT"),
        ("SELECT " + "(" * 3_000 + "1" + ")" * 3_000, "nested too deeply"),
        ("SELECT a.key FROM read AS a JOIN read AS a ON true", "the query failed: .*alias"),
        ("SELECT size FROM read", "^there is no column 'size'"),
        ("SELECT keys FROM read", "^there is no column 'keys'; did you mean 'key'$"),
        (
            'SELECT * FROM read WHERE key = "a/b c"',
            "^there is no column 'a/b c'; a text stands in single quotes, a name in double ones$",
        ),
        ("SELECT url_extract_host(key) FROM read", "^DuckDB, which answers here, has no function 'url_extract_host'"),
        ("SELECT parse_datetime(key, 'yyyy') FROM read", "^DuckDB, .*, has no function 'parse_datetime'; Athena may"),
        ("SELECT json_value(key, 'lax $.a') FROM read", "^DuckDB, .*, has no function 'json_value'"),
        ("SELECT json_query(key, 'lax $.a') FROM read", "^DuckDB, .*, has no function 'json_query'"),
        ("SELECT json_exists(key, 'lax $.a') FROM read", "^DuckDB, .*, has no function 'json_exists'"),
        ("SELECT repeat(key, 2) FROM read", "^DuckDB, .*, has no function 'repeat'"),
        ("SELECT skewness(bytes) FROM read", "^DuckDB, .*, has no function 'skewness'"),
        ("SELECT split(key, ',', 2) FROM read", "^DuckDB, .*, has no function 'split' with a limit"),
        ("SELECT from_unixtime(bytes, 'UTC') FROM read", "^DuckDB, .*, has no function 'from_unixtime' with a zone"),
        ("SELECT approx_percentile(bytes, 2, 0.5) FROM read", "^DuckDB, .* 'approx_percentile' with a weight"),
        ("SELECT strpos(key, 'a', 2) FROM read", "^Athena may run this, but not DuckDB, .*: STRPOS"),
        (
            "SELECT key FROM read ORDER BY 1 FETCH FIRST ROW WITH TIES",
            "^DuckDB, .*, has no FETCH FIRST WITH TIES",
        ),
        ("SELECT random(10) FROM read", "^DuckDB, .*, has no function 'random' with a bound"),
        ("SELECT reduce(tags, 0, (s, x) -> s, s -> s + 1) FROM read", "^Athena may run this, but not DuckDB"),
        ("DESCRIBE reads", "^there is no table 'reads'; did you mean 'read'$"),
        ("SELECT CAST(key AS bigint) FROM read", "the query failed: Conversion Error"),
        ("SELECT bytes / 0 FROM read", r"the query failed: .*Use TRY\(...\) to return NULL for this expression$"),
        ("SELECT * FROM read WHERE key = ?", r"^the query needs 1 value for its `\?`, not 0$"),
    ],
)
def test_an_error_is_one_line(sql: str, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        run(sql)
    assert "\n" not in str(caught.value)


def test_the_error_names_a_file_that_is_missing_or_not_parquet(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 no PAR1")
    for file in (broken, tmp_path / "missing.parquet"):
        with pytest.raises(QueryError, match=rf"the query failed: .*{file.name}") as caught:
            run("SELECT * FROM read", data=[str(file)])
        assert "\n" not in str(caught.value)


def test_an_engine_works_after_an_error_and_removes_its_spill_folder_at_the_end() -> None:
    with QueryEngine({"read": lambda: TableSource(READ, rows())}) as engine:
        with pytest.raises(QueryError):
            engine.run("SELECT size FROM read")
        assert engine.run("SELECT count(*) AS n FROM read").to_pylist() == [{"n": 2}]
        spill = Path(engine.run("SELECT current_setting('temp_directory') AS d").to_pylist()[0]["d"])
        assert spill.is_dir()
    assert not spill.exists()


def test_without_a_temporary_folder_the_error_says_what_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    with pytest.raises(QueryError, match="cannot make a temporary folder: No such file or directory; TMPDIR names"):
        run("SELECT 1 AS v")


def test_the_engine_has_one_thread_more_than_duckdbs_default() -> None:
    (default,) = duckdb.connect().execute("SELECT current_setting('threads')").fetchall()[0]
    with QueryEngine({}) as engine:
        assert engine.run("SELECT current_setting('threads') AS n").to_pylist() == [{"n": default + 1}]


def test_the_progress_of_a_long_query_is_not_printed_into_its_answer() -> None:
    assert run("SELECT current_setting('enable_progress_bar') AS x") == [{"x": False}]


@pytest.mark.parametrize(
    ("text", "backwards"),
    [
        ("abc", "cba"),
        ("a\r\nb", "b\n\ra"),
        ("a.\u0301b", "b\u0301.a"),
        ("\U0001f1e8\U0001f1ed", "\U0001f1ed\U0001f1e8"),
        ("", ""),
    ],
)
def test_a_text_is_reversed_by_code_points(text: str, backwards: str) -> None:
    assert run("SELECT reverse(?) AS a, reverse(reverse(?)) AS b", text, text) == [{"a": backwards, "b": text}]
    data = rows([{"key": text}, {"key": None}])
    found = run("SELECT reverse(key) AS a, reverse(reverse(key)) AS b FROM read ORDER BY 1", data=data)
    assert found == [{"a": backwards, "b": text}, {"a": None, "b": None}]
