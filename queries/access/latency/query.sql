-- How long S3 took for requests answered 2xx, by operation. Percentiles are exact: the smallest value that at least
-- that percentage of the requests does not exceed (nearest rank).
-- Period: the last 30 complete days and today.
WITH answered AS (
    SELECT coalesce(operation, '(none)') AS operation, total_time_ms, turn_around_time_ms
    FROM s3_access_log
    WHERE event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
        AND http_status BETWEEN 200 AND 299
),

-- One row per distinct value of each measure, which keeps the sort small, and one per operation.
histogram AS (
    SELECT
        operation,
        total_time_ms,
        turn_around_time_ms,
        grouping(total_time_ms, turn_around_time_ms) AS columns_left_out,
        count(*) AS requests
    FROM answered
    GROUP BY GROUPING SETS ((operation, total_time_ms), (operation, turn_around_time_ms), (operation))
),

measured AS (
    SELECT
        operation,
        CASE columns_left_out WHEN 1 THEN 'total' WHEN 2 THEN 'turn-around' ELSE 'requests' END AS measure,
        CASE columns_left_out WHEN 1 THEN total_time_ms WHEN 2 THEN turn_around_time_ms ELSE 0 END AS ms,
        requests
    FROM histogram
),

ranked AS (
    SELECT
        operation,
        measure,
        ms,
        100 * sum(requests) OVER (PARTITION BY operation, measure ORDER BY ms) AS reached,
        sum(requests) OVER (PARTITION BY operation, measure) AS requests
    FROM measured
    WHERE ms IS NOT NULL
)

SELECT
    operation,
    max(requests) FILTER (WHERE measure = 'requests') AS requests,
    min(ms) FILTER (WHERE measure = 'total' AND reached >= 50 * requests) AS total_time_ms_p50,
    min(ms) FILTER (WHERE measure = 'total' AND reached >= 90 * requests) AS total_time_ms_p90,
    min(ms) FILTER (WHERE measure = 'total' AND reached >= 99 * requests) AS total_time_ms_p99,
    max(ms) FILTER (WHERE measure = 'total') AS total_time_ms_max,
    min(ms) FILTER (WHERE measure = 'turn-around' AND reached >= 50 * requests) AS turn_around_time_ms_p50,
    min(ms) FILTER (WHERE measure = 'turn-around' AND reached >= 90 * requests) AS turn_around_time_ms_p90,
    min(ms) FILTER (WHERE measure = 'turn-around' AND reached >= 99 * requests) AS turn_around_time_ms_p99,
    max(ms) FILTER (WHERE measure = 'turn-around') AS turn_around_time_ms_max
FROM ranked
GROUP BY operation
ORDER BY requests DESC, operation
