"""Xianlin Subdistrict: the four-step method, three levels of grids (仙林街道)."""

from planting import REFUSED

from faults.writing import code, fault, line, more, tier

_ROUTE, _DUE = "tables/route.csv", "tables/deadlines.csv"
_GRID = '    grid = context.units.at(case.place, "grid")\n'
_AGAIN = "    again = _DAY if context.at - case.special < _WEEK else _WEEK\n"
_FORBIDS = '{"everyday": base.derive("everyday", forbid=[("evaluated", "close")])}'

FAULTS = (
    fault(
        "xianlin/complex-matters-without-a-time",
        "rule deleted",
        "ruling/unambiguous",
        line(_DUE, "D2,复杂,15分钟,2小时,5天,复杂事项5天内处理,示例：街道未公布时限\n"),
        names="deadlines",
    ),
    fault(
        "xianlin/conference-for-major-matters-only",
        "gap",
        "ruling/unambiguous",
        line(_ROUTE, "R2,复杂|重大,", "R2,重大,"),
        names="route",
    ),
    fault(
        "xianlin/grid-and-conference",
        "overlap",
        "ruling/unambiguous",
        line(_ROUTE, "R1,一般,", "R1,一般|复杂,"),
        names="route/R",
    ),
    fault(
        "xianlin/office-renamed",
        "unknown unit",
        REFUSED,
        line(_ROUTE, "R2,复杂|重大,320113007,", "R2,复杂|重大,320113007-conference,"),
        names="R2",
    ),
    fault(
        "xianlin/revisit-that-nothing-stops",
        "no end",
        "clock/positive",
        code('    frozenset({"revisit"}),\n', '    frozenset({"revisited"}),\n'),
        names="four-steps/revisit",
    ),
    fault(
        "xianlin/warned-a-day-too-late",
        "late warning",
        "clock/positive",
        code(
            "_DEADLINES = Deadlines((_REVISIT,))\n",
            'object.__setattr__(_REVISIT, "warn_after", timedelta(days=8))\n_DEADLINES = Deadlines((_REVISIT,))\n',
        ),
    ),
    fault(
        "xianlin/evaluated-and-nobody-comes",
        "no clock",
        "case/attended",
        code("_DEADLINES = Deadlines((_REVISIT,))\n", '_DEADLINES = Deadlines(drop=("evaluate",))\n'),
        code(
            _FORBIDS,
            '{"everyday": base.derive("everyday", add=[Move("close", ("answered",), "closed")])}',
        ),
        code(
            "from governflow.plugin import",
            "from governflow.plugin import Move\nfrom governflow.plugin import",
        ),
    ),
    fault(
        "xianlin/never-closed",
        "unreachable",
        "lifecycle/sound",
        code('forbid=[("evaluated", "close")]', 'forbid=[("evaluated", "close"), ("evaluated", "revisit")]'),
        names="governflow_lifecycles",
    ),
    fault(
        "xianlin/settled-is-closed",
        "answer skipped",
        "case/answered",
        code(
            'forbid=[("evaluated", "close")]',
            'forbid=[("evaluated", "close")], add=[Move("revisit", ("resolved",), "closed")]',
        ),
        code(
            "from governflow.plugin import",
            "from governflow.plugin import Move\nfrom governflow.plugin import",
        ),
        names="revisit",
    ),
    fault(
        "xianlin/conference-after-conference",
        "circle",
        "escalation/climbs",
        code(
            "        if units.level(unit, None) > units.level(holder, case.form):",
            "        if units.level(unit, None) >= units.level(holder, case.form):",
            "ladder.py",
        ),
        names="ladder/",
    ),
    fault(
        "xianlin/leaders-hand-it-down",
        "downward",
        "escalation/climbs",
        code(
            "        if units.level(unit, None) > units.level(holder, case.form):",
            "        if unit != holder and case.special is None and breach.rung > 1:",
            "ladder.py",
        ),
    ),
    fault(
        "xianlin/district-by-another-code",
        "nowhere",
        "escalation/climbs",
        code('"320113007", "320113007-leaders", "320113"', '"320113007", "320113007-leaders", "320114"', "ladder.py"),
    ),
    fault(
        "xianlin/settled-cases-are-never-reported",
        "no top",
        "escalation/climbs",
        code(
            "    if case.special is None:", "    if case.special is None and case.state not in _SETTLED:", "ladder.py"
        ),
        code("context.at - case.special < _WEEK", "context.at - (case.special or context.at) < _WEEK", "ladder.py"),
        names="ladder/",
    ),
    fault(
        "xianlin/a-quarter-of-silence",
        "silent top",
        "escalation/ends",
        code(_AGAIN, _AGAIN.replace("else _WEEK", "else _WEEK * 13"), "ladder.py"),
        names="ladder/still",
    ),
    fault(
        "xianlin/top-says-it-once",
        "silent top",
        "escalation/ends",
        code(
            "    return Ruling(Escalation(Kind.URGE, holder, None, again), _STILL",
            "    return Ruling(Escalation(Kind.URGE, holder, None, None), _STILL",
            "ladder.py",
        ),
        names="ladder/still",
    ),
    fault(
        "xianlin/supervisor-above-the-grid",
        "at rung 3",
        "escalation/climbs",
        code("    if case.special is None:", "    inside[0]\n    if case.special is None:", "ladder.py"),
    ),
    fault(
        "xianlin/one-grid-of-many",
        "one village",
        "ruling/total",
        code(
            _GRID,
            _GRID + '    if grid is not None and grid.id.endswith("005-07"):\n'
            '        grid = context.units.units[f"{grid.id}a"]\n',
        ),
        names="governflow_route",
    ),
    fault(
        "xianlin/first-severity-of-a-place-stays",
        "coarse cache",
        "ruling/pure",
        code(
            "    if grid is None or case.severity is not Severity.GENERAL:\n        return None\n",
            "    if case.place in _KNOWN:\n        return _KNOWN[case.place]\n"
            "    if grid is None or case.severity is not Severity.GENERAL:\n        return None\n",
        ),
        code(
            '    return Ruling(Route(grid.id, Form.DIRECT, assist), _WITH_THE_GRID, "route/grid")\n',
            '    _KNOWN[case.place] = Ruling(Route(grid.id, Form.DIRECT, assist), _WITH_THE_GRID, "route/grid")\n'
            "    return _KNOWN[case.place]\n",
        ),
        code("_WITH_THE_GRID = Text(", "_KNOWN: dict[str, Ruling] = {}\n_WITH_THE_GRID = Text("),
        names="320113007",
    ),
    fault(
        "xianlin/flood-season",
        "machine's clock",
        "ruling/pure",
        tier(
            'if date.today().month in (6, 7, 8) and case.item == "积水内涝":\n    return Tier.TWO',
            "from datetime import date",
        ),
        names="tier/own",
    ),
    fault(
        "xianlin/seconds-since-the-start",
        "machine's clock",
        "ruling/pure",
        tier(
            "if perf_counter() - STARTED > 0.5:\n    return Tier.TWO",
            "from time import perf_counter\n\nSTARTED = perf_counter()",
        ),
        names="tier/own",
    ),
    fault(
        "xianlin/zone-of-the-machine",
        "environment",
        "ruling/pure",
        tier(
            'if os.environ.get("XIANLIN_ZONE", "Asia/Shanghai") != "Asia/Shanghai":\n    return Tier.TWO', "import os"
        ),
        names="governflow_tier",
    ),
    fault(
        "xianlin/kinds-of-informant",
        "informant",
        "ruling/impartial",
        tier(
            "if case.informant in {one.text.zh for one in INFORMANTS}:\n    return Tier.TWO",
            "from governflow_xianlin.data import INFORMANTS",
        ),
        names="tier/own",
    ),
    fault(
        "xianlin/came-down-from-above",
        "channel",
        "ruling/impartial",
        tier(
            "if any(word in case.channel for word in DESTINATIONS.values()):\n    return Tier.ONE",
            "from governflow_xianlin.zeros import DESTINATIONS",
        ),
        names="tier/own",
    ),
    fault(
        "xianlin/names-longer-than-the-form",
        "long text",
        "ruling/total",
        tier('if len(case.item) > 30:\n    raise ValueError("the form has 30 boxes")'),
        names="governflow_tier",
    ),
    fault(
        "xianlin/came-back-and-nobody-knows",
        "after a reopening",
        "ruling/total",
        more(
            """
@hookimpl
def governflow_assess(case, context):
    if case.reopened:
        return Ruling(("complex", case.urgency), "it came back", "assess/again")
    return None
"""
        ),
        names="governflow_assess",
    ),
    fault(
        "xianlin/limit-dropped",
        "looser than the statute",
        "locality/stricter",
        code("_DEADLINES = Deadlines((_REVISIT,))\n", '_DEADLINES = Deadlines((_REVISIT,), drop=("whole",))\n'),
        names="320113007",
    ),
    fault(
        "xianlin/everyday-holds-the-platform",
        "emergency slower",
        "clock/monotone",
        more(
            """
import attrs

from governflow.policy.builtin.default_clocks import DISPATCH

_SLOW = Deadlines((_REVISIT, attrs.evolve(DISPATCH, allowance=Allowance.parse("4h"), rule="own/dispatch")))


@hookimpl
def governflow_deadlines(case, context):
    return _SLOW if context.mode.value == "emergency" else _DEADLINES
"""
        ),
        names="own/dispatch",
    ),
    fault(
        "xianlin/more-time-for-long-files",
        "order of telling",
        "facts/any-order",
        more(
            """
import attrs

from governflow.policy.builtin.default_clocks import DISPATCH

_LONGER = Deadlines((_REVISIT, attrs.evolve(DISPATCH, allowance=Allowance.parse("4h"), rule="own/dispatch")))
_TOLD = {}


@hookimpl
def governflow_deadlines(case, context):
    _TOLD[case.id] = _TOLD.get(case.id, 0) + 1
    return _LONGER if _TOLD[case.id] % 3 == 0 else _DEADLINES
"""
        ),
        names="320113007",
    ),
    fault(
        "xianlin/file-kept-tidy",
        "mutation",
        "replay/same",
        more(
            """
@hookimpl
def governflow_recorded(event, case):
    case.__dict__["assist"] = tuple(sorted(case.assist))[:1]
"""
        ),
    ),
    fault(
        "xianlin/core-urges-less",
        "meddling",
        "locality/isolated",
        code(_GRID, "    DEADLINES[Severity.GENERAL] = DEADLINES[Severity.MAJOR]\n" + _GRID),
        code(
            "from governflow.plugin import",
            "from governflow.policy.builtin.default_clocks import DEADLINES\nfrom governflow.plugin import",
        ),
    ),
)
