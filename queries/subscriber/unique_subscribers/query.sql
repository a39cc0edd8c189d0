-- Every subscriber with an account; anonymous requests and AWS services are left out.
-- Period: the last 12 complete months and the current month.
WITH request AS (
    SELECT
        subscriber_account_id,
        date_trunc('month', event_date) AS month,
        event_time,
        is_get,
        coalesce(bytes_out, 0) AS bytes_out,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience
    FROM cloudtrail_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND NOT coalesce(management_event, false)
        AND subscriber_account_id <> 'anonymous'
),

subscriber_total AS (
    SELECT
        subscriber_account_id,
        count(*) AS requests,
        count(*) FILTER (WHERE is_get) AS gets,
        sum(bytes_out) AS bytes_out,
        count(DISTINCT month) AS active_months,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_get) AS audience_gets,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience), 0) AS audience_bytes_out
    FROM request
    GROUP BY subscriber_account_id
)

SELECT
    subscriber_account_id,
    coalesce(name, subscriber_account_id) AS subscriber_name,
    requests,
    gets,
    bytes_out,
    active_months,
    first_seen,
    last_seen,
    audience_requests,
    audience_gets,
    audience_bytes_out
FROM subscriber_total
LEFT JOIN subscriber
    ON account_id = subscriber_account_id
ORDER BY subscriber_account_id
