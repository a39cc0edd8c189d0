"""What must hold for the repository as a whole: no private data, short modules, a library in one place, the loop."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from importlib.metadata import PackageNotFoundError, requires, version
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.generate import GENERATED, QUERIES, stale
from tools.generate_queries import render

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]

# 60 to 200 lines are normal; a longer module is two modules.
MAX_MODULE_LINES = 250

# The rooms of glue_jobs/ from the ground up. A room imports rooms to the left of it, `errors` and `progress`.
ROOMS = (
    *("tables", "columns", "workers", "storage", "config", "lake", "read", "enrich", "sources"),
    *("query", "ingest", "setup", "publish", "jobs", "sample", "cli"),
)
BELOW_ALL_ROOMS = {"errors", "progress"}
ATHENA = ("glue_jobs/query/athena.py", "glue_jobs/query/glue_views.py")
NOTICES = ("glue_jobs/jobs/outcome/metrics.py", "glue_jobs/jobs/outcome/weekly_digest.py")
ROOT_MODULES = {"__init__", "run"} | BELOW_ALL_ROOMS

# Tests that belong to no single room.
TEST_FOLDERS_WITHOUT_ROOM = {"cloudformation", "end_to_end", "external"}

# RFC 5737 and RFC 3849 set these aside for examples.
EXAMPLE_NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
# Loopback and none; just outside the networks above, for tests of where a network ends; the very last address.
NOBODYS_ADDRESSES = ("127.0.0.0/8", "0.0.0.0", "::1", "192.0.1.255", "2001:db9::1", "255.255.255.255")
ALLOWED_NETWORKS = [ip_network(text) for text in (*EXAMPLE_NETWORKS, *NOBODYS_ADDRESSES)]
# Two examples of AWS, one that YAML would read as an octal number, and what the sample makes up.
EXAMPLE_ACCOUNT = re.compile(r"123456789012|111122223333|012345670123|0000\d{8}")


def files(*folders: str) -> list[Path]:
    """The files of the repository that .gitignore leaves in, of some folders or of all, without git's help."""
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split()] + [".git"]
    found = []
    for folder, names, members in os.walk(ROOT):
        names[:] = [name for name in names if not any(fnmatch(name, pattern) for pattern in ignored)]
        found += [Path(folder) / name for name in members if not any(fnmatch(name, pattern) for pattern in ignored)]
    return sorted(path for path in found if not folders or path.relative_to(ROOT).parts[0] in folders)


def places(pattern: str, *folders: str) -> Iterator[tuple[str, str]]:
    """Where the pattern occurs: ``file:line`` and the text that fits."""
    for path in files(*folders):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            for match in re.finditer(pattern, line):
                yield f"{path.relative_to(ROOT)}:{number}", match[0]


def modules(*folders: str) -> list[Path]:
    return [path for path in files(*folders) if path.suffix == ".py"]


def imported(path: Path) -> set[str]:
    """The top-level names of the packages that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the machine's affair: many can only reach a mirror."""
    assert not [*places(r"pypi\.org|pythonhosted\.|index[-]url|--find[-]links|\[\[?tool\.uv\.index")]


def test_no_file_names_a_folder_of_one_machine() -> None:
    assert not [*places(r"(?<![\w.*}-])/(?:work|root|home/\w+|Users/\w+)/\w")]


def test_account_ids_are_those_of_examples() -> None:
    found = places(r"(?<![\w.%-])\d{12}(?![\w.%-])", "docs", "glue_jobs", "queries", "tests", "README.md")
    assert not [(place, text) for place, text in found if not EXAMPLE_ACCOUNT.fullmatch(text)]


def test_access_keys_are_those_of_examples() -> None:
    assert not [(place, text) for place, text in places(r"\bA[KS]IA[0-9A-Z]{16}\b") if not text.endswith("EXAMPLE")]


def test_addresses_are_set_aside_for_documentation() -> None:
    # A version number such as Chrome/120.0.0.0 has the form of an address; it follows a slash or a name.
    four = r"(?<![\w./=-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
    six = r"(?<![\w:.])[0-9a-fA-F]{1,4}(?:::?[0-9a-fA-F]{1,4}){2,7}(?![\w:])"
    wrong = []
    for place, text in places(f"{four}|{six}", "docs", "glue_jobs", "queries", "tests", "README.md"):
        try:
            address = ip_address(text)
        except ValueError:
            continue
        if not any(address in network for network in ALLOWED_NETWORKS):
            wrong.append((place, text))
    assert not wrong


