"""Commands that brief those above: ``digest``, ``merits`` and ``special``."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from governflow.cli.output import new_console, new_table, print_json
from governflow.cli.rule_sources import borrowed
from governflow.engine.engine import Engine
from governflow.errors import CommandError
from governflow.journal.times import LocalTimes
from governflow.normalize import ValueFault
from governflow.policy.hookspecs import HOLDERS
from governflow.policy.stack import Policy
from governflow.text import Text


def _print(lines: Sequence[str]) -> None:
    # Whole lines: a figure that wraps in the middle of a report cannot be copied out of it.
    sys.stdout.write("\n".join(lines) + "\n")


def _moment(option: str, text: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Read a time of the locality: the moment, and whether it is the first one of a date without a time."""
    try:
        moment, date_only = LocalTimes(zone).read(text.strip())
    except ValueFault as fault:
        raise CommandError(
            f"{option} {text!r}: {fault.reason.en}; allowed: {fault.allowed.en}",
            f"{option} “{text}”：{fault.reason.zh}；应为：{fault.allowed.zh}",
        ) from None
    if not date_only:
        return moment, False
    return moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0), True


def _since(text: str, zone: ZoneInfo) -> datetime:
    return _moment("--since", text, zone)[0]


def _until(engine: Engine, text: str | None, zone: ZoneInfo) -> datetime:
    """Read ``--until``: a date is counted in; by default how far the store's clock has come, or now."""
    if text is None:
        return engine.now or engine.clock.now()
    moment, date_only = _moment("--until", text, zone)
    return moment + timedelta(days=1) if date_only else moment


def _warn(engine: Engine, code: str, lang: str) -> None:
    """Say on standard error that a code has no rules of its own: it may have been typed wrong."""
    told = borrowed(engine.localities, code)
    if told is not None:
        print(told.say(lang), file=sys.stderr)


def digest(
    code: str, *, store: Path, unit: str | None, period: str | None, until: str | None, as_json: bool, lang: str
) -> int:
    """Print the digest of a unit's area for a day, a week or a month."""
    from governflow.reports.digest import digest as count

    with Engine.open(store, must_exist=True, deliver=False) as engine:
        code = engine.localities.require_code(code)
        _warn(engine, code, lang)
        zone = ZoneInfo(engine.localities.policy(code).zone)
        found = count(engine, code, unit, period, until=_until(engine, until, zone))
    if as_json:
        print_json(found.as_json())
    else:
        _print(found.lines(lang))
    return 0


def special(case: str, *, store: Path, as_json: bool, lang: str) -> int:
    """Print the special report of a case."""
    from governflow.reports.special import special_report

    with Engine.open(store, must_exist=True, deliver=False) as engine:
        report = special_report(engine, case)
    if as_json:
        print_json(report.as_json())
    else:
        _print(report.lines(lang))
    return 0


def merits(
    code: str, *, store: Path, holder: str | None, since: str | None, until: str | None, as_json: bool, lang: str
) -> int:
    """Print the accounts of merits, and where a period is given its ranking with the whistle award."""
    from governflow.reports.merits import Place, award, balances, ranking, require_holder

    require_holder(holder)
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        code = engine.localities.require_code(code)
        _warn(engine, code, lang)
        policy = engine.localities.policy(code)
        zone = ZoneInfo(policy.zone)
        at = _until(engine, until, zone)
        book = engine.book(code)
        if until is None and book:  # whatever has been entered counts, however far the clock has been taken
            at = max(at, *(event.at for event in book))
    accounts = [one for one in balances(book, at).values() if holder in (None, one.holder)]
    places: Sequence[Place] = ()
    awarded: frozenset[str] = frozenset()
    if since is not None:
        start = _since(since, zone)
        places = ranking(book, start, at, holder)
        awarded = frozenset(place.to for place in award(book, start, at, holder or "informant"))
    if as_json:
        print_json(
            {
                "locality": code,
                "at": at.astimezone(zone).isoformat(),
                "balances": [attrs.asdict(account) for account in accounts],
                "ranking": [{**attrs.asdict(place), "award": place.to in awarded} for place in places],
            }
        )
        return 0
    _print_accounts(accounts, policy, lang)
    if since is not None:
        _print_ranking(places, awarded, policy, lang)
    return 0


def _print_accounts(accounts: Sequence[Any], policy: Policy, lang: str) -> None:
    words = [Text("whose", "对象"), Text("kind", "类别"), Text("points", "积分"), Text("gained", "加分")]
    words += [Text("lost", "扣分"), Text("expired entries", "失效条目")]
    table = new_table(Text("Merits", "积分").say(lang), *(word.say(lang) for word in words))
    table.columns[1].justify = "left"
    for one in accounts:
        name, kind = policy.units.name(one.to).say(lang), HOLDERS[one.holder].say(lang)
        table.add_row(name, kind, str(one.points), str(one.gained), str(one.lost), str(one.expired))
    new_console().print(table)


def _print_ranking(places: Sequence[Any], awarded: frozenset[str], policy: Policy, lang: str) -> None:
    words = [Text("rank", "名次"), Text("whose", "对象"), Text("points", "积分"), Text("award", "奖项")]
    table = new_table(Text("Ranking", "排名").say(lang), *(word.say(lang) for word in words))
    table.columns[1].justify = "left"
    for place in places:
        prize = Text("whistle award", "金哨奖").say(lang) if place.to in awarded else ""
        table.add_row(str(place.rank), policy.units.name(place.to).say(lang), str(place.points), prize)
    new_console().print(table)
