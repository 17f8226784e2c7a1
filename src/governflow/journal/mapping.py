"""Maps: what the columns of somebody else's file mean, written in TOML, and which column is then which field of ours.

zone = "America/New_York"
[columns]               # field of ours = heading of theirs
case = "case_enquiry_id"
[times]                 # action = the heading of the column with its time: makes the journal a wide one
report = "open_dt"
[constants]             # field of ours = the same value for every row
visit = "no"
[values.severity]       # their word = our value
"hard" = "complex"
[counted_from]          # clock = the recorded action from which it counts, instead of what the rules say
resolve = "report"
"""

import tomllib
from collections.abc import Callable, Container, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType

import attrs

from governflow.errors import MapError
from governflow.journal.cells import action_reader, field_reader
from governflow.journal.records import Value
from governflow.model.headings import ACTIONS, FIELDS, HEADINGS, CellKind
from governflow.normalize import ValueFault, key, nearest
from governflow.tabular.records import RESERVED, Fault
from governflow.text import Text
from governflow.timesource import zone_named

_KEYS = ("zone", "recorded", "columns", "times", "constants", "values", "counted_from")


def _frozen(table: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(table))


def _frozen_tables(tables: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    return MappingProxyType({name: _frozen(table) for name, table in tables.items()})


@attrs.frozen
class Map:
    """What the columns of a journal mean.

    Args:
        zone: The IANA zone of times without an offset; None: the locality's.
        columns: Field of ours to heading of theirs.
        times: Canonical action to the heading of the column with its time. Not empty: a wide journal, one row a case.
        constants: Field of ours to the value that every row has.
        values: Field of ours to a translation of its cells.
        recorded: Every action that a narrow journal records, whether it occurs or not; None: those that occur in it.
        counted_from: Clock to the recorded action from which it counts.
    """

    zone: str | None = None
    columns: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    times: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    constants: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    values: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict, converter=_frozen_tables)
    recorded: tuple[str, ...] | None = None
    counted_from: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)

    @property
    def wide(self) -> bool:
        """Whether the journal has one row a case rather than one row an action."""
        return bool(self.times)

    def asks_for(self, heading: str) -> bool:
        """Return whether a heading is one of the map's or, in a narrow journal, one of ours."""
        mapped = {key(name) for name in (*self.columns.values(), *self.times.values())}
        return key(heading) in mapped or (not self.wide and key(heading) in HEADINGS)

    @classmethod
    def load(cls, path: str | PathLike[str], *, actions: Mapping[str, str] = ACTIONS) -> "Map":
        """Read a map from a TOML file.

        Args:
            path: The file.
            actions: Every name by which an action may be called, to its canonical name.

        Returns:
            The map, its constants and the results of its translations in canonical form.

        Raises:
            MapError: If the file cannot be read or anything in it is not known; it names every fault.
        """
        path = Path(path)
        try:
            with path.open("rb") as file:
                data = tomllib.load(file)
        except (OSError, ValueError) as error:
            # tomllib's errors and undecodable bytes are ValueErrors; both say where.
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise MapError(f"the map {path.name} cannot be read: {why}", f"无法读取对照表 {path.name}：{why}") from None
        reader = _MapReader(data, actions)
        made = reader.map()
        if faults := reader.faults:
            en, zh = "; ".join(fault.en for fault in faults), "；".join(fault.zh for fault in faults)
            raise MapError(f"the map {path.name} cannot be used: {en}", f"对照表 {path.name} 无法使用：{zh}")
        return made


def unknown_zone(name: str) -> Text:
    """Say that a zone is not known."""
    return Text(
        f"{name!r} is not a known time zone (write it like Asia/Shanghai)",
        f"未知时区“{name}”（写法如 Asia/Shanghai）",
    )


