"""A second interpreter, and watching what a rule touches."""
