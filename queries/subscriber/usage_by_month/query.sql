-- What each subscriber read, by month.
-- Period: the last 12 complete months and the current month.
WITH request AS (
    SELECT
        date_trunc('month', event_date) AS month,
        coalesce(subscriber_account_id, '(none)') AS subscriber_account_id,
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

month_total AS (
    SELECT
        month,
        subscriber_account_id,
        count(*) AS requests,
        count(*) FILTER (WHERE is_error) AS errors,
        count(*) FILTER (WHERE is_get) AS gets,
        sum(bytes_out) AS bytes_out,
        count(DISTINCT object) FILTER (WHERE is_get) AS unique_objects,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_get) AS audience_gets,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience), 0) AS audience_bytes_out,
        count(DISTINCT object) FILTER (WHERE is_audience AND is_get) AS audience_unique_objects
    FROM request
    GROUP BY month, subscriber_account_id
)

SELECT
    CAST(month AS date) AS month,
    subscriber_account_id,
    coalesce(name, subscriber_account_id) AS subscriber_name,
    requests,
    errors,
    gets,
    bytes_out,
    unique_objects,
    first_seen,
    last_seen,
    audience_requests,
    audience_gets,
    audience_bytes_out,
    audience_unique_objects
FROM month_total
LEFT JOIN subscriber
    ON account_id = subscriber_account_id
ORDER BY month_total.month, subscriber_account_id
