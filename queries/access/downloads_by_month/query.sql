-- Downloads per month and data set, by three definitions side by side.
-- Period: the last 12 complete months and the month under way.
WITH request AS (
    SELECT
        event_date,
        event_time,
        account,
        repository,
        bucket,
        key,
        version_id,
        reader,
        is_complete_get,
        is_served_get,
        is_there,
        bytes_sent,
        object_size,
        is_audience
    FROM access_request
    -- One day more than the period: a read that began the day before is no read of the first day.
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH - INTERVAL '1' DAY
        AND event_date <= current_date
),

-- A read: served GETs of one object version by one reader, no pause over 30 minutes between them.
paused AS (
    SELECT
        *,
        CASE
            WHEN event_time - INTERVAL '30' MINUTE <= lag(event_time) OVER (
                PARTITION BY account, repository, bucket, key, version_id, reader
                ORDER BY event_time
            ) THEN 0
            ELSE 1
        END AS begins_read
    FROM request
    WHERE is_served_get
),

numbered AS (
    SELECT
        *,
        sum(begins_read) OVER (
            PARTITION BY account, repository, bucket, key, version_id, reader
            ORDER BY event_time
        ) AS read_number
    FROM paused
),

-- It belongs to the day it began, and is a download when its bytes reach 95 % of the object.
one_read AS (
    SELECT
        account,
        repository,
        bucket,
        key,
        CAST(min(event_time) AS date) AS event_date,
        coalesce(sum(bytes_sent) * 100 >= max(object_size) * 95, false) AS is_download,
        bool_and(is_audience) AS is_audience
    FROM numbered
    GROUP BY account, repository, bucket, key, version_id, reader, read_number
),

request_of_month AS (
    SELECT *, CAST(date_trunc('month', event_date) AS date) AS month
    FROM request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
),

read_of_month AS (
    SELECT *, CAST(date_trunc('month', event_date) AS date) AS month
    FROM one_read
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
),

request_total AS (
    SELECT
        month,
        account,
        repository,
        count(*) AS requests,
        count(*) FILTER (WHERE is_complete_get) AS complete_gets,
        count(*) FILTER (WHERE is_served_get) AS served_gets,
        sum(bytes_sent) AS bytes_sent,
        count(DISTINCT reader) AS unique_requesters,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_complete_get) AS audience_complete_gets,
        count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets,
        coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
    FROM request_of_month
    GROUP BY month, account, repository
    -- Anybody can name a data set that does not exist; its failed requests are in access/errors.
    HAVING bool_or(is_there)
),

read_total AS (
    SELECT
        month,
        account,
        repository,
        count(*) FILTER (WHERE is_download) AS logical_downloads,
        count(*) FILTER (WHERE NOT is_download) AS partial_reads,
        count(*) FILTER (WHERE is_audience AND is_download) AS audience_logical_downloads,
        count(*) FILTER (WHERE is_audience AND NOT is_download) AS audience_partial_reads
    FROM read_of_month
    GROUP BY month, account, repository
)

SELECT
    request_total.month,
    request_total.account,
    request_total.repository,
    requests,
    complete_gets,
    served_gets,
    coalesce(logical_downloads, 0) AS logical_downloads,
    coalesce(partial_reads, 0) AS partial_reads,
    bytes_sent,
    unique_requesters,
    audience_requests,
    audience_complete_gets,
    audience_served_gets,
    coalesce(audience_logical_downloads, 0) AS audience_logical_downloads,
    coalesce(audience_partial_reads, 0) AS audience_partial_reads,
    audience_bytes_sent,
    audience_unique_requesters
FROM request_total
LEFT JOIN read_total
    ON request_total.month = read_total.month
    AND request_total.account = read_total.account
    AND request_total.repository = read_total.repository
ORDER BY request_total.month, request_total.account, request_total.repository
