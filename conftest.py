"""The three tiers of tests: what each takes of the random search, and how long one test may run.

The markers `slow` and `long` say which tier a test belongs to (CONTRIBUTING.md has the command of each); a test without
one is fast. Property tests run in every tier and draw more examples in each.
"""

import gc

import pytest
from hypothesis import HealthCheck, settings

#: How long one test of a tier may take, in seconds; a fast one may take what pyproject.toml says.
_SECONDS = {"slow": 600, "long": 3600}

# On a loaded machine an example may take long: time is limited for a test, not for an example. What a newcomer runs
# draws the same examples each time, so that nobody is stopped by what somebody else has to mend.
for _profile, _examples in (("fast", 30), ("slow", 200), ("long", 2000)):
    settings.register_profile(
        _profile,
        max_examples=_examples,
        deadline=None,
        derandomize=_profile == "fast",
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("fast")  # another one: --hypothesis-profile


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a test of a later tier, or a property test that draws more, take longer than a fast one."""
    drawn = config.getoption("--hypothesis-profile", None)
    for item in items:
        tiers = {marker.name for marker in item.iter_markers()} & _SECONDS.keys()
        if item.get_closest_marker("hypothesis") is not None and drawn in _SECONDS:
            tiers.add(drawn)
        if tiers and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(max(_SECONDS[tier] for tier in tiers)))


def pytest_collection_finish() -> None:
    """Let Python look for cycles of dead objects less often.

    Nothing is frozen: Hypothesis asks the collector who refers to its own source of chance, and would find nobody.
    """
    gc.set_threshold(20_000, 20, 20)
