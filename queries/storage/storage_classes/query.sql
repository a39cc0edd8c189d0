-- Objects and bytes in each storage class: in total, and per data set.
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
        coalesce(storage_class, '(unknown)') AS storage_class,
        objects,
        bytes,
        noncurrent_objects,
        noncurrent_bytes,
        delete_markers,
        oldest,
        newest
    FROM daily_storage AS total
    INNER JOIN snapshot
        ON total.source_bucket = snapshot.source_bucket
        AND total.snapshot_date = snapshot.snapshot_date
        AND total.inventory_id = snapshot.inventory_id
        AND total.snapshot_time = snapshot.snapshot_time
),

one_group AS (
    SELECT
        grouping(account, repository) AS columns_left_out,
        account,
        repository,
        storage_class,
        sum(objects) AS objects,
        -- Unknown if one of the inventories had no Size.
        CASE WHEN count(bytes) = count(*) THEN sum(bytes) END AS bytes,
        sum(noncurrent_objects) AS noncurrent_objects,
        CASE WHEN count(noncurrent_bytes) = count(*) THEN sum(noncurrent_bytes) END AS noncurrent_bytes,
        sum(delete_markers) AS delete_markers,
        min(oldest) AS oldest,
        max(newest) AS newest
    FROM kept
    GROUP BY GROUPING SETS ((account, repository, storage_class), (storage_class))
    -- An empty snapshot has a row that counts nothing.
    HAVING sum(objects + noncurrent_objects + delete_markers) > 0
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'repository' ELSE 'total' END AS level,
    CASE columns_left_out WHEN 0 THEN account ELSE '(all)' END AS account,
    CASE columns_left_out WHEN 0 THEN repository ELSE '(all)' END AS repository,
    storage_class,
    objects,
    bytes,
    noncurrent_objects,
    noncurrent_bytes,
    delete_markers,
    oldest,
    newest
FROM one_group
ORDER BY columns_left_out DESC, one_group.account, one_group.repository, bytes DESC, storage_class
