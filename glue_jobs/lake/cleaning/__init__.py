"""Old snapshots and orphan files of a table."""
