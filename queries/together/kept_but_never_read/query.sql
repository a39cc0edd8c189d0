-- Objects kept but not read in the period, per data set and storage class.
-- Period: the last 12 complete months and the current month.
WITH
-- begin {latest_snapshots}, (written by make generate)
candidate AS (
    SELECT
        *,
        max(snapshot_date) OVER (PARTITION BY source_bucket) AS newest_date,
        row_number() OVER (
            PARTITION BY source_bucket
            ORDER BY
                -- An inventory of all versions also lists what one of current objects leaves out.
                noncurrent_objects + delete_markers > 0 DESC,
                snapshot_date DESC,
                objects + noncurrent_objects DESC,
                snapshot_time DESC,
                inventory_id
        ) AS recency,
        row_number() OVER (PARTITION BY source_bucket, inventory_id ORDER BY snapshot_time DESC) AS age
    FROM inventory_snapshot
    -- The day S3 was launched.
    WHERE snapshot_date >= DATE '2006-03-14'
        AND snapshot_date <= current_date
),

-- The latest snapshot of each inventory that has not ended; weekly ones come within 10 days. A key prefix that another
-- one begins with sorts before it.
latest AS (
    SELECT
        source_bucket,
        snapshot_date,
        inventory_id,
        snapshot_time,
        key_prefix,
        objects AS listed_objects,
        array_agg(key_prefix) OVER (
            PARTITION BY source_bucket
            ORDER BY key_prefix, recency
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS prefixes_before
    FROM candidate
    WHERE age = 1
        AND snapshot_date >= newest_date - INTERVAL '10' DAY
),

-- The snapshots that count: those whose keys no other one lists too. If a key begins with another snapshot's
-- key_prefix, it matches the filter of that inventory.
snapshot AS (
    SELECT source_bucket, snapshot_date, inventory_id, snapshot_time, listed_objects
    FROM latest
    WHERE coalesce(cardinality(filter(prefixes_before, prefix -> starts_with(key_prefix, prefix))), 0) = 0
),
-- end {latest_snapshots}

-- Its current objects, as a listing of the bucket shows them.
kept AS (
    SELECT
        version.source_bucket,
        key,
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        coalesce(storage_class, '(unknown)') AS storage_class,
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

read_request AS (
    SELECT bucket, key, is_audience
    FROM access_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        -- 304: the reader's own copy was still good, so the object was of use.
        AND operation IN (
            'REST.GET.OBJECT', 'REST.GET.PART', 'REST.POST.SELECT', 'WEBSITE.GET.OBJECT', 'REST.COPY.OBJECT_GET',
            'REST.COPY.PART_GET'
        )
        AND (
            http_status = 304
            OR (http_status IN (200, 206) AND error_code IS NULL)
            -- The line of a copy's source has no status.
            OR (
                operation IN ('REST.COPY.OBJECT_GET', 'REST.COPY.PART_GET')
                AND http_status IS NULL
                AND error_code IS NULL
            )
        )
    UNION ALL
    -- S3 does not see what the cache answered.
    SELECT bucket, key, is_audience
    FROM cloudfront_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND bucket IS NOT NULL
        AND cs_method = 'GET'
        AND is_there
    UNION ALL
    SELECT bucket, key, NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience
    FROM cloudtrail_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND (is_get OR (event_name = 'SelectObjectContent' AND error_code IS NULL))
),

was_read AS (
    SELECT bucket, key, bool_or(is_audience) AS by_audience
    FROM read_request
    GROUP BY bucket, key
),

told AS (
    SELECT
        account,
        repository,
        storage_class,
        size,
        last_modified_date,
        was_read.key IS NULL AS is_unread,
        NOT coalesce(by_audience, false) AS is_audience_unread
    FROM kept
    LEFT JOIN was_read
        ON kept.source_bucket = was_read.bucket
        AND kept.key = was_read.key
)

SELECT
    account,
    repository,
    storage_class,
    count(*) AS objects,
    -- Unknown if the size of one object is.
    CASE WHEN count(size) = count(*) THEN sum(size) END AS bytes,
    count(*) FILTER (WHERE is_unread) AS unread_objects,
    CASE WHEN count(size) = count(*) THEN coalesce(sum(size) FILTER (WHERE is_unread), 0) END AS unread_bytes,
    count(*) FILTER (WHERE is_audience_unread) AS audience_unread_objects,
    CASE
        WHEN count(size) = count(*) THEN coalesce(sum(size) FILTER (WHERE is_audience_unread), 0)
    END AS audience_unread_bytes,
    min(last_modified_date) FILTER (WHERE is_unread) AS oldest_unread,
    max(last_modified_date) FILTER (WHERE is_unread) AS newest_unread
FROM told
GROUP BY account, repository, storage_class
ORDER BY unread_bytes DESC, account, repository, storage_class
