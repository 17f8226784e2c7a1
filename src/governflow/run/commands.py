"""From a row of a journal to a call of the engine."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from governflow.engine.decide import kept_details
from governflow.engine.engine import Engine
from governflow.engine.identity import TEXTS
from governflow.errors import CommandError, GovernflowError, NotOurs, StoreError, require
from governflow.journal import DatedAction, Row
from governflow.journal.records import Fields
from governflow.model.case import Case
from governflow.model.events import REQUESTER, Actor, Event, Fact
from governflow.model.source import Source
from governflow.model.terms import Way

#: Channels by which workers report what they found themselves (主动发现): nobody asked, so the next unit up verifies.
PROACTIVE = frozenset({"proactive", "found", "patrol", "主动发现", "网格巡查", "巡查", "巡查发现", "主动处置"})

#: Actions whose `unit` is not the actor's own: the case goes there, or it is summoned.
_MEANT = frozenset({"dispatch", "transfer", "escalate", "whistle"})
#: Actions that send a case to a unit.
_SENT = frozenset({"dispatch", "transfer", "escalate"})
#: What the one who asked does, whoever typed it in.
_OF_THE_REQUESTER = frozenset({"report", "evaluate"})
#: Details that are no part of what a fact says.
_ASIDE = frozenset({*TEXTS, "asked", "zone"})
#: Details of a report by which two tellings of it are compared, and what is taken for them where nothing is said.
_COMPARED = frozenset({"item", "place", "severity", "urgency", "channel", "informant", "visit", "asked", "facts"})
_UNSAID: Mapping[str, Any] = {"item": "", "place": "", "channel": "", "visit": True, "asked": True, "facts": {}}
_write = msgspec.json.Encoder(order="sorted", enc_hook=str).encode
#: What separates several units in one cell.
_SEVERAL = re.compile(r"\s*[、，,]\s*")

#: Details that any action may have, which are called like the fields that hold them.
_COMMON = {name: name for name in ("note", "until", "clock", "into")}
#: What single actions need beside these: the detail, and the field that holds it.
_DETAILS: Mapping[str, dict[str, str]] = {
    "answer": {"text": "text"},
    "appeal": {"reason": "note"},
    "check_in": {"unit": "unit"},
    "decline": {"reason": "note"},
    "dispatch": {"to": "unit"},
    "escalate": {"to": "unit"},
    "evaluate": {"score": "score", "satisfied": "satisfied"},
    "extend": {"reason": "note", "approved_by": "actor"},
    "inform": {"text": "text"},
    "note": {"text": "text"},
    "reclassify": {"severity": "severity", "urgency": "urgency"},
    "return": {"reason": "note"},
    "rule": {"granted": "satisfied"},
    "suspend": {"reason": "note"},
    "transfer": {"to": "unit"},
    "whistle": {"units": "unit"},
}
_WANTED = {action: _COMMON | own for action, own in _DETAILS.items()}


def actor_of(action: str, fields: Fields) -> Actor | None:
    """Return who acted; a unit that the action is directed at is not the actor's own."""
    unit = fields.get("unit") if action not in _MEANT else None
    actor = fields.get("actor", unit)
    return Actor(actor, unit) if actor is not None else None


def details_of(action: str, fields: Fields) -> dict[str, Any]:
    """Return what an action needs of a row, as `Engine.act` takes it."""
    wanted = _WANTED.get(action, _COMMON)
    details: dict[str, Any] = {name: fields.get(field) for name, field in wanted.items() if field in fields}
    if action == "whistle" and "units" in details:
        details["units"] = [name for name in _SEVERAL.split(details["units"]) if name]
    if action == "revisit":
        details["recurred"] = fields.get("satisfied") is False
    return details


#: Details of a report that are called like the fields that hold them.
_REPORTED = (
    *("item", "text", "place", "reporter", "phone", "informant"),
    *("channel", "severity", "urgency", "visit", "note"),
)


def _texts_of(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: details[name] for name in TEXTS if name in details}


