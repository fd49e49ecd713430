"""Published constants as plain data, one file a family; `laws/published.py` puts them together."""
