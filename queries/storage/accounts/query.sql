-- Storage of each account, as Source Stats counts it: the account is the part of the key before the first slash.
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
        size,
        last_modified_date
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
    SELECT
        split(key, '/') AS parts,
        size,
        last_modified_date
    FROM kept
    WHERE key LIKE '%/%'
),

part AS (
    SELECT
        element_at(parts, 1) AS account,
        element_at(parts, 2) AS repository,
        size,
        last_modified_date
    FROM split_key
),

one_repository AS (
    SELECT
        account,
        repository,
        count(*) AS objects,
        -- Unknown if the size of one object is.
        CASE WHEN count(size) = count(*) THEN sum(size) END AS bytes,
        min(last_modified_date) AS oldest,
        max(last_modified_date) AS newest
    FROM part
    GROUP BY account, repository
),

one_account AS (
    SELECT
        account,
        count(*) AS repositories,
        sum(objects) AS objects,
        CASE WHEN count(bytes) = count(*) THEN sum(bytes) END AS bytes,
        min(oldest) AS oldest,
        max(newest) AS newest
    FROM one_repository
    GROUP BY account
)

SELECT
    account,
    repositories,
    objects,
    round(CAST(bytes AS double) / 1073741824, 2) AS storage_gb,
    round(CAST(bytes AS double) / objects / 1048576, 2) AS avg_object_size_mb,
    date_trunc('second', oldest) AS oldest_file,
    date_trunc('second', newest) AS newest_file
FROM one_account
ORDER BY storage_gb DESC, account
