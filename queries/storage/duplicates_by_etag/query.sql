-- The 100 duplicated contents that waste the most bytes, by entity tag and size.
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

-- Its current objects, as a listing of the bucket shows them.
kept AS (
    SELECT
        version.source_bucket,
        key,
        coalesce(account, '(none)') || '/' || coalesce(repository, '(none)') AS dataset,
        size,
        e_tag
    FROM s3_inventory_object AS version
    INNER JOIN snapshot
        ON version.source_bucket = snapshot.source_bucket
        AND version.snapshot_date = snapshot.snapshot_date
        AND version.inventory_id = snapshot.inventory_id
        AND version.snapshot_time = snapshot.snapshot_time
    WHERE version.snapshot_date <= current_date
        AND coalesce(is_latest, true)
        AND NOT coalesce(is_delete_marker, false)
),

copied AS (
    SELECT e_tag, size, count(*) AS copies
    FROM kept
    WHERE size > 0 AND e_tag IS NOT NULL
    GROUP BY e_tag, size
    HAVING count(*) > 1
    ORDER BY size * (count(*) - 1) DESC, e_tag, size
    LIMIT 100
)

SELECT
    copied.e_tag,
    copied.size,
    copies,
    copied.size * (copies - 1) AS wasted_bytes,
    count(DISTINCT source_bucket) AS buckets,
    count(DISTINCT dataset) AS datasets,
    min(dataset) AS first_dataset,
    min(key) AS first_key
FROM copied
INNER JOIN kept
    ON copied.e_tag = kept.e_tag
    AND copied.size = kept.size
GROUP BY copied.e_tag, copied.size, copies
ORDER BY wasted_bytes DESC, copied.e_tag, copied.size
