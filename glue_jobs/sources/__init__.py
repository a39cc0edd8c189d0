"""The raw sources, by their nouns: a pipeline, its table and its queries call a source alike."""

SOURCES = ("s3_access_log", "cloudtrail_s3_event", "s3_inventory_object", "cloudfront_log")
