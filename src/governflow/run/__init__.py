"""A journal taken through the engine."""
