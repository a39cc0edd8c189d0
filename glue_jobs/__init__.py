"""Usage and storage analytics for data published from Amazon S3."""

__version__ = "0.1.0"
