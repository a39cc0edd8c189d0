-- Tools that readers use: requests by family of user agents.
-- Period: the last 30 complete days and today.
WITH in_period AS (
    SELECT
        lower(user_agent) AS agent,
        is_robot,
        is_served_get,
        bytes_sent,
        reader,
        is_audience
    FROM request
    WHERE event_date >= current_date - INTERVAL '30' DAY
        AND event_date <= current_date
        -- Anybody can make failing requests, for any name. They are in access/errors.
        AND is_there
),

-- The first match counts: tools built on an SDK name themselves before the SDK, and most robots, QGIS and PowerShell
-- call themselves Mozilla.
named AS (
    SELECT
        CASE
            WHEN agent IS NULL OR agent = '' THEN '(none)'
            WHEN regexp_like(agent, 's3console') THEN 'S3 console'
            WHEN regexp_like(agent, '^amazon cloudfront') THEN 'CloudFront'
            WHEN regexp_like(agent, '[.]amazonaws[.]com|aws-internal|^aws internal') THEN 'AWS service'
            WHEN regexp_like(agent, 'aws-cli/') THEN 'aws-cli'
            WHEN regexp_like(agent, 's5cmd') THEN 's5cmd'
            WHEN regexp_like(agent, 'rclone/') THEN 'rclone'
            WHEN regexp_like(agent, 'mountpoint-s3') THEN 'Mountpoint for S3'
            WHEN regexp_like(agent, 'goofys/') THEN 'goofys'
            WHEN regexp_like(agent, 's3fs/') THEN 's3fs (FUSE)'
            WHEN regexp_like(agent, 'aiobotocore') THEN 's3fs (Python, aiobotocore)'
            WHEN regexp_like(agent, 'gdal/') THEN 'GDAL'
            WHEN regexp_like(agent, 'duckdb') THEN 'DuckDB'
            WHEN regexp_like(agent, 'hadoop|emrfs|elasticmapreduce|spark[/ ]') THEN 'Spark or Hadoop (S3A, EMRFS)'
            WHEN regexp_like(agent, 'boto3/') THEN 'boto3'
            WHEN regexp_like(agent, 'botocore/') THEN 'botocore'
            WHEN regexp_like(agent, 'boto/2') THEN 'boto (version 2)'
            WHEN regexp_like(agent, '^r[ /]|r-curl/|httr|rcurl|paws/') THEN 'R'
            WHEN regexp_like(agent, 'aws-sdk-[a-z]') THEN regexp_extract(agent, 'aws-sdk-[a-z]+')
            WHEN regexp_like(agent, 'object_store/') THEN 'object_store (Rust)'
            WHEN regexp_like(agent, 'python-requests') THEN 'python-requests'
            WHEN regexp_like(agent, 'urllib|aiohttp|httpx|^python') THEN 'Python, other'
            WHEN regexp_like(agent, '^wget') THEN 'wget'
            WHEN regexp_like(agent, 'curl/') THEN 'curl'
            WHEN regexp_like(agent, '^java|apache-httpclient|okhttp') THEN 'Java'
            WHEN regexp_like(agent, 'go-http-client') THEN 'Go'
            WHEN regexp_like(agent, 'node-fetch|axios/|undici|^node') THEN 'Node.js'
            WHEN regexp_like(agent, 'qgis/') THEN 'QGIS'
            WHEN regexp_like(agent, 'powershell/') THEN 'PowerShell'
            WHEN is_robot THEN 'robot'
            WHEN regexp_like(agent, '^(mozilla|opera)/') THEN 'browser'
            ELSE 'other'
        END AS tool,
        is_served_get,
        bytes_sent,
        reader,
        is_audience
    FROM in_period
),

-- begin {requests_by tool} (written by make generate)
-- `named` has a row for each request, with the value it is counted by.
request_total AS (
    SELECT
        tool,
        count(*) AS requests,
        count(*) FILTER (WHERE is_served_get) AS served_gets,
        sum(bytes_sent) AS bytes_sent,
        count(DISTINCT reader) AS unique_requesters,
        count(*) FILTER (WHERE is_audience) AS audience_requests,
        count(*) FILTER (WHERE is_audience AND is_served_get) AS audience_served_gets,
        coalesce(sum(bytes_sent) FILTER (WHERE is_audience), 0) AS audience_bytes_sent,
        count(DISTINCT reader) FILTER (WHERE is_audience) AS audience_unique_requesters
    FROM named
    GROUP BY tool
)

SELECT
    tool,
    requests,
    CAST(requests AS double) / sum(requests) OVER () AS share_of_requests,
    served_gets,
    bytes_sent,
    CAST(bytes_sent AS double) / nullif(sum(bytes_sent) OVER (), 0) AS share_of_bytes_sent,
    unique_requesters,
    audience_requests,
    audience_served_gets,
    audience_bytes_sent,
    audience_unique_requesters
FROM request_total
-- end {requests_by tool}
ORDER BY requests DESC, tool
