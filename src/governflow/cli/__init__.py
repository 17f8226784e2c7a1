"""The command line of governflow (命令行)."""

from governflow.cli.commands import main

__all__ = ["main"]
