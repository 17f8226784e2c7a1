"""The national statutes under every Chinese locality (国家层面的法定时限): a plugin like any other, for code 100000.

Two texts are said here as clocks and refusals:

* the Civil Code (民法典), art. 200-204: days are counted without the first one, to the end of the last one, which rolls
  past statutory holidays. A statutory clock therefore runs on China's calendar with its make-up workdays (调休);
* the petition regulation (信访工作条例, 2022), art. 22, 23 and 34-36. Of these every case has `whole`: 60 days,
  extended once by 30 days at most. The other clocks belong to the lifecycle ``petition`` (信访).

How a petition lives: received -> registered and passed on (15 days) -> the receiver objects (5 working days) or keeps
it, and tells the petitioner so (15 days) -> answered (60 days) -> a review may be asked for (30 days) and is decided
(30 days) -> the same again for the re-review, whose clock a hearing stops -> concluded: the same facts are not taken
again. A hearing (听证) is a suspension of the re-review, the only one that stops a statutory clock.

Readings of ours: the 60 days of everyday cases count from the report, which is never later than the acceptance that the
regulation names; those of a petition count from its acceptance, or from the day on which it is passed on without one.
Only telling the petitioner fulfils the duty to tell, not claiming the case. A due time that rests on days for which no
holiday list is known yet is provisional, and nobody is refused because of it.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

import attrs

from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.case import Case
from governflow.model.clocks import DUTY, LAPSES, PAUSES, STATUTE, Clock
from governflow.model.events import Actor
from governflow.model.lifecycle import SAME, Action, Lifecycle, Move
from governflow.model.own_clocks import Runs, specified
from governflow.model.terms import Kind
from governflow.policy.builtin.default_clocks import ARRIVE, DISPATCH, EVALUATE, RESOLVE, WHOLE
from governflow.policy.hookspecs import (
    Allowed,
    Breach,
    Context,
    Deadlines,
    Escalation,
    Locality,
    Refused,
    Ruling,
    hookimpl,
)
from governflow.text import Text

#: The name of the petition's lifecycle; a catalogue item says that it is a petition by naming it.
PETITION = "petition"


def _law(article: int, en: str, zh: str) -> tuple[str, Text]:
    """Return the id of the rule that an article of the petition regulation is, and what it says, cited."""
    said = Text(f"{en} (petition regulation, art. {article})", f"{zh}（信访工作条例第{article}条）")
    return f"petition-regulation/{article}", said


# --- the clocks -------------------------------------------------------------------------------------------------------


_WHOLE = attrs.evolve(
    WHOLE,
    traits=(*WHOLE.traits, STATUTE),
    extension=Allowance.parse("30cd"),
    reason=_law(34, "answered within 60 days, extended once by 30 days at most", "60日内办结，可延长一次且不超过30日")[
        1
    ],
)
_RUNS: Mapping[str, Runs] = {
    "register": (
        *(Text("register and pass on", "登记转办"), "15cd", "report return reopen", "dispatch decline resolve"),
        (STATUTE,),
    ),
    "receipt": (Text("tell of the receipt", "受理告知"), "15cd", "dispatch", "inform answer", (DUTY, STATUTE)),
    "objection": (Text("objection", "转办异议"), "5wd", "dispatch", "return resolve", (LAPSES, STATUTE)),
    "request_review": (Text("request a review", "申请复查"), "30cd", "answer", "request_review", (LAPSES, STATUTE)),
    "review": (Text("review", "复查"), "30cd", "request_review", "review", (DUTY, STATUTE)),
    "request_rereview": (
        Text("request a re-review", "申请复核"),
        "30cd",
        "review",
        "request_rereview",
        (LAPSES, STATUTE),
    ),
    "rereview": (Text("re-review", "复核"), "30cd", "request_rereview", "rereview", (DUTY, PAUSES, STATUTE)),
}
_WHY = {
    "register": _law(22, "registered and passed on to whoever is competent within 15 days", "15日内登记并转送、交办"),
    "receipt": _law(23, "the petitioner is told within 15 days that it was received", "15日内告知信访人接收情况"),
    "objection": _law(
        23, "whoever is not competent objects within 5 working days", "无权处理的单位5个工作日内提出异议"
    ),
    "request_review": _law(35, "a review may be requested for 30 days after the answer", "答复后30日内可以申请复查"),
    "review": _law(35, "the next higher organ decides the review within 30 days", "上一级机关30日内完成复查"),
    "request_rereview": _law(
        36, "a re-review may be requested for 30 days after the review", "复查后30日内可以申请复核"
    ),
    "rereview": _law(
        36, "the re-review is decided within 30 days, hearings not counted", "30日内完成复核，听证时间不计"
    ),
}
_REGISTER, _RECEIPT, _OBJECTION, _REQUEST_REVIEW, _REVIEW, _REQUEST_REREVIEW, _REREVIEW = specified(_RUNS, _WHY)
#: As long as a review may be requested the case stays with the answer; requesting one is a judgement too.
_EVALUATE = attrs.evolve(
    EVALUATE,
    allowance=_REQUEST_REVIEW.allowance,
    stops=EVALUATE.stops | _REQUEST_REVIEW.stops,
    rule=_REQUEST_REVIEW.rule,
    reason=Text("judged while a review may be requested", "可以申请复查的期间内均可评价"),
)
# The clocks of 54321 never start in a petition. They are not dropped: a county's table that gives every case another
# allowance must find the clock that it names.
_UNUSED = tuple(
    attrs.evolve(
        spec,
        allowance=_WHOLE.allowance,
        starts=frozenset(),
        stops=frozenset(),
        traits=(),
        rule=_WHOLE.rule,
        reason=Text("a petition has the clocks of the regulation instead", "信访事项适用信访工作条例的时限"),
    )
    for spec in (DISPATCH, ARRIVE, RESOLVE)
)

_EVERYDAY = Deadlines((_WHOLE,))
_PETITION = Deadlines(
    (
        *_UNUSED,
        *(_REGISTER, _RECEIPT, _OBJECTION),
        attrs.evolve(_WHOLE, starts=frozenset({"accept", "dispatch", "reopen"})),
        *(_EVALUATE, _REQUEST_REVIEW, _REVIEW, _REQUEST_REREVIEW, _REREVIEW),
    )
)

# --- the life of a petition -------------------------------------------------------------------------------------------

_UNDER_REVIEW = ("reviewing", "reviewed", "rereviewing")


@cache
def _petition(base: Lifecycle) -> Lifecycle:
    return base.derive(
        PETITION,
        states={
            "reviewing": Text("under review", "复查中"),
            "reviewed": Text("reviewed", "已复查"),
            "rereviewing": Text("under re-review", "复核中"),
            "concluded": Text("concluded", "复核终结"),
        },
        ends=("concluded",),
        actions=(
            Action("request_review", "review_requested", _REQUEST_REVIEW.text),
            Action("review", "reviewed", _REVIEW.text),
            Action("request_rereview", "rereview_requested", _REQUEST_REREVIEW.text),
            Action("rereview", "rereviewed", _REREVIEW.text),
        ),
        add=(
            Move("request_review", ("answered", "closed"), "reviewing"),
            Move("review", ("reviewing",), "reviewed"),
            Move("request_rereview", ("reviewed",), "rereviewing"),
            Move("suspend", ("rereviewing",), "suspended"),
            Move("resume", ("suspended",), "rereviewing", guard=("origin", "rereviewing")),
            Move("rereview", ("rereviewing",), "concluded"),
            Move("close", ("reviewed",), "closed"),
            # In the table only so that the refusal can name the article: see governflow_authorise.
            Move("request_review", ("concluded",), SAME),
            Move("request_rereview", ("concluded",), SAME),
            *(Move(action, _UNDER_REVIEW, SAME) for action in ("inform", "urge", "note")),
            *(Move(action, (*_UNDER_REVIEW, "concluded"), SAME) for action in ("appeal", "rule")),
            Move("withdraw", _UNDER_REVIEW, "withdrawn"),
        ),
    )


# --- refusals ---------------------------------------------------------------------------------------------------------

#: What is possible until a clock runs out: the clock, and the law that says so of the last day.
_UNTIL: Mapping[str, tuple[str, tuple[str, Text]]] = {
    "return": (
        _OBJECTION.name,
        _law(
            23,
            "the 5 working days for an objection ended on {day}: whoever received it keeps it",
            "5个工作日的异议期已于{day}届满：由接收单位办理",
        ),
    ),
    "request_review": (
        _REQUEST_REVIEW.name,
        _law(
            35,
            "the 30 days for requesting a review ended on {day}: the answer stands",
            "30日的复查申请期已于{day}届满：原处理意见有效",
        ),
    ),
    "request_rereview": (
        _REQUEST_REREVIEW.name,
        _law(
            36,
            "the 30 days for requesting a re-review ended on {day}: the review stands",
            "30日的复核申请期已于{day}届满：复查意见有效",
        ),
    ),
}
_TOO_EARLY = _law(
    36, "a re-review may be requested until {day}: close it after that", "{day}前仍可申请复核：届满后方可归档"
)
_OWN_ANSWER = {
    action: _law(article, "nobody reviews their own answer: a unit above does", "不得自查自核：应由上级机关作出")
    for action, article in (("review", 35), ("rereview", 36))
}
_CONCLUDED = _law(
    36,
    "the re-review was the last word: the same facts and grounds are not taken again",
    "已复核终结：不得就同一事实和理由再行提起",
)


def _refused(law: tuple[str, Text], day: str = "") -> Refused:
    rule, said = law
    return Refused(Text(said.en.format(day=day), said.zh.format(day=day)), rule)


def _last_day(clock: Clock, context: Context) -> str:
    last = clock.due - timedelta.resolution  # 24:00 belongs to the day that ends then
    return f"{last.astimezone(ZoneInfo(context.zone)):%Y-%m-%d}"


def _reviews_itself(actor: Actor | None, action: str, case: Case, context: Context) -> bool:
    if actor is None or actor.unit != case.unit:
        return False
    clock = case.clocks.get(action)
    took_over = clock is not None and clock.duty == case.unit
    # Above the top of the chart somebody has to record what was decided there.
    return not took_over and context.units.above(case.unit, case.form) is not None


# --- the hooks --------------------------------------------------------------------------------------------------------


@hookimpl
def governflow_locality() -> Locality:
    """The country: above the provinces, under every division code."""
    return Locality("100000", "中华人民共和国", "People's Republic of China")


@hookimpl
def governflow_terms() -> dict[str, Text]:
    """Names of the clocks that are not named like an action."""
    return {spec.name: spec.text for spec in (_REGISTER, _RECEIPT, _OBJECTION)}


@hookimpl
def governflow_lifecycles(base: Lifecycle) -> dict[str, Lifecycle]:
    """The petition beside the everyday lifecycle, from which it is derived."""
    return {PETITION: _petition(base)}


@hookimpl
def governflow_calendar(context: Context) -> WorkingCalendar:
    """China's statutory holidays and make-up workdays; only clocks that count days or working hours ask."""
    return _china(context.zone)


