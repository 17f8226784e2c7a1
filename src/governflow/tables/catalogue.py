"""Catalogues (事项清单): what can be reported, who deals with it, and how long they have.

An item may have several rows, one for each condition under which it is taken up (立案条件); an empty item cell under a
filled one continues it. Columns that are not known by name are attributes of the item, which rules can ask for.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import attrs

from governflow.calendars.allowances import Allowance
from governflow.errors import CalendarError, TableError
from governflow.normalize import half_width, key
from governflow.tables.domains import FORM, SEVERITY, TIER, URGENCY, YES_NO, Unfit
from governflow.tables.sheet_parser import outcome
from governflow.tables.vocabulary import FORBIDDEN, NOTE, UNIT, UNITS, Sort, heading
from governflow.tabular.grids import Grid, Source, read
from governflow.text import Text

_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "item": ("事项", "事项名称", "条目", "小类名称"),
    "code": ("小类代码", "事项编码"),
    "domain": ("领域", "大类名称"),
    "domain_code": ("大类代码",),
    "units": ("处置单位",),
    "supervisor": ("主管部门",),
    "condition": ("立案条件",),
    "closing": ("结案条件",),
    "allowance": ("resolve", "处置时限", "时限", "办结时限"),
    "tier": ("事项等级", "层级", "事项层级"),
    "severity": ("严重程度",),
    "urgency": ("紧急程度",),
    "form": ("办理方式",),
    "lead": ("牵头单位", "主办单位"),
    "assist": ("协办单位", "配合单位"),
    "lifecycle": ("流程",),
    "visit": ("是否到场", "需到场"),
    "basis": ("依据", "法律依据", "政策依据"),
    "reason": ("理由",),
}
_KNOWN: Mapping[str, str] = {key(word): name for name, words in _HEADINGS.items() for word in (name, *words)}
_SORTS: Mapping[str, Sort] = MappingProxyType(
    {
        "tier": TIER,
        "severity": SEVERITY,
        "urgency": URGENCY,
        "form": FORM,
        "visit": YES_NO,
        "lead": UNIT,
        "assist": UNITS,
    }
)
#: What belongs to a row and is not carried down to the next one.
_OF_THE_ROW = ("condition", "closing", "allowance", "basis", "reason")
#: Where a row of the list itself comes from, which is not where a case comes from.
_SOURCE = ("source", "来源")
_LISTS = ("units", "supervisor")
_ABOVE = 20


@attrs.frozen
class Entry:
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


@attrs.frozen(slots=False)
class Catalogue:
    """The items of a locality.

    Args:
        entries: The rows in their order.
        refused: The rows that could not be taken, where the catalogue was not read strictly.
    """

    entries: tuple[Entry, ...]
    refused: tuple[Refusal, ...] = ()

    @classmethod
    def read(cls, source: Source, *, strict: bool = True) -> "Catalogue":
        """Read a catalogue from a CSV file (UTF-8 or GB18030) or all sheets of a workbook.

        Args:
            source: A path, a packaged resource, or a file's name and its bytes.
            strict: Whether a row that cannot be taken makes the whole catalogue unusable; else it is listed.

        Raises:
            TableError: It has no column of items, a column on who asks, or, read strictly, any row that cannot be
                taken or repeats another.
        """
        name, grids = read(source)
        entries: list[Entry] = []
        refused: list[Refusal] = []
        seen: dict[tuple[str, str], Entry] = {}
        sheets = []
        for grid in grids:
            sheet = _Sheet.find(grid)
            if sheet is not None:
                sheets.append(sheet)
            elif grid.rows:
                refused.append(Refusal(grid.name, grid.rows[0][0], "", _NO_ITEMS))
        faults = [fault for sheet in sheets for fault in sheet.faults]
        if not sheets:
            faults.append(_NO_ITEMS)
            refused.clear()
        for sheet in sheets:
            for found in sheet.rows():
                if isinstance(found, Refusal):
                    refused.append(found)
                    continue
                same = seen.setdefault((key(found.item), key(found.condition)), found)
                if same is found:
                    entries.append(found)
                else:
                    refused.append(Refusal(found.sheet, found.row, found.item, _twice(same)))
        if strict:
            faults += [_placed(one) for one in refused]
        if faults:
            raise TableError(name, faults)
        return cls(tuple(entries), tuple(refused))

    # --- asking ---

    @cached_property
    def items(self) -> tuple[str, ...]:
        """The names of all items."""
        return tuple(dict.fromkeys(entry.item for entry in self.entries))

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """All domains (领域)."""
        named = (entry.attributes.get("domain", "") for entry in self.entries)
        return tuple(dict.fromkeys(name for name in named if name))

    def rows(self, item: str) -> tuple[Entry, ...]:
        """Return the rows of an item, by its name or its code; none where several items have the code."""
        by_name, by_code = self._index
        return by_name.get(key(item)) or by_name.get(by_code.get(key(item), ""), ())

    def item(self, name: str) -> Mapping[str, str] | None:
        """Return what all rows of an item have in common.

        Args:
            name: The item's name or its code.

        Returns:
            The attributes by id, or None if there is no such item.
        """
        rows = self.rows(name)
        if not rows:
            return None
        common = rows[0].attributes.items()
        return {one: value for one, value in common if all(row.attributes.get(one) == value for row in rows)}

    def entry(self, item: str, condition: str | None = None) -> Entry | None:
        """Return the row of an item under a condition.

        Args:
            item: The item's name or its code.
            condition: The condition as the catalogue words it; None where it is not known.

        Returns:
            The row; None if there is none, or if the condition is not known and the item has several.
        """
        rows = self.rows(item)
        if condition is not None:
            rows = tuple(row for row in rows if key(row.condition) == key(condition))
        return rows[0] if len(rows) == 1 else None

    @cached_property
    def _index(self) -> tuple[Mapping[str, tuple[Entry, ...]], Mapping[str, str]]:
        by_name: dict[str, tuple[Entry, ...]] = {}
        codes: dict[str, set[str]] = {}
        for entry in self.entries:
            by_name[key(entry.item)] = (*by_name.get(key(entry.item), ()), entry)
            if entry.code:
                codes.setdefault(key(entry.code), set()).add(key(entry.item))
        return by_name, {code: next(iter(names)) for code, names in codes.items() if len(names) == 1}

    # --- keeping ---

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what the catalogue says, whatever file it came from, as hexadecimal digits."""
        told = self.as_json()["entries"]
        for one in told:
            del one["row"], one["sheet"]
        text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return the catalogue as plain JSON values, from which `from_json` makes it again; without refused rows."""
        return {
            "entries": [
                {
                    "sheet": entry.sheet,
                    "row": entry.row,
                    "item": entry.item,
                    "code": entry.code,
                    "condition": entry.condition,
                    "closing": entry.closing,
                    "allowance": None if entry.allowance is None else str(entry.allowance),
                    "written": entry.written,
                    "attributes": dict(entry.attributes),
                }
                for entry in self.entries
            ]
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Catalogue":
        """Make a catalogue again from what `as_json` gave.

        Raises:
            TableError: It is not what `as_json` gave.
        """
        try:
            return cls(
                tuple(
                    Entry(**{**one, "allowance": one["allowance"] and Allowance.parse(one["allowance"])})
                    for one in told["entries"]
                )
            )
        except (KeyError, TypeError, CalendarError) as fault:
            raise TableError(
                "catalogue", [Text(f"it was not kept whole: {fault}", f"保存的内容不完整：{fault}")]
            ) from None


class _Sheet:
    """One sheet while it is read."""

    def __init__(self, grid: Grid, place: int) -> None:
        self._grid = grid
        self._row, cells = grid.rows[place]
        self._below = grid.rows[place + 1 :]
        self._columns: dict[int, str] = {}
        self.faults: list[Text] = []
        for at, cell in enumerate(cells):
            if not cell.strip() or key(cell) in NOTE:
                continue
            name = _column(cell)
            where = grid.where(self._row, at, half_width(cell))
            if name not in _SOURCE and (heading(cell).forbidden or key(name) in FORBIDDEN):
                self.faults.append(Text(f"{where.en} {_WHO.en}", f"{where.zh}{_WHO.zh}"))
            elif name in self._columns.values():
                self.faults.append(Text(f"{where.en} is there twice: leave one out", f"{where.zh}重复：请删去一列"))
            self._columns[at] = name

    @classmethod
    def find(cls, grid: Grid) -> "_Sheet | None":
        """Find the row of headings: the first one that has a column of items."""
        for place, (_, cells) in enumerate(grid.rows[:_ABOVE]):
            if "item" in map(_column, cells):
                return cls(grid, place)
        return None

    def rows(self) -> Iterator[Entry | Refusal]:
        """Return the rows below the headings, taken or refused."""
        item: dict[str, str] = {}
        broken = {row: what for row, _, what in self._grid.faults}
        for row, cells in self._below:
            told = {
                name: cells[at].strip() if name in _OF_THE_ROW else half_width(cells[at]).strip()
                for at, name in self._columns.items()
                if at < len(cells) and cells[at].strip()
            }
            if told.get("item"):
                item = {name: value for name, value in told.items() if name not in _OF_THE_ROW}
            told = item | told
            name = told.get("item", "")
            try:
                if row in broken:
                    raise Unfit(f"a cell {broken[row].en}", f"有单元格{broken[row].zh}")
                yield self._entry(row, name, told)
            except Unfit as fault:
                yield Refusal(self._grid.name, row, name, fault.text)

    def _entry(self, row: int, item: str, told: Mapping[str, str]) -> Entry:
        if not item:
            raise Unfit("it belongs to no item: write the item's name", "没有事项名称：请填写")
        allowance = None
        written = told.get("allowance", "")
        if written:
            try:
                allowance = Allowance.parse(written)
            except CalendarError as fault:
                raise Unfit(fault.text.en, fault.text.zh) from None
        known = ("item", "code", "condition", "closing", "allowance")
        return Entry(
            self._grid.name,
            row,
            item,
            told.get("code", ""),
            told.get("condition", ""),
            told.get("closing", ""),
            allowance,
            written,
            {name: _attribute(name, value) for name, value in told.items() if name not in known},
        )


def _column(cell: str) -> str:
    """The id of a column: one of ours, or its heading's."""
    names = [part for part in (cell, *half_width(cell).split("/")) if part.strip()]
    return next((_KNOWN[key(name)] for name in names if key(name) in _KNOWN), "") or (heading(cell).id if names else "")


