"""Values of access logs."""

from __future__ import annotations

import pyarrow as pa
import pytest

from glue_jobs.sources.s3_access_log.parser.values import decode_key, decode_keys


@pytest.mark.parametrize("operation", ["REST.GET.OBJECT", "S3.EXPIRE.OBJECT"])
def test_only_encoded_keys_are_decoded(operation: str) -> None:
    """Decoding a key takes as long as parsing a line, and most keys are not encoded."""
    keys = pa.array([*(f"plain/{number}" for number in range(50)), "a%2520b", None]).dictionary_encode()
    before = decode_key.cache_info()
    decoded = decode_keys(keys, pa.array([operation] * len(keys)).dictionary_encode()).to_pylist()
    after = decode_key.cache_info()
    assert decoded[-3:] == ["plain/49", "a b" if operation.startswith("REST") else "a%20b", None]
    assert after.hits + after.misses - before.hits - before.misses <= 2
