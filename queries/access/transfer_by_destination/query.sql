-- Bytes of each bucket by destination: its Region, other Regions, the internet, CloudFront, or unknown.
-- Period: the last 12 complete months and the current month.
WITH price AS (
    -- US dollars per GB of 1024 x 1024 x 1024 bytes.
    SELECT
        CAST(? AS double) AS price_same_region,
        CAST(? AS double) AS price_other_regions,
        CAST(? AS double) AS price_internet,
        CAST(? AS double) AS price_cloudfront
),

logged AS (
    SELECT
        event_date,
        bucket,
        source_region,
        endpoint_region,
        is_public_address,
        is_through_cloudfront,
        count(*) AS requests,
        sum(bytes_sent) AS bytes_sent,
        coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent
    FROM access_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND bytes_sent > 0
    GROUP BY event_date, bucket, source_region, endpoint_region, is_public_address, is_through_cloudfront
),

counted AS (
    SELECT
        *,
        CASE WHEN endpoint_region IS NOT NULL THEN sum(requests) OVER (PARTITION BY bucket, endpoint_region) END
            AS requests_of_region,
        -- Earlier lines may lack the field.
        coalesce(event_date >= min(CASE WHEN source_region IS NOT NULL THEN event_date END) OVER (), false)
            AS is_region_logged
    FROM logged
),

located AS (
    SELECT *, max_by(endpoint_region, requests_of_region) OVER (PARTITION BY bucket) AS bucket_region
    FROM counted
),

request AS (
    SELECT
        date_trunc('month', event_date) AS month,
        'access log' AS seen_by,
        bucket,
        bucket_region,
        CASE
            WHEN is_through_cloudfront THEN 'cloudfront'
            WHEN source_region = bucket_region THEN 'same_region'
            WHEN source_region <> bucket_region THEN 'other_regions'
            WHEN source_region IS NULL AND is_region_logged AND is_public_address THEN 'internet'
            ELSE 'unknown'
        END AS destination,
        requests,
        bytes_sent,
        audience_bytes_sent
    FROM located
    UNION ALL
    SELECT
        date_trunc('month', event_date) AS month,
        'CloudTrail' AS seen_by,
        bucket,
        aws_region AS bucket_region,
        CASE
            WHEN source_ip_address = 'cloudfront.amazonaws.com' THEN 'cloudfront'
            WHEN vpc_endpoint_id IS NOT NULL THEN 'same_region'
            ELSE 'unknown'
        END AS destination,
        1 AS requests,
        bytes_out AS bytes_sent,
        CASE WHEN NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) THEN bytes_out ELSE 0 END
            AS audience_bytes_sent
    FROM cloudtrail_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND bytes_out > 0
),

total AS (
    SELECT
        month,
        seen_by,
        bucket,
        destination,
        max(bucket_region) AS bucket_region,
        sum(requests) AS requests,
        sum(bytes_sent) AS bytes_sent,
        sum(audience_bytes_sent) AS audience_bytes_sent
    FROM request
    GROUP BY month, seen_by, bucket, destination
),

priced AS (
    SELECT
        *,
        CASE destination
            WHEN 'same_region' THEN price_same_region
            WHEN 'other_regions' THEN price_other_regions
            WHEN 'internet' THEN price_internet
            WHEN 'cloudfront' THEN price_cloudfront
        END AS price_per_gb
    FROM total
    CROSS JOIN price
)

SELECT
    CAST(month AS date) AS month,
    seen_by,
    bucket,
    bucket_region,
    destination,
    requests,
    bytes_sent,
    CAST(bytes_sent AS double) / sum(bytes_sent) OVER (PARTITION BY month, seen_by, bucket) AS share_of_bytes_sent,
    audience_bytes_sent,
    price_per_gb,
    CAST(bytes_sent AS double) / 1073741824 * price_per_gb AS estimated_dollars
FROM priced
ORDER BY priced.month, seen_by, bucket, bytes_sent DESC, destination
