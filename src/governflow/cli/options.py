"""The options that several commands share, each declared once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


def locale_name() -> str:
    """Return the language that the machine is set to; empty if to none."""
    variables = ("GOVERNFLOW_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((value for name in variables if (value := os.environ.get(name))), "")


_OUTPUT = (
    click.Option(["--json", "as_json"], is_flag=True, help="One JSON object or list on standard output."),
    click.Option(
        ["--lang"],
        type=click.Choice(["zh", "en"]),
        default=lambda: "zh" if locale_name().startswith("zh") else "en",
        show_default="the machine's language",
        help="Language of everything a person reads (界面语言).",
    ),
)


class Commands(click.Group):
    """Commands, each of which takes ``--json`` and ``--lang`` as its last options."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        cmd.params += _OUTPUT
        super().add_command(cmd, name)


store = click.option("--store", type=FILE, required=True, help="The SQLite file (数据文件).")
column_map = click.option("--map", "map_path", type=PATH, help="TOML: which column means what (列映射).")
auto_dispatch = click.option(
    "--auto-dispatch", is_flag=True, help="Dispatch every reported case at once along the route (自动派单)."
)
one_locality = click.option("--locality", metavar="CODE", help="Only this one of the localities of a path (地方代码).")


def rules_of(default: str | None, *, shown: bool | str = True) -> Callable[[Command], Command]:
    """Return the option that says by whose rules a journal is taken."""
    return click.option(
        "--locality", default=default, show_default=shown, metavar="CODE", help="Whose rules apply (地方代码)."
    )
