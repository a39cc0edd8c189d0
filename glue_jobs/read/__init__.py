"""Raw objects to the bytes a parser gets: fetched, unpacked, cut into slices of whole lines or documents."""
