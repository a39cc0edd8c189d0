"""Saved queries and the views they read: a folder of files each, checked on loading."""
