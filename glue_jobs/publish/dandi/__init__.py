"""The summaries that DANDI publishes of its archive: https://github.com/dandi/access-summaries.

Requests are successful reads of whole objects or parts (REST.GET.OBJECT, status 2xx), without the publisher's own;
downloads are those with status 200. Bytes are exact and counts are rounded.
"""