def test_modules_are_short_enough_to_read() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines())
        for path in modules("glue_jobs", "benchmarks", "tools")
    }
    assert not {name: length for name, length in lengths.items() if length > MAX_MODULE_LINES}


def dotted(path: Path) -> str:
    """The module's name; a package has the name of its folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_within_glue_jobs() -> dict[str, set[str]]:
    """The modules of glue_jobs that each module imports, inside functions and for type checkers too."""
    names = {dotted(path) for path in modules("glue_jobs")}
    graph: dict[str, set[str]] = {}
    for path in modules("glue_jobs"):
        graph[dotted(path)] = used = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                used |= names.intersection(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path}: a relative import hides the room"
                # `from package import x` names a module of the package, or something the package itself defines.
                full = [f"{node.module}.{alias.name}" for alias in node.names]
                used |= names.intersection(name if name in names else node.module for name in full)
    return graph


def room(module: str) -> str:
    """The folder or root module of glue_jobs that a module stands in: ``glue_jobs.read.plan`` is in ``read``."""
    return module.removeprefix("glue_jobs").removeprefix(".").split(".")[0] or "__init__"


def test_the_root_of_the_library_holds_nothing_but_rooms() -> None:
    inside = [path.relative_to(ROOT / "glue_jobs").parts for path in modules("glue_jobs")]
    assert {Path(parts[0]).stem for parts in inside if len(parts) == 1} == ROOT_MODULES
    assert {parts[0] for parts in inside if len(parts) > 1} == set(ROOMS)


def test_programs_that_use_the_library_know_its_types() -> None:
    assert "py.typed" in PYPROJECT["tool"]["setuptools"]["package-data"]["glue_jobs"]
    assert (ROOT / "glue_jobs/py.typed").exists()


def test_no_room_imports_one_above_it() -> None:
    floors = dict.fromkeys(BELOW_ALL_ROOMS, 0) | {name: floor for floor, name in enumerate(ROOMS, 1)}
    upward = [
        f"{module} imports {used}"
        for module, imports in imports_within_glue_jobs().items()
        for used in sorted(imports)
        if room(module) in floors
        and room(module) != room(used)
        # What stands above all rooms has no floor.
        and floors.get(room(used), len(floors)) >= floors[room(module)]
    ]
    assert not upward


def test_the_glue_script_imports_jobs_and_the_session_of_its_workers_only() -> None:
    used = {room(module) for module in imports_within_glue_jobs()["glue_jobs.run"]}
    assert used <= {"jobs", "workers", *BELOW_ALL_ROOMS}


def test_no_modules_import_each_other_in_a_circle() -> None:
    # Raises an error that names the circle.
    TopologicalSorter(imports_within_glue_jobs()).prepare()


def test_no_folders_import_each_other_in_a_circle() -> None:
    """A folder and the folders within it may: what they share is in the outer one, which also puts them together."""
    packages = {dotted(path) for path in modules("glue_jobs") if path.name == "__init__.py"}
    graph: dict[str, set[str]] = {}
    for module, imports in imports_within_glue_jobs().items():
        here = module if module in packages else module.rpartition(".")[0]
        there = {used if used in packages else used.rpartition(".")[0] for used in imports}
        nested = {used for used in there if f"{used}.".startswith(f"{here}.") or f"{here}.".startswith(f"{used}.")}
        graph.setdefault(here, set()).update(there - nested)
    TopologicalSorter(graph).prepare()


def test_a_pipeline_says_itself_what_a_run_asks_of_it() -> None:
    # These two call what only one kind of pipeline has.
    narrowed = {"glue_jobs/ingest/commit/commit.py", "glue_jobs/jobs/check/parse_again.py"}
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in modules("glue_jobs")
        if re.search(r"isinstance\([^()]*\w+Pipeline\b|\bcase \w+Pipeline\b", path.read_text())
    }
    assert asking == narrowed


def test_the_picture_of_the_architecture_shows_the_rooms_in_their_order() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    tree = page.partition("```text\nglue_jobs/\n")[2].partition("```")[0]
    assert tuple(reversed(re.findall(r"^  (\w+)/ ", tree, re.MULTILINE))) == ROOMS


def test_every_folder_of_tests_is_named_after_a_room() -> None:
    folders = {path.relative_to(ROOT / "tests").parent for path in modules("tests")} - {Path()}
    alone = {folder for folder in folders if folder.parts[0] not in TEST_FOLDERS_WITHOUT_ROOM}
    assert not [folder for folder in alone if not (ROOT / "glue_jobs" / folder).is_dir()]


def test_modules_say_what_they_are_for() -> None:
    trees = {path: ast.parse(path.read_text()) for path in modules("glue_jobs", "tools", "benchmarks", "tests")}
    assert not [path for path, tree in trees.items() if tree.body and not ast.get_docstring(tree)]


@pytest.mark.parametrize(
    ("package", "home"),
    [
        ("pyiceberg", "glue_jobs/lake/"),
        ("obstore", "glue_jobs/storage/"),
        # Athena asks queries and Glue keeps its views, CloudWatch takes metrics, SNS sends the digest: none uses the
        # client of another.
        ("boto3", ("glue_jobs/storage/", "glue_jobs/setup/", *ATHENA, *NOTICES)),
        ("duckdb", ("glue_jobs/query/duckdb/", "glue_jobs/sample/database.py")),
        ("click", "glue_jobs/cli/"),
    ],
)
def test_a_library_is_used_in_one_place(package: str, home: str | tuple[str, ...]) -> None:
    """So that it can be replaced there, and that a Glue job loads nothing that only a laptop has."""
    users = [path.relative_to(ROOT).as_posix() for path in modules("glue_jobs") if package in imported(path)]
    assert users
    assert not [user for user in users if not user.startswith(home)]


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [needed for needed in map(Requirement, texts) if needed.name != PROJECT["name"]]


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): pinned for name, pinned in pins}


def test_direct_dependencies_are_pinned_alike_in_both_files() -> None:
    pins = constraints()
    wanted = {canonicalize_name(needed.name): str(needed.specifier).removeprefix("==") for needed in requirements()}
    assert wanted == {name: pins.get(name) for name in wanted}


def test_whatever_those_bring_is_pinned_and_installed_so() -> None:
    pins = constraints()
    todo, seen = requirements(), set[str]()
    while todo:
        needed = todo.pop()
        name = canonicalize_name(needed.name)
        key = str(needed)
        wanted = any(needed.marker is None or needed.marker.evaluate({"extra": e}) for e in ("", *needed.extras))
        if key in seen or not wanted:
            continue
        seen.add(key)
        try:
            found = version(name)
        except PackageNotFoundError:
            # The packages of the bench are installed by make bench.
            assert name in pins
            continue
        assert pins.get(name) == found, f"{name} {found} is installed, constraints.txt has {pins.get(name)}"
        for text in requires(name) or []:
            brought = Requirement(text)
            if any(brought.marker is None or brought.marker.evaluate({"extra": e}) for e in ("", *needed.extras)):
                brought.marker = None
                todo.append(brought)


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_a_generated_file_is_current_and_says_so_first(path: Path) -> None:
    assert path.read_text() == GENERATED[path](), "run make generate"
    assert "generated" in path.read_text().splitlines()[0].lower()


def test_what_queries_share_is_the_same_in_all() -> None:
    assert len(QUERIES) > 50
    assert stale(QUERIES) == []


def test_a_text_that_queries_share_is_written_between_its_marks(tmp_path: Path) -> None:
    query = tmp_path / "access/mine/query.sql"
    query.parent.mkdir(parents=True)
    query.write_text("WITH\n-- begin {counted place}, (written)\nold\n-- end {counted place}\nb AS (SELECT 1)\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/counted.sql").write_text("a AS (SELECT {word} FROM t)\n")
    part = "a AS (SELECT place FROM t),"
    expected = f"WITH\n-- begin {{counted place}}, (written)\n{part}\n-- end {{counted place}}\nb AS (SELECT 1)\n"
    assert render(query) == expected
    query.write_text(expected)
    assert render(query) == expected


def test_the_check_finds_a_file_that_is_missing_or_stale(tmp_path: Path) -> None:
    for name, text in (("current", "new"), ("stale", "old")):
        (tmp_path / name).write_text(text)
    assert stale({tmp_path / name: lambda: "new" for name in ("current", "stale", "missing")}) == [
        tmp_path / "stale",
        tmp_path / "missing",
    ]


def test_make_alone_prints_every_target() -> None:
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True, env=without_make()).stdout
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert re.findall(r"^make (\w+) +\S", printed, re.MULTILINE) == phony[1].split()


def commands(target: str) -> list[str]:
    there = ["-o", ".venv/local", "-o", ".venv/installed", "-o", ".venv/checkov/installed"]
    command = ["make", "--no-print-directory", "-n", *there, target]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=without_make())
    return [line for line in done.stdout.splitlines() if not line.startswith("make")]


def without_make() -> dict[str, str]:
    """The environment without what an outer make tells an inner one."""
    return {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def test_check_is_the_linters_and_the_tests_as_ci_runs_them() -> None:
    assert commands("check") == commands("lint") + commands("test")
    assert len(commands("lint")) == 4
    ci = (ROOT / ".ci/run").read_text()
    assert re.findall(r"^make --no-print-directory (\w+)", ci, re.MULTILINE) == ["lint", "test"]


def stub(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def find_python(*folders: Path, argument: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.pathsep.join(map(str, folders))}
    command = ["/bin/sh", str(ROOT / "tools/find_python"), argument]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


# A Python of another version: it runs what it is given, prints its version, but does not fit.
OLD_PYTHON = 'case "$2" in *print*) echo 3.9;; *exit*) exit 1;; esac'


def test_a_python_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    stub(tmp_path / "shims/python3.11", "exit 127")
    stub(tmp_path / "real/python3.11", f'exec "{sys.executable}" "$@"')
    found = find_python(tmp_path / "shims", tmp_path / "real")
    assert (found.returncode, found.stdout.strip()) == (0, str(tmp_path / "real/python3.11"))


def test_a_wrong_python_gets_one_sentence(tmp_path: Path) -> None:
    stub(tmp_path / "shims/python3.11", "exit 127")
    stub(tmp_path / "old python/python3", OLD_PYTHON)
    sentence = (
        "usage-lake needs Python 3.11 or 3.12; python3 here is 3.9. "
        "Name another one: make install PYTHON=/path/to/python3.11\n"
    )
    of_the_path = find_python(tmp_path / "shims", tmp_path / "old python")
    assert (of_the_path.returncode, of_the_path.stderr, of_the_path.stdout) == (1, sentence, "")
    named = find_python(argument=str(tmp_path / "old python/python3"))
    assert (named.returncode, named.stderr, named.stdout) == (1, sentence, "")


def test_no_python_and_one_without_ensurepip_get_a_sentence_too(tmp_path: Path) -> None:
    assert "there is no python3 here that runs. Name another" in find_python(tmp_path).stderr
    stub(tmp_path / "python3.12", OLD_PYTHON.replace("3.9", "3.12"))
    assert (
        f"{tmp_path}/python3.12 lacks ensurepip (Debian and Ubuntu: apt install python3.12-venv)"
        in find_python(tmp_path).stderr
    )


@pytest.mark.parametrize(
    ("lint", "tests", "closing", "code"),
    [
        (0, 0, "== 3 passed in 0.10s ==", 0),
        (0, 2, "== 1 failed, 2 passed in 0.10s ==", 2),
        (2, 0, "== 3 passed in 0.10s ==", 2),
        (0, 2, "== no tests ran in 0.01s ==", 2),
    ],
)
def test_ci_ends_with_the_closing_line_and_the_right_code(
    tmp_path: Path, lint: int, tests: int, closing: str, code: int
) -> None:
    speaks = f'case "$2" in lint) exit {lint};; esac; echo "{closing}"; echo "a JVM says goodbye" >&2; exit {tests}'
    stub(tmp_path / "make", speaks)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([ROOT / ".ci/run"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, closing)
