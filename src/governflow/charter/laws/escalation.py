"""Laws about ladders: what is not done goes up, comes to the top, and is not forgotten there (升级)."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

import attrs

from governflow.charter.cases.reported import BEGIN, ReportedCase
from governflow.charter.lives.scenarios import going, lives, out_of, paths, pool, searched, shortened
from governflow.charter.lives.simulation import (
    SWITCH,
    Scenario,
    ScenarioStep,
    SimulatedCase,
    fallen,
    line,
    reached,
)
from governflow.charter.model import MOST, Failure, law
from governflow.charter.subject import Subject
from governflow.engine import musters
from governflow.model.case import Case
from governflow.model.clocks import Clock
from governflow.model.events import Escalated, Event
from governflow.model.faults import faults_in
from governflow.model.lifecycle import Lifecycle
from governflow.model.rulings import RuleRef
from governflow.model.terms import Kind, Mode, Outcome
from governflow.policy.stack import Policy
from governflow.text import Text

#: How long nobody acts until the top must be reached, and how long the top may keep silent.
HORIZON, SILENCE = timedelta(days=730), timedelta(days=31)
#: How far a ladder is followed past its top; lives in which nobody acts go on for a year.
_PAST_THE_TOP = timedelta(days=16)
#: So many events of one ladder are too many; after so many such ladders the others are followed less far.
_ENDLESS, _SHORTER, _PLAIN = 400, 100, 4
#: With how many sorts of cases every state is left alone, how many sorts are left alone after their dispatch, and how
#: many units of the chart.
_EACH, _SORTS, _UNITS = 3, 200, 100
#: So many ladders that go astray are enough: what is wrong with the rules is plain by then.
_ASTRAY = 24
#: So many smaller cases are tried for each fault that is told.
_TRIES = 25
#: What happens by itself.
_ALONE = frozenset({"warned", "breached", "supervised", "taken_over", "special_report_filed", "lapsed", "faulted"})


@attrs.frozen(eq=False)
class Ladder:
    """What happens by itself from a state on, as nobody acts."""

    #: How the state was reached, and the case when everybody left it.
    scenario: Scenario
    begin: Case
    #: Each event with the case after it.
    rungs: tuple[tuple[Event, Case], ...]
    #: Whether the case came to an end; whether it went on, but was followed far enough to tell, or somebody acted.
    over: bool
    cut: bool = False


#: Says what is wrong with a ladder, told up to the rung that shows it.
Fault = Callable[[Ladder, Policy], Failure | None]


def ladders(subject: Subject) -> Iterator[Ladder]:
    """Return the ladders of every sort of case from every state, of many units, of every post, and those of lives."""
    return subject.stream(_ladders)


def _ladders(subject: Subject) -> Iterator[Ladder]:
    yield from _of_cases(subject)
    yield from _of_musters(subject)
    for life in lives(subject):
        yield from stretches(life, subject.policy)


class _Climbing:
    """Follows ladders: many that have no end tell no more than a few."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.endless = policy, 0

    def after(self, reported_case: ReportedCase, reported: Case, steps: tuple[ScenarioStep, ...]) -> Iterator[Ladder]:
        """Follow the ladder of a case after some steps, where the rules allow them and it is still open then."""
        case = reached(self.policy, reported, steps)
        if case is not None and not _over(case, self.policy):
            yield self.follow(Scenario(reported_case, steps), case)

    def follow(self, scenario: Scenario, case: Case) -> Ladder:
        """Let nobody act until the top has been silent for long enough to tell, or the case has ended."""
        begin, rungs, policy = case, list[tuple[Event, Case]](), self.policy
        start = max(case.last_changed_at or BEGIN, case.opened or BEGIN)
        most = _ENDLESS if self.endless < _PLAIN else _SHORTER
        over = False
        for event, after in fallen(policy, case, start + HORIZON):
            case = after
            rungs.append((event, after))
            over = after.state in policy.lifecycle(after, []).ends and after.state != musters.BOOK
            urged = after.special is not None and event.at >= after.special + _PAST_THE_TOP
            if over or len(rungs) >= most or urged:
                break
        self.endless += len(rungs) >= most
        return Ladder(scenario, begin, tuple(rungs), over, cut=len(rungs) >= most and most < _ENDLESS)


