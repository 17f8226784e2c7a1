"""The laws themselves."""
