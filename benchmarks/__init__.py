"""Side-by-side measurements of the jobs against the usual ways: ``python -m benchmarks``."""
