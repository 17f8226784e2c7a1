"""Laws about whole lives: no case is left lying, and nobody without an answer (件件有着落、事事有回音)."""

from collections.abc import Callable, Iterable, Iterator

import attrs

from governflow.charter.cases.reported import ReportedCase
from governflow.charter.lives.scenarios import (
    by_lifecycle,
    going,
    lives,
    origin_after,
    out_of,
    paths,
    searched,
    shortened,
)
from governflow.charter.lives.simulation import Scenario, ScenarioStep, SimulatedCase, first, play
from governflow.charter.model import MOST, Failure, as_written, law
from governflow.charter.subject import Subject
from governflow.model.case import Case
from governflow.model.events import Event
from governflow.model.lifecycle import SAME, START, CompiledTransition, Lifecycle, Move, unsound
from governflow.model.rulings import RuleRef
from governflow.model.terms import Outcome
from governflow.policy.stack import Policy
from governflow.text import Text

#: Says what is wrong with a life in a sentence that names no moment: lives with one fault are told once. The rest is
#: filled in: the life, the last rule that said something unless another one is named, and what mends such faults.
Fault = Callable[[SimulatedCase], Failure | None]


def faulty(
    subject: Subject, fault: Fault, advice: Text, *, tested: Iterable[SimulatedCase] | None = None
) -> Iterator[Failure]:
    """Look at lives, and tell each fault once, by the shortest life that shows it; a search then draws lives."""
    found: dict[str, tuple[SimulatedCase, Failure]] = {}

    def note(life: SimulatedCase) -> str:
        """Keep the shortest life that shows a fault, and return the fault's sentence; empty for a sound life."""
        wrong = fault(life)
        if wrong is None:
            return ""
        known = found.get(wrong.sentence.en)
        if known is None or len(life.scenario.steps) < len(known[0].scenario.steps):
            found[wrong.sentence.en] = life, wrong
        return wrong.sentence.en

    for life in lives(subject) if tested is None else tested:
        if subject.late or len(found) >= 4 * MOST:
            break
        subject.tried()
        note(life)
    if len(found) < MOST:
        for _ in searched(subject, note, set(found)):
            if len(found) >= MOST:
                break
    reported: set[str] = set()
    for life, wrong in sorted(found.values(), key=lambda one: len(one[0].scenario.steps))[:MOST]:
        if wrong.sentence.en in reported:
            continue
        short = shortest(subject, fault, life.scenario) if not subject.late else None
        shown, what = (life, wrong) if short is None or short[1].sentence.en in reported else short
        reported.add(what.sentence.en)
        yield attrs.evolve(
            what,
            case=shown.scenario.as_case(),
            said=shown.said(subject.policy),
            look_at=what.look_at or look_at(shown.events),
            suggestion=what.suggestion or advice,
        )


def shortest(subject: Subject, fault: Fault, scenario: Scenario) -> tuple[SimulatedCase, Failure] | None:
    """Return a shorter life in which something is wrong, and what; None if there is none."""

    def look(shorter: Scenario) -> tuple[SimulatedCase, Failure] | None:
        life = play(subject, shorter)
        wrong = fault(life)
        return (life, wrong) if wrong is not None else None

    return shortened(scenario, look)


def look_at(events: Iterable[Event]) -> RuleRef | None:
    """Return the last rule that said something in some events; None if none did."""
    rulings = [ruling for event in events for ruling in event.rulings if ruling.rule]
    return rulings[-1].ref if rulings else None


@law(
    "case/attended",
    Text("every matter has a home", "件件有着落"),
    Text(
        "at every moment an open case has a responsible unit and a running clock, or a suspension with a date",
        "未结事项任何时刻都有责任单位，并有计时中的时限或有期限的挂起",
    ),
)
def attended(subject: Subject) -> Iterator[Failure]:
    """Look at every moment of every life."""
    policy = subject.policy
    cases_of = by_lifecycle(subject)
    for name in policy.lifecycles:
        if subject.only is None and name not in cases_of:
            yield Failure(
                Text(f"no case of the lifecycle {name!r} can be reported", f"流程“{name}”的事项无法上报"),
                {"lifecycle": name},
                look_at=as_written(f"governflow_lifecycles: {name}"),
            )
    yield from faulty(
        subject,
        lambda life: left_lying(life, policy),
        Text(
            "let the action that leads there start a clock, or do not allow `close` in that state",
            "让进入该状态的动作启动一个时限，或不要在该状态允许归档",
        ),
    )


