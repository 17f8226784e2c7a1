"""Commands, deadlines and books: the one place where rules, cases, clock and store meet."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "Engine":  # where it was before this was a package; `from governflow import Engine` is the way to it
        from governflow.engine.engine import Engine

        return Engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
