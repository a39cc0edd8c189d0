"""Which reports to make, from the values of the arguments, and every sentence about a wrong one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs import Lake
from glue_jobs.config import Prices
from glue_jobs.errors import ArgumentError, UsageLakeError
from glue_jobs.jobs import report_job as report_job
from glue_jobs.jobs.report_job import report_request
from glue_jobs.progress import PlainReporter
from glue_jobs.query.athena import Athena

REPORT = {"pipeline": "report", "lake_path": "/lake", "report_path": "/reports"}


def test_a_request_for_reports_has_the_values_of_all_arguments() -> None:
    wanted = report_request({**REPORT, "report_path": "s3://b/", "date": "20240507", "workgroup": "usage"})
    assert (wanted.lake.location, wanted.folder, wanted.edition.day) == ("/lake", "s3://b", date(2024, 5, 7))
    assert wanted.workgroup == "usage"
    subjects = {report.subject for report in wanted.reports}
    assert subjects == {"access", "cloudfront", "storage", "subscriber", "together"}
    assert report_request(REPORT).edition.day == datetime.now(UTC).date()


def test_only_the_subjects_asked_for_are_reported_on() -> None:
    wanted = report_request({**REPORT, "subjects": "storage, together"})
    assert {report.subject for report in wanted.reports} == {"storage", "together"}
    with pytest.raises(
        ArgumentError, match="there are no reports on 'accounts'; there are access, cloudfront, storage"
    ):
        report_request({**REPORT, "subjects": "storage,accounts"})


@pytest.mark.parametrize("text", ["2024-5-7", "2024057", "20240230", "today"])
def test_a_day_of_reports_is_written_as_in_their_names(text: str) -> None:
    with pytest.raises(ArgumentError, match=f"date is a day such as 2024-05-07 or 20240507, not '{text}'"):
        report_request({**REPORT, "date": text})


def test_prices_are_those_of_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "usage.yaml"
    config.write_text("prices:\n  transfer_per_gb: 0.05\n")
    assert report_request({**REPORT, "config": str(config)}).edition.prices.transfer_per_gb == 0.05
    assert report_request(REPORT).edition.prices == Prices()


def test_a_note_whose_query_fails_costs_no_other_note(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def run(self, sql: str) -> pa.Table:
            raise UsageLakeError(f"no memory for {sql}")

    monkeypatch.setattr(report_job, "dropped_objects", lambda *_: ("objects are gone",))
    assert report_job._query_notes(Broken(), report_request(REPORT)) == ("objects are gone",)


def test_athena_is_asked_where_the_lake_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_job, "region", lambda location: {"s3://lake": "eu-central-1"}[location])
    with report_job.query_engine(report_request({**REPORT, "lake_path": "s3://lake"}), PlainReporter()) as engine:
        assert isinstance(engine, Athena)
        assert engine._client.meta.region_name == "eu-central-1"


def test_a_tier_is_for_the_owner_unless_it_is_asked_for_and_has_a_folder_of_its_own() -> None:
    assert (report_request(REPORT).tier, report_request(REPORT).public_folder) == ("owner", None)
    assert report_request({**REPORT, "tier": "public"}).tier == "public"
    assert report_request({**REPORT, "public_path": "s3://b/public/"}).public_folder == "s3://b/public"
    for wrong, sentence in (
        ({"tier": "everybody"}, "tier is owner or public, not 'everybody'"),
        ({"public_path": "/reports/"}, "the two tiers need folders of their own"),
        ({"report_path": "/lake/"}, "/lake belongs to the lake"),
        ({"report_path": "/lake/usage_lake/s3_access_log/data"}, "s3_access_log/data belongs to the lake"),
        ({"public_path": "/lake"}, "/lake belongs to the lake"),
        # Who publishes a folder publishes what is below it.
        ({"report_path": "/site/owner", "public_path": "/site"}, "/site/owner, below the public tier, the owner's"),
        ({"report_path": "s3://b/owner", "public_path": "s3://b"}, "s3://b/owner, below the public tier, the owner's"),
    ):
        with pytest.raises(ArgumentError, match=sentence):
            report_request({**REPORT, **wrong})
    beside = {"report_path": "/site/owner", "public_path": "/site/own"}
    assert report_request({**REPORT, **beside}).public_folder == "/site/own"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"tier": "public", "subjects": "access"}, "the public tier has no subjects; leave out subjects"),
        ({"tier": "public", "public_path": "/site"}, "the public tier has no public-to; leave out public-to"),
        ({"tier": "public", "digest_topic": "arn:aws:sns:us-east-1:111122223333:usage"}, "has no digest-topic"),
        ({"profile": "dandi", "tier": "public"}, "the profile dandi has no tier; leave out tier"),
        ({"profile": "dandi", "public_path": "/site"}, "the profile dandi has no public-to"),
        ({"profile": "dandi", "subjects": "access"}, "the profile dandi has no subjects"),
        ({"profile": "dandi", "sources": "s3_access_log"}, "the profile dandi has no sources"),
        ({"profile": "dandi", "run_started_at": "2024-05-07T02:00:00Z"}, "the profile dandi has no run-started-at"),
        ({"profile": "dandi", "date": "2024-05-07"}, "the profile dandi has no date"),
        ({"compat": "true"}, "the profile reports has no compat; leave out compat"),
    ],
)
def test_an_argument_that_the_files_do_not_have_is_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        report_request({**REPORT, **given})


def test_defaults_are_not_refused() -> None:
    assert report_request({**REPORT, "profile": "dandi", "tier": "owner", "compat": "false"}).profile == "dandi"
    assert report_request({**REPORT, "compat": "False", "profile": "reports"}).profile == "reports"


def test_both_tiers_are_published_by_one_run(demo_lake: str, tmp_path: Path) -> None:
    lake = Lake(demo_lake)
    published = lake.publish(tmp_path / "owner", subjects="together", public_to=tmp_path / "public")
    assert published.public is not None
    assert (tmp_path / "owner/index.html").exists()
    assert (tmp_path / "public/index.html").exists()
    assert lake.publish(tmp_path / "only", tier="public").folder == str(tmp_path / "only")


@pytest.mark.parametrize("profile", ["reports", "dandi"])
def test_nothing_for_the_owner_is_written_where_the_public_tier_is(
    demo_lake: str, tmp_path: Path, profile: str
) -> None:
    month = tmp_path / "access/public_usage-202603.json"
    month.parent.mkdir()
    month.touch()
    with pytest.raises(ArgumentError, match="has the public tier, and what is written beside it is public too"):
        Lake(demo_lake).publish(tmp_path, profile=profile)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [month]