class _MapReader:
    """Reads the content of a map file, and notes everything that is wrong with it."""

    def __init__(self, data: Mapping[str, object], actions: Mapping[str, str]) -> None:
        self.data = data
        self.read_action = action_reader(actions)
        self.faults: list[Text] = []

    def fault(self, en: str, zh: str) -> None:
        self.faults.append(Text(en, zh))

    def map(self) -> Map:
        data = self.data
        for name in data:
            if name not in _KEYS:
                self.fault(f"unknown key {name!r}{_perhaps(name, _KEYS)}", f"未知的键“{name}”")
        zone = data.get("zone")
        if zone is not None and (not isinstance(zone, str) or zone_named(zone) is None):
            self.faults.append(unknown_zone(str(zone)))
        columns, constants = self.fields("columns"), self.fields("constants")
        times: dict[str, str] = {}
        for name, heading in self.texts(data, "times").items():
            try:
                times[self.read_action(name)] = heading
            except ValueFault as fault:
                self.fault(f"[times] {name}: {fault.reason.en}", f"[times] {name}：{fault.reason.zh}")
        values = self.translations()
        if "times" in data and not self.faults:
            self.check_wide(columns, times)
        for name in constants.keys() & columns.keys():
            self.fault(f"{name} is both a column and a constant", f"{name} 既是列又是常量")
        by_heading: dict[str, str] = {}
        for name, heading in columns.items():
            other = by_heading.setdefault(heading, name)
            if other != name:
                self.fault(f"column {heading!r} is both {other} and {name}", f"“{heading}”列同时对应 {other} 和 {name}")
        constants = {name: self.constant(name, value) for name, value in constants.items()}
        recorded = self.recorded(wide=bool(times))
        counted = self.counted_from(times or recorded)
        return Map(zone if isinstance(zone, str) else None, columns, times, constants, values, recorded, counted)

    def recorded(self, *, wide: bool) -> tuple[str, ...] | None:
        listed = self.data.get("recorded")
        if listed is None:
            return None
        if wide:
            self.fault("recorded has no place beside [times]", "有 [times] 时不能含 recorded")
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            self.fault("recorded must be a list of actions", "recorded 应为动作列表")
            return None
        return tuple(found for name in listed if (found := self.action(name, "recorded")))

    def counted_from(self, recorded: Container[str] | None) -> dict[str, str]:
        counted: dict[str, str] = {}
        for clock, name in self.texts(self.data, "counted_from").items():
            action = self.action(name, f"[counted_from] {clock}")
            if action and recorded is not None and action not in recorded:
                self.fault(f"[counted_from] {clock}: {name} is not recorded", f"[counted_from] {clock}：未记录“{name}”")
            elif action:
                counted[clock] = action
        return counted

    def action(self, name: str, where: str) -> str:
        """Return the canonical name of an action; nothing, and a fault, of any other word."""
        try:
            return self.read_action(name)
        except ValueFault as fault:
            self.fault(f"{where} {name!r}: {fault.reason.en}", f"{where} “{name}”：{fault.reason.zh}")
            return ""

    def check_wide(self, columns: Mapping[str, str], times: Mapping[str, str]) -> None:
        if "report" not in times:
            self.fault("[times] has no report", "[times] 缺少 report（上报）")
        for name in ("time", "action"):
            if name in columns:
                self.fault(f"[columns] {name} has no place beside [times]", f"有 [times] 时 [columns] 不能含 {name}")
        if "case" not in columns:
            self.fault("[columns] has no case", "[columns] 缺少 case（事项编号）")

    def constant(self, name: str, value: str) -> str:
        field = FIELDS[name]
        if name == "case" or field.sort in (CellKind.TIME, CellKind.ACTION):
            self.fault(f"[constants] {name} cannot be the same in every row", f"[constants] {name} 不能为常量")
            return value
        return self.checked(field_reader(field), value, f"[constants] {name}")

    def checked(self, read: Callable[[str], Value], value: str, where: str) -> str:
        """Return a value as maps hold it: canonical text, or as written where it stands for what is no text."""
        try:
            found = read(value)
        except ValueFault as fault:
            problem = Fault("", value, fault.reason, fault.allowed)
            self.fault(f"{where} {value!r}: {problem.say('en')}", f"{where} “{value}”：{problem.say('zh')}")
            return value
        return found if isinstance(found, str) else value

    def translations(self) -> dict[str, dict[str, str]]:
        tables = self.data.get("values", {})
        if not isinstance(tables, dict):
            self.fault("values must be tables: [values.severity]", "values 应为表：[values.severity]")
            return {}
        found: dict[str, dict[str, str]] = {}
        for name in tables:
            field, where = FIELDS.get(name), f"[values.{name}]"
            if field is None or name == "case" or field.sort is CellKind.TIME:
                self.fault(f"{where}: {name} is no field whose values can be translated", f"{where}：无法翻译")
                continue
            read = self.read_action if field.sort is CellKind.ACTION else field_reader(field)
            table = self.texts(tables, name, within="values.")
            found[name] = {
                theirs.strip(): self.checked(read, ours, where) if ours else "" for theirs, ours in table.items()
            }
        return found

    def fields(self, section: str) -> dict[str, str]:
        table = self.texts(self.data, section)
        for name in (name for name in table if name not in FIELDS):
            en = f"[{section}] {name} is no field of ours{_perhaps(name, FIELDS)}"
            self.fault(en, f"[{section}] 没有名为 {name} 的字段")
        return {name: text for name, text in table.items() if name in FIELDS}

    def texts(self, data: Mapping[str, object], section: str, *, within: str = "") -> dict[str, str]:
        table, where = data.get(section, {}), f"{within}{section}"
        if not isinstance(table, dict):
            self.fault(f"{where} must be a table", f"{where} 应为表")
            return {}
        for name, value in table.items():
            if not isinstance(value, str):
                self.fault(f"[{where}] {name} must be text in quotes", f"[{where}] {name} 应为带引号的文字")
        return {name: value.strip() for name, value in table.items() if isinstance(value, str)}


