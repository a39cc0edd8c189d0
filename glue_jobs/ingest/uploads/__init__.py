"""Ingestion of uploaded files, whose tables get the columns that the files have."""
