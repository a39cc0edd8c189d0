-- Cost of deleting everything today: classes for infrequent access charge a minimum storage duration.
-- Counts the latest snapshots, up to today, that together list a bucket.
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

-- US dollars per GB of 1024 x 1024 x 1024 bytes and month.
price AS (
    SELECT
        CAST(? AS double) AS price_standard_ia,
        CAST(? AS double) AS price_onezone_ia,
        CAST(? AS double) AS price_glacier_ir,
        CAST(? AS double) AS price_glacier,
        CAST(? AS double) AS price_deep_archive
),

-- All versions in these classes.
version AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        storage_class,
        size,
        CASE
            WHEN storage_class IN ('GLACIER', 'DEEP_ARCHIVE') THEN size + 32768
            ELSE greatest(size, 131072)
        END AS charged_bytes,
        CASE storage_class
            WHEN 'STANDARD_IA' THEN 30
            WHEN 'ONEZONE_IA' THEN 30
            WHEN 'GLACIER_IR' THEN 90
            WHEN 'GLACIER' THEN 90
            WHEN 'DEEP_ARCHIVE' THEN 180
        END AS minimum_days,
        date_diff('day', CAST(last_modified_date AS date), current_date) AS age_days
    FROM s3_inventory_object AS listed
    INNER JOIN snapshot
        ON listed.source_bucket = snapshot.source_bucket
        AND listed.snapshot_date = snapshot.snapshot_date
        AND listed.inventory_id = snapshot.inventory_id
        AND listed.snapshot_time = snapshot.snapshot_time
    WHERE listed.snapshot_date <= current_date
        AND storage_class IN ('STANDARD_IA', 'ONEZONE_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE')
        AND NOT coalesce(is_delete_marker, false)
),

left_over AS (
    -- A decimal: the sum of a few dozen petabytes times days exceeds a bigint.
    SELECT *, CAST(charged_bytes * (minimum_days - age_days) AS decimal(38, 0)) AS byte_days
    FROM version
),

total AS (
    SELECT
        account,
        repository,
        storage_class,
        minimum_days,
        count(*) AS objects,
        -- Unknown if the size of one object is.
        CASE WHEN count(size) = count(*) THEN sum(size) END AS bytes,
        -- So is the age.
        CASE WHEN count(age_days) = count(*) THEN count(*) FILTER (WHERE age_days < minimum_days) END AS young_objects,
        CASE
            WHEN count(size + age_days) = count(*) THEN coalesce(sum(size) FILTER (WHERE age_days < minimum_days), 0)
        END AS young_bytes,
        CASE
            WHEN count(size + age_days) = count(*)
                THEN coalesce(sum(byte_days) FILTER (WHERE age_days < minimum_days), 0)
        END AS byte_days
    FROM left_over
    GROUP BY account, repository, storage_class, minimum_days
),

priced AS (
    SELECT
        *,
        CASE storage_class
            WHEN 'STANDARD_IA' THEN price_standard_ia
            WHEN 'ONEZONE_IA' THEN price_onezone_ia
            WHEN 'GLACIER_IR' THEN price_glacier_ir
            WHEN 'GLACIER' THEN price_glacier
            WHEN 'DEEP_ARCHIVE' THEN price_deep_archive
        END AS price_per_gb
    FROM total
    CROSS JOIN price
)

SELECT
    account,
    repository,
    storage_class,
    minimum_days,
    objects,
    bytes,
    young_objects,
    young_bytes,
    price_per_gb,
    CAST(byte_days AS double) / 1073741824 / 30 * price_per_gb AS estimated_dollars
FROM priced
ORDER BY estimated_dollars DESC, account, repository, storage_class
