"""Decision tables and catalogues: a locality's rules as the files that its people keep (规则表、事项清单)."""

from governflow.tables.catalogue import Catalogue, Entry, Refusal
from governflow.tables.findings import Dead, Findings, Gap, Overlap
from governflow.tables.rules import Column, Rule
from governflow.tables.table import Table
from governflow.tables.table_diff import Change, compare

__all__ = [
    "Catalogue",
    "Change",
    "Column",
    "Dead",
    "Entry",
    "Findings",
    "Gap",
    "Overlap",
    "Refusal",
    "Rule",
    "Table",
    "compare",
]
