-- Days on which a data set or a reader had ten times its usual bytes. Period: the last 7 complete days.
WITH
reader_day AS (
    SELECT
        event_date,
        account,
        repository,
        coalesce(reader, '(through CloudFront)') AS reader,
        sum(bytes_sent) AS bytes_sent
    FROM request
    WHERE event_date >= current_date - INTERVAL '7' DAY - INTERVAL '28' DAY
        AND event_date <= current_date - INTERVAL '1' DAY
        AND is_audience
        AND is_served_get
    GROUP BY 1, 2, 3, 4
),

ranked AS (
    SELECT
        event_date,
        account,
        repository,
        reader,
        bytes_sent,
        row_number() OVER (
            PARTITION BY event_date, account, repository ORDER BY bytes_sent DESC, reader
        ) AS rank_in_data_set,
        row_number() OVER (
            PARTITION BY event_date, reader ORDER BY bytes_sent DESC, account, repository
        ) AS rank_in_reader
    FROM reader_day
),

one_day AS (
    SELECT
        grouping(reader) AS columns_left_out,
        event_date,
        account,
        repository,
        reader,
        max(CASE WHEN rank_in_data_set = 1 THEN reader END) AS first_reader,
        max(CASE WHEN rank_in_reader = 1 THEN account END) AS first_account,
        max(CASE WHEN rank_in_reader = 1 THEN repository END) AS first_repository,
        sum(bytes_sent) AS bytes_sent
    FROM ranked
    GROUP BY GROUPING SETS ((event_date, account, repository), (event_date, reader))
),

compared AS (
    SELECT
        event_date,
        CASE columns_left_out WHEN 1 THEN 'data set' ELSE 'reader' END AS level,
        coalesce(account, first_account) AS account,
        coalesce(repository, first_repository) AS repository,
        coalesce(reader, first_reader) AS reader,
        bytes_sent,
        -- Days without a read are usual days too, except those before the first known read.
        sum(CASE WHEN event_date < current_date - INTERVAL '7' DAY THEN bytes_sent ELSE 0 END)
            OVER (PARTITION BY columns_left_out, account, repository, reader)
            / greatest(1, least(28, date_diff('day', min(event_date) OVER (), current_date - INTERVAL '7' DAY)))
            AS usual_bytes
    FROM one_day
)

SELECT
    event_date AS day,
    level,
    account,
    repository,
    reader,
    bytes_sent,
    usual_bytes,
    round(CAST(bytes_sent AS double) / usual_bytes, 1) AS times_usual
FROM compared
WHERE event_date >= current_date - INTERVAL '7' DAY
    AND usual_bytes > 0
    AND bytes_sent >= 10 * usual_bytes
    AND bytes_sent >= ?
ORDER BY day DESC, level, bytes_sent DESC, account, repository, reader
