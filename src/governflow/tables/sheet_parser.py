"""From a grid of cells to columns and rules, with every fault of the sheet found at once."""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import attrs

from governflow.calendars.allowances import Allowance
from governflow.errors import CalendarError, TableError
from governflow.normalize import half_width, key
from governflow.tables import vocabulary
from governflow.tables.cells import read_domain, say
from governflow.tables.conditions import column, condition
from governflow.tables.domains import Closed, Open, Unfit
from governflow.tables.rules import Column, Rule
from governflow.tables.vocabulary import ALLOWANCE, OUTCOMES, TEXT, UNIT, UNITS, Heading, OutcomeKind, heading
from governflow.tabular.grids import MOST_RULES, Grid, Source, read
from governflow.text import Text

Hit: TypeAlias = Literal["unique", "first"]

#: How many rows may stand above the headings.
_ABOVE = 20


#: What a marked column of a question holds that the question does not know by name: a clock of the locality's own.
_MARKED: Mapping[str, OutcomeKind] = {"deadlines": ALLOWANCE}


@attrs.frozen
class ParsedTable:
    """A table as it was read.

    Args:
        hit: Whether one rule at most may fit (``unique``), or the first that fits counts (``first``).
        columns: The condition columns.
        outcomes: The outcome columns' ids.
        rules: The rules in their order.
        gives: The outcome columns that are an attribute of the case, with their names and values.
    """

    hit: Hit
    columns: tuple[Column, ...]
    outcomes: tuple[str, ...]
    rules: tuple[Rule, ...]
    gives: tuple[Column, ...] = ()


class Faults:
    """Faults of one sheet, each with its place."""

    def __init__(self, grid: Grid, row: int, headings: list[str]) -> None:
        self._grid, self._row, self._headings = grid, row, headings
        self.found: list[tuple[int, int, Text]] = []

    def add(self, row: int, place: int | None, what: Text) -> None:
        """Note a fault of a row, or of a cell in it."""
        under = place is not None and row >= self._row and place < len(self._headings)
        title = self._headings[place] if under and place is not None else ""
        where = self._grid.where(row, place, half_width(title))
        self.found.append((row, -1 if place is None else place, Text(f"{where.en} {what.en}", f"{where.zh}{what.zh}")))

    def texts(self) -> list[Text]:
        """Return them in the order of the sheet."""
        return [text for _, _, text in sorted(self.found, key=lambda fault: fault[:2])]


def parse(source: Source, *, name: str, hit: Hit | None, sheet: str | None) -> ParsedTable:
    """Read a decision table.

    Args:
        source: Where it is.
        name: The question that it answers, or the attribute that it derives.
        hit: The hit policy where the file names none.
        sheet: The sheet of a workbook; None for the one called like the table, or the only one that is a table.

    Raises:
        TableError: With every fault of the file.
    """
    title, grids = read(source, name)
    grid, place = _chosen(title, grids, name, sheet)
    return _Sheet(title, name, grid, place, hit).parsed()


def _chosen(title: str, grids: tuple[Grid, ...], name: str, sheet: str | None) -> tuple[Grid, int]:
    wanted = [grid for grid in grids if sheet is None or grid.name == sheet]
    if not wanted:
        names = [grid.name for grid in grids]
        raise TableError(
            title,
            [
                Text(
                    f"it has no sheet {sheet!r}, only {', '.join(names)}",
                    f"没有工作表“{sheet}”，只有{'、'.join(names)}",
                )
            ],
        )
    wanted = [grid for grid in wanted if grid.name == name] or wanted
    tables = [(grid, place) for grid in wanted if (place := _headings_at(grid)) is not None]
    if len(tables) > 1:
        names = [grid.name for grid, _ in tables]
        raise TableError(
            title,
            [
                Text(
                    f"several sheets are tables ({', '.join(names)}): name one",
                    f"有多张工作表（{'、'.join(names)}）：请指明一张",
                )
            ],
        )
    if not tables:
        raise TableError(title, [_headless(wanted[0])])
    return tables[0]


def _headings_at(grid: Grid) -> int | None:
    """The place of the row that begins with the heading of the rule ids."""
    for place, (_, cells) in enumerate(grid.rows[:_ABOVE]):
        if key(cells[0]) in vocabulary.RULE:
            return place
    return None


def _headless(grid: Grid) -> Text:
    for row, cells in grid.rows[:_ABOVE]:
        keys = {key(cell) for cell in cells}
        if keys & (vocabulary.RULE | set(vocabulary.REASONS)):
            where = grid.where(row)
            return Text(
                f"{where.en} holds headings, but the first is not rule: give the rules' ids in the first column",
                f"{where.zh}是表头，但第一列不是“规则”：请在第一列写规则编号",
            )
    return Text(
        "no row begins with the heading rule: write one, such as rule, severity, tier, reason, basis",
        "没有以“规则”开头的表头行：请写表头，如 规则、严重程度、事项等级、理由、依据",
    )


