-- Which kinds of file take the space, told by the ending of the name.
WITH
{latest_snapshots},

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
    WHERE version.snapshot_date <= current_date
        AND coalesce(is_latest, true)
        AND NOT coalesce(is_delete_marker, false)
),

split_key AS (
    SELECT split(key, '.') AS parts, size
    FROM kept
),

last_part AS (
    SELECT CASE WHEN cardinality(parts) > 1 THEN element_at(parts, -1) END AS letters, size
    FROM split_key
),

ending AS (
    SELECT CASE WHEN length(letters) BETWEEN 1 AND 16 AND strpos(letters, '/') = 0 THEN letters END AS letters, size
    FROM last_part
),

counted AS (
    SELECT letters, count(*) AS objects, sum(size) AS bytes
    FROM ending
    GROUP BY letters
),

named AS (
    SELECT coalesce(lower(letters), '(none)') AS extension, objects, bytes
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
