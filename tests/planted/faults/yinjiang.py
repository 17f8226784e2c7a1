"""Yinjiang County: colours, the three lists, mediation (印江土家族苗族自治县)."""

from planting import REFUSED

from faults.writing import code, fault, line, more, tier

_COLOUR, _ROUTE = "tables/colour.csv", "tables/route.csv"
_DERIVED = '        add=[Move("arrive", ("handling",), "on_site")],\n'

FAULTS = (
    fault(
        "yinjiang/one-colour-deleted",
        "rule deleted",
        "ruling/unambiguous",
        line(_COLOUR, "C05,general,emergency,orange,特急：橙,an emergency: orange,示例（分色标准未公布）\n"),
        names="colour",
    ),
    fault(
        "yinjiang/urgent-left-out-of-red",
        "gap",
        "ruling/unambiguous",
        line(_COLOUR, "C01,critical,urgent|emergency,", "C01,critical,emergency,"),
        names="colour",
    ),
    fault(
        "yinjiang/disputes-in-two-rules",
        "contradiction",
        "ruling/unambiguous",
        line(_ROUTE, "R01,3,security|", "R01,3,disputes|security|"),
        names="route/R0",
    ),
    fault(
        "yinjiang/yellow-twice",
        "dead rule",
        "ruling/unambiguous",
        line(_COLOUR, "C08,general,", "C09,important,normal,yellow,再写一遍,once more,示例\nC08,general,"),
        names="colour/C0",
    ),
    fault(
        "yinjiang/importance-of-any-kind",
        "no domain",
        "ruling/unambiguous",
        line(_COLOUR, "取值,general/一般|important/重要|critical/特别重要；默认 general,,,,,", "取值,,,,,,"),
    ),
    fault(
        "yinjiang/appraisers-disbanded",
        "unknown unit",
        REFUSED,
        line("units.csv", "520625-pingyi,社区评议员队伍", "520625-pingyidui,社区评议员队伍"),
        names="R02",
    ),
    fault(
        "yinjiang/emergencies-in-blue",
        "emergency slower",
        "clock/monotone",
        line(_COLOUR, "C02,important,emergency,red,", "C02,important,emergency,blue,"),
        names="deadlines/D04",
    ),
    fault(
        "yinjiang/problems-nobody-may-claim",
        "unreachable",
        "lifecycle/sound",
        code('            Move("claim", (PROBLEMS,), SERVICES),\n', "", "lifecycles.py"),
        names="governflow_lifecycles",
    ),
    fault(
        "yinjiang/claimed-and-returned-at-once",
        "two ways",
        "lifecycle/sound",
        code(
            '            Move("claim", (PROBLEMS,), SERVICES),\n',
            '            Move("claim", (PROBLEMS,), SERVICES),\n            Move("claim", (PROBLEMS,), "handling"),\n',
            "lifecycles.py",
        ),
        names="governflow_lifecycles",
    ),
    fault(
        "yinjiang/mediation-put-on-the-shelf",
        "trap",
        "lifecycle/sound",
        code(
            "    steps = tuple(_MEDIATED)\n",
            '    steps = tuple(_MEDIATED)\n    shelf = {"shelved": Text("shelved", "搁置")}\n',
            "lifecycles.py",
        ),
        code("        states=_MEDIATED,\n", "        states={**_MEDIATED, **shelf},\n", "lifecycles.py"),
        code(
            '            Move("resolve", (steps[-1],), "resolved"),\n',
            '            Move("resolve", (steps[-1],), "resolved"),\n'
            '            Move("discuss", steps[1:2], "shelved"),\n',
            "lifecycles.py",
        ),
        names="governflow_lifecycles",
    ),
    fault(
        "yinjiang/review-never-stops",
        "no end",
        "clock/positive",
        code('frozenset({"review", "decline", "resolve"})', 'frozenset({"reviewed"})', "deadlines.py"),
        names="lists/quarter",
    ),
    fault(
        "yinjiang/quarter-ends-today",
        "zero",
        "ruling/total",
        code("    if day == last:\n        last = last_day_of_quarter(day + timedelta(days=1))\n", "", "deadlines.py"),
        names="governflow_deadlines",
    ),
    fault(
        "yinjiang/no-time-at-all",
        "zero",
        "ruling/unambiguous",
        line("tables/deadlines.csv", "D01,red,5分钟,", "D01,red,0分钟,"),
    ),
    fault(
        "yinjiang/jointly-for-ever",
        "circle",
        "escalation/climbs",
        code("if case.lifecycle == THREE_LISTS and case.form is None:", "if case.lifecycle == THREE_LISTS:"),
        names="lists/joint",
    ),
    fault(
        "yinjiang/coordinator-misspelt",
        "nowhere",
        "escalation/climbs",
        code('COORDINATOR = f"{CODE}-shegong"', 'COORDINATOR = f"{CODE}-shegongbu"'),
    ),
    fault(
        "yinjiang/quarter-by-the-wall-clock",
        "machine's clock",
        "ruling/pure",
        code(
            "    since = known.started if known is not None and known.stopped is None else context.at\n",
            "    since = known.started if known is not None and known.stopped is None else datetime.now(UTC)\n",
            "deadlines.py",
        ),
        code(
            "from datetime import date, datetime, timedelta\n",
            "from datetime import UTC, date, datetime, timedelta\n",
            "deadlines.py",
        ),
        names="lists/quarter",
    ),
    fault(
        "yinjiang/a-number-for-each-ruling",
        "chance",
        "ruling/pure",
        code('"route/no-community")', 'f"route/{uuid4()}")'),
        code("@cache\ndef _to_town(", "def _to_town("),
        code("from governflow.plugin import", "from uuid import uuid4\n\nfrom governflow.plugin import"),
    ),
    fault(
        "yinjiang/tally-in-a-file",
        "own file",
        "ruling/pure",
        tier(
            "seen = TALLY.read_text().splitlines() if TALLY.exists() else []\n"
            'TALLY.write_text("\\n".join([*seen[-999:], case.item]))\n'
            "if seen.count(case.item) > 2:\n    return Tier.TWO",
            'from pathlib import Path\n\nTALLY = Path(__file__).with_name("tally.txt")',
        ),
        names="governflow_tier",
    ),
    fault(
        "yinjiang/mediation-of-noise-half-done",
        "one item",
        "ruling/total",
        code(
            "    return MEDIATION_DEADLINES if case.lifecycle == MEDIATION else None\n",
            '    if case.item == "噪音扰民":\n        return MEDIATION_DEADLINES.clocks\n'
            "    return MEDIATION_DEADLINES if case.lifecycle == MEDIATION else None\n",
        ),
        names="governflow_deadlines",
    ),
    fault(
        "yinjiang/listed-with-the-leaders",
        "channel",
        "ruling/impartial",
        more(
            """
from governflow.policy.hookspecs import Assessment
from governflow.model.terms import Urgency


@hookimpl
def governflow_assess(case):
    if case.channel.startswith("书记"):
        return Ruling(Assessment(case.severity, Urgency.URGENT), "the secretary's mailbox", "assess/mailbox")
    return None
"""
        ),
        names="assess/mailbox",
    ),
    fault(
        "yinjiang/services-closed-by-the-department",
        "answer skipped",
        "case/answered",
        code(
            '            Move("resolve", (NEEDS, SERVICES), "resolved"),\n',
            '            Move("resolve", (NEEDS, SERVICES), "resolved"),\n'
            '            Move("close", (SERVICES,), "closed"),\n',
            "lifecycles.py",
        ),
        names="close",
    ),
    fault(
        "yinjiang/closed-without-a-verdict",
        "no evaluation",
        "case/answered",
        code(
            _DERIVED,
            '        add=[Move("arrive", ("handling",), "on_site"), Move("close", ("answered",), "closed")],\n',
            "lifecycles.py",
        ),
        names="close",
    ),
    fault(
        "yinjiang/waiting-without-a-date",
        "undated suspension",
        "lifecycle/sound",
        code(
            _DERIVED,
            '        actions=[Action("wait", "waited", Text("wait", "等待"))],\n'
            "        add=[\n"
            '            Move("arrive", ("handling",), "on_site"),\n'
            '            Move("wait", ("handling",), "suspended"),\n'
            "        ],\n",
            "lifecycles.py",
        ),
        names="governflow_lifecycles",
    ),
    fault(
        "yinjiang/place-tidied-in-the-case",
        "mutation",
        "replay/same",
        code(
            "    units = context.units\n    if case.tier in (Tier.ONE, Tier.TWO)",
            "    units = context.units\n"
            '    object.__setattr__(case, "place", case.place.replace("印江县", "") or "县城")\n'
            "    if case.tier in (Tier.ONE, Tier.TWO)",
        ),
    ),
    fault(
        "yinjiang/colour-written-into-the-facts",
        "mutation",
        "ruling/total",
        tier('if case.urgency is Urgency.EMERGENCY:\n    case.facts["colour"] = "red"'),
        names="governflow_tier",
    ),
    fault(
        "yinjiang/days-of-rest-for-the-law",
        "looser than the statute",
        "locality/stricter",
        code(
            "    return WorkingCalendar.always(context.zone) if clock == REVIEW else None\n",
            '    days = {day: [("09:00", "17:00")] for day in ("tue", "thu")}\n'
            '    if clock == "whole":\n        return WorkingCalendar(tz=context.zone, weekly=days)\n'
            "    return WorkingCalendar.always(context.zone) if clock == REVIEW else None\n",
        ),
        names="520625",
    ),
    fault(
        "yinjiang/promise-that-nobody-can-read",
        "example",
        "ruling/examples",
        more(
            """
from governflow.policy.hookspecs import Example


@hookimpl
def governflow_examples():
    return [Example({"item": "占道经营", "importance": "huge"}, {"colour": "red"}, "示例")]
"""
        ),
        names="governflow_examples",
    ),
    fault(
        "yinjiang/desk-moved-on-the-way",
        "mutation",
        "ruling/pure",
        code(
            "    units = context.units\n    if case.tier in (Tier.ONE, Tier.TWO)",
            "    units = context.units\n"
            "    if case.tier is Tier.ONE and case.urgency is Urgency.EMERGENCY:\n"
            '        units.__dict__["intake"] = JOINT\n'
            "    if case.tier in (Tier.ONE, Tier.TWO)",
        ),
        code(
            "from governflow.plugin import",
            "from governflow.plugin import Urgency\nfrom governflow.plugin import",
        ),
    ),
)
