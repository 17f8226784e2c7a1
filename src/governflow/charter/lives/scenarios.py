"""Which scenarios are lived (走查): every way of every lifecycle, nobody acting, rules that fail, anything else.

At the level ``certify`` they are the same every time. At the level ``search`` Hypothesis draws them: see `searched`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from random import Random  # noqa: TID251 - seeded: the same seed makes the same lives
from typing import Any

import attrs

from governflow.charter.cases.reported import BEGIN, ReportedCase, written
from governflow.charter.cases.systematic import certified
from governflow.charter.lives.fault_injection import FAILING, MANNERS, twin
from governflow.charter.lives.paths import paths, ways
from governflow.charter.lives.simulation import (
    ADVANCE,
    DAY,
    FAIL,
    HOUR,
    MEND,
    MUSTER,
    OUTAGE,
    REASSESS,
    SWITCH,
    Scenario,
    ScenarioStep,
    SimulatedCase,
    Simulator,
    choices,
    done,
    first,
    idle,
    play,
)
from governflow.charter.subject import Subject
from governflow.errors import GovernflowError
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.lifecycle import Lifecycle
from governflow.model.terms import Mode
from governflow.policy.stack import Policy

#: How long nobody acts at the end of a life: longer than the law gives for the whole case.
_TAIL = 70 * DAY
#: From every state nobody acts for far longer in `ladders`: that a life has gone on is enough for most of them.
_SHORT_TAIL = 15 * DAY
_PAUSES = (0, 1, 3, 10, 45, 2 * HOUR, 10 * HOUR, DAY, 3 * DAY, 7 * DAY, 20 * DAY)
#: How many random lives each lifecycle gets at the level ``certify``, and how many sorts of cases are looked at.
_RANDOM, _SORTS = 30, 12
_PICKS = range(600)


def minutes(moment: str) -> int:
    """Return how many minutes after `BEGIN` it is some wall time in Shanghai."""
    return round((datetime.fromisoformat(f"{moment}+08:00") - BEGIN).total_seconds() / 60)


#: When lives begin that do not begin at once: at a weekend, out of hours, before and in long holidays, on a make-up
#: workday, on the last days of a quarter and of a year, on the day that most years do not have.
LATER = tuple(
    map(
        minutes,
        (
            "2026-03-06T17:40",
            "2026-03-07T03:00",
            "2026-03-31T23:50",
            "2026-05-01T10:00",
            "2026-06-30T09:00",
            "2026-09-20T09:00",
            "2026-09-30T18:00",
            "2026-10-03T11:00",
            "2026-10-10T09:00",
            "2026-12-31T23:59",
            "2027-01-01T00:30",
            "2028-02-29T12:00",
        ),
    )
)


# --- which lives ------------------------------------------------------------------------------------------------------


def lives(subject: Subject) -> Iterator[SimulatedCase]:
    """Return the lives of the level ``certify``: they are lived once for all the laws that look at them."""
    known, more = subject.once(_begun)
    yield from tuple(known)
    while not subject.late and (life := next(more, None)) is not None:
        known.append(life)
        yield life


def _begun(subject: Subject) -> tuple[list[SimulatedCase], Iterator[SimulatedCase]]:
    return [], _lived(subject)


def _lived(subject: Subject) -> Iterator[SimulatedCase]:
    if subject.only is not None:
        yield play(subject, Scenario.read(subject.only))
        return
    for scenario in planned(subject):
        yield play(subject, scenario)
    for told, seed in _seeds(subject):
        yield wander(subject, told, Random(f"{subject.code}/{seed}").choice)


def _seeds(subject: Subject) -> Iterator[tuple[ReportedCase, int]]:
    for cases_of in by_lifecycle(subject).values():
        yield from ((cases_of[number % len(cases_of)], number) for number in range(_RANDOM))


def pool(subject: Subject, sorts: int = _SORTS) -> list[tuple[ReportedCase, Case, Case]]:
    """Return one told case of each sort, as reported and as dispatched; a sort differs in lifecycle, route or clocks.

    Args:
        subject: The locality.
        sorts: How many of each lifecycle at most.
    """
    counted: dict[str, int] = {}
    found = []
    for told, reported, dispatched in subject.once(_sorted_out):
        counted[reported.lifecycle] = counted.get(reported.lifecycle, 0) + 1
        if counted[reported.lifecycle] <= sorts:
            found.append((told, reported, dispatched))
    return found


def _sorted_out(subject: Subject) -> list[tuple[ReportedCase, Case, Case]]:
    policy, seen, found = subject.policy, set[Any](), list[tuple[ReportedCase, Case, Case]]()
    for told in _and_lifecycles(subject):
        try:
            reported = first(subject, told)
            dispatched = _dispatched(subject, reported)
            place = policy.units.find(reported.place) if reported.place else None
        except Exception:  # noqa: BLE001 - what cannot even be reported is the matter of ruling/total
            continue
        holder = policy.units.units.get(dispatched.unit)
        plan = policy.plan(dispatched, policy.context(dispatched, dispatched.mode, BEGIN), [])
        clocks = frozenset((spec.name, spec.written) for spec in plan.specs.values())
        sort = (
            reported.lifecycle,
            reported.asked,
            reported.mode,
            dispatched.tier,
            dispatched.form,
            holder and (holder.kind, holder.level),
            place and place.kind,
            clocks,
        )
        if sort not in seen:
            seen.add(sort)
            found.append((told, reported, dispatched))
    return found


def _dispatched(subject: Subject, reported: Case) -> Case:
    """Return a case when it is first with somebody: where a lifecycle takes it in first, a few steps on."""
    policy = subject.policy
    steps = paths(policy.lifecycles[reported.lifecycle]).get(("dispatched", ""), ())
    return after_steps(policy, reported, steps) or reported


def after_steps(policy: Policy, case: Case, steps: Sequence[ScenarioStep]) -> Case | None:
    """Do steps without an engine, one at once after the other; None where the rules refuse one."""
    try:
        for step in steps:
            case = done(policy, case, step.do, BEGIN, step.pick)
    except GovernflowError:
        return None
    return case


def _and_lifecycles(subject: Subject) -> Iterator[ReportedCase]:
    """Return a plain case of every lifecycle first: one that no item names can be asked for by name."""
    if subject.only is not None:
        yield Scenario.read(subject.only).told
        return
    for name in subject.policy.lifecycles:
        yield {} if name == BASE.name else {"lifecycle": name}
    seen: set[str] = set()
    for told in certified(subject.policy):
        if (key := written(told)) not in seen:
            seen.add(key)
            yield told


@attrs.frozen
class Moment:
    """A case as a life leaves it at a moment (in UTC), of a sort that no other moment is of."""

    life: SimulatedCase
    case: Case
    at: datetime


def sorts(subject: Subject) -> list[Moment]:
    """Return one moment of each sort: cases that differ in what was decided, where they stand, or in their clocks."""
    return subject.once(_moments)


def _moments(subject: Subject) -> list[Moment]:
    seen, found = set[Any](), list[Moment]()
    for life in lives(subject):
        for event, case in life.moments():
            if (sort := _sort(case)) not in seen:
                seen.add(sort)
                found.append(Moment(life, case, event.at))
    return found


def _sort(case: Case) -> Any:
    clocks = frozenset((clock.name, clock.outcome) for clock in case.clocks.values())
    decided = (case.lifecycle, case.mode, case.severity, case.urgency, case.tier, case.form, case.visit, case.asked)
    return decided, case.state, case.suspended_from, min(case.reopened, 2), case.special is None, clocks


def by_lifecycle(subject: Subject) -> dict[str, list[ReportedCase]]:
    """Return the told cases of the pool by the name of their lifecycle."""
    found: dict[str, list[ReportedCase]] = {}
    for told, reported, _ in pool(subject):
        found.setdefault(reported.lifecycle, []).append(told)
    return found


def planned(subject: Subject) -> Iterator[Scenario]:
    """Return the lives of a plan: nobody acts; every way of every lifecycle is gone; every hook fails for a while."""
    for name, cases_of in by_lifecycle(subject).items():
        for told in cases_of:
            yield Scenario(told, idle(told))
        lifecycle = subject.policy.lifecycles[name]
        for number, steps in enumerate(ways(lifecycle)):
            told = cases_of[number % len(cases_of)]
            calm = _calm(told)
            # Some take their course at another time of the year.
            late = (ScenarioStep(LATER[number // 3 % len(LATER)], "report"),) if number % 3 == 2 and not calm else ()
            tail = _TAIL if number % 3 == 0 else _SHORT_TAIL
            yield Scenario(told, (*late, *steps, *calm, ScenarioStep(tail, ADVANCE)))
        if twin(subject) is not None:
            yield from _failing(cases_of, lifecycle)


def _failing(cases_of: list[ReportedCase], lifecycle: Lifecycle) -> Iterator[Scenario]:
    """Return lives in which one hook fails in each of its manners: from the report on, or once a state is reached."""
    routes = [steps for steps in paths(lifecycle).values() if all(step.do != ADVANCE for step in steps)]
    for pick in range(len(FAILING) * MANNERS):
        told, route = cases_of[pick % len(cases_of)], routes[pick % len(routes)]
        fails = ScenarioStep(0, FAIL, pick)
        first_steps = (fails, ScenarioStep(0, "report"), *route) if pick % 2 else (*route, fails)
        yield Scenario(
            told,
            (
                *first_steps,
                *_calm(told),
                ScenarioStep(9 * DAY, MEND),
                ScenarioStep(HOUR, REASSESS),
                ScenarioStep(_TAIL, ADVANCE),
            ),
        )


def _calm(told: ReportedCase) -> tuple[ScenarioStep, ...]:
    """Return what ends the emergency that a case is told in: none lasts as long as a life."""
    return (ScenarioStep(15, SWITCH),) if told.get("mode") == Mode.EMERGENCY else ()


# --- lives in which anything may happen -------------------------------------------------------------------------------

#: Chooses one of several: by chance, or as Hypothesis draws.
Choose = Callable[[Sequence[Any]], Any]


def wander(subject: Subject, told: ReportedCase, choose: Choose) -> SimulatedCase:
    """Live a life of legal actions in any order, with time between them, switches of the mode, and rules that fail."""
    alarmed = told.get("mode") == Mode.EMERGENCY
    waits = not alarmed and choose((False, False, True))
    failing = choose((False, False, False, True)) and twin(subject) is not None
    simulator = Simulator(subject, told, waits=waits, failing=failing)
    if waits:
        simulator.step(ScenarioStep(choose(LATER), "report"))
    if failing:
        simulator.step(ScenarioStep(0, FAIL, choose(_PICKS)))
    for _ in range(choose(range(5, 23))):
        case = simulator.case
        if case is None:
            break
        does = choose((True, True, True, False)) and _chosen(simulator, case, choose)
        does = does or choose((ADVANCE, ADVANCE, SWITCH, MUSTER, OUTAGE, REASSESS, *((FAIL, MEND) * failing)))
        if does == SWITCH:
            alarmed = not alarmed
        simulator.step(ScenarioStep(_pause(simulator, case, choose, alarmed=alarmed), does, choose(_PICKS)))
    if alarmed:
        simulator.step(ScenarioStep(30, SWITCH))
    simulator.step(ScenarioStep(choose((_TAIL, _SHORT_TAIL)), ADVANCE))
    return simulator.life()


def _pause(simulator: Simulator, case: Case, choose: Choose, *, alarmed: bool) -> int:
    """Choose how long nothing is done: any time, or just until something falls due."""
    if case.next_event_at is not None and case.next_event_at >= simulator.at and choose((False,) * 5 + (True,)):
        ahead = (case.next_event_at - simulator.at).total_seconds() / 60
        if ahead <= _TAIL and not alarmed:
            return int(ahead) + int(choose((0, 0, 1)))
    return int(choose(_PAUSES[:4] if alarmed else _PAUSES))


def _chosen(simulator: Simulator, case: Case, choose: Choose) -> str:
    may = choices(simulator.policy, case)
    listed = choose((may.lasting,) * 5 + (may.moving,) + (may.possible,) * 4)
    return str(choose(listed or may.possible or (ADVANCE,)))


# --- shorter lives ----------------------------------------------------------------


def shortened(scenario: Scenario, fails: Callable[[Scenario], bool], tries: int = 60) -> Scenario:
    """Leave out steps and told facts as long as the scenario still fails, and do what is left at once.

    Args:
        scenario: A scenario that fails.
        fails: Says whether a scenario fails.
        tries: How many scenarios to try at most.
    """
    size = max(1, len(scenario.steps) // 2)
    while size > 0:
        at = 0
        while at < len(scenario.steps) and tries > 0:
            shorter = attrs.evolve(scenario, steps=(*scenario.steps[:at], *scenario.steps[at + size :]))
            tries -= 1
            if fails(shorter):
                scenario = shorter
            else:
                at += size
        size //= 2
    for name in tuple(scenario.told):
        told = {key: value for key, value in scenario.told.items() if key != name}
        if tries > 0 and fails(plain := attrs.evolve(scenario, told=told)):
            scenario = plain
        tries -= 1
    for at, step in enumerate(scenario.steps):
        for simpler in (
            ScenarioStep(0, step.do, 0),
            ScenarioStep(step.after, step.do, 0),
            ScenarioStep(0, step.do, step.pick),
        ):
            calmer = attrs.evolve(scenario, steps=(*scenario.steps[:at], simpler, *scenario.steps[at + 1 :]))
            if simpler != step and tries > 0 and fails(calmer):
                scenario = calmer
                break
            tries -= 1
    return scenario
