-- Number of objects by size.
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
        size
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

classed AS (
    SELECT
        size,
        CASE
            WHEN size IS NULL THEN NULL
            WHEN size < 1 THEN 0
            WHEN size < 1024 THEN 1
            WHEN size < 16384 THEN 1024
            WHEN size < 131072 THEN 16384
            WHEN size < 1048576 THEN 131072
            WHEN size < 16777216 THEN 1048576
            WHEN size < 134217728 THEN 16777216
            WHEN size < 1073741824 THEN 134217728
            WHEN size < 5368709120 THEN 1073741824
            ELSE 5368709120
        END AS least
    FROM kept
),

counted AS (
    SELECT least, count(*) AS objects, sum(size) AS bytes
    FROM classed
    GROUP BY least
)

SELECT
    CAST(least AS bigint) AS at_least_bytes,
    CAST(
        CASE least
            WHEN 0 THEN 1
            WHEN 1 THEN 1024
            WHEN 1024 THEN 16384
            WHEN 16384 THEN 131072
            WHEN 131072 THEN 1048576
            WHEN 1048576 THEN 16777216
            WHEN 16777216 THEN 134217728
            WHEN 134217728 THEN 1073741824
            WHEN 1073741824 THEN 5368709120
        END AS bigint
    ) AS below_bytes,
    objects,
    bytes,
    CAST(objects AS double) / sum(objects) OVER () AS share_of_objects,
    CASE
        -- A share of the known bytes would exceed the share of all.
        WHEN count(bytes) OVER () = count(*) OVER ()
            THEN coalesce(CAST(bytes AS double) / nullif(sum(bytes) OVER (), 0), 0)
    END AS share_of_bytes
FROM counted
ORDER BY at_least_bytes
