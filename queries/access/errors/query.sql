-- Refused and failed requests per data set, and their share of its requests.
-- Period: the last 30 complete days and today.
WITH in_period AS (
    SELECT
        account,
        repository,
        is_error,
        CASE WHEN is_error THEN operation END AS operation,
        CASE WHEN is_error THEN http_status END AS http_status,
        CASE WHEN is_error THEN coalesce(error_code, '(none)') END AS error_code,
        CASE WHEN is_error THEN reader END AS reader,
        is_there,
        is_audience,
        event_time
    FROM request
    WHERE event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
),

-- One row per reader, which keeps the distinct counts small.
reader_total AS (
    SELECT
        account,
        repository,
        is_error,
        operation,
        http_status,
        error_code,
        reader,
        count(*) AS requests,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        bool_or(is_there) AS is_there
    FROM in_period
    GROUP BY account, repository, is_error, operation, http_status, error_code, reader
),

-- Anybody can name a data set that does not exist: nothing was served from it and no inventory lists it.
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
    FROM reader_total
    LEFT JOIN listed
        ON account = listed_account
        AND repository = listed_repository
),

named AS (
    SELECT
        CASE WHEN is_dataset THEN account ELSE '(nothing there)' END AS account,
        CASE WHEN is_dataset THEN repository ELSE '(nothing there)' END AS repository,
        is_error,
        operation,
        http_status,
        error_code,
        reader,
        requests,
        audience_requests,
        first_seen,
        last_seen
    FROM known
),

compared AS (
    SELECT *, sum(requests) OVER (PARTITION BY account, repository) AS dataset_requests
    FROM named
),

error_total AS (
    SELECT
        account,
        repository,
        operation,
        http_status,
        error_code,
        sum(requests) AS errors,
        max(dataset_requests) AS dataset_requests,
        count(DISTINCT reader) AS unique_requesters,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen,
        sum(audience_requests) AS audience_errors,
        count(DISTINCT reader) FILTER (WHERE audience_requests > 0) AS audience_unique_requesters
    FROM compared
    WHERE is_error
    GROUP BY account, repository, operation, http_status, error_code
)

SELECT
    account,
    repository,
    operation,
    http_status,
    error_code,
    errors,
    CAST(errors AS double) / dataset_requests AS share_of_requests,
    unique_requesters,
    first_seen,
    last_seen,
    audience_errors,
    audience_unique_requesters
FROM error_total
ORDER BY
    errors DESC,
    account,
    repository,
    operation,
    http_status NULLS LAST,
    error_code