_USABLE = Text(
    "give a usable answer in every state of a case, or None to ask below",
    "在事项的任何状态下都给出可用的答复，或返回 None 交由下层",
)


def left_lying(life: SimulatedCase, policy: Policy) -> Failure | None:
    """Return whether a case of a life was ever left without anybody, without a clock, or to rules that fail."""
    if life.broken:
        return Failure(Text(f"the life of a case broke off: {life.broken}", f"事项办理中断：{life.broken}"))
    if life.swallowed:
        return Failure(
            Text(
                f"{', '.join(life.swallowed)} failed, and the book does not say so",
                f"{'、'.join(life.swallowed)} 失灵而账本未记录",
            )
        )
    for fault in life.faults():
        return Failure(
            Text(
                f"a case goes to a human, as {fault.where} fails: {fault.text.en}",
                f"{fault.source} 的 {fault.hook} 出错，事项转人工：{fault.text.zh}",
            ),
            look_at=fault.where,
            suggestion=_USABLE,
        )
    for _, case in life.moments():
        if case.state in policy.lifecycle(case, []).ends or case.state == START:
            continue
        state = policy.name(case.state)
        if case.unit not in policy.units:
            return Failure(
                Text(
                    f"a case that is {state.en} is with {case.unit!r}, which the org chart does not know",
                    f"“{state.zh}”的事项由组织架构中没有的“{case.unit}”负责",
                )
            )
        if case.source is not None:
            continue  # of what its source does not record no clock can run: somebody is responsible, and that is all
        if case.suspended_until is None and not any(clock.running for clock in case.clocks.values()):
            return Failure(
                Text(
                    f"a case that is {state.en} is left lying: no clock runs, and no date is set",
                    f"“{state.zh}”的事项无人跟进：没有计时中的时限，也没有期限",
                )
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
)
def answered(subject: Subject) -> Iterator[Failure]:
    """Follow every way through every lifecycle exactly; then look at the ends of lives."""
    policy = subject.policy
    failures: list[Failure] = []
    for name, (reported_case, *_) in by_lifecycle(subject).items():
        lifecycle = policy.lifecycles[name]
        failures += [*_silent_ways(subject, lifecycle, reported_case), *_one_sided(subject, lifecycle, reported_case)]
    yield from failures
    if not failures:
        advice = Text("lead to an end only through `answer` and an evaluation", "须经反馈与评价才能到达终态")
        yield from faulty(subject, lambda life: unanswered(life, policy), advice)


def _silent_ways(subject: Subject, lifecycle: Lifecycle, reported_case: ReportedCase) -> Iterator[Failure]:
    """Return a shortest way to each end that passes no answer, or an answer and nobody's judgement of it."""
    case = first(subject, reported_case)
    plan = subject.policy.plan(case, subject.context(case, case.mode), [])
    # To ask for a review is a judgement too: what else stops the clock counts, as long as it ends nothing.
    judging = plan.specs["evaluate"].stops if "evaluate" in plan.specs else frozenset()
    start = next((way.target for way in lifecycle.transitions_for(START, "report")), START)
    todo: list[tuple[str, str, bool, bool, tuple[CompiledTransition, ...]]] = [(start, "", False, False, ())]
    seen, blamed = {todo[0][:4]}, set[str]()
    for state, origin, heard, judged, path in todo:
        for way in out_of(lifecycle, state, origin):
            action = way.action.name
            if action in EXCUSED:
                continue
            again = way.cycle and "reopen" in way.triggers
            now_heard = not again and (heard or action == "answer")
            now_judged = (
                not again
                and action != "answer"
                and (judged or action == "evaluate" or (action in judging and not way.ends))
            )
            after = (way.target, origin_after(way, origin), now_heard, now_judged)
            if way.ends and way.target != state and not (now_heard and now_judged):
                if way.target not in blamed:
                    blamed.add(way.target)
                    yield _skipped(subject, (*path, way), reported_case, heard=now_heard)
                continue
            if after not in seen:
                seen.add(after)
                todo.append((*after, (*path, way)))


