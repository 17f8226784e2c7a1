"""Maps: what the columns of somebody else's file mean, written in TOML.

zone = "America/New_York"
[columns]               # field of ours = heading of theirs
case = "case_enquiry_id"
[times]                 # action = the heading of the column with its time: makes the journal a wide one
report = "open_dt"
[constants]             # field of ours = the same value for every row
visit = "no"
[values.severity]       # their word = our value
"hard" = "complex"
"""

import tomllib
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType

import attrs

from governflow.errors import MapError
from governflow.journal.cells import action_reader, field_reader
from governflow.journal.records import Value
from governflow.model.headings import ACTIONS, FIELDS, CellKind
from governflow.normalize import ValueFault, nearest
from governflow.tabular.records import Fault
from governflow.text import Text
from governflow.timesource import zone_named

_KEYS = ("zone", "columns", "times", "constants", "values")


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
    """

    zone: str | None = None
    columns: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    times: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    constants: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    values: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict, converter=_frozen_tables)

    @property
    def wide(self) -> bool:
        """Whether the journal has one row a case rather than one row an action."""
        return bool(self.times)

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
        made, faults = _understand(data, actions)
        if faults:
            en, zh = "; ".join(fault.en for fault in faults), "；".join(fault.zh for fault in faults)
            raise MapError(f"the map {path.name} cannot be used: {en}", f"对照表 {path.name} 无法使用：{zh}")
        return made


def unknown_zone(name: str) -> Text:
    """Say that a zone is not known.

    Args:
        name: What was asked for.

    Returns:
        The sentence.
    """
    return Text(
        f"{name!r} is not a known time zone (write it like Asia/Shanghai)",
        f"未知时区“{name}”（写法如 Asia/Shanghai）",
    )


def _understand(data: Mapping[str, object], actions: Mapping[str, str]) -> tuple[Map, list[Text]]:
    faults = [
        Text(f"unknown key {name!r}{_perhaps(name, _KEYS)}", f"未知的键“{name}”") for name in data if name not in _KEYS
    ]
    zone = data.get("zone")
    if zone is not None and (not isinstance(zone, str) or zone_named(zone) is None):
        faults.append(unknown_zone(str(zone)))
    read_action = action_reader(actions)
    columns = _fields(data, "columns", faults)
    constants = _fields(data, "constants", faults)
    times: dict[str, str] = {}
    for name, heading in _texts(data, "times", faults).items():
        try:
            times[read_action(name)] = heading
        except ValueFault as fault:
            faults.append(Text(f"[times] {name}: {fault.reason.en}", f"[times] {name}：{fault.reason.zh}"))
    values = _translations(data, faults, read_action)

    if "times" in data and not faults:
        if "report" not in times:
            faults.append(Text("[times] has no report", "[times] 缺少 report（上报）"))
        faults += [
            Text(f"[columns] {name} has no place beside [times]", f"有 [times] 时 [columns] 不能含 {name}")
            for name in ("time", "action")
            if name in columns
        ]
        if "case" not in columns:
            faults.append(Text("[columns] has no case", "[columns] 缺少 case（事项编号）"))
    for name in constants.keys() & columns.keys():
        faults.append(Text(f"{name} is both a column and a constant", f"{name} 既是列又是常量"))
    by_heading: dict[str, str] = {}
    for name, heading in columns.items():
        other = by_heading.setdefault(heading, name)
        if other != name:
            faults.append(
                Text(f"column {heading!r} is both {other} and {name}", f"“{heading}”列同时对应 {other} 和 {name}")
            )
    for name, value in constants.items():
        constants[name] = _constant(name, value, faults)
    return Map(zone if isinstance(zone, str) else None, columns, times, constants, values), faults


def _constant(name: str, value: str, faults: list[Text]) -> str:
    field = FIELDS[name]
    if name == "case" or field.sort in (CellKind.TIME, CellKind.ACTION):
        faults.append(Text(f"[constants] {name} cannot be the same in every row", f"[constants] {name} 不能为常量"))
        return value
    return _checked(field_reader(field), value, f"[constants] {name}", faults)


def _checked(read: Callable[[str], Value], value: str, where: str, faults: list[Text]) -> str:
    """Return a value as maps hold it: canonical text, or as written where it stands for what is no text."""
    try:
        found = read(value)
    except ValueFault as fault:
        problem = Fault("", value, fault.reason, fault.allowed)
        faults.append(Text(f"{where} {value!r}: {problem.say('en')}", f"{where} “{value}”：{problem.say('zh')}"))
        return value
    return found if isinstance(found, str) else value


def _translations(
    data: Mapping[str, object], faults: list[Text], read_action: Callable[[str], str]
) -> dict[str, dict[str, str]]:
    tables = data.get("values", {})
    if not isinstance(tables, dict):
        faults.append(Text("values must be tables: [values.severity]", "values 应为表：[values.severity]"))
        return {}
    found: dict[str, dict[str, str]] = {}
    for name in tables:
        field = FIELDS.get(name)
        if field is None or name == "case" or field.sort is CellKind.TIME:
            faults.append(
                Text(
                    f"[values.{name}]: {name} is no field whose values can be translated", f"[values.{name}]：无法翻译"
                )
            )
            continue
        read = read_action if field.sort is CellKind.ACTION else field_reader(field)
        table = _texts(tables, name, faults, within="values.")
        found[name] = {
            theirs.strip(): _checked(read, ours, f"[values.{name}]", faults) if ours.strip() else ""
            for theirs, ours in table.items()
        }
    return found


def _fields(data: Mapping[str, object], section: str, faults: list[Text]) -> dict[str, str]:
    table = _texts(data, section, faults)
    for name in [name for name in table if name not in FIELDS]:
        faults.append(
            Text(
                f"[{section}] {name} is no field of ours{_perhaps(name, FIELDS)}",
                f"[{section}] 没有名为 {name} 的字段",
            )
        )
        del table[name]
    return table


def _texts(data: Mapping[str, object], section: str, faults: list[Text], *, within: str = "") -> dict[str, str]:
    table = data.get(section, {})
    if not isinstance(table, dict):
        faults.append(Text(f"{within}{section} must be a table", f"{within}{section} 应为表"))
        return {}
    found: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, str):
            found[name] = value.strip()
        else:
            faults.append(
                Text(
                    f"[{within}{section}] {name} must be text in quotes", f"[{within}{section}] {name} 应为带引号的文字"
                )
            )
    return found


def _perhaps(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    alike = nearest(name, known)
    return f" (perhaps {alike} is meant)" if alike else f" (known: {', '.join(known)})"
