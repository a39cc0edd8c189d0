"""Linters find nothing in the templates that is not explained there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from parliament import analyze_policy_string

from tests.cloudformation.rendered import Rendered
from tests.cloudformation.test_template import EVERYTHING, policies
from tools.package import TEMPLATE, ZONES

# It has its own environment, because it needs older versions of shared packages.
CHECKOV = Path(sys.prefix) / "checkov/bin/checkov"


@pytest.fixture
def deployed(template: str, zones_template: str, tmp_path: Path) -> list[Path]:
    """Both templates as deployed, for one run: the linters are slow to start."""
    paths = [tmp_path / "usage-lake.yaml", tmp_path / "data_lake.yaml"]
    for path, text in zip(paths, (template, zones_template), strict=True):
        path.write_text(text)
    return paths


def test_cfn_lint_finds_nothing(deployed: list[Path]) -> None:
    command = [Path(sys.executable).parent / "cfn-lint", *deployed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_checkov_finds_nothing_that_is_not_explained(deployed: list[Path]) -> None:
    assert CHECKOV.exists(), "checkov is missing: run make install"
    options = ["--skip-download", "--framework=cloudformation", "--output=json", "--quiet"]
    # A script does not start by itself if the path of its Python has a blank.
    command = [CHECKOV.with_name("python"), CHECKOV, *options, "--file", *deployed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    result = json.loads(done.stdout)
    assert [(each["check_id"], each["resource"]) for each in result["results"]["failed_checks"]] == []
    assert result["summary"]["passed"] > 100 and not result["summary"]["parsing_errors"]


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.name)
def test_suppressions_say_why(path: Path) -> None:
    for name, resource in Rendered(path).raw["Resources"].items():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", ()):
            assert skip["id"].startswith("CKV") and skip["comment"].endswith("."), name


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.name)
def test_parliament_finds_nothing_in_the_policies(path: Path) -> None:
    rendered = Rendered(path, **(EVERYTHING if path == TEMPLATE else {}))
    found = {}
    for policy in policies(rendered):
        # It checks identity policies only; resource and trust policies have a principal.
        if "Principal" not in policy["Statement"][0]:
            issues = analyze_policy_string(json.dumps(policy)).findings
            found.update({str(finding): policy["Statement"] for finding in issues})
    assert found == {}
