-- Matches of runs at every level, from fully stored summaries. The ledger is committed last: a row whose object is not
-- in it belongs to a run in progress.
CREATE OR REPLACE VIEW run_match AS
WITH hit AS (
    SELECT
        'nucleotide' AS kind, 'family' AS level, run_id, family_name AS name,
        family_name, family_name AS family_group,
        CAST(NULL AS varchar) AS sequence_accession,
        coverage_bins, score, percent_identity, n_reads, source_object, ingest_run_id
    FROM nfamily
    UNION ALL
    SELECT
        'nucleotide' AS kind, 'sequence' AS level, run_id, sequence_accession AS name,
        family_name, CAST(NULL AS varchar) AS family_group,
        sequence_accession,
        coverage_bins, score, percent_identity, n_reads, source_object, ingest_run_id
    FROM nsequence
    UNION ALL
    SELECT
        'protein' AS kind, 'family' AS level, run_id, family_name AS name,
        family_name, family_name AS family_group,
        CAST(NULL AS varchar) AS sequence_accession,
        coverage_bins, score, percent_identity, n_reads, source_object, ingest_run_id
    FROM pfamily
    UNION ALL
    SELECT
        'protein' AS kind, 'protein' AS level, run_id, family_name || '.' || protein_name AS name,
        family_name, CAST(NULL AS varchar) AS family_group,
        CAST(NULL AS varchar) AS sequence_accession,
        coverage_bins, score, percent_identity, n_reads, source_object, ingest_run_id
    FROM protein
    UNION ALL
    SELECT
        'protein' AS kind, 'sequence' AS level, run_id, genbank_id AS name,
        family_name, CAST(NULL AS varchar) AS family_group,
        genbank_id AS sequence_accession,
        coverage_bins, score, percent_identity, n_reads, source_object, ingest_run_id
    FROM psequence
    UNION ALL
    SELECT
        'rdrp' AS kind, 'phylum' AS level, run_id, phylum_name AS name,
        CAST(NULL AS varchar) AS family_name, CAST(NULL AS varchar) AS family_group,
        CAST(NULL AS varchar) AS sequence_accession,
        coverage_bins, score, percent_identity, n_reads, source_object, ingest_run_id
    FROM rphylum
    UNION ALL
    SELECT
        'rdrp' AS kind, 'family' AS level, run_id, family_group AS name,
        family_name, family_group,
        CAST(NULL AS varchar) AS sequence_accession,
        coverage_bins, score, percent_identity, n_reads, source_object, ingest_run_id
    FROM rfamily
    UNION ALL
    SELECT
        'rdrp' AS kind, 'sequence' AS level, run_id, sequence_accession AS name,
        family_name, CAST(NULL AS varchar) AS family_group,
        sequence_accession,
        coverage_bins, score, percent_identity, n_reads, source_object, ingest_run_id
    FROM rsequence
)

SELECT
    ingested_object.ingested_at,
    hit.kind,
    hit.level,
    hit.run_id,
    hit.name,
    hit.family_name,
    hit.family_group,
    hit.sequence_accession,
    hit.coverage_bins,
    hit.score,
    hit.percent_identity,
    hit.n_reads
FROM hit
INNER JOIN ingested_object
    ON hit.source_object = ingested_object.key
    AND hit.ingest_run_id = ingested_object.run_id
WHERE ingested_object.pipeline = 'run_summary'
    AND ingested_object.unreadable IS NULL
