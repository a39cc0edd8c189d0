-- Which kinds of file take the space, told by the ending of the name.
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
        key,
        size
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

-- The last dot is the first of the key read backwards.
backwards AS (
    SELECT reverse(key) AS letters, size
    FROM kept
),

dotted AS (
    SELECT letters, strpos(letters, '.') AS dot, size
    FROM backwards
),

ending AS (
    SELECT
        CASE
            WHEN dot BETWEEN 2 AND 17 AND strpos(substr(letters, 1, dot), '/') = 0 THEN substr(letters, 1, dot - 1)
        END AS letters,
        size
    FROM dotted
),

counted AS (
    SELECT letters, count(*) AS objects, sum(size) AS bytes
    FROM ending
    GROUP BY letters
),

named AS (
    SELECT coalesce(lower(reverse(letters)), '(none)') AS extension, objects, bytes
    FROM counted
),

extension AS (
    SELECT extension, CAST(sum(objects) AS bigint) AS objects, CAST(sum(bytes) AS bigint) AS bytes
    FROM named
    GROUP BY extension
)

SELECT
    extension,
    objects,
    bytes,
    CAST(bytes AS double) / objects AS avg_bytes,
    CASE
        WHEN bytes IS NOT NULL THEN coalesce(CAST(bytes AS double) / nullif(sum(bytes) OVER (), 0), 0)
    END AS share_of_bytes
FROM extension
ORDER BY bytes DESC, objects DESC, extension
LIMIT 100
