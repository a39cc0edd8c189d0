-- Number of runs that match one family, by score and identity. Period: all summaries stored by today.
SELECT
    score,
    percent_identity,
    count(DISTINCT run_id) AS runs
FROM run_match
WHERE level = 'family'
    AND ingested_at >= DATE '2006-03-14'
    AND ingested_at < current_date + INTERVAL '1' DAY
    AND kind = ?
    AND family_name = ?
GROUP BY score, percent_identity
ORDER BY score, percent_identity
