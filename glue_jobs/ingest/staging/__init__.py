"""What a run writes and counts before its commit, whatever the kind of its pipeline."""
