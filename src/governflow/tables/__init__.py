"""Decision tables and catalogues: a locality's rules as the files that its people keep (规则表、事项清单).

What checks and compares tables is imported when it is first asked for: an engine needs none of it.
"""

from typing import TYPE_CHECKING

from governflow._names import loaded_when_used
from governflow.tables.catalogue import Catalogue
from governflow.tables.rules import CatalogueRow, Column, Refusal, Rule
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

__getattr__ = loaded_when_used(__name__, __all__, "tables.table_diff", "tables.findings")
