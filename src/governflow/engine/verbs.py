"""One method an action of the base lifecycle, so that editors know them; each is `Engine.act` with its own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from governflow.model.case import Case
from governflow.model.events import Actor
from governflow.model.source import Source


class Common(TypedDict, total=False):
    """What every action takes.

    ``by``: who does it. ``at``: when it happened, timezone-aware, now by default. ``command_id``: sent again it changes
    nothing. ``version``: the version that the caller has read. ``note``: a remark, erasable.
    """

    by: Actor | None
    at: datetime | None
    command_id: str | bytes | None
    version: int | None
    note: str | None


class ReportDetails(TypedDict, total=False):
    """What a report may tell beside when, where from and by whom; `Engine.report` explains each."""

    item: str
    text: str
    place: str
    reporter: str | None
    phone: str | None
    informant: str | None
    channel: str
    severity: str | None
    urgency: str | None
    visit: bool | None
    asked: bool
    lifecycle: str | None
    facts: Mapping[str, Any] | None
    zone: str | None
    way: str | None
    extra: Mapping[str, str] | None
    note: str | None
    source: Source | Mapping[str, Any] | None


class Verbs:
    """The actions of the base lifecycle as methods; `act` is what they come down to."""

    def act(self, action: str, case_id: str, **details: Any) -> Case:
        """Do something to a case."""
        raise TypeError("only an engine can act")

    def accept(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Take a case in (受理)."""
        return self.act("accept", case_id, **common)

    def decline(self, case_id: str, *, reason: str, **common: Unpack[Common]) -> Case:
        """Decline a case (不予受理); the reason is the answer to the one who asked."""
        return self.act("decline", case_id, reason=reason, **common)

    def dispatch(self, case_id: str, *, to: str | None = None, **common: Unpack[Common]) -> Case:
        """Dispatch a case (派单) along the policy's route, or to a unit that somebody chose."""
        return self.act("dispatch", case_id, to=to, **common)

    def return_(self, case_id: str, *, reason: str | None = None, **common: Unpack[Common]) -> Case:
        """Return a case to the intake (退单)."""
        return self.act("return", case_id, reason=reason, **common)

    def claim(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Claim a dispatched case (领单)."""
        return self.act("claim", case_id, **common)

    def arrive(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Arrive on site (到场)."""
        return self.act("arrive", case_id, **common)

    def confer(self, case_id: str, *, until: datetime | None = None, **common: Unpack[Common]) -> Case:
        """Confer (会商); ``until`` promises an answer by a date, which is a clock."""
        return self.act("confer", case_id, until=until, **common)

    def begin(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Begin the work (落实)."""
        return self.act("begin", case_id, **common)

    def suspend(
        self, case_id: str, *, until: datetime | None = None, reason: str | None = None, **common: Unpack[Common]
    ) -> Case:
        """Suspend a case (挂起) until a date, 7 days if none is given; it resumes by itself."""
        return self.act("suspend", case_id, until=until, reason=reason, **common)

    def resume(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Resume a suspended case (恢复)."""
        return self.act("resume", case_id, **common)

    def transfer(self, case_id: str, *, to: str, **common: Unpack[Common]) -> Case:
        """Transfer a case to another unit (转办); its clocks begin a new cycle."""
        return self.act("transfer", case_id, to=to, **common)

    def escalate(
        self, case_id: str, *, to: str | None = None, form: str | None = None, **common: Unpack[Common]
    ) -> Case:
        """Escalate a case to the next higher form (提级), or to a given one."""
        return self.act("escalate", case_id, to=to, form=form, **common)

    def whistle(self, case_id: str, *, units: Sequence[str], **common: Unpack[Common]) -> Case:
        """Summon units (吹哨), each with its own clock."""
        return self.act("whistle", case_id, units=units, **common)

    def check_in(self, case_id: str, *, unit: str | None = None, **common: Unpack[Common]) -> Case:
        """Check in as a summoned unit (报到); the actor's unit by default."""
        return self.act("check_in", case_id, unit=unit, **common)

    def resolve(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Resolve a case (办结)."""
        return self.act("resolve", case_id, **common)

    def answer(self, case_id: str, *, text: str | None = None, **common: Unpack[Common]) -> Case:
        """Answer the one who asked (反馈)."""
        return self.act("answer", case_id, text=text, **common)

    def evaluate(
        self, case_id: str, *, satisfied: bool | None = None, score: int | None = None, **common: Unpack[Common]
    ) -> Case:
        """Judge the result (评价): satisfied or a score of 1 to 5; unsatisfied reopens the case."""
        return self.act("evaluate", case_id, satisfied=satisfied, score=score, **common)

    def archive(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Close an evaluated case (归档): the action ``close``."""
        return self.act("close", case_id, **common)

    def revisit(self, case_id: str, *, recurred: bool = False, **common: Unpack[Common]) -> Case:
        """Go back and look (回头看); a case that recurred is reopened."""
        return self.act("revisit", case_id, recurred=recurred, **common)

    def extend(
        self,
        case_id: str,
        *,
        approved_by: str,
        reason: str,
        clock: str | None = None,
        until: datetime | None = None,
        allowance: str | None = None,
        **common: Unpack[Common],
    ) -> Case:
        """Extend a running clock (延期) to a due time, or by an allowance such as ``2d``; the original due is kept."""
        return self.act(
            "extend",
            case_id,
            approved_by=approved_by,
            reason=reason,
            clock=clock,
            until=until,
            allowance=allowance,
            **common,
        )

    def reclassify(
        self, case_id: str, *, severity: str | None = None, urgency: str | None = None, **common: Unpack[Common]
    ) -> Case:
        """Change severity or urgency (重新定级); running clocks get a new due time from their own start."""
        return self.act("reclassify", case_id, severity=severity, urgency=urgency, **common)

    def appeal(self, case_id: str, *, reason: str, clock: str | None = None, **common: Unpack[Common]) -> Case:
        """Appeal against a breach (超时申诉)."""
        return self.act("appeal", case_id, reason=reason, clock=clock, **common)

    def rule(self, case_id: str, *, granted: bool, clock: str | None = None, **common: Unpack[Common]) -> Case:
        """Rule on an appeal (申诉裁定); a granted one exempts the breach from the statistics."""
        return self.act("rule", case_id, granted=granted, clock=clock, **common)

    def inform(self, case_id: str, *, text: str | None = None, **common: Unpack[Common]) -> Case:
        """Tell the one who asked how far it is (进度告知)."""
        return self.act("inform", case_id, text=text, **common)

    def urge(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Urge the holder (催办)."""
        return self.act("urge", case_id, **common)

    def note(self, case_id: str, *, text: str, **common: Unpack[Common]) -> Case:
        """Add a remark (备注)."""
        return self.act("note", case_id, text=text, **common)

    def merge(self, case_id: str, *, into: str, **common: Unpack[Common]) -> Case:
        """Merge a case into another (并案); its requester is answered with that one."""
        return self.act("merge", case_id, into=into, **common)

    def withdraw(self, case_id: str, **common: Unpack[Common]) -> Case:
        """Withdraw a case (撤回)."""
        return self.act("withdraw", case_id, **common)
