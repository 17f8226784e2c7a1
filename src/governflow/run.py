"""A journal through the engine: every row in time order, every deadline on the way, every refusal named (批量办理).

The rows are first laid out on disk and sorted by time, so that a journal of a million rows needs little memory; then
each is taken at its own moment by a virtual clock. A row of a narrow journal is known by all its cells plus the
locality, a step of a wide one by case, action and moment: taking it again changes nothing, so a journal can be run
again after a crash, with its rejects mended, or when next month's export has more cells filled in.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import msgspec

from governflow.engine import Engine
from governflow.errors import GovernflowError, JournalError
from governflow.events import Actor
from governflow.journal import ACTIONS, ORDER, Map, Notice, Reject, Row, read
from governflow.stores.sqlite import micros, moment
from governflow.text import Text

#: Channels by which workers report what they found themselves (主动发现): nobody asked, so the next unit up verifies.
PROACTIVE = frozenset({"proactive", "found", "patrol", "主动发现", "网格巡查", "巡查", "巡查发现", "主动处置"})

#: Actions for which the journal's `unit` is the unit that the case goes to.
_TO = frozenset({"dispatch", "transfer", "escalate"})
#: Actions whose `unit` is not the actor's own.
_MEANT = _TO | {"whistle"}
#: Actions for which the journal's `note` is the reason that they need.
_REASONED = frozenset({"decline", "extend", "appeal", "suspend", "return"})

Progress = Callable[[int, int], None]


class _Laid(msgspec.Struct, array_like=True):
    """A row as it waits on disk."""

    line: int
    case: str
    fields: dict[str, str]
    extra: dict[str, str]
    cells: dict[str, str]
    digest: bytes
    action: str
    first: bool


_encode = msgspec.msgpack.Encoder().encode
_laid = msgspec.msgpack.Decoder(_Laid).decode


@attrs.define
class Result:
    """What a run did.

    Args:
        until: How far the clock was taken, in UTC; None if there was no row at all.
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

    zone = (map.zone if map else None) or engine.localities.policy(locality).zone
    wide = map is not None and map.wide
    spool = _Spool()
    try:
        actions = _actions(engine, locality)
        for item in read(journal, map, zone=zone, actions=actions, order=_order(actions)):
            if isinstance(item, Row):
                twice = spool.lay(item, result, wide=wide)
                if twice is not None:
                    refuse(twice)
            elif isinstance(item, Reject):
                refuse(item)
            else:
                assert isinstance(item, Notice)
                result.notices.append(item.text)
        if not spool.steps and not result.rejected:
            raise JournalError(f"{journal.name} holds no rows", f"{journal.name} 中没有数据行")
        result.until = until or spool.last
        with engine.in_bulk():
            taking = _Taking(engine, locality, zone, result, refuse, wide=wide, auto_dispatch=auto_dispatch)
            taking.all(spool, progress)
            if result.until is not None:
                engine.advance_quietly(max(result.until, engine.now or result.until))
    finally:
        spool.close()
    if result.repeats:
        result.notices.append(
            Text(
                f"{result.repeats} rows repeat another row exactly and were skipped",
                f"跳过完全重复的行 {result.repeats} 行",
            )
        )
    if result.later:
        result.notices.append(
            Text(
                f"{result.later} steps lie after the end of the run and have not happened yet",
                f"{result.later} 个动作晚于截止时刻，尚未计入",
            )
        )
    return result


def _actions(engine: Engine, locality: str) -> Mapping[str, str]:
    """Give every name that an action has in this locality: ours in both languages, and its own."""
    policy = engine.localities.policy(locality)
    names = dict(ACTIONS)
    for lifecycle in policy.lifecycles.values():
        for action in lifecycle.actions.values():
            text = policy.name(action.name)
            names |= {action.name: action.name, action.text.zh: action.name, text.zh: action.name, text.en: action.name}
    return names


def _order(actions: Mapping[str, str]) -> tuple[str, ...]:
    return (*ORDER, *sorted(set(actions.values()) - set(ORDER)))


