"""From a grid of cells to columns and rules, with every fault of the sheet found at once."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from governflow.calendars.allowances import Allowance
from governflow.errors import CalendarError, TableError
from governflow.normalize import half_width, key
from governflow.tables.domains import Closed, Open, Unfit, read_domain, say
from governflow.tables.rules import Column, Rule
from governflow.tables.vocabulary import (
    ALLOWANCE,
    DOMAIN,
    HIT,
    HITS,
    NOTE,
    OUTCOMES,
    REASONS,
    RULE,
    TEXT,
    UNIT,
    Heading,
    Hit,
    OutcomeKind,
    heading,
)
from governflow.tabular.grids import MOST_RULES, Grid, Source, read
from governflow.text import Text

#: The hit policy, the condition columns, the ids of the outcome columns, the rules, and the attributes that it derives.
Parsed: TypeAlias = tuple[Hit, tuple[Column, ...], tuple[str, ...], tuple[Rule, ...], tuple[Column, ...]]

#: How many rows may stand above the headings.
_ABOVE = 20
#: What a marked column of a question holds that the question does not know by name: a clock of the locality's own.
_MARKED: Mapping[str, OutcomeKind] = {"deadlines": ALLOWANCE}


def parse(source: Source, *, name: str, hit: Hit | None, sheet: str | None) -> Parsed:
    """Return what a decision table is made of; see `Table.read`."""
    title, grids = read(source, name)
    grid, place = _chosen(title, grids, name, sheet)
    parts = _Sheet(name, grid, place)
    parsed = parts.parsed(hit)
    if parts.faults:
        raise TableError(title, [text for _, _, text in sorted(parts.faults, key=lambda fault: fault[:2])])
    return parsed


def _chosen(title: str, grids: tuple[Grid, ...], name: str, sheet: str | None) -> tuple[Grid, int]:
    """Return the sheet that is the table, and the place of its headings."""
    wanted = [grid for grid in grids if sheet is None or grid.name == sheet]
    if not wanted:
        names = [grid.name for grid in grids]
        raise TableError.of(
            title, f"it has no sheet {sheet!r}, only {', '.join(names)}", f"没有工作表“{sheet}”，只有{'、'.join(names)}"
        )
    wanted = [grid for grid in wanted if grid.name == name] or wanted
    tables = [(grid, place) for grid in wanted if (place := _headings_at(grid)) is not None]
    if len(tables) > 1:
        names = [grid.name for grid, _ in tables]
        raise TableError.of(
            title,
            f"several sheets are tables ({', '.join(names)}): name one",
            f"有多张工作表（{'、'.join(names)}）：请指明一张",
        )
    if not tables:
        raise TableError(title, [_headless(wanted[0])])
    return tables[0]


def _headings_at(grid: Grid) -> int | None:
    """The place of the row that begins with the heading of the rule ids."""
    return next((place for place, (_, cells) in enumerate(grid.rows[:_ABOVE]) if key(cells[0]) in RULE), None)


def _headless(grid: Grid) -> Text:
    for row, cells in grid.rows[:_ABOVE]:
        if not (RULE | REASONS.keys()).isdisjoint(map(key, cells)):
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

    def __init__(self, name: str, grid: Grid, place: int) -> None:
        self._name, self._grid = name, grid
        self._row, self._cells = grid.rows[place]
        self._above, self._below = grid.rows[:place], grid.rows[place + 1 :]
        self._ours = OUTCOMES.get(name, {})
        #: Row, place (-1 for the whole row) and what is wrong there.
        self.faults: list[tuple[int, int, Text]] = []
        self._columns: dict[int, Column] = {}
        self._sorts: dict[int, tuple[str, OutcomeKind]] = {}
        self._gives: list[Column] = []
        self._reasons: dict[int, str] = {}

    def parsed(self, hit: Hit | None) -> Parsed:
        for row, place, what in self._grid.faults:
            if row >= self._row:
                self._fault(row, place, what)
        hit = self._hit_policy() or hit or "unique"
        domains, domains_at, rows = dict[int, str](), self._row, self._below
        if rows and key(rows[0][1][0]) in DOMAIN:
            domains_at, cells = rows[0]
            domains, rows = (
                {place: cell.strip() for place, cell in enumerate(cells) if place and cell.strip()},
                rows[1:],
            )
        self._understand(domains, domains_at)
        rules = tuple(self._rules(rows))
        if not rules and not self.faults:
            self._fault(self._row, None, Text("is followed by no rule: write one", "之后没有规则：请写规则"))
        outcomes = tuple(name for name, _ in self._sorts.values())
        return hit, tuple(self._columns.values()), outcomes, rules, tuple(self._gives)

    def _fault(self, row: int, place: int | None, what: Text) -> None:
        """Note a fault of a row, or of a cell in it."""
        title = self._cells[place] if place is not None and row >= self._row and place < len(self._cells) else ""
        where = self._grid.where(row, place, half_width(title))
        self.faults.append((row, -1 if place is None else place, Text(f"{where.en} {what.en}", f"{where.zh}{what.zh}")))

    def _hit_policy(self) -> Hit | None:
        hit = None
        for row, cells in self._above:
            if key(cells[0]) in HIT:
                word = next((half_width(cell).strip() for cell in cells[1:] if cell.strip()), "")
                hit = HITS.get(word.casefold())
                if hit is None:
                    en = f"{word!r} is no hit policy: write unique or first"
                    self._fault(row, 1, Text(en, f"“{word}”不是命中策略：请写 唯一 或 首个"))
        return hit

    # --- headings ---

    def _understand(self, domains: Mapping[int, str], domains_at: int) -> None:
        seen = [
            (place, cell, heading(cell, self._ours))
            for place, cell in enumerate(self._cells)
            if place and cell.strip() and key(cell) not in NOTE
        ]
        marked = {head.id for _, _, head in seen if head.marked}
        taken: set[tuple[str, str]] = set()
        for place, cell, head in seen:
            is_ours = head.id in self._ours or head.id == self._name
            written = domains.get(place, "")
            kind, name = "outcome", head.id
            try:
                if key(cell) in REASONS:
                    kind, name = "reason", REASONS[key(cell)]
                    self._reasons[place] = name
                elif head.forbidden:
                    self._fault(self._row, place, _WHO)
                    continue
                elif head.marked or (is_ours and head.id not in marked):
                    self._outcome(place, head, written)
                else:
                    kind = "condition"
                    self._columns[place] = Column.of(head.id, head.text, written, self._name)
            except Unfit as fault:
                # Cells of a column without a domain are not read: one fault is enough.
                self._fault(domains_at if written else self._row, place, fault.text)
            if (kind, name) in taken:
                self._fault(self._row, place, _TWICE)
            taken.add((kind, name))
        for place in domains:
            if place >= len(self._cells) or not self._cells[place].strip():
                self._fault(domains_at, place, _NO_HEADING)
        outcomes = {name for name, _ in self._sorts.values()}
        if not outcomes or (self._name not in _MARKED and outcomes.isdisjoint((*self._ours, self._name))):
            self._lacks_outcomes()

    def _lacks_outcomes(self) -> None:
        known, en, zh = ", ".join(self._ours) or self._name, "", ""
        if self._name not in OUTCOMES:
            named = ", ".join(OUTCOMES)
            en = f"; if it is to answer a question, call the file one of {named}"
            zh = f"；如用于回答某个问题，请把文件命名为 {named} 之一"
        what = Text(
            f"has no outcome column: add {known}, or mark one with →{en}",
            f"没有结果列：请添加 {known}，或用 → 标明{zh}",
        )
        self._fault(self._row, None, what)

    def _outcome(self, place: int, head: Heading, domain: str) -> None:
        sort = self._ours.get(head.id, (_MARKED.get(self._name, TEXT), ()))[0]
        self._sorts[place] = (head.id, sort)
        known: Closed | Open = Open()
        if domain:
            found, default = read_domain(domain)
            if default or sort != TEXT or not isinstance(found, (Closed, Open)):
                raise Unfit("is an outcome and has no domain here: leave the cell empty", "是结果列：此处请留空")
            known = found
            if isinstance(found, Closed):
                self._sorts[place] = (head.id, found)
        if head.id not in self._ours and sort != ALLOWANCE:
            self._gives.append(Column(head.id, head.text, known))

    # --- rules ---

    def _rules(self, rows: tuple[tuple[int, list[str]], ...]) -> Iterator[Rule]:
        if len(rows) > MOST_RULES:
            en = f"is followed by {len(rows):,} rules: at most {MOST_RULES:,} can be checked, split the table"
            self._fault(self._row, None, Text(en, f"之后有 {len(rows)} 条规则：最多可检查 {MOST_RULES} 条，请拆表"))
            return
        ids: dict[str, int] = {}
        for row, cells in rows:
            name = half_width(cells[0]).strip()
            if not name:
                self._fault(row, 0, Text("is empty: give the rule an id", "为空：请写规则编号"))
            elif name in ids:
                en = f"{name!r} is the id of row {ids[name]} too: give each rule its own"
                self._fault(row, 0, Text(en, f"“{name}”与第 {ids[name]} 行编号相同：每条规则须有自己的编号"))
            ids.setdefault(name, row)
            yield self._rule(name, row, cells)

    def _rule(self, name: str, row: int, cells: list[str]) -> Rule:
        written: dict[str, str] = {}
        outcomes: dict[str, str] = {}
        reasons: dict[str, str] = {}
        said: list[Text] = []
        for place, cell in enumerate(map(str.strip, cells)):
            if not cell or not place:
                continue
            try:
                if column := self._columns.get(place):
                    asked = column.condition(cell)
                    if asked is not None:
                        written[column.id] = cell
                        said.append(say(column.domain, column.text, asked))
                elif place in self._sorts:
                    decided, sort = self._sorts[place]
                    outcomes[decided] = outcome(sort, cell)
                elif place in self._reasons:
                    reasons[self._reasons[place]] = cell
                elif place >= len(self._cells) or not self._cells[place].strip():
                    self._fault(row, place, _NO_HEADING)
            except (Unfit, CalendarError) as fault:
                self._fault(row, place, fault.text)
        return Rule(name, row, self._grid.name, written, outcomes, _reason(reasons, said), reasons.get("basis", ""))


def outcome(sort: OutcomeKind, cell: str) -> str:
    """Read an outcome cell.

    Raises:
        Unfit: It is none of what the column may hold.
        CalendarError: It is no allowance, where the column holds them.
    """
    plain = half_width(cell).strip()
    if isinstance(sort, Closed):
        return sort.read(plain)
    if sort == ALLOWANCE:
        return "-" if plain in ("-", "不设") else str(Allowance.parse(plain))
    if sort == TEXT:
        return plain
    units = [unit.strip() for unit in plain.replace("、", "|").split("|")]
    if not all(units) or any(len(unit.split()) != 1 or unit == "@" for unit in units):
        raise Unfit(f"{cell!r} is no unit: write a unit's id, or @kind", f"“{cell}”不是单位：请写单位编号或 @类别")
    if sort == UNIT and len(units) > 1:
        raise Unfit(f"{cell!r} names several units: name one", f"“{cell}”写了多个单位：只能写一个")
    return "|".join(dict.fromkeys(units))


def _reason(reasons: Mapping[str, str], said: list[Text]) -> Text:
    both, en, zh = (reasons.get(name, "") for name in ("reason", "reason_en", "reason_zh"))
    if both or en or zh:
        return Text(en or both or zh, zh or both or en)
    return Text(", ", "，").join(said) if said else Text("all other cases", "其他情形")


_WHO = Text(
    "asks who asked, or how well they behaved: no rule may look at that, leave the column out",
    "涉及诉求人身份、渠道或积分：规则不得据此判断，请删去该列",
)
_TWICE = Text("is there twice: leave one out", "重复：请删去一列")
_NO_HEADING = Text("has no heading above it: give the column one", "上方没有表头：请写表头")
