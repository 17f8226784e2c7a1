"""Laws about whole lives: no case is left lying, and nobody without an answer (件件有着落、事事有回音)."""

from collections.abc import Callable, Iterator, Mapping

from governflow.case import Case, evolve
from governflow.charter.laws import law
from governflow.charter.living import Life, Step, Walk, first, play
from governflow.charter.subject import Subject, Told
from governflow.charter.verdicts import Failure
from governflow.charter.walks import by_lifecycle, lives, out_of, shortened
from governflow.clocks import Plan
from governflow.events import Event
from governflow.lifecycle import START, Lifecycle, Row, Way, _lost, _two_ways, _unknown
from governflow.policy import Policy
from governflow.terms import Outcome
from governflow.text import Text

#: How many failures a law tells of.
MOST = 5

#: Says what is wrong with a life, without naming moments: lives with one fault are told once.
Fault = Callable[[Life], Text | None]


def faulty(
    subject: Subject, fault: Fault, suggestion: Text, *, tested: Iterator[Life] | None = None
) -> Iterator[Failure]:
    """Look at lives, and tell each fault once, by the shortest life that shows it."""
    found: dict[str, Life] = {}
    for life in lives(subject) if tested is None else tested:
        subject.tried()
        what = fault(life)
        if what is None:
            continue
        known = found.get(what.en)
        if known is None or len(life.walk.steps) < len(known.walk.steps):
            found[what.en] = life
        if len(found) >= 4 * MOST:
            break
    shortest = sorted(found.values(), key=lambda life: len(life.walk.steps))
    told: set[str] = set()
    for life in shortest[:MOST]:
        short = play(subject, shortened(life.walk, lambda walk: fault(play(subject, walk)) is not None))
        what = fault(short)
        if what is None or what.en in told:
            short, what = life, fault(life)
        if what is None or what.en in told:
            continue
        told.add(what.en)
        yield Failure(what, short.walk.as_case(), short.said(subject.policy), look_at(short.events), suggestion)


def look_at(events: tuple[Event, ...]) -> str:
    """Name the last rule that said something in a life."""
    rulings = [ruling for event in events for ruling in event.rulings if ruling.rule]
    return f"{rulings[-1].rule} of {rulings[-1].source}" if rulings else ""


# --- case/attended ----------------------------------------------------------------------------------------------------


@law(
    "case/attended",
    Text("every matter has a home", "件件有着落"),
    Text(
        "at every moment an open case has a responsible unit and a running clock, or a suspension with a date",
        "未结事项任何时刻都有责任单位，并有计时中的时限或有期限的挂起",
    ),
    method="examples",
)
def attended(subject: Subject) -> Iterator[Failure]:
    """Look at every moment of every life."""
    policy = subject.policy
    advice = Text(
        "let the action that leads there start a clock, or do not allow `close` in that state",
        "让进入该状态的动作启动一个时限，或不要在该状态允许归档",
    )
    yield from faulty(subject, lambda life: _left_lying(life, policy), advice)


def _left_lying(life: Life, policy: Policy) -> Text | None:
    if life.broken:
        return Text(f"the life of a case broke off: {life.broken}", f"事项办理中断：{life.broken}")
    for _, case in life.moments():
        lifecycle = policy.lifecycle(case, [])
        if case.state in lifecycle.ends or case.state == START:
            continue
        state = policy.name(case.state)
        if case.unit not in policy.units:
            return Text(
                f"a case that is {state.en} is with {case.unit!r}, which the org chart does not know",
                f"“{state.zh}”的事项由组织架构中没有的“{case.unit}”负责",
            )
        if case.until is None and not any(clock.running for clock in case.clocks.values()):
            return Text(
                f"a case that is {state.en} is left lying: no clock runs, and no date is set",
                f"“{state.zh}”的事项无人跟进：没有计时中的时限，也没有期限",
            )
    return None


# --- case/answered ----------------------------------------------------------------------------------------------------

#: Ends that are an answer of their own: the reason that is told, the other case's answer, the will of who asked.
EXCUSED = frozenset({"decline", "merge", "withdraw"})


@law(
    "case/answered",
    Text("every matter gets an answer; who asks is answered and judges", "事事有回音；谁提诉求、向谁反馈、由谁评价"),
    Text(
        "no case ends without an answer to whoever asked, and their evaluation, its lapse, or a verification",
        "事项未向诉求人反馈、未经评价（或评价到期、核查）不得办结",
    ),
    method="examples",
)
def answered(subject: Subject) -> Iterator[Failure]:
    """Follow every way through every lifecycle exactly; then look at the ends of lives."""
    policy = subject.policy
    found = 0
    for name, told in by_lifecycle(subject).items():
        plan = _plan(subject, told[0])
        for failure in _silent_ways(subject, policy.lifecycles[name], told[0], plan):
            found += 1
            yield failure
    if found == 0:
        advice = Text("lead to an end only through `answer` and an evaluation", "须经反馈与评价才能到达终态")
        yield from faulty(subject, lambda life: _unanswered(life, policy), advice)


def _plan(subject: Subject, told: Told) -> Plan:
    case = first(subject, told)
    return subject.policy.plan(case, subject.policy.context(case, case.mode, case.opened), [])


