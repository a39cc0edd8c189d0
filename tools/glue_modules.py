"""The Python packages that a Glue job needs in addition to Glue's own, derived from the pins of this repository."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROVIDED = Path(__file__).parent / "glue_5_1_modules.txt"

# The environment of a Glue 5.1 job, for the markers of requirements.
GLUE = {
    "python_version": "3.11",
    "python_full_version": "3.11.0",
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
}


def pins(path: Path) -> dict[str, str]:
    """Versions by normalised name, from a file of ``name==version`` lines."""
    lines = (line.split("==") for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {str(canonicalize_name(name)): version for name, version in lines}


def additional_modules() -> list[str]:
    """``name==version`` of every package that a job needs and Glue lacks or has in an incompatible version, sorted.

    Their dependencies are included, so that every run uses the versions of the tests.
    """
    provided, pinned = pins(PROVIDED), pins(ROOT / "constraints.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    todo, seen = [Requirement(text) for text in project["dependencies"]], set[str]()
    missing: set[str] = set()
    while todo:
        needed = todo.pop()
        if str(needed) in seen:
            continue
        seen.add(str(needed))
        name = str(canonicalize_name(needed.name))
        if name not in provided or not needed.specifier.contains(provided[name]):
            missing.add(name)
        if name in missing:
            todo.extend(_dependencies(needed))
    return [f"{name}=={pinned[name]}" for name in sorted(missing)]


def installed_modules() -> list[str]:
    """The additional modules, and their dependencies among Glue's packages in Glue's versions; sorted.

    pip requires a hash for every package and every dependency, so the list is complete. It does not reinstall packages
    that Glue has in these versions.
    """
    todo, found = [Requirement(text) for text in additional_modules()], set[str]()
    additional = {each.name: str(each.specifier) for each in todo}
    while todo:
        needed = todo.pop()
        if (name := str(canonicalize_name(needed.name))) not in found:
            found.add(name)
            todo.extend(_dependencies(needed))
    provided = pins(PROVIDED)
    return [name + (additional[name] if name in additional else f"=={provided[name]}") for name in sorted(found)]


def _dependencies(needed: Requirement) -> Iterator[Requirement]:
    for text in requires(needed.name) or []:
        dependency = Requirement(text)
        marker, extras = dependency.marker, ("", *needed.extras)
        if marker is None or any(marker.evaluate({**GLUE, "extra": extra}) for extra in extras):
            yield dependency
