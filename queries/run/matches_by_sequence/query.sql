-- Runs that match one sequence, in pages of 1,000 rows. Period: all summaries stored by today.
SELECT
    run_id || ' ' || sequence_accession AS page_key,
    run_id,
    family_name,
    sequence_accession,
    coverage_bins,
    score,
    percent_identity,
    n_reads
FROM run_match
WHERE level = 'sequence'
    AND ingested_at >= DATE '2006-03-14'
    AND ingested_at < current_date + INTERVAL '1' DAY
    AND kind = ?
    AND sequence_accession = ?
    AND score BETWEEN ? AND ?
    AND percent_identity BETWEEN ? AND ?
    AND run_id || ' ' || sequence_accession > ?
ORDER BY page_key
LIMIT 1000
