"""The six steps as a lifecycle (六步接办): 吹哨、报到、会商、落实、反馈、评价.

The same six steps have a second vocabulary online: 基层报单、平台接单、中心派单、部门领单、市委督单、群众评单. Both are
names for actions that every case has; what is Jilin's own is that nobody carries anything out before those concerned
have conferred.
"""

from governflow.plugin import Lifecycle, Move, Text

#: Where a case is before those concerned have conferred.
_BEFORE = ("dispatched", "claimed", "on_site")

#: The online names of the steps; the offline ones are the names that the actions have anyway.
ONLINE = {
    "report": Text("grassroots report", "基层报单"),
    "accept": Text("platform accepts", "平台接单"),
    "dispatch": Text("centre dispatches", "中心派单"),
    "claim": Text("department claims", "部门领单"),
    "urge": Text("city committee urges", "市委督单"),
    "evaluate": Text("residents evaluate", "评价·群众评单"),
}


def six_steps(base: Lifecycle) -> Lifecycle:
    """Make conferring a step that cannot be skipped.

    Args:
        base: The everyday lifecycle of the layer below.

    Returns:
        The everyday lifecycle of Jilin City: no way to carrying out or settling a case but through conferring. Whoever
        goes to the place after conferring is carrying it out, and need not confer again.
    """
    skipping = [("reported", "resolve"), *((state, action) for state in _BEFORE for action in ("begin", "resolve"))]
    return base.derive(
        base.name,
        forbid=[*skipping, ("conferring", "arrive")],
        add=[Move("arrive", ("conferring",), "handling")],
    )
