"""Studies: what to train."""
