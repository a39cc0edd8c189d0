-- What counts, defined once for all queries on access logs. A filter on event_date reaches the table's partitions.
CREATE OR REPLACE VIEW access_request AS
SELECT
    event_date,
    event_time,
    event_time AS begin_time,
    -- A response of more than a day is a damaged number.
    event_time + least(coalesce(total_time_ms, 0), 86400000) * INTERVAL '0.001' SECOND AS end_time,
    coalesce(account, '(none)') AS account,
    coalesce(repository, '(none)') AS repository,
    bucket,
    key,
    version_id,
    coalesce(operation, '(none)') AS operation,
    http_status,
    error_code,
    object_size,
    coalesce(bytes_sent, 0) AS bytes_sent,
    referer,
    user_agent,
    -- S3 names CloudFront's service (origin access control) or an origin access identity, never the reader. CloudFront
    -- fetches public objects, as from a website endpoint, without an identity; then only the user agent shows it.
    coalesce(
        regexp_like(requester, '^(svc:)?cloudfront[.]amazonaws[.]com$|^arn:[^:]+:iam::cloudfront:user/')
            OR (
                user_agent = 'Amazon CloudFront'
                AND coalesce(requester, '-') IN ('-', 'Anonymous', '65a011a29cdf8ec533ec3d1ccaae921c')
            ),
        false
    ) AS is_through_cloudfront,
    CASE
        WHEN regexp_like(requester, '^(svc:)?cloudfront[.]amazonaws[.]com$|^arn:[^:]+:iam::cloudfront:user/')
            OR (
                user_agent = 'Amazon CloudFront'
                AND coalesce(requester, '-') IN ('-', 'Anonymous', '65a011a29cdf8ec533ec3d1ccaae921c')
            )
            THEN NULL
        -- The requester of a presigned URL is its signer, and that of an application's user is the application.
        -- The canonical id is that of anonymous requests.
        WHEN requester IS NULL
            OR requester IN ('-', 'Anonymous', '65a011a29cdf8ec533ec3d1ccaae921c')
            OR authentication_type = 'QueryString'
            OR regexp_like(requester, ':assumed-role/[^/]+/(CognitoIdentityCredentials|access-grants-[0-9a-f-]+)$')
            -- Rows of older lakes have only the address. If addresses are dropped, only the place is known. AWS's
            -- programs change the features, the command and the session in their user agents between uses.
            THEN coalesce(reader_id, remote_ip, place) || ' '
                || regexp_replace(coalesce(user_agent, '-'), ' (m|sid|(md/)?command)[/#][^ ]+', '')
        -- Programs that name each session with the time: botocore-session-1772445600, aws-go-sdk-…, 1772445600….
        -- Lake Formation's have the account that asked, and random letters: AWSLF-00-AT-111122223333-…. Those of
        -- Transfer Family have the id of the connection: user.…@s-01234567890abcdef.
        -- A machine's id may be all digits, and so may a person's name.
        WHEN requester LIKE '%:assumed-role/%'
            AND requester NOT LIKE '%:assumed-role/%/i-%'
            AND requester NOT LIKE '%:assumed-role/AWSReservedSSO_%'
            THEN regexp_replace(
                regexp_replace(
                    requester,
                    '^(arn:[^:]+:sts::)[0-9]{12}(:assumed-role/[^/]+/AWSLF-[^/]*)-([0-9]{12})-[^-/]*$',
                    '$1$3$2'
                ),
                '(?:[.][^./]+(@s-[0-9a-f]{17})|-[0-9]{10,}|/[0-9]{16,})$',
                '$1'
            )
        ELSE requester
    END AS reader,
    -- Which of these address ids can be compared; names always can.
    CASE
        WHEN requester IS NULL
            OR requester IN ('-', 'Anonymous', '65a011a29cdf8ec533ec3d1ccaae921c')
            OR authentication_type = 'QueryString'
            OR regexp_like(requester, ':assumed-role/[^/]+/(CognitoIdentityCredentials|access-grants-[0-9a-f-]+)$')
            THEN coalesce(reader_key, '(none)')
    END AS reader_key,
    -- Whoever has one IPv6 address has a whole network of them.
    CASE WHEN strpos(remote_prefix, ':') > 0 THEN remote_prefix ELSE coalesce(reader_id, remote_ip) END
        AS reader_address,
    -- As known when the request was ingested.
    coalesce(country, '(unknown)') AS country,
    coalesce(place, 'unknown') AS place,
    coalesce(network, 'other') AS network,
    source_region,
    -- S3 serves a bucket only in its Region, which the endpoint may name.
    CASE
        WHEN http_status BETWEEN 200 AND 299
            THEN nullif(
                regexp_extract(
                    host_header,
                    '[.-]((us-gov|us-iso[a-z]?|eusc-[a-z]{2}|[a-z]{2})-[a-z]+-[0-9]+)[.](vpce[.])?amazonaws[.](com|eu)',
                    1
                ),
                ''
            )
    END AS endpoint_region,
    -- Private addresses come through a VPC endpoint. If addresses are dropped, their place is bogon.
    NOT coalesce(
        CASE
            WHEN coalesce(remote_ip, remote_prefix) IS NULL THEN place = 'bogon'
            ELSE regexp_like(
                coalesce(remote_ip, remote_prefix),
                '^(::ffff:)?(10|127|192[.]168|169[.]254|172[.](1[6-9]|2[0-9]|3[01])|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))[.]|^(f[cd]|fe80:)'
            )
        END,
        true
    ) AS is_public_address,
    coalesce(is_own, false) AS is_own,
    coalesce(is_robot, false) AS is_robot,
    NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false)
        -- AWS's own work, such as lifecycle, deliveries, replication and scans, has no reader. The sessions of
        -- Lake Formation and file systems of FSx do.
        AND NOT coalesce(operation LIKE 'S3.%', false)
        AND NOT coalesce(
            (requester LIKE 'svc:%' AND requester <> 'svc:cloudfront.amazonaws.com')
                OR requester LIKE '%:assumed-role/%/s3-replication'
                OR (
                    requester LIKE '%:assumed-role/AWSServiceRoleFor%'
                    AND NOT regexp_like(requester, '/(AWSLF-|AWSServiceRoleForFSxS3Access_)')
                ),
            false
        ) AS is_audience,
    -- An error code with status 200: the response broke off after its first line was sent.
    coalesce(operation = 'REST.GET.OBJECT' AND http_status = 200 AND error_code IS NULL, false) AS is_complete_get,
    -- A part of an object can be requested by its number.
    coalesce(
        operation IN ('REST.GET.OBJECT', 'REST.GET.PART', 'WEBSITE.GET.OBJECT')
            AND http_status IN (200, 206)
            AND error_code IS NULL,
        false
    ) AS is_served_get,
    -- S3 also gives redirects an error code, and a few failures the status 200.
    coalesce(
        http_status >= 400 OR (error_code IS NOT NULL AND coalesce(http_status, 0) NOT BETWEEN 300 AND 399), false
    ) AS is_error,
    -- Whether the request shows that its key exists. A preflight request succeeds for any key.
    coalesce(operation NOT LIKE '%.OPTIONS.%', false)
        AND (
            coalesce(http_status BETWEEN 200 AND 299 AND error_code IS NULL, false)
            OR coalesce(http_status = 304, false)
            OR (
                http_status IS NULL
                AND error_code IS NULL
                AND (operation LIKE 'S3.%' OR operation LIKE 'REST.COPY.%')
            )
        ) AS is_there
FROM s3_access_log
