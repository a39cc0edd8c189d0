-- What noncurrent versions add to the current objects.
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

-- Its totals.
kept AS (
    SELECT
        total.source_bucket,
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        objects,
        bytes,
        noncurrent_objects,
        noncurrent_bytes,
        delete_markers
    FROM daily_storage AS total
    INNER JOIN snapshot
        ON total.source_bucket = snapshot.source_bucket
        AND total.snapshot_date = snapshot.snapshot_date
        AND total.inventory_id = snapshot.inventory_id
        AND total.snapshot_time = snapshot.snapshot_time
),

one_repository AS (
    SELECT
        source_bucket,
        account,
        repository,
        sum(objects) AS objects,
        -- Unknown if one of the inventories had no Size.
        CASE WHEN count(bytes) = count(*) THEN sum(bytes) END AS bytes,
        sum(noncurrent_objects) AS noncurrent_objects,
        CASE WHEN count(noncurrent_bytes) = count(*) THEN sum(noncurrent_bytes) END AS noncurrent_bytes,
        sum(delete_markers) AS delete_markers
    FROM kept
    GROUP BY source_bucket, account, repository
)

SELECT
    source_bucket,
    account,
    repository,
    objects,
    bytes,
    noncurrent_objects,
    noncurrent_bytes,
    delete_markers,
    CASE
        WHEN bytes IS NOT NULL
            THEN coalesce(CAST(noncurrent_bytes AS double) / nullif(bytes + noncurrent_bytes, 0), 0)
    END AS noncurrent_share
FROM one_repository
WHERE noncurrent_objects > 0 OR delete_markers > 0
ORDER BY noncurrent_bytes DESC, source_bucket, account, repository
