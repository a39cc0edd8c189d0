-- What counts, defined once for all queries on CloudFront logs. A filter on event_date reaches the table's partitions.
CREATE OR REPLACE VIEW cloudfront_request AS
SELECT
    event_date,
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
    -- Content-Length is the length of a whole answer, also of one that broke off.
    CASE
        WHEN cs_method = 'HEAD' OR sc_status = 304 THEN 0
        ELSE coalesce(least(sc_bytes, coalesce(sc_content_len, sc_bytes)), 0)
    END AS body_bytes_sent,
    CASE
        WHEN cs_method = 'GET' AND sc_status = 200
            THEN coalesce(sc_content_len, CASE WHEN coalesce(x_edge_result_type, '(none)') <> 'Error' THEN sc_bytes END)
    END AS object_size,
    country,
    place,
    network,
    cs_user_agent AS user_agent,
    -- Rows of older lakes have the address alone. Of dropped addresses the place is all that is known.
    coalesce(reader_id, c_ip, place) || ' ' || coalesce(cs_user_agent, '-') AS reader,
    coalesce(reader_key, '(none)') AS reader_key,
    -- Who has one IPv6 address has a whole network of them.
    CASE WHEN strpos(remote_prefix, ':') > 0 THEN remote_prefix ELSE coalesce(reader_id, c_ip) END AS reader_address,
    coalesce(is_own, false) AS is_own,
    coalesce(is_robot, false) AS is_robot,
    NOT coalesce(is_robot, false) AND NOT coalesce(is_own, false) AS is_audience,
    -- Error with status 200: the viewer disconnected before the last byte.
    coalesce(
        cs_method = 'GET' AND sc_status = 200 AND coalesce(x_edge_result_type, '(none)') <> 'Error', false
    ) AS is_complete_get,
    coalesce(cs_method = 'GET' AND sc_status IN (200, 206), false) AS is_served_get,
    -- A preflight request succeeds for any path.
    coalesce(cs_method <> 'OPTIONS' AND (sc_status BETWEEN 200 AND 299 OR sc_status = 304), false) AS is_there
FROM cloudfront_log