def _of_cases(subject: Subject) -> Iterator[Ladder]:
    policy, climbing = subject.policy, _Climbing(subject.policy)
    if subject.only is not None and "steps" in subject.only:
        for reported_case, reported, _ in pool(subject):
            yield from climbing.after(reported_case, reported, Scenario.read(subject.only).steps)
        return
    by_name: dict[str, list[tuple[ReportedCase, Case]]] = {}
    for reported_case, reported, _ in pool(subject, sorts=_SORTS):
        by_name.setdefault(reported.lifecycle, []).append((reported_case, reported))
    for name, some in by_name.items():
        lifecycle = policy.lifecycles[name]
        routes = paths(lifecycle)
        starts = [(*routes[node], *more) for node in routes for more in _asides(lifecycle, node)]
        dispatched = routes.get(("dispatched", ""), ())
        tried = {(number, dispatched) for number in range(len(some))}
        # Every state with a few sorts of cases, and every sort at least after its dispatch.
        tried |= {
            ((place * _EACH + turn) % len(some[:12]), steps)
            for place, steps in enumerate(starts)
            for turn in range(_EACH)
        }
        for number, steps in sorted(tried, key=lambda one: (len(one[1]), one[0], str(one[1]))):
            yield from climbing.after(*some[number], steps)
    units = len(policy.units.units)
    for reported_case, reported in next(iter(by_name.values()), ())[:1]:
        for place in range(0, units, max(1, units // _UNITS)):
            yield from climbing.after(reported_case, reported, (ScenarioStep(1, "dispatch", 3 * place + 1),))


def _over(case: Case, policy: Policy) -> bool:
    return case.state in policy.lifecycle(case, []).ends


def _asides(lifecycle: Lifecycle, node: tuple[str, str]) -> Iterator[tuple[ScenarioStep, ...]]:
    """Return what may be done in a state that starts another ladder: a summons, a promised date, everything anew."""
    yield ()
    state, origin = node
    for action in ("whistle", "confer"):
        if lifecycle.transitions_for(state, action):
            yield (ScenarioStep(1, action, 1),)
    yield from ((going(way, 1),) for way in out_of(lifecycle, state, origin) if way.cycle)


def _of_musters(subject: Subject) -> Iterator[Ladder]:
    """Return the ladder of every post that does not come, and of the whole muster; and of some that climb together."""
    policy, climbing = subject.policy, _Climbing(subject.policy)
    switched = subject.only is None or any(SWITCH in step for step in subject.only.get("steps", ()))
    if not (switched and policy.units.having("post")):
        return
    book = Case(f"@{policy.code}", opened=BEGIN, state=musters.BOOK)
    _, book = musters.switch(book, policy, BEGIN, Mode.EMERGENCY, {}, None)
    names = list(book.clocks)
    for some in ([*names[:3], "muster"], *([name] for name in names)):
        clocks = type(book.clocks)({name: book.clocks[name] for name in some})
        alone = attrs.evolve(
            book, clocks=clocks, next_event_at=min(clock.moment or clock.due for clock in clocks.values())
        )
        yield climbing.follow(Scenario({}, (ScenarioStep(0, SWITCH),)), alone)


def stretches(life: SimulatedCase, policy: Policy) -> Iterator[Ladder]:
    """Return what happened by itself in a life between what people did; nothing where its ladder was made to fail."""
    if "governflow_escalate" in life.failed or not life.events:
        return
    begin, rungs = life.cases[0], list[tuple[Event, Case]]()
    for event, case in zip(life.events[1:], life.cases[1:], strict=True):
        alone = event.kind in _ALONE or (event.kind in ("urged", "resumed", "closed") and event.by is None)
        if alone and not (event.kind == "urged" and event.action):
            rungs.append((event, case))
            continue
        if rungs:
            yield Ladder(life.scenario, begin, tuple(rungs), over=False, cut=True)
        begin, rungs = case, []
    if rungs:
        yield Ladder(life.scenario, begin, tuple(rungs), over=_over(rungs[-1][1], policy), cut=True)


def _climbing(subject: Subject, fault_of: Fault, advice: Text) -> Iterator[Failure]:
    policy, sentences, gone = subject.policy, set[str](), 0

    def key(life: SimulatedCase) -> str:
        """Return the sentence of a fault of a life's ladders that is not told yet."""
        found = (fault_of(ladder, policy) for ladder in stretches(life, policy))
        return next((one.sentence.en for one in found if one is not None and one.sentence.en not in sentences), "")

    drawn = (ladder for life in searched(subject, key, set()) for ladder in stretches(life, policy))
    for ladder in chain(ladders(subject), drawn):
        if gone >= _ASTRAY or len(sentences) >= MOST or subject.late:
            break
        subject.tried()
        wrong = fault_of(ladder, policy)
        gone += wrong is not None
        if wrong is not None and wrong.sentence.en not in sentences:
            sentences.add(wrong.sentence.en)
            yield attrs.evolve(_smallest(subject, ladder, fault_of, wrong), suggestion=advice)


def _smallest(subject: Subject, ladder: Ladder, fault_of: Fault, wrong: Failure) -> Failure:
    """Leave out what the fault does not need of the reported case, and of what was done to it."""

    def look(scenario: Scenario) -> Failure | None:
        alone = Subject(subject.localities, subject.code, only=scenario.as_case())
        found = (fault_of(one, subject.policy) for one in ladders(alone))
        return next((one for one in found if one is not None and one.sentence == wrong.sentence), None)

    return shortened(ladder.scenario, look, tries=_TRIES) or wrong


def _failure(ladder: Ladder, policy: Policy, at: int, what: Text) -> Failure:
    """Tell what is wrong at one rung of a ladder, with those that led there."""
    rungs = ladder.rungs[max(0, at - 10) : at + 1]
    rulings = [ruling for event, _ in rungs for ruling in event.rulings if ruling.what == "escalate"]
    look = rulings[-1].ref if rulings else RuleRef(hook="governflow_escalate")
    return Failure(what, ladder.scenario.as_case(), tuple(line(event, policy) for event, _ in rungs), look)


@law(
    "escalation/climbs",
    Text("what is not done goes up", "逾期必升级"),
    Text(
        "a ladder never goes down or in a circle, goes to existing units only, and comes to its top",
        "升级不向下、不循环，只到现有单位，且终将到顶",
    ),
)
def climbs(subject: Subject) -> Iterator[Failure]:
    """Follow every ladder that nobody acts on."""
    return _climbing(
        subject,
        astray,
        Text("take over with a unit of a higher level, and end with a special report", "由更高层级接办，最后形成专报"),
    )


def astray(ladder: Ladder, policy: Policy) -> Failure | None:
    """Return where a ladder goes down, in a circle or nowhere, or does not come to its top."""
    units, before, unit, clock_ = policy.units, ladder.begin, policy.units.name, policy.name
    visited: dict[str, list[tuple[str, object]]] = {}
    for at, (event, case) in enumerate(ladder.rungs):
        wrong = partial(_failure, ladder, policy, at)
        for fault in faults_in(event.about):
            if fault.hook == "governflow_escalate":
                return wrong(Text(f"a rung was not usable: {fault.text.en}", f"升级方式不可用：{fault.text.zh}"))
        climb = event.escalation
        if climb is None:
            before = case
            continue
        name, to, holder = _clock_of(climb), climb["to"], climb["from"]
        if to not in units:
            return wrong(Text(f"it climbs to {to!r}, which the chart does not know", f"升级到组织架构中没有的“{to}”"))
        if climb["kind"] == Kind.TAKE_OVER and name == "dispatch":
            visited.clear()  # whoever is above has dispatched it: what was taken over before was the duty to do so
        elif climb["kind"] == Kind.TAKE_OVER:
            form = climb["form"] or before.form
            if holder != units.intake and units.level(to, form) < units.level(holder, before.form):
                zh = f"由“{unit(holder).zh}”向下转到“{unit(to).zh}”"
                return wrong(Text(f"it goes down from {holder} to {to}", zh))
            # A clock whose duty was taken over climbs for itself; what takes the case over climbs for all of them.
            own = case.clocks.get(name)
            apart = name.startswith("check_in:") or (own is not None and own.duty == to)
            chain = visited.setdefault(name if apart else "", [])
            if (to, form) in chain or (to == holder and form == before.form):
                round_ = [*(one for one, _ in chain[-6:]), to]
                zh = " → ".join(unit(one).zh for one in round_)
                return wrong(Text(f"it goes in a circle: {' -> '.join(round_)}", f"循环升级：{zh}"))
            chain.append((to, form))
        if case.special is None and _stops(climb, case):
            zh = f"时限“{clock_(name).zh}”未到顶即不再升级"
            return wrong(Text(f"the ladder of {name} stops before its top", zh))
        before = case
    what = Text("it never comes to the top: no special report is filed", "始终没有到顶：未形成专报")
    return _never(ladder, policy, what)


def _clock_of(climb: Escalated) -> str:
    return str(climb["clock"]).partition("#")[0]


def _stops(climb: Escalated, case: Case) -> bool:
    """Return whether a late clock has no rung after one that hands the case to nobody else."""
    clock = case.clocks.get(_clock_of(climb))
    open_ = clock is not None and clock.stopped is None and clock.next_rung_at is None
    return open_ and climb["kind"] != Kind.TAKE_OVER


def _never(ladder: Ladder, policy: Policy, what: Text) -> Failure | None:
    """Tell of what is late, was followed to the last, and never led to a special report."""
    if ladder.over or ladder.cut or not ladder.rungs:
        return None
    last = ladder.rungs[-1][1]
    late = any(clock.outcome is Outcome.BREACHED for clock in last.all_clocks)
    return _failure(ladder, policy, len(ladder.rungs) - 1, what) if late and last.special is None else None


@law(
    "escalation/ends",
    Text("at the top somebody is still urged", "到顶不等于到底，专报之后仍要催办"),
    Text(
        "at the top a special report is filed, and somebody is urged until the case is done",
        "到顶形成专报，并持续催办直至办结",
    ),
)
def ends(subject: Subject) -> Iterator[Failure]:
    """Follow every ladder past its top."""
    return _climbing(
        subject,
        silent,
        Text("after the special report keep urging the holder, at least every month", "专报之后至少每月催办一次"),
    )


def _urged_next(clock: Clock, after: datetime) -> datetime | None:
    """Return when the next rung of a late clock is due, or the next of its urgings."""
    coming = clock.urging.next(after + timedelta.resolution) if clock.urging is not None else None
    return coming[1] if coming is not None else clock.next_rung_at


def silent(ladder: Ladder, policy: Policy) -> Failure | None:
    """Return where nobody is urged any more, or no special report is filed."""
    for at, (event, case) in enumerate(ladder.rungs):
        wrong = partial(_failure, ladder, policy, at)
        late = [clock for clock in case.clocks.values() if clock.stopped is None]
        over = at == len(ladder.rungs) - 1 and ladder.over
        if late and not over and case.next_event_at is None:
            return wrong(Text("nobody is urged any more, and nothing is due", "不再有人被催办，也没有任何时限"))
        climb = event.escalation
        if climb is not None and case.special is not None and not over and _stops(climb, case):
            name = policy.name(_clock_of(climb))
            what = f"after the special report the ladder of {name.en} falls silent"
            return wrong(Text(what, f"专报之后“{name.zh}”不再催办"))
        breached = [clock for clock in late if clock.outcome is Outcome.BREACHED]
        # Somebody is urged when a late clock climbs, or when another one falls due: a warning urges nobody.
        urging = [_urged_next(clock, event.at) if clock in breached else clock.due for clock in late if clock.running]
        upcoming = min((moment for moment in urging if moment is not None), default=None)
        informed = case.special is not None or len(breached) == len(late)
        if breached and informed and not over and upcoming is not None and upcoming - event.at > SILENCE:
            what = f"what is late is left alone: nobody is urged for more than {SILENCE.days} days"
            return wrong(Text(what, f"超时事项超过 {SILENCE.days} 天无人催办"))
    return _never(ladder, policy, Text("no special report is ever filed", "始终未形成专报"))
