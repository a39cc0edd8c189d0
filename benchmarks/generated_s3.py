"""An S3 server on loopback that lists any number of access logs and stores none: it generates the listing pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from multiprocessing.connection import Connection

from benchmarks.slow_s3 import BUCKET, Answer, Query, serve, server_process

RAW = f"s3://{BUCKET}/logs/"
FIRST_DAY = date(2024, 5, 7)
KEYS_PER_PAGE = 1_000


@dataclass(frozen=True)
class Listing:
    """Access logs in folders of days: ``per_day`` objects on each of the ``days``, in so many ``buckets``."""

    days: int
    per_day: int
    buckets: int = 8

    @property
    def dates(self) -> list[date]:
        """The days."""
        return [FIRST_DAY + timedelta(days=number) for number in range(self.days)]

    def folders(self, day: date) -> list[str]:
        """The folders of a day, one for each bucket."""
        return [f"logs/111122223333/us-east-1/bucket-{number}/{day:%Y/%m/%d}/" for number in range(self.buckets)]

    def keys(self, folder: str, start: int = 0) -> Iterator[str]:
        """The keys in a folder from number ``start`` on, in order."""
        day, count = folder[-11:-1].replace("/", "-"), self.per_day // self.buckets
        for number in range(start, count):
            yield f"{folder}{day}-{number * 24 // count:02}-00-00-{number:016X}"

    def below(self, prefix: str, after: str) -> Iterator[str]:
        """The keys with a prefix that sort after ``after``."""
        for folder in sorted(folder for day in self.dates for folder in self.folders(day)):
            if (folder.startswith(prefix) or prefix.startswith(folder)) and f"{folder}~" > after:
                keys = self.keys(folder, int(after[-16:], 16) + 1 if after.startswith(folder) else 0)
                yield from (key for key in keys if key.startswith(prefix))


def etag(key: str) -> str:
    """The ETag of an object."""
    return key[-16:] * 2


def _page(listing: Listing, query: Query) -> str:
    prefix, after = (query.get(name, [""])[0] for name in ("prefix", "start-after"))
    if "delimiter" in query:
        folders = (folder for day in listing.dates for folder in listing.folders(day) if folder.startswith(prefix))
        names = sorted({folder.removeprefix(prefix).partition("/")[0] for folder in folders} - {""})
        found = "".join(f"<CommonPrefixes><Prefix>{prefix}{name}/</Prefix></CommonPrefixes>" for name in names)
        return f"<IsTruncated>false</IsTruncated>{found}"
    keys = [*islice(listing.below(prefix, after), KEYS_PER_PAGE + 1)]
    contents = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2024-06-30T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{etag(key)}&quot;</ETag><Size>5000</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys[:KEYS_PER_PAGE]
    )
    return f"<IsTruncated>{str(len(keys) > KEYS_PER_PAGE).lower()}</IsTruncated>{contents}"


def _serve(listing: Listing, ready: Connection) -> None:
    async def answer(_key: str, query: Query, _headers: Mapping[str, str]) -> Answer:
        body = f"<ListBucketResult><Name>{BUCKET}</Name>{_page(listing, query)}</ListBucketResult>"
        return "200 OK", body.encode(), ("Content-Type: application/xml",)

    serve(answer, ready)


def serving(listing: Listing) -> AbstractContextManager[str]:
    """Serve the listing as S3; yields the endpoint."""
    return server_process(_serve, listing)
