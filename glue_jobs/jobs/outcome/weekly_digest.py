"""Send the weekly digest to the subscribers of an SNS topic, once a week."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from glue_jobs.errors import ArgumentError
from glue_jobs.progress import Reporter

# The first day on which the week of the digest is complete.
MONDAY = 0


def topic_argument(values: Mapping[str, str]) -> str | None:
    """The topic that receives the digest, if any; raises ArgumentError if it is not an ARN."""
    topic = values.get("digest_topic")
    if topic and not re.fullmatch("arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+", topic):
        raise ArgumentError(
            f"digest_topic is the ARN of a topic, such as arn:aws:sns:us-east-1:111122223333:usage, not {topic!r}"
        )
    return topic


def send_digest(topic: str, text: str, day: date, reporter: Reporter) -> None:
    """Send the text to the topic, an ARN, if the day is a Monday; the first line is the subject.

    A failure is reported but raises no error, because the reports are already published.
    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    if day.weekday() != MONDAY:
        return
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    # arn:aws:sns:Region:account:name
    region = topic.split(":")[3]
    # SNS allows only ASCII characters in a subject.
    subject = text.partition("\n")[0].replace("\N{EN DASH}", "-").encode("ascii", "replace").decode()[:100]
    try:
        boto3.client("sns", region_name=region).publish(TopicArn=topic, Subject=subject, Message=text)
    except (BotoCoreError, ClientError) as error:
        reporter.say(f"the digest of the week was not sent: {error}")
    else:
        reporter.say("the digest of the week was sent")
