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
        {word},
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
    GROUP BY GROUPING SETS ((month, {word}), (month, account, repository, {word}))
),

-- One reader may read from several places at once; a read counts where it began.
read_total AS (
    SELECT
        month,
        account,
        repository,
        {word},
        grouping(account) AS columns_left_out,
        count(*) FILTER (WHERE is_download) AS logical_downloads,
        count(*) FILTER (WHERE NOT is_download) AS partial_reads,
        count(*) FILTER (WHERE is_audience AND is_download) AS audience_logical_downloads,
        count(*) FILTER (WHERE is_audience AND NOT is_download) AS audience_partial_reads
    FROM one_read
    GROUP BY GROUPING SETS ((month, {word}), (month, account, repository, {word}))
)
