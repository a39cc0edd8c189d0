-- What versions that are no longer current add to what a listing shows.
WITH
{latest_snapshots},

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
        sum(bytes) AS bytes,
        sum(noncurrent_objects) AS noncurrent_objects,
        sum(noncurrent_bytes) AS noncurrent_bytes,
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
