"""A journal through the engine: every row in time order, every deadline on the way, every refusal named (批量办理).

The rows are first laid out on disk and sorted by time, so that a journal of a million rows needs little memory; then
each is taken at its own moment by a virtual clock. A row of a narrow journal is known by all its cells plus the
locality, a step of a wide one by case, action and moment: taking it again changes nothing, so a journal can be run
again after a crash, with its rejects mended, or when next month's export has more cells filled in.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from msgspec.structs import replace

from governflow.engine.decide import REMARKS
from governflow.engine.engine import Engine
from governflow.errors import (
    CommandError,
    FactError,
    GovernflowError,
    IllegalAction,
    JournalError,
    NotAllowed,
    StoreError,
    UnknownCase,
)
from governflow.journal import ACTIONS, ORDER, Map, Notice, Reject, Row, read
from governflow.journal.columns import find
from governflow.model.case import Case, evolve
from governflow.model.events import Actor
from governflow.policy.stack import Policy
from governflow.run.external_sort import ExternalSort, SortedStep
from governflow.text import Text

#: Channels by which workers report what they found themselves (主动发现): nobody asked, so the next unit up verifies.
PROACTIVE = frozenset({"proactive", "found", "patrol", "主动发现", "网格巡查", "巡查", "巡查发现", "主动处置"})

#: Actions for which the journal's `unit` is the unit that the case goes to.
_TO = frozenset({"dispatch", "transfer", "escalate"})
#: Actions whose `unit` is not the actor's own.
_MEANT = _TO | {"whistle"}
#: Actions for which the journal's `note` is the reason that they need.
_REASONED = frozenset({"decline", "extend", "appeal", "suspend", "return"})
#: Where to look when an action is refused: the first of these columns that is empty, else the last that is there.
_TOLD_IN: Mapping[str, tuple[str, ...]] = {
    "decline": ("note",),
    "dispatch": ("unit",),
    "transfer": ("unit",),
    "escalate": ("unit",),
    "whistle": ("unit",),
    "check_in": ("unit",),
    "confer": ("until",),
    "suspend": ("until",),
    "extend": ("actor", "note", "until"),
    "evaluate": ("score", "satisfied"),
    "reclassify": ("urgency", "severity"),
    "appeal": ("note", "clock"),
    "rule": ("clock", "satisfied"),
    "merge": ("into",),
    "report": ("case",),
}

#: How far ahead of the machine's clock a journal may reach: some are run ahead of time, none by years.
AHEAD = timedelta(days=366)

#: Actions that the engine takes however late they come.
_EVER = REMARKS | {"appeal"}

#: What separates several units in one cell.
_SEVERAL = re.compile(r"\s*[、，,]\s*")

#: What stands between two local names of one action.
_EITHER = re.compile(r"\s*[·/／]\s*")

Progress = Callable[[int, int], None]


@attrs.define
class Result:
    """What a run did.

    Args:
        until: How far the clock stands now, in UTC; None if there was no row at all.
        taken: How many rows were taken, those known from an earlier run included.
        repeats: How many rows repeat another row of the file exactly.
        later: How many steps lie after ``until`` and have not happened yet.
        rejected: How many rows were refused.
        notices: What a person ought to know.
    """

    until: datetime | None = None
    taken: int = 0
    repeats: int = 0
    later: int = 0
    rejected: int = 0
    notices: list[Text] = attrs.field(factory=list)


def run(
    engine: Engine,
    journal: Path,
    *,
    locality: str,
    map: Map | None = None,
    until: datetime | None = None,
    auto_dispatch: bool = False,
    rejected: Callable[[Reject], None],
    progress: Progress | None = None,
) -> Result:
    """Take a journal through the engine.

    Args:
        engine: The engine; its store keeps the cases.
        journal: A CSV, XLSX or JSONL file.
        locality: The code of the locality whose rules apply.
        map: What the columns mean, if they are not ours.
        until: How far to take the clock after the last row; the last row's time by default.
        auto_dispatch: Dispatch each reported case at once along the policy's route.
        rejected: Called with each row that is refused.
        progress: Called now and then with rows done and rows in all.

    Returns:
        What was done.

    Raises:
        JournalError: If the journal cannot be read at all; then nothing was taken.
    """
    result = Result()

    def refuse(reject: Reject) -> None:
        result.rejected += 1
        rejected(reject)

    policy = engine.localities.policy(locality)
    zone = (map.zone if map else None) or policy.zone
    wide = map is not None and map.wide
    latest = engine.clock.now() + AHEAD
    spool = ExternalSort()
    try:
        actions = actions_of(policy)
        for item in read(journal, map, zone=zone, actions=actions, order=_order(actions), facts=policy.ruled.told):
            if isinstance(item, Row):
                wrong = _too_far_ahead(item, latest, zone) or spool.lay(item, wide=wide)
                if wrong is not None:
                    refuse(wrong)
            elif isinstance(item, Reject):
                refuse(item)
            else:
                assert isinstance(item, Notice)
                result.notices.append(item.text)
        if not spool.steps and not result.rejected:
            raise JournalError(f"{journal.name} holds no rows", f"{journal.name} 中没有数据行")
        result.taken, result.repeats = spool.rows, spool.repeats
        result.until = until or spool.last
        with engine.in_bulk():
            taking = _Taking(
                engine, locality, zone, result, refuse, spool, map or Map(), actions, auto_dispatch=auto_dispatch
            )
            taking.all(progress)
            if result.until is not None:
                engine.advance_quietly(max(result.until, engine.now or result.until))
    finally:
        spool.close()
    if result.repeats:
        result.notices.append(
            Text(
                f"{_rows(result.repeats, 'repeats', 'repeat')} another row exactly and "
                f"{'was' if result.repeats == 1 else 'were'} skipped",
                f"跳过完全重复的行 {result.repeats} 行",
            )
        )
    if result.later:
        steps = "1 step lies" if result.later == 1 else f"{result.later} steps lie"
        have = "has" if result.later == 1 else "have"
        result.notices.append(
            Text(
                f"{steps} after the end of the run and {have} not happened yet",
                f"{result.later} 个动作晚于截止时刻，尚未计入",
            )
        )
    if until is not None and engine.now is not None and engine.now > until:
        there, wanted = (f"{when.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}" for when in (engine.now, until))
        result.notices.append(
            Text(
                f"the store's clock stands at {there} already and does not go back to {wanted}",
                f"数据文件的时钟已到 {there}，不会退回 {wanted}",
            )
        )
    result.until = engine.now or result.until
    return result


def _too_far_ahead(row: Row, latest: datetime, zone: str) -> Reject | None:
    """Refuse a row that lies far in the future: a typing error in the year would take the clock there for good."""
    step = max(row.steps, key=lambda step: step.at)
    if step.at <= latest:
        return None
    when = f"{step.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
    return row.refused(
        Text(f"{when} lies more than a year ahead of today", f"{when} 比今天晚一年以上"),
        Text("a time at which it has happened", "事情发生的时间"),
        value=when,
    )


def _rows(number: int, one: str, many: str) -> str:
    return f"1 row {one}" if number == 1 else f"{number} rows {many}"


def actions_of(policy: Policy) -> Mapping[str, str]:
    """Return every name that an action has in a locality: ours in both languages, and its own.

    Args:
        policy: The locality's policy.

    Returns:
        Each name to the canonical one.
    """
    names = dict(ACTIONS)
    for lifecycle in policy.lifecycles.values():
        for action in lifecycle.actions.values():
            text = policy.name(action.name)
            names |= {action.name: action.name, action.text.zh: action.name, text.zh: action.name, text.en: action.name}
    for lifecycle in policy.lifecycles.values():
        for action in lifecycle.actions.values():
            for word in _EITHER.split(policy.name(action.name).zh):  # 评价·群众评单: either word will do
                names.setdefault(word, action.name)
    return names


def _order(actions: Mapping[str, str]) -> tuple[str, ...]:
    return (*ORDER, *sorted(set(actions.values()) - set(ORDER)))


class _Taking:
    """Takes laid-out rows one after the other."""

    def __init__(
        self,
        engine: Engine,
        locality: str,
        zone: str,
        result: Result,
        refuse: Callable[[Reject], None],
        spool: ExternalSort,
        map: Map,
        actions: Mapping[str, str],
        *,
        auto_dispatch: bool,
    ) -> None:
        self._engine = engine
        self._locality = locality
        self._zone = zone
        self._result = result
        self._refuse = refuse
        self._spool = spool
        self._map = map
        self._wide = map.wide
        self._rank = {name: place for place, name in enumerate(_order(actions))}
        self._auto_dispatch = auto_dispatch
        self._salt = locality.encode()
        self._policy = engine.localities.policy(locality)
        self._began = engine.now  # what is earlier than this comes late to the store
        self._refused: set[int] = set()
        #: Rows of the present moment that were refused, each with its fault.
        self._held: list[tuple[SortedStep, GovernflowError]] = []

    def all(self, progress: Progress | None) -> None:
        """Take every step that is not after the end of the run."""
        engine, until, spool = self._engine, self._result.until, self._spool
        before: datetime | None = None
        for done, (at, laid) in enumerate(spool.in_order()):
            if progress is not None and not done % 500:
                progress(done, spool.steps)
            if before is not None and at != before:
                self._settle(before)
            before = at
            if until is not None and at > until:
                self._result.later += 1
                continue
            if laid.line in self._refused:
                continue  # the rest of a wide row whose earlier step was refused: it goes to the rejects whole
            if engine.now is None or at > engine.now:
                engine.advance_quietly(at)
            try:
                self._take(at, laid)
            except StoreError:
                raise  # no fault of the row: nothing more can be kept
            except GovernflowError as fault:
                if self._wide:
                    self._refuse_row(at, laid, fault)
                else:
                    self._held.append((laid, fault))
        if before is not None:
            self._settle(before)
        if progress is not None:
            progress(spool.steps, spool.steps)

    def _require_then(self, at: datetime, laid: SortedStep, key: bytes) -> None:
        """Refuse a late remark or appeal that was not possible when it was made.

        The engine asks whether it is possible now: a row that was refused would be taken when the journal is run again
        after the case was reopened.
        """
        engine, case = self._engine, self._known(laid.case)
        if case is None or engine.has_taken(key):
            return
        past: Case | None = None
        for seq, event in enumerate((event for event in engine.history(case.id) if event.at <= at), 1):
            past = evolve(past, replace(event, seq=seq))
        if past is None:
            return
        policy = engine.localities.policy(case.locality)
        lifecycle = policy.lifecycles[case.lifecycle]
        if (past.state, laid.action) not in lifecycle.transitions:
            allowed, possible = lifecycle.allowed_in(laid.action), lifecycle.possible(past.state)
            raise IllegalAction(case.id, laid.action, past.state, allowed, possible, policy.names)

    def _settle(self, at: datetime) -> None:
        """Try what was refused at a moment once more, in the order of the lifecycle, then refuse it.

        Rows of one moment have no order of their own: a journal that has only dates, or the newest row first, gives
        the answer before the settlement. What still does not fit would not fit either if the journal were run again.
        """
        moved = True
        while self._held and moved:
            again, self._held, moved = self._held, [], False
            for laid, _ in sorted(again, key=lambda held: (self._rank.get(held[0].action, 0), held[0].line)):
                try:
                    self._take(at, laid)
                    moved = True
                except StoreError:
                    raise
                except GovernflowError as fault:
                    self._held.append((laid, fault))
        held, self._held = self._held, []
        for laid, why in sorted(held, key=lambda one: one[0].line):
            self._refuse_row(at, laid, why)

    def _refuse_row(self, at: datetime, laid: SortedStep, fault: GovernflowError) -> None:
        self._refused.add(laid.line)
        self._result.taken -= 1
        told, field = self._told(at, laid, fault)
        columns = find(tuple(laid.cells), self._map)
        place = columns.times.get(laid.action) if field in ("time", "action") else columns.fields.get(field)
        if place is None:
            place = columns.fields.get(field, columns.fields.get("action"))
        heading = tuple(laid.cells)[place] if place is not None else ""
        if isinstance(fault, FactError):
            heading = fault.name
        row = Row(laid.line, laid.cells, laid.case, laid.fields, laid.extra, (), laid.digest)
        self._refuse(row.refused(told, column=heading, value=laid.cells.get(heading, "")))

    def _told(self, at: datetime, laid: SortedStep, fault: GovernflowError) -> tuple[Text, str]:
        """Say to a clerk, in the journal's own zone, why a row is refused, and which field to look at."""
        case, action = laid.case, laid.action
        known = self._known(case)
        if known is None:
            if isinstance(fault, UnknownCase) and (reported := self._spool.report_of(case)) is not None:
                when, line = self._local(reported[0]), reported[1]
                if reported[0] > at:
                    return Text(
                        f"{self._local(at)} is before case {case} was reported (line {line}, {when}): "
                        "an action comes after the report",
                        f"{self._local(at)} 早于事项 {case} 的上报时间（第 {line} 行，{when}）：动作不能早于上报",
                    ), "time"
                return Text(
                    f"case {case} was not taken because its report in line {line} was refused: mend that row first",
                    f"事项 {case} 在第 {line} 行的上报被退回，因此尚无此事项：请先改正该行",
                ), "case"
            return fault.in_zone(ZoneInfo(self._zone)), "case" if isinstance(fault, UnknownCase) else self._field(laid)
        if isinstance(fault, IllegalAction):
            return fault.text, "action"
        if isinstance(fault, NotAllowed):
            return fault.in_zone(ZoneInfo(self._zone)), "actor"
        if isinstance(fault, CommandError) and action == "report":
            when = self._local(known.opened or at)
            return Text(
                f"case {case} was reported already, at {when}: a case is reported once",
                f"事项 {case} 已于 {when} 上报：每个事项只上报一次",
            ), "case"
        if (known.opened is not None and at < known.opened) or (
            known.last_changed_at is not None and at < known.last_changed_at
        ):
            return fault.in_zone(ZoneInfo(self._zone)), "time"
        return fault.in_zone(ZoneInfo(self._zone)), self._field(laid)

    def _require_ours(self, case: str) -> None:
        """Refuse a case of another locality: numbers such as 1, 2, 3 are used by every county."""
        known = self._engine.find(case)
        if known is not None and known.locality != self._locality:
            raise CommandError(
                f"case {case} of this store is one of {known.locality}, not of {self._locality}: use another store",
                f"数据文件中的事项 {case} 属于 {known.locality}，不属于 {self._locality}：请另用数据文件",
            )

    def _known(self, case: str) -> Case | None:
        try:
            return self._engine.case(case)
        except UnknownCase:
            return None

    def _field(self, laid: SortedStep) -> str:
        fields = _TOLD_IN.get(laid.action, ())
        there = find(tuple(laid.cells), self._map).fields
        asked = [name for name in fields if name in there]
        return next((name for name in asked if name not in laid.fields), asked[-1] if asked else "action")

    def _local(self, when: datetime) -> str:
        return f"{when.astimezone(ZoneInfo(self._zone)):%Y-%m-%d %H:%M:%S}"

    def _key(self, at: datetime, laid: SortedStep) -> bytes:
        """Return what the step is known by."""
        told = f"{laid.case}\0{laid.action}\0{at.isoformat()}".encode() if self._wide else laid.digest
        return hashlib.blake2b(told, digest_size=16, key=self._salt[:64]).digest()

    def _take(self, at: datetime, laid: SortedStep) -> None:
        engine, fields, action = self._engine, laid.fields, laid.action
        key = self._key(at, laid)
        if action == "merge" and not fields.get("into"):
            raise CommandError("a merger needs the case that it goes into", "并案须指明并入的事项")
        fields = self._with_ids(fields)
        by = _actor(action, fields)
        if self._began is not None and at < self._began and action in _EVER:
            self._require_then(at, laid, key)
        if action != "report":
            self._require_ours(laid.case)
            engine.act(action, laid.case, by=by, at=at, command_id=key, **_details(action, fields))
            return
        facts = self._policy.ruled.facts_in(laid.extra)
        informant = fields.get("informant")
        channel = fields.get("channel", "")
        engine.report(
            locality=self._locality,
            case_id=laid.case,
            item=fields.get("item", ""),
            text=fields.get("text", ""),
            place=fields.get("place", ""),
            reporter=fields.get("reporter"),
            phone=fields.get("phone"),
            informant=informant,
            channel=channel,
            severity=fields.get("severity"),
            urgency=fields.get("urgency"),
            visit=fields["visit"] == "yes" if "visit" in fields else None,
            facts=facts,
            asked=not (channel.strip().lower() in PROACTIVE or (informant and not fields.get("reporter"))),
            zone=self._zone,
            extra={name: value for name, value in laid.extra.items() if name not in facts} or None,
            note=fields.get("note"),
            at=at,
            by=by,
            command_id=key,
        )
        if self._auto_dispatch:
            engine.dispatch(laid.case, at=at, command_id=key + b"auto")

    def _with_ids(self, fields: dict[str, str]) -> dict[str, str]:
        """Return units that are called by their names the ids of the chart."""
        named = {name: fields[name] for name in ("unit", "informant") if fields.get(name)}
        if not named:
            return fields
        units = self._policy.units
        ids = {name: "、".join(units.id_of(one) for one in _SEVERAL.split(cell)) for name, cell in named.items()}
        return {**fields, **ids}


