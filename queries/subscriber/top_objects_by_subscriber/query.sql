-- The 10 objects each subscriber got most often, robots and own traffic counted last.
-- Period: the last 12 complete months and the current month.
WITH request AS (
    SELECT
        coalesce(subscriber_account_id, '(none)') AS subscriber_account_id,
        bucket,
        key,
        coalesce(bytes_out, 0) AS bytes_out,
        event_time,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience
    FROM cloudtrail_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND is_get
),

object_total AS (
    SELECT
        subscriber_account_id,
        bucket,
        key,
        count(*) AS gets,
        sum(bytes_out) AS bytes_out,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) FILTER (WHERE is_audience) AS audience_gets,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience), 0) AS audience_bytes_out
    FROM request
    GROUP BY subscriber_account_id, bucket, key
),

placed AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY subscriber_account_id
            ORDER BY audience_gets DESC, gets DESC, audience_bytes_out DESC, bytes_out DESC, bucket, key
        ) AS place
    FROM object_total
)

SELECT
    subscriber_account_id,
    coalesce(name, subscriber_account_id) AS subscriber_name,
    place,
    bucket,
    key,
    gets,
    bytes_out,
    first_seen,
    last_seen,
    audience_gets,
    audience_bytes_out
FROM placed
LEFT JOIN subscriber
    ON account_id = subscriber_account_id
WHERE place <= 10
ORDER BY subscriber_account_id, place
