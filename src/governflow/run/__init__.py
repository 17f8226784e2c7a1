"""A journal taken through the engine."""

from governflow.run.runner import run

__all__ = ["run"]
