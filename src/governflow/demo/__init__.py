"""A generated day in a county."""
