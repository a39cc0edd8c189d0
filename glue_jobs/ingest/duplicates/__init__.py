"""Records that AWS delivered twice are dropped before a run commits: docs/decisions/0005-duplicates.md.

Two rows are the same record when all columns of the record are equal, or the columns of `Table.same` where a table
declares these. Of equal rows the stored one stays, or else that of the first raw object. A run drops duplicates in two
places:

1. *Within a task.* Most records that are delivered twice arrive hours apart, so both are in one chunk.
   `within_table.duplicates_within` finds them in memory before anything is written.
2. *Across files.* When all tasks are done, the days they touched are shared out again. `across_files.find_duplicates`
   compares the new files of a day with each other and with the stored files of that day.
   `rewrite_files.without_duplicates` writes the files that have duplicates again, and writes the late rows that tasks
   held back for this step.

Both compare hashes first. `row_hash.row_hashes` makes one 64-bit number of the first identity column of a row
(`Table.identity`), so a day without duplicates costs reading one column. Rows that share a hash are candidates. If
there are many, they are narrowed down by the hash of their whole identity. No hash decides: the remaining rows are
compared in every column before any is dropped.
"""
