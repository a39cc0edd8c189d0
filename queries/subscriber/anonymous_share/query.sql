-- How much of each month's requests and bytes has no known account.
-- Period: the last 12 complete months and the current month.
WITH request AS (
    SELECT
        date_trunc('month', event_date) AS month,
        coalesce(subscriber_account_id = 'anonymous', false) AS is_anonymous,
        subscriber_account_id IS NULL AS is_without_account,
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
        count(*) AS requests,
        count(*) FILTER (WHERE is_anonymous) AS anonymous_requests,
        count(*) FILTER (WHERE is_without_account) AS requests_without_account,
        sum(bytes_out) AS bytes_out,
        coalesce(sum(bytes_out) FILTER (WHERE is_anonymous), 0) AS anonymous_bytes_out,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_anonymous) AS audience_anonymous_requests,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience), 0) AS audience_bytes_out,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience AND is_anonymous), 0) AS audience_anonymous_bytes_out
    FROM request
    GROUP BY month
)

SELECT
    CAST(month AS date) AS month,
    requests,
    anonymous_requests,
    CAST(anonymous_requests AS double) / requests AS anonymous_share_of_requests,
    requests_without_account,
    bytes_out,
    anonymous_bytes_out,
    CAST(anonymous_bytes_out AS double) / nullif(bytes_out, 0) AS anonymous_share_of_bytes_out,
    audience_requests,
    audience_anonymous_requests,
    CAST(audience_anonymous_requests AS double) / nullif(audience_requests, 0)
        AS audience_anonymous_share_of_requests,
    audience_bytes_out,
    audience_anonymous_bytes_out,
    CAST(audience_anonymous_bytes_out AS double) / nullif(audience_bytes_out, 0)
        AS audience_anonymous_share_of_bytes_out
FROM month_total
ORDER BY month_total.month
