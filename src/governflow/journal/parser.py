"""From rows of text to clean rows: the one function that the rest of governflow calls."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TypeAlias, cast

import attrs

from governflow.errors import JournalError
from governflow.journal.cells import (
    FORMULA,
    action_reader,
    field_reader,
    read_id,
    read_text,
    remembering,
    translating,
)
from governflow.journal.columns import NARROW, Columns, conflict, find, lack, missing, without_reserved
from governflow.journal.identity import Unfit, digest, picker, prefix, unfit
from governflow.journal.mapping import Map, unknown_zone
from governflow.journal.records import DatedAction, Fields, Item, Row, Value
from governflow.journal.times import LocalTimes
from governflow.model.headings import ACTIONS, FIELDS, ORDER, CellKind
from governflow.normalize import ValueFault, key
from governflow.tabular.records import RESERVED, Fault, Notice, Record, Reject, shorten
from governflow.tabular.source import named, require_ordinary, sort_of, unreadable
from governflow.tabular.textfile import CsvTable, jsonl_records
from governflow.tabular.workbook import Book
from governflow.text import NOTHING, Text
from governflow.timesource import zone_named

_ANNOUNCED = 100

_Reader: TypeAlias = Callable[[str], Value | None]


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
        if sort == "xlsx":
            book = Book(path)
            try:
                yield from _clean(
                    named(book.tables(), lambda headings: missing(headings, map), lack),
                    _Maker(map, LocalTimes(found, serials=book.serials), actions, order, facts, strict=True),
                )
            finally:
                book.close()
        elif sort == "csv":
            records = named([(path.name, CsvTable(path, encoding))], lambda headings: missing(headings, map), lack)
            yield from _clean(records, _Maker(map, LocalTimes(found), actions, order, facts, strict=True))
        else:
            maker = _Maker(map, LocalTimes(found), actions, order, facts, strict=False)
            yield from _clean(jsonl_records(path, encoding), maker)
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeError:
        # The encoding was tried on the whole file before: it has changed since, or is half a UTF-16 file.
        raise JournalError(
            f"{path.name} cannot be decoded: save it as CSV UTF-8", f"{path.name} 无法解码：请另存为 CSV UTF-8"
        ) from None


def _clean(records: Iterator[Record | Reject | Notice], maker: "_Maker") -> Iterator[Item]:
    rows = 0
    plan: _Plan | None = None
    for record in records:
        if isinstance(record, Reject):
            rows += 1
            yield without_reserved(record)
            continue
        if isinstance(record, Notice):
            yield record
            continue
        headings = record[1]
        if plan is None or plan.headings is not headings:
            plan = maker.plan(headings)
            yield from maker.announce(plan)
        made = maker.row(plan, record)
        if made is not None:
            rows += 1
            yield made
    if not rows:
        raise JournalError("the journal has headings but no rows", "台账只有表头，没有数据行")
    yield from maker.summary()


@attrs.define
class _Plan:
    """What to do with each column of one set of headings."""

    headings: tuple[str, ...]
    columns: Columns
    own: bool  # no reserved column among the headings
    #: Field, place, how a cell is read, what an empty cell stands for.
    fields: list[tuple[str, int, _Reader, Value | None]]
    #: Place, heading and (rank, action) of each column with times; wide journals only.
    times: list[tuple[int, str, list[tuple[int, str]]]]
    #: Places of the columns whose times make steps, and of ``until``.
    stepping: list[int]
    until: list[int]
    extra: list[tuple[str, int]]
    #: The cells in the digest's order, and what stands before each.
    pick: Callable[[list[str]], tuple[str, ...]]
    prefixes: list[str]
    mapped: frozenset[int]
    lacking: list[str]


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
        self._action = remembering(translating(map.values.get("action", {}), action_reader(actions)))
        self._strict = strict  # the headings are the same for all rows, and a fault in them is the file's
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._readers = {name: self._reader(name) for name in FIELDS}
        self._constants = {name: self._ours(name, text) for name, text in map.constants.items() if text}
        self._announced: set[str] = set()
        self._dates: dict[str, tuple[int, int]] = {}
        self._formulas: dict[str, tuple[int, int]] = {}

    # --- what the headings say --------------------------------------------------------------------

    def plan(self, headings: tuple[str, ...]) -> _Plan:
        plan = self._plans.get(headings)
        if plan is None:
            if len(self._plans) > 1000:
                self._plans.clear()
            plan = self._plans[headings] = self._new_plan(headings)
        return plan

    def _new_plan(self, headings: tuple[str, ...]) -> _Plan:
        columns = find(headings, self._map)
        if columns.conflicts and self._strict:
            text = conflict(columns)
            raise JournalError(text.en, text.zh)
        by_column: dict[int, list[tuple[int, str]]] = {}
        for action, place in columns.times.items():
            by_column.setdefault(place, []).append((self._rank.get(action, len(self._rank)), action))
        kept = [place for place, heading in enumerate(headings) if heading not in RESERVED]
        digested = sorted(kept, key=lambda place: (key(headings[place]), place))
        required = ("case",) if self._map.wide else NARROW
        return _Plan(
            headings=headings,
            columns=columns,
            own=len(kept) == len(headings),
            fields=[
                (name, place, self._readers[name], self._default(name))
                for name, place in columns.fields.items()
                if name not in NARROW
            ],
            times=[(place, headings[place], sorted(ranked)) for place, ranked in by_column.items()],
            stepping=list(by_column)
            if self._map.wide
            else [columns.fields[n] for n in ("time",) if n in columns.fields],
            until=[columns.fields[name] for name in ("until",) if name in columns.fields],
            extra=[(headings[place], place) for place in columns.unmapped],
            pick=picker(digested),
            prefixes=[prefix(key(headings[place])) for place in digested],
            mapped=frozenset((*columns.fields.values(), *columns.times.values())),
            lacking=[name for name in required if name not in columns.fields]
            + ([] if "report" in columns.times or not self._map.wide else [self._map.times["report"]]),
        )

    def _reader(self, name: str) -> _Reader:
        field, table = FIELDS[name], self._map.values.get(name, {})
        if field.sort is CellKind.TIME:
            return lambda text: self._times.read(text)[0].astimezone(self._times.zone)
        if field.sort is CellKind.ACTION:
            return self._action
        read = translating(table, field_reader(field))
        # Free text does not repeat.
        return read if field.sort is CellKind.TEXT and not table else remembering(read)

    def _default(self, name: str) -> Value | None:
        word = self._map.values.get(name, {}).get("")
        return self._ours(name, word) if word else None

    def _ours(self, name: str, word: str) -> Value | None:
        """Read what the map itself states: it is ours already, and its translations are for the journal's words."""
        field = FIELDS[name]
        return self._readers[name](word) if field.sort is CellKind.TIME else field_reader(field)(word)

    # --- rows -------------------------------------------------------------------------------------

    def row(self, plan: _Plan, record: Record) -> Row | Reject | None:
        """Make a row of a record; None if it is blank."""
        line, headings, values, formulas = record
        stripped = list(map(str.strip, values))
        parts = [before + cell for before, cell in zip(plan.prefixes, plan.pick(stripped), strict=True) if cell]
        if not parts:
            return None
        if plan.own:
            cells = dict(zip(headings, values, strict=True))
        else:
            cells = {h: cell for h, cell in zip(headings, values, strict=True) if h not in RESERVED}
        if plan.lacking or plan.columns.conflicts:
            return self._refuse(line, cells, (self._headless(plan),))
        if formulas and not formulas.isdisjoint(plan.mapped):
            return self._refuse(line, cells, self._faults(plan, record, stripped))
        try:
            identity = digest(parts, values)
        except Unfit:
            return self._refuse(line, cells, unfit(cells))
        try:
            case = read_id(stripped[plan.columns.fields["case"]])
            steps = self._steps(plan, stripped)
            fields = dict(self._constants)
            for name, place, read_cell, default in plan.fields:
                cell = stripped[place]
                value = read_cell(cell) if cell else default
                if value is not None:
                    fields[name] = value
        except ValueFault:
            return self._refuse(line, cells, self._faults(plan, record, stripped))
        if not case or not steps:
            return self._refuse(line, cells, self._faults(plan, record, stripped))
        if formulas:
            for place in formulas:
                _count(self._formulas, headings[place], line)
        for step in steps:
            if step.date_only:
                self._count_dates(plan, line, stripped, plan.stepping)
                break
        if plan.until and "until" in fields:
            self._count_dates(plan, line, stripped, plan.until)
        extra = {heading: values[place] for heading, place in plan.extra if stripped[place]}
        return Row(line, cells, case, cast("Fields", fields), extra, steps, identity, self._times.zone.key)

    def _steps(self, plan: _Plan, stripped: list[str]) -> tuple[DatedAction, ...]:
        """Return the actions of a row; none if the row must be looked at more closely."""
        if not self._map.wide:
            places = plan.columns.fields
            text = stripped[places["time"]]
            at, date_only = self._times.read(text)
            action = self._action(stripped[places["action"]])
            return (DatedAction(action, at, date_only),) if action else ()
        found: list[tuple[datetime, int, str, bool]] = []
        reported = None
        for place, _, ranked in plan.times:
            if not stripped[place]:
                continue
            at, date_only = self._times.read(stripped[place])
            for rank, action in ranked:
                found.append((at, rank, action, date_only))
                if action == "report":
                    reported = at
        found.sort()
        if reported is None or found[0][0] < reported:
            return ()
        return tuple(DatedAction(action, at, date_only) for at, _, action, date_only in found)

    def _count_dates(self, plan: _Plan, line: int, stripped: list[str], places: list[int]) -> None:
        for place in places:
            if stripped[place] and self._times.read(stripped[place])[1]:
                _count(self._dates, plan.headings[place], line)

    # --- refusals ---------------------------------------------------------------------------------

    def _refuse(self, line: int, cells: dict[str, str], faults: tuple[Fault, ...]) -> Reject:
        return Reject(line, faults, tuple(cells), cells)

    def _headless(self, plan: _Plan) -> Fault:
        text = conflict(plan.columns) if plan.columns.conflicts else lack(plan.headings, plan.lacking)
        return Fault("", "", text)

    def _faults(self, plan: _Plan, record: Record, stripped: list[str]) -> tuple[Fault, ...]:
        """Every fault of a row that is known to have one: a clerk wants to mend a row once."""
        _, headings, _, formulas = record
        faults: list[Fault] = []

        def check(place: int, read_cell: Callable[[str], object], *, needed: bool = False) -> object:
            cell = stripped[place]
            try:
                if place in formulas:
                    raise ValueFault(FORMULA, NOTHING)
                if read_text(cell):
                    return read_cell(cell)
                if needed:
                    raise ValueFault(Text("the cell is empty", "单元格为空"), NOTHING)
            except ValueFault as fault:
                faults.append(Fault(headings[place], shorten(cell), fault.reason, fault.allowed))
            return None

        places = plan.columns.fields
        check(places["case"], read_id, needed=True)
        if self._map.wide:
            self._check_times(plan, stripped, check, faults)
        else:
            check(places["time"], self._times.read, needed=True)
            empty = self._map.values.get("action", {}).get("")
            check(places["action"], self._some_action, needed=not empty)
        for _, place, read_cell, _ in plan.fields:
            check(place, read_cell)
        return tuple(faults)

    def _some_action(self, text: str) -> str:
        action = self._action(text)
        if not action:
            raise ValueFault(Text("the map gives this word no action", "对照表没有为此词给出动作"), NOTHING)
        return action

    def _check_times(self, plan: _Plan, stripped: list[str], check: Callable[..., object], faults: list[Fault]) -> None:
        moments: list[tuple[int, datetime]] = []
        for place, _, ranked in plan.times:
            read = check(place, self._times.read, needed=any(action == "report" for _, action in ranked))
            if isinstance(read, tuple):
                moments.append((place, read[0]))
        report = plan.columns.times["report"]
        reported = next((moment for place, moment in moments if place == report), None)
        if reported is None:
            return
        heading = plan.headings[report]
        date_only = self._times.read(stripped[report])[1]
        en = ", a date without a time, taken as the end of that day" if date_only else ""
        zh = "，只有日期，按当日结束计" if date_only else ""
        for place, moment in moments:
            if moment < reported:
                faults.append(
                    Fault(
                        plan.headings[place],
                        shorten(stripped[place]),
                        Text(
                            f"before the report in column {heading} ({stripped[report]}{en})",
                            f"早于“{heading}”列的上报时间（{stripped[report]}{zh}）",
                        ),
                        Text("a time at or after it", "不早于上报时间"),
                    )
                )

    # --- notices ----------------------------------------------------------------------------------

    def announce(self, plan: _Plan) -> Iterator[Notice]:
        """Name the unmapped columns that were not named before."""
        known = self._announced
        new = [heading for heading, _ in plan.extra if heading not in known and heading not in self._facts]
        if not new or len(self._announced) > _ANNOUNCED:
            return
        self._announced.update(new)
        columns = "column is" if len(new) == 1 else "columns are"
        yield Notice(
            "unmapped",
            Text(
                f"{len(new)} {columns} not mapped and kept with the case's text: {', '.join(new)}",
                f"{len(new)} 列没有对应字段，随事项文本保存：{'、'.join(new)}",
            ),
        )

    def summary(self) -> Iterator[Notice]:
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


def _count(counts: dict[str, tuple[int, int]], heading: str, line: int) -> None:
    """One more row for a heading; the first line stays."""
    count, first = counts.get(heading, (0, line))
    counts[heading] = count + 1, first
