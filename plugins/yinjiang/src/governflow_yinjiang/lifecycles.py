"""Yinjiang's lifecycles: conferring on site, the three lists and mediation (流程).

*Everyday*: the big working committee of a street confers where the problem is (街道“大工委”现场办公): whoever confers
has arrived before.

*Three lists* (三张清单): what people need goes on a needs list; the quarterly review makes it a problem of the problems
list, or declines it with a reason; a department claims it from there, which puts it on the services list; then it is
solved as any other case. What was reopened does not wait for another quarter: it is dispatched.

*Mediation* (两议两评两公开): two discussions, two appraisals, two publications, each a step that nobody skips. What
exactly these six acts are is not published: their order and names here are an illustration.
"""

from collections.abc import Iterator, Mapping

from governflow.plugin import SAME, Action, Lifecycle, Move, Text

THREE_LISTS = "three_lists"
MEDIATION = "mediation"

NEEDS, PROBLEMS, SERVICES = "needs_list", "problems_list", "services_list"

_LISTS = {
    NEEDS: Text("on the needs list", "需求清单"),
    PROBLEMS: Text("on the problems list", "问题清单"),
    SERVICES: Text("on the services list", "服务清单"),
}
_REVIEW = Action("review", "reviewed", Text("quarterly review", "季度梳理"))

#: The six acts in their order: the action, and the state after it.
ACTS = (
    ("discuss", "discussed_once"),
    ("discuss", "discussed_twice"),
    ("appraise", "appraised_once"),
    ("appraise", "appraised_twice"),
    ("publish", "published_once"),
    ("publish", "published_twice"),
)
_MEDIATED = {
    "discussed_once": Text("discussed once", "已一议"),
    "discussed_twice": Text("discussed twice", "已两议"),
    "appraised_once": Text("appraised once", "已一评"),
    "appraised_twice": Text("appraised twice", "已两评"),
    "published_once": Text("published once", "已一公开"),
    "published_twice": Text("published twice", "已两公开"),
}
_MEDIATING = (
    Action("discuss", "discussed", Text("discuss", "议事")),
    Action("appraise", "appraised", Text("appraise", "评议")),
    Action("publish", "published", Text("publish", "公开")),
)

_IN_HAND = ("dispatched", "claimed", "on_site", "conferring", "handling")
#: What may be said about an open case in any state.
_REMARKS = ("extend", "reclassify", "appeal", "rule", "inform", "urge", "note")


def lifecycles(base: Lifecycle) -> Mapping[str, Lifecycle]:
    """Derive Yinjiang's lifecycles.

    Args:
        base: The everyday lifecycle of the layer below.

    Returns:
        ``everyday``, ``three_lists`` and ``mediation``.
    """
    everyday = base.derive(
        base.name,
        add=[Move("arrive", ("handling",), "on_site")],
        forbid=[(state, "confer") for state in ("dispatched", "claimed", "handling")],
    )
    return {base.name: everyday, THREE_LISTS: _three_lists(everyday), MEDIATION: _mediation(everyday)}


def _three_lists(everyday: Lifecycle) -> Lifecycle:
    listed = tuple(_LISTS)
    return everyday.derive(
        THREE_LISTS,
        states=_LISTS,
        actions=[_REVIEW],
        forbid=[("reported", "accept"), ("reported", "dispatch")],
        add=[
            Move("accept", ("reported",), NEEDS),
            Move("review", (NEEDS,), PROBLEMS),
            Move("decline", (NEEDS,), "declined"),
            Move("claim", (PROBLEMS,), SERVICES),
            Move("return", (SERVICES,), PROBLEMS, cycle=True),
            Move("arrive", (SERVICES,), "on_site"),
            Move("begin", (SERVICES,), "handling"),
            Move("resolve", (NEEDS, SERVICES), "resolved"),
            Move("escalate", listed, "dispatched", cycle=True),
            *_in_hand((SERVICES,)),
            *_open(listed),
        ],
    )


def _mediation(everyday: Lifecycle) -> Lifecycle:
    before = (_IN_HAND, *((state,) for _, state in ACTS))
    steps = tuple(_MEDIATED)
    return everyday.derive(
        MEDIATION,
        states=_MEDIATED,
        actions=_MEDIATING,
        forbid=[(state, "resolve") for state in ("reported", *_IN_HAND)],
        add=[
            *(Move(action, sources, after) for sources, (action, after) in zip(before, ACTS, strict=False)),
            Move("resolve", (steps[-1],), "resolved"),
            Move("escalate", steps, "dispatched", cycle=True),
            *_in_hand(steps),
            *_open(steps),
        ],
    )


def _in_hand(states: tuple[str, ...]) -> Iterator[Move]:
    """Give what every state allows in which somebody works on the case."""
    yield Move("suspend", states, "suspended")
    for state in states:
        yield Move("resume", ("suspended",), state, guard=("origin", state))
    yield Move("transfer", states, "dispatched", cycle=True)
    yield Move("whistle", states, SAME)
    yield Move("check_in", states, SAME)


def _open(states: tuple[str, ...]) -> Iterator[Move]:
    """Give what every state of an open case allows."""
    for remark in _REMARKS:
        yield Move(remark, states, SAME)
    yield Move("merge", states, "merged")
    yield Move("withdraw", states, "withdrawn")
