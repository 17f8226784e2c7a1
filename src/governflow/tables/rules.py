"""Columns and rules: what a decision table is made of (规则表的列与规则)."""

from collections.abc import Mapping

import attrs

from governflow.tables.domains import Domain
from governflow.text import Text


@attrs.frozen
class Column:
    """A condition column.

    Args:
        id: The name of the fact that it asks for.
        text: Its name in both languages.
        domain: What it may hold.
        default: What counts where a case does not state it; None for nothing.
        always: Whether every case states it.
    """

    id: str
    text: Text
    domain: Domain
    default: str | int | None = None
    always: bool = False

    @property
    def unstated(self) -> bool:
        """Whether "not stated" is an admissible value of its own."""
        return self.default is None and not self.always


@attrs.frozen
class Rule:
    """One rule of a table.

    Args:
        id: Its id, unique in the table.
        row: Its row in the sheet, from 1.
        sheet: The sheet's name, "" for a CSV file.
        cells: The conditions as written, by column; columns that take anything are left out.
        outcomes: What it decides, by outcome column, as canonical text; empty cells are left out.
        reason: Why, in both languages.
        basis: The legal basis.
    """

    id: str
    row: int
    sheet: str
    cells: Mapping[str, str]
    outcomes: Mapping[str, str]
    reason: Text
    basis: str = ""

    @property
    def where(self) -> Text:
        """Its id and where it stands, to be found in the file."""
        en, zh = (f"sheet {self.sheet}, ", f"工作表“{self.sheet}”") if self.sheet else ("", "")
        return Text(f"{self.id} ({en}row {self.row})", f"{self.id}（{zh}第 {self.row} 行）")
