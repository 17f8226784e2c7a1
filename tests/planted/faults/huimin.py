"""Huimin County and the law of Binzhou City above it (惠民县、滨州市)."""

from planting import REFUSED

from faults.writing import code, fault, line, more, tier

_TIER, _ROUTE, _LADDER = "tables/tier.csv", "tables/route.csv", "tables/escalate.csv"
_TO_THE_GRID = '    return _to_the_grid(f"{place.id}-grid")\n'

FAULTS = (
    fault(
        "huimin/town-matters-deleted",
        "rule deleted",
        "ruling/unambiguous",
        line(_TIER, "T5,general,town,2,the village lacks the powers for it,村社区无权处置，由镇街处置,层级为示例\n"),
        names="tier",
    ),
    fault(
        "huimin/last-rung-begins-one-later",
        "gap",
        "ruling/unambiguous",
        line(_LADDER, "X7,emergency,,>=3,", "X7,emergency,,>=4,"),
        names="escalate/",
    ),
    fault(
        "huimin/towns-and-villages-overlap",
        "overlap",
        "ruling/unambiguous",
        line(_TIER, "T6,general,village|none,3,", "T6,general,village|town|none,3,"),
        names="tier/T6",
    ),
    fault(
        "huimin/two-answers-for-major",
        "contradiction",
        "ruling/unambiguous",
        line(_TIER, "T4,complex,", "T9,major,village,1,our own wish,县级直办,示例\nT4,complex,"),
        names="tier/T9",
    ),
    fault(
        "huimin/urging-swallows-the-ladder",
        "dead rule",
        "ruling/unambiguous",
        line(_LADDER, "X2,emergency,,0,", "X2,emergency,,>=0,"),
        names="escalate/",
    ),
    fault(
        "huimin/lowest-level-without-domain",
        "no domain",
        "ruling/unambiguous",
        line(_TIER, "取值,,village/村社区|town/镇街|county/县,,,,", "取值,,,,,,"),
    ),
    fault(
        "huimin/route-to-a-bureau-that-is-not-there",
        "unknown unit",
        REFUSED,
        line(_ROUTE, "@village,371621-health,direct", "@village,371621-wellness,direct"),
        names="R2",
    ),
    fault(
        "huimin/brigade-renamed-in-the-chart-only",
        "unknown unit",
        REFUSED,
        line("units.csv", "371621-fire,县消防救援大队", "371621-rescue,县消防救援大队"),
        names="消防通道堵塞",
    ),
    fault(
        "huimin/night-tier",
        "machine's clock",
        "ruling/pure",
        tier("if datetime.now().hour < 8:\n    return Tier.ONE", "from datetime import datetime"),
        names="tier/own",
    ),
    fault(
        "huimin/drawn-by-lot",
        "chance",
        "ruling/pure",
        tier("return random.choice((Tier.TWO, Tier.THREE))", "import random"),
        names="tier/own",
    ),
    fault(
        "huimin/written-on-by-a-leader",
        "channel",
        "ruling/impartial",
        tier('if case.channel == "领导批示":\n    return Tier.ONE'),
        names="tier/own",
    ),
    fault(
        "huimin/who-has-merits-goes-first",
        "merits",
        "ruling/impartial",
        code(
            "    return merits.earned(event, case)\n",
            "    found = merits.earned(event, case)\n"
            "    for one in found:\n"
            "        _POINTS[one.to] = _POINTS.get(one.to, 0) + one.points\n"
            "    return found\n",
        ),
        code('CODE = "371621"\n', 'CODE = "371621"\n_POINTS: dict[str, int] = {}\n'),
        tier("if sum(_POINTS.values()) > 3:\n    return Tier.TWO"),
        names="tier/own",
    ),
    fault(
        "huimin/no-desk-for-one-item",
        "one item",
        "ruling/total",
        tier('desks = {"公交班次咨询": None}\nif case.item == "公交班次咨询":\n    return desks[case.item].tier'),
        names="governflow_tier",
    ),
    fault(
        "huimin/one-town-without-its-grid",
        "one village",
        "ruling/total",
        code(
            _TO_THE_GRID,
            '    if place.id == "371621109":\n        return _to_the_grid("371621109-grids")\n' + _TO_THE_GRID,
        ),
        names="governflow_route",
    ),
    fault(
        "huimin/straw-fires-in-an-emergency",
        "in an emergency only",
        "ruling/total",
        tier('if context.mode is Mode.EMERGENCY and case.item == "秸秆焚烧":\n    return Tier.FOUR'),
        names="governflow_tier",
    ),
    fault(
        "huimin/lamps-of-one-street",
        "item at a place",
        "ruling/total",
        tier('if case.item == "路灯不亮" and "何坊街道" in case.place:\n    return case.facts["lamps"]'),
        names="governflow_tier",
    ),
    fault(
        "huimin/back-to-whoever-had-it-first",
        "after a reopening",
        "ruling/total",
        code(
            _TO_THE_GRID,
            '    if case.reopened:\n        return _to_the_grid(f"{case.first_receiver}-grid")\n' + _TO_THE_GRID,
        ),
        names="governflow_route",
    ),
    fault(
        "huimin/command-takes-over-again-and-again",
        "circle",
        "escalation/climbs",
        line(_LADDER, "X4,emergency,,,joint|study,,,,,the county has it already,已在县级办理,\n"),
        names="escalate/X6",
    ),
    fault(
        "huimin/command-hands-back-to-the-village",
        "downward",
        "escalation/climbs",
        line(_LADDER, "X6,emergency,,2,,提级,371621-command,joint,", "X6,emergency,,2,,提级,@village,direct,"),
    ),
    fault(
        "huimin/orders-slower-than-everyday",
        "emergency slower",
        "clock/monotone",
        line("tables/deadlines.csv", "major,5分钟,40分钟,1天,", "major,5分钟,40分钟,10天,"),
        names="deadlines/E2",
    ),
    fault(
        "huimin/a-day-to-say-that-it-is-not-ours",
        "looser than the statute",
        "locality/stricter",
        more(
            """
import attrs

from governflow.calendars.allowances import Allowance
from governflow.policy.hookspecs import Deadlines
from governflow_huimin.binzhou import EXPLAIN

_A_DAY = Deadlines((attrs.evolve(EXPLAIN, allowance=Allowance.parse("1d"), rule="own/explain"),))


@hookimpl
def governflow_deadlines():
    return _A_DAY
"""
        ),
        names="371621",
    ),
    fault(
        "huimin/city-clock-dropped",
        "looser than the statute",
        "locality/stricter",
        more(
            """
from governflow.policy.hookspecs import Deadlines


@hookimpl
def governflow_deadlines():
    return Deadlines(drop=("explain",))
"""
        ),
        names="371621",
    ),
    fault(
        "huimin/merits-mark-the-case",
        "mutation",
        "replay/same",
        code(
            "    return merits.earned(event, case)\n",
            '    case.__dict__["place"] = case.place.strip() or "惠民县"\n    return merits.earned(event, case)\n',
        ),
    ),
    fault(
        "huimin/filed-away-unanswered",
        "answer skipped",
        "case/answered",
        code(
            'add=[Move("publish", ("evaluated", "closed"), SAME)]',
            'add=[Move("publish", ("evaluated", "closed"), SAME), Move("close", ("resolved",), "closed")]',
            "publishing.py",
        ),
        names="close",
    ),
    fault(
        "huimin/published-and-never-left",
        "trap",
        "lifecycle/sound",
        code(
            'base.derive("everyday", actions=[PUBLISH], add=[Move("publish", ("evaluated", "closed"), SAME)])',
            'base.derive(\n        "everyday",\n        actions=[PUBLISH],\n'
            '        states={"on_the_wall": Text("on the wall", "公示中")},\n'
            '        add=[Move("publish", ("evaluated", "closed"), "on_the_wall")],\n    )',
            "publishing.py",
        ),
        names="governflow_lifecycles",
    ),
    fault(
        "huimin/late-return-misspelt",
        "one action",
        "ruling/total",
        code("explain.outcome is Outcome.LAPSED", "explain.outcome is Outcome.LATE", "binzhou/__init__.py"),
        code="371600",
        names="governflow_authorise",
    ),
    fault(
        "huimin/let-off-without-a-reason",
        "waiver",
        "escalation/ends",
        more(
            """
from governflow.plugin import Waiver


@hookimpl
def governflow_waivers():
    return [Waiver("escalation/ends", Text("", ""), "2099-12-31")]
"""
        ),
        names="governflow_waivers",
    ),
    fault(
        "huimin/promise-from-nowhere",
        "example",
        "ruling/examples",
        more(
            """
from governflow.policy.hookspecs import Example


@hookimpl
def governflow_examples():
    return [Example({"item": "路灯不亮"}, {"tier": "3"}, "")]
"""
        ),
        names="governflow_examples",
    ),
    fault(
        "huimin/core-ladder-hurried",
        "meddling",
        "locality/isolated",
        tier(
            "defaults._TIERED[Severity.COMPLEX] = defaults._TIERED[Severity.MAJOR]",
            "from governflow.policy.builtin import defaults\nfrom governflow.model.terms import Severity",
        ),
    ),
    fault(
        "huimin/hook-that-waits",
        "wrong hook",
        REFUSED,
        more("@hookimpl\nasync def governflow_tier(case):\n    return None"),
        names="governflow_tier",
    ),
    fault(
        "huimin/core-changed-as-it-is-imported",
        "meddling",
        "locality/isolated",
        more(
            """
from governflow import defaults
from governflow.model.terms import Severity

defaults._TIERED[Severity.COMPLEX] = defaults._TIERED[Severity.MAJOR]
"""
        ),
    ),
)
