"""The packaged template contains the jobs, is small enough, and is reproducible."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import tools.package
from glue_jobs import __version__
from glue_jobs.query.saved.query import SavedQuery
from tests.cloudformation.rendered import Rendered
from tools.glue_modules import PROVIDED, additional_modules, pins
from tools.package import MAX_TEMPLATE_BYTES, PACKAGED, TEMPLATE, ZIP_TIME, ZONES, artifacts, packaged
from tools.wheels import bundle_name

ROOT = Path(__file__).parents[2]


def test_the_same_sources_give_the_same_bytes(template: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tools.package import packaged; print(packaged(), end='')"],
        cwd=ROOT,
        env={**os.environ, "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "1", "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == template
    with zipfile.ZipFile(io.BytesIO(artifacts()["glue_jobs.zip"])) as archive:
        assert {(entry.date_time, entry.external_attr) for entry in archive.infolist()} == {(ZIP_TIME, 0o644 << 16)}


def test_the_template_is_small_enough_for_the_console(template: str) -> None:
    assert len(template.encode()) < MAX_TEMPLATE_BYTES


def test_the_template_names_its_version_and_says_that_it_is_generated(template: str) -> None:
    assert "Generated" in template.splitlines()[0]
    assert f"s3-usage-lake {__version__}:" in Rendered(template).raw["Description"]


def test_all_placeholders_are_replaced(template: str) -> None:
    places = set(re.findall("@[a-z_]+@", TEMPLATE.read_text()))
    assert places and not places & set(re.findall("@[a-z_]+@", template))


def test_a_missing_placeholder_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "usage_lake.yaml").write_text("# no places\nResources: {}\n")
    monkeypatch.setattr(tools.package, "TEMPLATE", tmp_path / "usage_lake.yaml")
    with pytest.raises(SystemExit, match=r"usage_lake\.yaml has no placeholder @version@"):
        packaged()


def test_the_file_is_written_unless_it_is_too_large(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], template: str
) -> None:
    monkeypatch.setattr(tools.package, "ROOT", tmp_path)
    for name, path in (("PACKAGED", "dist/usage-lake.yaml"), ("PACKAGED_ZONES", "dist/data-lake.yaml")):
        monkeypatch.setattr(tools.package, name, tmp_path / path)
    texts = {TEMPLATE: template, ZONES: "zones"}
    monkeypatch.setattr(tools.package, "packaged", texts.get)
    assert tools.package.main([]) == 0
    assert (tmp_path / "dist/usage-lake.yaml").read_text() == template
    assert (tmp_path / "dist/data-lake.yaml").read_text() == "zones"
    size = len(template.encode())
    assert (
        capsys.readouterr().out == f"wrote dist/usage-lake.yaml: {size:,} bytes\nwrote dist/data-lake.yaml: 5 bytes\n"
    )
    monkeypatch.setattr(tools.package, "packaged", lambda _: "#" * MAX_TEMPLATE_BYTES)
    assert tools.package.main([]) == 1
    assert "CloudFormation accepts only templates below 1,000,000 bytes" in capsys.readouterr().err


def test_the_library_contains_jobs_and_queries_and_no_rooms_of_a_laptop() -> None:
    with zipfile.ZipFile(io.BytesIO(artifacts()["glue_jobs.zip"])) as archive:
        names = archive.namelist()
    assert {f"queries/{query.name}/query.sql" for query in SavedQuery.all()} <= set(names)
    assert {"glue_jobs/__init__.py", "glue_jobs/run.py", "glue_jobs/lake/__init__.py"} <= set(names)
    assert not [
        name for name in names if re.search("/(check|cli|duckdb|forget|run_json|sample|setup|__pycache__)/", name)
    ]


def test_the_library_is_the_same_below_a_folder_named_like_a_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = tools.package.library()
    clone = tmp_path / "check"
    for folder in ("glue_jobs", "queries"):
        shutil.copytree(ROOT / folder, clone / folder)
    monkeypatch.setattr(tools.package, "ROOT", clone)
    assert tools.package.library() == whole


def test_new_content_has_a_new_prefix(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = {**artifacts(), "run.py": b"print('another')"}
    monkeypatch.setattr(tools.package, "artifacts", lambda: carried)
    prefixes = {Rendered(text).resources["Artifacts"]["Properties"]["Prefix"] for text in (template, packaged())}
    assert len(prefixes) == 2


def test_additional_modules_are_those_glue_lacks_in_the_tested_versions() -> None:
    modules = dict(text.split("==") for text in additional_modules())
    ours = {"pyiceberg", "msgspec", "isal", "obstore", "pyyaml", "crawler-user-agents", "sqlalchemy"}
    assert ours <= set(modules)
    assert not {"boto3", "pyarrow", "numpy", "pandas", "pyspark", "duckdb", "rich_click"} & set(modules)
    assert {name: version(name) for name in modules} == modules


def test_jobs_install_the_requirements_of_the_template_or_the_wheels_that_belong_to_it(template: str) -> None:
    wheels = f"s3://own/any/{bundle_name()}"
    for given, expected in {
        "": (f"{Rendered(template)._getatt('Artifacts.Location')}/requirements.txt", "-r"),
        wheels: (wheels, "--no-index"),
    }.items():
        for job in Rendered(template, WheelsUri=given).of_type("AWS::Glue::Job").values():
            options = ("--additional-python-modules", "--python-modules-installer-option")
            assert tuple(job["DefaultArguments"][name] for name in options) == expected
    pattern = Rendered(template).raw["Parameters"]["WheelsUri"]["AllowedPattern"]
    assert re.fullmatch(pattern, wheels) and re.fullmatch(pattern, f"s3://own/{bundle_name()}")
    # Wheels of another version of the template are refused when the stack is updated.
    assert not re.fullmatch(pattern, "s3://own/any/usage-lake-0123456789abcdef.gluewheels.zip")


def test_the_tested_versions_are_those_of_glue() -> None:
    provided, constraints = pins(PROVIDED), pins(ROOT / "constraints.txt")
    same = ("boto3", "numpy", "pandas", "pyarrow", "pyspark", "py4j")
    assert {name: provided[name] for name in same} == {name: constraints[name] for name in same}


def test_the_packaged_file_is_not_committed() -> None:
    assert f"/{PACKAGED.parent.name}/" in (ROOT / ".gitignore").read_text().split()
