-- How much CloudFront answered from its cache, per month and data set.
-- Period: the last 12 complete months and the current month.
SELECT
    CAST(date_trunc('month', event_date) AS date) AS month,
    account,
    repository,
    count(*) AS requests,
    count(*) FILTER (WHERE result_type = 'Hit') AS hits,
    count(*) FILTER (WHERE result_type = 'RefreshHit') AS refresh_hits,
    count(*) FILTER (WHERE result_type = 'Miss') AS misses,
    count(*) FILTER (WHERE result_type NOT IN ('Hit', 'RefreshHit', 'Miss')) AS others,
    round(
        100 * CAST(count(*) FILTER (WHERE result_type IN ('Hit', 'RefreshHit')) AS double)
        / nullif(count(*) FILTER (WHERE result_type IN ('Hit', 'RefreshHit', 'Miss')), 0),
        2
    ) AS hit_percent,
    coalesce(sum(bytes_sent) FILTER (WHERE result_type IN ('Hit', 'RefreshHit')), 0) AS bytes_from_cache,
    coalesce(sum(bytes_sent) FILTER (WHERE result_type = 'Miss'), 0) AS bytes_from_origin
FROM cloudfront_request
WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
    AND event_date <= current_date
    -- Anybody can make failing requests, for any name.
    AND is_there
GROUP BY date_trunc('month', event_date), account, repository
ORDER BY month, account, repository
