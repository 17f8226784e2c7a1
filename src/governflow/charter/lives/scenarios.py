"""Which scenarios are lived (走查): every way of every lifecycle, nobody acting, rules that fail, anything else.

At the level ``certify`` they are the same every time. At the level ``search`` Hypothesis draws them: see `searched`.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random  # noqa: TID251 - seeded: the same seed makes the same lives
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from governflow.charter.answers.collect import drawn_faults
from governflow.charter.cases.reported import BEGIN, ReportedCase, distinct, timeless, wall_times, written
from governflow.charter.cases.systematic import strategy, timed
from governflow.charter.lives.fault_injection import FAILING, MANNERS, twin
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
    first,
    idle,
    play,
    reached,
)
from governflow.charter.subject import Subject
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.lifecycle import START, CompiledTransition, Lifecycle
from governflow.model.terms import Mode

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

#: How long nobody acts at the end of a life: longer than the law gives for the whole case.
_TAIL = 70 * DAY
#: From every state nobody acts for far longer in `ladders`: that a life has gone on is enough for most of them.
_SHORT_TAIL = 15 * DAY
_PAUSES = (0, 1, 3, 10, 45, 2 * HOUR, 10 * HOUR, DAY, 3 * DAY, 7 * DAY, 20 * DAY)
#: How many random lives each lifecycle gets at the level ``certify``, and how many sorts of cases are looked at.
_RANDOM, _SORTS = 30, 12
_PICKS = range(600)
#: So many lives are drawn before Hypothesis begins anew: what it learns from the first ones leads it to the others.
_AT_ONCE = 200


#: After how many minutes lives begin that do not begin at once: out of hours, at a weekend, on the last days of a
#: quarter and of a year, before and in long holidays, on make-up workdays, on the day that most years do not have.
LATER = tuple(
    (moment - BEGIN) // timedelta(minutes=1)
    for moment in wall_times(
        *("2026-03-06T17:40", "2026-03-07T03:00", "2026-03-31T23:50", "2026-05-01T10:00", "2026-06-30T09:00"),
        *("2026-09-20T09:00", "2026-09-30T18:00", "2026-10-03T11:00", "2026-10-10T09:00"),
        *("2026-12-31T23:59", "2027-01-01T00:30", "2028-02-29T12:00"),
    )
)


# --- which lives ------------------------------------------------------------------------------------------------------


def lives(subject: Subject) -> Iterator[SimulatedCase]:
    """Return the lives of the level ``certify``: they are lived once for all the laws that look at them."""
    for life in subject.stream(_lived):
        yield life
        if subject.late:
            return


def _lived(subject: Subject) -> Iterator[SimulatedCase]:
    if subject.only is not None:
        yield play(subject, Scenario.read(subject.only))
        return
    for scenario in planned(subject):
        yield play(subject, scenario)
    for cases_of in by_lifecycle(subject).values():
        for number in range(_RANDOM):
            yield wander(subject, cases_of[number % len(cases_of)], Random(f"{subject.code}/{number}").choice)


def pool(subject: Subject, sorts: int = _SORTS) -> list[tuple[ReportedCase, Case, Case]]:
    """Return one reported case of each sort, as reported and as dispatched; of each lifecycle at most so many sorts.

    A sort differs from others in its lifecycle, its route or its clocks.
    """
    counted = Counter[str]()
    found = []
    for reported_case, reported, dispatched in subject.once(_sorted_out):
        counted[reported.lifecycle] += 1
        if counted[reported.lifecycle] <= sorts:
            found.append((reported_case, reported, dispatched))
    return found


def _sorted_out(subject: Subject) -> list[tuple[ReportedCase, Case, Case]]:
    policy, seen, found = subject.policy, set[Any](), list[tuple[ReportedCase, Case, Case]]()
    for reported_case in _and_lifecycles(subject):
        try:
            reported = first(subject, reported_case)
            # As it is first with somebody: where a lifecycle takes it in first, a few steps on.
            steps = paths(policy.lifecycles[reported.lifecycle]).get(("dispatched", ""), ())
            dispatched = reached(policy, reported, [attrs.evolve(step, after=0) for step in steps]) or reported
            place = policy.units.find(reported.place) if reported.place else None
        except Exception:  # noqa: BLE001 - what cannot even be reported is the matter of ruling/total
            continue
        holder = policy.units.units.get(dispatched.unit)
        plan = policy.plan(dispatched, policy.context(dispatched, dispatched.mode, BEGIN), [])

        sort = (
            reported.lifecycle,
            reported.asked,
            reported.mode,
            dispatched.tier,
            dispatched.form,
            holder and (holder.kind, holder.level),
            place and place.kind,
            frozenset((spec.name, spec.written) for spec in plan.specs.values()),
        )
        if sort not in seen:
            seen.add(sort)
            found.append((reported_case, reported, dispatched))
    return found


def _and_lifecycles(subject: Subject) -> Iterator[ReportedCase]:
    """Return a plain case of every lifecycle first: one that no item names can be asked for by name."""
    if subject.only is not None:
        yield Scenario.read(subject.only).reported_case
        return
    for name in subject.policy.lifecycles:
        yield {} if name == BASE.name else {"lifecycle": name}
    yield from distinct(map(timeless, timed(subject.policy)), written)


#: A case as a life leaves it at a moment in UTC.
Moment = tuple[SimulatedCase, Case, datetime]


def sorts(subject: Subject) -> list[Moment]:
    """Return one moment of each sort: cases that differ in what was decided, where they stand, or in their clocks."""
    return subject.once(_moments)


def _moments(subject: Subject) -> list[Moment]:
    moments = ((life, case, event.at) for life in lives(subject) for event, case in life.moments())
    return list(distinct(moments, _sort))


def _sort(moment: Moment) -> Any:
    _, case, _ = moment
    clocks = frozenset((clock.name, clock.outcome) for clock in case.clocks.values())
    decided = (case.lifecycle, case.mode, case.severity, case.urgency, case.tier, case.form, case.visit, case.asked)
    return decided, case.state, case.suspended_from, min(case.reopened, 2), case.special is None, clocks


def by_lifecycle(subject: Subject) -> dict[str, list[ReportedCase]]:
    """Return the reported cases of the pool by the name of their lifecycle."""
    found: dict[str, list[ReportedCase]] = {}
    for reported_case, reported, _ in pool(subject):
        found.setdefault(reported.lifecycle, []).append(reported_case)
    return found


def planned(subject: Subject) -> Iterator[Scenario]:
    """Return the lives of a plan: nobody acts; every way of every lifecycle is gone; every hook fails for a while."""
    for name, cases_of in by_lifecycle(subject).items():
        for reported_case in cases_of:
            yield Scenario(reported_case, idle(reported_case))
        lifecycle = subject.policy.lifecycles[name]
        for number, steps in enumerate(ways(lifecycle)):
            reported_case = cases_of[number % len(cases_of)]
            calm = _calm(reported_case)
            # Some take their course at another time of the year.
            late = (ScenarioStep(LATER[number // 3 % len(LATER)], "report"),) if number % 3 == 2 and not calm else ()
            tail = _TAIL if number % 3 == 0 else _SHORT_TAIL
            yield Scenario(reported_case, (*late, *steps, *calm, ScenarioStep(tail, ADVANCE)))
        if twin(subject) is not None:
            yield from _failing(cases_of, lifecycle)


def _failing(cases_of: list[ReportedCase], lifecycle: Lifecycle) -> Iterator[Scenario]:
    """Return lives in which one hook fails in each of its manners: from the report on, or once a state is reached."""
    routes = [steps for steps in paths(lifecycle).values() if all(step.do != ADVANCE for step in steps)]
    for pick in range(len(FAILING) * MANNERS):
        reported_case, route = cases_of[pick % len(cases_of)], routes[pick % len(routes)]
        fails = ScenarioStep(0, FAIL, pick)

        yield Scenario(
            reported_case,
            (
                *((fails, ScenarioStep(0, "report"), *route) if pick % 2 else (*route, fails)),
                *_calm(reported_case),
                ScenarioStep(9 * DAY, MEND),
                ScenarioStep(HOUR, REASSESS),
                ScenarioStep(_TAIL, ADVANCE),
            ),
        )


def _calm(reported_case: ReportedCase) -> tuple[ScenarioStep, ...]:
    """Return what ends the emergency that a case is reported in: none lasts as long as a life."""
    return (ScenarioStep(15, SWITCH),) if reported_case.get("mode") == Mode.EMERGENCY else ()


# --- lives in which anything may happen -------------------------------------------------------------------------------

#: Chooses one of several: by chance, or as Hypothesis draws.
Choose = Callable[[Sequence[Any]], Any]
_Found = TypeVar("_Found")


def wander(subject: Subject, reported_case: ReportedCase, choose: Choose) -> SimulatedCase:
    """Live a life of legal actions in any order, with time between them, switches of the mode, and rules that fail."""
    alarmed = reported_case.get("mode") == Mode.EMERGENCY
    waits = not alarmed and choose((False, False, True))
    failing = choose((False, False, False, True)) and twin(subject) is not None
    simulator = Simulator(subject, reported_case, waits=waits, failing=failing)
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


# --- the ways through a lifecycle (流程走向) ------------------------------------------------

#: Long enough for an evaluation to lapse.
_LAPSE = 35 * DAY


def ways(lifecycle: Lifecycle) -> Iterator[tuple[ScenarioStep, ...]]:
    """Return short lives that go every way of a lifecycle; what leaves the state as it is goes together."""
    for (state, origin), path in paths(lifecycle).items():
        stays = [ScenarioStep(7, way.action.name, 0) for way in out_of(lifecycle, state, origin) if way.target == state]
        if stays:
            yield (*path, *stays)
        for way in out_of(lifecycle, state, origin):
            if way.target != state:
                yield (*path, going(way, 3))


@lru_cache(64)
def paths(lifecycle: Lifecycle) -> Mapping[tuple[str, str], tuple[ScenarioStep, ...]]:
    """Return a shortest way to every state, and to every state that a suspended case may have come from."""
    start = next((way.target for way in lifecycle.transitions_for(START, "report")), START)
    found: dict[tuple[str, str], tuple[ScenarioStep, ...]] = {(start, ""): ()}
    todo = [(start, "")]
    for state, origin in todo:
        for way in out_of(lifecycle, state, origin):
            after = way.target, origin_after(way, origin)
            if after not in found:
                found[after] = (*found[state, origin], going(way, 1))
                todo.append(after)
    return found


def origin_after(way: CompiledTransition, origin: str) -> str:
    """Return where a suspended case came from: only a suspension remembers it, and leaving the state forgets it."""
    if way.target == way.source:
        return origin
    return way.source if way.action.name == "suspend" else ""


def out_of(lifecycle: Lifecycle, state: str, origin: str) -> list[CompiledTransition]:
    """Return the ways out of a state; of those that a suspended case may go, the one to where it came from."""
    every = (way for action in lifecycle.possible(state) for way in lifecycle.transitions_for(state, action))
    return [way for way in every if way.guard is None or way.guard[0] != "origin" or way.guard[1] == origin]


def going(way: CompiledTransition, after: int) -> ScenarioStep:
    """Return the step that goes a way."""
    if way.guard == ("verdict", "none"):
        return ScenarioStep(_LAPSE, ADVANCE)
    odd = way.guard in (("verdict", "unsatisfied"), ("recurred", "yes"))
    return ScenarioStep(after, way.action.name, 1 if odd else 0)


# --- lives that Hypothesis draws (随机走查) ----


def searched(subject: Subject, key: Callable[[SimulatedCase], str], known: set[Hashable]) -> Iterator[SimulatedCase]:
    """Draw lives until a search's time is up, and give the shortest that Hypothesis finds for each new fault.

    The key of a life says what is wrong with it; it is empty for one that is sound. New faults become known.
    """
    if subject.level != "search" or subject.only is not None:
        return
    from hypothesis import strategies as st  # only a search needs it

    def look(data: "DataObject") -> Mapping[Hashable, SimulatedCase]:
        life = drawn(subject, data)
        subject.tried()
        what = key(life)
        return {what: life} if what else {}

    for _, life in drawn_faults(subject, st.data(), look, known, lambda life: len(life.scenario.steps), _AT_ONCE):
        yield life


def drawn(subject: Subject, data: "DataObject") -> SimulatedCase:
    """Draw one life: the reported case, and what is done to it."""
    from hypothesis import strategies as st

    def choose(some: Sequence[Any]) -> Any:
        return data.draw(st.sampled_from(some))

    return wander(subject, data.draw(strategy(subject.policy)), choose)


# --- shorter lives ----------------------------------------------------------------


def shortened(scenario: Scenario, look: Callable[[Scenario], _Found | None], tries: int = 60) -> _Found | None:
    """Leave out steps and reported facts as long as the fault still shows, and do what is left at once.

    Args:
        scenario: A scenario that shows the fault.
        look: Returns what shows the fault in another scenario, or None; so does this, of the shortest scenario.
        tries: How many scenarios to try at most.
    """
    best: _Found | None = None

    def shows(other: Scenario) -> bool:
        nonlocal scenario, best, tries
        tries -= 1
        found = look(other) if tries >= 0 else None
        if found is not None:
            scenario, best = other, found
        return found is not None

    size = max(1, len(scenario.steps) // 2)
    while size > 0:
        at = 0
        while at < len(scenario.steps) and tries > 0:
            if not shows(attrs.evolve(scenario, steps=(*scenario.steps[:at], *scenario.steps[at + size :]))):
                at += size
        size //= 2
    for name in tuple(scenario.reported_case):
        rest = {key: value for key, value in scenario.reported_case.items() if key != name}
        shows(attrs.evolve(scenario, reported_case=rest))
    for at, step in enumerate(scenario.steps):
        for after, pick in dict.fromkeys(((0, 0), (step.after, 0), (0, step.pick))):
            simpler = ScenarioStep(after, step.do, pick)
            calmer = attrs.evolve(scenario, steps=(*scenario.steps[:at], simpler, *scenario.steps[at + 1 :]))
            if simpler != step and shows(calmer):
                break
    return best
