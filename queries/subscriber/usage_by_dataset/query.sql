-- Usage of each data set: a row per data set, and one per subscriber of it.
-- Period: the last 12 complete months and the current month.
WITH request AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        coalesce(subscriber_account_id, '(none)') AS caller,
        nullif(subscriber_account_id, 'anonymous') AS subscriber_account_id,
        event_time,
        is_get,
        bucket || '/' || key AS object,
        coalesce(bytes_out, 0) AS bytes_out,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience
    FROM cloudtrail_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND NOT coalesce(management_event, false)
        -- Anybody can make failing requests, for any name. They are in subscriber/denied_requests.
        AND error_code IS NULL
),

got AS (
    SELECT *, CASE WHEN is_get THEN object END AS got_object
    FROM request
),

-- One row per object and caller, which keeps the distinct counts small.
object_total AS (
    SELECT
        account,
        repository,
        caller,
        subscriber_account_id,
        got_object,
        count(*) AS requests,
        count(*) FILTER (WHERE is_get) AS gets,
        sum(bytes_out) AS bytes_out,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_get) AS audience_gets,
        coalesce(sum(bytes_out) FILTER (WHERE is_audience), 0) AS audience_bytes_out
    FROM got
    GROUP BY account, repository, caller, subscriber_account_id, got_object
),

total AS (
    SELECT
        grouping(caller) AS columns_left_out,
        account,
        repository,
        caller,
        sum(requests) AS requests,
        sum(gets) AS gets,
        sum(bytes_out) AS bytes_out,
        count(DISTINCT got_object) AS unique_objects,
        count(DISTINCT subscriber_account_id) AS unique_subscribers,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen,
        sum(audience_requests) AS audience_requests,
        sum(audience_gets) AS audience_gets,
        sum(audience_bytes_out) AS audience_bytes_out,
        count(DISTINCT got_object) FILTER (WHERE audience_gets > 0) AS audience_unique_objects,
        count(DISTINCT subscriber_account_id) FILTER (WHERE audience_requests > 0) AS audience_unique_subscribers
    FROM object_total
    GROUP BY GROUPING SETS ((account, repository, caller), (account, repository))
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'subscriber' ELSE 'repository' END AS level,
    account,
    repository,
    CASE columns_left_out WHEN 0 THEN caller ELSE '(all)' END AS subscriber_account_id,
    CASE columns_left_out WHEN 0 THEN coalesce(name, caller) ELSE '(all)' END AS subscriber_name,
    requests,
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
ORDER BY account, repository, columns_left_out DESC, caller
