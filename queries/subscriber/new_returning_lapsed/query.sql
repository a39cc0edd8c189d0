-- Which subscribers are new, returning or lapsed in each month, without anonymous requests, AWS services, robots
-- and own traffic.
-- Period: the last 12 complete months and the current month.
WITH active_month AS (
    SELECT
        subscriber_account_id,
        date_trunc('month', event_date) AS month,
        count(*) AS requests,
        max(event_time) AS last_request
    FROM cloudtrail_request
    -- A year more than the period: a subscriber without a request in the 12 months before is new.
    WHERE event_date >= date_trunc('month', date_trunc('month', current_date) - INTERVAL '12' MONTH) - INTERVAL '12' MONTH
        -- The last day of the period, while current_date alone is a day that is not over.
        AND event_date <= current_date - INTERVAL '0' DAY
        AND NOT coalesce(management_event, false)
        -- Anybody can make failing requests. They are in subscriber/denied_requests.
        AND error_code IS NULL
        AND subscriber_account_id <> 'anonymous'
        AND NOT coalesce(is_robot, false)
        AND NOT coalesce(is_own, false)
    GROUP BY subscriber_account_id, date_trunc('month', event_date)
),

neighbours AS (
    SELECT
        *,
        lag(month) OVER (PARTITION BY subscriber_account_id ORDER BY month) AS month_before,
        lag(last_request) OVER (PARTITION BY subscriber_account_id ORDER BY month) AS request_before,
        lead(month) OVER (PARTITION BY subscriber_account_id ORDER BY month) AS month_after
    FROM active_month
),

event AS (
    SELECT false AS is_lapse
    UNION ALL
    SELECT true AS is_lapse
),

-- The current month is not over: nobody has lapsed in it yet.
standing AS (
    SELECT
        CASE WHEN is_lapse THEN month + INTERVAL '1' MONTH ELSE month END AS month,
        CASE
            WHEN is_lapse THEN 'lapsed' WHEN month_before >= month - INTERVAL '12' MONTH THEN 'returning' ELSE 'new'
        END AS status,
        subscriber_account_id,
        CASE WHEN is_lapse THEN 0 ELSE requests END AS requests,
        CASE
            WHEN is_lapse THEN last_request WHEN month_before >= month - INTERVAL '12' MONTH THEN request_before
        END AS previous_request,
        last_request
    FROM neighbours
    CROSS JOIN event
    WHERE NOT is_lapse
        OR (
            month + INTERVAL '1' MONTH < date_trunc('month', current_date)
            AND (month_after IS NULL OR month_after > month + INTERVAL '1' MONTH)
        )
)

SELECT
    CAST(month AS date) AS month,
    status,
    subscriber_account_id,
    coalesce(name, subscriber_account_id) AS subscriber_name,
    count(*) OVER (PARTITION BY standing.month, status) AS subscribers,
    requests,
    previous_request,
    last_request
FROM standing
LEFT JOIN subscriber
    ON account_id = subscriber_account_id
WHERE month >= date_trunc('month', date_trunc('month', current_date) - INTERVAL '12' MONTH)
ORDER BY
    standing.month,
    CASE status WHEN 'new' THEN 1 WHEN 'returning' THEN 2 ELSE 3 END,
    subscriber_account_id
