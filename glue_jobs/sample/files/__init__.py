"""The raw files of the sample, as AWS delivers them, and its configuration."""
