-- Objects added, removed and rewritten in each data set by month, for as long as snapshots have been compared.
WITH
-- begin {snapshots_by_month} (written by make generate)
-- All snapshots with the common prefix of their keys: null if there are no keys, '' if it is unknown.
totaled AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        CASE
            WHEN sum(objects + noncurrent_objects + delete_markers) = 0 THEN NULL
            ELSE coalesce(max(key_prefix), '')
        END AS key_prefix,
        sum(noncurrent_objects + delete_markers) > 0 AS lists_older_versions,
        sum(objects + noncurrent_objects) AS versions
    FROM daily_storage
    -- The day S3 was launched.
    WHERE snapshot_date >= DATE '2006-03-14'
        AND snapshot_date <= current_date
    GROUP BY source_bucket, snapshot_date, inventory_id, snapshot_time
),

this_or_next AS (
    SELECT false AS is_next
    UNION ALL
    SELECT true AS is_next
),

-- Weekly inventories come within 10 days: objects of a month's first days may be in a snapshot of the month before.
dated AS (
    SELECT
        *,
        CAST(
            date_trunc('month', CASE WHEN is_next THEN snapshot_date + INTERVAL '10' DAY ELSE snapshot_date END) AS date
        ) AS month
    FROM totaled
    CROSS JOIN this_or_next
),

in_month AS (
    SELECT
        *,
        max(CASE WHEN NOT is_next THEN snapshot_date END) OVER (PARTITION BY month) AS newest_of_month
    FROM dated
    WHERE NOT is_next
        OR date_trunc('month', snapshot_date) < month
),

candidate AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        month,
        key_prefix,
        max(snapshot_date) OVER (PARTITION BY source_bucket, month) AS newest_date,
        row_number() OVER (
            PARTITION BY source_bucket, month
            ORDER BY
                -- An inventory of all versions also lists what one of current objects leaves out.
                lists_older_versions DESC,
                snapshot_date DESC,
                versions DESC,
                snapshot_time DESC,
                inventory_id
        ) AS recency,
        row_number() OVER (
            PARTITION BY source_bucket, inventory_id, month
            ORDER BY snapshot_date DESC, versions DESC, snapshot_time DESC
        ) AS age
    FROM in_month
    WHERE NOT is_next
        OR snapshot_date >= newest_of_month - INTERVAL '10' DAY
),

-- The latest snapshot in the month of each inventory that has not ended; weekly ones come within 10 days. A key prefix
-- that another one begins with sorts before it.
latest AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        month,
        key_prefix,
        array_agg(key_prefix) OVER (
            PARTITION BY source_bucket, month
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
    SELECT source_bucket, snapshot_date, inventory_id, snapshot_time, month
    FROM latest
    WHERE coalesce(cardinality(filter(prefixes_before, prefix -> starts_with(key_prefix, prefix))), 0) = 0
)
-- end {snapshots_by_month}

-- Bytes are unknown if one of the inventories had no Size: unknown is not zero.
SELECT
    CAST(date_trunc('month', change.snapshot_date) AS date) AS month,
    change.source_bucket,
    coalesce(account, '(none)') AS account,
    coalesce(repository, '(none)') AS repository,
    count(*) AS comparisons,
    sum(added_objects) AS added_objects,
    CASE WHEN count(added_bytes) = count(*) THEN sum(added_bytes) END AS added_bytes,
    sum(removed_objects) AS removed_objects,
    CASE WHEN count(removed_bytes) = count(*) THEN sum(removed_bytes) END AS removed_bytes,
    sum(rewritten_objects) AS rewritten_objects,
    CASE WHEN count(rewritten_bytes) = count(*) THEN sum(rewritten_bytes) END AS rewritten_bytes,
    CASE WHEN count(bytes_after - bytes_before) = count(*) THEN sum(bytes_after - bytes_before) END AS net_bytes
FROM daily_change AS change
INNER JOIN snapshot
    ON change.source_bucket = snapshot.source_bucket
    AND change.inventory_id = snapshot.inventory_id
    AND date_trunc('month', change.snapshot_date) = snapshot.month
WHERE change.snapshot_date >= DATE '2006-03-14'
    AND change.snapshot_date <= current_date
GROUP BY 1, 2, 3, 4
ORDER BY month DESC, change.source_bucket, account, repository