class _Sheet:
    """One sheet while it is read."""

    def __init__(self, title: str, name: str, grid: Grid, place: int, hit: Hit | None) -> None:
        self._title, self._name, self._grid = title, name, grid
        self._row, self._cells = grid.rows[place]
        self._above, self._below = grid.rows[:place], grid.rows[place + 1 :]
        self._hit = hit
        self._faults = Faults(grid, self._row, self._cells)
        self._columns: dict[int, Column] = {}
        self._sorts: dict[int, tuple[str, OutcomeKind]] = {}
        self._gives: list[Column] = []
        self._reasons: dict[int, str] = {}

    def parsed(self) -> ParsedTable:
        for row, place, what in self._grid.faults:
            if row >= self._row:
                self._faults.add(row, place, what)
        hit = self._hit_policy()
        domains, rows = self._domain_row()
        self._understand(domains)
        rules = tuple(self._rules(rows))
        if not rules and not self._faults.found:
            self._faults.add(self._row, None, Text("is followed by no rule: write one", "之后没有规则：请写规则"))
        if self._faults.found:
            raise TableError(self._title, self._faults.texts())
        outcomes = tuple(name for name, _ in self._sorts.values())
        return ParsedTable(hit, tuple(self._columns.values()), outcomes, rules, tuple(self._gives))

    def _hit_policy(self) -> Hit:
        hit: Hit = self._hit or "unique"
        for row, cells in self._above:
            if key(cells[0]) not in vocabulary.HIT:
                continue
            word = next((half_width(cell).strip() for cell in cells[1:] if cell.strip()), "")
            found = vocabulary.HITS.get(word.casefold())
            if found is None:
                self._faults.add(
                    row,
                    1,
                    Text(
                        f"{word!r} is no hit policy: write unique or first", f"“{word}”不是命中策略：请写 唯一 或 首个"
                    ),
                )
            else:
                hit = "first" if found == "first" else "unique"
        return hit

    def _domain_row(self) -> tuple[Mapping[int, str], tuple[tuple[int, list[str]], ...]]:
        rows = self._below
        if rows and key(rows[0][1][0]) in vocabulary.DOMAIN:
            self._domains_at = rows[0][0]
            return {place: cell.strip() for place, cell in enumerate(rows[0][1]) if cell.strip()}, rows[1:]
        self._domains_at = self._row
        return {}, rows

    # --- headings ---

    def _understand(self, domains: Mapping[int, str]) -> None:
        ours = OUTCOMES.get(self._name, {})
        seen = [
            (place, heading(cell, ours))
            for place, cell in enumerate(self._cells)
            if place and cell.strip() and key(cell) not in vocabulary.NOTE
        ]
        marked = {head.id for _, head in seen if head.marked}
        taken: set[tuple[str, str]] = set()
        for place, head in seen:
            plain = key(self._cells[place])
            reason = vocabulary.REASONS.get(plain)
            is_ours = head.id in ours or head.id == self._name
            if reason is not None:
                kind, name = "reason", reason
                self._reasons[place] = reason
            elif head.forbidden:
                self._faults.add(self._row, place, _WHO)
                continue
            elif head.marked or (is_ours and head.id not in marked):
                kind, name = "outcome", head.id
                self._outcome(place, head, domains.get(place, ""))
            else:
                kind, name = "condition", head.id
                self._condition(place, head, domains.get(place, ""))
            if (kind, name) in taken:
                self._faults.add(self._row, place, _TWICE)
            taken.add((kind, name))
        for place in domains:
            if (place and place >= len(self._cells)) or (place and not self._cells[place].strip()):
                self._faults.add(self._domains_at, place, _NO_HEADING)
        here = {("outcome", name) for name in (*ours, self._name)}
        if not any(one in here or (one[0] == "outcome" and self._name in _MARKED) for one in taken):
            known = ", ".join(ours) or self._name
            en, zh = "", ""
            if self._name not in OUTCOMES:
                named = ", ".join(OUTCOMES)
                en = f"; if it is to answer a question, call the file one of {named}"
                zh = f"；如用于回答某个问题，请把文件命名为 {named} 之一"
            self._faults.add(
                self._row,
                None,
                Text(
                    f"has no outcome column: add {known}, or mark one with →{en}",
                    f"没有结果列：请添加 {known}，或用 → 标明{zh}",
                ),
            )

    def _outcome(self, place: int, head: Heading, domain: str) -> None:
        sort: OutcomeKind = OUTCOMES.get(self._name, {}).get(head.id, (_MARKED.get(self._name, TEXT), ()))[0]
        known: Closed | Open = Open()
        if domain:
            try:
                found, default = read_domain(domain)
                if default or sort != TEXT or not isinstance(found, (Closed, Open)):
                    raise Unfit("is an outcome and has no domain here: leave the cell empty", "是结果列：此处请留空")
                known = found
                sort = found if isinstance(found, Closed) else sort
            except Unfit as fault:
                self._faults.add(self._domains_at, place, fault.text)
        self._sorts[place] = (head.id, sort)
        if head.id not in OUTCOMES.get(self._name, {}) and sort != ALLOWANCE:
            self._gives.append(Column(head.id, head.text, known))

    def _condition(self, place: int, head: Heading, written: str) -> None:
        try:
            self._columns[place] = column(head.id, head.text, written, self._name)
        except Unfit as fault:
            # Cells of this column are not read: one fault is enough.
            self._faults.add(self._domains_at if written else self._row, place, fault.text)

    # --- rules ---

    def _rules(self, rows: tuple[tuple[int, list[str]], ...]) -> Iterator[Rule]:
        if len(rows) > MOST_RULES:
            self._faults.add(
                self._row,
                None,
                Text(
                    f"is followed by {len(rows):,} rules: at most {MOST_RULES:,} can be checked, split the table",
                    f"之后有 {len(rows)} 条规则：最多可检查 {MOST_RULES} 条，请拆表",
                ),
            )
            return
        ids: dict[str, int] = {}
        for row, cells in rows:
            name = half_width(cells[0]).strip()
            if not name:
                self._faults.add(row, 0, Text("is empty: give the rule an id", "为空：请写规则编号"))
            elif name in ids:
                self._faults.add(
                    row,
                    0,
                    Text(
                        f"{name!r} is the id of row {ids[name]} too: give each rule its own",
                        f"“{name}”与第 {ids[name]} 行编号相同：每条规则须有自己的编号",
                    ),
                )
            ids.setdefault(name, row)
            yield self._rule(name, row, cells)

    def _rule(self, name: str, row: int, cells: list[str]) -> Rule:
        written: dict[str, str] = {}
        outcomes: dict[str, str] = {}
        reasons: dict[str, str] = {}
        said: list[Text] = []
        for place, cell in enumerate(cells):
            cell = cell.strip()
            if not cell or not place:
                continue
            try:
                if place in self._columns:
                    asked = condition(self._columns[place], cell)
                    if asked is not None:
                        written[self._columns[place].id] = cell
                        said.append(say(self._columns[place].domain, self._columns[place].text, asked))
                elif place in self._sorts:
                    name_, sort = self._sorts[place]
                    outcomes[name_] = outcome(sort, cell)
                elif place in self._reasons:
                    reasons[self._reasons[place]] = cell
                elif place >= len(self._cells) or not self._cells[place].strip():
                    raise Unfit(_NO_HEADING.en, _NO_HEADING.zh)
            except Unfit as fault:
                self._faults.add(row, place, fault.text)
        reason = _reason(reasons, said)
        return Rule(name, row, self._grid.name, written, outcomes, reason, reasons.get("basis", ""))


