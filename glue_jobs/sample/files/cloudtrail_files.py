"""Write the requests as CloudTrail events, in gzip files. One file is truncated, and some have no events of requests.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from pathlib import Path

from glue_jobs.sample.database import Database
from glue_jobs.sample.scenario.delivery import put, raw_files
from glue_jobs.sample.scenario.publisher import PUBLISHER_ACCOUNT

GZIP_LEVEL, GZIP_WINDOW = 4, 31
DIGEST = "CloudTrail-Digest"
SKIPPED = ("CloudTrail-Aggregated", DIGEST, "CloudTrail-Insight")
"""Folders of CloudTrail files without events of requests."""
SKIPPED_BEFORE_END = 3_000
"""Seconds from the delivery of the files in these folders to the end of the sample."""

MACROS = """
CREATE MACRO transferred(number, minor) AS concat(greatest(coalesce(number, 0), 0), CASE WHEN minor = 5 THEN '.0' END);
CREATE MACRO bucket_arn(bucket_name) AS concat('arn:aws:s3:::', bucket_name);
CREATE MACRO resource(type, arn, account := '111122223333') AS
    concat('{"accountId":"', account, '","type":"AWS::S3::', type, '","ARN":"', arn, '"}');
-- What stands in a list of records and is not a record.
CREATE MACRO no_record(record) AS
    ['"AwsApiCall"', '42', '["GetObject"]', '"{\\"eventName\\":\\"GetObject\\"}"', 'true'][1 + record // 1500 % 5];
"""

# SQL expressions of columns of ``action``; null parts are omitted. Fields with a condition on ``minor`` are missing in
# records of earlier event versions. In version 1.05 numbers of bytes have a decimal point and the host is a list.
IDENTITY = """CASE
    WHEN subscriber_account_id = 'anonymous' AND time < getvariable('renamed')
        THEN replace(user_identity, '"anonymous"', '"ANONYMOUS_PRINCIPAL"')
    ELSE replace(CASE WHEN recorded_by = bucket THEN user_identity ELSE home_identity END, '{day}',
        strftime(moment(time), '%Y-%m-%d')) END"""
CLIENT = """CASE event_type WHEN 'AwsServiceEvent'
    THEN '"sourceIPAddress":"AWS Internal","userAgent":"AWS Internal"' ELSE client END"""
PARAMETERS = """CASE WHEN is_management THEN replace(parameters, '{bucket}', bucket_name) ELSE concat(
    '{"bucketName":"', CASE style WHEN 'access point' THEN getvariable('access_point') ELSE named_bucket END,
    CASE WHEN minor = 5 THEN '","host":["' ELSE '","Host":"' END, host(style, named_bucket, region),
    CASE WHEN minor = 5 THEN '"]' ELSE '"' END,
    CASE WHEN has_key THEN ',"key":' || to_json(named_key) END,
    parameters,
    CASE WHEN names_version = 1 THEN concat(',"versionId":"', version_id, '"') END,
    CASE WHEN operation_name = 'REST.GET.BUCKET' THEN concat(',"prefix":"', prefix, '"') END,
    CASE WHEN part > 0 THEN concat(',"partNumber":"', part, '","uploadId":"', version_id, '"') END,
    copy_source,
    CASE style WHEN 'presigned' THEN concat(',"X-Amz-Date":"', strftime(moment(time), '%Y%m%d'),
        'T000000Z","X-Amz-Expires":"86400","X-Amz-SignedHeaders":"host"') END,
    '}') END"""
ADDITIONAL_DATA = """CASE WHEN NOT is_management THEN concat(
    ',"additionalEventData":{"CipherSuite":"', cipher(user_agent), CASE
        WHEN subscriber_account_id = 'anonymous' THEN '","aclRequired":"Yes"'
        WHEN style = 'presigned' THEN '","SignatureVersion":"SigV4","AuthenticationMethod":"QueryString"'
        ELSE '","SignatureVersion":"SigV4","AuthenticationMethod":"AuthHeader"' END,
    ',"bytesTransferredIn":', transferred(bytes_in, minor), ',"x-amz-id-2":"', host_id(request),
    '","bytesTransferredOut":', transferred(CASE WHEN NOT is_corrected THEN bytes_sent END, minor), '}') END"""
RESOURCES = """CASE WHEN is_management THEN replace(resources, '{bucket}', bucket_name) ELSE concat(
    ',"resources":[{"type":"AWS::S3::Object","ARN', CASE WHEN NOT has_key THEN 'Prefix' END, '":',
    to_json(concat(bucket_arn(named_bucket), '/',
        CASE WHEN has_key THEN named_key WHEN event_name = 'ListObjects' THEN prefix END)),
    '},', resource('Bucket', bucket_arn(named_bucket), account := CASE WHEN is_copied_away THEN subscriber_account_id
        ELSE '111122223333' END),
    CASE style WHEN 'access point' THEN ',' || resource('AccessPoint', getvariable('access_point')) END,
    copy_resources, ']') END"""
CATEGORY = """CASE WHEN is_management THEN ',"managementEvent":true,"eventCategory":"Management"' ELSE concat(
    CASE WHEN minor >= 6 THEN ',"managementEvent":false' END,
    CASE WHEN minor >= 7 THEN ',"eventCategory":"Data"' END,
    ',"vpcEndpointId":"' || vpc_endpoint || '"',
    CASE WHEN minor >= 9 AND vpc_endpoint IS NOT NULL
        THEN concat(',"vpcEndpointAccountId":"', subscriber_account_id, '"') END,
    CASE WHEN minor >= 8 THEN concat(',"tlsDetails":{"tlsVersion":"', tls_version(user_agent), '","cipherSuite":"',
        cipher(user_agent), '","clientProvidedHostHeader":"', host(style, named_bucket, region), '"}') END,
    CASE WHEN is_foreign THEN concat(',"sharedEventID":"', random_uuid('shared', request), '"') END) END"""
# A correction has the id of the event it corrects, or an id of its own.
EVENT_ID = "random_uuid('event', CASE WHEN corrects % 3 = 0 THEN corrects ELSE record END)"
EVENT = f"""concat(
    '{{"eventVersion":"1.', lpad(CAST(minor AS VARCHAR), 2, '0'), '","userIdentity":', {IDENTITY},
    ',"eventTime":"', iso(time), '","eventSource":"', event_source, '","eventName":"', event_name,
    '","awsRegion":"', region, '",', {CLIENT},
    ',"errorCode":"' || error_code || '","errorMessage":"' || error_message || '"',
    ',"requestParameters":', {PARAMETERS}, ',"responseElements":', response, {ADDITIONAL_DATA},
    ',"requestID":"', request_id(request), '","eventID":"', {EVENT_ID}, '"',
    {RESOURCES},
    ',"readOnly":', read_only, ',"eventType":"', event_type, '","recipientAccountId":"', trail_account, '"', {CATEGORY},
    CASE WHEN minor >= 8 AND is_signed AND user_agent LIKE 'S3Console%'
        THEN ',"sessionCredentialFromConsole":"true"' END,
    CASE WHEN corrects IS NOT NULL THEN concat(',"addendum":{{"reason":"UPDATED_DATA",'
            '"updatedFields":"additionalEventData.bytesTransferredOut","originalRequestID":"', request_id(request),
            '","originalEventID":"', random_uuid('event', corrects), '"}}')
        WHEN is_late AND minor >= 8 THEN ',"addendum":{{"reason":"DELIVERY_DELAY","updatedFields":null,'
        '"originalRequestID":null,"originalEventID":null}}' END, '}}')"""


def write_trail(database: Database, folder: Path, end: int) -> None:
    """Write all raw objects below the folder; the requests end at ``end``, in seconds since 1970."""
    database.execute(MACROS)
    for file in raw_files(database, "cloudtrail_s3_event", f"{EVENT} || ','", "no_record(record) || ','"):
        document = file.content if file.is_cut else file.content[:-1] + b"]}"
        put(folder / file.path, packed(b'{"Records":[' + document, file.is_cut), file.delivered_at)
    for path, content in skipped_files(end):
        put(folder / path, packed(content), end - SKIPPED_BEFORE_END)


def skipped_files(end: int) -> list[tuple[str, bytes]]:
    """Path and content of files without events of requests, such as a digest in each of two Regions."""
    moment = datetime.fromtimestamp(end - SKIPPED_BEFORE_END, UTC)
    day, second, minute = f"{moment:%Y/%m/%d}", f"{moment:%Y%m%dT%H%M%SZ}", f"{moment:%Y%m%dT%H%MZ}"
    files: list[tuple[str, bytes]] = []
    for kind, region in (*((kind, "us-east-1") for kind in SKIPPED), (DIGEST, "us-west-2")):
        name, content = f"{minute}_SampleOfNoEvents", '{"Records":[{"eventCategory":"Insight"}]}'
        if kind == DIGEST:
            name, content = f"usage-trail_us-east-1_{second}", f'{{"digestEndTime":"{second}","logFiles":[]}}'
        folder = f"AWSLogs/{PUBLISHER_ACCOUNT}/{kind}/{region}/{day}"
        files.append((f"{folder}/{PUBLISHER_ACCOUNT}_{kind}_{region}_{name}.json.gz", content.encode()))
    return sorted(files)


def packed(document: bytes, is_cut: bool = False) -> bytes:
    """The document as gzip without a time; with ``is_cut`` the gzip stream has no end."""
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    # A sync flush makes every byte before it decompressible.
    end = zlib.Z_SYNC_FLUSH if is_cut else zlib.Z_FINISH
    return compressor.compress(document) + compressor.flush(end)
