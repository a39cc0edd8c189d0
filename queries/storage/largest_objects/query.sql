-- The 100 largest objects.
WITH
-- The snapshot that counts: of each bucket the newest day, and of several that day the one that lists most.
snapshot AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        row_number() OVER (
            PARTITION BY source_bucket
            ORDER BY snapshot_date DESC, sum(objects + noncurrent_objects) DESC, snapshot_time DESC, inventory_id
        ) AS place
    FROM daily_storage
    WHERE snapshot_date <= current_date
    GROUP BY source_bucket, snapshot_date, inventory_id, snapshot_time
),

-- Its current objects, as a listing of the bucket shows them.
kept AS (
    SELECT
        version.source_bucket,
        key,
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        size,
        storage_class,
        last_modified_date
    FROM s3_inventory_object AS version
    INNER JOIN snapshot
        ON version.source_bucket = snapshot.source_bucket
        AND version.snapshot_date = snapshot.snapshot_date
        AND version.inventory_id = snapshot.inventory_id
        AND version.snapshot_time = snapshot.snapshot_time
    WHERE snapshot.place = 1
        AND version.snapshot_date <= current_date
        AND coalesce(is_latest, true)
        AND NOT coalesce(is_delete_marker, false)
)

SELECT source_bucket, key, account, repository, size, storage_class, last_modified_date
FROM kept
WHERE size > 0
ORDER BY size DESC, source_bucket, key
LIMIT 100
