"""What others' linters say of the templates: nothing, or why it does not matter here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from parliament import analyze_policy_string

from tests.cloudformation.rendered import Rendered
from tests.cloudformation.test_template import EVERYTHING, ZONES, policies
from tools.package import TEMPLATE

# In an environment of its own, for it needs older versions of what the rest uses.
CHECKOV = Path(sys.prefix) / "checkov/bin/checkov"


@pytest.fixture(params=["usage-lake.yaml", "data_lake.yaml"])
def deployed(request: pytest.FixtureRequest, template: str, tmp_path: Path) -> Path:
    """A template as it is deployed."""
    path = tmp_path / request.param
    path.write_text(template if request.param == "usage-lake.yaml" else ZONES.read_text())
    return path


def test_cfn_lint_finds_nothing(deployed: Path) -> None:
    command = [Path(sys.executable).parent / "cfn-lint", deployed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_checkov_finds_nothing_that_is_not_explained(deployed: Path) -> None:
    assert CHECKOV.exists(), "checkov is missing: run make install"
    command = [str(CHECKOV), "--skip-download", "--framework", "cloudformation", "--output", "json", "--quiet"]
    done = subprocess.run([*command, "--file", str(deployed)], capture_output=True, text=True, check=False)
    result = json.loads(done.stdout)
    assert [(each["check_id"], each["resource"]) for each in result["results"]["failed_checks"]] == []
    assert result["summary"]["passed"] > 10 and not result["summary"]["parsing_errors"]


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
        # It knows policies of identities only: those of resources and trusts name a principal.
        if "Principal" not in policy["Statement"][0]:
            issues = analyze_policy_string(json.dumps(policy)).findings
            found.update({str(finding): policy["Statement"] for finding in issues})
    assert found == {}
