-- What each account keeps, as Source Stats counts it: the account is what stands before the first slash of the key.
WITH
{latest_snapshots},

-- Its current objects, as a listing of the bucket shows them.
kept AS (
    SELECT
        key,
        size,
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
),

split_key AS (
    SELECT
        split(key, '/') AS parts,
        size,
        last_modified_date
    FROM kept
    WHERE key LIKE '%/%'
),

part AS (
    SELECT
        element_at(parts, 1) AS account,
        element_at(parts, 2) AS repository,
        size,
        last_modified_date
    FROM split_key
),

one_repository AS (
    SELECT
        account,
        repository,
        count(*) AS objects,
        sum(size) AS bytes,
        min(last_modified_date) AS oldest,
        max(last_modified_date) AS newest
    FROM part
    GROUP BY account, repository
),

one_account AS (
    SELECT
        account,
        count(*) AS repositories,
        sum(objects) AS objects,
        sum(bytes) AS bytes,
        min(oldest) AS oldest,
        max(newest) AS newest
    FROM one_repository
    GROUP BY account
)

SELECT
    account,
    repositories,
    objects,
    round(CAST(bytes AS double) / 1073741824, 2) AS storage_gb,
    round(CAST(bytes AS double) / objects / 1048576, 2) AS avg_object_size_mb,
    date_trunc('second', oldest) AS oldest_file,
    date_trunc('second', newest) AS newest_file
FROM one_account
ORDER BY storage_gb DESC, account
