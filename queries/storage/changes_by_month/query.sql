-- What was added, removed and written again in each data set, month by month, for as long as snapshots have been compared.
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
)

SELECT
    CAST(date_trunc('month', change.snapshot_date) AS date) AS month,
    change.source_bucket,
    coalesce(account, '(none)') AS account,
    coalesce(repository, '(none)') AS repository,
    count(*) AS comparisons,
    sum(added_objects) AS added_objects,
    sum(added_bytes) AS added_bytes,
    sum(removed_objects) AS removed_objects,
    sum(removed_bytes) AS removed_bytes,
    sum(rewritten_objects) AS rewritten_objects,
    sum(rewritten_bytes) AS rewritten_bytes,
    sum(bytes_after - bytes_before) AS net_bytes
FROM daily_change AS change
INNER JOIN snapshot
    ON change.source_bucket = snapshot.source_bucket
    AND change.inventory_id = snapshot.inventory_id
WHERE snapshot.place = 1
    AND change.snapshot_date <= current_date
GROUP BY 1, 2, 3, 4
ORDER BY month DESC, change.source_bucket, account, repository
