-- All snapshots with the common prefix of their keys: null if there are no keys, '' if it is unknown.
candidate AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        CASE
            WHEN sum(objects + noncurrent_objects + delete_markers) = 0 THEN NULL
            ELSE coalesce(max(key_prefix), '')
        END AS key_prefix,
        max(snapshot_date) OVER (PARTITION BY source_bucket) AS newest_date,
        row_number() OVER (
            PARTITION BY source_bucket
            ORDER BY
                -- An inventory of all versions also lists what one of current objects leaves out.
                sum(noncurrent_objects + delete_markers) > 0 DESC,
                snapshot_date DESC,
                sum(objects + noncurrent_objects) DESC,
                snapshot_time DESC,
                inventory_id
        ) AS recency,
        row_number() OVER (PARTITION BY source_bucket, inventory_id ORDER BY snapshot_time DESC) AS age
    FROM daily_storage
    -- The day S3 was launched.
    WHERE snapshot_date >= DATE '2006-03-14'
        AND snapshot_date <= current_date
    GROUP BY source_bucket, snapshot_date, inventory_id, snapshot_time
)
