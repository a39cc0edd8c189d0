-- The definition of a read, once for all queries on readers' requests. A filter on event_date reaches the table's
-- partitions, because both windows and the groups are within a day.
CREATE OR REPLACE VIEW access_by_read AS
WITH paused AS (
    SELECT
        event_date,
        event_time,
        begin_time,
        account,
        repository,
        bucket,
        key,
        version_id,
        reader,
        reader_key,
        reader_address,
        country,
        place,
        network,
        is_served_get,
        is_complete_get,
        is_audience,
        bytes_sent,
        object_size,
        coalesce(reader, reader_address) AS joined_by,
        -- The readers behind CloudFront are unknown: each whole response is taken to be for another one.
        reader IS NULL AND http_status = 200 AS is_read_alone,
        CASE
            -- A pause begins when the last response ends: a large object takes hours.
            WHEN begin_time - INTERVAL '30' MINUTE <= max(end_time) OVER (
                PARTITION BY
                    event_date, account, repository, bucket, key, version_id, coalesce(reader, reader_address), is_served_get
                ORDER BY begin_time
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) THEN 0
            ELSE 1
        END AS begins_read
    FROM request
    -- Anybody can make failing requests, for any name. They are in access/errors.
    WHERE is_there
),

numbered AS (
    SELECT
        *,
        CASE
            -- Numbers below zero are no other read's.
            WHEN is_served_get AND is_read_alone THEN -row_number() OVER (
                PARTITION BY event_date, account, repository, bucket, key, version_id, joined_by, is_served_get
                ORDER BY begin_time
            )
            WHEN is_served_get THEN sum(begins_read) OVER (
                PARTITION BY event_date, account, repository, bucket, key, version_id, joined_by, is_served_get
                ORDER BY begin_time
            )
        END AS read_number
    FROM paused
)

SELECT
    event_date,
    account,
    repository,
    bucket,
    key,
    version_id,
    reader,
    max(reader_key) AS reader_key,
    max(reader_address) AS reader_address,
    -- Of the first request; of two in the same second, the first by name.
    min_by(country, CAST(event_time AS varchar) || country) AS country,
    min_by(place, CAST(event_time AS varchar) || place) AS place,
    min_by(network, CAST(event_time AS varchar) || network) AS network,
    min(event_time) AS first_time,
    max(event_time) AS last_time,
    count(*) AS requests,
    count(*) FILTER (WHERE is_complete_get) AS complete_gets,
    count(*) FILTER (WHERE is_served_get) AS served_gets,
    CAST(sum(bytes_sent) AS bigint) AS bytes_sent,
    max(object_size) AS object_size,
    count(*) FILTER (WHERE is_audience) AS audience_requests,
    count(*) FILTER (WHERE is_audience AND is_complete_get) AS audience_complete_gets,
    count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets,
    CAST(coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS bigint) AS audience_bytes_sent,
    read_number IS NOT NULL AS is_read,
    read_number IS NOT NULL
        AND coalesce(CAST(sum(bytes_sent) AS bigint) * 100 >= max(object_size) * 95, false) AS is_download,
    bool_and(is_audience) AS is_audience
FROM numbered
GROUP BY event_date, account, repository, bucket, key, version_id, reader, joined_by, read_number
