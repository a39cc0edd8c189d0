-- How long S3 took for requests it answered 2xx, by operation. Percentiles are exact: the smallest
-- value that at least so many per cent of the requests do not exceed (nearest rank).
-- Period: the last 30 complete days and today.
WITH answered AS (
    SELECT coalesce(operation, '(none)') AS operation, total_time_ms, turn_around_time_ms
    FROM s3_access_log
    WHERE event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
        AND http_status BETWEEN 200 AND 299
),

-- One row per different value, so that what has to be sorted stays small.
histogram AS (
    SELECT operation, 'total' AS measure, total_time_ms AS ms, count(*) AS requests
    FROM answered
    WHERE total_time_ms IS NOT NULL
    GROUP BY operation, total_time_ms
    UNION ALL
    SELECT operation, 'turn-around' AS measure, turn_around_time_ms AS ms, count(*) AS requests
    FROM answered
    WHERE turn_around_time_ms IS NOT NULL
    GROUP BY operation, turn_around_time_ms
),

ranked AS (
    SELECT
        operation,
        measure,
        ms,
        100 * sum(requests) OVER (PARTITION BY operation, measure ORDER BY ms) AS reached,
        sum(requests) OVER (PARTITION BY operation, measure) AS requests
    FROM histogram
),

percentile AS (
    SELECT
        operation,
        measure,
        min(ms) FILTER (WHERE reached >= 50 * requests) AS p50,
        min(ms) FILTER (WHERE reached >= 90 * requests) AS p90,
        min(ms) FILTER (WHERE reached >= 99 * requests) AS p99,
        max(ms) AS slowest
    FROM ranked
    GROUP BY operation, measure
),

operation_total AS (
    SELECT operation, count(*) AS requests
    FROM answered
    GROUP BY operation
)

SELECT
    operation_total.operation,
    requests,
    whole.p50 AS total_time_ms_p50,
    whole.p90 AS total_time_ms_p90,
    whole.p99 AS total_time_ms_p99,
    whole.slowest AS total_time_ms_max,
    turn_around.p50 AS turn_around_time_ms_p50,
    turn_around.p90 AS turn_around_time_ms_p90,
    turn_around.p99 AS turn_around_time_ms_p99,
    turn_around.slowest AS turn_around_time_ms_max
FROM operation_total
LEFT JOIN percentile AS whole
    ON operation_total.operation = whole.operation AND whole.measure = 'total'
LEFT JOIN percentile AS turn_around
    ON operation_total.operation = turn_around.operation AND turn_around.measure = 'turn-around'
ORDER BY requests DESC, operation_total.operation
