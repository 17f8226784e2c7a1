"""From a row of a journal to a call of the engine."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from governflow.engine.decide import REMARKS, illegal
from governflow.engine.engine import Engine
from governflow.errors import NotOurs, require
from governflow.journal import DatedAction, Row
from governflow.journal.records import Fields
from governflow.model.case import fold
from governflow.model.events import Actor
from governflow.model.terms import Way

#: Channels by which workers report what they found themselves (主动发现): nobody asked, so the next unit up verifies.
PROACTIVE = frozenset({"proactive", "found", "patrol", "主动发现", "网格巡查", "巡查", "巡查发现", "主动处置"})

#: Actions whose `unit` is not the actor's own: the case goes there, or it is summoned.
_MEANT = frozenset({"dispatch", "transfer", "escalate", "whistle"})
#: Actions that the engine takes however late they come.
_EVER = REMARKS | {"appeal"}
#: What separates several units in one cell.
_SEVERAL = re.compile(r"\s*[、，,]\s*")

#: Details that any action may have, which are called like the fields that hold them.
_COMMON = {name: name for name in ("note", "until", "clock", "into")}
#: What single actions need beside these: the detail, and the field that holds it.
_DETAILS: Mapping[str, Mapping[str, str]] = {
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


def actor_of(action: str, fields: Fields) -> Actor | None:
    """Return who acted; a unit that the action is directed at is not the actor's own."""
    unit = fields.get("unit") if action not in _MEANT else None
    actor = fields.get("actor", unit)
    return Actor(actor, unit) if actor is not None else None


def details_of(action: str, fields: Fields) -> dict[str, Any]:
    """Return what an action needs of a row, as `Engine.act` takes it."""
    wanted = {**_COMMON, **_DETAILS.get(action, {})}
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


class JournalCommands:
    """Takes rows of one journal to an engine."""

    def __init__(
        self, engine: Engine, locality: str, *, wide: bool, auto_dispatch: bool, way: Way | None = None
    ) -> None:
        self._engine = engine
        self._locality = locality
        self.policy = engine.localities.policy(locality)
        self._wide = wide
        self._auto_dispatch = auto_dispatch
        self._way = way
        self._began = engine.now  # what is earlier than this comes late to the store

    def command_id(self, row: Row, step: DatedAction) -> bytes:
        """Return what a step is known by: taken again it changes nothing. It is the same in every version."""
        content = f"{row.case}\0{step.action}\0{step.at.isoformat()}".encode() if self._wide else row.digest
        return hashlib.blake2b(content, digest_size=16, key=self._locality.encode()[:64]).digest()

    def take(self, row: Row, step: DatedAction) -> None:
        """Carry out a step of a row.

        Raises:
            GovernflowError: The engine, or the rule that a store's case is of one locality, refuses it.
        """
        action = step.action
        command_id = self.command_id(row, step)
        fields = self._with_unit_ids(row.fields)
        require(
            action != "merge" or fields.get("into"), "a merger needs the case that it goes into", "并案须指明并入的事项"
        )
        if self._began is not None and step.at < self._began and action in _EVER:
            self._require_possible_then(row.case, step, command_id)
        by = actor_of(action, fields)
        way = self._way_of(row.case)
        if action == "report":
            self._report(row, fields, step.at, by, command_id, way)
            return
        self._engine.act(action, row.case, by=by, at=step.at, command_id=command_id, **details_of(action, fields))

    def _report(
        self, row: Row, fields: Fields, at: datetime, by: Actor | None, command_id: bytes, way: Way | None
    ) -> None:
        facts = self.policy.ruled.facts_in(row.extra)
        details: dict[str, Any] = {name: value for name, value in fields.items() if name in _REPORTED}
        if way is not None:
            details["way"] = way
        proactive = fields.get("channel", "").strip().lower() in PROACTIVE
        self._engine.report(
            locality=self._locality,
            case_id=row.case,
            facts=facts,
            asked=not (proactive or (fields.get("informant") and not fields.get("reporter"))),
            zone=row.zone,
            extra={name: value for name, value in row.extra.items() if name not in facts} or None,
            at=at,
            by=by,
            command_id=command_id,
            **details,
        )
        if self._auto_dispatch:
            self._engine.dispatch(row.case, at=at, command_id=command_id + b"auto")

    def _way_of(self, name: str) -> Way | None:
        """Return how a case is run, or None for a new one of which nobody has said.

        Raises:
            NotOurs: The store's case is of another locality (numbers such as 1, 2, 3 are used by every county), or is
                run another way than was asked for.
        """
        case = self._engine.find(name)
        if case is not None and case.locality != self._locality:
            raise NotOurs(
                f"case {name} of this store is one of {case.locality}, not of {self._locality}: use another store",
                f"数据文件中的事项 {name} 属于 {case.locality}，不属于 {self._locality}：请另用数据文件",
            )
        if case is not None and self._way not in (None, case.way):
            raise NotOurs(
                f"case {name} of this store is run the way {case.way!s} as long as it lives, not {self._way!s}: "
                "run it as before, or use another store",
                f"数据文件中的事项 {name} 按“{case.way.text.zh}”办理，始终如此，不能改为“{self._way.text.zh}”："
                "请按原方式运行，或另用数据文件",
            )
        return self._way if case is None else case.way

    def _require_possible_then(self, name: str, step: DatedAction, command_id: bytes) -> None:
        """Refuse a late remark or appeal that was not possible when it was made.

        The engine asks whether it is possible now: a row that was refused would be taken when the journal is run again
        after the case was reopened.
        """
        engine, case = self._engine, self._engine.find(name)
        if case is None or engine.has_taken(command_id):
            return
        earlier = (event for event in engine.history(case.id) if event.at <= step.at)
        past = fold(replace(event, seq=seq) for seq, event in enumerate(earlier, 1))
        if past is None:
            return
        policy = engine.localities.policy(case.locality)
        lifecycle = policy.lifecycles[case.lifecycle]
        if (past.state, step.action) not in lifecycle.transitions:
            raise illegal(past, step.action, lifecycle, policy)

    def _with_unit_ids(self, fields: Fields) -> Fields:
        """Return units that are called by their names the ids of the chart."""
        units = self.policy.units
        if unit := fields.get("unit"):
            fields = {**fields, "unit": "、".join(map(units.id_of, _SEVERAL.split(unit)))}
        if informant := fields.get("informant"):
            fields = {**fields, "informant": "、".join(map(units.id_of, _SEVERAL.split(informant)))}
        return fields
