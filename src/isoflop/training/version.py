"""Which trainer this is; apart from the trainer, so that a study can be looked at without JAX."""

TRAINER = "jax-1"
"""Part of every run's inputs: raised whenever the same inputs would give other bits."""
