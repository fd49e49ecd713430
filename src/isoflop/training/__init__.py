"""The small-model trainer (JAX inside) and the text it reads."""
