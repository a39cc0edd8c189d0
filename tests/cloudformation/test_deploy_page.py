"""docs/deploy.md names parameters, outputs, labels and commands that exist."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from glue_jobs.cli.main import main
from glue_jobs.jobs.arguments.declared import ARGUMENTS
from tests.cloudformation.rendered import PSEUDO, Rendered
from tools.package import TEMPLATE, ZONES

PAGE = (Path(__file__).parents[2] / "docs/deploy.md").read_text()

# The most characters of names, by the API references of the services; those of all other types may be longer.
MAX_CHARACTERS = {
    "AWS::Events::Rule": ("Name", 64),
    "AWS::Logs::DeliveryDestination": ("Name", 60),
    "AWS::Logs::DeliverySource": ("Name", 60),
    "AWS::Scheduler::Schedule": ("Name", 64),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", 80),
}


def test_the_longest_name_of_a_stack_leaves_room_for_those_of_its_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    (longest,) = (int(number) for number in re.findall("at most ([0-9]+) characters", PAGE))
    monkeypatch.setitem(PSEUDO, "AWS::StackName", "s" * longest)
    stacks = (Rendered(TEMPLATE, VendedLogBuckets="a-1,a-2,a-3,a-4,a-5"), Rendered(ZONES))
    room = [
        most - len(properties[key])
        for kind, (key, most) in MAX_CHARACTERS.items()
        for stack in stacks
        for properties in stack.of_type(kind).values()
        # CloudFormation shortens the names that it makes itself.
        if key in properties
    ]
    assert min(room) == 0


def test_named_parameters_resources_and_outputs_exist() -> None:
    sections = [
        Rendered(path).raw[name] for path in (TEMPLATE, ZONES) for name in ("Parameters", "Resources", "Outputs")
    ]
    known = set().union(*sections)
    named = set(re.findall("`([A-Z][a-z]+(?:[A-Z][A-Za-z]+)+)(?:=[^`]*)?`", PAGE))
    # IAM actions and a principal.
    foreign = {name for name in named if re.match("Put|Get|List|IAM", name)}
    assert len(named - foreign) > 15
    assert named - foreign <= known


def test_labels_are_those_of_the_template() -> None:
    labels = Rendered(TEMPLATE).raw["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"].values()
    bold = re.findall(r"^ +- \*\*(.+?)\*\*:", PAGE, re.MULTILINE)
    assert len(bold) == 2
    assert set(bold) <= {label["default"] for label in labels}


def test_job_arguments_are_declared() -> None:
    section = PAGE.split("## Run again, back-fill")[1].split("## Upgrade")[0]
    named = set(re.findall(r"`--([a-z_]+)`", section))
    assert {"since", "until", "any_name", "date"} <= named
    assert named <= {argument.name for argument in ARGUMENTS}


def test_defaults_are_those_of_the_template() -> None:
    parameters = Rendered(TEMPLATE).raw["Parameters"]
    rows = re.findall(r"^\| `(\w+)` \| (\w[\w.]*) \|", PAGE.split("## What it costs")[0], re.MULTILINE)
    for name, default in rows:
        assert str(parameters[name]["Default"] or "none") == default, name
    assert rows


def test_the_key_policy_has_no_condition_for_eventbridge_with_which_no_message_would_arrive() -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
    (row,) = (line for line in PAGE.splitlines() if line.startswith("|") and "`events.amazonaws.com`" in line)
    assert "`aws:Source" not in row and "`kms:GenerateDataKey" in row


def test_a_month_of_each_publisher_adds_up() -> None:
    table = PAGE.split("| a month | small")[1].split("| **together** |")
    rows = re.findall(r"^\| [A-Z][A-Za-z ]+ \|(.+)\|$", table[0], re.MULTILINE)
    amounts = [[Decimal(cell.replace(",", "")) for cell in row.split("|")] for row in rows]
    together = [Decimal(cell.replace(",", "")) for cell in table[1].splitlines()[0].strip(" |").split("|")]
    assert len(rows) == 11 and [sum(column) for column in zip(*amounts, strict=True)] == together


def test_the_price_of_the_alarms_is_that_of_the_metrics_they_watch() -> None:
    """An alarm on an expression costs as much as an alarm on each of its metrics.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_billing.html#metric-alarms
    """
    alarms = Rendered(TEMPLATE, CloudFrontLogs="off", RunSummaries="off").of_type("AWS::CloudWatch::Alarm").values()
    watched = sum(
        sum("MetricStat" in metric for metric in alarm.get("Metrics", ({"MetricStat": {}},))) for alarm in alarms
    )
    sent = {(alarm["MetricName"], str(alarm["Dimensions"])) for alarm in alarms if "MetricName" in alarm}
    price = watched * Decimal("0.10") + len(sent) * Decimal("0.30")
    assert f"{len(alarms)} alarms on {watched} metrics, {len(sent)} of which the jobs send, {price} a month" in PAGE
    assert f"| Alarms | [below](#alarms) | {price} a month |" in PAGE
    assert f"| Alarms | {price} | {price} | {price} |" in PAGE


def test_commands_and_their_options_exist() -> None:
    for line in re.findall("^usage-lake (.+?)(?: +#.*)?$", PAGE, re.MULTILINE):
        command = line.split()[0]
        result = CliRunner().invoke(main, [command, "--help"])
        assert result.exit_code == 0
        assert all(option in result.output for option in re.findall("--[a-z]+", line))
