"""The everyday lifecycle, from which localities derive theirs (日常流程)."""

from governflow.model.lifecycle import SAME, START, Action, Lifecycle, Move
from governflow.text import Text

_IN_HAND = ("dispatched", "claimed", "on_site", "conferring", "handling")
_OPEN = ("reported", "accepted", *_IN_HAND, "suspended", "resolved", "answered", "evaluated")
_ENDS = ("closed", "declined", "merged", "withdrawn")

_STATES = {
    "reported": Text("reported", "已上报"),
    "accepted": Text("accepted", "已受理"),
    "dispatched": Text("dispatched", "已派单"),
    "claimed": Text("claimed", "已领单"),
    "on_site": Text("on site", "已到场"),
    "conferring": Text("conferring", "会商中"),
    "handling": Text("handling", "办理中"),
    "suspended": Text("suspended", "已挂起"),
    "resolved": Text("resolved", "已办结"),
    "answered": Text("answered", "已反馈"),
    "evaluated": Text("evaluated", "已评价"),
    "closed": Text("closed", "已归档"),
    "declined": Text("declined", "不予受理"),
    "merged": Text("merged", "已并案"),
    "withdrawn": Text("withdrawn", "已撤回"),
}

_ACTIONS = [
    Action("report", "reported", Text("report", "上报")),
    Action("accept", "accepted", Text("accept", "受理")),
    Action("decline", "declined", Text("decline", "不予受理")),
    Action("dispatch", "dispatched", Text("dispatch", "派单")),
    Action("return", "returned", Text("return", "退单")),
    Action("claim", "claimed", Text("claim", "领单")),
    Action("arrive", "arrived", Text("arrive", "到场")),
    Action("confer", "conferred", Text("confer", "会商")),
    Action("begin", "begun", Text("begin", "落实")),
    Action("suspend", "suspended", Text("suspend", "挂起")),
    Action("resume", "resumed", Text("resume", "恢复")),
    Action("transfer", "transferred", Text("transfer", "转办")),
    Action("escalate", "escalated", Text("escalate", "提级")),
    Action("whistle", "whistled", Text("whistle", "吹哨")),
    Action("check_in", "checked_in", Text("check in", "报到")),
    Action("resolve", "resolved", Text("resolve", "办结")),
    Action("answer", "answered", Text("answer", "反馈")),
    Action("evaluate", "evaluated", Text("evaluate", "评价")),
    Action("close", "closed", Text("close", "归档")),
    Action("revisit", "revisited", Text("revisit", "回头看")),
    Action("extend", "extended", Text("extend", "延期")),
    Action("reclassify", "reclassified", Text("reclassify", "重新定级")),
    Action("appeal", "appealed", Text("appeal", "超时申诉")),
    Action("rule", "ruled", Text("rule on an appeal", "申诉裁定")),
    Action("inform", "informed", Text("inform", "进度告知")),
    Action("urge", "urged", Text("urge", "催办")),
    Action("note", "noted", Text("note", "备注")),
    Action("merge", "merged", Text("merge", "并案")),
    Action("withdraw", "withdrawn", Text("withdraw", "撤回")),
]

_ROWS = [
    Move("report", (START,), "reported"),
    Move("accept", ("reported",), "accepted"),
    Move("decline", ("reported",), "declined"),
    Move("dispatch", ("reported", "accepted"), "dispatched"),
    Move("return", ("dispatched", "claimed"), "accepted", cycle=True),
    Move("claim", ("dispatched",), "claimed"),
    Move("arrive", ("dispatched", "claimed", "conferring"), "on_site"),
    Move("confer", ("dispatched", "claimed", "on_site", "handling"), "conferring"),
    Move("begin", ("dispatched", "claimed", "on_site", "conferring"), "handling"),
    Move("suspend", _IN_HAND, "suspended"),
    *(Move("resume", ("suspended",), state, guard=("origin", state)) for state in _IN_HAND),
    Move("transfer", _IN_HAND, "dispatched", cycle=True),
    Move("escalate", ("reported", "accepted", *_IN_HAND), "dispatched", cycle=True),
    Move("whistle", _IN_HAND, SAME),
    Move("check_in", _IN_HAND, SAME),
    Move("resolve", ("reported", *_IN_HAND), "resolved"),
    Move("answer", ("resolved",), "answered"),
    Move("evaluate", ("answered",), "evaluated", guard=("verdict", "satisfied")),
    Move("evaluate", ("answered",), "evaluated", guard=("verdict", "none")),
    Move("evaluate", ("answered",), "accepted", guard=("verdict", "unsatisfied"), cycle=True),
    Move("close", ("evaluated",), "closed"),
    Move("revisit", ("evaluated", "closed"), "closed", guard=("recurred", "no")),
    Move("revisit", ("evaluated", "closed"), "accepted", guard=("recurred", "yes"), cycle=True),
    Move("extend", _OPEN, SAME),
    Move("reclassify", _OPEN, SAME),
    Move("appeal", (*_OPEN, *_ENDS), SAME),
    Move("rule", (*_OPEN, *_ENDS), SAME),
    Move("inform", _OPEN, SAME),
    Move("urge", _OPEN, SAME),
    Move("note", _OPEN, SAME),
    Move("merge", _OPEN, "merged"),
    Move("withdraw", _OPEN, "withdrawn"),
]

#: The everyday lifecycle (日常流程).
BASE = Lifecycle.build("everyday", states=_STATES, ends=_ENDS, actions=_ACTIONS, rows=_ROWS)
