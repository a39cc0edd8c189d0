"""A small S3 on loopback that answers every GET of an object late: ListObjectsV2, GetObject, HeadBucket, one bucket.

Objects are held in memory. API: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "bench"
MOST_KEYS = 1000


@dataclass(frozen=True)
class _Answer:
    status: str
    body: bytes = b""
    headers: tuple[str, ...] = ()


class _Bucket:
    def __init__(self, objects: Mapping[str, bytes], delay: float) -> None:
        self._objects = objects
        self._keys = sorted(objects)
        self._etags = {key: hashlib.md5(data, usedforsecurity=False).hexdigest() for key, data in objects.items()}
        self._delay = delay

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> _Answer:
        url = urlsplit(target)
        key = unquote(url.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        if method == "HEAD" and not key:
            return _Answer("200 OK", headers=("x-amz-bucket-region: us-east-1",))
        if method != "GET":
            return _Answer("405 Method Not Allowed")
        if not key:
            return _Answer("200 OK", self._page(parse_qs(url.query)), ("Content-Type: application/xml",))
        await asyncio.sleep(self._delay)
        return self._object(key, headers)

    def _page(self, query: Mapping[str, list[str]]) -> bytes:
        prefix = query.get("prefix", [""])[0]
        after = max(query.get("start-after", [""])[0], query.get("continuation-token", [""])[0])
        start = bisect_right(self._keys, after)
        page = [key for key in self._keys[start : start + MOST_KEYS] if key.startswith(prefix)]
        truncated = len(page) == MOST_KEYS
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2024-06-30T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;{self._etags[key]}&quot;</ETag><Size>{len(self._objects[key])}</Size></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if truncated else ""
        return (
            f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{BUCKET}</Name>'
            f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(truncated).lower()}</IsTruncated>{token}{contents}"
            "</ListBucketResult>"
        ).encode()

    def _object(self, key: str, headers: Mapping[str, str]) -> _Answer:
        data = self._objects.get(key)
        if data is None:
            return _Answer("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>")
        etag = f'"{self._etags[key]}"'
        if headers.get("if-match", etag) != etag:
            return _Answer("412 Precondition Failed", b"<Error><Code>PreconditionFailed</Code></Error>")
        about = (f"ETag: {etag}", "Last-Modified: Sun, 30 Jun 2024 00:00:00 GMT", "Content-Type: text/plain")
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if not wanted:
            return _Answer("200 OK", data, about)
        start, end = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
        span = f"Content-Range: bytes {start}-{end}/{len(data)}"
        return _Answer("206 Partial Content", data[start : end + 1], (*about, span))


async def _converse(bucket: _Bucket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *rest = head.decode("latin-1").split("\r\n")[:-2]
            method, target, _ = first.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
            answer = await bucket.answer(method, target, headers)
            lines = (f"HTTP/1.1 {answer.status}", f"Content-Length: {len(answer.body)}", *answer.headers)
            writer.write("\r\n".join((*lines, "\r\n")).encode() + (b"" if method == "HEAD" else answer.body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        # The client is done.
        pass
    finally:
        writer.close()


def _serve(folder: str, delay: float, ready: Connection) -> None:
    objects = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    bucket = _Bucket(objects, delay)

    async def serve() -> None:
        server = await asyncio.start_server(lambda reader, writer: _converse(bucket, reader, writer), "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def serving(folder: Path, delay: float) -> Iterator[str]:
    """The files of a folder as the objects of ``BUCKET``, GETs ``delay`` seconds late; yields the endpoint."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(str(folder), delay, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
