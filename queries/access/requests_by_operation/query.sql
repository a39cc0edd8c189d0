-- Requests to each bucket by operation and outcome.
-- Period: the last 30 complete days and today.
SELECT
    bucket,
    operation,
    count(*) AS requests,
    count(*) FILTER (WHERE http_status BETWEEN 200 AND 299 AND NOT is_error) AS succeeded,
    count(*) FILTER (WHERE http_status BETWEEN 300 AND 399) AS redirected_or_not_modified,
    count(*) FILTER (WHERE http_status BETWEEN 400 AND 499) AS client_errors,
    count(*) FILTER (WHERE http_status >= 500 OR (http_status BETWEEN 200 AND 299 AND is_error)) AS server_errors,
    count(*) FILTER (WHERE http_status IS NULL) AS without_status,
    sum(bytes_sent) AS bytes_sent,
    count(DISTINCT reader) AS unique_requesters,
    count(*) FILTER (WHERE is_audience) AS audience_requests,
    coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent,
    count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
FROM request
WHERE event_date >= current_date - INTERVAL '30' DAY
    AND event_date <= current_date
GROUP BY bucket, operation
ORDER BY bucket, requests DESC, operation
