"""Run summaries as JSON documents: one for each run, and one for each family, sequence, protein and phylum of it."""
