"""What a report can tell, cut where a locality's rules may begin to answer differently (边界取值)."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs

from governflow.errors import CommandError
from governflow.isolation.literals import CodeLiterals, literals_of
from governflow.model.units import OrgChart
from governflow.policy.stack import Policy
from governflow.tables import Table
from governflow.tables.domains import Number

#: So many of the words and numbers that hooks speak of are tried.
_WORDS = 24
#: More of them may stand for whoever asks: that makes no difference, and nobody should have to wonder.
_NAMES, _NAME = 60, 20

#: What people write, and few think of: long texts, wide letters, spaces, signs.
_ODD = ("很长的描述" * 60, "ＬＥＤ　路灯　３号", " a b ", "🚧 / \\ % {0}", "0")
#: Where cases come from in practice.
CHANNELS = ("热线12345", "网格员", "领导批示", "媒体", "app", "演示数据")


_MOMENTS = (
    # Every hour of the day, each in another part of the year and on other days of the week.
    *(datetime.combine(date(2026, 1, 5) + timedelta(15 * hour), time(hour, 30)) for hour in range(24)),
    # The first and the last day of each month.
    *(datetime.combine(date(2026, month, 1) + timedelta(days), time(10)) for month in range(1, 13) for days in (0, -1)),
    # The new year's holiday, a make-up workday, the week of the National Day, a year's turn, a leap day.
    *map(datetime.fromisoformat, ("2026-02-17T10:00", "2026-02-14T10:00", "2026-10-03T15:00")),
    *map(datetime.fromisoformat, ("2026-12-31T23:59", "2027-01-01T00:00", "2028-02-29T12:00")),
)
#: A day like any other; rules for the night begin or end at an hour of which hooks speak, or a minute before it.
_MONDAY, _JUST = date(2026, 3, 2), (timedelta(0), timedelta(minutes=1))


@attrs.frozen
class Dimensions:
    """What a report can tell, and the values of each at which the rules may begin to answer differently."""

    #: Every item of the catalogues, units of each kind; none of both, and one that nobody knows.
    items: tuple[str, ...]
    places: tuple[str, ...]
    #: Lifecycles beside the everyday one.
    lifecycles: tuple[str, ...]
    #: Values of each fact that tables ask for.
    facts: Mapping[str, tuple[str | int, ...]]
    channels: tuple[str, ...]
    informants: tuple[str, ...]
    #: When a case may be reported: day and night, all over the year, and on days that hooks name.
    moments: tuple[str, ...]

    @classmethod
    def of(cls, policy: Policy) -> "Dimensions":
        """Read them off a locality's tables, chart and hooks."""
        words = literals_of(policy)
        names = [word for word in words.texts if len(word) <= _NAME][:_NAMES]
        hours = [number for number in words.numbers if 0 < number < 24]
        columns: dict[str, dict[str | int, None]] = {}
        for table in tables_of(policy):
            for column, values in _cut(table).items():
                columns.setdefault(column, {}).update(dict.fromkeys(values))
        items = [item for _, catalogue in policy.ruled.catalogues for item in catalogue.items]
        return cls(
            _texts("", *items, "清单以外的事项", *columns.get("item", ()), *words.texts[:_WORDS], *_ODD),
            _texts("", *_places(policy.units), "查无此地", *columns.get("place", ()), *words.texts[:_WORDS], *_ODD),
            tuple(name for name in policy.lifecycles if name != "everyday"),
            {
                name: known
                for name in columns
                if name in policy.ruled.fact_columns and (known := _readable(policy, name, columns[name], words))
            },
            _texts("", *CHANNELS, *names, _ODD[0]),
            _texts("", *posts_of(policy.units), "信息员甲", *names),
            tuple(
                moment.replace(tzinfo=ZoneInfo(policy.zone)).isoformat(timespec="minutes")
                for moment in (
                    *_MOMENTS,
                    *(datetime.combine(day, time(10)) for day in words.days[:_WORDS]),
                    *(datetime.combine(_MONDAY, time(hour)) - late for hour in hours for late in _JUST),
                )
            ),
        )


def tables_of(policy: Policy) -> Iterator[Table]:
    """Return every decision table."""
    return (table for _, tables in policy.tables for table in tables.values() if isinstance(table, Table))


def _cut(table: Table) -> Mapping[str, list[str | int]]:
    """Return a value in each class of each column; of whole numbers the first and the last one."""
    found: dict[str, list[str | int]] = {}
    for column, axis in zip(table.columns, table.space.axes, strict=True):
        values: list[str | int] = [axis.atoms.sample(place) for place in range(axis.atoms.count)]
        if isinstance(column.domain, Number) and column.domain.whole:
            values += [value - 1 for value in values if isinstance(value, int)]
            values += [int(end) for end in (column.domain.low, column.domain.high) if end is not None]
        found[column.id] = values
    return found


def _readable(
    policy: Policy, name: str, values: Mapping[str | int, None], words: CodeLiterals
) -> tuple[str | int, ...]:
    """Keep the values that a report may tell; numbers that hooks speak of are boundaries too."""
    near: list[str | int] = []
    if any(isinstance(value, int) for value in values):
        near = [number + step for number in words.numbers[:_WORDS] for step in (-1, 0, 1)]
    found = []
    for value in dict.fromkeys((*values, *near, *words.texts[:_WORDS])):
        try:
            policy.ruled.read({name: value})
        except CommandError:
            continue
        found.append(value)
    return tuple(found)


def _places(units: OrgChart) -> Iterator[str]:
    """Return the first, a middle and the last unit of each kind: by id, and one by its name, as people write it."""
    kinds: dict[str, list[str]] = {}
    for unit in units.units.values():
        kinds.setdefault(unit.kind, []).append(unit.id)
    for ids in kinds.values():
        yield from (ids[0], units.name(ids[len(ids) // 2]).zh, ids[-1])


def posts_of(units: OrgChart) -> Iterator[str]:
    """Return some who report on duty: by id, and by name."""
    for role in ("post", "informant"):
        yield from (unit.id for unit in units.having(role)[:2])
    yield from (unit.text.zh for unit in units.of_kind("informant")[:2])


def _texts(*values: str | int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values))
