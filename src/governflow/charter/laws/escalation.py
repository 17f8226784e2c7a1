"""Laws about ladders: what is not done goes up, comes to the top, and is not forgotten there (升级)."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain

import attrs

from governflow.charter.cases.reported import BEGIN, ReportedCase
from governflow.charter.laws.registry import MOST, law
from governflow.charter.lives.paths import going, out_of, paths
from governflow.charter.lives.scenarios import lives, pool, shortened
from governflow.charter.lives.simulation import (
    NO_ACTIONS,
    SWITCH,
    Scenario,
    ScenarioStep,
    SimulatedCase,
    done,
    fallen,
    line,
)
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.engine import musters
from governflow.errors import GovernflowError
from governflow.model.case import Case
from governflow.model.events import Event
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

#: What is wrong with a ladder, and at which of its rungs.
_Fault = tuple[Text | None, int]


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


def ladders(subject: Subject) -> Iterator[Ladder]:
    """Return the ladders of every sort of case from every state, of many units, of every post, and those of lives."""
    known, more = subject.once(_begun)
    yield from tuple(known)
    for ladder in more:
        known.append(ladder)
        yield ladder


def _begun(subject: Subject) -> tuple[list[Ladder], Iterator[Ladder]]:
    return [], chain(_of_cases(subject), _of_musters(subject), _of_lives(subject))


class _Climbing:
    """Follows ladders: many that have no end tell no more than a few."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.endless = policy, 0

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
        for _, reported, _ in pool(subject):
            case = _reached(policy, reported, Scenario.read(subject.only).steps)
            if case is not None and not _over(case, policy):
                yield climbing.follow(Scenario.read(subject.only), case)
        return
    by_name: dict[str, list[tuple[ReportedCase, Case]]] = {}
    for told, reported, _ in pool(subject, sorts=_SORTS):
        by_name.setdefault(reported.lifecycle, []).append((told, reported))
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
            told, reported = some[number]
            case = _reached(policy, reported, steps)
            if case is not None and not _over(case, policy):
                yield climbing.follow(Scenario(told, steps), case)
    units = len(policy.units.units)
    for told, reported in next(iter(by_name.values()), ())[:1]:
        for place in range(0, units, max(1, units // _UNITS)):
            steps = (ScenarioStep(1, "dispatch", 3 * place + 1),)
            case = _reached(policy, reported, steps)
            if case is not None:
                yield climbing.follow(Scenario(told, steps), case)


def _over(case: Case, policy: Policy) -> bool:
    return case.state in policy.lifecycle(case, []).ends


def _asides(lifecycle: Lifecycle, node: tuple[str, str]) -> Iterator[tuple[ScenarioStep, ...]]:
    """Return what may be done in a state that starts another ladder: a summons, a promised date, everything anew."""
    yield ()
    state, origin = node
    if lifecycle.transitions_for(state, "whistle"):
        yield (ScenarioStep(1, "whistle", 1),)
    if lifecycle.transitions_for(state, "confer"):
        yield (ScenarioStep(1, "confer", 1),)
    yield from ((going(way, 1),) for way in out_of(lifecycle, state, origin) if way.cycle)


def _reached(policy: Policy, case: Case, steps: tuple[ScenarioStep, ...]) -> Case | None:
    at = BEGIN
    for step in steps:
        at += timedelta(minutes=step.after)
        for _, after in fallen(policy, case, at):
            case = after
        if step.do in NO_ACTIONS:
            continue
        try:
            case = done(policy, case, step.do, at, step.pick)
        except GovernflowError:
            return None
    return case


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


def _of_lives(subject: Subject) -> Iterator[Ladder]:
    for life in lives(subject):
        yield from stretches(life, subject.policy)


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


def _climbing(subject: Subject, fault_of: Callable[[Ladder], _Fault], advice: Text) -> Iterator[Failure]:
    sentences: set[str] = set()
    gone = 0
    for ladder in chain(ladders(subject), _searched(subject, fault_of, sentences)):
        if gone >= _ASTRAY or len(sentences) >= MOST or subject.late:
            break
        subject.tried()
        what = fault_of(ladder)[0]
        gone += what is not None
        if what is None or what.en in sentences:
            continue
        sentences.add(what.en)
        yield _told(_smallest(subject, ladder, fault_of, what), what, fault_of, subject, advice)


def _searched(subject: Subject, fault_of: Callable[[Ladder], _Fault], sentences: set[str]) -> Iterator[Ladder]:
    """Return the ladders of lives that a search draws, and that show a fault which is not told yet."""
    if subject.level != "search" or subject.only is not None:
        return
    from governflow.charter.lives.search import searched  # only a search needs Hypothesis

    def key(life: SimulatedCase) -> str:
        found = (fault_of(ladder)[0] for ladder in stretches(life, subject.policy))
        return next((what.en for what in found if what is not None and what.en not in sentences), "")

    for life in searched(subject, key, set()):
        yield from stretches(life, subject.policy)


def _smallest(subject: Subject, ladder: Ladder, fault_of: Callable[[Ladder], _Fault], what: Text) -> Ladder:
    """Leave out what the fault does not need of the case that was told, and of what was done to it."""
    found = ladder

    def fails(scenario: Scenario) -> bool:
        nonlocal found
        alone = Subject(subject.localities, subject.code, only=scenario.as_case())
        again = next((one for one in ladders(alone) if fault_of(one)[0] == what), None)
        found = again or found
        return again is not None

    shortened(ladder.scenario, fails, tries=_TRIES)
    return found


def _told(ladder: Ladder, what: Text, fault_of: Callable[[Ladder], _Fault], subject: Subject, advice: Text) -> Failure:
    at = fault_of(ladder)[1]
    rungs = ladder.rungs[max(0, at - 10) : at + 1]
    rulings = [ruling for event, _ in rungs for ruling in event.rulings if ruling.what == "escalate"]
    look = rulings[-1].ref if rulings else RuleRef(hook="governflow_escalate")
    said = tuple(line(event, subject.policy) for event, _ in rungs)
    return Failure(what, ladder.scenario.as_case(), said, look, advice)


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
    advice = Text(
        "take over with a unit of a higher level, and end with a special report", "由更高层级接办，最后形成专报"
    )
    yield from _climbing(subject, lambda ladder: astray(ladder, subject.policy), advice)


def astray(ladder: Ladder, policy: Policy) -> _Fault:
    """Return where a ladder goes down, in a circle or nowhere, or does not come to its top."""
    units, before, unit, clock_ = policy.units, ladder.begin, policy.units.name, policy.name
    visited: dict[str, list[tuple[str, object]]] = {}
    for at, (event, case) in enumerate(ladder.rungs):
        for fault in faults_in(event.about):
            if fault.hook == "governflow_escalate":
                what = fault.text
                return Text(f"a rung was not usable: {what.en}", f"升级方式不可用：{what.zh}"), at
        climb = event.about.get("escalation")
        if climb is None:
            before = case
            continue
        name, to, holder = str(climb["clock"]).partition("#")[0], str(climb["to"]), str(climb["from"])
        if to not in units:
            return Text(f"it climbs to {to!r}, which the chart does not know", f"升级到组织架构中没有的“{to}”"), at
        if climb["kind"] == Kind.TAKE_OVER and name == "dispatch":
            visited.clear()  # whoever is above has dispatched it: what was taken over before was the duty to do so
        elif climb["kind"] == Kind.TAKE_OVER:
            form = climb["form"] or before.form
            if holder != units.intake and units.level(to, form) < units.level(holder, before.form):
                return Text(f"it goes down from {holder} to {to}", f"由“{unit(holder).zh}”向下转到“{unit(to).zh}”"), at
            # A clock whose duty was taken over climbs for itself; what takes the case over climbs for all of them.
            own = case.clocks.get(name)
            apart = name.startswith("check_in:") or (own is not None and own.duty == to)
            chain = visited.setdefault(name if apart else "", [])
            if (to, form) in chain or (to == holder and form == before.form):
                round_ = [*(one for one, _ in chain[-6:]), to]
                zh = " → ".join(unit(one).zh for one in round_)
                return Text(f"it goes in a circle: {' -> '.join(round_)}", f"循环升级：{zh}"), at
            chain.append((to, form))
        clock = case.clocks.get(name)
        stopped = (
            clock is not None
            and clock.stopped is None
            and clock.next_rung_at is None
            and climb["kind"] != Kind.TAKE_OVER
        )
        if stopped and case.special is None:
            return Text(f"the ladder of {name} stops before its top", f"时限“{clock_(name).zh}”未到顶即不再升级"), at
        before = case
    if ladder.over or ladder.cut or not ladder.rungs:
        return None, 0
    last = ladder.rungs[-1][1]
    if last.special is None and any(clock.outcome is Outcome.BREACHED for clock in last.all_clocks):
        return Text("it never comes to the top: no special report is filed", "始终没有到顶：未形成专报"), len(
            ladder.rungs
        ) - 1
    return None, 0


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
    advice = Text("after the special report keep urging the holder, at least every month", "专报之后至少每月催办一次")
    yield from _climbing(subject, lambda ladder: silent(ladder, subject.policy), advice)


def silent(ladder: Ladder, policy: Policy) -> _Fault:
    """Return where nobody is urged any more, or no special report is filed."""
    before: datetime | None = None
    for at, (event, case) in enumerate(ladder.rungs):
        late = [clock for clock in case.clocks.values() if clock.stopped is None]
        over = at == len(ladder.rungs) - 1 and ladder.over
        if late and not over and case.next_event_at is None:
            return Text("nobody is urged any more, and nothing is due", "不再有人被催办，也没有任何时限"), at
        climb = event.about.get("escalation")
        if climb is not None and case.special is not None:
            before = event.at
            clock = case.clocks.get(str(climb["clock"]).partition("#")[0])
            stops = clock is not None and clock.stopped is None and clock.next_rung_at is None
            if stops and climb["kind"] != Kind.TAKE_OVER and not over:
                name = policy.name(clock.name if clock else "")
                return Text(
                    f"after the special report the ladder of {name.en} falls silent", f"专报之后“{name.zh}”不再催办"
                ), at
        breached = [clock for clock in late if clock.outcome is Outcome.BREACHED]
        # Somebody is urged when a late clock climbs, or when another one falls due: a warning urges nobody.
        urging = [clock.next_rung_at if clock in breached else clock.due for clock in late if clock.running]
        upcoming = min((moment for moment in urging if moment is not None), default=None)
        told_to = case.special is not None or len(breached) == len(late)
        if breached and told_to and not over and upcoming is not None and upcoming - event.at > SILENCE:
            days = SILENCE.days
            what = f"what is late is left alone: nobody is urged for more than {days} days"
            return Text(what, f"超时事项超过 {days} 天无人催办"), at
    if ladder.over or ladder.cut or not ladder.rungs:
        return None, 0
    last = ladder.rungs[-1][1]
    if before is None and any(clock.outcome is Outcome.BREACHED for clock in last.all_clocks):
        return Text("no special report is ever filed", "始终未形成专报"), len(ladder.rungs) - 1
    return None, 0
