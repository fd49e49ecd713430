"""Runs as values: their inputs, what they left, the folder that keeps them, the table that a fit reads."""
