"""Take what is stored of one person out of a lake: docs/decisions/0029-forgetting.md."""
