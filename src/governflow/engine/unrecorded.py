"""Which clocks of a case its source can measure (未记录的时限): one whose start or stop nobody records is not started.

A clock is measured by what fulfils it: the action that it is named after, where that is among its stops. To settle or
to decline a case ends whatever still runs; that measures only a clock that nothing else stops.
"""

from functools import lru_cache

import attrs

from governflow.model.case import Case
from governflow.model.clocks import ClockSpec
from governflow.model.source import Source
from governflow.policy.deadlines import Plan

#: What ends every clock that still runs, and so fulfils none of the others.
_ENDS_ALL = frozenset({"decline", "resolve"})
#: Triggers that are not the name of one action.
_SEVERAL = {"dispatch": ("dispatch", "transfer", "escalate"), "reopen": ("evaluate", "revisit")}
#: What starts clocks beside the actions: no journal could record it.
_BY_ITSELF = frozenset({"idle", "fault", "muster"})


@lru_cache(4096)
def measured(plan: Plan, source: Source, told: frozenset[str]) -> Plan:
    """Return the plan of which a source can measure every clock that it still starts.

    Args:
        plan: The clocks that the rules give.
        source: What is recorded.
        told: The steps that were told already, where the source tells each only once; they stop nothing any more.
    """
    specs: dict[str, ClockSpec] = {}
    for name, spec in plan.specs.items():
        if (begun := source.counted_from.get(name)) is not None:
            spec = attrs.evolve(spec, starts=frozenset({begun}))
        stops = fulfilling(spec) - told
        starts = frozenset(start for start in spec.starts if _tells(source, start, stops))
        specs[name] = attrs.evolve(spec, starts=starts) if starts != spec.starts else spec
    triggers = {trigger for spec in specs.values() for trigger in spec.starts}
    return Plan(
        specs,
        plan.rulings,
        {trigger: tuple(spec for spec in specs.values() if trigger in spec.starts) for trigger in triggers},
        plan.by_stop,
    )


def fulfilling(spec: ClockSpec) -> frozenset[str]:
    """Return the actions that fulfil a clock, among those that stop it."""
    if spec.name in spec.stops:
        return frozenset({spec.name})
    return spec.stops - _ENDS_ALL or spec.stops


def _tells(source: Source, trigger: str, stops: frozenset[str]) -> bool:
    return any(source.tells(action, stops) for action in _actions(trigger))


def _actions(trigger: str) -> tuple[str, ...]:
    action = trigger.partition(":")[0]
    return _SEVERAL.get(action, (action,))


@lru_cache(4096)
def unrecorded(plan: Plan, source: Source, *, visit: bool) -> tuple[str, ...]:
    """Return the clocks that the rules give a case and that its source never measures, whatever happens."""
    known = measured(plan, source, frozenset()).specs
    return tuple(
        name for name, spec in plan.specs.items() if _concerns(spec, source, visit=visit) and not known[name].starts
    )


def _concerns(spec: ClockSpec, source: Source, *, visit: bool) -> bool:
    """Return whether a clock would run in a case of this kind; a summons that nobody makes does not."""
    other = ":no_visit" if visit else ":visit"
    starts = {start for start in spec.starts if not start.endswith(other)} - _BY_ITSELF
    return bool(starts) and (starts != {"whistle"} or "whistle" in source.recorded)


def is_missing(case: Case, plan: Plan, source: Source, action: str) -> bool:
    """Return whether a clock would run now, had the source recorded what it does not: no other takes its place.

    Args:
        case: The case, with what the present step changes.
        plan: All clocks that the rules give it.
        source: What is recorded.
        action: What happens in the present step; empty if nobody does anything.
    """
    if source.once and case.reopened:
        return True
    order = {name: place for place, name in enumerate((*case.told, action), 1)}
    known = measured(plan, source, frozenset()).specs
    other = ":no_visit" if case.visit else ":visit"
    for name, spec in plan.specs.items():
        begins = [begun for start in spec.starts if not start.endswith(other) for begun in _actions(start)]
        started = max((order.get(begun, 0) for begun in begins), default=0)
        stopped = max((order.get(stop, 0) for stop in spec.stops), default=0)
        if started > stopped and known[name].starts != spec.starts:
            return True
    return False
