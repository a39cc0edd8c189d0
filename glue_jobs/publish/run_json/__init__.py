"""Run summaries as JSON documents: one per run, and one for each of its family, sequence, protein and phylum hits."""
