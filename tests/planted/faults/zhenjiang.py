"""Zhenjiang's development zone: three tiers, six forms (镇江经开区)."""

from planting import REFUSED

from faults.writing import code, fault, line, more, tier

_TIER, _ROUTE = "tables/tier.csv", "tables/route.csv"
_SPECIAL = "    return Ruling(Escalation(Kind.SPECIAL_REPORT, leader, None, cause.gap), _SPECIAL"
_CLIMBS = "    return climb(case, cause, context, _leading)\n"
_EARNED = "    return tuple(earned(event, case, context.units))\n"

FAULTS = (
    fault(
        "zhenjiang/unlisted-tier-one-deleted",
        "rule deleted",
        "ruling/unambiguous",
        line(
            _ROUTE,
            "R5,一级,未填,,321171-joint,,领办,tier 1 that the list does not name: the leading group says which "
            "department leads,清单外一级事项：由领导小组确定牵头部门,示例\n",
        ),
        names="route",
    ),
    fault(
        "zhenjiang/no-tier-before-dispatch",
        "gap",
        "ruling/unambiguous",
        line(_TIER, "T3,直办|未填,", "T3,直办,"),
        names="tier",
    ),
    fault(
        "zhenjiang/led-by-town-and-district",
        "overlap",
        "ruling/unambiguous",
        line(_TIER, "T2,核办|协办,", "T2,核办|协办|领办,"),
        names="tier/T2",
    ),
    fault(
        "zhenjiang/must-report-goes-to-two",
        "contradiction",
        "ruling/unambiguous",
        line(_ROUTE, "R3,二级,,否,", "R7,二级,,是,321171-joint,,联办,our own wish,必报事项联办,示例\nR3,二级,,否,"),
        names="route/R7",
    ),
    fault(
        "zhenjiang/domains-not-declared",
        "no domain",
        "ruling/unambiguous",
        line(_ROUTE, "取值,,综合执法|安全生产|社会治安|民生服务|生态环保,yes|no；默认 no,,,,,,", "取值,,,,,,,,"),
    ),
    fault(
        "zhenjiang/bureau-merged-away",
        "unknown unit",
        REFUSED,
        line("units.csv", "321171-science,科技信息化局", "321171-industry,科技信息化局"),
        names="企业安全隐患",
    ),
    fault(
        "zhenjiang/one-item-led-by-nobody",
        "unknown unit for one item",
        "ruling/total",
        more(
            """
from governflow.policy.hookspecs import Route
from governflow.model.terms import Form


@hookimpl
def governflow_route(case, context):
    if case.item == "异味扰民":
        return Ruling(Route("321171-air", Form.LEAD), "the air team leads", "route/air")
    return None
"""
        ),
        names="governflow_route",
    ),
    fault(
        "zhenjiang/weekend-urgency",
        "machine's clock",
        "ruling/pure",
        tier("if time.localtime(time.time()).tm_wday >= 5:\n    return Tier.TWO", "import time"),
        names="tier/own",
    ),
    fault(
        "zhenjiang/measured-by-the-stopwatch",
        "machine's clock",
        "ruling/pure",
        tier("if int(time.monotonic() * 1000) % 2:\n    return Tier.TWO", "import time"),
        names="tier/own",
    ),
    fault(
        "zhenjiang/drill-variable",
        "environment",
        "ruling/pure",
        tier('if os.environ.get("ZHENJIANG_DRILL"):\n    return Tier.ONE', "import os"),
        names="governflow_tier",
    ),
    fault(
        "zhenjiang/app-users-first",
        "channel",
        "ruling/impartial",
        tier('if case.channel in ("app", "小程序"):\n    return Tier.TWO'),
        names="tier/own",
    ),
    fault(
        "zhenjiang/informants-of-one-street",
        "informant",
        "ruling/impartial",
        tier('if case.informant is not None and case.informant.startswith("321171001"):\n    return Tier.TWO'),
        names="tier/own",
    ),
    fault(
        "zhenjiang/points-weigh",
        "merits",
        "ruling/impartial",
        code(
            _EARNED,
            "    given = tuple(earned(event, case, context.units))\n    _BOOK.extend(given)\n    return given\n",
        ),
        code("_HERE = files(__name__)\n", "_HERE = files(__name__)\n_BOOK = []\n"),
        tier("if len(_BOOK) > 2:\n    return Tier.TWO"),
        names="tier/own",
    ),
    fault(
        "zhenjiang/long-places",
        "long text",
        "ruling/total",
        tier('lines = ("short", "long")\nif lines[len(case.place) // 40] == "long":\n    return Tier.TWO'),
        names="governflow_tier",
    ),
    fault(
        "zhenjiang/towns-may-nothing",
        "one sort of actor",
        "ruling/total",
        code("if unit is None or unit.kind not in MAY:", "if unit is None:", "access.py"),
        names="governflow_authorise",
    ),
    fault(
        "zhenjiang/same-form-again",
        "circle",
        "escalation/climbs",
        code("return case.form.next if case.form else Form.DIRECT", "return case.form or Form.DIRECT", "ladder.py"),
        names="ladder/",
    ),
    fault(
        "zhenjiang/assisted-from-below",
        "downward",
        "escalation/climbs",
        code('Form.ASSIST: "town", ', 'Form.ASSIST: "community", ', "ladder.py"),
        code(
            "if unit is not None and chart.units[unit].level >= chart.level(case.unit, case.form):",
            "if unit is not None:",
            "ladder.py",
        ),
    ),
    fault(
        "zhenjiang/group-dissolved",
        "nowhere",
        "escalation/climbs",
        code('ZONE, GROUP = "321171", "321171-joint"', 'ZONE, GROUP = "321171", "321171-group"', "ladder.py"),
    ),
    fault(
        "zhenjiang/list-must-name-it",
        "at rung 3",
        "escalation/climbs",
        code('return (catalogue.item(item) or {}).get("lead")', 'return catalogue.item(item)["lead"]'),
    ),
    fault(
        "zhenjiang/reported-and-forgotten",
        "silent top",
        "escalation/ends",
        code(_SPECIAL, _SPECIAL.replace("cause.gap", "None"), "ladder.py"),
    ),
    fault(
        "zhenjiang/supervised-for-ever",
        "no top",
        "escalation/climbs",
        code(_SPECIAL, _SPECIAL.replace("SPECIAL_REPORT", "SUPERVISE"), "ladder.py"),
        names="ladder/special_report",
    ),
    fault(
        "zhenjiang/every-other-breach",
        "counter",
        "clock/splits",
        code(
            _CLIMBS,
            "    if next(_BREACHES) % 2:\n        return None\n" + _CLIMBS,
        ),
        code("_HERE = files(__name__)\n", "_HERE = files(__name__)\n_BREACHES = count()\n"),
        code("from functools import cache\n", "from functools import cache\nfrom itertools import count\n"),
    ),
    fault(
        "zhenjiang/unit-tidied-in-the-case",
        "mutation",
        "replay/same",
        code(_EARNED, '    object.__setattr__(case, "channel", case.channel.strip() or "网格")\n' + _EARNED),
    ),
    fault(
        "zhenjiang/let-off-long-ago",
        "waiver",
        "ruling/total",
        more(
            """
from governflow.plugin import Waiver


@hookimpl
def governflow_waivers():
    return [Waiver("ruling/total", Text("until the new chart is there", "待新架构启用"), "2024-12-31")]
"""
        ),
        names="governflow_waivers",
    ),
    fault(
        "zhenjiang/answered-within-a-year",
        "beyond the law",
        "clock/positive",
        more(
            """
import attrs

from governflow.calendars.allowances import Allowance
from governflow.policy.builtin.default_clocks import ANSWER
from governflow.policy.hookspecs import Deadlines

_LATE = Deadlines((attrs.evolve(ANSWER, allowance=Allowance.parse("90d"), rule="own/answer"),))


@hookimpl
def governflow_deadlines():
    return _LATE
"""
        ),
        names="own/answer",
    ),
    fault(
        "zhenjiang/closed-by-whoever-answers",
        "no evaluation",
        "case/answered",
        more(
            """
from governflow.model.lifecycle import Move


@hookimpl
def governflow_lifecycles(base):
    return {"everyday": base.derive("everyday", add=[Move("close", ("answered",), "closed")])}
"""
        ),
        names="close",
    ),
    fault(
        "zhenjiang/hook-that-wants-the-requester",
        "wrong hook",
        REFUSED,
        more("@hookimpl\ndef governflow_tier(case, requester):\n    return None"),
        names="requester",
    ),
)
