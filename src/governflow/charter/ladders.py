"""Laws about ladders: what is not done goes up, comes to the top, and is not forgotten there (升级)."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import attrs

from governflow import musters
from governflow.case import Case
from governflow.charter.laws import law
from governflow.charter.lives import MOST
from governflow.charter.living import ADVANCE, SWITCH, Step, Walk, done, fallen, line
from governflow.charter.subject import BEGIN, Subject
from governflow.charter.verdicts import Failure
from governflow.charter.walks import paths, pool
from governflow.errors import GovernflowError
from governflow.events import Event
from governflow.policy import Policy
from governflow.terms import Kind, Mode, Outcome
from governflow.text import Text

#: How long nobody acts until the top must be reached, and how long the top may keep silent.
HORIZON, SILENCE = timedelta(days=730), timedelta(days=31)
#: So many events of one ladder are too many.
_ENDLESS = 600


#: What is wrong with a ladder, and at which of its rungs.
_Fault = tuple[Text | None, int]


@attrs.frozen(eq=False)
class Ladder:
    """What happens by itself from a state on, as nobody acts.

    Args:
        walk: How the state was reached.
        begin: The case when everybody left it.
        rungs: Each event with the case after it.
        over: Whether the case came to an end.
    """

    walk: Walk
    begin: Case
    rungs: tuple[tuple[Event, Case], ...]
    over: bool


_LADDERS: WeakKeyDictionary[Subject, list[Ladder]] = WeakKeyDictionary()


def ladders(subject: Subject) -> list[Ladder]:
    """Give the ladders of every sort of case from every state of its life, and those of a muster."""
    known = _LADDERS.get(subject)
    if known is None:
        known = _LADDERS[subject] = [*_of_cases(subject), *_of_musters(subject)]
    return known


def _of_cases(subject: Subject) -> Iterator[Ladder]:
    policy = subject.policy
    for told, reported, _ in pool(subject):
        if subject.only is not None and "steps" in subject.only:
            starts = [Walk.read(subject.only).steps]
        else:
            starts = list(paths(policy.lifecycles[reported.lifecycle]).values())
            starts += [(*steps, Step(1, "whistle")) for steps in starts[:8]]
        for steps in starts:
            case = _reached(policy, reported, steps)
            if case is not None and case.state not in policy.lifecycle(case, []).ends:
                yield _climbed(policy, Walk(told, steps), case)


def _reached(policy: Policy, case: Case, steps: tuple[Step, ...]) -> Case | None:
    at = BEGIN
    for step in steps:
        at += timedelta(minutes=step.after)
        for _, after in fallen(policy, case, at):
            case = after
        if step.do in (ADVANCE, SWITCH):
            continue
        try:
            case = done(policy, case, step.do, at, step.pick)
        except GovernflowError:
            return None
    return case


def _of_musters(subject: Subject) -> Iterator[Ladder]:
    policy = subject.policy
    switched = subject.only is None or any(SWITCH in step for step in subject.only.get("steps", ()))
    if not (switched and policy.units.having("post")):
        return
    book = Case(f"@{policy.code}", opened=BEGIN, state=musters.BOOK)
    _, book = musters.switch(book, policy, BEGIN, Mode.EMERGENCY, {}, None)
    some = dict(list(book.clocks.items())[:3]) | {
        name: clock for name, clock in book.clocks.items() if name == "muster"
    }
    book = attrs.evolve(book, clocks=type(book.clocks)(some))
    yield _climbed(policy, Walk({}, (Step(0, SWITCH),)), book)


def _climbed(policy: Policy, walk: Walk, case: Case) -> Ladder:
    """Let nobody act until the top has been silent for long enough to tell, or the case has ended."""
    begin, rungs = case, list[tuple[Event, Case]]()
    start = max(case.moved or BEGIN, case.opened or BEGIN)
    over = False
    for event, after in fallen(policy, case, start + HORIZON):
        case = after
        rungs.append((event, after))
        over = after.state in policy.lifecycle(after, []).ends and after.state != musters.BOOK
        urged = after.special is not None and event.at >= after.special + 2 * SILENCE
        if over or len(rungs) >= _ENDLESS or (urged and begin.state != musters.BOOK):
            break
    return Ladder(walk, begin, tuple(rungs), over)


def _climbing(subject: Subject, fault_of: Callable[[Ladder], _Fault], advice: Text) -> Iterator[Failure]:
    told_so: set[str] = set()
    for ladder in ladders(subject):
        subject.tried()
        what, at = fault_of(ladder)
        if what is None or what.en in told_so or len(told_so) >= MOST:
            continue
        told_so.add(what.en)
        rungs = ladder.rungs[max(0, at - 10) : at + 1]
        rulings = [ruling for event, _ in rungs for ruling in event.rulings if ruling.what == "escalate"]
        look = f"{rulings[-1].rule} of {rulings[-1].source}" if rulings else "governflow_escalate"
        said = tuple(line(event, subject.policy) for event, _ in rungs)
        yield Failure(what, ladder.walk.as_case(), said, look, advice)


@law(
    "escalation/climbs",
    Text("what is not done goes up", "逾期必升级"),
    Text(
        "a ladder never goes down or in a circle, goes to existing units only, and comes to its top",
        "升级不向下、不循环，只到现有单位，且终将到顶",
    ),
    method="examples",
)
def climbs(subject: Subject) -> Iterator[Failure]:
    """Follow every ladder that nobody acts on."""
    advice = Text(
        "take over with a unit of a higher level, and end with a special report", "由更高层级接办，最后形成专报"
    )
    yield from _climbing(subject, lambda ladder: _astray(ladder, subject.policy), advice)


def _astray(ladder: Ladder, policy: Policy) -> _Fault:
    units, before = policy.units, ladder.begin
    visited: dict[str, list[tuple[str, object]]] = {}
    for at, (event, case) in enumerate(ladder.rungs):
        for fault in event.about.get("faults", ()):
            if fault["hook"] == "governflow_escalate":
                return Text(f"a rung was not usable: {fault['fault']}", f"升级方式不可用：{fault['fault']}"), at
        climb = event.about.get("escalation")
        if climb is None:
            before = case
            continue
        name, to, holder = str(climb["clock"]).partition("#")[0], str(climb["to"]), str(climb["from"])
        if to not in units:
            return Text(f"it climbs to {to!r}, which the chart does not know", f"升级到组织架构中没有的“{to}”"), at
        if climb["kind"] == Kind.TAKE_OVER and name != "dispatch":
            form = climb["form"] or before.form
            if holder != units.intake and units.level(to, form) < units.level(holder, before.form):
                return Text(f"it goes down from {holder} to {to}", f"由“{holder}”向下转到“{to}”"), at
            chain = visited.setdefault(name if name.startswith("check_in:") else "", [])
            if (to, form) in chain or (to == holder and form == before.form):
                round_ = " -> ".join([*(unit for unit, _ in chain[-6:]), to])
                return Text(f"it goes in a circle: {round_}", f"循环升级：{round_}"), at
            chain.append((to, form))
        clock = case.clocks.get(name)
        stopped = (
            clock is not None and clock.stopped is None and clock.climb is None and climb["kind"] != Kind.TAKE_OVER
        )
        if stopped and case.special is None:
            return Text(f"the ladder of {name} stops before its top", f"时限“{name}”未到顶即不再升级"), at
        before = case
    if ladder.over or ladder.begin.state == musters.BOOK or not ladder.rungs:
        return None, 0
    last = ladder.rungs[-1][1]
    if last.special is None and any(clock.outcome is Outcome.BREACHED for clock in last.all_clocks):
        return Text("it never comes to the top: no special report is filed", "始终没有到顶：未形成专报"), len(
            ladder.rungs
        ) - 1
    return None, 0


@law(
    "escalation/ends",
    Text("at the top somebody is still urged", "到顶不到底，专报不停催"),
    Text(
        "at the top a special report is filed, and somebody is urged until the case is done",
        "到顶形成专报，并持续催办直至办结",
    ),
    method="examples",
)
def ends(subject: Subject) -> Iterator[Failure]:
    """Follow every ladder past its top."""
    advice = Text("after the special report keep urging the holder, at least every month", "专报之后至少每月催办一次")
    yield from _climbing(subject, _silent, advice)


def _silent(ladder: Ladder) -> _Fault:
    before: datetime | None = None
    for at, (event, case) in enumerate(ladder.rungs):
        late = [clock for clock in case.clocks.values() if clock.stopped is None]
        over = ladder.over and at == len(ladder.rungs) - 1
        if late and not over and case.next is None:
            return Text("nobody is urged any more, and nothing is due", "不再有人被催办，也没有任何时限"), at
        all_late = bool(late) and all(clock.outcome is Outcome.BREACHED for clock in late)
        if not over and all_late and case.next is not None and case.next - event.at > SILENCE:
            days = (case.next - event.at).days
            return Text(
                f"everything is late, and nobody is urged for {days} days", f"已全部超时，而 {days} 天无人催办"
            ), at
        climb = event.about.get("escalation")
        if climb is not None and case.special is not None:
            before = event.at
            clock = case.clocks.get(str(climb["clock"]).partition("#")[0])
            stops = clock is not None and clock.stopped is None and clock.climb is None
            if stops and climb["kind"] != Kind.TAKE_OVER and not over:
                return Text(
                    f"after the special report the ladder of {clock and clock.name} falls silent", "专报之后不再催办"
                ), at
    if ladder.over or not ladder.rungs or ladder.begin.state == musters.BOOK:
        return None, 0
    last = ladder.rungs[-1][1]
    if before is None and any(clock.outcome is Outcome.BREACHED for clock in last.all_clocks):
        return Text("no special report is ever filed", "始终未形成专报"), len(ladder.rungs) - 1
    return None, 0
