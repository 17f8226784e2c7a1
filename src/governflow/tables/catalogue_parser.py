"""Reads the rows of a catalogue from a CSV file or a workbook, with every fault found at once."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from governflow.calendars.allowances import Allowance
from governflow.errors import CalendarError, TableError
from governflow.normalize import half_width, key
from governflow.tables.domains import FORM, SEVERITY, TIER, URGENCY, YES_NO, Unfit
from governflow.tables.entries import CatalogueRow, Refusal
from governflow.tables.sheet_parser import outcome
from governflow.tables.vocabulary import FORBIDDEN, NOTE, UNIT, UNITS, OutcomeKind, heading
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
_SORTS: Mapping[str, OutcomeKind] = MappingProxyType(
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


def parse(source: Source, *, strict: bool) -> tuple[tuple[CatalogueRow, ...], tuple[Refusal, ...]]:
    """Return the rows of a catalogue that could be taken, and those that could not; see `Catalogue.read`."""
    name, grids = read(source)
    entries: list[CatalogueRow] = []
    refused: list[Refusal] = []
    seen: dict[tuple[str, str], CatalogueRow] = {}
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
    return tuple(entries), tuple(refused)


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

    def rows(self) -> Iterator[CatalogueRow | Refusal]:
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

    def _entry(self, row: int, item: str, told: Mapping[str, str]) -> CatalogueRow:
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
        return CatalogueRow(
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


def _twice(same: CatalogueRow) -> Text:
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
