"""Accounts of merits (积分), rankings and the whistle award (金哨奖), read from a locality's book.

Incentive comes first and constraint second (激励为主、约束为辅): an entry stops counting when it expires, and no
account falls below zero.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from governflow.engine.session import ENTERED
from governflow.errors import CommandError
from governflow.model.events import Event
from governflow.policy.hookspecs import HOLDERS
from governflow.reports.trends import ranked
from governflow.timesource import in_utc


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


def balances(events: Iterable[Event], at: datetime) -> Mapping[str, Balance]:
    """Return every account as it stands at a moment.

    Args:
        events: The locality's book: ``engine.book(code)``.
        at: The moment, timezone-aware: what was earned later is left out, and what expired by then does not count.
            What a case earned counts from when it happened, however late it was told; what was reversed never did.

    Returns:
        The accounts by whose they are, the most points first, then by name.
    """
    moment = in_utc(at)
    holders: dict[str, str] = {}
    gained, lost, expired = Counter[str](), Counter[str](), Counter[str]()
    for earned, about in _standing(events):
        if earned > moment:
            continue
        to, points, expires = about["to"], about["points"], about["expires"]
        holders.setdefault(to, about["holder"])
        if expires is not None and datetime.fromisoformat(expires) <= moment:
            expired[to] += 1
        else:
            (gained if points > 0 else lost)[to] += abs(points)
    points_now = {to: max(gained[to] - lost[to], 0) for to in holders}
    return {
        to: Balance(to, holders[to], points, gained[to], lost[to], expired[to]) for to, points in ranked(points_now)
    }


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
    earned = [entry for entry in _within(events, since, until, holder) if entry["points"] > 0]
    return tuple(place for place in _ranked(earned) if place.rank <= first)


def require_holder(holder: str | None) -> None:
    """Refuse what is none of `HOLDERS`; None stands for all of them.

    Raises:
        CommandError: If there is no such holder.
    """
    if holder is not None and holder not in HOLDERS:
        en, zh = ", ".join(HOLDERS), "、".join(f"{name}（{text.zh}）" for name, text in HOLDERS.items())
        raise CommandError(f"{holder!r} has no merits: use one of {en}", f"{holder!r} 没有积分：应为 {zh} 之一")


def _within(events: Iterable[Event], since: datetime, until: datetime, holder: str | None) -> list[Mapping[str, Any]]:
    require_holder(holder)
    start, end = in_utc(since), in_utc(until)
    return [about for earned, about in _standing(events) if start <= earned < end and holder in (None, about["holder"])]


def _standing(events: Iterable[Event]) -> list[tuple[datetime, Mapping[str, Any]]]:
    """Return the entries that are not reversed, each with when it was earned: the moment of the event that earned it.

    Neither what was reversed nor what reverses it was ever gained or lost.
    """
    entries = [event for event in events if event.kind == ENTERED]
    gone = {(event.case, event.about.get("reverses")) for event in entries}
    stand = (event for event in entries if (event.case, event.seq) not in gone and "reverses" not in event.about)
    return [(_earned_at(event), event.about) for event in stand]


def _earned_at(event: Event) -> datetime:
    about: Mapping[str, Any] = event.about  # older entries do not say what earned them
    return datetime.fromisoformat(about["for"]["at"]) if "for" in about else event.at


def _ranked(entries: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
    points, counts = Counter[str](), Counter[str]()
    for entry in entries:
        points[entry["to"]] += entry["points"]
        counts[entry["to"]] += 1
    places: list[Place] = []
    for number, (to, total) in enumerate(ranked(points), start=1):
        shared = places[-1].rank if places and places[-1].points == total else number
        places.append(Place(shared, to, total, counts[to]))
    return tuple(places)
