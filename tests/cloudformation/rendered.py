"""Templates as CloudFormation evaluates them: parameters, conditions and functions."""

from __future__ import annotations

import json
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

from glue_jobs.sources.pipelines import PIPELINES

Json = dict[str, Any]

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "usage",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/usage/1",
    "AWS::URLSuffix": "amazonaws.com",
}
NO_VALUE = object()

# The sources with jobs in usage_lake.yaml; uploads have theirs in data_lake.yaml.
USAGE_PIPELINES = tuple(pipeline for pipeline in PIPELINES if pipeline.has_saved_queries)

# Sources that are off by default; the tests switch all sources on.
SWITCHED_ON = {"CloudFrontLogs": "on", "RunSummaries": "on", "RunSummaryBucket": "summaries"}


@cache
def _as_json(template: str) -> str:
    return json.dumps(cfn_yaml.loads(template))


class Rendered:
    """A template with values for its parameters.

    Ref returns the name of a resource in lower case with hyphens, followed by ``mark``.
    """

    def __init__(self, template: str | Path, mark: str = "", **parameters: str) -> None:
        text = template.read_text() if isinstance(template, Path) else template
        self.raw: Json = json.loads(_as_json(text))
        self._given = parameters
        self.mark = mark
        unknown = set(parameters) - set(self.raw["Parameters"])
        assert not unknown, f"the template has no parameters {unknown}"

    def updated(self, template: str | Path, **parameters: str) -> Rendered:
        """The stack after an update to another template, with other values for some parameters."""
        return Rendered(template, self.mark, **self._given | parameters)

    @cached_property
    def parameters(self) -> Json:
        values: Json = {}
        for name, parameter in self.raw["Parameters"].items():
            value = (SWITCHED_ON | self._given).get(name, str(parameter["Default"]))
            values[name] = value.split(",") if parameter["Type"] == "CommaDelimitedList" else value
        return values

    @cached_property
    def resources(self) -> dict[str, Json]:
        """The resources whose condition holds."""
        return {name: self._evaluated(each) for name, each in self.raw["Resources"].items() if self._exists(each)}

    @cached_property
    def outputs(self) -> dict[str, Json]:
        return {name: self._evaluated(each) for name, each in self.raw["Outputs"].items() if self._exists(each)}

    def of_type(self, kind: str) -> dict[str, Json]:
        """Properties of the resources of one type, by logical name."""
        return {name: each.get("Properties", {}) for name, each in self.resources.items() if each["Type"] == kind}

    @cached_property
    def jobs(self) -> dict[str, Json]:
        """Properties of the jobs by pipeline."""
        return {job["DefaultArguments"]["--pipeline"]: job for job in self.of_type("AWS::Glue::Job").values()}

    def statements(self, role: str) -> dict[str, Json]:
        """The statements of a role's inline and managed policies by Sid."""
        properties = self.of_type("AWS::IAM::Role")[role]
        managed = [arn.rpartition("/")[2] for arn in properties.get("ManagedPolicyArns", ())]
        documents = [policy["PolicyDocument"] for policy in properties["Policies"]]
        documents += [self.resources[name]["Properties"]["PolicyDocument"] for name in managed]
        found = [statement for document in documents for statement in document["Statement"]]
        assert len({statement["Sid"] for statement in found}) == len(found)
        return {statement["Sid"]: statement for statement in found}

    def statements_of(self, job: Json) -> dict[str, Json]:
        """The statements of a job's role."""
        return self.statements(job["Role"].split(":")[-1].split("/")[0])

    def holds(self, condition: str) -> bool:
        return bool(self._evaluated(self.raw["Conditions"][condition]))

    def rules_broken(self) -> list[str]:
        """The messages of failed rules, which stop the creation of the stack."""
        return [
            assertion["AssertDescription"]
            for rule in self.raw.get("Rules", {}).values()
            if self._evaluated(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self._evaluated(assertion["Assert"])
        ]

    def _exists(self, each: Json) -> bool:
        return "Condition" not in each or self.holds(each["Condition"])

    def _evaluated(self, value: Any) -> Any:
        if isinstance(value, list):
            return [each for each in map(self._evaluated, value) if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self.ref(argument)
            # In a policy, Condition is an object; as a function, it has a name.
            if name == "Condition" and isinstance(argument, str):
                return self.holds(argument)
            if name.startswith("Fn::"):
                return getattr(self, "_" + name.removeprefix("Fn::").lower())(argument)
        found = {name: self._evaluated(each) for name, each in value.items()}
        return {name: each for name, each in found.items() if each is not NO_VALUE}

    def ref(self, name: str) -> Any:
        """The value of a parameter, or the name of a resource."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        resource = self.raw["Resources"][name]
        assert self._exists(resource), f"{name} does not exist with these parameters"
        properties = resource.get("Properties", {})
        for key in ("Name", "TrailName", "DatabaseInput"):
            if key in properties:
                given = self._evaluated(properties[key])
                return given["Name"] if isinstance(given, dict) else given
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            machine = self._evaluated(properties["StateMachineName"])
            return f"arn:aws:states:us-east-1:{PSEUDO['AWS::AccountId']}:stateMachine:{machine}"
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            return f"arn:aws:iam::{PSEUDO['AWS::AccountId']}:policy/{name}"
        if resource["Type"] == "AWS::SNS::Topic":
            return f"arn:aws:sns:us-east-1:{PSEUDO['AWS::AccountId']}:{name}"
        named = re.sub("(?<!^)(?=[A-Z])", "-", name).lower() + self.mark
        if resource["Type"] == "AWS::SecretsManager::Secret":
            return f"arn:aws:secretsmanager:us-east-1:{PSEUDO['AWS::AccountId']}:secret:{named}"
        return named

    def _getatt(self, argument: list[str] | str) -> str:
        name, _, attribute = (
            ".".join(argument).partition(".") if isinstance(argument, list) else argument.partition(".")
        )
        resource = self.raw["Resources"][name]
        assert self._exists(resource), f"{name} does not exist with these parameters"
        if resource["Type"] == "Custom::Artifacts":
            properties = self._evaluated(resource["Properties"])
            return f"s3://{properties['Bucket']}/{properties['Prefix']}"
        if (resource["Type"], attribute) == ("AWS::S3::Bucket", "Arn"):
            return f"arn:aws:s3:::{self.ref(name)}"
        if (resource["Type"], attribute) == ("AWS::Logs::LogGroup", "Arn"):
            return f"arn:aws:logs:us-east-1:{PSEUDO['AWS::AccountId']}:log-group:{self.ref(name)}:*"
        return f"arn:aws:example:us-east-1:{PSEUDO['AWS::AccountId']}:{name}/{attribute}"

    def _sub(self, argument: str | list[Any]) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        values = {name: self._evaluated(each) for name, each in own.items()}

        def filled(match: re.Match[str]) -> str:
            name = match[1]
            if name in values:
                return str(values[name])
            return str(self._getatt(name) if "." in name else self.ref(name))

        return re.sub(r"\$\{([^!}][^}]*)\}", filled, text)

    def _if(self, argument: list[Any]) -> Any:
        condition, yes, no = argument
        return self._evaluated(yes if self.holds(condition) else no)

    def _join(self, argument: list[Any]) -> str:
        return argument[0].join(self._evaluated(argument[1]))

    def _split(self, argument: list[Any]) -> list[str]:
        return str(self._evaluated(argument[1])).split(argument[0])

    def _select(self, argument: list[Any]) -> Any:
        return self._evaluated(argument[1])[int(argument[0])]

    def _equals(self, argument: list[Any]) -> bool:
        first, second = map(self._evaluated, argument)
        return str(first) == str(second)

    def _not(self, argument: list[Any]) -> bool:
        return not self._evaluated(argument[0])

    def _and(self, argument: list[Any]) -> bool:
        return all(map(self._evaluated, argument))

    def _or(self, argument: list[Any]) -> bool:
        return any(map(self._evaluated, argument))

    def _contains(self, argument: list[Any]) -> bool:
        values, value = map(self._evaluated, argument)
        return value in values

    def _eachmemberequals(self, argument: list[Any]) -> bool:
        return all(each == argument[1] for each in self._evaluated(argument[0]))
