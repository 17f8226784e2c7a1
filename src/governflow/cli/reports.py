"""Reports on the cases of a store: ``digest``, ``merits`` and ``special``."""

import sys
from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs

from governflow.cli.inputs import borrowed, read_time
from governflow.cli.output import new_console, print_behind, print_json, print_note, print_table
from governflow.engine.engine import Engine
from governflow.policy.hookspecs import HOLDERS
from governflow.policy.stack import Policy
from governflow.reports.digest import Digest, behind
from governflow.reports.digest import digest as make_digest
from governflow.reports.figure_names import say_figure
from governflow.reports.merits import Balance, Place, award, balances, ranking, require_holder
from governflow.reports.special import SpecialReport, special_report
from governflow.text import Text


def digest(
    code: str,
    *,
    store: Path,
    unit: str | None,
    period: str | None,
    until: str | None,
    as_json: bool,
    lang: str,
    figure: str | None = None,
) -> int:
    """Print the digest of a unit's area for a day, a week or a month, or the cases behind one of its figures."""
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        policy, zone = _rules(engine, code, lang)
        if figure is not None:
            named, cases = behind(engine, policy.code, figure, unit, period, until=_end(engine, until, zone))
            print_behind(say_figure(named, policy), cases, as_json=as_json, lang=lang)
            return 0
        _print(make_digest(engine, policy.code, unit, period, until=_end(engine, until, zone)), lang, as_json=as_json)
    return 0


def special(case: str, *, store: Path, as_json: bool, lang: str) -> int:
    """Print the special report of a case."""
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        _print(special_report(engine, case), lang, as_json=as_json)
    return 0


def _print(report: Digest | SpecialReport, lang: str, *, as_json: bool) -> None:
    if as_json:
        print_json(report.as_json())
    else:
        # Whole lines: a figure that wraps in the middle of a report cannot be copied out of it.
        sys.stdout.write("\n".join(report.lines(lang)) + "\n")


def merits(
    code: str, *, store: Path, holder: str | None, since: str | None, until: str | None, as_json: bool, lang: str
) -> int:
    """Print the accounts of merits, and where a period is given its ranking with the whistle award."""
    require_holder(holder)
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        policy, zone = _rules(engine, code, lang)
        at, book = _end(engine, until, zone), engine.book(policy.code)
        if until is None and book:  # whatever has been entered counts, however far the clock has been taken
            at = max(at, *(event.at for event in book))
    accounts = [account for account in balances(book, at).values() if holder in (None, account.holder)]
    places: Sequence[Place] = ()
    awarded: frozenset[str] = frozenset()
    if since is not None:
        start, date_only = read_time("--since", since, zone)
        start = _midnight(start, zone) if date_only else start
        places = ranking(book, start, at, holder)
        awarded = frozenset(place.to for place in award(book, start, at, holder or "informant"))
    if as_json:
        print_json(
            {
                "locality": policy.code,
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


def _rules(engine: Engine, code: str, lang: str) -> tuple[Policy, ZoneInfo]:
    """Return a code's rules and zone; of one without rules of its own say so, as it may have been typed wrong."""
    code = engine.localities.require_code(code)
    note = borrowed(engine.localities, code)
    if note is not None:
        print_note(note, lang)
    policy = engine.localities.policy(code)
    return policy, ZoneInfo(policy.zone)


def _end(engine: Engine, text: str | None, zone: ZoneInfo) -> datetime:
    """Read ``--until``: a date is counted in; by default how far the store's clock has come, or now."""
    if text is None:
        return engine.now or engine.clock.now()
    moment, date_only = read_time("--until", text, zone)
    return _midnight(moment, zone) + timedelta(days=1) if date_only else moment


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(moment.astimezone(zone), time.min, zone)


def _print_accounts(accounts: Sequence[Balance], policy: Policy, lang: str) -> None:
    heads = (
        *(Text("whose", "对象"), Text("kind", "类别"), Text("points", "积分"), Text("gained", "加分")),
        *(Text("lost", "扣分"), Text("expired entries", "失效条目")),
    )
    rows = (
        (
            *(policy.units.name(one.to).say(lang), HOLDERS[one.holder].say(lang)),
            *map(str, (one.points, one.gained, one.lost, one.expired)),
        )
        for one in accounts
    )
    print_table(new_console(), lang, heads, rows, title=Text("Merits", "积分"), words=2)


def _print_ranking(places: Sequence[Place], awarded: Collection[str], policy: Policy, lang: str) -> None:
    heads = (Text("rank", "名次"), Text("whose", "对象"), Text("points", "积分"), Text("award", "奖项"))
    prize = Text("whistle award", "金哨奖").say(lang)
    rows = (
        (str(one.rank), policy.units.name(one.to).say(lang), str(one.points), prize if one.to in awarded else "")
        for one in places
    )
    print_table(new_console(), lang, heads, rows, title=Text("Ranking", "排名"), words=2)