def outcome(sort: OutcomeKind, cell: str) -> str:
    """Read an outcome cell.

    Raises:
        Unfit: It is none of what the column may hold.
    """
    plain = half_width(cell).strip()
    if isinstance(sort, Closed):
        return sort.read(plain)
    if sort == ALLOWANCE:
        if plain in ("-", "不设"):
            return "-"
        try:
            return str(Allowance.parse(plain))
        except CalendarError as fault:
            raise Unfit(fault.text.en, fault.text.zh) from None
    if sort == TEXT:
        return plain
    units = [unit.strip() for unit in plain.replace("、", "|").split("|")]
    if not all(units) or any(len(unit.split()) != 1 or unit == "@" for unit in units):
        raise Unfit(f"{cell!r} is no unit: write a unit's id, or @kind", f"“{cell}”不是单位：请写单位编号或 @类别")
    if sort == UNIT and len(units) > 1:
        raise Unfit(f"{cell!r} names several units: name one", f"“{cell}”写了多个单位：只能写一个")
    assert sort in (UNIT, UNITS)
    return "|".join(dict.fromkeys(units))


def _reason(reasons: Mapping[str, str], said: list[Text]) -> Text:
    both, en, zh = (reasons.get(name, "") for name in ("reason", "reason_en", "reason_zh"))
    if both or en or zh:
        return Text(en or both or zh, zh or both or en)
    if not said:
        return Text("all other cases", "其他情形")
    return Text(", ".join(one.en for one in said), "，".join(one.zh for one in said))


_WHO = Text(
    "asks who asked, or how well they behaved: no rule may look at that, leave the column out",
    "涉及诉求人身份、渠道或积分：规则不得据此判断，请删去该列",
)
_TWICE = Text("is there twice: leave one out", "重复：请删去一列")
_NO_HEADING = Text("has no heading above it: give the column one", "上方没有表头：请写表头")
