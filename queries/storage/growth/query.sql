-- What changed per data set between the two latest snapshots of each bucket.
WITH
{latest_snapshots}

SELECT
    change.source_bucket,
    coalesce(account, '(none)') AS account,
    coalesce(repository, '(none)') AS repository,
    previous_snapshot_time AS previous_snapshot,
    change.snapshot_time AS latest_snapshot,
    objects_before,
    objects_after,
    bytes_before,
    bytes_after,
    added_objects,
    added_bytes,
    removed_objects,
    removed_bytes,
    rewritten_objects,
    rewritten_bytes
FROM daily_change AS change
INNER JOIN snapshot
    ON change.source_bucket = snapshot.source_bucket
    AND change.snapshot_date = snapshot.snapshot_date
    AND change.inventory_id = snapshot.inventory_id
    AND change.snapshot_time = snapshot.snapshot_time
WHERE change.snapshot_date <= current_date
ORDER BY change.source_bucket, account, repository
