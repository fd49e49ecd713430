"""A user's table from what is wanted of it to what it came to."""
