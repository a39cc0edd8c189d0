-- The 100 largest objects.
WITH
{latest_snapshots},

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
    WHERE version.snapshot_date <= current_date
        AND coalesce(is_latest, true)
        AND NOT coalesce(is_delete_marker, false)
)

SELECT source_bucket, key, account, repository, size, storage_class, last_modified_date
FROM kept
WHERE size > 0
ORDER BY size DESC, source_bucket, key
LIMIT 100
