-- All matches of one run. Period: all summaries stored by today.
SELECT
    kind,
    level,
    name,
    coverage_bins,
    score,
    percent_identity,
    n_reads
FROM run_match
WHERE ingested_at >= DATE '2006-03-14'
    AND ingested_at < current_date + INTERVAL '1' DAY
    AND run_id = ?
ORDER BY kind, level, score DESC, name, percent_identity DESC, n_reads DESC, coverage_bins
