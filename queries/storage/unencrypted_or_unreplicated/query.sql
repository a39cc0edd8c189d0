-- Objects that are not encrypted, or not replicated though their bucket replicates.
WITH
{latest_snapshots},

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
    WHERE version.snapshot_date <= current_date
        AND coalesce(is_latest, true)
        AND NOT coalesce(is_delete_marker, false)
),

-- One row per data set and state, so that what follows stays small.
counted AS (
    SELECT
        source_bucket,
        account,
        repository,
        encryption_status,
        replication_status,
        count(*) AS objects,
        sum(size) AS bytes,
        min(key) AS example_key
    FROM kept
    GROUP BY source_bucket, account, repository, encryption_status, replication_status
),

-- Buckets that replicate: some object of theirs tells how that went. A replica tells only that another bucket does.
replicating AS (
    SELECT
        *,
        coalesce(
            bool_or(replication_status IN ('PENDING', 'COMPLETED', 'FAILED')) OVER (PARTITION BY source_bucket), false
        ) AS is_replicating
    FROM counted
),

-- An object can have one of each.
aspect AS (
    SELECT 'encryption' AS aspect
    UNION ALL
    SELECT 'replication' AS aspect
),

found AS (
    SELECT
        *,
        CASE
            WHEN aspect = 'encryption' AND encryption_status = 'NOT-SSE' THEN 'not encrypted'
            WHEN aspect = 'encryption' OR NOT is_replicating THEN NULL
            WHEN replication_status = 'FAILED' THEN 'replication failed'
            WHEN replication_status = 'PENDING' THEN 'replication pending'
            WHEN replication_status IS NULL THEN 'not replicated'
        END AS problem
    FROM replicating
    CROSS JOIN aspect
)

SELECT
    problem,
    source_bucket,
    account,
    repository,
    sum(objects) AS objects,
    sum(bytes) AS bytes,
    min(example_key) AS example_key
FROM found
WHERE problem IS NOT NULL
GROUP BY problem, source_bucket, account, repository
ORDER BY problem, bytes DESC, source_bucket, account, repository
