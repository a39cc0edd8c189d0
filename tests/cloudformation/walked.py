"""The part of the Amazon States Language that the daily run uses, without waits and retries.

`tests/cloudformation/state_machines.py` runs the whole language, with retries, on an AWS Glue that ingests nothing.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from moto.stepfunctions.parser.asl.utils.json_path import extract_json

from tests.cloudformation.rendered import Json


class JobFailedError(Exception):
    """A run of a job failed; the text is its error."""


@dataclass(frozen=True)
class Execution:
    """Runs a state machine; ``run_job`` gets the name and the arguments of each job, and raises JobFailedError."""

    run_job: Callable[[str, Json], None]
    started: str

    def run(self, machine: Json) -> tuple[str, Any]:
        """``SUCCEEDED`` and the output, or ``FAILED`` and the cause."""
        return self._walk(machine, {})

    def _walk(self, machine: Json, data: Any) -> tuple[str, Any]:
        name = machine["StartAt"]
        while True:
            state = machine["States"][name]
            kind = state["Type"]
            if kind == "Fail":
                return "FAILED", json.loads(self._value(state["CausePath"], data))
            if kind == "Succeed":
                return "SUCCEEDED", data
            if kind == "Choice":
                chosen = (each["Next"] for each in state["Choices"] if self._holds(each, data))
                name = next(chosen, state["Default"])
                continue
            try:
                result = {"Task": self._task, "Parallel": self._parallel, "Pass": self._pass}[kind](state, data)
            except JobFailedError as error:
                (catch,) = state["Catch"]
                data = _placed(data, catch["ResultPath"], {"Error": "States.TaskFailed", "Cause": str(error)})
                name = catch["Next"]
                continue
            data = _placed(data, state.get("ResultPath", "$"), result)
            if state.get("End"):
                return "SUCCEEDED", data
            name = state["Next"]

    def _task(self, state: Json, data: Any) -> Any:
        assert state["Resource"].endswith(":states:::glue:startJobRun.sync")
        given = self._filled(state["Parameters"], data)
        self.run_job(given["JobName"], given.get("Arguments", {}))
        return self._filled(state["ResultSelector"], {"JobName": given["JobName"], "JobRunState": "SUCCEEDED"})

    def _parallel(self, state: Json, data: Any) -> Any:
        return [self._walk(branch, data)[1] for branch in state["Branches"]]

    def _pass(self, state: Json, data: Any) -> Any:
        return self._filled(state["Parameters"], data)

    def _holds(self, choice: Json, data: Any) -> bool:
        if "Or" in choice:
            return any(self._holds(each, data) for each in choice["Or"])
        return fnmatch.fnmatchcase(self._value(choice["Variable"], data), choice["StringMatches"])

    def _filled(self, template: Any, data: Any) -> Any:
        if not isinstance(template, dict):
            return template
        return {
            name.removesuffix(".$"): self._value(each, data) if name.endswith(".$") else self._filled(each, data)
            for name, each in template.items()
        }

    def _value(self, path: str, data: Any) -> Any:
        if path == "$$.Execution.StartTime":
            return self.started
        if call := re.fullmatch(r"States\.(\w+)\((.*)\)", path):
            values = [self._value(each, data) for each in _arguments(call[2])]
            return values if call[1] == "Array" else {"JsonToString": json.dumps}[call[1]](values[0])
        return extract_json(path, data)


def _arguments(text: str) -> Iterator[str]:
    """The arguments of a call; commas inside nested calls do not separate them."""
    start = depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def _placed(data: Any, path: str, result: Any) -> Any:
    """The data with the result at the path, which is ``$`` or ``$.name``."""
    return result if path == "$" else {**data, path.removeprefix("$."): result}
