-- What was served, by day, week, month and in the last 28 days: in all and per data set. Whole days only.
-- Period: days, the last 91 complete ones; weeks, 104 and the one under way; months, 120 and the one under way.
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
        bytes_sent,
        object_size,
        is_audience
    FROM access_request
    WHERE is_served_get
        AND event_date >= date_trunc('month', current_date) - INTERVAL '120' MONTH
        AND event_date < current_date
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
        reader,
        CAST(min(event_time) AS date) AS event_date,
        coalesce(sum(bytes_sent) * 100 >= max(object_size) * 95, false) AS is_download,
        bool_and(is_audience) AS is_audience
    FROM numbered
    GROUP BY account, repository, bucket, key, version_id, reader, read_number
),

-- One row per day, data set and reader, so that what is counted for each period stays small.
reader_day AS (
    SELECT
        event_date,
        account,
        repository,
        reader,
        is_audience,
        count(*) AS served_gets,
        count(*) FILTER (WHERE is_complete_get) AS complete_gets,
        0 AS logical_downloads,
        sum(bytes_sent) AS bytes_sent
    FROM request
    GROUP BY event_date, account, repository, reader, is_audience
    UNION ALL
    SELECT
        event_date,
        account,
        repository,
        NULL AS reader,
        is_audience,
        0 AS served_gets,
        0 AS complete_gets,
        count(*) AS logical_downloads,
        0 AS bytes_sent
    FROM one_read
    WHERE is_download
    GROUP BY event_date, account, repository, is_audience
),

event_day AS (
    SELECT DISTINCT event_date
    FROM reader_day
),

period AS (
    SELECT
        'day' AS grain,
        event_date AS first_day,
        event_date AS last_day,
        event_date
    FROM event_day
    WHERE event_date >= current_date - INTERVAL '91' DAY
    UNION ALL
    SELECT
        'week' AS grain,
        CAST(date_trunc('week', event_date) AS date) AS first_day,
        least(CAST(date_trunc('week', event_date) AS date) + INTERVAL '6' DAY, current_date - INTERVAL '1' DAY),
        event_date
    FROM event_day
    WHERE event_date >= date_trunc('week', current_date) - INTERVAL '728' DAY
    UNION ALL
    SELECT
        'month' AS grain,
        CAST(date_trunc('month', event_date) AS date) AS first_day,
        least(
            CAST(date_trunc('month', event_date) + INTERVAL '1' MONTH - INTERVAL '1' DAY AS date),
            current_date - INTERVAL '1' DAY
        ),
        event_date
    FROM event_day
    UNION ALL
    SELECT
        '28 days' AS grain,
        CASE
            WHEN event_date >= current_date - INTERVAL '28' DAY THEN current_date - INTERVAL '28' DAY
            ELSE current_date - INTERVAL '56' DAY
        END,
        CASE
            WHEN event_date >= current_date - INTERVAL '28' DAY THEN current_date - INTERVAL '1' DAY
            ELSE current_date - INTERVAL '29' DAY
        END,
        event_date
    FROM event_day
    WHERE event_date >= current_date - INTERVAL '56' DAY
),

total AS (
    SELECT
        grain,
        CAST(first_day AS date) AS first_day,
        CAST(last_day AS date) AS last_day,
        grouping(account, repository) AS columns_left_out,
        account,
        repository,
        sum(complete_gets) AS complete_gets,
        sum(served_gets) AS served_gets,
        sum(logical_downloads) AS logical_downloads,
        sum(bytes_sent) AS bytes_sent,
        count(DISTINCT reader) AS unique_requesters,
        coalesce(sum(complete_gets) FILTER (WHERE is_audience), 0) AS audience_complete_gets,
        coalesce(sum(served_gets) FILTER (WHERE is_audience), 0) AS audience_served_gets,
        coalesce(sum(logical_downloads) FILTER (WHERE is_audience), 0) AS audience_logical_downloads,
        coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
    FROM reader_day
    INNER JOIN period
        ON reader_day.event_date = period.event_date
    GROUP BY GROUPING SETS (
        (grain, first_day, last_day, account, repository), (grain, first_day, last_day)
    )
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'repository' ELSE 'total' END AS level,
    grain,
    first_day,
    last_day,
    CASE columns_left_out WHEN 0 THEN account ELSE '(all)' END AS account,
    CASE columns_left_out WHEN 0 THEN repository ELSE '(all)' END AS repository,
    complete_gets,
    served_gets,
    logical_downloads,
    bytes_sent,
    unique_requesters,
    audience_complete_gets,
    audience_served_gets,
    audience_logical_downloads,
    audience_bytes_sent,
    audience_unique_requesters
FROM total
ORDER BY columns_left_out DESC, grain, first_day, total.account, total.repository
