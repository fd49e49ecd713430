"""What a run costs: parameters, FLOPs."""
