"""The credit of posts, units and volunteers (城乡信用评价): incentive first, restraint second (激励为主、约束为辅).

The article names sorting of waste (垃圾分类) and duty done (履职尽责) as positive indicators, unauthorised building
(乱搭乱建) and taking no part in an emergency (不配合应急处置) as negative ones; points and periods are illustration.
What is good is entered by itself where the events of a case show it. What is bad is only ever entered by a person who
names a source, weighs no more in sum than what is good, and is forgotten sooner. Residents have no account here, and
no ruling looks at any account.
"""

import csv
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

import attrs

from governflow.plugin import Case, Event, Merit, Muster, Outcome, Text, Verdict

_FILE = files(__package__) / "indicators.csv"


@attrs.frozen
class Indicator:
    """One line of the list of indicators (指标清单).

    Args:
        rule: Its id.
        text: Its name in both languages.
        holder: Whom it is about: a unit, a post or a volunteer.
        points: What it is worth.
        days: For how many days it counts.
        event: The kind of event that earns it by itself; empty where a person enters it.
        basis: Where it comes from.
    """

    rule: str
    text: Text
    holder: str
    points: int
    days: int
    event: str
    basis: str


@cache
def indicators() -> Mapping[str, Indicator]:
    """Give the list of indicators by id."""
    with _FILE.open(encoding="utf-8") as file:
        return {
            row["rule"]: Indicator(
                row["rule"],
                Text(row["name_en"], row["name"]),
                row["holder"],
                int(row["points"]),
                int(row["days"]),
                row["event"],
                row["basis"],
            )
            for row in csv.DictReader(file)
        }


def merit(rule: str, *, to: str, at: datetime) -> Merit:
    """Make an entry, for ``engine.award`` or for the hook.

    Args:
        rule: The indicator's id.
        to: The unit, post or volunteer.
        at: When it was earned, timezone-aware.

    Raises:
        KeyError: If the list has no such indicator.
    """
    known = indicators()[rule]
    return Merit(to, known.holder, known.points, known.text, known.rule, at + timedelta(days=known.days))


def earned(event: Event, case: Case) -> tuple[Merit, ...]:
    """Give what an event of a case earns by itself; only what is good is entered without a person.

    Args:
        event: The event.
        case: The case after it.
    """
    if event.kind == "checked_in":
        unit = str(event.about["unit"])
        punctual = any(clock.outcome is Outcome.MET for clock in event.clocks if clock.name == f"check_in:{unit}")
        return (merit("credit/summons", to=unit, at=event.at),) if punctual else ()
    if event.kind == "closed" and case.verdict is Verdict.SATISFIED and not case.reopened and not _late(case):
        # Who settled it on the spot is the post that reported it; the platform only kept the case.
        to = case.unit if case.dispatched is not None else case.informant
        return (merit("credit/duty", to=to, at=event.at),) if to else ()
    return ()


def _late(case: Case) -> bool:
    return any(clock.outcome is Outcome.BREACHED and clock.exempt is None for clock in case.all_clocks)


def mustered(muster: Muster) -> tuple[Merit, ...]:
    """Give what the posts of a muster earned by coming in time, for whoever keeps its record to enter.

    Args:
        muster: ``engine.muster(code)``.
    """
    return tuple(
        merit("credit/muster", to=post, at=clock.stopped)
        for post, clock in muster.posts.items()
        if clock.outcome is Outcome.MET and clock.stopped is not None
    )
