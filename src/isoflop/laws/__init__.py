"""Scaling laws as values: one file a paper or family."""
