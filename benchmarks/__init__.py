"""Benchmarks of the jobs beside other engines: ``python -m benchmarks``."""
