-- Everything kept in four numbers, as Source Stats counts it: only keys with two slashes or more.
WITH
-- begin {latest_snapshots}, (written by make generate)
candidate AS (
    SELECT
        *,
        max(snapshot_date) OVER (PARTITION BY source_bucket) AS newest_date,
        row_number() OVER (
            PARTITION BY source_bucket
            ORDER BY
                -- An inventory of all versions also lists what one of current objects leaves out.
                noncurrent_objects + delete_markers > 0 DESC,
                snapshot_date DESC,
                objects + noncurrent_objects DESC,
                snapshot_time DESC,
                inventory_id
        ) AS recency,
        row_number() OVER (PARTITION BY source_bucket, inventory_id ORDER BY snapshot_time DESC) AS age
    FROM inventory_snapshot
    -- The day S3 was launched.
    WHERE snapshot_date >= DATE '2006-03-14'
        AND snapshot_date <= current_date
),

-- The latest snapshot of each inventory that has not ended; weekly ones come within 10 days. A key prefix that another
-- one begins with sorts before it.
latest AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        key_prefix,
        objects AS listed_objects,
        array_agg(key_prefix) OVER (
            PARTITION BY source_bucket
            ORDER BY key_prefix, recency
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS prefixes_before
    FROM candidate
    WHERE age = 1
        AND snapshot_date >= newest_date - INTERVAL '10' DAY
),

-- The snapshots that count: those whose keys no other one lists too. If a key begins with another snapshot's
-- key_prefix, it matches the filter of that inventory.
snapshot AS (
    SELECT source_bucket, snapshot_date, inventory_id, snapshot_time, listed_objects
    FROM latest
    WHERE coalesce(cardinality(filter(prefixes_before, prefix -> starts_with(key_prefix, prefix))), 0) = 0
),
-- end {latest_snapshots}

counting AS (
    SELECT *, sum(listed_objects) OVER () AS all_objects
    FROM snapshot
),

-- Its current objects, as a listing of the bucket shows them; a snapshot whose objects are gone is one row.
found AS (
    SELECT split(key, '/') AS parts, key LIKE '%/%/%' AS is_counted, size, key, all_objects
    FROM counting
    LEFT JOIN s3_inventory_object AS version
        ON version.source_bucket = counting.source_bucket
        AND version.snapshot_date = counting.snapshot_date
        AND version.inventory_id = counting.inventory_id
        AND version.snapshot_time = counting.snapshot_time
        AND version.snapshot_date <= current_date
        AND coalesce(is_latest, true)
        AND NOT coalesce(is_delete_marker, false)
),

-- Objects that do not count have no account: they are needed to check that all objects are still there.
part AS (
    SELECT
        CASE WHEN is_counted THEN element_at(parts, 1) END AS account,
        CASE WHEN is_counted THEN element_at(parts, 2) END AS repository,
        size,
        key,
        all_objects
    FROM found
),

one_repository AS (
    SELECT
        account,
        repository,
        count(key) AS objects,
        -- Unknown if the size of one object is.
        CASE WHEN count(size) = count(key) THEN sum(size) END AS bytes,
        max(all_objects) AS all_objects
    FROM part
    GROUP BY account, repository
),

total AS (
    SELECT
        count(DISTINCT account) AS accounts,
        count(account) AS repositories,
        CAST(coalesce(sum(objects) FILTER (WHERE account IS NOT NULL), 0) AS bigint) AS objects,
        CAST(
            CASE
                WHEN count(bytes) FILTER (WHERE account IS NOT NULL) = count(account)
                    THEN coalesce(sum(bytes) FILTER (WHERE account IS NOT NULL), 0)
            END AS double
        ) / 1099511627776 AS terabytes,
        sum(objects) AS found_objects,
        max(all_objects) AS all_objects
    FROM one_repository
),

metric AS (
    SELECT 1 AS place, 'Total Accounts' AS metric
    UNION ALL
    SELECT 2 AS place, 'Total Repositories' AS metric
    UNION ALL
    SELECT 3 AS place, 'Total Objects' AS metric
    UNION ALL
    SELECT 4 AS place, 'Total Storage (TB)' AS metric
)

SELECT
    metric,
    CASE
        WHEN place = 1 THEN CAST(accounts AS varchar)
        WHEN place = 2 THEN CAST(repositories AS varchar)
        WHEN place = 3 THEN CAST(objects AS varchar)
        -- As text, a double differs in Athena (7.473E2) from Source Stats (747.3); a decimal does not.
        WHEN round(terabytes, 2) = round(terabytes, 1)
            THEN CAST(CAST(round(terabytes, 1) AS decimal(18, 1)) AS varchar)
        ELSE CAST(CAST(round(terabytes, 2) AS decimal(18, 2)) AS varchar)
    END AS value
FROM total
CROSS JOIN metric
-- Totals are kept forever, objects are not. Without the objects, or any snapshot, the storage is unknown, not zero.
WHERE found_objects = all_objects
ORDER BY place
