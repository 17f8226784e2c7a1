"""The same cases as Hypothesis draws them, from the values at which the rules may begin to answer differently."""

from typing import TYPE_CHECKING, Any

from governflow.charter.cases.dimensions import Dimensions
from governflow.model.terms import Mode, Severity, Urgency
from governflow.policy.stack import Policy

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def strategy(policy: Policy) -> "SearchStrategy[dict[str, Any]]":
    """Return a Hypothesis strategy of the same cases, for tests of your own.

    Args:
        policy: The rules of the locality: ``Localities().policy("371621")``.
    """
    from hypothesis import strategies as st  # only those who test need it

    dimensions = Dimensions.of(policy)
    facts = {name: st.sampled_from(values) for name, values in dimensions.facts.items()}
    return st.fixed_dictionaries(
        {},
        optional={
            "item": st.sampled_from(dimensions.items),
            "place": st.sampled_from(dimensions.places),
            "severity": st.sampled_from([one.value for one in Severity]),
            "urgency": st.sampled_from([one.value for one in Urgency]),
            "visit": st.booleans(),
            "asked": st.booleans(),
            "mode": st.sampled_from([one.value for one in Mode]),
            "channel": st.sampled_from(dimensions.channels),
            "informant": st.sampled_from(dimensions.informants),
            **({"lifecycle": st.sampled_from(dimensions.lifecycles)} if dimensions.lifecycles else {}),
            **({"facts": st.fixed_dictionaries({}, optional=facts)} if facts else {}),
        },
    )
