-- The 100 keys with the most errors, and a page that links to each.
-- Period: the last 30 complete days and today.
SELECT
    bucket,
    key,
    http_status,
    coalesce(error_code, '(none)') AS error_code,
    count(*) AS errors,
    count(DISTINCT reader) AS unique_requesters,
    -- The query of a page's URL may hold a secret of the person who followed the link.
    max(regexp_extract(referer, '^[^?#]+')) AS referer,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    count(*) FILTER (WHERE is_audience) AS audience_errors,
    count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
FROM request
WHERE event_date >= current_date - INTERVAL '30' DAY
    AND event_date <= current_date
    AND is_error
    AND key IS NOT NULL
GROUP BY bucket, key, http_status, coalesce(error_code, '(none)')
ORDER BY
    audience_errors DESC,
    errors DESC,
    bucket,
    key,
    http_status NULLS LAST,
    error_code
LIMIT 100
