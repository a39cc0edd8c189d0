"""Write the requests as lines of access logs.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from __future__ import annotations

from pathlib import Path

from glue_jobs.sample.database import Database
from glue_jobs.sample.scenario.delivery import put, raw_files
from glue_jobs.sample.scenario.publisher import as_sent

README_PATH = "logs/example-tides/README.txt"
README = b"These are the access logs of the buckets of this folder.\nKeep for two years.\n"

MACROS = """
CREATE MACRO dash(sent) AS CASE WHEN sent = '' THEN '-' ELSE sent END;
CREATE MACRO shown(number) AS CASE WHEN number > 0 THEN CAST(number AS VARCHAR) ELSE '-' END;
CREATE MACRO host(style, bucket_name, region) AS CASE style
    WHEN 'website' THEN concat(bucket_name, '.s3-website-', region, '.amazonaws.com')
    WHEN 'access point' THEN concat('sst-partners-111122223333.s3-accesspoint.', region, '.amazonaws.com')
    WHEN 'path' THEN concat('s3.', region, '.amazonaws.com')
    ELSE concat(bucket_name, '.s3.', region, '.amazonaws.com') END;
CREATE MACRO has_old_tls(user_agent) AS user_agent LIKE 'Hadoop%' OR user_agent LIKE 'Java%';
CREATE MACRO cipher(user_agent) AS CASE WHEN has_old_tls(user_agent) THEN 'ECDHE-RSA-AES128-GCM-SHA256'
    ELSE 'TLS_AES_128_GCM_SHA256' END;
CREATE MACRO tls_version(user_agent) AS CASE WHEN has_old_tls(user_agent) THEN 'TLSv1.2' ELSE 'TLSv1.3' END;
CREATE MACRO request_id(request) AS random_hex('request', request);
CREATE MACRO host_id(request) AS to_base64(unhex(concat(random_md5('host 1', request), random_md5('host 2', request),
    random_md5('host 3', request), random_hex('host', request))));
CREATE MACRO in_url(prefix) AS replace(prefix, '/', '%2F');
-- The access key is the one AWS uses in its documentation.
CREATE MACRO signed_query(day, request) AS concat('X-Amz-Algorithm=AWS4-HMAC-SHA256',
    '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F', day, '%2Fus-east-1%2Fs3%2Faws4_request',
    '&X-Amz-Date=', day, 'T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=',
    random_md5('signature 1', request), random_md5('signature 2', request));
-- Cut before the status at the latest: what is left is no line of any layout.
CREATE MACRO damaged_line(line, record) AS rtrim(line[:20 + record // 1500 * 7 % greatest(strpos(line, '"') - 16, 40)]);
"""

LINE = """concat_ws(' ',
    getvariable('owner'),
    bucket_name,
    strftime(moment(time), '[%d/%b/%Y:%H:%M:%S +0000]'),
    dash(address) || CASE WHEN two_blanks THEN ' ' ELSE '' END,
    dash(name),
    request_id(request),
    operation_name,
    CASE WHEN NOT has_key THEN '-' WHEN is_encoded_once THEN key_once ELSE key_twice END,
    CASE WHEN method = '' THEN '-' ELSE concat('"', method, ' /', CASE WHEN style = 'path' THEN bucket_name || '/' END,
        CASE WHEN has_key THEN request_path END, query,
        CASE WHEN names_version = 1 THEN '?versionId=' || version_id END,
        CASE WHEN operation_name = 'REST.GET.BUCKET' THEN
            '?list-type=2&delimiter=%2F&max-keys=1000&prefix=' || in_url(prefix) END,
        CASE WHEN part > 0 THEN concat('?partNumber=', part, '&uploadId=', version_id) END,
        CASE WHEN style = 'presigned' THEN concat(CASE WHEN names_version = 1 THEN '&' ELSE '?' END,
            signed_query(strftime(moment(time), '%Y%m%d'), request)) END,
        ' HTTP/1.1"') END,
    shown(status), coalesce(error_code, '-'), shown(bytes_sent), shown(object_size),
    shown(total_ms), shown(turn_around_ms),
    CASE WHEN bare OR method = '' THEN '- -'
        ELSE concat('"', dash(referer), '" "', dash(user_agent), '"') END,
    CASE WHEN names_version = 1 THEN version_id ELSE '-' END,
    host_id(request),
    array_to_string([
        CASE WHEN is_signed AND style <> 'website' THEN 'SigV4' ELSE '-' END,
        CASE WHEN method = '' OR style = 'website' THEN '-' ELSE cipher(user_agent) END,
        CASE WHEN NOT is_signed THEN '-' WHEN style = 'presigned' THEN 'QueryString' ELSE 'AuthHeader' END,
        CASE WHEN method = '' THEN '-' ELSE host(style, bucket_name, region) END,
        CASE WHEN method = '' OR style = 'website' THEN '-' ELSE tls_version(user_agent) END,
        CASE WHEN style = 'access point' THEN getvariable('access_point') ELSE '-' END,
        CASE WHEN subscriber_account_id IS DISTINCT FROM 'anonymous' OR style = 'website' THEN '-' ELSE 'Yes' END,
        dash(source_region),
        '-'][:fields - 19], ' '))"""


def write_access_logs(database: Database, folder: Path) -> None:
    """Write all raw objects below the folder: logs, an empty object, and one that is not a log."""
    database.execute(MACROS)
    for file in raw_files(database, "s3_access_log", f"{LINE} || chr(10)", "damaged_line(whole, record) || chr(10)"):
        # Some files lack a line end after the last line, and some end with blank lines, which are not records.
        end = (b"", b"\n\n\n")[file.number % 2] if file.number % 37 < 2 else b"\n"
        put(folder / file.path, as_sent(file.content[:-1]) + end, file.delivered_at)
    empty = database.execute("SELECT path, delivered_at FROM file ANTI JOIN delivered USING (source, file)").fetchall()
    for path, when in [*empty, (README_PATH, empty[0][1])]:
        put(folder / path, README if path == README_PATH else b"", when)
