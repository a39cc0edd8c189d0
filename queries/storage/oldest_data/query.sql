-- Data sets unwritten for longest, and their storage.
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
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        objects,
        bytes,
        oldest,
        newest
    FROM daily_storage AS total
    INNER JOIN snapshot
        ON total.source_bucket = snapshot.source_bucket
        AND total.snapshot_date = snapshot.snapshot_date
        AND total.inventory_id = snapshot.inventory_id
        AND total.snapshot_time = snapshot.snapshot_time
),

one_repository AS (
    SELECT
        account,
        repository,
        sum(objects) AS objects,
        -- Unknown if one of the inventories had no Size.
        CASE WHEN count(bytes) = count(*) THEN sum(bytes) END AS bytes,
        min(oldest) AS oldest,
        max(newest) AS newest
    FROM kept
    GROUP BY account, repository
    HAVING sum(objects) > 0
)

SELECT
    account,
    repository,
    objects,
    bytes,
    oldest,
    newest,
    date_diff('day', CAST(newest AS date), current_date) AS days_since_newest
FROM one_repository
ORDER BY newest, bytes DESC, account, repository
