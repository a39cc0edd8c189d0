-- Each request of a reader once, whether S3 or CloudFront answered it. A filter on event_date reaches the partitions.
CREATE OR REPLACE VIEW request AS
SELECT
    logged.event_date,
    logged.event_time,
    logged.begin_time,
    logged.end_time,
    logged.account,
    logged.repository,
    logged.bucket,
    logged.key,
    logged.version_id,
    logged.operation,
    logged.http_status,
    logged.error_code,
    logged.object_size,
    logged.bytes_sent,
    logged.referer,
    logged.user_agent,
    logged.is_through_cloudfront,
    logged.reader,
    logged.reader_key,
    logged.reader_address,
    logged.country,
    logged.place,
    logged.network,
    logged.is_own,
    logged.is_robot,
    logged.is_audience,
    logged.is_complete_get,
    logged.is_served_get,
    logged.is_error,
    logged.is_there
FROM access_request AS logged
LEFT JOIN (
    SELECT DISTINCT event_date, bucket
    FROM cloudfront_log
    WHERE bucket IS NOT NULL
        -- A distribution's logs may lack these fields. Then they count nothing, and S3's records count instead.
        AND cs_method IS NOT NULL
        AND sc_status IS NOT NULL
) AS distribution
    ON logged.event_date = distribution.event_date
    AND logged.bucket = distribution.bucket
-- CloudFront's requests to S3 are in its own logs as its readers' requests. It fetches public objects without an
-- identity, and then only the user agent shows it.
WHERE distribution.bucket IS NULL
    OR NOT (logged.is_through_cloudfront OR coalesce(logged.user_agent = 'Amazon CloudFront', false))
UNION ALL
SELECT
    event_date,
    event_time,
    begin_time,
    event_time AS end_time,
    account,
    repository,
    bucket,
    key,
    CAST(NULL AS varchar) AS version_id,
    CASE WHEN cs_method = '(none)' THEN cs_method ELSE 'CLOUDFRONT.' || cs_method || '.OBJECT' END AS operation,
    nullif(sc_status, 0) AS http_status,
    CASE WHEN is_error THEN result_type END AS error_code,
    object_size,
    body_bytes_sent AS bytes_sent,
    referer,
    user_agent,
    true AS is_through_cloudfront,
    reader,
    reader_key,
    reader_address,
    coalesce(country, '(unknown)') AS country,
    coalesce(place, 'unknown') AS place,
    coalesce(network, 'other') AS network,
    is_own,
    is_robot,
    is_audience,
    is_complete_get,
    is_served_get,
    is_error,
    is_there
FROM cloudfront_request
WHERE bucket IS NOT NULL
