-- Usage of each access point: a row per access point, and one per subscriber of it.
-- Period: the last 12 complete months and the current month.
WITH request AS (
    SELECT
        coalesce(access_point_arn, '(none)') AS access_point_arn,
        coalesce(subscriber_account_id, '(none)') AS caller,
        nullif(subscriber_account_id, 'anonymous') AS subscriber_account_id,
        event_time,
        error_code IS NOT NULL AS is_error,
        is_get,
        bucket || '/' || key AS object,
        coalesce(bytes_out, 0) AS bytes_out,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience
    FROM cloudtrail_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND NOT coalesce(management_event, false)
),

total AS (
    SELECT
        grouping(caller) AS columns_left_out,
        access_point_arn,
        caller,
        count(*) AS requests,
        count(*) FILTER (WHERE is_error) AS errors,
        count(*) FILTER (WHERE is_get) AS gets,
        sum(bytes_out) AS bytes_out,
        count(DISTINCT object) FILTER (WHERE is_get) AS unique_objects,
        count(DISTINCT subscriber_account_id) AS unique_subscribers,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_get) AS audience_gets,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience), 0) AS audience_bytes_out,
        count(DISTINCT object) FILTER (WHERE is_audience AND is_get) AS audience_unique_objects,
        count(DISTINCT subscriber_account_id) FILTER (WHERE is_audience) AS audience_unique_subscribers
    FROM request
    GROUP BY GROUPING SETS ((access_point_arn, caller), (access_point_arn))
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'subscriber' ELSE 'access_point' END AS level,
    access_point_arn,
    CASE columns_left_out WHEN 0 THEN caller ELSE '(all)' END AS subscriber_account_id,
    CASE columns_left_out WHEN 0 THEN coalesce(name, caller) ELSE '(all)' END AS subscriber_name,
    requests,
    errors,
    gets,
    bytes_out,
    unique_objects,
    unique_subscribers,
    first_seen,
    last_seen,
    audience_requests,
    audience_gets,
    audience_bytes_out,
    audience_unique_objects,
    audience_unique_subscribers
FROM total
LEFT JOIN subscriber
    ON account_id = caller
ORDER BY access_point_arn, columns_left_out DESC, caller
