"""Merits (积分): what posts, units, informants and volunteers earned, read from a locality's book.

Incentive comes first and constraint second (激励为主、约束为辅): an entry stops counting when it expires, and no
account falls below zero. Merits never change how a case is treated, and whoever asks for something never has any.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from governflow.errors import CommandError, shown
from governflow.model.events import Event
from governflow.policy.hookspecs import HOLDERS, Merit
from governflow.text import Text
from governflow.timesource import in_utc

#: The kind of the book's events that enter a merit.
ENTERED = "merit_entered"


@attrs.frozen
class Balance:
    """One account.

    Args:
        to: Whose it is.
        holder: Which of `HOLDERS` that is.
        points: What counts now: the entries that have not expired, but never less than zero.
        gained: The positive points among them.
        lost: The negative points among them, as a number that is not negative.
        expired: How many entries do not count any more.
    """

    to: str
    holder: str
    points: int
    gained: int
    lost: int
    expired: int


@attrs.frozen
class Place:
    """A place in a ranking; who has the same points shares it.

    Args:
        rank: 1 for the most; after two that share a rank the next one is left out.
        to: Who.
        points: Points of the period.
        entries: From how many entries.
    """

    rank: int
    to: str
    points: int
    entries: int


def entry(merit: Merit, source: str, case: str | None) -> dict[str, Any]:
    """Write a merit as the book keeps it.

    Args:
        merit: The merit.
        source: Who says so: a plugin, a post, an inspection.
        case: The case that it was earned with, if any.

    Returns:
        The ``about`` of the event, plain JSON values.

    Raises:
        CommandError: If it is nobody's, of an unknown holder, of no points, or without reason or source.
    """
    if type(merit) is not Merit:
        raise CommandError(f"{shown(merit)} is no Merit", f"{shown(merit)} 不是 Merit")
    if not isinstance(merit.holder, str) or merit.holder not in HOLDERS:
        en, zh = ", ".join(HOLDERS), "、".join(f"{name}（{text.zh}）" for name, text in HOLDERS.items())
        raise CommandError(
            f"merits are for {en}, not for {merit.holder!r}: whoever asks has none",
            f"积分对象应为 {zh} 之一，而不是 {merit.holder!r}：诉求人没有积分",
        )
    if not isinstance(merit.to, str) or not merit.to.strip():
        raise CommandError("a merit needs whose it is (to)", "积分须注明对象（to）")
    if type(merit.points) is not int or merit.points == 0:
        raise CommandError(
            f"{merit.points!r} points: give a whole number other than zero", f"分值 {merit.points!r} 应为非零整数"
        )
    if type(merit.rule) is not str or not Text(f"{merit.to}{merit.rule}", str(source)).sound:
        raise CommandError(
            f"whose it is, rule and source must be text, not {shown(merit.rule)}",
            f"积分的对象、规则和来源应为文字，而不是 {shown(merit.rule)}",
        )
    if not merit.reason.sound or not merit.reason.en.strip() or not merit.reason.zh.strip():
        raise CommandError("a merit needs a reason in both languages", "积分须说明理由（中英文）")
    if not isinstance(source, str) or not source.strip():
        raise CommandError("a merit needs its source: who says so", "积分须注明来源")
    return {
        "to": merit.to,
        "holder": merit.holder,
        "points": merit.points,
        "reason": {"en": merit.reason.en, "zh": merit.reason.zh},
        "rule": merit.rule,
        "source": source,
        "expires": in_utc(merit.expires).isoformat() if merit.expires is not None else None,
        "case": case,
    }


def balances(events: Iterable[Event], at: datetime) -> Mapping[str, Balance]:
    """Return every account as it stands at a moment.

    Args:
        events: The locality's book: ``engine.book(code)``.
        at: The moment, timezone-aware: what was earned later is left out, and what expired by then does not count.

    Returns:
        The accounts by whose they are, the most points first, then by name.
    """
    moment = in_utc(at)
    found: dict[str, Balance] = {}
    for event in events:
        if event.kind != ENTERED or event.at > moment:
            continue
        about = event.about
        to, points, expires = about["to"], about["points"], about["expires"]
        old = found.get(to) or Balance(to, about["holder"], 0, 0, 0, 0)
        if expires is not None and datetime.fromisoformat(expires) <= moment:
            found[to] = attrs.evolve(old, expired=old.expired + 1)
            continue
        gained, lost = old.gained + max(points, 0), old.lost + max(-points, 0)
        found[to] = attrs.evolve(old, gained=gained, lost=lost, points=max(gained - lost, 0))
    return {account.to: account for account in sorted(found.values(), key=lambda one: (-one.points, one.to))}


def ranking(events: Iterable[Event], since: datetime, until: datetime, holder: str | None = None) -> tuple[Place, ...]:
    """Rank by what was earned in a period, losses counted in, whatever has expired since.

    Args:
        events: The locality's book.
        since: The start, timezone-aware; what is earned at that moment counts.
        until: The end, timezone-aware; what is earned at that moment belongs to the next period.
        holder: Only posts, units, informants or volunteers (one of `HOLDERS`); None for all.

    Returns:
        The places, best first; who has equal points shares a rank and comes in order of name.

    Raises:
        CommandError: If there is no such holder.
    """
    return _ranked(_within(events, since, until, holder))


def award(
    events: Iterable[Event], since: datetime, until: datetime, holder: str = "informant", first: int = 3
) -> tuple[Place, ...]:
    """Return the whistle award (金哨奖): the best of a period by the positive points that they earned in it.

    Args:
        events: The locality's book.
        since: The start, timezone-aware, included.
        until: The end, timezone-aware, not included.
        holder: Who competes: one of `HOLDERS`.
        first: Down to which rank; a shared rank is given to all who share it.

    Returns:
        The places from 1 to ``first``; nobody is left out for sharing a rank.

    Raises:
        CommandError: If there is no such holder.
    """
    earned = [one for one in _within(events, since, until, holder) if one["points"] > 0]
    return tuple(place for place in _ranked(earned) if place.rank <= first)


def _within(events: Iterable[Event], since: datetime, until: datetime, holder: str | None) -> list[Mapping[str, Any]]:
    if holder is not None and holder not in HOLDERS:
        en, zh = ", ".join(HOLDERS), "、".join(f"{name}（{text.zh}）" for name, text in HOLDERS.items())
        raise CommandError(f"{holder!r} has no merits: use one of {en}", f"{holder!r} 没有积分：应为 {zh} 之一")
    start, end = in_utc(since), in_utc(until)
    return [
        event.about
        for event in events
        if event.kind == ENTERED and start <= event.at < end and holder in (None, event.about["holder"])
    ]


def _ranked(entries: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
    points: dict[str, int] = {}
    counts: dict[str, int] = {}
    for one in entries:
        to = one["to"]
        points[to] = points.get(to, 0) + one["points"]
        counts[to] = counts.get(to, 0) + 1
    ordered = sorted(points.items(), key=lambda account: (-account[1], account[0]))
    places: list[Place] = []
    for number, (to, total) in enumerate(ordered, start=1):
        shared = places[-1].rank if places and places[-1].points == total else number
        places.append(Place(shared, to, total, counts[to]))
    return tuple(places)