class _Spool:
    """Rows laid out on disk until all have been read, then given back in time order."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # a private temporary file, gone when closed
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA cache_size=-32768")
        self._db.execute("CREATE TABLE steps (at INTEGER, line INTEGER, place INTEGER, body BLOB)")
        self._db.execute("CREATE TABLE digests (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("CREATE TABLE reported (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._db.execute("BEGIN")
        self._waiting: list[tuple[int, int, int, bytes]] = []
        self.steps = 0
        self._last: int | None = None

    @property
    def last(self) -> datetime | None:
        """The moment of the last step."""
        return moment(self._last) if self._last is not None else None

    def lay(self, row: Row, result: Result, *, wide: bool) -> Reject | None:
        """Lay out a row unless it repeats another one exactly; refuse a second row for one case of a wide journal."""
        new = self._db.execute("INSERT OR IGNORE INTO digests VALUES (?)", (row.digest,)).rowcount
        if not new:
            result.repeats += 1
            return None
        if wide and not self._db.execute("INSERT OR IGNORE INTO reported VALUES (?, ?)", (row.case, row.line)).rowcount:
            query = "SELECT line FROM reported WHERE name = ?"
            line = self._db.execute(query, (row.case,)).fetchone()[0]
            return row.refused(
                Text(f"case {row.case} stands in line {line} already", f"事项 {row.case} 已在第 {line} 行出现"),
                Text("one row a case", "每个事项一行"),
                value=row.case,
            )
        result.taken += 1
        for place, step in enumerate(row.steps):
            at = micros(step.at)
            laid = _Laid(row.line, row.case, row.fields, row.extra, row.cells, row.digest, step.action, place == 0)
            self._waiting.append((at, row.line, place, _encode(laid)))
            self.steps += 1
            if self._last is None or at > self._last:
                self._last = at
        if len(self._waiting) >= 2000:
            self._put()
        return None

    def _put(self) -> None:
        self._db.executemany("INSERT INTO steps VALUES (?, ?, ?, ?)", self._waiting)
        self._waiting = []

    def in_order(self) -> Iterator[tuple[datetime, _Laid]]:
        """Give the steps by time, then by line."""
        self._put()
        self._db.execute("DROP TABLE digests")
        for at, body in self._db.execute("SELECT at, body FROM steps ORDER BY at, line, place"):
            yield moment(at), _laid(body)

    def close(self) -> None:
        """Throw the file away."""
        self._db.close()


class _Taking:
    """Takes laid-out rows one after the other."""

    def __init__(
        self,
        engine: Engine,
        locality: str,
        zone: str,
        result: Result,
        refuse: Callable[[Reject], None],
        *,
        wide: bool,
        auto_dispatch: bool,
    ) -> None:
        self._engine = engine
        self._locality = locality
        self._zone = zone
        self._result = result
        self._refuse = refuse
        self._wide = wide
        self._auto_dispatch = auto_dispatch
        self._salt = locality.encode()
        self._refused: set[int] = set()

    def all(self, spool: _Spool, progress: Progress | None) -> None:
        """Take every step that is not after the end of the run."""
        engine, until = self._engine, self._result.until
        for done, (at, laid) in enumerate(spool.in_order()):
            if progress is not None and not done % 500:
                progress(done, spool.steps)
            if until is not None and at > until:
                self._result.later += 1
                continue
            if laid.line in self._refused:
                continue  # the rest of a wide row whose earlier step was refused: it goes to the rejects whole
            if engine.now is None or at > engine.now:
                engine.advance_quietly(at)
            try:
                self._take(at, laid)
            except GovernflowError as fault:
                self._refused.add(laid.line)
                self._result.taken -= 1
                self._refuse(_as_reject(laid, fault))
        if progress is not None:
            progress(spool.steps, spool.steps)

    def _key(self, at: datetime, laid: _Laid) -> bytes:
        """Give what the step is known by."""
        told = f"{laid.case}\0{laid.action}\0{at.isoformat()}".encode() if self._wide else laid.digest
        return hashlib.blake2b(told, digest_size=16, key=self._salt[:64]).digest()

    def _take(self, at: datetime, laid: _Laid) -> None:
        engine, fields, action = self._engine, laid.fields, laid.action
        key = self._key(at, laid)
        by = _actor(action, fields)
        if action != "report":
            engine.act(action, laid.case, by=by, at=at, command_id=key, **_details(action, fields))
            return
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
            visit=fields.get("visit") != "no",
            asked=not (channel.strip().lower() in PROACTIVE or (informant and not fields.get("reporter"))),
            zone=self._zone,
            extra=laid.extra or None,
            note=fields.get("note"),
            at=at,
            by=by,
            command_id=key,
        )
        if self._auto_dispatch:
            engine.dispatch(laid.case, at=at, command_id=key + b"auto")


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
        details["units"] = [name for name in unit.replace("，", "、").replace(",", "、").split("、") if name.strip()]
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


def _as_reject(laid: _Laid, fault: GovernflowError) -> Reject:
    row = Row(laid.line, laid.cells, laid.case, laid.fields, laid.extra, (), laid.digest)
    return row.refused(fault.text, value=laid.action)
