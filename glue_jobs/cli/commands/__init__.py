"""The commands that run no job."""
