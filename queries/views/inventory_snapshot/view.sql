-- What one snapshot lists, in one row. A filter on source_bucket and snapshot_date reaches the table's partitions.
CREATE OR REPLACE VIEW inventory_snapshot AS
SELECT
    source_bucket,
    snapshot_date,
    inventory_id,
    snapshot_time,
    CASE
        WHEN sum(objects + noncurrent_objects + delete_markers) = 0 THEN NULL
        ELSE coalesce(max(key_prefix), '')
    END AS key_prefix,
    CAST(sum(objects) AS bigint) AS objects,
    CAST(sum(noncurrent_objects) AS bigint) AS noncurrent_objects,
    CAST(sum(delete_markers) AS bigint) AS delete_markers
FROM daily_storage
GROUP BY source_bucket, snapshot_date, inventory_id, snapshot_time
