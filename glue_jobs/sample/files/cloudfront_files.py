"""Write CloudFront's standard logs: views as lines of version 1, then as JSON of version 2, one week as both.

Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html and
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
"""

from __future__ import annotations

from pathlib import Path

from glue_jobs.sample.database import Database
from glue_jobs.sample.files.cloudtrail_files import packed
from glue_jobs.sample.scenario.delivery import put, raw_files
from glue_jobs.sample.scenario.publisher import DOMAIN

HEADER_BYTES = 400
"""Bytes of the headers of every answer."""

TAKEN_MS = 82
"""Milliseconds from receiving a request to writing the last byte of its answer."""

# CloudFront URL-encodes texts. Clients send keys already encoded, so logs contain keys encoded twice.
MACROS = f"""
CREATE MACRO encoded(sent) AS CASE WHEN sent = '' THEN '-' ELSE url_encode(sent) END;
CREATE MACRO sc_bytes(bytes_sent) AS greatest(bytes_sent, 0) + {HEADER_BYTES};
CREATE MACRO result_type(status, is_hit, bytes_sent, object_size) AS
    CASE WHEN status >= 400 OR status = 200 AND bytes_sent < object_size THEN 'Error'
        WHEN is_hit = 1 THEN 'Hit' ELSE 'Miss' END;
CREATE MACRO detailed(result_type, status) AS
    CASE WHEN result_type = 'Error' AND status = 200 THEN 'ClientCommError' ELSE result_type END;
"""

RESULT = "result_type(status, is_hit, bytes_sent, object_size)"
FIELDS = {
    "date": "strftime(moment(time), '%Y-%m-%d')",
    "time": "strftime(moment(time), '%H:%M:%S')",
    "x-edge-location": "'DFW3-C1'",
    "sc-bytes": "CAST(sc_bytes(bytes_sent) AS VARCHAR)",
    "c-ip": "address",
    "cs-method": "method",
    "cs(Host)": f"'{DOMAIN}'",
    "cs-uri-stem": "'/' || key_twice",
    "sc-status": "CAST(status AS VARCHAR)",
    "cs(Referer)": "encoded(referer)",
    "cs(User-Agent)": "encoded(user_agent)",
    **dict.fromkeys(("cs-uri-query", "cs(Cookie)"), "'-'"),
    "x-edge-result-type": RESULT,
    "x-edge-request-id": "to_base64(unhex(random_md5('edge', record)))",
    "x-host-header": "'data.example.com'",
    "cs-protocol": "'https'",
    "cs-bytes": "'210'",
    "time-taken": f"'{TAKEN_MS / 1000}'",
    "x-forwarded-for": "'-'",
    "ssl-protocol": "tls_version(user_agent)",
    "ssl-cipher": "cipher(user_agent)",
    # Before the viewer left.
    "x-edge-response-result-type": "result_type(status, is_hit, object_size, object_size)",
    "cs-protocol-version": "'HTTP/2.0'",
    **dict.fromkeys(("fle-status", "fle-encrypted-fields"), "'-'"),
    "c-port": "'50443'",
    "time-to-first-byte": "'0.041'",
    "x-edge-detailed-result-type": f"detailed({RESULT}, status)",
    "sc-content-type": "'application/octet-stream'",
    "sc-content-len": "CASE status WHEN 304 THEN '-' WHEN 200 THEN CAST(object_size AS VARCHAR)"
    " ELSE CAST(bytes_sent AS VARCHAR) END",
    **dict.fromkeys(("sc-range-start", "sc-range-end"), "'-'"),
}
HEADER = f"#Version: 1.0\n#Fields: {' '.join(FIELDS)}\n".encode()
LINE = f"concat_ws(chr(9), {', '.join(FIELDS.values())})"
# The fields of a version 2 delivery are configurable; this one also has the country.
JSON_FIELDS = {**FIELDS, "c-country": "coalesce(address_country, '-')"}
_MEMBERS = ", ".join(f"'{name}': {value}" for name, value in JSON_FIELDS.items())
JSON_LINE = f"CAST(to_json({{{_MEMBERS}}}) AS VARCHAR)"


def write_cloudfront_logs(database: Database, folder: Path) -> None:
    """Write all raw objects below the folder."""
    line = f"concat(CASE stream WHEN 0 THEN {LINE} ELSE {JSON_LINE} END, chr(10))"
    for file in raw_files(database, "cloudfront_log", line, "concat(whole[:30 + record % 100], chr(10))"):
        header = b"" if file.path.startswith("AWSLogs/") else HEADER
        put(folder / file.path, packed(header + file.content), file.delivered_at)
