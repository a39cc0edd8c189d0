"""The resources that a record names: objects or their folder, the bucket, the access point.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-monitoring-logging.html
"""

from __future__ import annotations

import json
from functools import cached_property

from glue_jobs.sample.publisher import PUBLISHER_ACCOUNT
from glue_jobs.sample.readers import ACCESS_POINT
from glue_jobs.sample.scene import Cast
from glue_jobs.sample.trail_callers import Callers
from glue_jobs.sample.trail_events import EVENTS, Events


class ResourceWriter:
    """Writes the field ``resources`` of events as JSON."""

    def __init__(self, cast: Cast, callers: Callers) -> None:
        self.cast, self.callers = cast, callers

    def texts(self, events: Events) -> list[str]:
        """The resources of every event: what was asked for, its bucket, and the access point it went through."""
        whole, folder, bucket = self._resource_texts
        access_point = self.cast.publisher.access_point
        through = f',{{"accountId":"{PUBLISHER_ACCOUNT}","type":"AWS::S3::AccessPoint","ARN":"{access_point}"}}'
        of_event = [whole if event.has_key else folder if event.name == "ListObjects" else bucket for event in EVENTS]
        by_access_point = self.callers.style[events.caller] == ACCESS_POINT
        columns = zip(
            events.event.tolist(), events.object.tolist(), by_access_point.tolist(), events.source.tolist(), strict=True
        )
        return [
            f'"resources":[{of_event[event][number]}{through if point else ""}'
            f"{',' + whole[source] if source >= 0 else ''}],"
            for event, number, point, source in columns
        ]

    @cached_property
    def _resource_texts(self) -> tuple[list[str], list[str], list[str]]:
        """For every object: itself, its data set's folder, and its whole bucket, each together with the bucket."""
        objects = self.cast.publisher.objects
        buckets = [f"arn:aws:s3:::{bucket.name}" for bucket in self.cast.publisher.buckets]
        element = '{{"type":"AWS::S3::Object","{}":{}}},{{"accountId":"{}","type":"AWS::S3::Bucket","ARN":"{}"}}'
        names = (("ARN", objects.key), ("ARNPrefix", self.folders), ("ARNPrefix", [""] * len(objects.key)))
        found = [
            [
                element.format(kind, json.dumps(f"{arn}/{key}", ensure_ascii=False), PUBLISHER_ACCOUNT, arn)
                for key, arn in zip(keys, (buckets[number] for number in objects.bucket.tolist()), strict=True)
            ]
            for kind, keys in names
        ]
        return found[0], found[1], found[2]

    @cached_property
    def folders(self) -> list[str]:
        """Of every object, the folder of its data set; nothing for objects of none."""
        repositories = [f"{each.account}/{each.name}/" for each in self.cast.publisher.repositories]
        return [
            repositories[number] if number >= 0 else "" for number in self.cast.publisher.objects.repository.tolist()
        ]
