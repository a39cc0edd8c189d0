-- Downloads per month, data set and country of the reader, by three definitions side by side.
-- Period: the last 12 complete months and the month under way.
{downloads_by country}

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
    AND coalesce(request_total.account, '(all)') = coalesce(read_total.account, '(all)')
    AND coalesce(request_total.repository, '(all)') = coalesce(read_total.repository, '(all)')
    AND request_total.country = read_total.country
LEFT JOIN place
    ON place.label = request_total.country
ORDER BY request_total.month, account, repository, logical_downloads DESC, request_total.country
