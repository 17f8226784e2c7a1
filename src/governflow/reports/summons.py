"""Both sides' record of a summons (吹哨、报到，双方留痕): who called, who was called, and who came when.

Where a street blows the whistle and departments check in, both are assessed: Beijing's regulation on swift response to
requests (北京市接诉即办工作条例, 2021), art. 33. The record is read from the events of the case.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from governflow.model.clocks import Clock
from governflow.model.events import Event
from governflow.model.terms import Outcome

_CLOCK = "check_in:"
#: A clock by name and cycle.
_Key = tuple[str, int]


@attrs.frozen
class Called:
    """One unit that was summoned. Moments are in UTC.

    Args:
        unit: The unit.
        due: When it had to come at the latest; None where the locality has no clock for it.
        came: When it checked in; None if it has not.
        outcome: What became of its clock; None where there was none.
        duty: The unit that took its duty over, if one did.
    """

    unit: str
    due: datetime | None
    came: datetime | None
    outcome: Outcome | None
    duty: str | None

    @property
    def in_time(self) -> bool | None:
        """Whether it came in time; None while it may still come, or if nobody needed it any more."""
        if self.came is not None:
            return self.due is None or self.came <= self.due
        return False if self.outcome is Outcome.BREACHED else None


@attrs.frozen
class Summons:
    """One whistle.

    Args:
        at: When it was blown, in UTC.
        unit: The unit that blew it: the actor's, or else the holder.
        called: The units that were summoned by it; one that was waited for already is with the earlier whistle.
    """

    at: datetime
    unit: str
    called: tuple[Called, ...]


def summonses(events: Iterable[Event]) -> list[Summons]:
    """Return the summonses of a case as its events tell them: both sides' record.

    Args:
        events: The events of one case: ``engine.history(case_id)``.

    Returns:
        The whistles in order.
    """
    whistles: list[tuple[datetime, str, list[tuple[str, _Key]]]] = []
    last: dict[_Key, Clock] = {}
    came: dict[_Key, datetime] = {}
    holder = ""
    for event in events:
        clocks = {(clock.name, clock.cycle): clock for clock in event.clocks if clock.name.startswith(_CLOCK)}
        if event.action == "whistle":
            waiting = {name for (name, _), clock in last.items() if clock.stopped is None}
            about: Mapping[str, Any] = event.about
            new = [(unit, _key(unit, clocks)) for unit in about["units"] if _CLOCK + unit not in waiting]
            if new:
                whistles.append((event.at, (event.by.unit if event.by else None) or holder, new))
        if event.action == "check_in":
            # Only this says that somebody came: the clock of a unit that never did stops with the cycle all the same.
            came |= dict.fromkeys(clocks, event.at)
        last |= clocks
        holder = str(event.changes.get("unit", holder))
    return [
        Summons(at, unit, tuple(_called(summoned, last.get(key), came.get(key)) for summoned, key in called))
        for at, unit, called in whistles
    ]


def _key(unit: str, clocks: Iterable[_Key]) -> _Key:
    return next((key for key in clocks if key[0] == _CLOCK + unit), (_CLOCK + unit, 0))


def _called(unit: str, clock: Clock | None, came: datetime | None) -> Called:
    if clock is None:
        return Called(unit, None, None, None, None)
    return Called(unit, clock.due, came, clock.outcome, clock.duty)
