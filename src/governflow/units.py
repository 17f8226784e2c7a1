"""The org chart: who can hold a case (组织架构)."""

from collections.abc import Iterable, Mapping

import attrs

from governflow.errors import PolicyError
from governflow.terms import FORMS, Form
from governflow.text import Text


@attrs.frozen
class Unit:
    """A unit that can hold a case.

    Args:
        id: Its id, unique in the chart.
        text: Its name in both languages.
        level: Its rank: a higher number is a higher level; escalation never goes to a lower one.
        parent: The next unit up, or None at the top.
        forms: The forms of handling that this unit stands for by default.
    """

    id: str
    text: Text
    level: int
    parent: str | None = None
    forms: tuple[Form, ...] = ()


@attrs.frozen(eq=False)
class OrgChart:
    """The units of a locality; build it with `OrgChart.of`.

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
    def of(cls, units: Iterable[Unit], *, intake: str, open_to_all: bool = False) -> "OrgChart":
        """Build a chart.

        Raises:
            PolicyError: If a parent is unknown, lower than its child or its own ancestor, or the intake is unknown.
        """
        known: dict[str, Unit] = {}
        faults = []
        for unit in units:
            if unit.id in known:
                faults.append(f"unit {unit.id!r} is there twice")
            known[unit.id] = unit
        if intake not in known:
            faults.append(f"the intake {intake!r} is not among the units")
        for unit in known.values():
            if unit.parent is None:
                continue
            if unit.parent not in known:
                faults.append(f"unit {unit.id!r} has the unknown parent {unit.parent!r}")
            elif known[unit.parent].level <= unit.level:
                faults.append(f"unit {unit.id!r} is not below its parent {unit.parent!r}")
        if faults:
            raise PolicyError("the org chart is wrong: " + "; ".join(faults))
        return cls(known, intake, open_to_all)

    def __contains__(self, unit: str) -> bool:
        return unit in self.units or (self.open and bool(unit))

    def name(self, unit: str) -> Text:
        """Give a unit's name; a unit that the chart does not know is called by its id."""
        known = self.units.get(unit)
        return known.text if known else Text(unit, unit)

    def level(self, unit: str, form: Form | None) -> int:
        """Give a unit's level; one that the chart does not know has the level of the form that it handles in."""
        known = self.units.get(unit)
        if known is None and form is not None:
            known = self.for_form(form)
        return known.level if known else 0

    def above(self, unit: str, form: Form | None) -> str | None:
        """Give the next unit up from a holder, or None at the top.

        Args:
            unit: The holder.
            form: The form in which it handles the case: it places a unit that the chart does not know.
        """
        known = self.units.get(unit)
        if known is None and form is not None:
            known = self.for_form(form)
        return known.parent if known else None

    def for_form(self, form: Form) -> Unit | None:
        """Give the unit that stands for a form, or for the nearest higher form that has one."""
        for candidate in FORMS[FORMS.index(form) :]:
            for unit in self.units.values():
                if candidate in unit.forms:
                    return unit
        return None
