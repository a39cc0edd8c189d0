"""``make deploy`` calls the AWS CLI, here a fake that records its arguments."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AWS = """#!/bin/sh
for word in "$@"; do printf "'%s' " "$word"; done >>calls
echo >>calls
case "$1 $2" in
"sts get-caller-identity") echo 123456789012 ;;
"configure get") if [ "${NO_REGION:-}" ]; then exit 1; fi; echo eu-west-1 ;;
"s3api head-bucket")
    # With an owner to expect, S3 refuses the bucket of another one.
    if [ "$5" = --expected-bucket-owner ] && [ "$6" != "${OWNER:-123456789012}" ]; then exit 254; fi
    exit "${NO_BUCKET:-0}" ;;
"s3 mb") exit "${TAKEN:-0}" ;;
"cloudformation deploy") exit "${FAILS:-0}" ;;
esac
"""


def deploy(
    folder: Path, *arguments: str, **environment: str
) -> tuple[subprocess.CompletedProcess[str], list[list[str]]]:
    """The finished script, and the calls it made."""
    path = os.pathsep.join([str(folder / "bin"), "/usr/bin", "/bin"])
    done = subprocess.run(
        [ROOT / "tools/deploy", *arguments],
        cwd=folder,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = folder / "calls"
    return done, [shlex.split(line) for line in calls.read_text().splitlines()] if calls.exists() else []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/aws").write_text(AWS)
    (tmp_path / "bin/aws").chmod(0o755)
    return tmp_path


def test_the_template_is_uploaded_to_a_new_bucket(folder: Path) -> None:
    done, calls = deploy(folder, "usage", "", NO_BUCKET="1")
    bucket = "usage-lake-templates-123456789012-eu-west-1"
    assert (done.returncode, done.stdout) == (0, f"Creating the bucket {bucket} for the template.\n")
    assert ["s3", "mb", f"s3://{bucket}"] in calls
    (call,) = (call for call in calls if call[:2] == ["cloudformation", "deploy"])
    options = dict(zip(call[2::2], call[3::2], strict=False))
    assert options["--stack-name"] == "usage"
    assert options["--template-file"] == "dist/usage-lake.yaml"
    assert (options["--s3-bucket"], options["--capabilities"]) == (bucket, "CAPABILITY_IAM")
    assert "--parameter-overrides" not in call
    assert calls[-1][:4] == ["cloudformation", "describe-stacks", "--stack-name", "usage"]
    _, calls = deploy(folder, "usage", AWS_REGION="us-east-1")
    assert ["s3", "mb", "s3://usage-lake-templates-123456789012-us-east-1"] not in calls


def test_a_bucket_of_that_name_in_another_account_gets_nothing(folder: Path) -> None:
    """Its owner could change the template between the upload and the stack."""
    done, calls = deploy(folder, "usage", OWNER="111122223333", TAKEN="1", WHEELS="bundle")
    assert done.returncode == 1
    assert calls[-1] == ["s3", "mb", "s3://usage-lake-templates-123456789012-eu-west-1"]


def test_without_a_region_a_sentence_says_how_to_name_one(folder: Path) -> None:
    done, calls = deploy(folder, "usage", NO_REGION="1")
    assert (done.returncode, calls[-1]) == (1, ["configure", "get", "region"])
    assert done.stderr.startswith("The AWS CLI has no Region; name the one you publish from: export AWS_DEFAULT_")
    assert deploy(folder, "usage", NO_REGION="1", AWS_DEFAULT_REGION="eu-west-1")[0].returncode == 0


def test_a_bucket_and_parameters_are_passed_on_unchanged(folder: Path) -> None:
    _, calls = deploy(folder, "usage", "mine", "TrailBuckets=one,two", "AlarmEmail=a b@example.com")
    assert [call[:2] for call in calls] == [["cloudformation", "deploy"], ["cloudformation", "describe-stacks"]]
    overrides = ["--parameter-overrides", "TrailBuckets=one,two", "AlarmEmail=a b@example.com"]
    assert calls[0][-3:] == overrides and "mine" in calls[0]


def test_wheels_are_uploaded_and_the_stack_gets_their_address(folder: Path) -> None:
    (folder / "dist").mkdir()
    (folder / "dist/usage-lake-1.gluewheels.zip").touch()
    _, calls = deploy(folder, "usage", "mine", "LookBackDays=7", WHEELS="bundle")
    address = "s3://mine/s3-usage-lake/usage-lake-1.gluewheels.zip"
    assert calls[0] == ["s3", "cp", "dist/usage-lake-1.gluewheels.zip", address]
    assert calls[1][-3:] == ["--parameter-overrides", f"WheelsUri={address}", "LookBackDays=7"]


def test_a_stack_that_fails_fails_the_command(folder: Path) -> None:
    done, calls = deploy(folder, "usage", "mine", FAILS="255")
    assert done.returncode == 255 and len(calls) == 1


def test_a_missing_name_or_cli_is_an_error(folder: Path) -> None:
    done, calls = deploy(folder)
    assert (done.returncode, done.stderr, calls) == (1, "Name the stack: make deploy STACK=usage-lake\n", [])
    (folder / "bin/aws").unlink()
    done, _ = deploy(folder, "usage")
    assert done.returncode == 1 and "The AWS CLI is not installed" in done.stderr


def test_make_deploy_packages_first(folder: Path) -> None:
    command = ["make", "-n", "-o", ".venv/installed", "deploy", "STACK=usage", "PARAMETERS=LookBackDays=7"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    output = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    packaging, deploying = output.splitlines()
    assert packaging.rstrip().endswith("-m tools.package")
    assert shlex.split(deploying) == ["WHEELS=", "tools/deploy", "usage", "", "LookBackDays=7"]
    output = subprocess.run([*command, "WHEELS=bundle"], cwd=ROOT, env=environment, capture_output=True, text=True)
    packaging, deploying = output.stdout.splitlines()
    assert packaging.endswith("-m tools.package --wheels bundle")
    assert shlex.split(deploying)[0] == "WHEELS=bundle"
