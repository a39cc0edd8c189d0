-- `named` has a row for each request, with the value it is counted by.
request_total AS (
    SELECT
        {word},
        count(*) AS requests,
        count(*) FILTER (WHERE is_served_get) AS served_gets,
        sum(bytes_sent) AS bytes_sent,
        count(DISTINCT reader) AS unique_requesters,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets,
        coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
    FROM named
    GROUP BY {word}
)

SELECT
    {word},
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
