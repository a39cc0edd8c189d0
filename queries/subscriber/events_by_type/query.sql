-- Number of requests by event name.
-- Period: the last 12 complete months and the current month.
WITH request AS (
    SELECT
        coalesce(event_name, '(none)') AS event_name,
        nullif(subscriber_account_id, 'anonymous') AS subscriber_account_id,
        coalesce(subscriber_account_id = 'anonymous', false) AS is_anonymous,
        error_code IS NOT NULL AS is_error,
        coalesce(bytes_out, 0) AS bytes_out,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience
    FROM cloudtrail_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND NOT coalesce(management_event, false)
),

event_total AS (
    SELECT
        event_name,
        count(*) AS requests,
        count(subscriber_account_id) AS subscriber_requests,
        count(*) FILTER (WHERE is_anonymous) AS anonymous_requests,
        count(*) FILTER (WHERE is_error) AS errors,
        sum(bytes_out) AS bytes_out,
        count(DISTINCT subscriber_account_id) AS unique_subscribers,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(subscriber_account_id) FILTER (WHERE is_audience) AS audience_subscriber_requests,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience), 0) AS audience_bytes_out,
        count(DISTINCT subscriber_account_id) FILTER (WHERE is_audience) AS audience_unique_subscribers
    FROM request
    GROUP BY event_name
)

SELECT
    event_name,
    requests,
    CAST(requests AS double) / sum(requests) OVER () AS share_of_requests,
    subscriber_requests,
    anonymous_requests,
    errors,
    bytes_out,
    unique_subscribers,
    audience_requests,
    audience_subscriber_requests,
    audience_bytes_out,
    audience_unique_subscribers
FROM event_total
ORDER BY subscriber_requests DESC, requests DESC, event_name
