-- How many runs match one family, by score and identity. Period: all summaries stored by today.
WITH
stored AS (
    SELECT key, run_id AS ingest_run_id
    FROM ingested_object
    WHERE pipeline = 'run_summary'
        AND unreadable IS NULL
        AND ingested_at >= DATE '2006-03-14'
        AND ingested_at < current_date + INTERVAL '1' DAY
),
hit AS (
    SELECT
        'nucleotide' AS kind, run_id, family_name, family_name AS family_group,
        score, percent_identity,
        source_object, ingest_run_id
    FROM nfamily
    UNION ALL
    SELECT
        'protein' AS kind, run_id, family_name, family_name AS family_group,
        score, percent_identity,
        source_object, ingest_run_id
    FROM pfamily
    UNION ALL
    SELECT
        'rdrp' AS kind, run_id, family_name, family_group,
        score, percent_identity,
        source_object, ingest_run_id
    FROM rfamily
)
SELECT
    hit.score,
    hit.percent_identity,
    count(DISTINCT hit.run_id) AS runs
FROM hit
INNER JOIN stored ON hit.source_object = stored.key AND hit.ingest_run_id = stored.ingest_run_id
WHERE hit.kind = ?
    AND hit.family_name = ?
GROUP BY hit.score, hit.percent_identity
ORDER BY score, percent_identity
