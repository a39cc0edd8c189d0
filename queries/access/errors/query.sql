-- What was refused or failed, per data set, and how much of its requests that is.
-- Period: the last 30 complete days and today.
WITH request AS (
    SELECT
        coalesce(account, '(none)') AS account,
        coalesce(repository, '(none)') AS repository,
        coalesce(operation, '(none)') AS operation,
        http_status,
        coalesce(error_code, '(none)') AS error_code,
        -- S3 gives redirects an error code too, and a few failures the status 200.
        http_status >= 400
            OR (error_code IS NOT NULL AND coalesce(http_status, 0) NOT BETWEEN 300 AND 399) AS is_error,
        event_time,
        coalesce(requester, remote_ip || ' ' || coalesce(user_agent, '-')) AS reader,
        NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false)
            -- What S3 does by itself, such as lifecycle work, has no reader.
            AND NOT coalesce(operation LIKE 'S3.%', false) AS is_audience
    FROM s3_access_log
    WHERE event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
),

repository_total AS (
    SELECT account, repository, count(*) AS requests
    FROM request
    GROUP BY account, repository
),

error_total AS (
    SELECT
        account,
        repository,
        operation,
        http_status,
        error_code,
        count(*) AS errors,
        count(DISTINCT reader) AS unique_requesters,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) FILTER (WHERE is_audience) AS audience_errors,
        count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
    FROM request
    WHERE is_error
    GROUP BY account, repository, operation, http_status, error_code
)

SELECT
    error_total.account,
    error_total.repository,
    operation,
    http_status,
    error_code,
    errors,
    CAST(errors AS double) / requests AS share_of_requests,
    unique_requesters,
    first_seen,
    last_seen,
    audience_errors,
    audience_unique_requesters
FROM error_total
INNER JOIN repository_total
    ON error_total.account = repository_total.account
    AND error_total.repository = repository_total.repository
ORDER BY
    errors DESC,
    error_total.account,
    error_total.repository,
    operation,
    http_status NULLS LAST,
    error_code
