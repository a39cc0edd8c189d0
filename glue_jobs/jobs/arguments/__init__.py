"""The arguments of the jobs: their declarations, and what their values name."""
