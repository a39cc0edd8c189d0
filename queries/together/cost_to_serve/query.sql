-- What each data set would cost at these prices: keeping it for a month, and last month's requests and transfer.
-- An estimate, not a bill. Period: the last complete month.
WITH
-- All snapshots with the prefix that their keys have in common: null if there are no keys, '' if it is not known.
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
            ORDER BY snapshot_date DESC, sum(objects + noncurrent_objects) DESC, snapshot_time DESC, inventory_id
        ) AS recency,
        row_number() OVER (
            PARTITION BY source_bucket, inventory_id
            ORDER BY snapshot_date DESC, sum(objects + noncurrent_objects) DESC, snapshot_time DESC
        ) AS age
    FROM daily_storage
    WHERE snapshot_date <= current_date
    GROUP BY source_bucket, snapshot_date, inventory_id, snapshot_time
),

-- Of each inventory the latest, without inventories that ended: weekly ones come within 10 days.
latest AS (
    SELECT source_bucket, snapshot_date, inventory_id, snapshot_time, key_prefix, recency
    FROM candidate
    WHERE age = 1
        AND snapshot_date >= newest_date - INTERVAL '10' DAY
),

-- The snapshots that count have place 1: those whose keys no other one lists too. Keys that begin with the common
-- prefix of another snapshot match the filter of its inventory.
snapshot AS (
    SELECT
        latest.source_bucket,
        latest.snapshot_date,
        latest.inventory_id,
        latest.snapshot_time,
        1 + count(wider.inventory_id) AS place
    FROM latest
    LEFT JOIN latest AS wider
        ON latest.source_bucket = wider.source_bucket
        AND starts_with(latest.key_prefix, wider.key_prefix)
        AND (wider.key_prefix <> latest.key_prefix OR wider.recency < latest.recency)
    GROUP BY latest.source_bucket, latest.snapshot_date, latest.inventory_id, latest.snapshot_time
),

-- US dollars: per GB of 1024 x 1024 x 1024 bytes and month (0: no price), per 1,000 requests, per GB out.
price AS (
    SELECT
        CAST(? AS double) AS price_standard,
        CAST(? AS double) AS price_standard_ia,
        CAST(? AS double) AS price_onezone_ia,
        CAST(? AS double) AS price_glacier_ir,
        CAST(? AS double) AS price_glacier,
        CAST(? AS double) AS price_deep_archive,
        CAST(? AS double) AS price_reduced_redundancy,
        CAST(? AS double) AS price_express_onezone,
        CAST(? AS double) AS price_intelligent_tiering,
        CAST(? AS double) AS price_outposts,
        CAST(? AS double) AS price_snow,
        CAST(? AS double) AS price_fsx_openzfs,
        CAST(? AS double) AS price_fsx_ontap,
        CAST(? AS double) AS price_tier_frequent,
        CAST(? AS double) AS price_tier_infrequent,
        CAST(? AS double) AS price_tier_archive_instant_access,
        CAST(? AS double) AS price_tier_archive,
        CAST(? AS double) AS price_tier_deep_archive,
        CAST(? AS double) AS price_per_1000_gets,
        CAST(? AS double) AS price_per_1000_writes,
        CAST(? AS double) AS price_per_gb_out
),

-- Its totals.
kept AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        bytes + noncurrent_bytes AS bytes,
        CASE
            WHEN storage_class = 'INTELLIGENT_TIERING' AND intelligent_tiering_access_tier IS NOT NULL
                THEN 'INTELLIGENT_TIERING ' || intelligent_tiering_access_tier
            ELSE coalesce(storage_class, '(unknown)')
        END AS charged_as
    FROM daily_storage AS total
    INNER JOIN snapshot
        ON total.source_bucket = snapshot.source_bucket
        AND total.snapshot_date = snapshot.snapshot_date
        AND total.inventory_id = snapshot.inventory_id
        AND total.snapshot_time = snapshot.snapshot_time
    WHERE snapshot.place = 1
),

charged AS (
    SELECT
        account,
        repository,
        bytes,
        charged_as,
        -- A decimal: the sum of doubles depends on their order.
        CAST(
            CASE charged_as
                WHEN 'STANDARD' THEN price_standard
                WHEN 'STANDARD_IA' THEN price_standard_ia
                WHEN 'ONEZONE_IA' THEN price_onezone_ia
                WHEN 'GLACIER_IR' THEN price_glacier_ir
                WHEN 'GLACIER' THEN price_glacier
                WHEN 'DEEP_ARCHIVE' THEN price_deep_archive
                WHEN 'REDUCED_REDUNDANCY' THEN price_reduced_redundancy
                WHEN 'EXPRESS_ONEZONE' THEN price_express_onezone
                WHEN 'INTELLIGENT_TIERING' THEN price_intelligent_tiering
                WHEN 'OUTPOSTS' THEN price_outposts
                WHEN 'SNOW' THEN price_snow
                WHEN 'FSX_OPENZFS' THEN price_fsx_openzfs
                WHEN 'FSX_ONTAP' THEN price_fsx_ontap
                WHEN 'INTELLIGENT_TIERING FREQUENT' THEN price_tier_frequent
                WHEN 'INTELLIGENT_TIERING INFREQUENT' THEN price_tier_infrequent
                WHEN 'INTELLIGENT_TIERING ARCHIVE_INSTANT_ACCESS' THEN price_tier_archive_instant_access
                WHEN 'INTELLIGENT_TIERING ARCHIVE' THEN price_tier_archive
                WHEN 'INTELLIGENT_TIERING DEEP_ARCHIVE' THEN price_tier_deep_archive
                ELSE 0
            END AS decimal(18, 9)
        ) AS price_per_gb
    FROM kept
    CROSS JOIN price
),

