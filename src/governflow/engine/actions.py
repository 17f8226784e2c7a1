"""What each action of the base lifecycle asks for and does beside moving the state (动作).

A handler looks at the details of the command, refuses what makes no sense with one sentence, and writes into the step.
Actions that a locality adds have no handler: they move the state and their clocks, and that is all.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from governflow.engine import rulings
from governflow.engine.extensions import extend, is_called, listed_names, text_of
from governflow.engine.transition import Transition
from governflow.errors import CommandError, require
from governflow.model import clocks
from governflow.model.clocks import Clock
from governflow.model.events import Actor
from governflow.model.terms import FORMS, Cause, Exempt, Form, Kind, Severity, Urgency, Verdict, Way, member
from governflow.text import Text
from governflow.timesource import in_utc

#: A suspension for which nobody gives a date ends by itself after this long.
SUSPENSION = timedelta(days=7)
#: A score of this or more is satisfied (contracts: rates).
SATISFIED_FROM = 3
#: Scores that nobody gives who says to be satisfied, and that nobody gives who says not to be.
_UNHAPPY, _HAPPY = (1, 2), (4, 5)


Details = Mapping[str, Any]
Handler = Callable[[Transition, Details, "Actor | None"], None]


def yes_no(details: Details, name: str) -> bool | None:
    """Read yes or no; a word such as "no" would count as yes in Python."""
    given = details.get(name)
    if given is None or type(given) is bool:
        return given
    raise CommandError(f"`{name}` is {given!r}: give True or False", f"“{name}”应为 True 或 False，而不是 {given!r}")


def verdict_of(step: Transition, details: Details) -> Verdict:
    """Read a verdict from ``satisfied`` (a bool) or ``score`` (1 to 5; 3 and more is satisfied).

    A word that the score contradicts is refused; where a journal is the record it counts, and the book says so.
    """
    satisfied, score = yes_no(details, "satisfied"), details.get("score")
    if score is not None and not (type(score) is int and 1 <= score <= 5):
        raise CommandError(f"the score {score!r} is none of 1 to 5", f"评分 {score!r} 应为 1 至 5")
    require(
        satisfied is not None or score is not None,
        "an evaluation needs `satisfied` (yes or no) or `score` (1 to 5)",
        "评价须给出“是否满意”或评分（1 至 5）",
    )
    if satisfied is not None and score is not None and score in (_UNHAPPY if satisfied else _HAPPY):
        _contradicted(step, satisfied=satisfied, score=score)
    happy = bool(satisfied) if satisfied is not None else int(score or 0) >= SATISFIED_FROM
    return Verdict.SATISFIED if happy else Verdict.UNSATISFIED


def _contradicted(step: Transition, *, satisfied: bool, score: int) -> None:
    word = (Verdict.SATISFIED if satisfied else Verdict.UNSATISFIED).text
    reason = Text(
        f"{word.en!r} and a score of {score} of 5 contradict each other",
        f"“{word.zh}”与评分 {score}（满分 5 分）相互矛盾",
    )
    if step.case.way is Way.RECORD:
        step.find("contradictory_verdict", reason, args=[str(satisfied).lower(), str(score)])
        return
    raise CommandError(f"{reason.en}: ask which of the two is meant", f"{reason.zh}：请核实以哪一项为准")


def _decline(step: Transition, details: Details, by: Actor | None) -> None:
    text_of(
        details,
        "reason",
        "declining needs a reason: it is the answer to the one who asked",
        "不予受理须说明理由：理由即是给诉求人的答复",
    )
    step.changes["closed"] = step.at.isoformat()


def _dispatch(step: Transition, details: Details, by: Actor | None) -> None:
    rulings.route(step, details.get("to"))


def _claim(step: Transition, details: Details, by: Actor | None) -> None:
    """Claim a case (领单): out of an open pool the claiming unit becomes its holder (认领)."""
    units, case = step.policy.units, step.case
    pool = units.units.get(case.unit)
    if pool is None or "pool" not in pool.roles:
        return
    unit = details.get("unit") or (by.unit if by else None)
    if unit is None:
        raise CommandError(
            f"the case is in the pool {case.unit}: say which unit claims it",
            f"事项在认领池“{pool.text.zh}”：请指明认领单位",
        )
    rulings.require_unit(step, unit)
    step.changes |= {"unit": unit, "designated": False}
    if case.first_receiver == case.unit:
        step.changes["first"] = unit
    step.about["pool"] = case.unit


def _return(step: Transition, details: Details, by: Actor | None) -> None:
    step.changes |= {"unit": step.policy.units.intake, "assist": []}


def _confer(step: Transition, details: Details, by: Actor | None) -> None:
    until = details.get("until")
    if until is None:
        return
    due = _later(step, until)
    before = step.live.get(clocks.PROMISE)
    if before is not None and before.stopped is None:
        step.put(clocks.cancelled(before, step.at))
    step.put(clocks.fixed(clocks.PROMISE, step.at, due, (clocks.DUTY,), before.cycle + 1 if before else 1))


def _later(step: Transition, moment: datetime) -> datetime:
    moment = in_utc(moment)
    require(
        moment > step.at, "the date {moment} is not after {at}", "日期 {moment} 不晚于 {at}", moment=moment, at=step.at
    )
    return moment


def _suspend(step: Transition, details: Details, by: Actor | None) -> None:
    until = details.get("until")
    end = _later(step, until) if until is not None else step.at + SUSPENSION
    step.changes |= {"origin": step.case.state, "until": end.isoformat()}
    step.pause()


def resume(step: Transition, details: Details, by: Actor | None) -> None:
    """End a suspension: the clocks go on with what was left of them."""
    step.changes |= {"origin": None, "until": None}
    step.resume()


def _transfer(step: Transition, details: Details, by: Actor | None) -> None:
    to = text_of(details, "to", "a transfer needs the unit that it goes to", "转办须指明接收单位")
    rulings.require_unit(step, to)
    require(
        to != step.case.unit,
        f"the case is with {to} already: transfer it to another unit",
        f"事项已在“{step.policy.units.name(to).zh}”：请转给其他单位",
    )
    step.changes |= {"unit": to, "assist": []}
    rulings.received(step, to, designated=True)
    known = step.policy.units.units.get(to)
    if known is not None and known.forms and step.case.form not in known.forms:
        step.changes["form"] = known.forms[0]


def _escalate(step: Transition, details: Details, by: Actor | None) -> None:
    case, units = step.case, step.policy.units
    form = member(Form, details["form"]) if details.get("form") else (case.form.next if case.form else Form.DIRECT)
    if (
        form is not None
        and case.form is not None
        and not step.replaying
        and FORMS.index(form) <= FORMS.index(case.form)
    ):
        raise CommandError(
            f"escalation goes to a higher form: {form} is not above {case.form}",
            f"提级须到更高的办理方式：“{form.text.zh}”不高于“{case.form.text.zh}”",
        )
    unit = units.for_form(form, case.unit) if form is not None else None
    if form is None or unit is None:
        raise CommandError(
            "the case is at the highest form already: file a special report instead", "事项已在最高层级：请形成专报"
        )
    to = details.get("to") or unit.id
    rulings.require_unit(step, to)
    require(
        step.replaying or units.level(to, form) >= units.level(case.unit, case.form),
        f"escalation never goes down: {to} is below {case.unit}",
        f"提级不能向下：“{units.name(to).zh}”低于“{units.name(case.unit).zh}”",
    )
    step.changes |= {"unit": to, "form": form, "assist": []}
    rulings.tier(step, only_if_changed=True)
    step.about["escalation"] = {
        "kind": Kind.TAKE_OVER,
        "cause": Cause.MANUAL,
        "from": case.unit,
        "to": to,
        "form": form,
        "clock": None,
    }


def _whistle(step: Transition, details: Details, by: Actor | None) -> None:
    units = details.get("units") or ([details["to"]] if details.get("to") else [])
    require(
        not isinstance(units, str) and all(isinstance(unit, str) for unit in units),
        f"`units` is {units!r}: give a list of units",
        "召集单位应以列表给出，而不是一个词",
    )
    require(units, "a whistle needs the units that it summons", "吹哨须指明被召集的单位")
    spec = step.plan.specs.get("check_in")
    for unit in units:
        rulings.require_unit(step, unit)
        if spec is not None:
            step.start(spec, f"check_in:{unit}")
    step.about |= {"units": list(units), "for": step.case.unit}


def _check_in(step: Transition, details: Details, by: Actor | None) -> None:
    unit = details.get("unit") or (by.unit if by else None)
    summoned = [clock for clock in step.live.values() if _summons(clock) and clock.started <= step.at]
    waiting = [clock.name.partition(":")[2] for clock in summoned]
    # Who took the duty over comes in the place of the unit that did not.
    named = step.policy.units.name
    taken = {clock.duty: clock.name.partition(":")[2] for clock in summoned if clock.duty is not None}
    owed = unit if unit in waiting else taken.get(str(unit))
    require(
        owed,
        f"{unit or 'the unit'} was not summoned; still to check in: {', '.join(waiting) or 'nobody'}",
        f"“{named(unit).zh if unit else '该单位'}”未被吹哨召集；"
        f"待报到：{'、'.join(named(name).zh for name in waiting) or '无'}",
    )
    step.stop((f"check_in:{owed}",))
    step.about["unit"] = unit


def _summons(clock: Clock) -> bool:
    return clock.name.startswith("check_in:") and clock.stopped is None


def _resolve(step: Transition, details: Details, by: Actor | None) -> None:
    if step.case.state == "reported":
        # Settled on the spot (当场处理): the book must name who did it; the holder did where nobody is named.
        step.about["settled_by"] = (by.unit or by.id) if by else step.case.unit
    for clock in tuple(step.live.values()):
        if _summons(clock):
            step.put(clocks.cancelled(clock, max(step.at, clock.started)))  # nobody has to come any more


def evaluate(step: Transition, verdict: Verdict, score: int | None, by: Actor | None) -> None:
    """Take a verdict; unsatisfied reopens the case."""
    step.changes |= {"verdict": verdict, "score": score}
    if verdict is not Verdict.NONE:
        step.changes["judged"] = verdict
    if not step.case.asked and verdict is not Verdict.NONE:
        # Whoever holds the case does not verify their own work: the next unit up does.
        own = by is None or by.unit in (None, step.case.unit)
        above = step.policy.units.above(step.case.unit, step.case.form)
        step.changes["verifier"] = above if own or by is None else by.unit
    if verdict is Verdict.UNSATISFIED:
        _reopen(step)


def _evaluate(step: Transition, details: Details, by: Actor | None) -> None:
    evaluate(step, verdict_of(step, details), details.get("score"), by)


def _reopen(step: Transition) -> None:
    step.changes |= {"reopened": step.case.reopened + 1, "special": None, "closed": None}
    source = step.case.source
    if source is None or not source.once:  # who has it after a reopening is not told in a row that tells each step once
        step.changes |= {"unit": step.policy.units.intake, "assist": []}


def close(step: Transition, details: Details, by: Actor | None) -> None:
    """End the case."""
    step.changes["closed"] = step.at.isoformat()


def _revisit(step: Transition, details: Details, by: Actor | None) -> None:
    if yes_no(details, "recurred"):
        _reopen(step)
    elif step.case.closed is None:
        close(step, details, by)


def _reclassify(step: Transition, details: Details, by: Actor | None) -> None:
    severity, urgency = details.get("severity"), details.get("urgency")
    require(
        severity is not None or urgency is not None, "say the new severity or urgency", "请给出新的严重程度或紧急程度"
    )
    if severity is not None:
        step.changes["severity"] = member(Severity, severity)
    if urgency is not None:
        step.changes["urgency"] = member(Urgency, urgency)
    rulings.derive(step)
    rulings.tier(step)
    rulings.recount(step)


def _appeal(step: Transition, details: Details, by: Actor | None) -> None:
    text_of(details, "reason", "an appeal needs a reason", "申诉须说明理由")
    name = details.get("clock")
    breaches = [
        clock
        for clock in (*step.case.past, *step.live.values())
        if any(miss.exempt is None and miss.at <= step.at for miss in clock.misses)
    ]
    found = [clock for clock in breaches if name is None or is_called(step, clock, name)]
    listed = listed_names(step, breaches)
    require(
        found,
        f"there is no breach of {name or 'any clock'} to appeal against; breached: {listed.en}",
        f"没有可申诉的超时（{name or '任何时限'}）；已超时：{listed.zh}",
    )
    # The latest breach is meant; of several of one moment always the same, in whatever order they were told.
    mark = max(found, key=lambda clock: (clock.misses[-1].at, clock.started, clock.mark)).mark
    step.changes["appeals"] = [*(old for old in step.case.appeals if old != mark), mark]
    step.about["clock"] = mark


def _rule(step: Transition, details: Details, by: Actor | None) -> None:
    waiting, name = step.case.appeals, details.get("clock")
    marks = [mark for mark in waiting if name in (None, mark, mark.partition("#")[0])]
    granted = yes_no(details, "granted")
    require(
        marks and granted is not None,
        f"say which appeal is ruled on and whether it is `granted`; waiting: {', '.join(waiting) or 'none'}",
        f"请指明裁定哪一项申诉以及是否成立；待裁定：{'、'.join(_marked(step, mark) for mark in waiting) or '无'}",
    )
    require(
        step.case.appealed is None or step.at >= step.case.appealed,
        "a ruling comes after its appeal",
        "裁定不能早于申诉",
    )
    mark = marks[-1]
    step.changes["appeals"] = [old for old in waiting if old != mark]
    step.about |= {"clock": mark, "granted": bool(granted)}
    for clock in (*step.case.past, *step.live.values()):
        ruled = clocks.excused(clock, Exempt.APPEAL if granted else None) if clock.mark == mark else clock
        if ruled is not clock:
            step.amend(ruled)


def _marked(step: Transition, mark: str) -> str:
    """Return a clock and its cycle, ``resolve#2``, as a Chinese sentence says it."""
    name, _, cycle = mark.rpartition("#")
    text = step.policy.name(name).zh
    return text if cycle == "1" else f"{text}（第{cycle}次）"


def _merge(step: Transition, details: Details, by: Actor | None) -> None:
    into = text_of(details, "into", "a merger needs the case that it goes into", "并案须指明并入的事项")
    step.changes |= {"merged_into": into, "closed": step.at.isoformat()}


HANDLERS: Mapping[str, Handler] = {
    "decline": _decline,
    "dispatch": _dispatch,
    "claim": _claim,
    "return": _return,
    "confer": _confer,
    "suspend": _suspend,
    "resume": resume,
    "transfer": _transfer,
    "escalate": _escalate,
    "whistle": _whistle,
    "check_in": _check_in,
    "resolve": _resolve,
    "evaluate": _evaluate,
    "close": close,
    "revisit": _revisit,
    "extend": extend,
    "reclassify": _reclassify,
    "appeal": _appeal,
    "rule": _rule,
    "merge": _merge,
    "withdraw": close,
}
