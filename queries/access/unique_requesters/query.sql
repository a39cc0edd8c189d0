-- Number of distinct requesters in total, per account and per data set. None of the counts is a sum of others.
-- Period: the last 12 complete months and the current month.
WITH
-- One row per reader, which keeps the distinct counts small.
reader_total AS (
    SELECT
        account,
        repository,
        is_through_cloudfront,
        reader,
        count(*) AS requests,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_served_get) AS served_gets,
        count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets
    FROM request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        -- Anybody can make failing requests, for any name. They are in access/errors.
        AND is_there
    GROUP BY account, repository, is_through_cloudfront, reader
),

total AS (
    SELECT
        grouping(account, repository, is_through_cloudfront) AS columns_left_out,
        account,
        repository,
        is_through_cloudfront,
        sum(requests) AS requests,
        count(DISTINCT reader) AS unique_requesters,
        count(DISTINCT reader) FILTER (WHERE served_gets > 0) AS unique_requesters_served,
        sum(audience_requests) AS audience_requests,
        count(DISTINCT reader) FILTER (WHERE audience_requests > 0) AS audience_unique_requesters,
        count(DISTINCT reader) FILTER (WHERE audience_served_gets > 0) AS audience_unique_requesters_served
    FROM reader_total
    GROUP BY GROUPING SETS ((account, repository), (account), (is_through_cloudfront), ())
    HAVING count(*) > 0
)

SELECT
    CASE columns_left_out
        WHEN 1 THEN 'repository' WHEN 3 THEN 'account' WHEN 6 THEN 'through CloudFront' ELSE 'total'
    END AS level,
    CASE WHEN columns_left_out <= 3 THEN account ELSE '(all)' END AS account,
    CASE WHEN columns_left_out = 1 THEN repository ELSE '(all)' END AS repository,
    requests,
    unique_requesters,
    unique_requesters_served,
    audience_requests,
    audience_unique_requesters,
    audience_unique_requesters_served
FROM total
WHERE columns_left_out <> 6 OR is_through_cloudfront
ORDER BY columns_left_out DESC, total.account, total.repository