storage AS (
    SELECT
        account,
        repository,
        sum(bytes) AS kept_bytes,
        CAST(sum(bytes * price_per_gb) AS double) / 1073741824 AS storage_dollars,
        sum(bytes) FILTER (WHERE price_per_gb = 0) AS unpriced_bytes,
        array_join(
            array_agg(DISTINCT charged_as ORDER BY charged_as) FILTER (WHERE price_per_gb = 0 AND bytes > 0), ', '
        ) AS unpriced_classes
    FROM charged
    GROUP BY account, repository
),

request AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        -- As S3 charges them: writing and listing is dear, deleting is free, all else is a GET.
        operation LIKE '%.PUT.%' OR operation LIKE '%.POST.%'
        OR operation IN ('REST.GET.BUCKET', 'REST.GET.BUCKETVERSIONS', 'REST.GET.UPLOADS')
        OR operation IN ('REST.COPY.OBJECT', 'REST.COPY.PART') AS is_write,
        coalesce(bytes_sent, 0) AS bytes_sent
    FROM s3_access_log
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '1' MONTH
        AND event_date <= date_trunc('month', current_date) - INTERVAL '1' DAY
        AND operation NOT LIKE 'S3.%'
        AND operation NOT LIKE '%.DELETE.%'
        AND operation <> 'REST.POST.MULTI_OBJECT_DELETE'
        -- A copy is charged once, by the line of what it writes. That of what it reads has a status in old logs only.
        AND operation NOT IN ('REST.COPY.OBJECT_GET', 'REST.COPY.PART_GET')
        -- S3 charges an owner neither for errors nor for redirects of requests that strangers make.
        AND (http_status BETWEEN 200 AND 299 OR http_status = 304)
),

traffic AS (
    SELECT
        account,
        repository,
        count(*) FILTER (WHERE NOT is_write) AS gets,
        count(*) FILTER (WHERE is_write) AS writes,
        sum(bytes_sent) AS bytes_sent
    FROM request
    GROUP BY account, repository
),

dataset AS (
    SELECT
        coalesce(storage.account, traffic.account) AS account,
        coalesce(storage.repository, traffic.repository) AS repository,
        -- Null where the inventory has no sizes: unknown is not zero.
        CASE WHEN storage.account IS NULL THEN 0 ELSE kept_bytes END AS kept_bytes,
        CASE WHEN storage.account IS NULL THEN 0 ELSE storage_dollars END AS storage_dollars,
        coalesce(unpriced_bytes, 0) AS unpriced_bytes,
        unpriced_classes,
        coalesce(gets, 0) AS gets,
        coalesce(writes, 0) AS writes,
        coalesce(bytes_sent, 0) AS bytes_sent
    FROM storage
    FULL OUTER JOIN traffic
        ON storage.account = traffic.account
        AND storage.repository = traffic.repository
),

cost AS (
    SELECT
        *,
        (gets * price_per_1000_gets + writes * price_per_1000_writes) / 1000 AS request_dollars,
        bytes_sent * price_per_gb_out / 1073741824 AS transfer_dollars
    FROM dataset
    CROSS JOIN price
    WHERE kept_bytes IS NULL OR kept_bytes > 0 OR gets > 0 OR writes > 0
)

SELECT
    account,
    repository,
    kept_bytes,
    gets,
    writes,
    bytes_sent,
    storage_dollars AS estimated_storage_dollars,
    request_dollars AS estimated_request_dollars,
    transfer_dollars AS estimated_transfer_dollars,
    storage_dollars + request_dollars + transfer_dollars AS estimated_dollars,
    unpriced_bytes,
    unpriced_classes,
    price_standard,
    price_standard_ia,
    price_onezone_ia,
    price_glacier_ir,
    price_glacier,
    price_deep_archive,
    price_reduced_redundancy,
    price_express_onezone,
    price_intelligent_tiering,
    price_outposts,
    price_snow,
    price_fsx_openzfs,
    price_fsx_ontap,
    price_tier_frequent,
    price_tier_infrequent,
    price_tier_archive_instant_access,
    price_tier_archive,
    price_tier_deep_archive,
    price_per_1000_gets,
    price_per_1000_writes,
    price_per_gb_out
FROM cost
ORDER BY estimated_dollars DESC, account, repository
