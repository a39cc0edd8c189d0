-- Downloads by viewers through CloudFront, per month and data set.
-- Period: the last 12 complete months and the current month.
SELECT
    CAST(date_trunc('month', event_date) AS date) AS month,
    account,
    repository,
    count(*) AS requests,
    count(*) FILTER (WHERE is_complete_get) AS complete_gets,
    count(*) FILTER (WHERE is_served_get) AS served_gets,
    sum(bytes_sent) AS bytes_sent,
    count(DISTINCT reader) AS unique_requesters,
    count(*) FILTER (WHERE is_audience) AS audience_requests,
    count(*) FILTER (WHERE is_audience AND is_complete_get) AS audience_complete_gets,
    count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets,
    coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent,
    count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
FROM cloudfront_request
WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
    AND event_date <= current_date
    -- Anybody can make failing requests, for any name.
    AND is_there
GROUP BY date_trunc('month', event_date), account, repository
ORDER BY month, account, repository
