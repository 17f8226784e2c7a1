"""The tables that a plugin brings with it (随插件的表格)."""

from importlib.resources.abc import Traversable
from pathlib import Path

from governflow.errors import PolicyError, TableError
from governflow.tables import Catalogue, Table
from governflow.text import Text


def tables(folder: Traversable | Path) -> dict[str, Table | Catalogue]:
    """Read every table of a folder; a file's name says which question it answers.

    Args:
        folder: Such as ``importlib.resources.files(__package__) / "tables"``: ``catalogue.csv``, ``tier.csv``,
            ``route.xlsx``, ``deadlines.csv``, ...

    Returns:
        The tables by question, for ``governflow_tables``.

    Raises:
        PolicyError: If any of them cannot be used; the faults of all of them are named.
    """
    read: dict[str, Table | Catalogue] = {}
    faults: list[Text] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, _, kind = file.name.rpartition(".")
        if kind.lower() not in ("csv", "xlsx") or name.startswith(("~", ".")):
            continue  # Excel leaves a file of its own beside one that is open
        if name in read:
            faults.append(Text(f"there are two tables {name}", f"表格“{name}”有两份"))
            continue
        try:
            read[name] = Catalogue.read(file) if name == "catalogue" else Table.read(file, name=name)
        except TableError as fault:
            faults.append(fault.text)
    if faults:
        raise PolicyError.listing(Text("the tables cannot be used", "表格无法使用"), faults)
    return read
