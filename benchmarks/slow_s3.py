"""A small S3 server on loopback with delayed GETs: ListObjectsV2 and GetObject of one bucket, in memory.

API: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "bench"
LAST_MODIFIED = "Last-Modified: Sun, 30 Jun 2024 00:00:00 GMT"

Query = Mapping[str, list[str]]

Answer = tuple[str, bytes, tuple[str, ...]]
"""Status, body, headers."""


def _page(objects: Mapping[str, bytes], etags: Mapping[str, str], query: Query) -> Answer:
    """All keys with the prefix on a single page."""
    prefix, after = (query.get(name, [""])[0] for name in ("prefix", "start-after"))
    contents = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2024-06-30T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{etags[key]}&quot;</ETag><Size>{len(data)}</Size></Contents>"
        for key, data in objects.items()
        if key.startswith(prefix) and key > after
    )
    page = f"<ListBucketResult><Name>{BUCKET}</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
    return "200 OK", page.encode(), ("Content-Type: application/xml",)


def _object(data: bytes, etag: str, headers: Mapping[str, str]) -> Answer:
    about = (f'ETag: "{etag}"', LAST_MODIFIED)
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
    if not wanted:
        return "200 OK", data, about
    start, end = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
    return "206 Partial Content", data[start : end + 1], (*about, f"Content-Range: bytes {start}-{end}/{len(data)}")


def _serve(folder: str, delay: float, ready: Connection) -> None:
    objects = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    etags = {key: hashlib.md5(data, usedforsecurity=False).hexdigest() for key, data in objects.items()}

    async def answer(key: str, query: Query, headers: Mapping[str, str]) -> Answer:
        if not key:
            return _page(objects, etags, query)
        await asyncio.sleep(delay)
        return _object(objects[key], etags[key], headers)

    serve(answer, ready)


def serve(answered: Callable[[str, Query, Mapping[str, str]], Awaitable[Answer]], ready: Connection) -> None:
    """Answer requests on loopback: ``answered`` receives key, query and headers of each GET, ``ready`` the port."""

    async def answer(method: str, target: str, headers: Mapping[str, str]) -> Answer:
        url = urlsplit(target)
        key = unquote(url.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        if method == "HEAD" and not key:
            return "200 OK", b"", ("x-amz-bucket-region: us-east-1",)
        return await answered(key, parse_qs(url.query), headers)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *rest = head.decode("latin-1").split("\r\n")[:-2]
                method, target, _ = first.split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
                status, body, about = await answer(method, target, headers)
                lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *about, "\r\n")
                writer.write("\r\n".join(lines).encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            # The client has closed the connection.
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(converse, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def serving(folder: Path, delay: float) -> AbstractContextManager[str]:
    """Serve the files of a folder as objects of ``BUCKET``, GETs delayed by ``delay`` seconds; yields the endpoint."""
    return server_process(_serve, str(folder), delay)


def use_endpoint(endpoint: str) -> None:
    """Make this process use the server as S3. Call it first: a store does not change its endpoint later."""
    os.environ |= {"AWS_ENDPOINT_URL_S3": endpoint, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}


@contextmanager
def server_process(target: Callable[..., None], *arguments: object) -> Iterator[str]:
    """Run the target in its own process, with ``ready`` as its last argument; yields the endpoint."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=target, args=(*arguments, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
