-- Everything that one run matches. Period: all summaries stored by today.
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
        'nucleotide' AS kind, run_id, 'family' AS level, family_name AS name,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM nfamily
    UNION ALL
    SELECT
        'nucleotide' AS kind, run_id, 'sequence' AS level, sequence_accession AS name,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM nsequence
    UNION ALL
    SELECT
        'protein' AS kind, run_id, 'family' AS level, family_name AS name,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM pfamily
    UNION ALL
    SELECT
        'protein' AS kind, run_id, 'protein' AS level, family_name || '.' || protein_name AS name,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM protein
    UNION ALL
    SELECT
        'protein' AS kind, run_id, 'sequence' AS level, genbank_id AS name,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM psequence
    UNION ALL
    SELECT
        'rdrp' AS kind, run_id, 'phylum' AS level, phylum_name AS name,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM rphylum
    UNION ALL
    SELECT
        'rdrp' AS kind, run_id, 'family' AS level, family_group AS name,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM rfamily
    UNION ALL
    SELECT
        'rdrp' AS kind, run_id, 'sequence' AS level, sequence_accession AS name,
        coverage_bins, score, percent_identity, n_reads,
        source_object, ingest_run_id
    FROM rsequence
)
SELECT
    hit.kind,
    hit.level,
    hit.name,
    hit.coverage_bins,
    hit.score,
    hit.percent_identity,
    hit.n_reads
FROM hit
INNER JOIN stored ON hit.source_object = stored.key AND hit.ingest_run_id = stored.ingest_run_id
WHERE hit.run_id = ?
ORDER BY kind, level, score DESC, name, percent_identity DESC, n_reads DESC, coverage_bins
