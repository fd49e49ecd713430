"""What circulates about scaling laws and is wrong: each claim beside its paper, with what it costs."""
