-- The 100 sites that readers came from: requests by the host of their referer.
-- Period: the last 30 complete days and today.
WITH named AS (
    SELECT
        CASE
            WHEN referer IS NULL OR referer = '' THEN '(none)'
            ELSE coalesce(
                lower(regexp_extract(referer, '^[A-Za-z][A-Za-z0-9+.-]*://([^/?#@]*@)?(\[[^/?#@]+\]|[^/?#@:]+)', 2)),
                '(other)'
            )
        END AS site,
        is_served_get,
        bytes_sent,
        reader,
        is_audience
    FROM request
    WHERE event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
        -- Anybody can make failing requests, for any name. They are in access/errors.
        AND is_there
),

-- begin {requests_by site} (written by make generate)
-- `named` has a row for each request, with the value it is counted by.
request_total AS (
    SELECT
        site,
        count(*) AS requests,
        count(*) FILTER (WHERE is_served_get) AS served_gets,
        sum(bytes_sent) AS bytes_sent,
        count(DISTINCT reader) AS unique_requesters,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets,
        coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
    FROM named
    GROUP BY site
)

SELECT
    site,
    requests,
    CAST(requests AS double) / sum(requests) OVER () AS share_of_requests,
    served_gets,
    bytes_sent,
    CAST(bytes_sent AS double) / nullif(sum(bytes_sent) OVER (), 0) AS share_of_bytes_sent,
    unique_requesters,
    audience_requests,
    audience_served_gets,
    audience_bytes_sent,
    audience_unique_requesters
FROM request_total
-- end {requests_by site}
ORDER BY requests DESC, site
LIMIT 100
