-- Which data sets nobody has written to for longest, and what they keep.
WITH
{latest_snapshots},

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
