-- Objects that are not encrypted, or not replicated though their bucket replicates.
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
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        key,
        size,
        encryption_status,
        replication_status
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

-- Buckets that replicate: some object of theirs tells how that went. A replica tells only that another bucket does.
replicating AS (
    SELECT DISTINCT source_bucket
    FROM kept
    WHERE replication_status IN ('PENDING', 'COMPLETED', 'FAILED')
),

found AS (
    SELECT source_bucket, account, repository, key, size, 'not encrypted' AS problem
    FROM kept
    WHERE encryption_status = 'NOT-SSE'
    UNION ALL
    SELECT
        kept.source_bucket,
        account,
        repository,
        key,
        size,
        CASE replication_status
            WHEN 'FAILED' THEN 'replication failed'
            WHEN 'PENDING' THEN 'replication pending'
            ELSE 'not replicated'
        END AS problem
    FROM kept
    INNER JOIN replicating
        ON kept.source_bucket = replicating.source_bucket
    WHERE replication_status IS NULL
        OR replication_status IN ('FAILED', 'PENDING')
)

SELECT
    problem,
    source_bucket,
    account,
    repository,
    count(*) AS objects,
    sum(size) AS bytes,
    min(key) AS example_key
FROM found
GROUP BY problem, source_bucket, account, repository
ORDER BY problem, bytes DESC, source_bucket, account, repository
