-- Cost of each data set at these prices: one month of storage, and last month's requests and transfer.
-- An estimate, not a bill. Period: the last complete month.
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
        CAST(? AS double) AS price_per_gb_out,
        CAST(? AS double) AS price_per_1000_gets_standard_ia,
        CAST(? AS double) AS price_per_1000_gets_onezone_ia,
        CAST(? AS double) AS price_per_1000_gets_glacier_ir,
        CAST(? AS double) AS price_per_1000_gets_glacier,
        CAST(? AS double) AS price_per_1000_gets_deep_archive,
        CAST(? AS double) AS price_per_1000_gets_intelligent_tiering,
        CAST(? AS double) AS price_per_1000_gets_reduced_redundancy,
        CAST(? AS double) AS price_per_1000_gets_express_onezone,
        CAST(? AS double) AS price_per_1000_writes_standard_ia,
        CAST(? AS double) AS price_per_1000_writes_onezone_ia,
        CAST(? AS double) AS price_per_1000_writes_glacier_ir,
        CAST(? AS double) AS price_per_1000_writes_glacier,
        CAST(? AS double) AS price_per_1000_writes_deep_archive,
        CAST(? AS double) AS price_per_1000_writes_intelligent_tiering,
        CAST(? AS double) AS price_per_1000_writes_reduced_redundancy,
        CAST(? AS double) AS price_per_1000_writes_express_onezone,
        CAST(? AS double) AS price_monitoring,
        CAST(? AS double) AS price_per_gb_same_region,
        CAST(? AS double) AS price_per_gb_other_regions,
        CAST(? AS double) AS price_per_gb_cloudfront
),

-- Its totals.
kept AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        bytes + noncurrent_bytes AS bytes,
        objects + noncurrent_objects AS versions,
        -- Null in rows older than these columns.
        coalesce(small_objects, 0) AS small_objects,
        coalesce(small_bytes, 0) AS small_bytes,
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
),

-- What AWS charges beyond the bytes: https://aws.amazon.com/s3/pricing/, notes on minimum sizes and on archived objects.
measured AS (
    SELECT
        account,
        repository,
        bytes,
        charged_as,
        CASE
            -- At least 128 KB for each object.
            WHEN charged_as IN ('STANDARD_IA', 'ONEZONE_IA', 'GLACIER_IR')
                THEN bytes + small_objects * 131072 - small_bytes
            -- 32 KB more for each archived object, and 8 KB in STANDARD.
            WHEN charged_as IN (
                'GLACIER', 'DEEP_ARCHIVE', 'INTELLIGENT_TIERING ARCHIVE', 'INTELLIGENT_TIERING DEEP_ARCHIVE'
            )
                THEN bytes + versions * 32768
            ELSE bytes
        END AS charged_bytes,
        CASE
            WHEN charged_as IN (
                'GLACIER', 'DEEP_ARCHIVE', 'INTELLIGENT_TIERING ARCHIVE', 'INTELLIGENT_TIERING DEEP_ARCHIVE'
            )
                THEN versions * 8192
            ELSE 0
        END AS index_bytes,
        -- Objects below 128 KB are not monitored.
        CASE WHEN charged_as LIKE 'INTELLIGENT_TIERING%' THEN versions - small_objects ELSE 0 END AS monitored_objects
    FROM kept
    -- Delete markers have neither bytes nor a class.
    WHERE versions > 0
),

charged AS (
    SELECT
        account,
        repository,
        bytes,
        charged_as,
        charged_bytes,
        index_bytes,
        monitored_objects,
        CAST(price_standard AS decimal(18, 9)) AS price_of_index,
        CAST(price_monitoring AS decimal(18, 9)) AS price_monitoring,
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
    FROM measured
    CROSS JOIN price
),

