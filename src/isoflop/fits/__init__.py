"""Fits of laws to tables (JAX inside)."""
