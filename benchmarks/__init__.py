"""Side-by-side measurements of the jobs and other engines: ``python -m benchmarks``."""
