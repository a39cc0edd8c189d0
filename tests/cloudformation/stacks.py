"""The resources that CloudFormation creates before the jobs run, and a job as AWS Glue runs it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import boto3

from tests.cloudformation.acting import Used, acting_as
from tests.cloudformation.rendered import Json, Rendered
from tests.job_process import main


def create(template: str | Path, *others: str, **parameters: str) -> Rendered:
    """Create the database, the secrets and the buckets of a stack, and ``others``, buckets of its publisher.

    All names are unique: in names of the others and in parameters, ``{mark}`` stands for the unique part.
    """
    mark = f"-{uuid4().hex[:8]}"
    parameters = {name: value.replace("{mark}", mark) for name, value in parameters.items()}
    database = f"lake{mark.replace('-', '_')}"
    (parameter,) = {"GlueDatabaseName", "DatabaseName"} & Rendered(template).raw["Parameters"].keys()
    rendered = Rendered(template, mark, **parameters, **{parameter: database})
    own = map(rendered.ref, rendered.of_type("AWS::S3::Bucket"))
    for bucket in (*own, *(other.replace("{mark}", mark) for other in others)):
        boto3.client("s3").create_bucket(Bucket=bucket)
    boto3.client("glue").create_database(DatabaseInput={"Name": database})
    for name, secret in rendered.of_type("AWS::SecretsManager::Secret").items():
        asked = secret["GenerateSecretString"]
        value = json.loads(asked["SecretStringTemplate"])
        value[asked["GenerateStringKey"]] = "x" * asked["PasswordLength"]
        client = boto3.client("secretsmanager")
        client.create_secret(Name=rendered.ref(name).rpartition(":")[2], SecretString=json.dumps(value))
    return rendered


def function_of(rendered: Rendered) -> ModuleType:
    """The code of the stack's function, imported as in Lambda."""
    module = ModuleType("index")
    code = rendered.resources["StackFunction"]["Properties"]["Code"]["ZipFile"]
    exec(compile(code, "index.py", "exec"), module.__dict__)
    return module


def loaded(job: Json) -> list[str]:
    """The objects that AWS Glue loads before the job starts."""
    names = ("--extra-py-files", "--additional-python-modules")
    return [job["Command"]["ScriptLocation"], *(job["DefaultArguments"][name] for name in names)]


def run_as(statements: Sequence[Json], used: Used, job: Json) -> None:
    """Run a job with a role that has these statements; raises if a request is refused. See ``acting_as``."""
    with acting_as(statements, used):
        for location in loaded(job):
            bucket, _, key = location.removeprefix("s3://").partition("/")
            # boto3's default session keeps the credentials of its first use.
            boto3.Session().client("s3").get_object(Bucket=bucket, Key=key)
        if main([text for pair in job["DefaultArguments"].items() for text in pair]):
            raise PermissionError("the job failed")