def _one_sided(subject: Subject, lifecycle: Lifecycle, reported_case: ReportedCase) -> Iterator[Failure]:
    """Tell where whoever asked may say one thing only: that they are satisfied, or that they are not."""
    for (state, _), path in paths(lifecycle).items():
        guards = [way.guard for way in lifecycle.transitions_for(state, "evaluate")]
        if not guards or None in guards:
            continue
        for value, zh in (("satisfied", "满意"), ("unsatisfied", "不满意")):
            if ("verdict", value) not in guards:
                name = subject.policy.name(state)
                yield Failure(
                    Text(
                        f"whoever asked cannot say that they are {value} while the case is {name.en}",
                        f"事项“{name.zh}”时，诉求人无法作出“{zh}”的评价",
                    ),
                    Scenario(
                        reported_case, (*path, ScenarioStep(1, "evaluate", 0 if value == "satisfied" else 1))
                    ).as_case(),
                    look_at=as_written(f"governflow_lifecycles: 'evaluate' from {state!r}"),
                    suggestion=Text("give `evaluate` a way for either verdict", "满意与不满意的评价都要有去向"),
                )
        return


def _skipped(
    subject: Subject, path: tuple[CompiledTransition, ...], reported_case: ReportedCase, *, heard: bool
) -> Failure:
    name = subject.policy.name
    en = " -> ".join(way.action.name for way in path)
    zh = " → ".join(name(way.action.name).zh for way in path)
    end = name(path[-1].target)
    lacks = Text("nobody judged the answer", "无人评价") if heard else Text("nobody was answered", "没有反馈")
    return Failure(
        Text(f"a case can become {end.en} by {en}, and {lacks.en}", f"事项可经 {zh} 成为“{end.zh}”，而{lacks.zh}"),
        Scenario(reported_case, tuple(going(way, 1) for way in path)).as_case(),
        tuple(Text(f"{way.source} -> {way.target}", f"{name(way.source).zh} → {name(way.target).zh}") for way in path),
        as_written(f"governflow_lifecycles: {path[-1].action.name!r} from {path[-1].source!r}"),
        Text(
            f"forbid {path[-1].action.name!r} in {path[-1].source!r}, or let it follow an answer",
            f"在“{name(path[-1].source).zh}”禁止“{name(path[-1].action.name).zh}”，或使其在反馈之后",
        ),
    )


def unanswered(life: SimulatedCase, policy: Policy) -> Failure | None:
    """Return whether a life ended without an answer, or without anybody's judgement of it."""
    before: Case | None = None
    heard, judged, state, through = False, False, START, ""
    for event, case, following in zip(life.events, life.cases, (*life.events[1:], None), strict=True):
        through = event.action if before is None or event.state != before.state else through
        before = case
        if "reopened" in event.changes:
            heard = judged = False
        if event.action == "answer":
            heard, judged = True, False
        judged = judged or event.changes.get("verdict") is not None or _judged(event, policy.lifecycle(case, []).ends)
        if following is not None and following.at == event.at:
            continue
        was, state = state, case.state
        ended = state in policy.lifecycle(case, []).ends and was != state
        if not ended or (through in EXCUSED and (through != "merge" or case.merged_into)):
            continue
        end = policy.name(state)
        if case.asked and not heard:
            return Failure(Text(f"a case became {end.en}, and nobody was answered", f"事项成为“{end.zh}”，而没有反馈"))
        if not judged:
            return Failure(
                Text(f"a case became {end.en}, and nobody judged the result", f"事项成为“{end.zh}”，而无人评价或核查")
            )
    return None


