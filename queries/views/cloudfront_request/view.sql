-- What counts, defined once for all queries on CloudFront logs. A filter on event_date reaches the table's partitions.
CREATE OR REPLACE VIEW cloudfront_request AS
WITH answered AS (
    SELECT
        *,
        coalesce(x_edge_result_type = 'Error', false) AS is_broken,
        -- A distribution may show a page with status 200 instead of an error. The result type is also Error where
        -- the viewer left early, but then the response result type is not, and the detailed one is ClientCommError.
        coalesce(
            sc_status >= 400
                OR (
                    sc_status >= 200
                    AND x_edge_result_type = 'Error'
                    AND coalesce(x_edge_detailed_result_type, '(none)') <> 'ClientCommError'
                    AND coalesce(x_edge_response_result_type = 'Error', x_edge_detailed_result_type IS NOT NULL)
                ),
            false
        ) AS is_error
    FROM cloudfront_log
)

SELECT
    event_date,
    -- A response of more than a day is a damaged number.
    event_time - least(coalesce(time_taken, 0), 86400) * INTERVAL '1' SECOND AS begin_time,
    event_time,
    coalesce(account, '(none)') AS account,
    coalesce(repository, '(none)') AS repository,
    cs_host,
    bucket,
    key,
    coalesce(cs_method, '(none)') AS cs_method,
    sc_status,
    coalesce(x_edge_result_type, '(none)') AS result_type,
    coalesce(sc_bytes, 0) AS bytes_sent,
    -- Content-Length is the length of the whole response, even if it broke off.
    CASE
        WHEN cs_method = 'HEAD' OR sc_status = 304 THEN 0
        ELSE coalesce(least(sc_bytes, coalesce(sc_content_len, sc_bytes)), 0)
    END AS body_bytes_sent,
    CASE
        WHEN cs_method = 'GET' AND sc_status = 200
            THEN coalesce(sc_content_len, CASE WHEN NOT is_broken THEN sc_bytes END)
    END AS object_size,
    country,
    place,
    network,
    cs_referer AS referer,
    cs_user_agent AS user_agent,
    -- Rows of older lakes have only the address. If addresses are dropped, only the place is known. AWS's programs
    -- change the features, the command and the session in their user agents between uses.
    coalesce(reader_id, c_ip, place) || ' '
        || regexp_replace(coalesce(cs_user_agent, '-'), ' (m|sid|(md/)?command)[/#][^ ]+', '') AS reader,
    coalesce(reader_key, '(none)') AS reader_key,
    -- Whoever has one IPv6 address has a whole network of them.
    CASE WHEN strpos(remote_prefix, ':') > 0 THEN remote_prefix ELSE coalesce(reader_id, c_ip) END AS reader_address,
    coalesce(is_own, false) AS is_own,
    coalesce(is_robot, false) AS is_robot,
    NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience,
    -- Error with status 200: the viewer disconnected before the last byte.
    coalesce(cs_method = 'GET' AND sc_status = 200 AND NOT is_broken, false) AS is_complete_get,
    coalesce(cs_method = 'GET' AND sc_status IN (200, 206) AND NOT is_error, false) AS is_served_get,
    is_error,
    -- A preflight request succeeds for any path.
    coalesce(
        cs_method <> 'OPTIONS' AND (sc_status BETWEEN 200 AND 299 OR sc_status = 304) AND NOT is_error, false
    ) AS is_there
FROM answered
