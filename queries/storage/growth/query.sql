-- What changed per data set between the two latest snapshots of each bucket.
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
        coalesce(size, 0) AS size,
        e_tag,
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
),

-- What it is compared with: the snapshot before it of the same inventory.
previous AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        objects
    FROM (
        SELECT
            total.source_bucket,
            total.snapshot_date,
            total.inventory_id,
            total.snapshot_time,
            sum(objects) AS objects,
            row_number() OVER (PARTITION BY total.source_bucket ORDER BY total.snapshot_time DESC) AS place
        FROM daily_storage AS total
        INNER JOIN snapshot
            ON total.source_bucket = snapshot.source_bucket
            AND total.inventory_id = snapshot.inventory_id
            AND total.snapshot_time < snapshot.snapshot_time
        WHERE snapshot.place = 1
        GROUP BY total.source_bucket, total.snapshot_date, total.inventory_id, total.snapshot_time
    ) AS earlier
    WHERE place = 1
),

-- Its current objects.
kept_before AS (
    SELECT
        version.source_bucket,
        key,
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        coalesce(size, 0) AS size,
        e_tag,
        last_modified_date
    FROM s3_inventory_object AS version
    INNER JOIN previous
        ON version.source_bucket = previous.source_bucket
        AND version.snapshot_date = previous.snapshot_date
        AND version.inventory_id = previous.inventory_id
        AND version.snapshot_time = previous.snapshot_time
    WHERE version.snapshot_date <= current_date
        AND coalesce(is_latest, true)
        AND NOT coalesce(is_delete_marker, false)
),

compared AS (
    SELECT
        coalesce(kept.source_bucket, kept_before.source_bucket) AS source_bucket,
        coalesce(kept.account, kept_before.account) AS account,
        coalesce(kept.repository, kept_before.repository) AS repository,
        kept_before.size AS size_before,
        kept.size AS size_after,
        coalesce(
            kept.last_modified_date <> kept_before.last_modified_date
            OR kept.size <> kept_before.size
            OR kept.e_tag <> kept_before.e_tag,
            false
        ) AS is_rewritten
    FROM kept
    FULL OUTER JOIN kept_before
        ON kept.source_bucket = kept_before.source_bucket
        AND kept.key = kept_before.key
),

changed AS (
    SELECT
        source_bucket,
        account,
        repository,
        count(size_before) AS objects_before,
        count(size_after) AS objects_after,
        coalesce(sum(size_before), 0) AS bytes_before,
        coalesce(sum(size_after), 0) AS bytes_after,
        count(*) FILTER (WHERE size_before IS NULL) AS added_objects,
        coalesce(sum(size_after) FILTER (WHERE size_before IS NULL), 0) AS added_bytes,
        count(*) FILTER (WHERE size_after IS NULL) AS removed_objects,
        coalesce(sum(size_before) FILTER (WHERE size_after IS NULL), 0) AS removed_bytes,
        count(*) FILTER (WHERE is_rewritten) AS rewritten_objects,
        coalesce(sum(size_after) FILTER (WHERE is_rewritten), 0) AS rewritten_bytes,
        sum(count(size_before)) OVER (PARTITION BY source_bucket) AS objects_seen_before
    FROM compared
    GROUP BY source_bucket, account, repository
)

SELECT
    changed.source_bucket,
    account,
    repository,
    previous.snapshot_time AS previous_snapshot,
    snapshot.snapshot_time AS latest_snapshot,
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
FROM changed
INNER JOIN snapshot
    ON changed.source_bucket = snapshot.source_bucket
    AND snapshot.place = 1
INNER JOIN previous
    ON changed.source_bucket = previous.source_bucket
-- Totals are kept longer than objects: what is no longer here cannot be compared.
WHERE objects_seen_before = previous.objects
ORDER BY changed.source_bucket, account, repository
