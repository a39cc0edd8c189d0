-- All snapshots with the common prefix of their keys: null if there are no keys, '' if it is unknown.
totaled AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        CASE
            WHEN sum(objects + noncurrent_objects + delete_markers) = 0 THEN NULL
            ELSE coalesce(max(key_prefix), '')
        END AS key_prefix,
        sum(noncurrent_objects + delete_markers) > 0 AS lists_older_versions,
        sum(objects + noncurrent_objects) AS versions
    FROM daily_storage
    -- The day S3 was launched; {word} earlier days decide which snapshots count on the first.
    WHERE snapshot_date >= DATE '2006-03-14' - INTERVAL '{word}' DAY
        AND snapshot_date <= current_date
    GROUP BY source_bucket, snapshot_date, inventory_id, snapshot_time
)
