"""Requests as lines of S3 server access logs.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from __future__ import annotations

from functools import cached_property
from urllib.parse import quote

import numpy as np

from glue_jobs.sample.connection import HEXADECIMAL, host_header, ids_of, texts, tls_of
from glue_jobs.sample.publisher import Bucket, Ints, Publisher
from glue_jobs.sample.readers import ACCESS_POINT, PATH, PRESIGNED, WEBSITE, Reader
from glue_jobs.sample.request import ANSWERS, LINE_FIELDS, OPERATION, OPERATIONS, Requests
from glue_jobs.sample.scene import Cast
from glue_jobs.sample.traffic import Day

CLOCK = [f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d} +0000]" for second in range(86_400)]
ANSWER_TEXTS = [f"{status} {error or '-'}" for status, error in ANSWERS] + ["- -"]
"""Status and error code; the last is the text of no answer."""


class LineWriter:
    """Writes one day's requests as log lines; all that does not change from line to line is prepared once.

    A lone surrogate in a line stands for a raw byte: encode lines with ``surrogateescape``.
    """

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    def lines(self, day: Day, rng: np.random.Generator) -> list[str]:
        """One line per request, in the order of the requests, without line ends."""
        requests, objects = day.requests, self.cast.publisher.objects
        bucket = objects.bucket[requests.object]
        request_ids, host_ids = ids_of(requests, rng)
        total, turn_around = _latencies(requests, rng)
        names = [operation.name for operation in OPERATIONS]
        versions = objects.version_id
        heads = [f"{b.owner} {b.name} [{day.date:%d/%b/%Y}:" for b in self.cast.publisher.buckets]
        sender, quoted = self._senders
        columns = zip(
            bucket.tolist(),
            (requests.time - day.start).tolist(),
            requests.reader.tolist(),
            requests.request.tolist(),
            requests.operation.tolist(),
            self._keys(requests),
            self._uris(day, bucket, rng),
            requests.answer.tolist(),
            _numbers(requests.bytes_sent),
            _numbers(requests.object_size),
            _numbers(total),
            _numbers(turn_around),
            requests.versioned.tolist(),
            requests.object.tolist(),
            self._tails(requests, bucket),
            strict=True,
        )
        return [
            f"{heads[b]}{CLOCK[second]} {sender[reader]} {request_ids[request]} {names[op]} {key} {uri} "
            f"{ANSWER_TEXTS[answer]} {sent} {size} {ms} {turn} {quoted[reader] if uri != '-' else '- -'} "
            f"{versions[number] if version else '-'} {host_ids[request]} {tail}"
            for b, second, reader, request, op, key, uri, answer, sent, size, ms, turn, version, number, tail in columns
        ]

    @cached_property
    def _senders(self) -> tuple[list[str], list[str]]:
        """Of every reader: address and requester; referer and user agent."""
        readers = self.cast.readers.all
        gaps = ["  " if reader.two_blanks else " " for reader in readers]
        senders = [f"{r.ip or '-'}{gap}{r.requester or '-'}" for r, gap in zip(readers, gaps, strict=True)]
        quoted = ["- -" if r.bare else f'"{r.referer or "-"}" "{r.user_agent or "-"}"' for r in readers]
        return senders, quoted

    @cached_property
    def _encoded_keys(self) -> tuple[list[str], list[str]]:
        once = [quote(key) for key in self.cast.publisher.objects.key]
        return once, [quote(key) for key in once]

    def _keys(self, requests: Requests) -> list[str]:
        once, twice = self._encoded_keys
        encoded = [once if operation.encoded_once else twice for operation in OPERATIONS]
        pairs = zip(requests.operation.tolist(), requests.object.tolist(), strict=True)
        return [encoded[operation][number] if OPERATIONS[operation].has_key else "-" for operation, number in pairs]

    def _uris(self, day: Day, bucket: Ints, rng: np.random.Generator) -> list[str]:
        requests, publisher = day.requests, self.cast.publisher
        paths = publisher.objects.path
        style = self.cast.readers.style[requests.reader]
        folders = ["", *(f"{bucket.name}/" for bucket in publisher.buckets)]
        folder = np.where(style == PATH, bucket + 1, 0)
        columns = zip(
            requests.operation.tolist(),
            requests.object.tolist(),
            folder.tolist(),
            self._queries(day, style, rng),
            strict=True,
        )
        return [
            f'"{OPERATIONS[operation].method} /{folders[where]}{paths[number] if OPERATIONS[operation].has_key else ""}'
            f'{query} HTTP/1.1"'
            if OPERATIONS[operation].method
            else "-"
            for operation, number, where, query in columns
        ]

    def _queries(self, day: Day, style: Ints, rng: np.random.Generator) -> list[str]:
        requests, objects = day.requests, self.cast.publisher.objects
        queries = [OPERATIONS[operation].query for operation in requests.operation.tolist()]
        for place in np.flatnonzero(requests.versioned).tolist():
            queries[place] = f"?versionId={objects.version_id[requests.object[place]]}"
        for place in np.flatnonzero(requests.operation == OPERATION["REST.GET.BUCKET"]).tolist():
            prefix = _folder(self.cast.publisher, int(requests.object[place]))
            queries[place] = f"?list-type=2&delimiter=%2F&max-keys=1000&prefix={quote(prefix, safe='')}"
        for place in np.flatnonzero(requests.part > 0).tolist():
            upload = objects.version_id[requests.object[place]]
            queries[place] = f"?partNumber={requests.part[place]}&uploadId={upload}"
        signed = np.flatnonzero(style == PRESIGNED)
        for place, signature in zip(signed.tolist(), texts(HEXADECIMAL, len(signed), 64, rng), strict=True):
            queries[place] = _presigned(queries[place], f"{day.date:%Y%m%d}", signature)
        return queries

    @cached_property
    def _tail_texts(self) -> list[str]:
        """The fields after the host id, for every layout, bucket and reader."""
        publisher = self.cast.publisher
        whole = [_tail(reader, bucket, publisher) for bucket in publisher.buckets for reader in self.cast.readers.all]
        return [" ".join(tail[: length - 19]) for length in LINE_FIELDS for tail in whole]

    def _tails(self, requests: Requests, bucket: Ints) -> list[str]:
        tails, readers = self._tail_texts, len(self.cast.readers.all)
        places = (requests.layout * 2 + bucket) * readers + requests.reader
        return [tails[place] for place in places.tolist()]


def _tail(reader: Reader, bucket: Bucket, publisher: Publisher) -> tuple[str, ...]:
    region = reader.region or "-"
    signed = ("SigV4", "QueryString" if reader.style == PRESIGNED else "AuthHeader")
    signature, authentication = signed if reader.requester else ("-", "-")
    if reader.group == "lifecycle":
        return ("-",) * 9
    host = host_header(reader.style, bucket, publisher)
    if reader.style == WEBSITE:
        return "-", "-", "-", host, "-", "-", "-", region, "-"
    cipher, tls = tls_of(reader.user_agent)
    access_point = publisher.access_point if reader.style == ACCESS_POINT else "-"
    acl_required = "-" if reader.requester else "Yes"
    return signature, cipher, authentication, host, tls, access_point, acl_required, region, "-"


def _presigned(query: str, day: str, signature: str) -> str:
    # The access key is the one AWS uses in its documentation.
    return (
        f"{query}{'&' if query else '?'}X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F{day}%2Fus-east-1%2Fs3%2Faws4_request"
        f"&X-Amz-Date={day}T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
    )


def _folder(publisher: Publisher, number: int) -> str:
    repository = publisher.repositories[int(publisher.objects.repository[number])]
    return f"{repository.account}/{repository.name}/"


def _latencies(requests: Requests, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Total and turn-around time in milliseconds; none where S3 acted on its own."""
    turn_around = np.minimum(rng.lognormal(3.2, 0.7, len(requests)), 60_000.0).astype(np.int64) + 1
    bytes_per_ms = rng.lognormal(9.5, 0.8, len(requests))
    sending = (np.maximum(requests.bytes_sent, 0) / bytes_per_ms).astype(np.int64)
    without_uri = np.array([not operation.method for operation in OPERATIONS])[requests.operation]
    return np.where(without_uri, -1, turn_around + sending), np.where(without_uri, -1, turn_around)


def _numbers(values: Ints) -> list[str]:
    return [str(value) if value > 0 else "-" for value in values.tolist()]
