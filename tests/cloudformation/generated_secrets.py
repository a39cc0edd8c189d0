"""Secrets that AWS CloudFormation would generate."""

from __future__ import annotations

import json

import boto3

from tests.cloudformation.rendered import Rendered


def make_secrets(rendered: Rendered) -> None:
    """Make the secrets of the template, each with a value of the form that it asks for."""
    for name, secret in rendered.of_type("AWS::SecretsManager::Secret").items():
        asked = secret["GenerateSecretString"]
        value = json.loads(asked["SecretStringTemplate"])
        value[asked["GenerateStringKey"]] = "x" * asked["PasswordLength"]
        client = boto3.client("secretsmanager")
        client.create_secret(Name=rendered.ref(name).rpartition(":")[2], SecretString=json.dumps(value))
