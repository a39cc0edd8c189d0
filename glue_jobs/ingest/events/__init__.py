"""Ingestion of logs and events: tasks parse chunks of raw objects and write a data file per day."""
