"""The org chart: who can hold a case (组织架构)."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

from governflow.errors import PolicyError
from governflow.model.terms import FORMS, Form
from governflow.normalize import key
from governflow.text import Text

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

#: The id of the unit that is responsible for a case before it is dispatched, in every chart.
INTAKE = "intake"

#: What a unit may be beside a holder of cases.
ROLES: Mapping[str, Text] = MappingProxyType(
    {
        "post": Text("post that checks in at a muster", "点位"),
        "supervisor": Text("supervising team", "督查"),
        "leader": Text("leader", "领导"),
        "liaison": Text("liaison", "联络员"),
        "pool": Text("open pool that teams claim from", "认领池"),
        "team": Text("team", "队伍"),
    }
)

#: Forms in which the unit of the place handles a case: there is one in every village or town.
_OF_A_PLACE = frozenset({Form.DIRECT, Form.VERIFY, Form.ASSIST})
#: The columns of a chart's file, with their Chinese headings.
_COLUMNS = {
    "unit": "单位 单位编号 单位代码",
    "name": "名称 单位名称 中文名称",
    "name_en": "英文名称",
    "kind": "类别 单位类别",
    "level": "层级 级别",
    "parent": "上级 上级单位",
    "forms": "办理方式",
    "roles": "角色",
}
_NEEDED = ("unit", "name", "name_en", "kind", "level")
_HEADINGS = {key(word): name for name, words in _COLUMNS.items() for word in (name, *words.split())}


@attrs.frozen
class Unit:
    """A unit that can hold a case.

    Args:
        id: Its id, unique in the chart; a division code where it has one.
        text: Its name in both languages.
        level: Its rank: a higher number is a higher level; escalation never goes to a lower one.
        parent: The next unit up, or None at the top.
        forms: The forms of handling that this unit stands for by default.
        roles: Any of `ROLES`.
        kind: What sort of unit it is (``village``, ``town``, ``department``, ...); a route may name it.
    """

    id: str
    text: Text
    level: int
    parent: str | None = None
    forms: tuple[Form, ...] = ()
    roles: frozenset[str] = frozenset()
    kind: str = ""


@attrs.frozen(eq=False, slots=False)
class OrgChart:
    """The units of a locality; build it with `OrgChart.of` or `OrgChart.read`.

    Args:
        units: The units by id.
        intake: The unit that is responsible for a case before it is dispatched.
        open: Whether units that the chart does not know may hold cases too: so it is in the abstract chart of the root
            locality, which has to take journals that name real bureaus.
    """

    units: Mapping[str, Unit]
    intake: str
    open: bool = False

    @classmethod
    def of(cls, units: Iterable[Unit], *, intake: str = INTAKE, open_to_all: bool = False) -> "OrgChart":
        """Build a chart.

        Raises:
            PolicyError: If a parent is unknown, lower than its child or its own ancestor, a role is unknown, or the
                intake is; every fault is named.
        """
        known: dict[str, Unit] = {}
        faults = []
        for unit in units:
            if unit.id in known:
                faults.append(Text(f"unit {unit.id!r} is there twice", f"单位“{unit.id}”重复"))
            known[unit.id] = unit
            faults += [
                Text(f"unit {unit.id!r} has the unknown role {role!r}", f"单位“{unit.id}”的角色“{role}”未知")
                for role in sorted(unit.roles - ROLES.keys())
            ]
        if intake not in known:
            faults.append(Text(f"the intake {intake!r} is not among the units", f"单位中没有受理平台“{intake}”"))
        for child, parent in ((unit, unit.parent) for unit in known.values() if unit.parent is not None):
            if parent not in known:
                faults.append(
                    Text(
                        f"unit {child.id!r} has the unknown parent {parent!r}",
                        f"单位“{child.id}”的上级“{parent}”不存在",
                    )
                )
            elif known[parent].level <= child.level:
                faults.append(
                    Text(
                        f"unit {child.id!r} is not below its parent {parent!r}",
                        f"单位“{child.id}”的层级不低于其上级“{parent}”",
                    )
                )
        if faults:
            raise PolicyError.listing(Text("the org chart is wrong", "组织架构有误"), faults)
        return cls(MappingProxyType(known), intake, open_to_all)

    @classmethod
    def read(cls, source: "Path | Traversable", *, intake: str = INTAKE, more: Iterable[Unit] = ()) -> "OrgChart":
        """Read a chart from a CSV file (UTF-8): ``unit,name,name_en,kind,level,parent,forms,roles``.

        Args:
            source: The file; ``|`` inside a cell separates several forms or roles.
            intake: The unit that is responsible for a case before it is dispatched.
            more: Units to add to those of the file.

        Raises:
            PolicyError: If a cell cannot be read or the chart is wrong; every fault is named by its line.
        """
        import csv
        import io

        rows = csv.DictReader(io.StringIO(_text(source), newline=""))
        rows.fieldnames = [_HEADINGS.get(key(name), name) for name in rows.fieldnames or ()]
        missing = [name for name in _NEEDED if name not in rows.fieldnames]
        if missing:
            raise PolicyError(
                f"{source.name} lacks the columns {', '.join(missing)}: its header is {','.join(_COLUMNS)}",
                f"{source.name} 缺少列 {'、'.join(missing)}：表头应为 {','.join(_COLUMNS)}",
            )
        units: list[Unit] = []
        faults: list[Text] = []
        for row in rows:
            try:
                units.append(_unit({name: (row.get(name) or "").strip() for name in _COLUMNS}))
            except PolicyError as fault:
                line, what = rows.line_num, fault.text
                faults.append(Text(f"{source.name}, line {line}: {what.en}", f"{source.name} 第 {line} 行：{what.zh}"))
        if faults:
            raise PolicyError.listing(Text("the org chart is wrong", "组织架构有误"), faults)
        return cls.of([*units, *more], intake=intake)

    def __contains__(self, unit: str) -> bool:
        return unit in self.units or (self.open and bool(unit))

    def name(self, unit: str) -> Text:
        """Return a unit's name; a unit that the chart does not know is called by its id."""
        known = self.units.get(unit)
        return known.text if known else Text(unit, unit)

    def id_of(self, name: str) -> str:
        """Return the id of the unit that people call so; the name itself where none, or more than one, is called so."""
        called = self._names[0].get(key(name), ())
        return called[0].id if name not in self.units and len(called) == 1 else name

    def shortened(self, name: str) -> str | None:
        """Return the id of the one unit of whose name this is a short form (县住建局), or None.

        A short form keeps the order of the characters and the last of them, which says what sort of unit it is.
        """
        short = key(name)
        if len(short) < _SHORTEST:
            return None
        meant = [unit.id for unit in self.units.values() if _shortens(short, key(unit.text.zh))]
        return meant[0] if len(meant) == 1 else None

    def level(self, unit: str, form: Form | None) -> int:
        """Return a unit's level; one that the chart does not know has the level of the form that it handles in."""
        known = self._placed(unit, form)
        return known.level if known else 0

    def above(self, unit: str, form: Form | None) -> str | None:
        """Return the next unit up from a holder, or None at the top.

        Args:
            unit: The holder.
            form: The form in which it handles the case: it places a unit that the chart does not know.
        """
        known = self._placed(unit, form)
        return known.parent if known else None

    def _placed(self, unit: str, form: Form | None) -> Unit | None:
        known = self.units.get(unit)
        return self.for_form(form) if known is None and form is not None else known

    def path(self, unit: str) -> tuple[str, ...]:
        """Return a unit and everybody above it, upwards; nothing for a unit that the chart does not know."""
        found = []
        at: str | None = unit if unit in self.units else None
        while at is not None:
            found.append(at)
            at = self.units[at].parent
        return tuple(found)

    def for_form(self, form: Form, near: str | None = None) -> Unit | None:
        """Return the unit that stands for a form, or for the nearest higher form that has one; see `standing`."""
        return next((unit for one in FORMS[FORMS.index(form) :] if (unit := self.standing(one, near))), None)

    def standing(self, form: Form, near: str | None = None) -> Unit | None:
        """Return the unit that stands for exactly this form: the one above a unit, else the first of the chart.

        Args:
            form: The form.
            near: A unit. Where several communities or streets stand for the form and none of them is above it, nobody
                does: none of them may be picked at random.
        """
        units = self._standing[form]
        if len(units) < 2 or near is None:
            return units[0] if units else None
        own = next((self.units[above] for above in self.path(near) if form in self.units[above].forms), None)
        return own or (None if form in _OF_A_PLACE else units[0])

    @cached_property
    def _standing(self) -> Mapping[Form, tuple[Unit, ...]]:
        return {form: tuple(unit for unit in self.units.values() if form in unit.forms) for form in FORMS}

    # --- places -------------------------------------------------------------------------------------------------------

    def of_kind(self, kind: str) -> tuple[Unit, ...]:
        """Return the units of one kind."""
        return tuple(unit for unit in self.units.values() if unit.kind == kind)

    def having(self, role: str) -> tuple[Unit, ...]:
        """Return the units that have a role."""
        return tuple(unit for unit in self.units.values() if role in unit.roles)

    def find(self, place: str) -> Unit | None:
        """Return the smallest unit that a place names.

        Args:
            place: A unit's id, a longer division code below it, or a text in which the names of units occur
                (``孙武街道乐安社区3号楼``): a name below another unit of the text goes before one that is not.
        """
        if place in self.units:
            return self.units[place]
        if place.isdigit():
            return next((self.units[place[:size]] for size in (12, 9, 6) if place[:size] in self.units), None)
        named = self._named_in(place)
        if not named:
            return None

        def rank(unit: Unit) -> tuple[int, int, int]:
            confirmed = sum(other in self.path(unit.id) for other in named)
            return confirmed, -unit.level, named[unit.id]

        ranked = sorted((self.units[name] for name in named), key=rank)
        # Two villages of one name: the place does not say which.
        return ranked[-1] if len(ranked) == 1 or rank(ranked[-1]) != rank(ranked[-2]) else None

    def at(self, place: str, kind: str) -> Unit | None:
        """Return the unit of a kind around a place, or the only one of that kind right below what is around it.

        So ``@town`` is the town that the place lies in, and ``@team`` the team of that town.

        Args:
            place: As for `find`.
            kind: The kind of unit that is wanted.

        Returns:
            The unit, or None if the place names none.
        """
        found = self.find(place)
        path = self.path(found.id) if found is not None else ()
        around = next((self.units[above] for above in path if self.units[above].kind == kind), None)
        if around is not None:
            return around
        below = ([unit for unit in self._below.get(above, ()) if unit.kind == kind] for above in path)
        return next((units[0] for units in below if len(units) == 1), None)

    @cached_property
    def _below(self) -> Mapping[str, list[Unit]]:
        below: dict[str, list[Unit]] = {}
        for unit in self.units.values():
            if unit.parent is not None:
                below.setdefault(unit.parent, []).append(unit)
        return below

    def uncovered(self, kind: str, by: str) -> tuple[Unit, ...]:
        """Return the units of one kind that have no unit of another kind right below them (网格全覆盖检查).

        Args:
            kind: The places that have to be covered, such as ``village``.
            by: What has to cover each of them, such as ``micro_grid``.
        """
        covering = {unit.parent for unit in self.units.values() if unit.kind == by}
        return tuple(unit for unit in self.of_kind(kind) if unit.id not in covering)

    def _named_in(self, place: str) -> dict[str, int]:
        """Return the units whose names stand in a text, with the length of each name; 王村 does not stand in 大王村."""
        # Only parts that begin as a name does are looked up, so that a chart of ten thousand units costs no more than
        # one of ten.
        names, sizes = self._names
        text = key(place)
        parts = [
            (size, start)
            for start, first in enumerate(text)
            for size in sizes.get(first, ())
            if start + size <= len(text) and text[start : start + size] in names
        ]
        found: dict[str, int] = {}
        taken: list[tuple[int, int]] = []
        for size, start in sorted(parts, key=lambda part: (-part[0], part[1])):
            if any(first <= start and start + size <= last for first, last in taken):
                continue
            taken.append((start, start + size))
            for unit in names[text[start : start + size]]:
                found.setdefault(unit.id, size)
        return found

    @cached_property
    def _names(self) -> tuple[Mapping[str, list[Unit]], Mapping[str, set[int]]]:
        """The units by name, and how long the names are that begin with a character."""
        names: dict[str, list[Unit]] = {}
        sizes: dict[str, set[int]] = {}
        for unit in self.units.values():
            for name in {key(unit.text.zh), key(unit.text.en)}:
                names.setdefault(name, []).append(unit)
                sizes.setdefault(name[:1], set()).add(len(name))
        return names, sizes


