"""Dictionary columns can be concatenated. Arrow also looks up the codes of nulls, and one out of range may crash it."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from glue_jobs.columns.arrays import dictionary_array
from glue_jobs.config import Config
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.sources.pipelines import BY_NAME

NO_KEY = (
    "79a5 example-data [06/May/2024:07:08:09 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.VERSIONING - "
    '"GET /example-data?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - '
    "s9lzHYrFp76ZVxRcpX9 SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3 - -"
)
WITH_KEY = NO_KEY.replace("REST.GET.VERSIONING -", "REST.GET.OBJECT a/b%2520c").replace("?versioning", "/a/b%20c")
FORGED = WITH_KEY.replace("S3Console/0.4", 'a" b "c')
LINES = "\n".join([*[NO_KEY, WITH_KEY] * 20, FORGED, FORGED.replace("192.0.2.3", "-")]).encode()

EVENT = {
    "eventTime": "2024-05-07T23:59:59Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "requestParameters": {"bucketName": "example-data", "key": "a/b"},
    "sharedEventID": "6446f741-3ffe-4b4d-a3e1-000000000001",
    "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-data/a/b"}],
}
EVENTS = [EVENT, {**EVENT, "errorCode": "AccessDenied", "errorMessage": "", "eventName": ""}, {**EVENT, "more": 1}]
TRAIL = json.dumps(
    {"Records": [*EVENTS, *({name: each[name] for name in ("eventTime", "eventSource")} for each in EVENTS)]}
).encode()


def columns_with_invalid_codes(rows: pa.Table) -> list[str]:
    """The columns with a code outside of their dictionary, even if it is the code of a null."""
    return [
        name
        for name, column in zip(rows.column_names, rows.columns, strict=True)
        for chunk in column.chunks
        if isinstance(chunk, pa.DictionaryArray)
        # An empty dictionary has no valid code; Arrow writes 0.
        and not np.isin(_codes(chunk), np.arange(max(len(chunk.dictionary), 1))).all()
    ]


def _codes(array: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    indices = array.indices
    return np.frombuffer(indices.buffers()[1], np.int32)[indices.offset : indices.offset + len(indices)]


@pytest.mark.parametrize(("source", "data"), [("s3_access_log", LINES), ("cloudtrail_s3_event", TRAIL)])
def test_codes_of_nulls_are_places_in_the_dictionary(source: str, data: bytes) -> None:
    pipeline = BY_NAME[source]
    assert isinstance(pipeline, EventPipeline)
    parsed = pipeline.parse(data, np.zeros(1, np.int64))
    assert not parsed.rejected
    owners = pa.array(["object"] * parsed.rows.num_rows).dictionary_encode()
    rows = pipeline.enrich(
        parsed.rows.append_column("source_object", owners), Config(), pipeline.reference_data(Config())
    )
    assert any(column.null_count for column in rows.columns if pa.types.is_dictionary(column.type))
    assert columns_with_invalid_codes(rows) == []


def test_negative_codes_are_null_and_their_places_exist() -> None:
    array = dictionary_array(np.array([1, -1, 0, -7]), pa.array(["a", "b"]))
    assert array.to_pylist() == ["b", None, "a", None]
    assert array.indices.type == pa.int32()
    assert columns_with_invalid_codes(pa.table({"name": array})) == []
