-- Storage by file extension.
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
        key,
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

split_key AS (
    SELECT split(key, '.') AS parts, size
    FROM kept
),

last_part AS (
    SELECT CASE WHEN cardinality(parts) > 1 THEN element_at(parts, -1) END AS letters, size
    FROM split_key
),

ending AS (
    SELECT CASE WHEN length(letters) BETWEEN 1 AND 16 AND strpos(letters, '/') = 0 THEN letters END AS letters, size
    FROM last_part
),

counted AS (
    -- Bytes are unknown if the size of one object is, and so are all shares.
    SELECT letters, count(*) AS objects, CASE WHEN count(size) = count(*) THEN sum(size) END AS bytes
    FROM ending
    GROUP BY letters
),

named AS (
    -- The name of a chunk of Zarr ends with a number.
    SELECT
        CASE WHEN letters IS NULL OR regexp_like(letters, '^[0-9]+$') THEN '(none)' ELSE lower(letters) END AS extension,
        objects,
        bytes
    FROM counted
),

extension AS (
    SELECT
        extension,
        CAST(sum(objects) AS bigint) AS objects,
        CASE WHEN count(bytes) = count(*) THEN CAST(sum(bytes) AS bigint) END AS bytes
    FROM named
    GROUP BY extension
)

SELECT
    extension,
    objects,
    bytes,
    CAST(bytes AS double) / objects AS avg_bytes,
    CASE
        WHEN count(bytes) OVER () = count(*) OVER ()
            THEN coalesce(CAST(bytes AS double) / nullif(sum(bytes) OVER (), 0), 0)
    END AS share_of_bytes
FROM extension
ORDER BY bytes DESC, objects DESC, extension
LIMIT 100
