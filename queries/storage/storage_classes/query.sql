-- What is kept in each storage class: in all, and per data set.
WITH
{latest_snapshots},

-- Its totals.
kept AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        coalesce(storage_class, '(unknown)') AS storage_class,
        objects,
        bytes,
        noncurrent_objects,
        noncurrent_bytes,
        delete_markers,
        oldest,
        newest
    FROM daily_storage AS total
    INNER JOIN snapshot
        ON total.source_bucket = snapshot.source_bucket
        AND total.snapshot_date = snapshot.snapshot_date
        AND total.inventory_id = snapshot.inventory_id
        AND total.snapshot_time = snapshot.snapshot_time
),

one_group AS (
    SELECT
        grouping(account, repository) AS columns_left_out,
        account,
        repository,
        storage_class,
        sum(objects) AS objects,
        sum(bytes) AS bytes,
        sum(noncurrent_objects) AS noncurrent_objects,
        sum(noncurrent_bytes) AS noncurrent_bytes,
        sum(delete_markers) AS delete_markers,
        min(oldest) AS oldest,
        max(newest) AS newest
    FROM kept
    GROUP BY GROUPING SETS ((account, repository, storage_class), (storage_class))
    -- An empty snapshot is a row that counts nothing.
    HAVING sum(objects + noncurrent_objects + delete_markers) > 0
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'repository' ELSE 'total' END AS level,
    CASE columns_left_out WHEN 0 THEN account ELSE '(all)' END AS account,
    CASE columns_left_out WHEN 0 THEN repository ELSE '(all)' END AS repository,
    storage_class,
    objects,
    bytes,
    noncurrent_objects,
    noncurrent_bytes,
    delete_markers,
    oldest,
    newest
FROM one_group
ORDER BY columns_left_out DESC, one_group.account, one_group.repository, bytes DESC, storage_class
