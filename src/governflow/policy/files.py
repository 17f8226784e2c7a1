"""What a plugin brings with it as files (随插件的文件): the org chart and the tables."""

from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

from governflow.errors import PolicyError, TableError
from governflow.model.units import OrgChart, Unit
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
    files: dict[str, Traversable | Path] = {}
    faults: list[Text] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, _, kind = file.name.rpartition(".")
        if kind.lower() not in ("csv", "xlsx") or name.startswith(("~", ".")):
            continue  # Excel leaves a file of its own beside one that is open
        if name in files:
            faults.append(Text(f"there are two tables {name}", f"表格“{name}”有两份"))
        files[name] = file
    return _read(files, faults)


def read(answer: object) -> object:
    """Read the tables that a plugin names for ``governflow_tables``: a folder, or a file in the place of a table.

    Returns:
        A mapping by question where it named files; else the answer as it is.

    Raises:
        PolicyError: If any of the files cannot be used.
    """
    if isinstance(answer, (Path, Traversable)):
        return tables(answer)
    if not isinstance(answer, Mapping):
        return answer
    files = {name: file for name, file in answer.items() if isinstance(file, (Path, Traversable))}
    return {**answer, **_read(files, [])}


def kind_of(name: object) -> type[Table | Catalogue]:
    """Return what answers the question of that name: a catalogue, or else a decision table."""
    return Catalogue if name == "catalogue" else Table


def chart(answer: object) -> object:
    """Read the org chart that a plugin names for ``governflow_units``: a CSV file, or its units one by one.

    Returns:
        An `OrgChart` where it named a file or units; else the answer as it is.

    Raises:
        PolicyError: If the chart is wrong.
    """
    if isinstance(answer, (Path, Traversable)):
        return OrgChart.read(answer)
    if isinstance(answer, Iterable) and not isinstance(answer, (str, bytes, Mapping)):
        units = list(answer)
        if all(isinstance(unit, Unit) for unit in units):
            return OrgChart.of(units)
    return answer


def _read(files: Mapping[str, Traversable | Path], faults: list[Text]) -> dict[str, Table | Catalogue]:
    found: dict[str, Table | Catalogue] = {}
    for name, file in files.items():
        try:
            found[name] = Catalogue.read(file) if kind_of(name) is Catalogue else Table.read(file, name=name)
        except TableError as fault:
            faults.append(fault.text)
    if faults:
        raise PolicyError.listing(Text("the tables cannot be used", "表格无法使用"), faults)
    return found
