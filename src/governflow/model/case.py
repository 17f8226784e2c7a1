"""A case (事项/诉求) and the fold that makes it from its events."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import reduce
from types import MappingProxyType
from typing import Any

import attrs
import msgspec

from governflow._names import old_attributes
from governflow.errors import Tampered
from governflow.model.clocks import Clock
from governflow.model.events import AMENDED, RETOLD, Event
from governflow.model.source import Source
from governflow.model.terms import Form, Mode, Severity, Tier, Urgency, Verdict, Way
from governflow.text import Json

NO_FACTS: Mapping[str, str | int] = MappingProxyType({})


#: The state of a case whose report was retracted: no lifecycle has it, so that nothing is possible there.
IN_ERROR = "in_error"

#: Fields that the ledger, in the `changes` of events, calls otherwise.
_IN_LEDGER = {"first": "first_receiver", "origin": "suspended_from", "until": "suspended_until"}


@old_attributes(**_IN_LEDGER, moved="last_changed_at", next="next_event_at")
@attrs.frozen(slots=False)
class Case:
    """A case as its events leave it. It never says who asked: no rule can treat two people differently.

    Moments are in UTC.

    Args:
        id: Its id, unique in the store.
        locality: The code of the locality that it was reported in.
        lifecycle: The name of its lifecycle.
        state: The state that it is in.
        version: The number of its events.
        opened: When it was reported.
        last_changed_at: When something other than a clock last changed.
        latest_at: When the last event of its life happened.
        latest_action: The action of the fact at that moment, ``several`` for more than one; empty once something
            followed from the time.
        severity: How hard it is.
        urgency: How pressing it is.
        tier: Who has to manage it.
        form: In which of the six forms it is handled.
        unit: The unit responsible for it now (intake before dispatch).
        first_receiver: The unit that first received it (首接单位).
        designated: Whether the present holder was chosen by a person over the route (指定承办).
        assist: The units that assist.
        item: The catalogue item.
        facts: What the locality's tables look at beside: told in the report, attributes of the item, or derived.
        place: Where it is.
        channel: How it came in.
        informant: The post that reported it on duty, if any.
        visit: Whether somebody has to go there.
        asked: Whether somebody asked (False: a worker found it, 主动发现).
        mode: The mode of the locality when it was reported.
        zone: The IANA zone in which its days are counted.
        way: Who is its record: governflow (live), a journal (record) or the rules (enforce).
        suspended_from: The state that a suspended case came from.
        suspended_until: When a suspended case resumes by itself.
        suspended_since: Since when a suspended case stands still.
        suspensions: The suspensions that are over.
        dispatched: When it was first dispatched.
        contacted: When the one who asked was first in contact with it.
        resolved: When it was last resolved.
        answered: When it was last answered.
        closed: When it came to an end.
        verdict: What the last evaluation brought; ``none`` if it lapsed.
        judged: The last verdict that was really given, whatever lapsed since.
        score: The score they gave, 1 to 5.
        verifier: The unit that verified it where nobody asked.
        reopened: How often it was reopened.
        handed_over: How often it was transferred or returned since it was reported or last reopened.
        special: When the special report was filed.
        appeals: The breached clocks (``name#cycle``) whose appeals are not ruled on yet.
        appealed: When somebody last appealed.
        rules_changed_at: When its rules last changed under it, so that it was put where they know what to do with it.
        merged_into: The case that it was merged into.
        joined: The cases that were merged into it, whether or not they are still.
        source: What the journal that it came from records; None: everything, as of a case that is reported live.
        in_error: Whether its report was retracted (登记有误): it stands in the store, and counts nowhere.
        unrecorded: The clocks that the rules give it and that its source does not record: nobody can say what became
            of them.
        told: The actions that its source told so far, each once, in the order of their last times.
        clocks: The clocks of the present cycles, by name.
        past: The clocks of earlier cycles, oldest first.
        next_event_at: When something next happens to it by itself.
    """

    id: str
    locality: str = ""
    lifecycle: str = "everyday"
    state: str = "start"
    version: int = 0
    opened: datetime | None = None
    last_changed_at: datetime | None = None
    latest_at: datetime | None = None
    latest_action: str = ""
    severity: Severity = Severity.GENERAL
    urgency: Urgency = Urgency.NORMAL
    tier: Tier | None = None
    form: Form | None = None
    unit: str = ""
    first_receiver: str | None = None
    designated: bool = False
    assist: tuple[str, ...] = ()
    item: str = ""
    facts: Mapping[str, str | int] = NO_FACTS
    place: str = ""
    channel: str = ""
    informant: str | None = None
    visit: bool = True
    asked: bool = True
    mode: Mode = Mode.NORMAL
    zone: str = "Asia/Shanghai"
    way: Way = Way.LIVE
    suspended_from: str | None = None
    suspended_until: datetime | None = None
    suspended_since: datetime | None = None
    suspensions: tuple[tuple[datetime, datetime], ...] = ()
    dispatched: datetime | None = None
    contacted: datetime | None = None
    resolved: datetime | None = None
    answered: datetime | None = None
    closed: datetime | None = None
    verdict: Verdict | None = None
    judged: Verdict | None = None
    score: int | None = None
    verifier: str | None = None
    reopened: int = 0
    handed_over: int = 0
    special: datetime | None = None
    appeals: tuple[str, ...] = ()
    appealed: datetime | None = None
    rules_changed_at: datetime | None = None
    merged_into: str | None = None
    joined: tuple[str, ...] = ()
    source: Source | None = None
    in_error: bool = False
    unrecorded: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    clocks: MappingProxyType[str, Clock] = MappingProxyType({})
    past: tuple[Clock, ...] = ()
    next_event_at: datetime | None = None

    @property
    def all_clocks(self) -> tuple[Clock, ...]:
        """Every clock that it ever had, in the order in which they started."""
        return tuple(sorted((*self.past, *self.clocks.values()), key=lambda clock: (clock.started, clock.name)))


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


#: How a changed field is read from JSON; what is not named here is taken as it is.
_READ: Mapping[str, Callable[[Any], Any]] = {
    "severity": Severity,
    "urgency": Urgency,
    "tier": Tier,
    "form": Form,
    "mode": Mode,
    "verdict": Verdict,
    "judged": Verdict,
    "assist": tuple,
    "appeals": tuple,
    "facts": MappingProxyType,
    "source": Source.read,
    "unrecorded": tuple,
    "told": tuple,
    "until": _moment,
    "special": _moment,
    "closed": _moment,
    "answered": _moment,
    "joined": tuple,
    "rules_changed_at": _moment,
}

#: Actions whose first or last moment the case remembers.
_STAMPS: Mapping[str, str] = {"resolve": "resolved", "answer": "answered", "appeal": "appealed"}
#: What is said about a case without changing how its life goes on.
_ASIDE = frozenset({"special", "appeals", "mode", "joined", "answered"})
_ASIDE_ACTIONS = frozenset({"extend", "appeal", "rule", "inform", "recalculate"})
#: What the rules did in the name of an action: no source told it.
_DERIVED = frozenset({"taken_over", "lapsed"})
#: Actions by which a unit gives a case to another one.
HAND_OVERS = frozenset({"transfer", "return"})
#: Kinds of events that say something of the book and nothing of the life.
BESIDE = frozenset({"denied", "forgotten", RETOLD})
CONTACTS = frozenset({"claim", "arrive", "confer", "inform", "resolve", "answer"})


def change(fields: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Write the `changes` of an event into the fields of a case; what came as plain JSON is read first."""
    for name, value in changes.items():
        kind = type(value)
        read = _READ.get(name) if kind is str or kind is list or kind is dict else None
        if name in _IN_LEDGER:
            name = _IN_LEDGER[name]
        fields[name] = read(value) if read is not None else value


def _made(fields: dict[str, Any]) -> Case:
    """Make a case of a copy of another one's fields: `attrs.evolve` does the same at five times the price."""
    new = object.__new__(Case)
    object.__setattr__(new, "__dict__", fields)
    return new


def changed(case: Case, changes: Mapping[str, Any]) -> Case:
    """Return a case with the `changes` of an event made, for hooks to look at before there is an event."""
    fields = case.__dict__.copy()
    change(fields, changes)
    return _made(fields)


def evolve(case: Case | None, event: Event, seen: Case | None = None) -> Case:
    """Fold one event into a case, None for the first one. No plugin, calendar or clock is asked.

    ``seen`` is the case with the event's changes applied, where somebody has looked at it already.

    Raises:
        Tampered: If the event is not the next one of this case.
    """
    if case is None:
        case = Case(event.case, opened=event.at, way=event.way)
    if event.seq != case.version + 1 or event.case != case.id:
        raise Tampered(
            f"event {event.seq} of case {event.case} does not follow version {case.version} of case {case.id}",
            f"事项 {event.case} 的第 {event.seq} 个事件不能接在事项 {case.id} 的第 {case.version} 版之后",
        )
    if event.kind == AMENDED:
        return _amended(case, event)
    fields = (case if seen is None else seen).__dict__.copy()
    at, action, changes, state = event.at, event.action, event.changes, event.state
    fields["version"] = event.seq
    if event.kind not in BESIDE:
        fields["latest_at"] = at
        alone = action and event.by is not None and at != case.latest_at  # the commonest: what somebody did
        fields["latest_action"] = action if alone else _latest_action(case, event)
    if changes or state != case.state:
        if state != case.state or not changes.keys() <= _ASIDE:
            fields["last_changed_at"] = at
        fields["state"] = state
        if seen is None:
            change(fields, changes)
        if "until" in changes:
            _suspend(fields, case, at)
        if action in HAND_OVERS:
            fields["handed_over"] = case.handed_over + 1
        elif "reopened" in changes:
            fields["handed_over"] = 0
    if state == "dispatched" and case.dispatched is None:
        fields["dispatched"] = at
    if action in CONTACTS and (case.contacted is None or at < case.contacted):
        fields["contacted"] = at
    if action and fields["source"] is not None and event.kind not in _DERIVED:
        fields["told"] = (*(told for told in case.told if told != action), action)
    if action in _STAMPS:
        fields[_STAMPS[action]] = at
    if event.clocks:
        if action and action not in _ASIDE_ACTIONS:
            fields["last_changed_at"] = at
        _take_clocks(fields, event.clocks)
    if event.clocks or "until" in changes:
        fields["next_event_at"] = _next(fields["clocks"], fields["suspended_until"])
    return _made(fields)


#: Stands for the actions of a moment at which more than one thing was done: they may be in any order.
_SEVERAL = "several"


def _latest_action(case: Case, event: Event) -> str:
    """Return the action of a fact; none of what follows by itself. Another mode goes before the facts of its moment."""
    if event.kind == "mode_switched":
        return (case.latest_action if event.at == case.latest_at else "") or "report"
    ended = event.action == "resume" and event.by is None and case.suspended_until == event.at
    if ended or event.kind in _DERIVED or not event.action:
        return ""
    return _SEVERAL if event.at == case.latest_at and case.latest_action else event.action


def _take_clocks(fields: dict[str, Any], changed: Iterable[Clock]) -> None:
    """Take new values of clocks into the fields of a case; what they replace in a new cycle is past."""
    clocks = fields["clocks"].copy()
    for clock in changed:
        before = clocks.get(clock.name)
        if before is not None and before.cycle != clock.cycle:
            if before.cycle > clock.cycle:  # an appeal about an earlier cycle
                fields["past"] = tuple(
                    clock if (old.name, old.cycle) == (clock.name, clock.cycle) else old for old in fields["past"]
                )
                continue
            fields["past"] = (*fields["past"], before)
            if clock.name == "whole":
                fields["handed_over"] = 0
        clocks[clock.name] = clock
    fields["clocks"] = MappingProxyType(clocks)


def differences(before: Case, after: Case) -> dict[str, Any]:
    """Return the fields of a case that an amendment gives other values, each whole and as JSON has it."""
    old, new = before.__dict__, after.__dict__
    return {name: _plain(new[name]) for name in new if name not in _BY_ITSELF and new[name] != old[name]}


#: Fields that every event sets by itself.
_BY_ITSELF = frozenset({"id", "version", "state", "next_event_at"})


def _plain(value: Any) -> Json:
    if isinstance(value, MappingProxyType):
        clocks = [one for one in value.values() if isinstance(one, Clock)]
        value = clocks or dict(value)
    elif isinstance(value, Source):
        value = value.as_json()
    plain: Json = msgspec.to_builtins(value)
    return plain


def _amended(case: Case, event: Event) -> Case:
    """Give a case the fields that an amendment holds whole."""
    kinds = attrs.fields_dict(Case)
    fields = case.__dict__.copy()
    for name, value in event.changes.items():
        if name == "clocks":
            clocks = msgspec.convert(value or (), tuple[Clock, ...])
            fields[name] = MappingProxyType({clock.name: clock for clock in clocks})
        elif name in ("facts", "source"):
            fields[name] = _READ[name](value)
        else:
            fields[name] = msgspec.convert(value, kinds[name].type)
    fields["version"], fields["state"] = event.seq, event.state
    fields["next_event_at"] = _next(fields["clocks"], fields["suspended_until"])
    return _made(fields)


def _suspend(fields: dict[str, Any], case: Case, at: datetime) -> None:
    """Note since when a case stands still, and from when to when it did."""
    since = case.suspended_since
    if fields["suspended_until"] is not None:
        fields["suspended_since"] = since or at
    elif since is not None:
        fields["suspended_since"] = None
        fields["suspensions"] = (*case.suspensions, (since, max(at, since)))


def _next(clocks: Mapping[str, Clock], until: datetime | None) -> datetime | None:
    soonest = until
    for clock in clocks.values():
        if clock.stopped is not None:
            continue
        moment = clock.moment
        if moment is not None and (soonest is None or moment < soonest):
            soonest = moment
    return soonest


def fold(events: Iterable[Event]) -> Case | None:
    """Fold all the events of one case; None if there are none."""
    return reduce(evolve, events, None)


def condition_of(case: Case) -> str | None:
    """Return the condition under which a case was taken up (立案条件), where it tells one."""
    condition = case.facts.get("condition")
    return None if condition is None else str(condition)
