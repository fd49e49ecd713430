"""What a fit found, as values with their JSON."""