def _attribute(name: str, value: str) -> str:
    if name in _SORTS:
        try:
            return outcome(_SORTS[name], value)
        except Unfit as fault:
            raise Unfit(f"{name}: {fault.text.en}", f"{name}：{fault.text.zh}") from None
    if name in _LISTS:
        return "|".join(dict.fromkeys(part.strip() for part in value.replace("|", "、").split("、") if part.strip()))
    return value


def _placed(one: Refusal) -> Text:
    where = Grid(one.sheet, ()).where(one.row)
    named = Text(f" ({one.item})", f"（{one.item}）") if one.item else Text("", "")
    return Text(f"{where.en}{named.en}: {one.reason.en}", f"{where.zh}{named.zh}：{one.reason.zh}")


def _twice(same: Entry) -> Text:
    where = Grid(same.sheet, ()).where(same.row)
    return Text(
        f"it repeats the item and condition of {where.en}: leave one out or word the condition apart",
        f"与{where.zh}事项和立案条件相同：请删去一行或区分立案条件",
    )


_NO_ITEMS = Text(
    "no row here has the heading item: write headings, such as item, condition, allowance, or leave the sheet out",
    "没有含“事项”的表头行：请写表头，如 事项、立案条件、处置时限，或删去该工作表",
)
_WHO = Text(
    "says who asked, or how well they behaved: nothing may depend on that, leave the column out",
    "涉及诉求人身份、渠道或积分：不得作为依据，请删去该列",
)
