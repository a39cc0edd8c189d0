-- Runs that match one family, in pages of 1,000 rows. Period: all summaries stored by today.
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
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM nfamily
    UNION ALL
    SELECT
        'protein' AS kind, run_id, family_name, family_name AS family_group,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM pfamily
    UNION ALL
    SELECT
        'rdrp' AS kind, run_id, family_name, family_group,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM rfamily
)
SELECT
    hit.run_id || ' ' || hit.family_group AS page_key,
    hit.run_id,
    hit.family_name,
    hit.family_group,
    hit.coverage_bins,
    hit.score,
    hit.percent_identity,
    hit.n_reads
FROM hit
INNER JOIN stored ON hit.source_object = stored.key AND hit.ingest_run_id = stored.ingest_run_id
WHERE hit.kind = ?
    AND hit.family_name = ?
    AND hit.score BETWEEN ? AND ?
    AND hit.percent_identity BETWEEN ? AND ?
    AND hit.run_id || ' ' || hit.family_group > ?
ORDER BY page_key
LIMIT 1000
