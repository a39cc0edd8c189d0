-- Objects that are not encrypted, or not replicated though their bucket replicates.
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
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        key,
        size,
        encryption_status,
        replication_status
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

-- One row per data set and state, which keeps the next steps small.
counted AS (
    SELECT
        source_bucket,
        account,
        repository,
        encryption_status,
        replication_status,
        count(*) AS objects,
        -- Unknown if the size of one object is.
        CASE WHEN count(size) = count(*) THEN sum(size) END AS bytes,
        min(key) AS example_key
    FROM kept
    GROUP BY source_bucket, account, repository, encryption_status, replication_status
),

-- Buckets that replicate: one of their objects has a replication status. A replica only shows that another bucket does.
replicating AS (
    SELECT
        *,
        coalesce(bool_or(replication_status <> 'REPLICA') OVER (PARTITION BY source_bucket), false) AS is_replicating
    FROM counted
),

-- An object can have one of each.
aspect AS (
    SELECT 'encryption' AS aspect
    UNION ALL
    SELECT 'replication' AS aspect
),

found AS (
    SELECT
        *,
        CASE
            WHEN aspect = 'encryption' AND encryption_status = 'NOT-SSE' THEN 'not encrypted'
            WHEN aspect = 'encryption' OR NOT is_replicating THEN NULL
            WHEN replication_status = 'FAILED' THEN 'replication failed'
            WHEN replication_status = 'PENDING' THEN 'replication pending'
            WHEN replication_status IS NULL THEN 'not replicated'
        END AS problem
    FROM replicating
    CROSS JOIN aspect
)

SELECT
    problem,
    source_bucket,
    account,
    repository,
    sum(objects) AS objects,
    CASE WHEN count(bytes) = count(*) THEN sum(bytes) END AS bytes,
    min(example_key) AS example_key
FROM found
WHERE problem IS NOT NULL
GROUP BY problem, source_bucket, account, repository
ORDER BY problem, bytes DESC, source_bucket, account, repository