class JournalCommands:
    """Takes rows of one journal to an engine."""

    def __init__(
        self, engine: Engine, locality: str, *, wide: bool, auto_dispatch: bool, way: Way | None = None
    ) -> None:
        self._engine = engine
        self.locality = locality
        self.policy = engine.localities.policy(locality)
        self._wide = wide
        self._auto_dispatch = auto_dispatch
        self._way = way
        self.resumes = not engine.is_empty
        self._began = engine.now  # what is earlier than this comes late to the store
        #: What the journal records; None where the rules are enforced, as if they had been running live.
        self.source: Source | None = None
        #: Short names of units as the journal writes them, to the units that they can only mean.
        self.short: dict[str, str] = {}

    # --- what a row says ----------------------------------------------------------------------------------------------

    def fact_id(self, row: Row, step: DatedAction) -> bytes:
        """Return what a step is known by: case, action, moment, actor and what it says, however that was written.

        Free text, who asked, their telephone number and columns that nobody mapped are no part of it.
        """
        return self._id_of(row, step, *self._said(row, step))

    def _id_of(self, row: Row, step: DatedAction, by: Actor | None, details: Mapping[str, Any]) -> bytes:
        told = {name: value for name, value in details.items() if name not in _ASIDE and value is not None}
        content = _write([row.case, step.action, step.at, by, told, row.ordinal])
        return hashlib.blake2b(content, digest_size=16, key=self.locality.encode()[:64]).digest()

    def words(self, row: Row, ids: Sequence[bytes]) -> bytes:
        """Return a digest of everything that a row says, free text included, however its cells are written.

        ``ids`` are what its steps are known by.
        """
        texts = [" ".join(str(row.fields.get(name, "")).split()) for name in ("text", "note")]
        return hashlib.blake2b(_write([row.case, ids, texts]), digest_size=16).digest()

    def _said(self, row: Row, step: DatedAction) -> tuple[Actor | None, dict[str, Any]]:
        """Return who took a step of a row, and the details of it, as the engine takes them."""
        action, fields = step.action, self._with_unit_ids(self._concerning(row, step))
        by = actor_of(action, fields)
        if action != "report":
            return by, details_of(action, fields)
        facts = self.policy.ruled.facts_in(row.extra)
        proactive = fields.get("channel", "").strip().lower() in PROACTIVE
        return by, {
            **{name: value for name, value in fields.items() if name in _REPORTED},
            "facts": facts,
            "asked": not (proactive or (fields.get("informant") and not fields.get("reporter"))),
            "zone": row.zone,
            "extra": {name: value for name, value in row.extra.items() if name not in facts} or None,
        }

    def _concerning(self, row: Row, step: DatedAction) -> Fields:
        """Return the fields of a row that concern a step: of a wide row the unit is who handles it, and nobody else.

        It is where the last dispatch went, and who took the steps that follow; it neither reported nor judged.
        """
        if not self._wide:
            return row.fields
        action, left_out = step.action, set()
        if action in _OF_THE_REQUESTER:
            left_out = {"unit", "actor"}
        elif action in _SENT and any(other.action in _SENT for other in row.steps[row.steps.index(step) + 1 :]):
            left_out = {"unit"}
        return cast("Fields", {name: value for name, value in row.fields.items() if name not in left_out})

    # --- taking it ----------------------------------------------------------------------------------------------------

    def is_known(self, row: Row, step: DatedAction, fact_id: bytes) -> bool:
        """Return whether the store has taken a step before, this version of governflow or an earlier one."""
        if not self.resumes:
            return False
        return self._engine.has_taken(fact_id) or self._engine.has_taken(self._former_id(row, step))

    def _former_id(self, row: Row, step: DatedAction) -> bytes:
        content = f"{row.case}\0{step.action}\0{step.at.isoformat()}".encode() if self._wide else row.digest
        return hashlib.blake2b(content, digest_size=16, key=self.locality.encode()[:64]).digest()

    def tells_same(self, event: Event, fact: Fact) -> bool:
        """Return whether an event is that of a fact, as far as both say: who did it, and what; not its texts."""
        if fact.action == "report":
            kept = [(name, value) for name, value in fact.details.items() if name in _COMPARED and value is not None]
            return all(event.changes.get(name, _UNSAID.get(name)) == value for name, value in kept)
        by = fact.by
        acted = event.by == by or by is None or (event.by is not None and event.by.id == REQUESTER.id)
        return acted and kept_details(fact.details) == (event.details or {})

    def assumed_dispatch(self, row: Row, step: DatedAction) -> Fact | None:
        """Return the dispatch that is vouched for when a case is reported (自动派单); None if it is not."""
        if not self._auto_dispatch:
            return None
        to = self._with_unit_ids(row.fields).get("unit") if self._wide else None
        return Fact("dispatch", step.at, None, {"to": to}, self.fact_id(row, step) + b"auto")

    def comes_late(self, row: Row, step: DatedAction) -> bool:
        """Return whether a step of a case that the store has lies before the store's clock."""
        return self._began is not None and step.at <= self._began and self._engine.find(row.case) is not None

    def tell(self, steps: Sequence[tuple[Row, DatedAction]]) -> bool:
        """Tell the steps of one case together; return whether they fit, all of them."""
        try:
            case = self.require_ours(steps[0][0].case)
            facts = []
            for row, step in steps:
                fact_id = self.fact_id(row, step)
                if self.is_known(row, step, fact_id):
                    continue
                if step.action == "report":
                    return False
                self._require_new(case, step.action)
                facts.append(self.fact(row, step, case))
            if len(facts) < 2:
                return False
            self._engine.tell(steps[0][0].case, facts)
        except StoreError:
            raise
        except GovernflowError:
            return False
        for row, step in steps:
            self.take(row, step)  # known now; its texts are updated
        return True

    def take(self, row: Row, step: DatedAction) -> bool:
        """Carry out a step of a row; return whether it is new to the store.

        Raises:
            GovernflowError: The engine, or the rule that a store's case is of one locality, refuses it.
        """
        case = self.require_ours(row.case)
        fact = self.fact(row, step, case)
        fact_id = cast("bytes", fact.command_id)
        is_new = not self.is_known(row, step, fact_id)
        if is_new:
            self._require_new(case, fact.action)
            self._take(row.case, fact)
        elif case is not None:
            known = fact_id if self._engine.has_taken(fact_id) else self._former_id(row, step)
            self._engine.retell(known, fact.action, **_texts_of(fact.details))
        if fact.action == "report":
            self._dispatch(row, step)
        return is_new

    def _take(self, case: str, fact: Fact) -> None:
        details: dict[str, Any] = dict(fact.details)
        if fact.action == "report":
            self._engine.report(
                locality=self.locality, case_id=case, at=fact.at, by=fact.by, command_id=fact.command_id, **details
            )
        else:
            self._engine.act(fact.action, case, by=fact.by, at=fact.at, command_id=fact.command_id, **details)

    def fact(self, row: Row, step: DatedAction, case: Case | None) -> Fact:
        """Return what a step of a row says, as `Engine.tell` takes it.

        Raises:
            CommandError: If it is a merger without the case that it goes into.
        """
        by, details = self._said(row, step)
        fact_id = self._id_of(row, step, by, details)
        if step.action == "report":
            details["source"] = self.source
            if self._way is not None:
                details["way"] = self._way
        require(
            step.action != "merge" or details.get("into"),
            "a merger needs the case that it goes into",
            "并案须指明并入的事项",
        )
        if step.action == "evaluate" and case is not None and case.asked:
            by = None  # a verdict is the requester's, whoever typed it in
        return Fact(step.action, step.at, by, details, fact_id)

    def _dispatch(self, row: Row, step: DatedAction) -> None:
        """Dispatch a reported case at once (自动派单): to the unit that a wide row names, else along the route."""
        former = self._former_id(row, step) + b"auto"
        if self.resumes and self._engine.has_taken(former):
            return
        fact = self.assumed_dispatch(row, step)
        if fact is not None:
            to: Any = fact.details["to"]
            self._engine.dispatch(row.case, to=to, at=fact.at, command_id=fact.command_id)

    def _require_new(self, case: Case | None, action: str) -> None:
        """Refuse a step that a wide row told otherwise before: each is told once, and the row has changed since."""
        if case is None or case.source is None or not case.source.once or not self._wide or action not in case.told:
            return
        before = next(event.at for event in reversed(self._engine.history(case.id)) if event.action == action)
        raise CommandError(
            "the row has changed: {action} of case {case} was told otherwise before, at {before}; --amend corrects it",
            "该行已有改动：事项 {case} 的“{action_zh}”此前登记为 {before}，内容不同；加 --amend 予以更正",
            action=action,
            action_zh=self.policy.name(action).zh,
            case=case.id,
            before=before,
        )

    def require_ours(self, name: str) -> Case | None:
        """Refuse a case of another locality (numbers such as 1, 2, 3 are used by every county), or run another way."""
        case = self._engine.find(name)
        if case is not None and case.locality != self.locality:
            raise NotOurs(
                f"case {name} of this store is one of {case.locality}, not of {self.locality}: use another store",
                f"数据文件中的事项 {name} 属于 {case.locality}，不属于 {self.locality}：请另用数据文件",
            )
        if case is not None and self._way not in (None, case.way):
            raise NotOurs(
                f"case {name} of this store is run the way {case.way!s} as long as it lives, not {self._way!s}: "
                "run it as before, or use another store",
                f"数据文件中的事项 {name} 按“{case.way.text.zh}”办理，始终如此，不能改为“{self._way.text.zh}”："
                "请按原方式运行，或另用数据文件",
            )
        return case

    def _with_unit_ids(self, fields: Fields) -> Fields:
        """Return units that are called by their names the ids of the chart."""
        if unit := fields.get("unit"):
            fields = {**fields, "unit": "、".join(map(self._unit_id, _SEVERAL.split(unit)))}
        if informant := fields.get("informant"):
            fields = {**fields, "informant": "、".join(map(self.policy.units.id_of, _SEVERAL.split(informant)))}
        return fields

    def _unit_id(self, name: str) -> str:
        units = self.policy.units
        found = units.id_of(name)
        if found in units.units or units.open:
            return found
        meant = units.shortened(name)
        if meant is None:
            return found
        self.short[name] = meant
        return meant
