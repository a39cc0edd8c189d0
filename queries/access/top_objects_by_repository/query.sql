-- The 20 most downloaded objects of each data set, without robots and own traffic.
-- Period: the last 30 complete days and today.
WITH total AS (
    SELECT
        account,
        repository,
        bucket,
        key,
        max(object_size) AS object_size,
        count(*) FILTER (WHERE is_audience AND is_download) AS audience_logical_downloads,
        sum(audience_bytes_sent) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE audience_served_gets > 0) AS audience_unique_requesters
    FROM access_by_read
    WHERE is_read
        AND event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
    GROUP BY account, repository, bucket, key
    -- Not the bytes: an empty object has none.
    HAVING sum(audience_served_gets) > 0
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY account, repository
            ORDER BY audience_logical_downloads DESC, audience_bytes_sent DESC, bucket, key
        ) AS place
    FROM total
)

SELECT
    account,
    repository,
    place,
    bucket,
    key,
    object_size,
    audience_logical_downloads,
    audience_bytes_sent,
    audience_unique_requesters
FROM ranked
WHERE place <= 20
ORDER BY account, repository, place
