"""Plan, fetch and unpack raw objects, and pass their bytes to parsers in batches of whole records."""
