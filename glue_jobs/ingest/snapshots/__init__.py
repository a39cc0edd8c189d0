"""Ingestion of inventory snapshots: each becomes visible as a whole, or is recorded as invalid."""
