-- How many different requesters there were: in all, per account, per data set. None of the counts is a sum of others.
-- Period: the last 12 complete months and the month under way.
WITH request AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        coalesce(requester, remote_ip || ' ' || coalesce(user_agent, '-')) AS reader,
        operation IN ('REST.GET.OBJECT', 'WEBSITE.GET.OBJECT') AND http_status IN (200, 206) AS is_served_get,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false)
            -- What S3 does by itself, such as lifecycle work, has no reader.
            AND NOT coalesce(operation LIKE 'S3.%', false) AS is_audience
    FROM s3_access_log
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
),

total AS (
    SELECT
        grouping(account, repository) AS columns_left_out,
        account,
        repository,
        count(*) AS requests,
        count(DISTINCT reader) AS unique_requesters,
        count(DISTINCT reader) FILTER (WHERE is_served_get) AS unique_requesters_served,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters,
        count(DISTINCT reader) FILTER (WHERE is_audience AND is_served_get) AS audience_unique_requesters_served
    FROM request
    GROUP BY GROUPING SETS ((account, repository), (account), ())
    HAVING count(*) > 0
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'repository' WHEN 1 THEN 'account' ELSE 'total' END AS level,
    CASE WHEN columns_left_out <= 1 THEN account ELSE '(all)' END AS account,
    CASE WHEN columns_left_out = 0 THEN repository ELSE '(all)' END AS repository,
    requests,
    unique_requesters,
    unique_requesters_served,
    audience_requests,
    audience_unique_requesters,
    audience_unique_requesters_served
FROM total
ORDER BY columns_left_out DESC, total.account, total.repository
