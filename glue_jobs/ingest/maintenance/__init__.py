"""Merge small files and delete orphan files: docs/decisions/0032-compaction-and-orphans.md."""
