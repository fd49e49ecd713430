"""What to do next: forecasts and plans."""
