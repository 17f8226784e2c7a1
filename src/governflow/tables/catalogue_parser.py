"""Reads the rows of a catalogue from a CSV file or a workbook, with every fault found at once."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from governflow.calendars.allowances import Allowance
from governflow.errors import CalendarError, TableError
from governflow.normalize import half_width, key
from governflow.tables.domains import FORM, SEVERITY, TIER, URGENCY, YES_NO, Unfit
from governflow.tables.rules import CatalogueRow, Refusal
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
    placed = [(grid, _headings_at(grid)) for grid in grids if grid.rows]
    sheets = [(grid, place) for grid, place in placed if place is not None]
    if not sheets:
        raise TableError(name, [_NO_ITEMS])
    refused = [Refusal(grid.name, grid.rows[0][0], "", _NO_ITEMS) for grid, place in placed if place is None]
    faults: list[Text] = []
    taken: dict[tuple[str, str], CatalogueRow] = {}
    for grid, place in sheets:
        for found in _rows(grid, place, _columns(grid, place, faults)):
            if isinstance(found, Refusal):
                refused.append(found)
            elif (same := taken.setdefault((key(found.item), key(found.condition)), found)) is not found:
                refused.append(Refusal(found.sheet, found.row, found.item, _twice(same)))
    if strict:
        faults += [_placed(one) for one in refused]
    if faults:
        raise TableError(name, faults)
    return tuple(taken.values()), tuple(refused)


def _headings_at(grid: Grid) -> int | None:
    """The place of the row of headings: the first one that has a column of items."""
    rows = enumerate(grid.rows[:_ABOVE])
    return next((place for place, (_, cells) in rows if "item" in map(_column, cells)), None)


def _columns(grid: Grid, place: int, faults: list[Text]) -> Mapping[int, str]:
    """The ids of the columns by their places."""
    columns: dict[int, str] = {}
    row, cells = grid.rows[place]
    for at, cell in enumerate(cells):
        if not cell.strip() or key(cell) in NOTE:
            continue
        name = _column(cell)
        where = grid.where(row, at, half_width(cell))
        if name not in _SOURCE and (heading(cell).forbidden or key(name) in FORBIDDEN):
            faults.append(Text(f"{where.en} {_WHO.en}", f"{where.zh}{_WHO.zh}"))
        elif name in columns.values():
            faults.append(Text(f"{where.en} is there twice: leave one out", f"{where.zh}重复：请删去一列"))
        columns[at] = name
    return columns


def _rows(grid: Grid, place: int, columns: Mapping[int, str]) -> Iterator[CatalogueRow | Refusal]:
    """The rows below the headings, taken or refused."""
    item: dict[str, str] = {}
    broken = {row: what for row, _, what in grid.faults}
    for row, cells in grid.rows[place + 1 :]:
        fields = {
            name: cells[at].strip() if name in _OF_THE_ROW else half_width(cells[at]).strip()
            for at, name in columns.items()
            if at < len(cells) and cells[at].strip()
        }
        if fields.get("item"):
            item = {name: value for name, value in fields.items() if name not in _OF_THE_ROW}
        fields = item | fields
        name = fields.pop("item", "")
        try:
            if row in broken:
                raise Unfit(f"a cell {broken[row].en}", f"有单元格{broken[row].zh}")
            yield _entry(grid.name, row, name, fields)
        except (Unfit, CalendarError) as fault:
            yield Refusal(grid.name, row, name, fault.text)


def _entry(sheet: str, row: int, item: str, fields: dict[str, str]) -> CatalogueRow:
    if not item:
        raise Unfit("it belongs to no item: write the item's name", "没有事项名称：请填写")
    code, condition, closing, written = (fields.pop(name, "") for name in ("code", "condition", "closing", "allowance"))
    allowance = Allowance.parse(written) if written else None
    attributes = {name: _attribute(name, value) for name, value in fields.items()}
    return CatalogueRow(sheet, row, item, code, condition, closing, allowance, written, attributes)


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
