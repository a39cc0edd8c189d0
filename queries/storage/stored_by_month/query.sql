-- Storage of each data set in each storage class at the end of each month, from the last snapshots of the month.
WITH
this_or_next AS (
    SELECT false AS is_next
    UNION ALL
    SELECT true AS is_next
),

-- Weekly inventories come within 10 days: objects of a month's first days may be in a snapshot of the month before.
with_next AS (
    SELECT
        *,
        CAST(
            date_trunc('month', CASE WHEN is_next THEN snapshot_date + INTERVAL '10' DAY ELSE snapshot_date END) AS date
        ) AS month
    FROM inventory_snapshot
    CROSS JOIN this_or_next
    -- The day S3 was launched.
    WHERE snapshot_date >= DATE '2006-03-14'
        AND snapshot_date <= current_date
),

in_month AS (
    SELECT
        *,
        max(CASE WHEN NOT is_next THEN snapshot_date END) OVER (PARTITION BY month) AS newest_of_month
    FROM with_next
    WHERE NOT is_next
        OR date_trunc('month', snapshot_date) < month
),

dated AS (
    SELECT *
    FROM in_month
    WHERE NOT is_next
        OR snapshot_date >= newest_of_month - INTERVAL '10' DAY
),

-- begin {snapshots_by month} (written by make generate)
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
                noncurrent_objects + delete_markers > 0 DESC,
                snapshot_date DESC,
                objects + noncurrent_objects DESC,
                snapshot_time DESC,
                inventory_id
        ) AS recency,
        row_number() OVER (PARTITION BY source_bucket, inventory_id, month ORDER BY snapshot_time DESC) AS age
    FROM dated
),

-- Of each inventory that has not ended, the latest snapshot by month; weekly ones come within 10 days. A key prefix
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
-- end {snapshots_by month}

-- Bytes are unknown if one of the inventories had no Size: unknown is not zero.
SELECT
    month,
    coalesce(account, '(none)') AS account,
    coalesce(repository, '(none)') AS repository,
    coalesce(storage_class, '(unknown)') AS storage_class,
    sum(objects) AS objects,
    CASE WHEN count(bytes) = count(*) THEN sum(bytes) END AS bytes,
    sum(noncurrent_objects) AS noncurrent_objects,
    CASE WHEN count(noncurrent_bytes) = count(*) THEN sum(noncurrent_bytes) END AS noncurrent_bytes
FROM daily_storage AS total
INNER JOIN snapshot
    ON total.source_bucket = snapshot.source_bucket
    AND total.snapshot_date = snapshot.snapshot_date
    AND total.inventory_id = snapshot.inventory_id
    AND total.snapshot_time = snapshot.snapshot_time
GROUP BY 1, 2, 3, 4
-- An empty snapshot has a row that counts nothing.
HAVING sum(objects + noncurrent_objects) > 0
ORDER BY month DESC, account, repository, storage_class