def _actor(action: str, fields: Mapping[str, str]) -> Actor | None:
    """Read who acted; where the unit is the one that is meant, it is not the actor's own."""
    actor, unit = fields.get("actor"), fields.get("unit") if action not in _MEANT else None
    if actor is None:
        return Actor(unit, unit) if unit is not None else None
    return Actor(actor, unit)


def _details(action: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Read what an action needs from the columns of a narrow journal."""
    details: dict[str, Any] = {"note": fields.get("note")}
    unit, until = fields.get("unit"), fields.get("until")
    if action in _TO and unit:
        details["to"] = unit
    elif action == "whistle" and unit:
        details["units"] = [name for name in _SEVERAL.split(unit) if name]
    elif action == "check_in":
        details["unit"] = unit
    if until:
        details["until"] = datetime.fromisoformat(until)
    if action in _REASONED:
        details["reason"] = fields.get("note")
    if action == "extend":
        details["approved_by"] = fields.get("actor")
    if action in ("answer", "inform", "note") and fields.get("text"):
        details["text"] = fields["text"]
    if action == "reclassify":
        details |= {name: fields.get(name) for name in ("severity", "urgency")}
    if action == "evaluate":
        score, satisfied = fields.get("score"), fields.get("satisfied")
        details["score"] = int(score) if score else None
        details["satisfied"] = satisfied == "yes" if satisfied else None
    if action == "revisit":
        details["recurred"] = fields.get("satisfied") == "no"
    if action == "rule":
        details["granted"] = fields["satisfied"] == "yes" if "satisfied" in fields else None
    for name in ("clock", "into"):
        if fields.get(name):
            details[name] = fields[name]
    return details
