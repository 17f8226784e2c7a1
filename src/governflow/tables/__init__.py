"""Decision tables and catalogues: a locality's rules as the files that its people keep (规则表、事项清单).

What checks and compares tables is imported when it is first asked for: an engine needs none of it.
"""

from typing import TYPE_CHECKING

from governflow.tables.catalogue import Catalogue
from governflow.tables.entries import CatalogueRow, Refusal
from governflow.tables.rules import Column, Rule
from governflow.tables.table import Table

if TYPE_CHECKING:
    from governflow.tables.findings import Dead, Findings, Gap, Overlap
    from governflow.tables.table_diff import Change, compare

__all__ = [
    "Catalogue",
    "CatalogueRow",
    "Change",
    "Column",
    "Dead",
    "Findings",
    "Gap",
    "Overlap",
    "Refusal",
    "Rule",
    "Table",
    "compare",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from governflow.tables import findings, table_diff

    return getattr(table_diff if name in ("Change", "compare") else findings, name)
