"""Data events as the JSON texts that CloudTrail writes.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import json
from functools import cached_property

import numpy as np

from glue_jobs.sample.connection import host_header, tls_of
from glue_jobs.sample.publisher import PUBLISHER_ACCOUNT
from glue_jobs.sample.readers import ACCESS_POINT, PRESIGNED
from glue_jobs.sample.request import ANSWERS
from glue_jobs.sample.scene import Cast
from glue_jobs.sample.trail_callers import Callers
from glue_jobs.sample.trail_events import EVENTS, NUMBER, Events
from glue_jobs.sample.trail_resources import ResourceWriter

STYLES = 5
MESSAGES = {
    "AccessDenied": "Access Denied",
    "NoSuchKey": "The specified key does not exist.",
    "SlowDown": "Please reduce your request rate.",
}
ERRORS = [f'"errorCode":"{error}","errorMessage":"{MESSAGES[error]}",' if error else "" for _, error in ANSWERS]
SECONDS = [f"T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z" for second in range(86_400)]
# Below these minors a record has no such fields; the values are in CloudTrail's table of fields.
MANAGEMENT_SINCE, CATEGORY_SINCE, TLS_SINCE, ENDPOINT_ACCOUNT_SINCE = 6, 7, 8, 9
OLD = 5
"""In records of this minor numbers of bytes have a decimal point and the host is a list."""


class EventWriter:
    """Writes events as JSON texts; all that does not change from event to event is prepared once."""

    def __init__(self, cast: Cast, callers: Callers) -> None:
        self.cast, self.callers = cast, callers
        self.resources = ResourceWriter(cast, callers)

    def texts(
        self, events: Events, day: str, old: bool, ids: tuple[list[str], list[str]], event_ids: list[str]
    ) -> list[str]:
        """One JSON text per event of the day ('2026-03-01').

        ``old`` is how anonymous callers were spelled; ``ids`` are request ids and host ids by request number,
        ``event_ids`` two per event: its own, and the one that other accounts' copies share.
        """
        callers, identities, (request_ids, host_ids) = self.callers, self.callers.identities(day, old), ids
        bucket = self.cast.publisher.objects.bucket[events.object]
        place = bucket * STYLES + callers.style[events.caller]
        bodies = zip(self._parameters(events, day), self.resources.texts(events), strict=True)
        columns = zip(
            events.minor.tolist(),
            (events.time % 86_400).tolist(),
            events.event.tolist(),
            events.caller.tolist(),
            place.tolist(),
            events.answer.tolist(),
            events.bytes_in.tolist(),
            events.bytes_out.tolist(),
            events.request.tolist(),
            event_ids[: len(events)],
            event_ids[len(events) :],
            bodies,
            strict=True,
        )
        return [
            f'{{"eventVersion":"1.{minor:02d}","userIdentity":{identities[caller]},"eventTime":"{day}{SECONDS[second]}",'
            f"{self._names[place // STYLES][event]}{self._clients[event][caller]},{ERRORS[answer]}"
            f'"requestParameters":{self._openings[minor == OLD][place]}{body[0]}}},'
            f"{self._responses[event]}{self._signatures[caller]}"
            f'"bytesTransferredIn":{sent if minor > OLD else float(sent)},"x-amz-id-2":"{host_ids[request]}",'
            f'"bytesTransferredOut":{got if minor > OLD else float(got)}}},"requestID":"{request_ids[request]}",'
            f'"eventID":"{own}",{body[1]}{self._kinds[event]}{self._ending(minor, place, caller, shared)}}}'
            for minor, second, event, caller, place, answer, sent, got, request, own, shared, body in columns
        ]

    def _parameters(self, events: Events, day: str) -> list[str]:
        """What follows bucket and host in the request parameters."""
        objects, versions = self.cast.publisher.objects, self.cast.publisher.objects.version_id
        pairs = zip(events.event.tolist(), events.object.tolist(), strict=True)
        found = [
            f"{self._keys[number]}{EVENTS[event].more}" if EVENTS[event].has_key else EVENTS[event].more
            for event, number in pairs
        ]
        for place in np.flatnonzero(events.versioned).tolist():
            found[place] += f',"versionId":"{versions[events.object[place]]}"'
        for place in np.flatnonzero(events.event == NUMBER["REST.GET.BUCKET"]).tolist():
            prefix = json.dumps(self.resources.folders[int(events.object[place])], ensure_ascii=False)
            found[place] += (
                f',"list-type":"2","delimiter":"/","max-keys":"1000","encoding-type":"url","prefix":{prefix}'
            )
        for place in np.flatnonzero(events.part > 0).tolist():
            found[place] += f',"partNumber":"{events.part[place]}","uploadId":"{versions[events.object[place]]}"'
        for place in np.flatnonzero(events.source >= 0).tolist():
            source = int(events.source[place])
            name = self.cast.publisher.buckets[int(objects.bucket[source])].name
            found[place] += f',"x-amz-copy-source":"{name}/{objects.path[source]}"'
        signed = f',"X-Amz-Date":"{day.replace("-", "")}T000000Z","X-Amz-Expires":"86400","X-Amz-SignedHeaders":"host"'
        for place in np.flatnonzero(self.callers.style[events.caller] == PRESIGNED).tolist():
            found[place] += signed
        return found

    @cached_property
    def _keys(self) -> list[str]:
        return [f',"key":{json.dumps(key, ensure_ascii=False)}' for key in self.cast.publisher.objects.key]

    @cached_property
    def _names(self) -> list[list[str]]:
        """Source, name and region of every event, for every bucket."""
        return [
            [
                f'"eventSource":"s3.amazonaws.com","eventName":"{event.name}","awsRegion":"{bucket.region}",'
                for event in EVENTS
            ]
            for bucket in self.cast.publisher.buckets
        ]

    @cached_property
    def _kinds(self) -> list[str]:
        return [f'"readOnly":{str(event.read_only).lower()},"eventType":"{event.type}",' for event in EVENTS]

    @cached_property
    def _responses(self) -> list[str]:
        return [f'"responseElements":{event.response},"additionalEventData":{{' for event in EVENTS]

    @cached_property
    def _clients(self) -> list[list[str]]:
        """Address and user agent of every caller, for every event."""
        internal = ['"sourceIPAddress":"AWS Internal","userAgent":"AWS Internal"'] * len(self.callers.clients)
        return [internal if event.type == "AwsServiceEvent" else self.callers.clients for event in EVENTS]

    @cached_property
    def _hosts(self) -> list[str]:
        publisher = self.cast.publisher
        return [host_header(style, bucket, publisher) for bucket in publisher.buckets for style in range(STYLES)]

    @cached_property
    def _openings(self) -> tuple[list[str], list[str]]:
        """How request parameters begin, for every bucket and style: nowadays, and in old records."""
        names = [
            self.cast.publisher.access_point if style == ACCESS_POINT else bucket.name
            for bucket in self.cast.publisher.buckets
            for style in range(STYLES)
        ]
        pairs = list(zip(names, self._hosts, strict=True))
        today = [f'{{"bucketName":"{name}","Host":"{host}"' for name, host in pairs]
        return today, [f'{{"bucketName":"{name}","host":["{host}"]' for name, host in pairs]

    @cached_property
    def _tls(self) -> list[tuple[str, str]]:
        return [*(tls_of(reader.user_agent) for reader in self.cast.readers.all), tls_of("")]

    @cached_property
    def _signatures(self) -> list[str]:
        """How every caller's requests are signed and encrypted."""
        ways = ["QueryString" if style == PRESIGNED else "AuthHeader" for style in self.callers.style.tolist()]
        return [
            f'"CipherSuite":"{cipher}","aclRequired":"Yes",'
            if anonymous
            else f'"SignatureVersion":"SigV4","CipherSuite":"{cipher}","AuthenticationMethod":"{way}",'
            for way, (cipher, _), anonymous in zip(ways, self._tls, self.callers.is_anonymous, strict=True)
        ]

    def _ending(self, minor: int, place: int, caller: int, shared: str) -> str:
        known = self._endings.get((minor, place, caller))
        if known is None:
            known = self._endings[minor, place, caller] = self._new_ending(minor, place, caller)
        return f'{known},"sharedEventID":"{shared}"' if self.callers.is_foreign[caller] else known

    @cached_property
    def _endings(self) -> dict[tuple[int, int, int], str]:
        return {}

    def _new_ending(self, minor: int, place: int, caller: int) -> str:
        endpoint, (cipher, tls) = self.callers.endpoint[caller], self._tls[caller]
        account = self.callers.accounts[self.callers.account[caller]]
        parts = {
            f'"recipientAccountId":"{PUBLISHER_ACCOUNT}"': True,
            '"managementEvent":false': minor >= MANAGEMENT_SINCE,
            '"eventCategory":"Data"': minor >= CATEGORY_SINCE,
            f'"vpcEndpointId":"{endpoint}"': endpoint,
            f'"vpcEndpointAccountId":"{account}"': endpoint and minor >= ENDPOINT_ACCOUNT_SINCE,
            '"sessionCredentialFromConsole":"true"': self.callers.is_console[caller] and minor >= TLS_SINCE,
            f'"tlsDetails":{{"tlsVersion":"{tls}","cipherSuite":"{cipher}"'
            f',"clientProvidedHostHeader":"{self._hosts[place]}"}}': minor >= TLS_SINCE,
        }
        return ",".join(text for text, fits in parts.items() if fits)
