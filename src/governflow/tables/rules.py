"""What tables are made of: the columns and rules of a decision table, the rows of a catalogue (列、规则与清单行)."""

from collections.abc import Mapping
from typing import Any

import attrs

from governflow.calendars.allowances import Allowance
from governflow.normalize import nearest
from governflow.tables import vocabulary
from governflow.tables.domains import Cell, Closed, Domain, Unfit, read_cell, read_domain
from governflow.text import Json, Text


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

    @classmethod
    def of(cls, name: str, text: Text, written: str, table: str) -> "Column":
        """Make a column of a table from its cell of the domain row; "" for the domain that it is known by.

        Raises:
            Unfit: The domain cannot be read, is missing, or is not the known one.
        """
        known = vocabulary.KNOWN.get(name)
        domain, default = read_domain(written)
        if known is not None and isinstance(known.domain, Closed):
            if domain is not None and not _same(known.domain, domain):
                raise Unfit(
                    f"has the domain {known.domain.written}: write that, or nothing",
                    f"的取值范围是 {known.domain.written}：请照写或留空",
                )
            domain = known.domain
        elif domain is None and known is not None:
            domain = known.domain
        elif domain is None:
            near = nearest(name, [*vocabulary.KNOWN, *vocabulary.OUTCOMES.get(table, {})])
            en, zh = (f"; or is {near} meant", f"；是否应为 {near}") if near else ("", "")
            raise Unfit(
                f"has no domain: write what {name} may hold under it (a|b, 0..365, code, *), or mark it as an outcome: "
                f"→{name}{en}",
                f"没有取值范围：请在取值行写明（甲|乙、0..365、区划代码、任意），结果列用 → 标明{zh}",
            )
        always = known is not None and known.always and not default
        return cls(name, text, domain, domain.read(default) if default else None, always)

    @property
    def unstated(self) -> bool:
        """Whether "not stated" is an admissible value of its own."""
        return self.default is None and not self.always

    def condition(self, text: str) -> Cell | None:
        """Read a condition cell; None for anything.

        Raises:
            Unfit: It cannot be read, or asks for "not stated" where that cannot be.
        """
        cell = read_cell(self.domain, text)
        if cell is not None and cell.unstated and not self.unstated:
            en, zh = ("every case states it", "每件事项都有") if self.always else ("it has a default", "已有默认值")
            raise Unfit(f"asks for none, but {en}: name its values", f"写了“未填”，但{zh}：请写具体取值")
        return cell

    def as_json(self) -> dict[str, Json]:
        """Return the column as plain JSON values."""
        return {
            "id": self.id,
            "en": self.text.en,
            "zh": self.text.zh,
            "domain": self.domain.written,
            "default": self.default,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any], table: str) -> "Column":
        """Make a column again from what `as_json` gave."""
        default = "" if content["default"] is None else f"; default {content['default']}"
        return cls.of(content["id"], Text(content["en"], content["zh"]), content["domain"] + default, table)


def _same(known: Closed, domain: Domain) -> bool:
    return isinstance(domain, Closed) and {known.member(value) for value in domain.values} == set(known.values)


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

    def as_json(self) -> dict[str, Json]:
        """Return the rule as plain JSON values."""
        cells, outcomes, reason = dict(self.cells), dict(self.outcomes), [self.reason.en, self.reason.zh]
        return attrs.asdict(self, recurse=False) | {"cells": cells, "outcomes": outcomes, "reason": reason}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Rule":
        """Make a rule again from what `as_json` gave."""
        return cls(**{**content, "reason": Text(*content["reason"])})


@attrs.frozen
class CatalogueRow:
    """One row of a catalogue.

    Args:
        sheet: The sheet's name, "" for a CSV file.
        row: Its row in the sheet, from 1.
        item: The item's name.
        code: Its code, "" for none.
        condition: When it is taken up under this row (立案条件), "" for always.
        closing: When it counts as done (结案条件).
        allowance: How long it may take, or None.
        written: The allowance as it is written.
        attributes: All other columns by id; several units are separated by ``|``.
    """

    sheet: str
    row: int
    item: str
    code: str = ""
    condition: str = ""
    closing: str = ""
    allowance: Allowance | None = None
    written: str = ""
    attributes: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def units(self) -> tuple[str, ...]:
        """The responsible units (处置单位)."""
        return tuple(self.attributes.get("units", "").split("|")) if self.attributes.get("units") else ()

    def as_json(self) -> dict[str, Json]:
        """Return the row as plain JSON values."""
        allowance = None if self.allowance is None else str(self.allowance)
        return attrs.asdict(self, recurse=False) | {"allowance": allowance, "attributes": dict(self.attributes)}


@attrs.frozen
class Refusal:
    """One row that could not be taken.

    Args:
        sheet: The sheet's name, "" for a CSV file.
        row: Its row in the sheet, from 1.
        item: The item that it belongs to, "" if that is not known.
        reason: Why, and what would be right.
    """

    sheet: str
    row: int
    item: str
    reason: Text