#: A name with fewer characters is short for too many.
_SHORTEST = 3


def _shortens(short: str, name: str) -> bool:
    left = iter(name)
    return short[-1:] == name[-1:] and all(sign in left for sign in short)


def _text(source: "Path | Traversable") -> str:
    """Read a file as Excel and WPS save it: UTF-8, or GB18030."""
    content = source.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise PolicyError(
        f"{source.name} is neither UTF-8 nor GB18030: save it as CSV UTF-8",
        f"{source.name} 既不是 UTF-8 也不是 GB18030：请另存为 CSV UTF-8",
    )


def _unit(row: Mapping[str, str]) -> Unit:
    name, written = row["unit"], row["level"]
    if not name:
        raise PolicyError("the unit has no id", "单位编号为空")
    if not written.lstrip("-").isdecimal():
        raise PolicyError(
            f"the level of {name} is {written!r}: give a whole number", f"单位“{name}”的层级“{written}”应为整数"
        )
    strangers = [form for form in _several(row["forms"]) if form not in tuple(Form)]
    if strangers:
        known = "、".join(f"{form.value}（{form.text.zh}）" for form in Form)
        raise PolicyError(
            f"{name} has the unknown form {strangers[0]!r}: use {', '.join(Form)}",
            f"单位“{name}”的办理方式“{strangers[0]}”未知：应为 {known}",
        )
    return Unit(
        id=name,
        text=Text(row["name_en"] or row["name"], row["name"]),
        level=int(written),
        parent=row["parent"] or None,
        forms=tuple(map(Form, _several(row["forms"]))),
        roles=frozenset(_several(row["roles"])),
        kind=row["kind"],
    )


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]
