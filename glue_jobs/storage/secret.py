"""Keys of reader ids in AWS Secrets Manager.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from glue_jobs.errors import StorageError

# arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME
REGION_PART = 3
ARN_PARTS = 7


def secret_value(arn: str) -> bytes:
    """The text of the secret with this ARN.

    Raises:
        StorageError: the ARN is not that of a secret, or the secret cannot be read.
    """
    parts = arn.split(":")
    if len(parts) < ARN_PARTS or parts[2] != "secretsmanager":
        raise StorageError(f"{arn} is not the ARN of a secret, which begins like arn:aws:secretsmanager:")
    try:
        client = boto3.Session().client("secretsmanager", region_name=parts[REGION_PART])
        return str(client.get_secret_value(SecretId=arn)["SecretString"]).encode()
    except (BotoCoreError, ClientError) as error:
        raise StorageError(f"cannot read the keys of reader ids in {arn}: {error}") from error
    except KeyError:
        raise StorageError(f"the secret {arn} has bytes, and the keys of reader ids are a text") from None
