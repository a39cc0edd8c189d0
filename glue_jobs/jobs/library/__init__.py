"""The lake as a Python object."""
