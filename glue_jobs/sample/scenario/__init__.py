"""What happened to an invented publisher: who asked for what, what was stored, and when AWS delivered its records."""
