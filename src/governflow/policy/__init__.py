"""Whose rules apply, and what they say."""
