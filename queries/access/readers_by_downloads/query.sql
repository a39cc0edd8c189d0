-- Readers by number of downloads, without robots and own traffic: in total and per data set.
-- Period: the last 28 complete days.
WITH
-- A reader of several data sets is one reader in the total, with the downloads of all of them.
reader_total AS (
    SELECT
        CASE grouping(account, repository) WHEN 0 THEN 'repository' ELSE 'total' END AS level,
        coalesce(account, '(all)') AS account,
        coalesce(repository, '(all)') AS repository,
        count(*) FILTER (WHERE is_download) AS downloads,
        sum(bytes_sent) AS bytes_sent
    FROM access_by_read
    WHERE is_read
        AND is_audience
        AND reader IS NOT NULL
        AND event_date >= current_date - INTERVAL '28' DAY
        AND event_date <= current_date - INTERVAL '1' DAY
    GROUP BY GROUPING SETS ((account, repository, reader), (reader))
),

banded AS (
    SELECT
        *,
        CASE
            WHEN downloads <= 2 THEN downloads
            WHEN downloads <= 5 THEN 3
            WHEN downloads <= 10 THEN 6
            WHEN downloads <= 20 THEN 11
            WHEN downloads <= 50 THEN 21
            WHEN downloads <= 100 THEN 51
            WHEN downloads <= 1000 THEN 101
            ELSE 1001
        END AS least_downloads
    FROM reader_total
)

SELECT
    level,
    account,
    repository,
    least_downloads,
    CASE least_downloads
        WHEN 3 THEN 5 WHEN 6 THEN 10 WHEN 11 THEN 20 WHEN 21 THEN 50 WHEN 51 THEN 100 WHEN 101 THEN 1000
        WHEN 1001 THEN NULL ELSE least_downloads
    END AS most_downloads,
    count(*) AS audience_unique_requesters,
    sum(downloads) AS audience_logical_downloads,
    sum(bytes_sent) AS audience_bytes_sent
FROM banded
GROUP BY level, account, repository, least_downloads
ORDER BY level DESC, account, repository, least_downloads
