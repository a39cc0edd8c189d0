-- Which data sets nobody has written to for longest, and what they keep.
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

-- Its totals.
kept AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        objects,
        bytes,
        oldest,
        newest
    FROM daily_storage AS total
    INNER JOIN snapshot
        ON total.source_bucket = snapshot.source_bucket
        AND total.snapshot_date = snapshot.snapshot_date
        AND total.inventory_id = snapshot.inventory_id
        AND total.snapshot_time = snapshot.snapshot_time
    WHERE snapshot.place = 1
),

one_repository AS (
    SELECT
        account,
        repository,
        sum(objects) AS objects,
        sum(bytes) AS bytes,
        min(oldest) AS oldest,
        max(newest) AS newest
    FROM kept
    GROUP BY account, repository
    HAVING sum(objects) > 0
)

SELECT
    account,
    repository,
    objects,
    bytes,
    oldest,
    newest,
    date_diff('day', CAST(newest AS date), current_date) AS days_since_newest
FROM one_repository
ORDER BY newest, bytes DESC, account, repository