def _perhaps(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    alike = nearest(name, known)
    return f" (perhaps {alike} is meant)" if alike else f" (known: {', '.join(known)})"


# --- the columns of a file --------------------------------------------------------------------------------------------

#: What every row must have.
NARROW = ("time", "case", "action")


@attrs.frozen
class Columns:
    """The columns of one set of headings.

    Args:
        fields: Our field to the place of its column.
        times: Canonical action to the place of the column with its time; empty for a narrow journal.
        unmapped: Places of columns that are nobody's.
        conflicts: Fields for which several columns could stand, with their headings.
    """

    fields: Mapping[str, int]
    times: Mapping[str, int]
    unmapped: tuple[int, ...]
    conflicts: Mapping[str, tuple[str, ...]]


def find(headings: tuple[str, ...], map: Map) -> Columns:
    """Find our fields among the headings.

    A map's headings come first; beside them a narrow journal's headings are known by their English and Chinese names.
    In a wide journal only the map speaks.
    """
    fields = {name: place for name, heading in map.columns.items() if (place := _place(heading, headings)) is not None}
    times = {name: place for name, heading in map.times.items() if (place := _place(heading, headings)) is not None}
    taken = {*fields.values(), *times.values(), *(i for i, heading in enumerate(headings) if heading in RESERVED)}
    conflicts: dict[str, tuple[str, ...]] = {}
    if not map.wide:
        spoken_for = map.columns.keys() | map.constants.keys()
        candidates: dict[str, list[int]] = {}
        for place, heading in enumerate(headings):
            name = HEADINGS.get(key(heading))
            if name is not None and place not in taken and name not in spoken_for:
                candidates.setdefault(name, []).append(place)
        for name, places in candidates.items():
            # Beside 备注 a 说明 is just another column; but of two synonyms nobody knows which is meant.
            proper = [place for place in places if key(headings[place]) in (name, key(FIELDS[name].zh))]
            chosen = proper if len(proper) == 1 else places
            if len(chosen) == 1:
                fields[name] = chosen[0]
                taken.add(chosen[0])
            else:
                conflicts[name] = tuple(headings[place] for place in places)
    unmapped = tuple(place for place in range(len(headings)) if place not in taken)
    return Columns(fields, times, unmapped, conflicts)


def _place(heading: str, headings: tuple[str, ...]) -> int | None:
    if heading in headings:
        return headings.index(heading)
    alike = [place for place, other in enumerate(headings) if key(other) == key(heading)]
    return alike[0] if len(alike) == 1 else None


def missing(headings: tuple[str, ...], map: Map) -> list[str]:
    """Return the headings of a map, or our names (``time (时间)``), that a table must have and lacks."""
    mapped = [*map.columns.values(), *map.times.values()]
    absent = [heading for heading in dict.fromkeys(mapped) if _place(heading, headings) is None]
    if not map.wide:
        columns = find(headings, map)
        absent += [
            f"{name} ({FIELDS[name].zh})"
            for name in NARROW
            if name not in columns.fields and name not in columns.conflicts and name not in map.columns
        ]
    return absent


def lack(headings: tuple[str, ...], absent: list[str]) -> Text:
    """Return which columns are missing, and what may have been meant."""
    there = [heading for heading in headings if heading not in RESERVED]
    pairs = [(name, _alike(name, there)) for name in absent]
    en = ", ".join(f"{name}{f' (nearest: {alike})' if alike else ''}" for name, alike in pairs)
    zh = "、".join(f"{name}{f'（最接近：{alike}）' if alike else ''}" for name, alike in pairs)
    shown = [heading[:40] for heading in there[:12]] + (["…"] if len(there) > 12 else [])
    columns = "column" if len(absent) == 1 else "columns"
    return Text(
        f"the journal lacks the {columns} {en}; it has: {', '.join(shown) or 'none'}",
        f"台账缺少列：{zh}；现有列：{'、'.join(shown) or '无'}",
    )


def _alike(name: str, headings: list[str]) -> str | None:
    words = name.removesuffix(")").split(" (")  # our own names come in both languages
    return next((alike for word in words if (alike := nearest(word, headings)) is not None), None)


def conflict(columns: Columns) -> Text:
    """Return which columns could all stand for one field."""
    en = "; ".join(f"{', '.join(names)} could all be {field}" for field, names in columns.conflicts.items())
    zh = "；".join(f"{'、'.join(names)} 都可能是{FIELDS[field].zh}" for field, names in columns.conflicts.items())
    return Text(f"{en}: say in a map which one it is", f"{zh}：请用对照表指明")