@cache
def _china(zone: str) -> WorkingCalendar:
    return WorkingCalendar.china(tz=zone)


@hookimpl
def governflow_deadlines(case: Case) -> Deadlines:
    """The 60 days of every case; the other clocks of the regulation for petitions alone."""
    return _PETITION if case.lifecycle == PETITION else _EVERYDAY


@hookimpl
def governflow_escalate(case: Case, cause: Breach, context: Context) -> Ruling[Escalation] | None:
    """A petition that nobody registers goes to the unit above the intake, not to the lowest form of handling."""
    above = context.units.above(cause.holder, case.form)
    if cause.clock.name != _REGISTER.name or cause.rung < 2 or above is None:
        return None
    reason = Text("nobody passed it on: the unit above does", "逾期未登记转办：由上级接手")
    return Ruling(Escalation(Kind.TAKE_OVER, above, None, cause.gap), reason, "ladder/register")


@hookimpl
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Allowed | Refused | None:
    """Refuse what comes too late or too early in the life of a petition, and everything after its re-review."""
    if case.lifecycle != PETITION:
        return None
    if action in _OWN_ANSWER:
        return _refused(_OWN_ANSWER[action]) if _reviews_itself(actor, action, case, context) else None
    if action == "close" and case.state == "reviewed":
        clock = case.clocks.get(_REQUEST_REREVIEW.name)
        if clock is None or context.at > clock.due:
            return None
        return _refused(_TOO_EARLY, _last_day(clock, context))
    if action not in _UNTIL:
        return None
    if case.state == "concluded":
        return _refused(_CONCLUDED)
    name, ended = _UNTIL[action]
    clock = case.clocks.get(name)
    if clock is not None and context.at > clock.due and not clock.calendar_unknown:
        return _refused(ended, _last_day(clock, context))
    # The intake takes down what the petitioner requests, whoever holds the case.
    taken_down = actor is not None and actor.unit == context.units.intake and action != "return"
    return Allowed() if taken_down else None
