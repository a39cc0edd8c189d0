"""One table of the lake: its schema, files and rows, and commits to it."""
