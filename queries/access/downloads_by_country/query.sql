-- Downloads per month, data set and country of the reader, by three definitions.
-- Period: the last 12 complete months and the current month.
-- begin {downloads_by country} (written by make generate)
WITH in_period AS (
    SELECT *, CAST(date_trunc('month', event_date) AS date) AS month
    FROM request
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        -- Anybody can make failing requests, for any name. They are in access/errors.
        AND is_there
),

one_read AS (
    SELECT *, CAST(date_trunc('month', event_date) AS date) AS month
    FROM access_by_read
    WHERE event_date >= date_trunc('month', current_date) - INTERVAL '12' MONTH
        AND event_date <= current_date
        AND is_read
),

request_total AS (
    SELECT
        month,
        account,
        repository,
        country,
        grouping(account) AS columns_left_out,
        count(*) AS requests,
        count(*) FILTER (WHERE is_complete_get) AS complete_gets,
        count(*) FILTER (WHERE is_served_get) AS served_gets,
        sum(bytes_sent) AS bytes_sent,
        count(DISTINCT reader) AS unique_requesters,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_complete_get) AS audience_complete_gets,
        count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets,
        coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
    FROM in_period
    GROUP BY GROUPING SETS ((month, country), (month, account, repository, country))
),

-- One reader may read from several places at once; a read counts where it began.
read_total AS (
    SELECT
        month,
        account,
        repository,
        country,
        grouping(account) AS columns_left_out,
        count(*) FILTER (WHERE is_download) AS logical_downloads,
        count(*) FILTER (WHERE NOT is_download) AS partial_reads,
        count(*) FILTER (WHERE is_audience AND is_download) AS audience_logical_downloads,
        count(*) FILTER (WHERE is_audience AND NOT is_download) AS audience_partial_reads
    FROM one_read
    GROUP BY GROUPING SETS ((month, country), (month, account, repository, country))
)
-- end {downloads_by country}

SELECT
    request_total.month,
    coalesce(request_total.account, '(all)') AS account,
    coalesce(request_total.repository, '(all)') AS repository,
    request_total.country,
    coalesce(place.name, request_total.country) AS country_name,
    requests,
    complete_gets,
    served_gets,
    coalesce(logical_downloads, 0) AS logical_downloads,
    coalesce(partial_reads, 0) AS partial_reads,
    bytes_sent,
    unique_requesters,
    audience_requests,
    audience_complete_gets,
    audience_served_gets,
    coalesce(audience_logical_downloads, 0) AS audience_logical_downloads,
    coalesce(audience_partial_reads, 0) AS audience_partial_reads,
    audience_bytes_sent,
    audience_unique_requesters
FROM request_total
LEFT JOIN read_total
    ON request_total.month = read_total.month
    AND request_total.columns_left_out = read_total.columns_left_out
    AND coalesce(request_total.account, '(all)') = coalesce(read_total.account, '(all)')
    AND coalesce(request_total.repository, '(all)') = coalesce(read_total.repository, '(all)')
    AND request_total.country = read_total.country
LEFT JOIN place
    ON place.label = request_total.country
ORDER BY request_total.month, account, repository, logical_downloads DESC, request_total.country
