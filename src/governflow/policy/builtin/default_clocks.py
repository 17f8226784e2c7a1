"""How long a case may take by default: the "54321" promise, the answer, the evaluation, and 60 days for the whole.

"54321" is the response promise of Huimin County, Shandong (惠民县): dispatched within 5 minutes, on site within 40, a
general problem solved within 30 minutes, a complex one within 2 days, a major one within 1 week. Two readings are
ours: the time to solve counts from arrival on site (from dispatch, 30 minutes would be over before the permitted
arrival), and days are 24 hours. The outer limit of 60 days is that of the petition regulation (信访工作条例, 2022,
art. 34).
"""

from collections.abc import Mapping

import attrs

from governflow.calendars.allowances import Allowance
from governflow.model.clocks import DUTY, LAPSES, PAUSES, SURVIVES_TRANSFER
from governflow.model.own_clocks import ATTEND, CHECK_IN, MUSTER, TRIAGE, Runs, specified
from governflow.model.terms import Severity
from governflow.policy.hookspecs import Deadlines
from governflow.text import Text

_RUNS: Mapping[str, Runs] = {
    "dispatch": (Text("dispatch", "派单"), "5min", "report return reopen", "dispatch decline resolve", ()),
    "arrive": (Text("arrive", "到场"), "40min", "dispatch:visit", "arrive begin resolve", (PAUSES,)),
    "resolve": (Text("resolve", "办结"), "30min", "arrive begin dispatch:no_visit", "resolve", (PAUSES,)),
    "answer": (Text("answer", "反馈"), "1d", "resolve", "answer", (DUTY,)),
    "evaluate": (Text("evaluate", "评价"), "3d", "answer", "evaluate", (LAPSES,)),
    "whole": (Text("whole case", "全程"), "60cd", "report reopen", "answer", (SURVIVES_TRANSFER, DUTY)),
}
_WHY = {
    "dispatch": ("54321/dispatch", Text("dispatched to a person within 5 minutes", "5分钟内派单到人")),
    "arrive": ("54321/arrive", Text("on site within 40 minutes", "40分钟内到达现场")),
    "resolve": ("54321/resolve/general", Text("a general problem is solved within 30 minutes", "一般问题30分钟内解决")),
    "answer": ("default/answer", Text("whoever asked is answered within a day", "办结后1天内反馈")),
    "evaluate": ("default/evaluate", Text("whoever asked may judge the result for 3 days", "反馈后3天内可以评价")),
    "whole": (
        "petition-regulation/34",
        Text(
            "answered within 60 days whatever happens (petition regulation, art. 34)",
            "60日内办结（信访工作条例第34条）",
        ),
    ),
}
DISPATCH, ARRIVE, RESOLVE, ANSWER, EVALUATE, WHOLE = specified(_RUNS, _WHY)

_SOLVED = {
    Severity.COMPLEX: ("2d", Text("a complex problem is solved within 2 days", "复杂问题2天内解决")),
    Severity.MAJOR: ("1w", Text("a major problem is solved within 1 week", "重大问题1周内解决")),
}
_RESOLVE = {Severity.GENERAL: RESOLVE} | {
    severity: attrs.evolve(RESOLVE, allowance=Allowance.parse(span), rule=f"54321/resolve/{severity}", reason=reason)
    for severity, (span, reason) in _SOLVED.items()
}
#: The clocks of a case by its severity; only `resolve` differs.
DEADLINES = {
    severity: Deadlines((DISPATCH, ARRIVE, resolve, ANSWER, EVALUATE, CHECK_IN, MUSTER, TRIAGE, ATTEND, WHOLE))
    for severity, resolve in _RESOLVE.items()
}
