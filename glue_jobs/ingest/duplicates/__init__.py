"""Records that are there twice: found in memory and in the files of a day, and dropped."""
