-- The 100 contents kept more than once that waste most, told by entity tag and size.
WITH
{latest_snapshots},

-- Its current objects, as a listing of the bucket shows them.
kept AS (
    SELECT
        version.source_bucket,
        key,
        coalesce(account, '(none)') || '/' || coalesce(repository, '(none)') AS dataset,
        size,
        e_tag
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

copied AS (
    SELECT e_tag, size, count(*) AS copies
    FROM kept
    WHERE size > 0 AND e_tag IS NOT NULL
    GROUP BY e_tag, size
    HAVING count(*) > 1
    ORDER BY size * (count(*) - 1) DESC, e_tag, size
    LIMIT 100
)

SELECT
    copied.e_tag,
    copied.size,
    copies,
    copied.size * (copies - 1) AS wasted_bytes,
    count(DISTINCT source_bucket) AS buckets,
    count(DISTINCT dataset) AS datasets,
    min(dataset) AS first_dataset,
    min(key) AS first_key
FROM copied
INNER JOIN kept
    ON copied.e_tag = kept.e_tag
    AND copied.size = kept.size
GROUP BY copied.e_tag, copied.size, copies
ORDER BY wasted_bytes DESC, copied.e_tag, copied.size
