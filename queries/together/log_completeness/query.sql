-- Reads of objects that CloudTrail, the access logs or both recorded, matched by request id and key.
-- Period: the last 30 complete days and today.
WITH logged AS (
    SELECT bucket, request_id, key, min(event_date) AS event_date
    FROM s3_access_log
    -- One day more than the period on either side: around midnight, the other source may have a read on another day.
    WHERE event_date >= current_date - INTERVAL '30' DAY - INTERVAL '1' DAY
        AND event_date <= current_date + INTERVAL '1' DAY
        AND operation IN (
            'REST.GET.OBJECT', 'REST.GET.PART', 'WEBSITE.GET.OBJECT', 'REST.HEAD.OBJECT', 'WEBSITE.HEAD.OBJECT'
        )
        AND request_id IS NOT NULL
        AND key IS NOT NULL
        -- CloudTrail records neither redirects nor requests whose credentials are not valid:
        -- https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html
        AND NOT coalesce(
            http_status IN (301, 302, 303, 307, 308)
                OR error_code IN (
                    'AuthorizationHeaderMalformed', 'AuthorizationQueryParametersError', 'ExpiredToken',
                    'InvalidAccessKeyId', 'InvalidSecurity', 'InvalidToken', 'RequestTimeTooSkewed',
                    'SignatureDoesNotMatch'
                ),
            false
        )
    GROUP BY bucket, request_id, key
),

trailed AS (
    SELECT bucket, request_id, key, min(event_date) AS event_date
    FROM cloudtrail_request
    WHERE event_date >= current_date - INTERVAL '30' DAY - INTERVAL '1' DAY
        AND event_date <= current_date + INTERVAL '1' DAY
        AND event_name IN ('GetObject', 'HeadObject')
        AND request_id IS NOT NULL
        AND key IS NOT NULL
    GROUP BY bucket, request_id, key
),

matched AS (
    SELECT
        coalesce(logged.bucket, trailed.bucket) AS bucket,
        -- Around midnight the two may differ in the day: that of the access log counts.
        coalesce(logged.event_date, trailed.event_date) AS event_date,
        logged.request_id IS NOT NULL AS in_access_log,
        trailed.request_id IS NOT NULL AS in_cloudtrail
    FROM logged
    FULL OUTER JOIN trailed
        ON logged.bucket = trailed.bucket
        AND logged.request_id = trailed.request_id
        AND logged.key = trailed.key
),

counted AS (
    SELECT
        event_date,
        bucket,
        count(*) AS reads,
        count(*) FILTER (WHERE in_access_log AND in_cloudtrail) AS in_both,
        count(*) FILTER (WHERE in_access_log AND NOT in_cloudtrail) AS only_in_access_log,
        count(*) FILTER (WHERE in_cloudtrail AND NOT in_access_log) AS only_in_cloudtrail
    FROM matched
    WHERE event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
    GROUP BY event_date, bucket
)

SELECT
    event_date,
    bucket,
    reads,
    in_both,
    only_in_access_log,
    only_in_cloudtrail,
    CAST(in_both + only_in_access_log AS double) / reads AS access_log_share,
    CAST(in_both + only_in_cloudtrail AS double) / reads AS cloudtrail_share
FROM counted
ORDER BY event_date, bucket
