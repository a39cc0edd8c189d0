-- How much of the traffic is the publisher's own, in total and per data set.
-- Period: the last 30 complete days and today.
WITH
-- One row per reader, which keeps the distinct counts small.
reader_total AS (
    SELECT
        account,
        repository,
        reader,
        count(*) AS requests,
        count(*) FILTER (WHERE is_own) AS own_requests,
        count(*) FILTER (WHERE is_served_get) AS served_gets,
        count(*) FILTER (WHERE is_own AND is_served_get) AS own_served_gets,
        sum(bytes_sent) AS bytes_sent,
        coalesce(sum(bytes_sent) FILTER (WHERE is_own), 0) AS own_bytes_sent,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets,
        coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent
    FROM request
    WHERE event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
        -- Anybody can make failing requests, for any name. They are in access/errors.
        AND is_there
    GROUP BY account, repository, reader
),

total AS (
    SELECT
        grouping(account, repository) AS columns_left_out,
        account,
        repository,
        sum(requests) AS requests,
        sum(own_requests) AS own_requests,
        sum(served_gets) AS served_gets,
        sum(own_served_gets) AS own_served_gets,
        sum(bytes_sent) AS bytes_sent,
        sum(own_bytes_sent) AS own_bytes_sent,
        count(DISTINCT reader) AS unique_requesters,
        count(DISTINCT reader) FILTER (WHERE own_requests > 0) AS own_unique_requesters,
        sum(audience_requests) AS audience_requests,
        sum(audience_served_gets) AS audience_served_gets,
        sum(audience_bytes_sent) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE audience_requests > 0) AS audience_unique_requesters
    FROM reader_total
    GROUP BY GROUPING SETS ((account, repository), ())
    HAVING count(*) > 0
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'repository' ELSE 'total' END AS level,
    CASE columns_left_out WHEN 0 THEN account ELSE '(all)' END AS account,
    CASE columns_left_out WHEN 0 THEN repository ELSE '(all)' END AS repository,
    requests,
    own_requests,
    CAST(own_requests AS double) / requests AS own_share_of_requests,
    served_gets,
    own_served_gets,
    bytes_sent,
    own_bytes_sent,
    CAST(own_bytes_sent AS double) / nullif(bytes_sent, 0) AS own_share_of_bytes_sent,
    unique_requesters,
    own_unique_requesters,
    audience_requests,
    audience_served_gets,
    audience_bytes_sent,
    audience_unique_requesters
FROM total
ORDER BY columns_left_out DESC, own_bytes_sent DESC, own_requests DESC, total.account, total.repository
