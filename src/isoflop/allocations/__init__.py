"""The loss-optimal split of a budget."""
