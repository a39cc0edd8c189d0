"""From raw objects to the bytes that a parser gets: planned, fetched, unpacked, in batches of whole records."""