storage AS (
    SELECT
        account,
        repository,
        -- Unknown if one of the inventories had no Size.
        CASE WHEN count(bytes) = count(*) THEN sum(bytes) END AS kept_bytes,
        CASE WHEN count(bytes) = count(*) THEN sum(charged_bytes + index_bytes) END AS charged_bytes,
        CASE
            WHEN count(bytes) = count(*)
                THEN CAST(sum(charged_bytes * price_per_gb + index_bytes * price_of_index) AS double) / 1073741824
        END AS storage_dollars,
        CAST(sum(monitored_objects * price_monitoring) AS double) / 1000 AS monitoring_dollars,
        CASE
            WHEN count(*) FILTER (WHERE price_per_gb = 0 AND bytes IS NULL) = 0
                THEN coalesce(sum(bytes) FILTER (WHERE price_per_gb = 0), 0)
        END AS unpriced_bytes,
        array_join(
            array_agg(DISTINCT charged_as ORDER BY charged_as) FILTER (WHERE price_per_gb = 0 AND coalesce(bytes, 1) > 0), ', '
        ) AS unpriced_classes
    FROM charged
    GROUP BY account, repository
),

-- The storage class of each current object.
listed AS (
    SELECT version.source_bucket, version.key, coalesce(version.storage_class, '(unknown)') AS storage_class
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

request AS (
    SELECT
        account,
        repository,
        bucket,
        key,
        -- S3's charges: writing and listing cost most, deleting is free, all else, such as a SELECT, is a GET.
        operation LIKE '%.PUT.%' OR (operation LIKE '%.POST.%' AND operation <> 'REST.POST.SELECT')
        OR operation IN ('REST.GET.BUCKET', 'REST.GET.BUCKETVERSIONS', 'REST.GET.UPLOADS')
        OR operation IN ('REST.COPY.OBJECT', 'REST.COPY.PART') AS is_write,
        source_region,
        endpoint_region,
        is_public_address,
        is_through_cloudfront,
        bytes_sent,
        is_there
    FROM access_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '1' MONTH
        AND event_date <= date_trunc('month', current_date) - INTERVAL '1' DAY
        AND operation NOT LIKE 'S3.%'
        AND operation NOT LIKE '%.DELETE.%'
        AND operation NOT IN ('(none)', 'REST.POST.MULTI_OBJECT_DELETE')
        -- A copy is charged once, by the line of its target. The line of its source has a status in old logs only.
        AND operation NOT IN ('REST.COPY.OBJECT_GET', 'REST.COPY.PART_GET')
        -- Of failed requests, S3 charges an owner for those that found no key, or one that changed:
        -- https://docs.aws.amazon.com/AmazonS3/latest/userguide/ErrorCodeBilling.html
        AND (http_status BETWEEN 200 AND 299 OR http_status IN (304, 404, 412))
),

keyed AS (
    SELECT
        account,
        repository,
        bucket,
        key,
        is_write,
        source_region,
        endpoint_region,
        is_public_address,
        is_through_cloudfront,
        count(*) AS requests,
        sum(bytes_sent) AS bytes_sent,
        bool_or(is_there) AS is_there
    FROM request
    GROUP BY
        account, repository, bucket, key, is_write, source_region, endpoint_region, is_public_address,
        is_through_cloudfront
),

counted AS (
    SELECT
        *,
        CASE WHEN endpoint_region IS NOT NULL THEN sum(requests) OVER (PARTITION BY bucket, endpoint_region) END
            AS requests_of_region,
        bool_or(source_region IS NOT NULL) OVER () AS is_region_logged,
        -- Anybody can name a data set that does not exist.
        bool_or(is_there) OVER (PARTITION BY account, repository) AS is_dataset
    FROM keyed
),

located AS (
    SELECT *, max_by(endpoint_region, requests_of_region) OVER (PARTITION BY bucket) AS bucket_region
    FROM counted
),

sent AS (
    SELECT
        CASE WHEN is_dataset THEN located.account ELSE '(nothing there)' END AS account,
        CASE WHEN is_dataset THEN located.repository ELSE '(nothing there)' END AS repository,
        is_write,
        requests,
        bytes_sent,
        -- Requests without a key, such as listings, cost the same for all classes.
        CASE WHEN located.key IS NULL THEN 'STANDARD' ELSE coalesce(max(storage_class), '(unknown)') END AS storage_class,
        -- As in access/transfer_by_destination.
        CASE
            WHEN is_through_cloudfront THEN 'cloudfront'
            WHEN source_region = bucket_region THEN 'same_region'
            WHEN source_region <> bucket_region THEN 'other_regions'
            WHEN source_region IS NULL AND is_region_logged AND is_public_address THEN 'internet'
            ELSE 'unknown'
        END AS destination
    FROM located
    LEFT JOIN listed
        ON located.bucket = listed.source_bucket
        AND located.key = listed.key
    -- Without the field IsLatest, all versions of a key are listed. Each request counts once.
    GROUP BY
        located.account, located.repository, located.bucket, located.key, is_write, source_region, endpoint_region,
        is_public_address, is_through_cloudfront, requests, bytes_sent, bucket_region, is_region_logged, is_dataset
),

priced AS (
    SELECT
        account,
        repository,
        is_write,
        requests,
        bytes_sent,
        storage_class,
        destination,
        CAST(
            CASE
                WHEN storage_class IN ('STANDARD', '(unknown)') AND is_write THEN price_per_1000_writes
                WHEN storage_class IN ('STANDARD', '(unknown)') THEN price_per_1000_gets
                WHEN is_write THEN CASE storage_class
                    WHEN 'STANDARD_IA' THEN price_per_1000_writes_standard_ia
                    WHEN 'ONEZONE_IA' THEN price_per_1000_writes_onezone_ia
                    WHEN 'GLACIER_IR' THEN price_per_1000_writes_glacier_ir
                    WHEN 'GLACIER' THEN price_per_1000_writes_glacier
                    WHEN 'DEEP_ARCHIVE' THEN price_per_1000_writes_deep_archive
                    WHEN 'INTELLIGENT_TIERING' THEN price_per_1000_writes_intelligent_tiering
                    WHEN 'REDUCED_REDUNDANCY' THEN price_per_1000_writes_reduced_redundancy
                    WHEN 'EXPRESS_ONEZONE' THEN price_per_1000_writes_express_onezone
                    ELSE 0
                END
                ELSE CASE storage_class
                    WHEN 'STANDARD_IA' THEN price_per_1000_gets_standard_ia
                    WHEN 'ONEZONE_IA' THEN price_per_1000_gets_onezone_ia
                    WHEN 'GLACIER_IR' THEN price_per_1000_gets_glacier_ir
                    WHEN 'GLACIER' THEN price_per_1000_gets_glacier
                    WHEN 'DEEP_ARCHIVE' THEN price_per_1000_gets_deep_archive
                    WHEN 'INTELLIGENT_TIERING' THEN price_per_1000_gets_intelligent_tiering
                    WHEN 'REDUCED_REDUNDANCY' THEN price_per_1000_gets_reduced_redundancy
                    WHEN 'EXPRESS_ONEZONE' THEN price_per_1000_gets_express_onezone
                    ELSE 0
                END
            END AS decimal(18, 9)
        ) AS price_per_1000,
        CAST(
            CASE destination
                WHEN 'same_region' THEN price_per_gb_same_region
                WHEN 'other_regions' THEN price_per_gb_other_regions
                WHEN 'cloudfront' THEN price_per_gb_cloudfront
                -- Unknown destinations have the highest price, and are shown.
                ELSE price_per_gb_out
            END AS decimal(18, 9)
        ) AS price_per_gb
    FROM sent
    CROSS JOIN price
),

traffic AS (
    SELECT
        account,
        repository,
        coalesce(sum(requests) FILTER (WHERE NOT is_write), 0) AS gets,
        coalesce(sum(requests) FILTER (WHERE is_write), 0) AS writes,
        coalesce(sum(requests) FILTER (WHERE storage_class = '(unknown)'), 0) AS requests_of_unknown_class,
        coalesce(sum(requests) FILTER (WHERE price_per_1000 = 0), 0) AS unpriced_requests,
        sum(bytes_sent) AS bytes_sent,
        coalesce(sum(bytes_sent) FILTER (WHERE destination = 'same_region'), 0) AS bytes_same_region,
        coalesce(sum(bytes_sent) FILTER (WHERE destination = 'other_regions'), 0) AS bytes_other_regions,
        coalesce(sum(bytes_sent) FILTER (WHERE destination = 'internet'), 0) AS bytes_internet,
        coalesce(sum(bytes_sent) FILTER (WHERE destination = 'cloudfront'), 0) AS bytes_cloudfront,
        coalesce(sum(bytes_sent) FILTER (WHERE destination = 'unknown'), 0) AS bytes_unknown,
        CAST(sum(requests * price_per_1000) AS double) / 1000 AS request_dollars,
        CAST(sum(bytes_sent * price_per_gb) AS double) / 1073741824 AS transfer_dollars
    FROM priced
    GROUP BY account, repository
),

dataset AS (
    SELECT
        coalesce(storage.account, traffic.account) AS account,
        coalesce(storage.repository, traffic.repository) AS repository,
        -- Null where the inventory has no sizes: unknown is not zero.
        CASE WHEN storage.account IS NULL THEN 0 ELSE kept_bytes END AS kept_bytes,
        CASE WHEN storage.account IS NULL THEN 0 ELSE charged_bytes END AS charged_bytes,
        CASE WHEN storage.account IS NULL THEN 0 ELSE storage_dollars END AS storage_dollars,
        coalesce(monitoring_dollars, 0) AS monitoring_dollars,
        CASE WHEN storage.account IS NULL THEN 0 ELSE unpriced_bytes END AS unpriced_bytes,
        unpriced_classes,
        coalesce(gets, 0) AS gets,
        coalesce(writes, 0) AS writes,
        coalesce(requests_of_unknown_class, 0) AS requests_of_unknown_class,
        coalesce(unpriced_requests, 0) AS unpriced_requests,
        coalesce(bytes_sent, 0) AS bytes_sent,
        coalesce(bytes_same_region, 0) AS bytes_same_region,
        coalesce(bytes_other_regions, 0) AS bytes_other_regions,
        coalesce(bytes_internet, 0) AS bytes_internet,
        coalesce(bytes_cloudfront, 0) AS bytes_cloudfront,
        coalesce(bytes_unknown, 0) AS bytes_unknown,
        coalesce(request_dollars, 0) AS request_dollars,
        coalesce(transfer_dollars, 0) AS transfer_dollars
    FROM storage
    FULL OUTER JOIN traffic
        ON storage.account = traffic.account
        AND storage.repository = traffic.repository
)

SELECT
    account,
    repository,
    kept_bytes,
    charged_bytes,
    gets,
    writes,
    requests_of_unknown_class,
    unpriced_requests,
    bytes_sent,
    bytes_same_region,
    bytes_other_regions,
    bytes_internet,
    bytes_cloudfront,
    bytes_unknown,
    storage_dollars AS estimated_storage_dollars,
    monitoring_dollars AS estimated_monitoring_dollars,
    request_dollars AS estimated_request_dollars,
    transfer_dollars AS estimated_transfer_dollars,
    storage_dollars + monitoring_dollars + request_dollars + transfer_dollars AS estimated_dollars,
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
    price_per_gb_out,
    price_per_1000_gets_standard_ia,
    price_per_1000_gets_onezone_ia,
    price_per_1000_gets_glacier_ir,
    price_per_1000_gets_glacier,
    price_per_1000_gets_deep_archive,
    price_per_1000_gets_intelligent_tiering,
    price_per_1000_gets_reduced_redundancy,
    price_per_1000_gets_express_onezone,
    price_per_1000_writes_standard_ia,
    price_per_1000_writes_onezone_ia,
    price_per_1000_writes_glacier_ir,
    price_per_1000_writes_glacier,
    price_per_1000_writes_deep_archive,
    price_per_1000_writes_intelligent_tiering,
    price_per_1000_writes_reduced_redundancy,
    price_per_1000_writes_express_onezone,
    price_monitoring,
    price_per_gb_same_region,
    price_per_gb_other_regions,
    price_per_gb_cloudfront
FROM dataset
CROSS JOIN price
WHERE charged_bytes IS NULL OR charged_bytes > 0 OR gets > 0 OR writes > 0
ORDER BY estimated_dollars DESC, account, repository
