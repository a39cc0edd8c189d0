-- Denied requests per subscriber, and their share of the subscriber's requests.
-- Period: the last 12 complete months and the current month.
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
        error_code IS NULL AS is_there,
        event_time,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience
    FROM cloudtrail_request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND NOT coalesce(management_event, false)
),

denied AS (
    SELECT
        subscriber_account_id,
        account,
        repository,
        is_denied,
        CASE WHEN is_denied THEN event_name END AS event_name,
        CASE WHEN is_denied THEN error_code END AS error_code,
        CASE WHEN is_denied THEN object END AS object,
        is_there,
        event_time,
        is_audience
    FROM request
),

-- One row per denied object, which keeps the distinct counts small.
object_total AS (
    SELECT
        subscriber_account_id,
        account,
        repository,
        is_denied,
        event_name,
        error_code,
        object,
        count(*) AS requests,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        bool_or(is_there) AS is_there
    FROM denied
    GROUP BY subscriber_account_id, account, repository, is_denied, event_name, error_code, object
),

-- Anybody can name a data set that does not exist: no request to it succeeded and no inventory lists it.
listed AS (
    SELECT DISTINCT
        coalesce(account, '(none)') AS listed_account,
        coalesce(repository, '(none)') AS listed_repository
    FROM daily_storage
    WHERE snapshot_date <= current_date
),

known AS (
    SELECT
        *,
        bool_or(is_there) OVER (PARTITION BY account, repository) OR listed_account IS NOT NULL AS is_dataset
    FROM object_total
    LEFT JOIN listed
        ON account = listed_account
        AND repository = listed_repository
),

named AS (
    SELECT
        subscriber_account_id,
        CASE WHEN is_dataset THEN account ELSE '(nothing there)' END AS account,
        CASE WHEN is_dataset THEN repository ELSE '(nothing there)' END AS repository,
        is_denied,
        event_name,
        error_code,
        object,
        requests,
        sum(requests) OVER (PARTITION BY subscriber_account_id) AS subscriber_requests,
        audience_requests,
        first_seen,
        last_seen
    FROM known
),

denied_total AS (
    SELECT
        subscriber_account_id,
        account,
        repository,
        event_name,
        error_code,
        sum(requests) AS denied_requests,
        max(subscriber_requests) AS subscriber_requests,
        count(DISTINCT object) AS unique_objects,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen,
        sum(audience_requests) AS audience_denied_requests
    FROM named
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
    CAST(denied_requests AS double) / subscriber_requests AS share_of_requests,
    unique_objects,
    first_seen,
    last_seen,
    audience_denied_requests
FROM denied_total
LEFT JOIN subscriber
    ON account_id = denied_total.subscriber_account_id
ORDER BY
    denied_requests DESC,
    denied_total.subscriber_account_id,
    account,
    repository,
    event_name,
    error_code
