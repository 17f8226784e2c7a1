"""From rows of text to clean rows: the one function that the rest of governflow calls."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias, cast

import attrs

from governflow.errors import JournalError
from governflow.journal.cells import (
    ERROR,
    ERRORS,
    FORMULA,
    LocalTimes,
    action_reader,
    field_reader,
    is_blank,
    read_id,
    remembering,
    translating,
)
from governflow.journal.mapping import NARROW, Map, conflict, find, lack, missing, unknown_zone
from governflow.journal.records import DatedAction, Fields, Item, Row, Value, digest, prefix, unfit
from governflow.model.headings import ACTIONS, FIELDS, ORDER, CellKind
from governflow.normalize import ValueFault, key
from governflow.tabular.records import (
    RESERVED,
    Fault,
    Notice,
    Record,
    Reject,
    RowSource,
    named,
    require_ordinary,
    shorten,
    sort_of,
    unreadable,
)
from governflow.tabular.textfile import CsvTable, jsonl_records
from governflow.tabular.workbook import Book
from governflow.text import NOTHING, Text
from governflow.timesource import zone_named

_ANNOUNCED = 100
_EMPTY = Text("the cell is empty", "单元格为空")
_NO_ACTION = Text("the map gives this word no action", "对照表没有为此词给出动作")

#: The fields that hold a verdict.
_VERDICT = frozenset({"satisfied", "score"})

_Moment: TypeAlias = tuple[datetime, bool]
_Reader: TypeAlias = Callable[[str], Value | _Moment | None]
#: How the cells of one column are read: its place; the field, or the place again of a column that holds the times of
#: actions; the reader; what an empty cell stands for; whether a row without a value is refused. A plain tuple: a named
#: one is taken apart at a quarter of the speed.
_Cell: TypeAlias = tuple[int, str | int, _Reader, Value | None, bool]


def read(
    path: str | PathLike[str],
    map: Map | None = None,
    *,
    zone: str,
    actions: Mapping[str, str] = ACTIONS,
    order: Sequence[str] = ORDER,
    facts: Container[str] = (),
) -> Iterator[Item]:
    """Read a journal row by row, in the order of the file, without ever holding the whole of it.

    Args:
        path: A CSV, XLSX or JSONL file; its content decides which.
        map: What its columns mean; None for a narrow journal with English or Chinese headings.
        zone: IANA zone of times without an offset, unless the map names one.
        actions: Every name by which an action may be called, to its canonical name.
        order: Canonical actions in the order in which those of the same moment are applied.
        facts: Headings that are nobody's field, but that the locality's rules ask for.

    Yields:
        A `Row` for each clean row, a `Reject` for each other, and a `Notice` for what was taken for granted: of columns
        and sheets before the first row, of dates without a time after the last.

    Raises:
        JournalError: On the first step, if nothing can be read; later, if the file turns out to be damaged.
    """
    path, map = Path(path), map or Map()
    name = map.zone or zone
    found = zone_named(name)
    if found is None:
        text = unknown_zone(name)
        raise JournalError(text.en, text.zh)
    try:
        require_ordinary(path)
        sort, encoding = sort_of(path)
        times = LocalTimes(found)
        with ExitStack() as opened:
            records: Iterator[Record | Reject | Notice]
            if sort == "jsonl":
                records = jsonl_records(path, encoding)
            else:
                tables: Sequence[tuple[str, RowSource]] = [(path.name, CsvTable(path, encoding))]
                if sort == "xlsx":
                    book = opened.enter_context(closing(Book(path)))
                    tables, times = book.tables(), LocalTimes(found, serials=book.serials)
                records = named(tables, lambda headings: missing(headings, map), lack, map.asks_for)
            yield from _Maker(map, times, actions, order, facts, strict=sort != "jsonl").items(records)
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeError:
        # The encoding was tried on the whole file before: it has changed since, or is half a UTF-16 file.
        raise JournalError(
            f"{path.name} cannot be decoded: save it as CSV UTF-8", f"{path.name} 无法解码：请另存为 CSV UTF-8"
        ) from None


@attrs.frozen
class _Plan:
    """What to do with each column of one set of headings."""

    headings: tuple[str, ...]
    #: What is wrong with the headings, and so with each row; None if nothing is.
    fault: Fault | None
    own: bool  # no reserved column among the headings
    cells: list[_Cell]  # the columns of fields and of times
    #: Place and (rank, action) of each column with times, and the place of the report's; wide journals only.
    times: list[tuple[int, list[tuple[int, str]]]]
    report: int
    #: Places of all columns that hold times.
    dated: list[int]
    extra: list[tuple[str, int]]
    #: The places of the cells in the digest's order, and what stands before each.
    digested: list[tuple[int, str]]


class _Maker:
    """Makes rows; holds what all rows of one journal share."""

    def __init__(
        self,
        map: Map,
        times: LocalTimes,
        actions: Mapping[str, str],
        order: Sequence[str],
        facts: Container[str],
        *,
        strict: bool,
    ) -> None:
        self._map = map
        self._facts = facts
        self._times = times
        self._rank = {name: place for place, name in enumerate(order)}
        self._strict = strict  # the headings are the same for all rows, and a fault in them is the file's
        self._plan = lru_cache(1000)(self._new_plan)
        #: By field: how the map's own words are read. They are ours already: its translations are for the journal's.
        self._ours = {name: field_reader(field) for name, field in FIELDS.items()}
        self._ours |= {"action": action_reader(actions), "until": self._until}
        self._constants: dict[str | int, Any] = {
            name: self._ours[name](text) for name, text in map.constants.items() if text
        }
        self._announced: set[str] = set()
        self._dates: dict[str, tuple[int, int]] = {}
        self._formulas: dict[str, tuple[int, int]] = {}

    def items(self, records: Iterator[Record | Reject | Notice]) -> Iterator[Item]:
        """Make rows of records, between notices of what was taken for granted."""
        rows = 0
        plan: _Plan | None = None
        for record in records:
            if isinstance(record, Notice):
                yield record
                continue
            if isinstance(record, Reject):
                rows += 1
                yield _without_reserved(record)
                continue
            headings = record[1]
            if plan is None or plan.headings is not headings:
                plan = self._plan(headings)
                yield from self._announce(plan)
            made = self._row(plan, record)
            if made is not None:
                rows += 1
                yield made
        if not rows:
            raise JournalError("the journal has headings but no rows", "台账只有表头，没有数据行")
        yield from self._summary()

    # --- what the headings say --------------------------------------------------------------------

    def _new_plan(self, headings: tuple[str, ...]) -> _Plan:
        map, columns = self._map, find(headings, self._map)
        required = ("case",) if map.wide else NARROW
        lacking = [name for name in required if name not in columns.fields]
        if map.wide and "report" not in columns.times:
            lacking.append(map.times["report"])
        text = conflict(columns) if columns.conflicts else lack(headings, lacking) if lacking else None
        if columns.conflicts and self._strict and text is not None:
            raise JournalError(text.en, text.zh)
        by_column: dict[int, list[tuple[int, str]]] = {}
        for action, place in columns.times.items():
            by_column.setdefault(place, []).append((self._rank.get(action, len(self._rank)), action))
        report = columns.times.get("report", -1)
        steps: list[_Cell] = [
            (place, place, self._times.read if place == report else self._read_step, None, place == report)
            for place in by_column
        ]
        fields = {name: self._cell(name, place) for name, place in columns.fields.items()}
        first = [fields.pop(name) for name in ("case", "time", "action") if name in fields]
        kept = [place for place, heading in enumerate(headings) if heading not in RESERVED]
        folded = sorted((key(headings[place]), place) for place in kept)
        return _Plan(
            headings=headings,
            fault=Fault("", "", text) if text is not None else None,
            own=len(kept) == len(headings),
            cells=[*first, *steps, *fields.values()],
            times=[(place, sorted(ranked)) for place, ranked in by_column.items()],
            report=report,
            dated=[*by_column, *(columns.fields[name] for name in ("time", "until") if name in columns.fields)],
            extra=[(headings[place], place) for place in columns.unmapped],
            digested=[(place, prefix(heading)) for heading, place in folded],
        )

    def _cell(self, name: str, place: int) -> _Cell:
        if name in ("case", "time"):
            return place, name, read_id if name == "case" else self._times.read, None, True
        table, ours = self._map.values.get(name, {}), self._ours[name]
        default = ours(table[""]) if table.get("") else None
        read: _Reader = ours
        if name != "until" and (table or FIELDS[name].sort is not CellKind.TEXT):  # free text does not repeat
            read = remembering(translating(table, ours))
        return place, name, read, default, name == "action"

    def _read_step(self, text: str) -> _Moment | None:
        """Read when a step of a wide row happened; None where the cell says that it has not."""
        return None if is_blank(text) else self._times.read(text)

    def _until(self, text: str) -> datetime:
        return self._times.read(text)[0].astimezone(self._times.zone)

    # --- rows -------------------------------------------------------------------------------------

    def _row(self, plan: _Plan, record: Record) -> Row | Reject | None:
        """Make a row of a record, or name every fault of it: a clerk wants to mend a row once; None if it is blank."""
        line, headings, values, formulas = record
        stripped = list(map(str.strip, values))
        parts = [before + cell for place, before in plan.digested if (cell := stripped[place])]
        if not parts:
            return None
        cells = dict(zip(headings, values, strict=True))
        if not plan.own:
            cells = {heading: cell for heading, cell in cells.items() if heading not in RESERVED}
        identity = digest(parts, values)
        found = dict(self._constants)
        faults: list[Fault] = []
        dropped: list[Fault] = []  # faults that concern single steps of a wide row
        heard = True
        if plan.fault is not None:
            faults = [plan.fault]
        elif identity is None:
            faults = unfit(cells)
        else:
            for place, name, read_cell, default, needed in plan.cells:
                cell = stripped[place]
                try:
                    if formulas and place in formulas:
                        raise ValueFault(FORMULA, NOTHING)
                    value = read_cell(cell) if cell else default
                    if value is not None and value != "":
                        found[name] = value
                    elif cell and name == "satisfied":
                        heard = False
                    elif needed:
                        raise ValueFault(_NO_ACTION if cell and name == "action" else _EMPTY, NOTHING)
                except ValueFault as fault:
                    reason, allowed = (ERROR, NOTHING) if cell in ERRORS else (fault.reason, fault.allowed)
                    fault_of = dropped if self._of_a_step(plan, name) else faults
                    fault_of.append(Fault(headings[place], shorten(cell), reason, allowed))
                    heard = heard and name not in _VERDICT
            if plan.report in found:
                dropped += self._too_early(plan, stripped, found)
        if faults or identity is None:
            return Reject(line, (*faults, *dropped), tuple(cells), cells)
        steps = self._steps(plan, found, heard=heard)
        for place in formulas:
            _count(self._formulas, headings[place], line)
        if "until" in found or True in [step.date_only for step in steps]:
            for place in plan.dated:
                if (cell := stripped[place]) and not is_blank(cell) and self._times.read(cell)[1]:
                    _count(self._dates, headings[place], line)
        extra = {heading: values[place] for heading, place in plan.extra if stripped[place]}
        case = found.pop("case")
        return Row(
            line, cells, case, cast("Fields", found), extra, steps, identity, self._times.zone.key, tuple(dropped)
        )

    def _of_a_step(self, plan: _Plan, name: str | int) -> bool:
        """Return whether a column concerns one step of a wide row, and not the case."""
        if isinstance(name, int):
            return name != plan.report
        return name in _VERDICT and "evaluate" in self._map.times

    def _steps(self, plan: _Plan, found: dict[str | int, Any], *, heard: bool) -> tuple[DatedAction, ...]:
        """Take the actions of a row out of what its cells were read as; who gave no verdict has not evaluated."""
        if not plan.times:
            at, date_only = found.pop("time")
            action = found.pop("action")
            none_given = action in ("evaluate", "revisit") and not heard and "score" not in found
            return () if none_given else (DatedAction(action, at, date_only),)
        dated: list[tuple[datetime, int, str, bool]] = []
        for place, ranked in plan.times:
            if place in found:
                at, date_only = found.pop(place)
                dated += [(at, rank, action, date_only) for rank, action in ranked]
        if not heard or _VERDICT.isdisjoint(found):
            dated = [one for one in dated if one[2] != "evaluate"]
        return tuple(DatedAction(action, at, date_only) for at, _, action, date_only in sorted(dated))

    def _too_early(self, plan: _Plan, stripped: list[str], found: dict[str | int, Any]) -> Iterator[Fault]:
        """Take out the times of a wide row that lie before its report, and name them."""
        reported, date_only = found[plan.report]
        written = stripped[plan.report]
        en = f"{written}, a date without a time, taken as the end of that day" if date_only else written
        zh = f"{written}，只有日期，按当日结束计" if date_only else written
        heading = plan.headings[plan.report]
        reason = Text(f"before the report in column {heading} ({en})", f"早于“{heading}”列的上报时间（{zh}）")
        for place, _ in plan.times:
            if place in found and found[place][0] < reported:
                del found[place]
                allowed = Text("a time at or after it", "不早于上报时间")
                yield Fault(plan.headings[place], shorten(stripped[place]), reason, allowed)

    # --- notices ----------------------------------------------------------------------------------

    def _announce(self, plan: _Plan) -> Iterator[Notice]:
        """Name the unmapped columns that were not named before."""
        known = self._announced
        new = [heading for heading, _ in plan.extra if heading not in known and heading not in self._facts]
        if not new or len(known) > _ANNOUNCED:
            return
        known.update(new)
        columns = "column is" if len(new) == 1 else "columns are"
        yield Notice(
            "unmapped",
            Text(
                f"{len(new)} {columns} not mapped and kept with the case's text: {', '.join(new)}",
                f"{len(new)} 列没有对应字段，随事项文本保存：{'、'.join(new)}",
            ),
        )

    def _summary(self) -> Iterator[Notice]:
        """What was seen in all of the rows."""
        for heading, (count, line) in self._formulas.items():
            yield Notice(
                "formulas",
                Text(
                    f"column {heading}, which is not mapped, holds formulas in {count} rows (first in line {line}); "
                    "kept as they stand",
                    f"未对应字段的“{heading}”列有 {count} 行是公式（首见第 {line} 行），按原样保存",
                ),
            )
        for heading, (count, line) in self._dates.items():
            yield Notice(
                "dates",
                Text(
                    f"column {heading} has dates without a time in {count} rows (first in line {line}); "
                    "each is taken as the end of that day",
                    f"“{heading}”列有 {count} 行只有日期没有时间（首见第 {line} 行），均按当日结束计",
                ),
            )


def _without_reserved(reject: Reject) -> Reject:
    """Return a reject that was read from a rejects file without the columns that were added for the clerk."""
    cells = {name: cell for name, cell in reject.cells.items() if name not in RESERVED}
    return attrs.evolve(reject, headings=tuple(h for h in reject.headings if h not in RESERVED), cells=cells)


def _count(counts: dict[str, tuple[int, int]], heading: str, line: int) -> None:
    """One more row for a heading; the first line stays."""
    count, first = counts.get(heading, (0, line))
    counts[heading] = count + 1, first
