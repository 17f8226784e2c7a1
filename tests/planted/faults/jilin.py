"""Jilin City and its districts: six steps, four nets, five teams (吉林市及所辖区县)."""

from planting import REFUSED

from faults.writing import code, fault, line, more, tier

_TEAM, _NET, _DUE = "tables/team.csv", "tables/net.csv", "tables/deadlines.csv"
_ROUTES = "    units = context.units\n    team = str("
_NO_REST = "from collections.abc import Mapping\n"

FAULTS = (
    fault(
        "jilin/what-no-list-knows-has-no-net",
        "rule deleted",
        "ruling/unambiguous",
        line(
            _NET,
            "N5,未填,民生网,what the catalogue does not name is caught by the livelihood net,"
            "清单未列事项由民生网兜底,示例：网中不得有漏网之鱼\n",
        ),
        names="net",
    ),
    fault(
        "jilin/everything-else-for-one-net-only",
        "gap",
        "ruling/unambiguous",
        line(_TEAM, "T6,,,网格员,", "T6,,民生网,网格员,"),
        names="team",
    ),
    fault(
        "jilin/pressing-twice",
        "overlap",
        "ruling/unambiguous",
        line(_DUE, "D1,一般,普通、紧急,", "D1,一般,普通、紧急、特急,"),
        names="deadlines/D",
    ),
    fault(
        "jilin/supervised-at-every-rung",
        "dead rule",
        "ruling/unambiguous",
        line("tables/escalate.csv", "E1,1,督办,", "E1,,督办,"),
        names="escalate/E2",
    ),
    fault(
        "jilin/supervised-from-the-first-rung-on",
        "no top",
        "escalation/climbs",
        line("tables/escalate.csv", "E1,1,督办,", "E1,>=1,督办,"),
        names="escalate/E1",
    ),
    fault(
        "jilin/liaison-office-closed",
        "unknown unit for one item",
        "ruling/total",
        line("chuanying/tables/liaison.csv", "220204-employment,", "220204-labour,"),
        code="220204",
        names="governflow_route",
    ),
    fault(
        "jilin/team-of-a-street-that-is-not-there",
        "unknown unit",
        REFUSED,
        line("fengman/tables/route.csv", "220211004-enforcement,核办", "220211006-enforcement,核办"),
        code="220211",
        names="F4",
    ),
    fault(
        "jilin/zones-are-no-street",
        "one village",
        "ruling/total",
        code(
            "    street = (town.id,) if town is not None else ()\n",
            "    street = (town.id,) if town is not None else ()\n"
            '    if town is not None and {"道": 1, "镇": 2, "乡": 2}[town.text.zh[-1]] == 3:\n'
            "        street = ()\n",
        ),
        names="governflow_route",
    ),
    fault(
        "jilin/no-conferring-time-for-emergencies",
        "urgent only",
        "ruling/total",
        code(', Urgency.EMERGENCY: "4h"}', "}"),
        names="governflow_deadlines",
    ),
    fault(
        "jilin/emergencies-wait-for-working-days",
        "emergency slower",
        "clock/monotone",
        line(_DUE, "D4,,特急,30分钟,1小时,1小时,1天,4小时,", "D4,,特急,30分钟,1小时,1小时,8工作日,4小时,"),
        names="deadlines/D4",
    ),
    fault(
        "jilin/emergencies-confer-later",
        "emergency slower",
        "clock/monotone",
        code('Urgency.EMERGENCY: "4h"', 'Urgency.EMERGENCY: "30d"'),
        names="jilin/confer",
    ),
    fault(
        "jilin/conferring-never-counts",
        "no end",
        "clock/positive",
        code('        frozenset({"confer"}),\n', '        frozenset({"conferred"}),\n'),
        names="jilin/confer",
    ),
    fault(
        "jilin/office-is-never-open",
        "no end",
        "clock/positive",
        code(
            "    return WorkingCalendar.china()\n",
            '    return WorkingCalendar(tz="Asia/Shanghai", weekly={})\n',
        ),
    ),
    fault(
        "jilin/assisting-in-any-order",
        "set order",
        "ruling/pure",
        code(
            '(f"{town.id}-{team}", town.id))',
            'tuple({f"{town.id}-{team}", town.id, f"{county}-enforcement", f"{town.id}-grid"}))',
        ),
    ),
    fault(
        "jilin/first-answer-stays",
        "coarse cache",
        "ruling/pure",
        code(
            "    return _deadlines(case.severity, case.urgency)\n",
            "    return _KNOWN.setdefault(case.severity, _deadlines(case.severity, case.urgency))\n",
        ),
        code("_FORM_OF = {", "_KNOWN: dict[Severity, Deadlines] = {}\n_FORM_OF = {"),
    ),
    fault(
        "jilin/by-turns",
        "counter",
        "ruling/pure",
        code(_ROUTES, "    turn = next(_TURNS)\n" + _ROUTES),
        code('f"jilin/route/{team}"', 'f"jilin/route/{team}" if turn % 2 else "jilin/route/turn"'),
        code(_NO_REST, _NO_REST + "from itertools import count\n"),
        code("_FORM_OF = {", "_TURNS = count()\n_FORM_OF = {"),
        names="jilin/route",
    ),
    fault(
        "jilin/hotline-numbers-first",
        "channel",
        "ruling/impartial",
        tier('if "12345" in case.channel:\n    return Tier.TWO'),
        names="tier/own",
    ),
    fault(
        "jilin/party-branch-reports-first",
        "informant",
        "ruling/impartial",
        tier("if case.informant:\n    return Tier.TWO"),
        names="tier/own",
    ),
    fault(
        "jilin/nobody-can-confer",
        "unreachable",
        "lifecycle/sound",
        code(
            'forbid=[*skipping, ("conferring", "arrive")]',
            'forbid=[*skipping, ("conferring", "arrive"), *((state, "confer") for state in (*_BEFORE, "handling"))]',
            "six_steps.py",
        ),
        names="governflow_lifecycles",
    ),
    fault(
        "jilin/two-ways-to-the-place",
        "two ways",
        "lifecycle/sound",
        code('forbid=[*skipping, ("conferring", "arrive")]', "forbid=skipping", "six_steps.py"),
        names="governflow_lifecycles",
    ),
    fault(
        "jilin/council-files-it-away",
        "answer skipped",
        "case/answered",
        code(
            'add=[Move("confer", ("conferring",), SAME)]',
            'add=[Move("confer", ("conferring",), SAME), Move("close", ("conferring",), "closed")]',
            "changyi/__init__.py",
        ),
        code="220202",
        names="close",
    ),
    fault(
        "jilin/council-drops-the-petition-limit",
        "looser than the statute",
        "locality/stricter",
        code('drop=("resolve", "answer"),', 'drop=("resolve", "answer", "whole"),', "changyi/__init__.py"),
        code="220202",
        names="220202",
    ),
    fault(
        "jilin/limit-counted-on-a-calendar-of-rest",
        "looser than the statute",
        "locality/stricter",
        code(
            "    return WorkingCalendar.china()\n",
            "    return WorkingCalendar(\n"
            '        tz="Asia/Shanghai",\n'
            '        weekly={day: [("08:00", "17:00")] for day in ("mon", "tue")},\n    )\n',
        ),
        names="220200",
    ),
    fault(
        "jilin/county-speeds-its-city-up",
        "meddling",
        "locality/isolated",
        code(
            '    return _ONLINE if case.lifecycle == "online" else None\n',
            "    governflow_jilin._FORM_OF[Tier.THREE] = Form.VERIFY\n"
            '    return _ONLINE if case.lifecycle == "online" else None\n',
            "yongji/__init__.py",
        ),
        code(
            "from governflow_jilin.chart import ZONE, chart\n",
            "import governflow_jilin\nfrom governflow.model.terms import Form, Tier\n"
            "from governflow_jilin.chart import ZONE, chart\n",
            "yongji/__init__.py",
        ),
        code="220221",
    ),
    fault(
        "jilin/online-without-any-clock",
        "no clock",
        "case/attended",
        code('drop=("confer",)', 'drop=("confer", "evaluate")', "yongji/__init__.py"),
        code(
            '            Move("begin", ("dispatched", "claimed"), "handling"),\n',
            '            Move("begin", ("dispatched", "claimed"), "handling"),\n'
            '            Move("close", ("answered",), "closed"),\n',
            "yongji/__init__.py",
        ),
        code="220221",
    ),
    fault(
        "jilin/let-off-without-end",
        "waiver",
        "clock/monotone",
        more(
            """
from governflow.plugin import Waiver


@hookimpl
def governflow_waivers():
    return [Waiver("clock/monotone", Text("the calendar is new", "日历刚启用"), "until further notice")]
"""
        ),
        names="governflow_waivers",
    ),
    fault(
        "jilin/promise-that-is-not-kept",
        "example",
        "ruling/examples",
        more(
            """
from governflow.policy.hookspecs import Example


@hookimpl
def governflow_examples():
    return [Example({"item": "占道经营"}, {"clock:resolve": "1d"}, "示例")]
"""
        ),
    ),
    fault(
        "jilin/hook-without-its-mark",
        "wrong hook",
        REFUSED,
        code("@hookimpl\ndef governflow_deadlines(case: Case)", "def governflow_deadlines(case: Case)"),
        names="governflow_deadlines",
    ),
)
