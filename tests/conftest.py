"""Fixtures that several test modules share: an S3 on loopback and its buckets, and the lake of a sample."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import boto3
import botocore.session
import hypothesis
import moto.backends
import pytest
from moto.server import ThreadedMotoServer

from glue_jobs.storage import forget_clients

# The width of pytest's terminal, which its workers inherit. Tests of tables set their own.
os.environ.pop("COLUMNS", None)

# Keys of reader ids are created here, not in the user's home, also while tests are collected.
_CONFIG_HOME = TemporaryDirectory(prefix="usage-lake-tests-")
os.environ["XDG_CONFIG_HOME"] = _CONFIG_HOME.name

# Processes that tests start use compiled modules, whatever the environment says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell starts background jobs with Ctrl-C ignored, which the processes of the tests would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Without this, every boto3 session loads all its models again.
botocore.session.create_loader = cache(botocore.session.create_loader)

# Without this, moto lists its own folder for each request and logs a line that pytest stores.
_MOTO_MODULES = frozenset(moto.backends.list_of_moto_modules())
moto.backends.list_of_moto_modules = lambda: _MOTO_MODULES
logging.getLogger("werkzeug").setLevel(logging.ERROR)

Bucket = Callable[[], str]

# No deadline: times prove nothing on a shared machine. Examples stay random in CI, so every run tries new ones; the
# printed blob repeats a failure.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")


# This test takes a tenth of the suite's time. Run last, it would leave the other worker idle.
LONGEST = "test_rehearsal.py"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest test first, then files with many tests, which are fast."""
    tests_in = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path.name != LONGEST, -tests_in[item.path]))


def pytest_collection_finish() -> None:
    """Exclude the collected tests, thousands of objects that stay until the end, from garbage collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _spark_of_one_test() -> Iterator[None]:
    """Clear the Spark session after a test: later tests run without it, as its workers would not see their patches."""
    yield
    if "pyspark" in sys.modules:
        from pyspark.sql import SparkSession

        if session := SparkSession.getActiveSession():
            session._jvm.SparkSession.clearActiveSession()


@pytest.fixture(scope="session")
def _moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_endpoint(_moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of S3 and Glue on loopback; the environment points to it during the test."""
    environment = {
        "AWS_ENDPOINT_URL": _moto,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    forget_clients()
    yield _moto
    forget_clients()


@pytest.fixture
def new_bucket(s3_endpoint: str) -> Bucket:
    """A function that creates an empty bucket and returns its address, ``s3://name``."""

    def make() -> str:
        name = f"bucket-{uuid4().hex[:12]}"
        boto3.client("s3").create_bucket(Bucket=name)
        return f"s3://{name}"

    return make


@pytest.fixture
def bucket(new_bucket: Bucket) -> str:
    """An empty bucket, as ``s3://name``."""
    return new_bucket()


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of the sample, ingested: folders ``raw`` and ``lake``, file ``config.yaml``. Write nothing to it."""
    from glue_jobs import Lake
    from glue_jobs.sample import write_sample

    folder = tmp_path_factory.mktemp("demo")
    write_sample(folder, last_day=datetime.now(UTC).date() - timedelta(days=1), days=3, scale=0.05)
    lake = Lake(folder / "lake")
    # The sample has no raw objects of some sources.
    for source in sorted(path.name for path in (folder / "raw").iterdir()):
        lake.ingest(source, folder / "raw" / source, config=folder / "config.yaml")
    return folder


@pytest.fixture(scope="session")
def demo_lake(demo_folder: Path) -> str:
    """The lake of `demo_folder`. Write nothing to it."""
    return str(demo_folder / "lake")
