"""What was asked of the buckets and of the distribution."""
