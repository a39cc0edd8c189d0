-- Objects added, removed and rewritten in each data set by month, for as long as snapshots have been compared.
WITH
prefixed AS (
    SELECT
        *,
        lead(key_prefix) OVER (PARTITION BY source_bucket, inventory_id ORDER BY snapshot_time) AS next_prefix
    FROM inventory_snapshot
    -- The day S3 was launched; 24 earlier days decide which snapshots count on the first.
    WHERE snapshot_date >= DATE '2006-03-14' - INTERVAL '24' DAY
        AND snapshot_date <= current_date
),

compared AS (
    SELECT DISTINCT source_bucket, CAST(previous_snapshot_time AS date) AS day
    FROM daily_change
    WHERE snapshot_date >= DATE '2006-03-14'
        AND snapshot_date <= current_date
),

-- A comparison counts if its earlier snapshot counted on its own day; so an inventory counts until another one replaces
-- it. The earlier snapshot is usually at most 14 days older than the later one, and counts for 10 days.
dated AS (
    SELECT
        prefixed.source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        -- The keys of both snapshots begin with the longest text that both prefixes begin with.
        coalesce(
            array_max(
                filter(
                    transform(sequence(0, length(key_prefix)), characters -> substr(key_prefix, 1, characters)),
                    prefix -> starts_with(next_prefix, prefix)
                )
            ),
            key_prefix,
            next_prefix
        ) AS key_prefix,
        objects,
        noncurrent_objects,
        delete_markers,
        day
    FROM prefixed
    INNER JOIN compared
        ON prefixed.source_bucket = compared.source_bucket
        AND prefixed.snapshot_date >= compared.day - INTERVAL '10' DAY
        AND prefixed.snapshot_date <= compared.day
),

-- begin {snapshots_by day} (written by make generate)
candidate AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        day,
        key_prefix,
        max(snapshot_date) OVER (PARTITION BY source_bucket, day) AS newest_date,
        row_number() OVER (
            PARTITION BY source_bucket, day
            ORDER BY
                -- An inventory of all versions also lists what one of current objects leaves out.
                noncurrent_objects + delete_markers > 0 DESC,
                snapshot_date DESC,
                objects + noncurrent_objects DESC,
                snapshot_time DESC,
                inventory_id
        ) AS recency,
        row_number() OVER (PARTITION BY source_bucket, inventory_id, day ORDER BY snapshot_time DESC) AS age
    FROM dated
),

-- Of each inventory that has not ended, the latest snapshot by day; weekly ones come within 10 days. A key prefix
-- that another one begins with sorts before it.
latest AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        day,
        key_prefix,
        array_agg(key_prefix) OVER (
            PARTITION BY source_bucket, day
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
    SELECT source_bucket, snapshot_date, inventory_id, snapshot_time, day
    FROM latest
    WHERE coalesce(cardinality(filter(prefixes_before, prefix -> starts_with(key_prefix, prefix))), 0) = 0
)
-- end {snapshots_by day}

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
    AND CAST(change.previous_snapshot_time AS date) = snapshot.day
WHERE change.snapshot_date >= DATE '2006-03-14'
    AND change.snapshot_date <= current_date
GROUP BY 1, 2, 3, 4
ORDER BY month DESC, change.source_bucket, account, repository
