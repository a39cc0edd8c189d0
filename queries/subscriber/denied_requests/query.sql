-- What was denied to whom, and how much of the subscriber's requests that is.
-- Period: the last 12 complete months and the month under way.
WITH request AS (
    SELECT
        coalesce(subscriber_account_id, '(none)') AS subscriber_account_id,
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        coalesce(event_name, '(none)') AS event_name,
        error_code,
        -- The codes S3 answers with 403, except InvalidObjectState (the object is archived).
        coalesce(error_code IN (
            'AccessDenied', 'AccountProblem', 'AllAccessDisabled', 'InvalidAccessKeyId', 'InvalidPayer',
            'InvalidSecurity', 'NotSignedUp', 'RequestTimeTooSkewed', 'SignatureDoesNotMatch', 'UnauthorizedAccess'
        ), false) AS is_denied,
        bucket || '/' || key AS object,
        event_time,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience
    FROM cloudtrail_s3_event
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND NOT coalesce(management_event, false)
),

subscriber_total AS (
    SELECT subscriber_account_id, count(*) AS requests
    FROM request
    GROUP BY subscriber_account_id
),

denied_total AS (
    SELECT
        subscriber_account_id,
        account,
        repository,
        event_name,
        error_code,
        count(*) AS denied_requests,
        count(DISTINCT object) AS unique_objects,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) FILTER (WHERE is_audience) AS audience_denied_requests
    FROM request
    WHERE is_denied
    GROUP BY subscriber_account_id, account, repository, event_name, error_code
)

SELECT
    denied_total.subscriber_account_id,
    coalesce(name, denied_total.subscriber_account_id) AS subscriber_name,
    account,
    repository,
    event_name,
    error_code,
    denied_requests,
    CAST(denied_requests AS double) / requests AS share_of_requests,
    unique_objects,
    first_seen,
    last_seen,
    audience_denied_requests
FROM denied_total
INNER JOIN subscriber_total
    ON subscriber_total.subscriber_account_id = denied_total.subscriber_account_id
LEFT JOIN subscriber
    ON account_id = denied_total.subscriber_account_id
ORDER BY
    denied_requests DESC,
    denied_total.subscriber_account_id,
    account,
    repository,
    event_name,
    error_code
