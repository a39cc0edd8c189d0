"""Saved queries and views: one folder of files for each, checked when it is loaded."""
