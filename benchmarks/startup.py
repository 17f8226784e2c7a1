"""What starting costs: importing governflow against importing its dependencies, and ``governflow --help`` against an
empty program of the same command-line library. Each side is a fresh interpreter; they take turns.
"""

import os
import subprocess
import sys

from measuring import Row, best, show

DEPENDENCIES = "import attrs, msgspec, pluggy, transitions"
#: The same, with what the engine needs of the standard library.
WITH_STANDARD_LIBRARY = f"{DEPENDENCIES}, csv, hashlib, importlib.resources, json, secrets, sqlite3, zoneinfo"
EMPTY = """
import click
@click.group()
def cli():
    "Nothing."
cli(["--help"])
"""


#: Compiled modules are kept, as they are on any machine where the package is installed.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def python(code: str) -> None:
    """Run a fresh interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)


def rows() -> list[Row]:
    """Measure."""
    bare, standard, ours, engine, empty, helped = best(
        lambda: python(DEPENDENCIES),
        lambda: python(WITH_STANDARD_LIBRARY),
        lambda: python("import governflow"),
        lambda: python("from governflow import Engine"),
        lambda: python(EMPTY),
        lambda: python("import sys; from governflow.cli import main; sys.argv[1:] = ['--help']; main()"),
        rounds=15,
    )
    return [
        _row("`import governflow` : its dependencies", ours, bare),
        _row("`from governflow import Engine` : its dependencies", engine, bare),
        _row("`from governflow import Engine` : those and what it needs of the standard library", engine, standard),
        _row("`governflow --help` : empty click program", helped, empty),
    ]


def _row(what: str, ours: float, theirs: float) -> Row:
    return Row(what, f"{ours * 1e3:.0f} ms", f"{theirs * 1e3:.0f} ms", ours / theirs, "<= 1.5")


if __name__ == "__main__":
    show(rows())