def _judged(event: Event, ends: frozenset[str]) -> bool:
    """Return whether the time to judge ran out, or was used by what does not end the case."""
    used = (Outcome.LAPSED,) if event.state in ends else (Outcome.LAPSED, Outcome.MET)
    return any(clock.name == "evaluate" and clock.outcome in used for clock in event.clocks)


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
    """Check the table that was declared, the one that runs, and where a case can really go in it."""
    for name, lifecycle in subject.policy.lifecycles.items():
        runs = tuple(
            Move(action, (state,), way.target, way.guard, way.cycle)
            for (state, action), open_ways in lifecycle.transitions.items()
            for way in open_ways
        )
        declared = lifecycle.states, lifecycle.ends, lifecycle.actions
        of_rows = (fault for rows in (lifecycle.rows, runs) for fault in unsound(rows, *declared))
        faults = dict.fromkeys((*of_rows, *_other_table(lifecycle, runs), *_dead_ends(lifecycle)))
        for fault in list(faults)[:MOST]:
            yield Failure(
                Text(f"in the lifecycle {name!r} {fault.en}", f"流程“{name}”：{fault.zh}"),
                look_at=as_written(f"governflow_lifecycles: {name}"),
                suggestion=_BUILD,
            )


_BUILD = Text(
    "build it with Lifecycle.build or .derive, and give every state a way in and a way on",
    "请用 Lifecycle.build 或 .derive 构建，使每个状态都有来路和去路",
)
#: What only whoever asked can do, or another case: no way on for those who work on it.
_GIVING_UP = frozenset({"withdraw", "merge"})


def _other_table(lifecycle: Lifecycle, runs: tuple[Move, ...]) -> Iterator[Text]:
    """Tell where what runs is not what was declared."""
    declared = {
        (row.action, state, state if row.target == SAME else row.target, row.guard, row.cycle)
        for row in lifecycle.rows
        for state in row.sources
    }
    running = {(row.action, *row.sources, row.target, row.guard, row.cycle) for row in runs}
    for action, state, *_ in sorted(declared ^ running, key=str):
        yield Text(
            f"{action!r} in state {state!r} does not run as its row says", f"状态“{state}”下“{action}”的执行与声明不符"
        )
    for (state, action), open_ways in lifecycle.transitions.items():
        if any(way.ends is not (way.target in lifecycle.ends) for way in open_ways):
            yield Text(
                f"{action!r} in state {state!r} does not know which states are ends",
                f"状态“{state}”下“{action}”不知哪些状态为终态",
            )


def _dead_ends(lifecycle: Lifecycle) -> Iterator[Text]:
    """Tell which states a case cannot come to, and where it is stuck: suspended, it goes back where it came from."""
    routes = paths(lifecycle)
    reached = {state for state, _ in routes}
    for state in lifecycle.states:
        if state not in reached:
            yield Text(
                f"state {state!r} is unreachable: what seems to lead there needs a case that was there before",
                f"状态“{state}”无法到达：看似通往该状态的去路，都要求事项曾处于该状态",
            )

    def leads_to(state: str, origin: str) -> set[tuple[str, str]]:
        every = out_of(lifecycle, state, origin)
        return {(way.target, origin_after(way, origin)) for way in every if way.action.name not in _GIVING_UP}

    saved = {node for node in routes if node[0] in lifecycle.ends}
    while more := {node for node in routes.keys() - saved if leads_to(*node) & saved}:
        saved |= more
    for state, origin in sorted(routes.keys() - saved):
        came = Text(f" that came from {origin!r}", f"（来自“{origin}”）") if origin else Text("", "")
        yield Text(
            f"a case that is {state!r}{came.en} can only be withdrawn or merged: no work on it leads to an end",
            f"处于“{state}”{came.zh}的事项只能撤回或并案：没有任何办理动作通向终态",
        )
