-- Downloads per month and data set, by three definitions.
-- Period: the last 12 complete months and the current month.
SELECT
    CAST(date_trunc('month', event_date) AS date) AS month,
    account,
    repository,
    sum(requests) AS requests,
    sum(complete_gets) AS complete_gets,
    sum(served_gets) AS served_gets,
    count(*) FILTER (WHERE is_download) AS logical_downloads,
    count(*) FILTER (WHERE is_read AND NOT is_download) AS partial_reads,
    sum(bytes_sent) AS bytes_sent,
    count(DISTINCT reader) AS unique_requesters,
    sum(audience_requests) AS audience_requests,
    sum(audience_complete_gets) AS audience_complete_gets,
    sum(audience_served_gets) AS audience_served_gets,
    count(*) FILTER (WHERE is_audience AND is_download) AS audience_logical_downloads,
    count(*) FILTER (WHERE is_audience AND is_read AND NOT is_download) AS audience_partial_reads,
    sum(audience_bytes_sent) AS audience_bytes_sent,
    count(DISTINCT reader) FILTER (WHERE audience_requests > 0) AS audience_unique_requesters
FROM access_by_read
WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
    AND event_date <= current_date
GROUP BY CAST(date_trunc('month', event_date) AS date), account, repository
ORDER BY month, account, repository
