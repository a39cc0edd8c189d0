-- One row per request, even if the trails of two accounts recorded it or CloudTrail corrected its event. A filter on
-- event_date reaches the partitions.
CREATE OR REPLACE VIEW cloudtrail_request AS
WITH correction AS (
    SELECT
        original_event_id,
        max(event_date) AS event_date,
        max(shared_event_id) AS shared_event_id,
        min(recipient_account_id) AS recipient_account_id,
        -- The newest correction of each event: names of raw objects contain the delivery time.
        max(coalesce(source_object, '') || ' ' || coalesce(event_id, '')) AS newest
    FROM cloudtrail_s3_event
    WHERE original_event_id IS NOT NULL
    GROUP BY original_event_id
),

-- A correction may lack the shared_event_id of the event that it replaces.
replaced AS (
    SELECT event.event_id, max(event.shared_event_id) AS shared_event_id
    FROM cloudtrail_s3_event AS event
    INNER JOIN correction
        ON event.event_date = correction.event_date
        AND event.event_id = correction.original_event_id
    WHERE event.shared_event_id IS NOT NULL
        AND event.original_event_id IS NULL
    GROUP BY event.event_id
),

corrected AS (
    SELECT
        correction.original_event_id,
        correction.event_date,
        correction.recipient_account_id,
        correction.newest,
        coalesce(replaced.shared_event_id, correction.shared_event_id) AS shared_event_id
    FROM correction
    LEFT JOIN replaced
        ON correction.original_event_id = replaced.event_id
)

SELECT
    event.event_date,
    event.event_time,
    event.event_name,
    event.request_id,
    event.error_code,
    -- An access point of a file system has no bucket.
    coalesce(event.bucket, event.access_point_arn) AS bucket,
    event.key,
    event.access_point_arn,
    event.bytes_out,
    event.aws_region,
    event.source_ip_address,
    event.vpc_endpoint_id,
    -- Anybody may use a URL that the bucket's own account signed, and users of its applications have its account by way
    -- of Amazon Cognito or S3 Access Grants. An event that no second account received is of an own bucket.
    CASE
        WHEN (
            event.authentication_method = 'QueryString'
            OR regexp_like(event.principal_arn, ':assumed-role/[^/]+/(CognitoIdentityCredentials|access-grants-[0-9a-f-]+)$')
        )
            AND event.subscriber_account_id = event.recipient_account_id
            AND coalesce(corrected.shared_event_id, event.shared_event_id) IS NULL
            THEN 'anonymous'
        -- Lake Formation's sessions have the account that asked for them: AWSLF-00-AT-111122223333-….
        ELSE coalesce(
            nullif(regexp_extract(event.principal_arn, '/AWSLF-[^/]*-([0-9]{12})-[^-/]*$', 1), ''),
            event.subscriber_account_id
        )
    END AS subscriber_account_id,
    event.account,
    event.repository,
    -- In the trail of the bucket's owner, callers of other accounts have no ARN that would identify an own role.
    coalesce(recorded.is_own, event.is_own) AS is_own,
    -- No reader is behind what AWS's services deliver, scan and replicate; readers are behind CloudFront's requests,
    -- Lake Formation's sessions and file systems of FSx.
    event.is_robot OR coalesce(
        event.principal_arn LIKE '%:assumed-role/%/s3-replication'
            OR (
                event.principal_arn LIKE '%:assumed-role/AWSServiceRoleFor%'
                AND NOT regexp_like(event.principal_arn, '/(AWSLF-|AWSServiceRoleForFSxS3Access_)')
            )
            OR (
                event.user_identity_type = 'AWSService'
                AND coalesce(event.invoked_by, '-') <> 'cloudfront.amazonaws.com'
            ),
        false
    ) AS is_robot,
    event.is_copy_source,
    -- A copy reads its source, as a GetObject would.
    coalesce((event.event_name = 'GetObject' OR event.is_copy_source) AND event.error_code IS NULL, false) AS is_get,
    event.management_event,
    -- As known when the request was ingested.
    coalesce(event.country, '(unknown)') AS country,
    coalesce(event.place, 'unknown') AS place,
    coalesce(event.network, 'other') AS network
FROM cloudtrail_s3_event AS event
LEFT JOIN corrected
    ON coalesce(event.original_event_id, event.event_id) = corrected.original_event_id
LEFT JOIN (
    -- A correction that one account received counts for all of them.
    SELECT
        event_date,
        shared_event_id,
        coalesce(
            min(recipient_account_id) FILTER (WHERE is_corrected),
            -- The trail of the copying account names the target.
            min(recipient_account_id) FILTER (WHERE is_copy_source),
            min(recipient_account_id)
        ) AS first_recipient,
        bool_or(is_own) AS is_own
    FROM (
        SELECT event_date, shared_event_id, recipient_account_id, false AS is_corrected, is_copy_source, is_own
        FROM cloudtrail_s3_event
        WHERE shared_event_id IS NOT NULL
            AND coalesce(event_category, 'Data') <> 'NetworkActivity'
        UNION ALL
        SELECT
            event_date, shared_event_id, recipient_account_id, true AS is_corrected, false AS is_copy_source, false AS is_own
        FROM corrected
        WHERE shared_event_id IS NOT NULL
    ) AS recording
    GROUP BY event_date, shared_event_id
    HAVING count(*) > 1
) AS recorded
    ON event.event_date = recorded.event_date
    AND coalesce(corrected.shared_event_id, event.shared_event_id) = recorded.shared_event_id
LEFT JOIN (
    SELECT DISTINCT original_event_id
    FROM cloudtrail_s3_event
    WHERE original_event_id IS NOT NULL
) AS again
    -- A correction may be corrected; one with the id of its event does not replace itself.
    ON event.event_id = again.original_event_id
    AND event.original_event_id <> event.event_id
WHERE (recorded.first_recipient IS NULL OR recorded.first_recipient = event.recipient_account_id)
    -- A VPC endpoint records its requests too, without their objects. S3's own event is of those that reached a bucket.
    AND coalesce(event.event_category, 'Data') <> 'NetworkActivity'
    -- An account's trail also records its requests to others' buckets. Their owner's trail is not here.
    AND NOT coalesce(
        recorded.first_recipient IS NULL
            AND event.subscriber_account_id = event.recipient_account_id
            AND event.bucket_owner_account_id <> event.recipient_account_id,
        false
    )
    AND (
        corrected.original_event_id IS NULL
        OR (
            event.original_event_id IS NOT NULL
            AND again.original_event_id IS NULL
            AND coalesce(event.source_object, '') || ' ' || coalesce(event.event_id, '') = corrected.newest
        )
    )
