"""Runs, their records, the store that keeps them and the table that fits read."""
