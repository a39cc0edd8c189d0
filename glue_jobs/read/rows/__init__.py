"""Lines of JSON and files of Parquet as Arrow tables, many at a time, for parsers."""
