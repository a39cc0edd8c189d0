-- Cost of the bytes that each subscriber read, at one price per GB: an estimate, not a bill.
-- Period: the last 12 complete months and the current month.
WITH price AS (
    -- US dollars per GB of 1024 x 1024 x 1024 bytes.
    SELECT CAST(? AS double) AS price_per_gb
),

request AS (
    SELECT
        date_trunc('month', event_date) AS month,
        coalesce(subscriber_account_id, '(none)') AS subscriber_account_id,
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
        sum(bytes_out) AS bytes_out,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience), 0) AS audience_bytes_out
    FROM request
    GROUP BY month, subscriber_account_id
)

SELECT
    CAST(month AS date) AS month,
    subscriber_account_id,
    coalesce(name, subscriber_account_id) AS subscriber_name,
    bytes_out,
    CAST(bytes_out AS double) / 1073741824 AS gb_out,
    price_per_gb,
    CAST(bytes_out AS double) / 1073741824 * price_per_gb AS estimated_dollars,
    audience_bytes_out,
    CAST(audience_bytes_out AS double) / 1073741824 * price_per_gb AS audience_estimated_dollars
FROM month_total
CROSS JOIN price
LEFT JOIN subscriber
    ON account_id = subscriber_account_id
ORDER BY month_total.month, subscriber_account_id
