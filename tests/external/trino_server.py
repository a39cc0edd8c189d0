"""A Trino server on loopback, started for the tests: its catalogs, and a client for its protocol.

Athena is a version of Trino (https://docs.aws.amazon.com/athena/latest/ug/engine-versions-reference-0003.html).
"""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from glue_jobs.tables.model import Table

INSTALLED = Path(__file__).parents[2] / ".venv" / "trino"
START_SECONDS = 120

# A lake in a folder names its files without a scheme; only Hadoop's file system accepts such names.
CATALOGS = {
    "lake": """\
connector.name=iceberg
iceberg.catalog.type=TESTING_FILE_METASTORE
hive.metastore.catalog.dir=file://{folder}/metastore
iceberg.register-table-procedure.enabled=true
fs.hadoop.enabled=true
""",
    "cases": "connector.name=memory\n",
}
CONFIG = """\
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
"""
JVM = """\
-Xmx3G
-XX:+UseG1GC
-Djdk.attach.allowAttachSelf=true
--enable-native-access=ALL-UNNAMED
"""

# Trino's types by Athena's; any other type is an array of strings.
TYPES = {
    "string": "varchar",
    "int": "integer",
    "bigint": "bigint",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp(6)",
    "binary": "varbinary",
    "array<string>": "array(varchar)",
}


class Trino:
    """Runs statements in one schema of one catalog; ``address`` is that of the server."""

    def __init__(self, address: str, catalog: str, schema: str = "usage_lake") -> None:
        self._address = address
        self._headers = {
            "X-Trino-User": "test",
            "X-Trino-Catalog": catalog,
            "X-Trino-Schema": schema,
            "X-Trino-Time-Zone": "UTC",
            # Without it, times are rounded to milliseconds.
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
        }
        self.run(f"CREATE SCHEMA IF NOT EXISTS {schema}")

    def run(self, sql: str) -> list[dict[str, Any]]:
        """The rows of the result, by column; raises AssertionError with Trino's message if it refuses."""
        request = urllib.request.Request(f"{self._address}/v1/statement", sql.encode(), self._headers)
        columns: list[dict[str, Any]] = []
        rows: list[list[Any]] = []
        page = _fetch(request)
        while True:
            error = page.get("error", {}).get("message")
            if error == "No nodes available to run query":
                # On a busy machine the server's only node is late with its sign of life.
                time.sleep(1)
                return self.run(sql)
            assert error is None, f"{error}\n{sql}"
            columns = page.get("columns", columns)
            rows += page.get("data", [])
            if "nextUri" not in page:
                break
            page = _fetch(page["nextUri"])
        names = [column["name"] for column in columns]
        types = [column["typeSignature"]["rawType"] for column in columns]
        return [dict(zip(names, map(_value, row, types), strict=True)) for row in rows]

    def create(self, table: Table) -> None:
        """Create the table, empty."""
        columns = ", ".join(f'"{column.name}" {TYPES[column.type]}' for column in table.columns)
        self.run(f"CREATE TABLE {table.name} ({columns})")

    def insert(self, table: Table, rows: pa.Table) -> None:
        """Add the rows; columns that are null in all of them are left out."""
        names = [name for name in rows.column_names if rows[name].null_count < rows.num_rows]
        if not names:
            return
        values = ", ".join("(" + ", ".join(map(_literal, row.values())) + ")" for row in rows.select(names).to_pylist())
        columns = ", ".join(f'"{name}"' for name in names)
        self.run(f"INSERT INTO {table.name} ({columns}) VALUES {values}")


def _fetch(request: urllib.request.Request | str) -> Any:
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "timestamp":
        return datetime.fromisoformat(value)
    # JSON has no infinity and no NaN.
    return float(value) if kind == "double" else value


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(_literal, value))}]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}'"
    if isinstance(value, date):
        return f"DATE '{value}'"
    if isinstance(value, float):
        return f"DOUBLE '{'Infinity' if value == math.inf else value}'"
    return str(value)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start the server of ``make athena`` with its files below ``folder``; yields its address, and ends it."""
    assert (INSTALLED / "installed").exists(), "Trino is not installed: run these tests by `make athena`"
    port = _free_port()
    settings = folder / "etc"
    (settings / "catalog").mkdir(parents=True)
    (settings / "node.properties").write_text(f"node.environment=test\nnode.id=one\nnode.data-dir={folder}/data\n")
    (settings / "config.properties").write_text(CONFIG.format(port=port))
    (settings / "jvm.config").write_text(JVM)
    for name, text in CATALOGS.items():
        (settings / "catalog" / f"{name}.properties").write_text(text.format(folder=folder))
    home = _java_home()
    environment = os.environ | {"JAVA_HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}"}
    command = [str(INSTALLED / "bin" / "launcher"), "--etc-dir", str(settings), "run"]
    output = folder / "server.log"
    with output.open("w") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            _wait(process, f"http://127.0.0.1:{port}", output)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return int(any_port.getsockname()[1])


def _java_home() -> Path:
    """The folder of a Java version that is new enough for the server."""
    on_path = shutil.which("java")
    candidates = [Path(os.environ.get("JAVA_HOME", "/none")), *sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)]
    for home in [*candidates, *([Path(on_path).resolve().parents[1]] if on_path else [])]:
        release = home / "release"
        if release.exists() and any(
            line.startswith('JAVA_VERSION="') and int(line.split('"')[1].split(".")[0]) >= 24
            for line in release.read_text().splitlines()
        ):
            return home
    raise AssertionError("Trino needs Java 24 or newer: install one and set JAVA_HOME to its folder")


def _wait(process: subprocess.Popen[bytes], address: str, output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        # After the server reports its start, it takes a while to have a node that runs queries.
        with suppress(OSError, AssertionError):
            if not _fetch(f"{address}/v1/info")["starting"] and Trino(address, "cases").run("SELECT 1 AS one"):
                return
        time.sleep(0.5)
    raise AssertionError("Trino did not start:\n" + output.read_text()[-3000:])
