-- What was served by day, week, month and in the last 28 days, in total and per data set. Complete days only.
-- Period: the last 91 complete days; 104 weeks and the current one; 120 months and the current one.
WITH
-- One row per day, data set and reader, which keeps the counts of each period small.
reader_day AS (
    SELECT
        event_date,
        account,
        repository,
        reader,
        sum(complete_gets) AS complete_gets,
        sum(served_gets) AS served_gets,
        count(*) FILTER (WHERE is_download) AS logical_downloads,
        sum(bytes_sent) AS bytes_sent,
        sum(audience_complete_gets) AS audience_complete_gets,
        sum(audience_served_gets) AS audience_served_gets,
        count(*) FILTER (WHERE is_audience AND is_download) AS audience_logical_downloads,
        sum(audience_bytes_sent) AS audience_bytes_sent
    FROM access_by_read
    WHERE is_read
        AND event_date >= date_trunc('month', current_date) - INTERVAL '120' MONTH
        AND event_date <= current_date - INTERVAL '1' DAY
    GROUP BY event_date, account, repository, reader
),

period_length AS (
    SELECT 'day' AS grain, current_date - INTERVAL '91' DAY AS since
    UNION ALL
    SELECT 'week' AS grain, date_trunc('week', current_date) - INTERVAL '728' DAY AS since
    UNION ALL
    SELECT 'month' AS grain, date_trunc('month', current_date) - INTERVAL '120' MONTH AS since
    UNION ALL
    SELECT '28 days' AS grain, current_date - INTERVAL '56' DAY AS since
),

period AS (
    SELECT
        *,
        CASE
            WHEN grain = '28 days' AND event_date >= current_date - INTERVAL '28' DAY THEN current_date - INTERVAL '28' DAY
            WHEN grain = '28 days' THEN current_date - INTERVAL '56' DAY
            WHEN grain = 'week' THEN date_trunc('week', event_date)
            WHEN grain = 'month' THEN date_trunc('month', event_date)
            ELSE event_date
        END AS first_day
    FROM reader_day
    CROSS JOIN period_length
    WHERE event_date >= since
),

total AS (
    SELECT
        grain,
        CAST(first_day AS date) AS first_day,
        grouping(account, repository) AS columns_left_out,
        account,
        repository,
        sum(complete_gets) AS complete_gets,
        sum(served_gets) AS served_gets,
        sum(logical_downloads) AS logical_downloads,
        sum(bytes_sent) AS bytes_sent,
        count(DISTINCT reader) AS unique_requesters,
        sum(audience_complete_gets) AS audience_complete_gets,
        sum(audience_served_gets) AS audience_served_gets,
        sum(audience_logical_downloads) AS audience_logical_downloads,
        sum(audience_bytes_sent) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE audience_served_gets > 0) AS audience_unique_requesters
    FROM period
    GROUP BY GROUPING SETS ((grain, first_day, account, repository), (grain, first_day))
)

SELECT
    CASE columns_left_out WHEN 0 THEN 'repository' ELSE 'total' END AS level,
    grain,
    CAST(greatest(first_day, date_trunc('month', current_date) - INTERVAL '120' MONTH) AS date) AS first_day,
    CAST(
        least(
            current_date - INTERVAL '1' DAY,
            CASE grain
                WHEN '28 days' THEN first_day + INTERVAL '27' DAY
                WHEN 'week' THEN first_day + INTERVAL '6' DAY
                WHEN 'month' THEN first_day + INTERVAL '1' MONTH - INTERVAL '1' DAY
                ELSE first_day
            END
        ) AS date
    ) AS last_day,
    CASE columns_left_out WHEN 0 THEN account ELSE '(all)' END AS account,
    CASE columns_left_out WHEN 0 THEN repository ELSE '(all)' END AS repository,
    complete_gets,
    served_gets,
    logical_downloads,
    bytes_sent,
    unique_requesters,
    audience_complete_gets,
    audience_served_gets,
    audience_logical_downloads,
    audience_bytes_sent,
    audience_unique_requesters
FROM total
-- A week or month may begin or end with the days that are asked about; fewer days than 28 would look like growth.
WHERE grain <> '28 days'
    OR first_day >= date_trunc('month', current_date) - INTERVAL '120' MONTH
ORDER BY columns_left_out DESC, grain, total.first_day, total.account, total.repository
