-- Monthly usage and the number of readers behind it: in total, and by data set, country, network and file type.
-- Period: the last 12 complete months; a month counts from the 8th day after it.
WITH one_read AS (
    SELECT
        CAST(date_trunc('month', event_date) AS date) AS month,
        account,
        repository,
        country,
        network,
        split(key, '.') AS parts,
        -- All roles, sessions and users of an AWS account are one reader, and so are all user agents of an address:
        -- one program can send a thousand of them, and its own reads would then show what others read.
        CASE
            WHEN reader_key IS NULL
                THEN coalesce(nullif(regexp_extract(reader, '^arn:[^:]+:(iam|sts)::([0-9]{12}):', 2), ''), reader)
            WHEN reader IS NOT NULL THEN coalesce(reader_address, reader)
        END AS reader,
        reader_key,
        is_download,
        bytes_sent
    FROM access_by_read
    WHERE is_read
        AND is_audience
        AND event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= date_trunc('month', current_date - INTERVAL '7' DAY) - INTERVAL '1' DAY
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

-- One row for each key of reader ids: a reader has two ids before and after a change of keys.
total_by_key AS (
    SELECT
        grouping(account, country, network, extension) AS columns_left_out,
        month,
        account,
        repository,
        country,
        network,
        extension,
        reader_key,
        count(*) FILTER (WHERE is_download) AS downloads,
        count(DISTINCT reader) FILTER (WHERE is_download) AS downloaders,
        sum(bytes_sent) AS bytes_sent,
        count(DISTINCT reader) AS readers
    FROM ended
    GROUP BY GROUPING SETS (
        (month, reader_key),
        (month, account, repository, reader_key),
        (month, country, reader_key),
        (month, network, reader_key),
        (month, extension, reader_key),
        (month, account, repository, extension, reader_key)
    )
),

-- Reader ids of different keys cannot be compared, so those of the key with most count: a lower bound.
total AS (
    SELECT
        columns_left_out,
        month,
        account,
        repository,
        country,
        network,
        extension,
        CAST(sum(downloads) AS bigint) AS downloads,
        coalesce(max(downloaders) FILTER (WHERE reader_key IS NOT NULL), 0)
        + coalesce(max(downloaders) FILTER (WHERE reader_key IS NULL), 0) AS downloaders,
        CAST(sum(bytes_sent) AS bigint) AS bytes_sent,
        coalesce(max(readers) FILTER (WHERE reader_key IS NOT NULL), 0)
        + coalesce(max(readers) FILTER (WHERE reader_key IS NULL), 0) AS readers
    FROM total_by_key
    GROUP BY columns_left_out, month, account, repository, country, network, extension
)

SELECT
    month,
    CASE columns_left_out
        WHEN 15 THEN 'total' WHEN 7 THEN 'data set' WHEN 11 THEN 'country' WHEN 13 THEN 'network' WHEN 14 THEN 'file type'
        ELSE 'data set and file type'
    END AS breakdown,
    CASE WHEN columns_left_out IN (6, 7) THEN account ELSE '(all)' END AS account,
    CASE WHEN columns_left_out IN (6, 7) THEN repository ELSE '(all)' END AS repository,
    CASE columns_left_out WHEN 11 THEN country ELSE '(all)' END AS country,
    CASE columns_left_out WHEN 13 THEN network ELSE '(all)' END AS network,
    CASE WHEN columns_left_out IN (6, 14) THEN extension ELSE '(all)' END AS extension,
    downloads,
    downloaders,
    bytes_sent,
    readers
FROM total
ORDER BY month, columns_left_out DESC, total.account, total.repository, total.country, total.network, total.extension
