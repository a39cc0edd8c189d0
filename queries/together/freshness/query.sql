-- How current the data of each source is, and what became of its records.
SELECT
    pipeline,
    count(*) AS raw_objects,
    sum(records) AS records,
    sum("rows") AS stored_rows,
    sum(rejected) AS rejected,
    sum(duplicates) AS duplicates,
    sum(filtered) AS filtered,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time,
    max(last_modified) AS last_delivery,
    max(ingested_at) AS last_ingest
FROM ingested_object
-- Raw objects of inventories have no events.
WHERE CAST(coalesce(first_event_time, last_modified) AS date) >= DATE '2006-03-14'
    AND CAST(coalesce(first_event_time, last_modified) AS date) <= current_date
GROUP BY pipeline
ORDER BY pipeline
