"""Records that AWS delivered twice are dropped before a run commits: docs/decisions/0005-duplicates.md.

Two rows are the same record when all columns of the record are equal, or the columns of `Table.same` where a table
declares these. Rows that lack an id may be equal by chance: with `Table.repeats_without_id` they are also compared by
the name of their raw object, and by how many equal rows precede them in it. Of equal rows, the stored one stays, or
else the one of the first raw object. A run drops duplicates in two places:

1. *Within a task.* Most records that are delivered twice arrive only hours apart, so both are in one chunk.
   `within_table.duplicates_within` finds them in memory before anything is written.
2. *Across files.* When all tasks are done, new tasks process the days with new rows. `across_files.find_duplicates`
   compares the new files of a day with each other and with the stored files of that day.
   `rewrite_files.without_duplicates` rewrites the files that have duplicates, and writes the late rows that tasks held
   back for this step.

Both compare hashes first. `row_hash.row_hashes` computes a 64-bit hash of a row's first identity column
(`Table.identity`), so a day without duplicates costs reading one column. Rows that share a hash are candidates. If
there are many, the hash of their whole identity narrows them down. A hash never decides: the remaining rows are
compared in every column before any is dropped.
"""
