"""What a question needs of a lake, read without pyiceberg, whose import takes half a second."""
