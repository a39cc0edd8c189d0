-- Runs that match one family, in pages of 1,000 rows. Period: all summaries stored by today.
SELECT
    run_id || ' ' || family_group AS page_key,
    run_id,
    family_name,
    family_group,
    coverage_bins,
    score,
    percent_identity,
    n_reads
FROM run_match
WHERE level = 'family'
    AND ingested_at >= DATE '2006-03-14'
    AND ingested_at < current_date + INTERVAL '1' DAY
    AND kind = ?
    AND family_name = ?
    AND score BETWEEN ? AND ?
    AND percent_identity BETWEEN ? AND ?
    AND run_id || ' ' || family_group > ?
ORDER BY page_key
LIMIT 1000
