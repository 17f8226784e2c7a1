"""Who may do what below the community (点对点授权使用): the chain reports, remarks, and settles what is easy.

The duties are those that the article gives: centre households and informants visit, gather, settle on the spot, report
and run errands; the branch secretary verifies and closes what is easily settled. Which of the twenty duties allows what
is not published: the sets below are our reading. From the community upwards the built-in rules decide.
"""

from collections.abc import Mapping

from governflow.plugin import Actor, Case, Context, Refused, Text, Tier, roles

_REPORTS = frozenset({"report", "note"})

#: What each link of the chain may do; whoever settles a case on the spot also answers.
MAY: Mapping[str, frozenset[str]] = {
    "informant": _REPORTS,
    "centre_household": _REPORTS | roles.ON_THE_SPOT,
    "branch": _REPORTS | roles.ON_THE_SPOT,
}

_HANDS_ON = Refused(
    Text(
        "below the community the chain reports, remarks and settles what is easy: hand it to the community",
        "信息员、中心户、党支部负责上报、备注和当场处置易解决事项：请报村社区办理",
    ),
    "access/chain",
)
_ELSEWHERE = Refused(
    Text(
        "only tier-3 cases of the own community are settled on the spot: hand it to the community",
        "只能当场处置本村社区的三级事项：请报村社区办理",
    ),
    "access/own_community",
)


def refusal(actor: Actor | None, action: str, case: Case, context: Context) -> Refused | None:
    """Refuse what a link below the community may not do.

    Args:
        actor: Who wants to.
        action: The action's name.
        case: The case before the action.
        context: What else is known; its org chart is looked at.

    Returns:
        The refusal; None where the layer below decides.
    """
    units = context.units
    unit = units.units.get(actor.unit) if actor is not None and actor.unit is not None else None
    if unit is None or unit.kind not in MAY:
        return None
    if action not in MAY[unit.kind]:
        return _HANDS_ON
    if action not in roles.ON_THE_SPOT:
        return None
    around = units.at(case.place, "community")
    own = around is not None and around.id in units.path(unit.id)
    return None if own and case.tier is Tier.THREE else _ELSEWHERE
