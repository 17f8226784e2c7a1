"""Songtao County: the whistle, six groups, the pool of the double check-in (松桃苗族自治县)."""

from planting import REFUSED

from faults.writing import code, fault, line, more, tier

_NET, _GROUP, _ROUTE = "tables/net.csv", "tables/group.csv", "tables/route.csv"
_TOWN = '    town = units.at(case.place, "town")\n    return None if town is None else _to_town(town.id)\n'
_RUNG = "    units, name = context.units, cause.clock.name\n"

#: A table of a newcomer's own: how many people a case is about.
_CROWD = """命中策略,唯一,,,,
规则,people/人数,crowd/规模,reason_zh,reason_en,依据
取值,0..；默认 1,,,,
P1,{},small,少数人,a few,示例
P2,{},large,多人,many,示例
"""

FAULTS = (
    fault(
        "songtao/settlements-without-a-street",
        "rule deleted",
        "ruling/unambiguous",
        line(
            _ROUTE,
            "R16,2,banqian,@town,520628-banqian,核办,街道核办，工作组指导,the street handles it under the group's "
            "guidance,按领域归口工作组\n",
        ),
        names="route",
    ),
    fault(
        "songtao/volunteering-in-no-net",
        "gap",
        "ruling/unambiguous",
        line(_NET, "N1,governance|volunteering,", "N1,governance,"),
        names="net",
    ),
    fault(
        "songtao/pool-and-community",
        "overlap",
        "ruling/unambiguous",
        line(_ROUTE, "R02,3,shuangbaodao,", "R02,3,shuangbaodao|fuwu,"),
        names="route/R0",
    ),
    fault(
        "songtao/governance-again",
        "dead rule",
        "ruling/unambiguous",
        line(_GROUP, "G2,social_forces,", "G0,governance,zhili,再写一遍,once more,示例\nG2,social_forces,"),
        names="group/G",
    ),
    fault(
        "songtao/severity-twice-with-other-times",
        "contradiction",
        "ruling/unambiguous",
        line(
            "tables/deadlines.csv", "D2,complex,", "D4,complex,4小时,1天,10天,2小时,复杂事项,complex,示例\nD2,complex,"
        ),
        names="deadlines/D",
    ),
    fault(
        "songtao/group-renamed",
        "unknown unit",
        REFUSED,
        line(_ROUTE, "R25,1,wuye,520628-wuye,", "R25,1,wuye,520628-property,"),
        names="R25",
    ),
    fault(
        "songtao/domain-of-groups-left-out",
        "no domain",
        "ruling/unambiguous",
        line(
            _ROUTE,
            "取值,,zhili/基层社会治理|shehui/社会力量参与|shuangbaodao/双报到|fuwu/城乡社区服务|wuye/物业行业治理|"
            "banqian/易地搬迁安置地；默认 zhili,,,,,,",
            "取值,,,,,,,,",
        ),
    ),
    fault(
        "songtao/claim-that-nothing-stops",
        "no end",
        "clock/positive",
        code('    frozenset({"claim", "arrive", "begin", "resolve"}),\n', '    frozenset({"claimed"}),\n'),
        names="pool/claim",
    ),
    fault(
        "songtao/two-years-to-arrive",
        "no end",
        "clock/positive",
        code(
            '    Text("arrive", "到场"),\n    Allowance.parse("1d"),',
            '    Text("arrive", "到场"),\n    Allowance.parse("800d"),',
        ),
        names="pool/arrive",
    ),
    fault(
        "songtao/desk-work-in-the-pool",
        "one item",
        "ruling/total",
        code(", False: Deadlines((_CLAIM,))}", "}"),
        names="governflow_deadlines",
    ),
    fault(
        "songtao/nobody-looks-for-a-team-again",
        "no top",
        "escalation/climbs",
        code(
            "Escalation(Kind.URGE, DOUBLE_CHECK_IN, None, timedelta(minutes=30))",
            "Escalation(Kind.URGE, DOUBLE_CHECK_IN, None, None)",
        ),
        names="pool/find-a-team",
    ),
    fault(
        "songtao/back-into-the-pool",
        "circle",
        "escalation/climbs",
        code("        return community.id, Form.DIRECT\n", "        return POOL, Form.DIRECT\n"),
        names="pool/",
    ),
    fault(
        "songtao/groups-hand-it-down",
        "downward",
        "escalation/climbs",
        code(
            _RUNG,
            _RUNG + "    if case.tier is Tier.ONE and cause.rung == 2 and case.form is Form.LEAD:\n"
            '        return _taken_over(case, cause, context, "group/down", _LATE)\n',
        ),
    ),
    fault(
        "songtao/fourth-rung-of-major-matters",
        "at rung 3",
        "escalation/climbs",
        code(
            _RUNG,
            _RUNG + "    if cause.rung == 3:\n"
            "        head = units.units[case.unit].head\n"
            '        return Ruling(Escalation(Kind.URGE, head, None, cause.gap), _LATE, "head")\n',
        ),
    ),
    fault(
        "songtao/every-hundredth-for-a-check",
        "counter",
        "ruling/pure",
        tier("if next(ASKED) % 100 == 0:\n    return Tier.TWO", "from itertools import count\n\nASKED = count(1)"),
    ),
    fault(
        "songtao/secret-lot",
        "chance",
        "ruling/pure",
        tier("if secrets.randbelow(2):\n    return Tier.TWO", "import secrets"),
    ),
    fault(
        "songtao/noise-of-the-machine",
        "chance",
        "ruling/pure",
        tier("if os.urandom(1)[0] > 127:\n    return Tier.TWO", "import os"),
    ),
    fault(
        "songtao/team-by-the-hash-of-the-place",
        "object hash",
        "ruling/pure",
        tier("if hash(case.place) % 2:\n    return Tier.TWO"),
    ),
    fault(
        "songtao/by-where-the-case-lies-in-memory",
        "object hash",
        "ruling/pure",
        tier("if id(case) // 64 % 2:\n    return Tier.TWO"),
    ),
    fault(
        "songtao/first-of-a-set",
        "set order",
        "ruling/pure",
        tier(
            'team = next(iter({"team01", "team02", "team03", "team04", "team05"}))\n'
            'if team in ("team01", "team02"):\n    return Tier.TWO'
        ),
    ),
    fault(
        "songtao/teams-with-points-first",
        "merits",
        "ruling/impartial",
        more(
            """
from governflow.policy.hookspecs import Merit, Ruling, hookimpl
from governflow.model.terms import Tier, Verdict

_LEDGER = {}


@hookimpl
def governflow_merits(event, case):
    if event.kind != "closed" or case.judged is not Verdict.SATISFIED:
        return ()
    _LEDGER[case.unit] = _LEDGER.get(case.unit, 0) + 5
    return (Merit(case.unit, "unit", 5, Text("settled", "办结"), "own/settled"),)


@hookimpl
def governflow_tier(case):
    return Ruling(Tier.TWO, Text("the busy ones", "积分单位优先"), "tier/own") if _LEDGER else None
"""
        ),
        names="tier/own",
    ),
    fault(
        "songtao/told-often-goes-up",
        "order of telling",
        "facts/any-order",
        tier("if next(TOLD) % 4 == 0:\n    return Tier.ONE", "from itertools import count\n\nTOLD = count(1)"),
        names="tier/own",
    ),
    fault(
        "songtao/whistles-from-the-app",
        "channel",
        "ruling/impartial",
        tier('if case.channel.endswith("随手拍") and case.item == "电梯故障":\n    return Tier.ONE'),
        names="tier/own",
    ),
    fault(
        "songtao/lifts-of-one-community",
        "item at a place",
        "ruling/total",
        tier('if case.item == "电梯故障" and case.place == "滨江社区":\n    return Tier.ONE if case.lift else None'),
        names="governflow_tier",
    ),
    fault(
        "songtao/urgent-questions-of-law",
        "urgent only",
        "ruling/total",
        tier('if case.urgency is Urgency.URGENT and case.item == "法律援助咨询":\n    return Tier("urgent")'),
        names="governflow_tier",
    ),
    fault(
        "songtao/patience-of-the-core",
        "meddling",
        "locality/isolated",
        more(
            """
from governflow import defaults
from governflow.model.terms import Severity

defaults._TIER_OF[Severity.GENERAL] = Tier.TWO
defaults._TIERED[Severity.GENERAL] = defaults._TIERED[Severity.COMPLEX]
"""
        ),
    ),
    fault(
        "songtao/petition-limit-doubled",
        "looser than the statute",
        "locality/stricter",
        code(
            "_CLAIM = ClockSpec(",
            '_WHOLE = attrs.evolve(WHOLE, allowance=Allowance.parse("120cd"), rule="own/whole")\n_CLAIM = ClockSpec(',
        ),
        code(
            "{True: Deadlines((_CLAIM, _ARRIVE)), False: Deadlines((_CLAIM,))}",
            "{True: Deadlines((_CLAIM, _ARRIVE, _WHOLE)), False: Deadlines((_CLAIM, _WHOLE))}",
        ),
        code(
            "from governflow.plugin import",
            "import attrs\nfrom governflow.policy.builtin.default_clocks import WHOLE\nfrom governflow.plugin import",
        ),
        names="520628",
    ),
    fault(
        "songtao/once-urged-never-again",
        "coarse cache",
        "clock/splits",
        code(
            _RUNG,
            _RUNG + "    if len(_URGED) % 5 == 4:\n        _URGED.clear()\n        return _FIND_A_TEAM\n"
            "    _URGED.append(case.id)\n",
        ),
        code("_VOLUNTEERS = frozenset", "_URGED: list[str] = []\n_VOLUNTEERS = frozenset"),
    ),
    fault(
        "songtao/thirty-people-nowhere",
        "gap",
        "ruling/unambiguous",
        line("tables/crowd.csv", "", _CROWD.format("<30", ">30")),
        names="crowd",
    ),
    fault(
        "songtao/thirty-people-twice",
        "overlap",
        "ruling/unambiguous",
        line("tables/crowd.csv", "", _CROWD.format("<=30", ">=30")),
        names="crowd/P",
    ),
    fault(
        "songtao/exactly-fifty-people",
        "one number",
        "ruling/total",
        line("tables/crowd.csv", "", _CROWD.format("<30", ">=30")),
        tier('halls = {50: "town hall"}\nif case.facts.get("people", 0) == 50:\n    return Tier(halls[50])'),
        names="governflow_tier",
    ),
    fault(
        "songtao/hook-misspelt",
        "wrong hook",
        REFUSED,
        more("@hookimpl\ndef governflow_teir(case):\n    return None"),
        names="governflow_teir",
    ),
)
