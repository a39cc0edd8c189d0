-- The 100 most downloaded objects of one data set, without robots and own traffic.
-- Period: the last 30 complete days and today.
SELECT
    account,
    repository,
    bucket,
    key,
    max(object_size) AS object_size,
    sum(complete_gets) AS complete_gets,
    sum(served_gets) AS served_gets,
    count(*) FILTER (WHERE is_download) AS logical_downloads,
    count(*) FILTER (WHERE is_read AND NOT is_download) AS partial_reads,
    sum(bytes_sent) AS bytes_sent,
    count(DISTINCT reader) AS unique_requesters,
    sum(audience_complete_gets) AS audience_complete_gets,
    sum(audience_served_gets) AS audience_served_gets,
    count(*) FILTER (WHERE is_audience AND is_download) AS audience_logical_downloads,
    count(*) FILTER (WHERE is_audience AND is_read AND NOT is_download) AS audience_partial_reads,
    sum(audience_bytes_sent) AS audience_bytes_sent,
    count(DISTINCT reader) FILTER (WHERE audience_requests > 0) AS audience_unique_requesters
FROM access_by_read
WHERE event_date >= current_date - INTERVAL '30' DAY
    AND event_date <= current_date
    AND account = ?
    AND repository = ?
GROUP BY account, repository, bucket, key
HAVING sum(served_gets) > 0
ORDER BY
    audience_logical_downloads DESC,
    logical_downloads DESC,
    audience_bytes_sent DESC,
    bytes_sent DESC,
    bucket,
    key,
    account,
    repository
LIMIT 100
