"""Every name by which an action may be called in a locality (动作名称)."""

import re
from collections.abc import Mapping

from governflow.model.headings import ACTIONS
from governflow.policy.stack import Policy

#: What stands between two local names of one action.
_EITHER = re.compile(r"\s*[·/／]\s*")


def actions_of(policy: Policy) -> Mapping[str, str]:
    """Return every name that an action has in a locality: ours in both languages, and its own.

    Args:
        policy: The locality's policy.

    Returns:
        Each name to the canonical one.
    """
    names = dict(ACTIONS)
    actions = [action for lifecycle in policy.lifecycles.values() for action in lifecycle.actions.values()]
    for action in actions:
        text = policy.name(action.name)
        names |= dict.fromkeys((action.name, action.text.zh, text.zh, text.en), action.name)
    for action in actions:
        for word in _EITHER.split(policy.name(action.name).zh):  # 评价·群众评单: either word will do
            names.setdefault(word, action.name)
    return names
