"""Ingestion of documents: a new version of one replaces the rows of the old version."""
