-- Downloads by file extension and month, in total and per data set.
-- Period: the last 12 complete months and the current month.
WITH one_read AS (
    SELECT
        CAST(date_trunc('month', event_date) AS date) AS month,
        account,
        repository,
        split(key, '.') AS parts,
        served_gets,
        bytes_sent,
        is_download,
        is_audience,
        audience_bytes_sent
    FROM access_by_read
    WHERE is_read
        AND event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
),

ended AS (
    SELECT
        *,
        CASE
            WHEN cardinality(parts) > 1
                AND length(element_at(parts, -1)) BETWEEN 1 AND 16
                AND strpos(element_at(parts, -1), '/') = 0
                -- The name of a chunk of Zarr ends with a number.
                AND NOT regexp_like(element_at(parts, -1), '^[0-9]+$')
                THEN lower(element_at(parts, -1))
            ELSE '(none)'
        END AS extension
    FROM one_read
),

total AS (
    SELECT
        month,
        extension,
        account,
        repository,
        grouping(account, repository) AS columns_left_out,
        sum(served_gets) AS served_gets,
        count(*) FILTER (WHERE is_download) AS logical_downloads,
        sum(bytes_sent) AS bytes_sent,
        count(*) FILTER (WHERE is_download AND is_audience) AS audience_logical_downloads,
        sum(audience_bytes_sent) AS audience_bytes_sent
    FROM ended
    GROUP BY GROUPING SETS ((month, extension, account, repository), (month, extension))
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'repository' ELSE 'total' END AS level,
    month,
    CASE columns_left_out WHEN 0 THEN account ELSE '(all)' END AS account,
    CASE columns_left_out WHEN 0 THEN repository ELSE '(all)' END AS repository,
    extension,
    served_gets,
    logical_downloads,
    bytes_sent,
    audience_logical_downloads,
    audience_bytes_sent
FROM total
ORDER BY columns_left_out DESC, month DESC, total.account, total.repository, logical_downloads DESC, extension
