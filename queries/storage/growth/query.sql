-- What changed per data set between the two latest snapshots of each bucket.
WITH
-- begin {latest_snapshots} (written by make generate)
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
)
-- end {latest_snapshots}

SELECT
    change.source_bucket,
    coalesce(account, '(none)') AS account,
    coalesce(repository, '(none)') AS repository,
    previous_snapshot_time AS previous_snapshot,
    change.snapshot_time AS latest_snapshot,
    objects_before,
    objects_after,
    bytes_before,
    bytes_after,
    added_objects,
    added_bytes,
    removed_objects,
    removed_bytes,
    rewritten_objects,
    rewritten_bytes
FROM daily_change AS change
INNER JOIN snapshot
    ON change.source_bucket = snapshot.source_bucket
    AND change.snapshot_date = snapshot.snapshot_date
    AND change.inventory_id = snapshot.inventory_id
    AND change.snapshot_time = snapshot.snapshot_time
WHERE change.snapshot_date <= current_date
ORDER BY change.source_bucket, account, repository, change.inventory_id