def _silent_ways(subject: Subject, lifecycle: Lifecycle, told: Told, plan: Plan) -> Iterator[Failure]:
    """Give a shortest way to each end that passes no answer, or an answer and nobody's judgement of it."""
    judging = {"evaluate", *(plan.specs["evaluate"].stops if "evaluate" in plan.specs else ())}
    start = next((way.target for way in lifecycle.ways_for(START, "report")), START)
    todo: list[tuple[str, str, bool, bool, tuple[Way, ...]]] = [(start, "", False, False, ())]
    seen, blamed = {todo[0][:4]}, set[str]()
    for state, origin, heard, judged, path in todo:
        for way in out_of(lifecycle, state, origin):
            action = way.action.name
            if action in EXCUSED:
                continue
            again = way.cycle and "reopen" in way.triggers
            now_heard = not again and (heard or action == "answer")
            now_judged = not again and action != "answer" and (judged or action in judging)
            after = (way.target, state if way.target == "suspended" else "", now_heard, now_judged)
            if way.ends and way.target != state and not (now_heard and now_judged):
                if way.target not in blamed:
                    blamed.add(way.target)
                    yield _skipped(subject, (*path, way), told, heard=now_heard)
                continue
            if after not in seen:
                seen.add(after)
                todo.append((*after, (*path, way)))


def _skipped(subject: Subject, path: tuple[Way, ...], told: Told, *, heard: bool) -> Failure:
    name = subject.policy.name
    en = " -> ".join(way.action.name for way in path)
    zh = " → ".join(name(way.action.name).zh for way in path)
    end = name(path[-1].target)
    lacks = Text("nobody judged the answer", "无人评价") if heard else Text("nobody was answered", "没有反馈")
    odd = {("verdict", "unsatisfied"), ("recurred", "yes")}
    steps = tuple(Step(1, way.action.name, 1 if way.guard in odd else 0) for way in path)
    return Failure(
        Text(f"a case can become {end.en} by {en}, and {lacks.en}", f"事项可经 {zh} 成为“{end.zh}”，而{lacks.zh}"),
        Walk(told, steps).as_case(),
        tuple(Text(f"{way.source} -> {way.target}", f"{name(way.source).zh} → {name(way.target).zh}") for way in path),
        f"governflow_lifecycles: {path[-1].action.name!r} from {path[-1].source!r}",
        Text(
            f"forbid {path[-1].action.name!r} in {path[-1].source!r}, or let it follow an answer",
            f"在“{name(path[-1].source).zh}”禁止“{name(path[-1].action.name).zh}”，或使其在反馈之后",
        ),
    )


def _unanswered(life: Life, policy: Policy) -> Text | None:
    case: Case | None = None
    heard, judged, state, through = False, False, START, ""
    for event, following in zip(life.events, (*life.events[1:], None), strict=True):
        through = event.action if case is None or event.state != case.state else through
        case = evolve(case, event)
        if "reopened" in event.changes:
            heard = judged = False
        if event.action == "answer":
            heard, judged = True, False
        judged = judged or event.changes.get("verdict") is not None or _judged(event)
        if following is not None and following.at == event.at:
            continue
        before, state = state, case.state
        ended = state in policy.lifecycle(case, []).ends and before != state
        if not ended or (through in EXCUSED and (through != "merge" or case.merged_into)):
            continue
        end = policy.name(state)
        if case.asked and not heard:
            return Text(f"a case became {end.en}, and nobody was answered", f"事项成为“{end.zh}”，而没有反馈")
        if not judged:
            return Text(
                f"a case became {end.en}, and nobody judged the result", f"事项成为“{end.zh}”，而无人评价或核查"
            )
    return None


def _judged(event: Event) -> bool:
    """Say whether the time to judge was used, or ran out."""
    used = (Outcome.MET, Outcome.LAPSED)
    return any(clock.name == "evaluate" and clock.outcome in used for clock in event.clocks)


# --- lifecycle/sound --------------------------------------------------------------------------------------------------


@law(
    "lifecycle/sound",
    Text("a table without dead ends", "流程无死角"),
    Text(
        "every state is reachable, from every state an end is, and no state has two open ways for one action",
        "每个状态可达，每个状态都能到达终态，同一状态同一动作只有一条出路",
    ),
    method="exact",
)
def sound(subject: Subject) -> Iterator[Failure]:
    """Check the table that was declared, and the one that runs."""
    for name, lifecycle in subject.policy.lifecycles.items():
        runs = tuple(
            Row(action, (state,), way.target, way.guard, way.cycle)
            for (state, action), open_ways in lifecycle.ways.items()
            for way in open_ways
        )
        faults = dict.fromkeys(fault for rows in (lifecycle.rows, runs) for fault in _unsound(lifecycle, rows))
        for fault in list(faults)[:MOST]:
            sentence = Text(f"in the lifecycle {name!r} {fault.en}", f"流程“{name}”：{fault.zh}")
            yield Failure(sentence, look_at=f"governflow_lifecycles: {name}", suggestion=_BUILD)


_BUILD = Text(
    "build it with Lifecycle.build or .derive, which refuse such tables", "请用 Lifecycle.build 或 .derive 构建"
)


def _unsound(lifecycle: Lifecycle, rows: tuple[Row, ...]) -> list[Text]:
    known: Mapping[str, Text] = lifecycle.states
    faults = [*_unknown(rows, known, lifecycle.ends, lifecycle.actions), *_two_ways(rows)]
    return [*faults, *_lost(rows, known, lifecycle.ends)]
