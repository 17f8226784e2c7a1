"""A journal through the engine: every row in time order, every deadline on the way, every refusal named (批量办理).

The rows are first laid out on disk and sorted by time, so that a journal of a million rows needs little memory; then
each is taken at its own moment by a virtual clock. A fact is known by what it says, not by how its cells are written:
taking it again changes nothing, so a journal can be run again after a crash, with its rejects mended, saved by another
program, or when next month's export has more cells filled in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import groupby
from pathlib import Path

import attrs

from governflow.engine.engine import Engine
from governflow.errors import GovernflowError, JournalError, NotOurs, StoreError
from governflow.journal import ORDER, DatedAction, Map, Notice, Reject, Row, read
from governflow.model.events import Event
from governflow.model.headings import HEADINGS
from governflow.model.source import ASSUMED, Source
from governflow.model.terms import Way
from governflow.normalize import half_width, key
from governflow.policy.stack import actions_of
from governflow.run.amending import Amender, Amendment, New
from governflow.run.commands import JournalCommands
from governflow.run.refusals import AHEAD, refusal, too_far_ahead, wall_time
from governflow.run.sorted_journal import SortedJournal
from governflow.text import Text

#: What stands for the action of a step that could not be read.
UNREADABLE = "?"
#: The fields without which a wide row tells no verdict.
_VERDICT = frozenset({"satisfied", "score"})

Progress = Callable[[int, int], None]


@attrs.frozen
class Amend:
    """How rows are taken that say otherwise than the store (更正).

    Args:
        whole_cases: Whether facts are retracted that the file does not hold any more: only of cases that are in it, and
            only steps that it records.
        retracting: Called with these facts before anything is changed, if there are any.
    """

    whole_cases: bool = False
    retracting: Callable[[Sequence[Event]], None] | None = None


@attrs.define
class Result:
    """What a run did.

    Args:
        until: How far the clock stands now, in UTC; None if there was no row at all.
        taken: How many rows were taken, those known from an earlier run included.
        repeats: How many rows repeat another row of the file exactly.
        later: How many steps lie after ``until`` and have not happened yet.
        rejected: How many rows were refused, wholly or in part.
        notices: What a person ought to know.
        replaced: How many facts of the store the file told otherwise, and were amended.
        retracted: The facts that the file does not hold any more, and were retracted.
    """

    until: datetime | None = None
    taken: int = 0
    repeats: int = 0
    later: int = 0
    rejected: int = 0
    notices: list[Text] = attrs.field(factory=list)
    replaced: int = 0
    retracted: list[Event] = attrs.field(factory=list)

    @property
    def mostly_refused(self) -> Text | None:
        """What has to be said before any figure: more than a tenth of the rows is not among them."""
        refused, rows = self.rejected, self.rejected + self.taken + self.repeats
        if refused * 10 <= rows:
            return None
        return Text(
            f"{refused} of {rows} rows were refused: the figures below are those of the others",
            f"共 {rows} 行，其中 {refused} 行有误未采用：以下数字只含其余各行",
        )


def run(
    engine: Engine,
    journal: Path,
    *,
    locality: str,
    map: Map | None = None,
    until: datetime | None = None,
    auto_dispatch: bool = False,
    way: Way | None = None,
    amend: Amend | None = None,
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
        way: How its cases are run; a row of a case that the store runs another way is refused. By default new cases as
            the engine says, and those that the store has as before.
        amend: How rows are taken that say otherwise than the store (更正); by default each is refused.
        rejected: Called with each row that is refused.
        progress: Called now and then with rows done and rows in all.

    Returns:
        What was done.

    Raises:
        JournalError: If the journal cannot be read at all; then nothing was taken.
    """
    map, rows = map or Map(), SortedJournal()
    commands = JournalCommands(engine, locality, wide=map.wide, auto_dispatch=auto_dispatch, way=way)
    taking = _Taking(engine, commands, rows, map, rejected)
    result, taking.missing = taking.result, engine.incomplete(locality)
    with closing(rows):
        taking.lay_out(journal)
        if not (rows.steps or result.rejected or result.taken):
            raise JournalError(f"{journal.name} holds no rows", f"{journal.name} 中没有数据行")
        result.taken += rows.rows
        result.repeats = rows.repeats
        commands.source = taking.source(auto_dispatch=auto_dispatch) if (way or engine.way) is Way.RECORD else None
        result.until = until or rows.last
        behind = rows.far_behind() if until is None else None
        with engine.in_bulk():
            taking.widen()
            taking.take_all(progress, amends=amend is not None)
            if amend is not None:
                taking.amend(amend)
    taking.hand_out()
    engine.note_refused(locality, taking.incomplete(), at=engine.now)
    result.notices += _short_names(commands)
    if behind is not None:
        result.notices.append(_far_behind(*behind, map.zone or commands.policy.zone))
    result.notices += _notices(result, until, engine.now, map.zone or commands.policy.zone)
    result.until = engine.now or result.until
    return result


def _far_behind(at: datetime, line: int, days: int, zone: str) -> Text:
    """Say that one row lies far behind all others and sets the end of the run."""
    when = wall_time(at, zone)
    return Text(
        f"line {line} lies {days} days behind all other rows and sets the end of the run, {when}: "
        "--until sets another end",
        f"第 {line} 行比其余各行晚 {days} 天，本次因此办理至 {when}；可用 --until 另定截止时刻",
    )


def _notices(result: Result, until: datetime | None, now: datetime | None, zone: str) -> Iterator[Text]:
    """Return what a person ought to know of a run: repeats, what has not happened yet, a clock that is further."""
    if (number := result.repeats) > 0:
        en, were = ("1 row repeats", "was") if number == 1 else (f"{number} rows repeat", "were")
        yield Text(f"{en} another row exactly and {were} skipped", f"跳过完全重复的行 {number} 行")
    if (number := result.later) > 0:
        en, have = ("1 step lies", "has") if number == 1 else (f"{number} steps lie", "have")
        yield Text(
            f"{en} after the end of the run and {have} not happened yet", f"{number} 个动作晚于截止时刻，尚未计入"
        )
    if until is not None and now is not None and now > until:
        there, wanted = wall_time(now, zone), wall_time(until, zone)
        yield Text(
            f"the store's clock stands at {there} already and does not go back to {wanted}",
            f"数据文件的时钟已到 {there}，不会退回 {wanted}",
        )


def _short_names(commands: JournalCommands) -> Iterator[Text]:
    """Name the short names of units that were understood."""
    for name, unit in commands.short.items():
        text = commands.policy.units.name(unit)
        yield Text(f"{name} is taken for {text.en} ({text.zh})", f"“{name}”按“{text.zh}”计")


@attrs.define
class _Taking:
    """Lays out the rows of a journal, then takes them one after the other."""

    engine: Engine
    commands: JournalCommands
    journal: SortedJournal
    map: Map
    rejected: Callable[[Reject], None]
    result: Result = attrs.field(factory=Result)
    #: The place of each action among those of one moment.
    order: Mapping[str, int] = attrs.field(factory=dict)
    #: The refused rows of a wide journal by line, each with all that is wrong with it.
    refused: dict[int, Reject] = attrs.field(factory=dict)
    #: By case, the steps that were refused now, and those of earlier runs that are still missing.
    missed: dict[str, list[str]] = attrs.field(factory=dict)
    missing: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    #: By case of `missing`, the actions that were taken now.
    mended: dict[str, list[str]] = attrs.field(factory=dict)
    #: The actions that occur in the file.
    occurring: set[str] = attrs.field(factory=set)
    #: By case, the steps that lie before the store's clock.
    late: dict[str, list[tuple[Row, DatedAction]]] = attrs.field(factory=dict)
    #: By case that the store had before, all that the file tells of it; and the cases that it had not.
    known: dict[str, list[tuple[Row, DatedAction]]] = attrs.field(factory=dict)
    fresh: set[str] = attrs.field(factory=set)
    #: Steps of the present moment that were refused, each with its fault.
    held: list[tuple[Row, DatedAction, GovernflowError]] = attrs.field(factory=list)

    def lay_out(self, path: Path) -> None:
        """Read a journal and lay out its rows."""
        policy = self.commands.policy
        actions = actions_of(policy)
        order = (*ORDER, *sorted(set(actions.values()) - set(ORDER)))
        self.order = {name: place for place, name in enumerate(order)}
        latest = self.engine.clock.now() + AHEAD
        facts = policy.ruled.fact_columns
        for item in read(path, self.map, zone=policy.zone, actions=actions, order=order, facts=facts):
            if isinstance(item, Notice):
                self.result.notices.append(item.text)
                continue
            reject: Reject | None = None
            if isinstance(item, Reject):
                reject = item
                self._note_unread(item)
            elif (reject := too_far_ahead(item, latest) or self._add(item)) is not None:
                self.missed.setdefault(item.case, []).append(f"{UNREADABLE} {reject.faults[0].column}".strip())
            if reject is not None:
                self.refuse(reject)

    def _add(self, row: Row) -> Reject | None:
        """Lay out a row; what is wrong with single steps of it is named when all of it was tried."""
        self.occurring.update(step.action for step in row.steps)
        if not row.steps:
            self.result.taken += 1  # nobody gave a verdict
            return None
        commands = self.commands
        ids = [commands.fact_id(row, step) for step in row.steps]
        before = self.journal.rows
        reject = self.journal.add(row, commands.words(row, ids), None if self.map.wide else ids[0])
        if row.faults and self.journal.rows > before:
            self._refuse_taken(Reject(row.line, row.faults, tuple(row.cells), row.cells))
            self.missed[row.case] = [f"{UNREADABLE} {fault.column}" for fault in row.faults]
        return reject

    def source(self, *, auto_dispatch: bool) -> Source:
        """Return what the journal records: what it has columns for, or the actions that occur in it or are listed."""
        map = self.map
        if map.wide:
            recorded = dict(map.times)
            if _VERDICT.isdisjoint(map.columns.keys() | map.constants.keys()):
                recorded.pop("evaluate", None)
        else:
            listed = map.recorded if map.recorded is not None else sorted(self.occurring | self._known_actions())
            recorded = {action: action for action in listed}
        if auto_dispatch:
            recorded.setdefault("dispatch", ASSUMED)
        return Source(recorded, map.counted_from, once=map.wide)

    def widen(self) -> None:
        """Let the cases of earlier runs be measured by what the journal records beside: of a narrow one, all."""
        source, commands = self.commands.source, self.commands
        if source is None or not commands.resumes:
            return
        for case in self.engine.cases():
            known = case.source
            if case.locality != commands.locality or known is None or known.once != source.once:
                continue
            if not self.map.wide or self.journal.report_of(case.id) is not None:
                self.engine.widen(case.id, known.joined(source))

    def _known_actions(self) -> set[str]:
        """Return the actions that narrow journals told of cases of the locality in earlier runs."""
        found: set[str] = set()
        for case in self.engine.cases() if self.commands.resumes else ():
            if case.locality == self.commands.locality and case.source is not None and not case.source.once:
                found |= {action for action, column in case.source.recorded.items() if column}
        return found

    def incomplete(self) -> dict[str, list[str]]:
        """Return the steps that are missing now, of each case with which it is not as it was before this run."""
        found: dict[str, list[str]] = {}
        for name in self.missed.keys() | self.mended.keys():
            known = list(self.missing.get(name, ()))
            for action in self.mended.get(name, ()):
                same = (one for one in known if self.map.wide or one.partition(" ")[0] in (action, UNREADABLE))
                if (gone := next(same, None)) is not None:
                    known.remove(gone)
            if self.map.wide:
                known = []  # its row says all there is
            steps = list(dict.fromkeys([*known, *self.missed.get(name, ())]))
            if tuple(steps) != self.missing.get(name, ()) and self.engine.find(name) is not None:
                found[name] = steps
        return found

    def _note_unread(self, reject: Reject) -> None:
        """Note that a case lacks something, where a row that could not be read says which case it is of."""
        heading = self.map.columns.get("case") or next(
            (h for h in reject.headings if HEADINGS.get(key(h)) == "case"), ""
        )
        if case := reject.cells.get(heading, "").strip():
            self.missed.setdefault(half_width(case), []).append(f"{UNREADABLE} {reject.faults[0].column}".strip())

    def refuse(self, reject: Reject) -> None:
        """Hand out a row that is refused; one of a wide journal when all of it was tried, once with all its faults."""
        if not self.map.wide:
            self.result.rejected += 1
            self.rejected(reject)
            return
        known = self.refused.get(reject.line)
        if known is None:
            self.result.rejected += 1
        else:
            reject = attrs.evolve(known, faults=(*known.faults, *reject.faults))
        self.refused[reject.line] = reject

    def hand_out(self) -> None:
        """Hand out the refused rows of a wide journal."""
        for line in sorted(self.refused):
            self.rejected(self.refused[line])

    def _refuse_taken(self, reject: Reject) -> None:
        """Refuse a row that was counted among those taken."""
        self.result.taken -= reject.line not in self.refused
        self.refuse(reject)

    def take_all(self, progress: Progress | None, *, amends: bool) -> None:
        """Take every step up to the end of the run, and let the time pass; where it ``amends``, not of known cases."""
        engine, until, total = self.engine, self.result.until, self.journal.steps
        before: datetime | None = None
        for done, (row, step) in enumerate(self.journal.in_order()):
            at = step.at
            if progress is not None and not done % 500:
                progress(done, total)
            if at != before:
                self._settle()
            before = at
            if until is not None and at > until:
                self.result.later += 1
                continue
            if amends and self._is_known(row.case):
                self.known.setdefault(row.case, []).append((row, step))
                continue
            if self.commands.comes_late(row, step):
                self.late.setdefault(row.case, []).append((row, step))
                continue
            self._take_late()
            if engine.now is None or at > engine.now:
                engine.advance_quietly(at)
            fault = self._fault_of(row, step)
            if fault is not None:
                self.held.append((row, step, fault))
        self._settle()
        self._take_late()
        if until is not None:
            engine.advance_quietly(max(until, engine.now or until))
        if progress is not None:
            progress(total, total)

    def _is_known(self, case: str) -> bool:
        """Return whether the store had a case before this run."""
        if case in self.fresh or case in self.known:
            return case in self.known
        if self.engine.find(case) is None:
            self.fresh.add(case)
            return False
        return True

    def amend(self, how: Amend) -> None:
        """Make the store say of the cases that it had before what the file says of them."""
        recorded = self.source(auto_dispatch=False).recorded
        amender = Amender(self.engine, self.commands, recorded, how.whole_cases)
        plans: list[Amendment] = []
        for name, steps in self.known.items():
            try:
                plans.append(amender.compare(steps, is_whole=self.journal.report_of(name) is not None))
            except StoreError:
                raise
            except GovernflowError as fault:
                for row, step in steps:
                    self._refuse(row, step, fault)
        gone = [event for plan in plans for event in plan.gone]
        if gone and how.retracting is not None:
            how.retracting(gone)
        for plan in plans:
            for done in amender.carry_out(plan):
                self._amended(*done)

    def _amended(self, what: New | Event, fault: GovernflowError | None) -> None:
        """Note what became of a fact that was told anew, or of one that is gone."""
        if isinstance(what, Event):
            if fault is None:
                self.result.retracted.append(what)
            else:
                self.result.notices.append(fault.text)
        elif fault is not None:
            self._refuse(*what.step, fault)
        else:
            self._note_taken(*what.step, is_new=True)
            self.result.replaced += what.old is not None

    def _take_late(self) -> None:
        """Take what lies before the store's clock: all that is told of a case together, or else what fits of it."""
        late, self.late = self.late, {}
        for steps in late.values():
            if self.commands.tell(steps):
                for row, step in steps:
                    self._note_taken(row, step, is_new=True)
                continue
            for _, moment in groupby(steps, key=lambda taken: taken[1].at):
                for row, step in moment:
                    if (fault := self._fault_of(row, step)) is not None:
                        self.held.append((row, step, fault))
                self._settle()

    def _note_taken(self, row: Row, step: DatedAction, *, is_new: bool) -> None:
        if row.case in self.missing and (is_new or self.map.wide):
            self.mended.setdefault(row.case, []).append(step.action)

    def _fault_of(self, row: Row, step: DatedAction) -> GovernflowError | None:
        """Take a step; return why it was refused, or None."""
        try:
            is_new = self.commands.take(row, step)
        except StoreError:
            raise  # no fault of the row: nothing more can be kept
        except GovernflowError as fault:
            return fault
        self._note_taken(row, step, is_new=is_new)
        return None

    def _settle(self) -> None:
        """Try what was refused at a moment once more, in the order of the lifecycle, then refuse it.

        Rows of one moment have no order of their own: a journal that has only dates, or the newest row first, gives
        the answer before the settlement. What still does not fit would not fit either if the journal were run again.
        """
        moved = True
        while self.held and moved:
            again = sorted(self.held, key=lambda held: (self.order.get(held[1].action, 0), held[0].line))
            faults = [(row, step, self._fault_of(row, step)) for row, step, _ in again]
            self.held = [(row, step, fault) for row, step, fault in faults if fault is not None]
            moved = len(self.held) < len(again)
        for row, step, fault in sorted(self.held, key=lambda held: held[0].line):
            self._refuse(row, step, fault)
        self.held = []

    def _refuse(self, row: Row, step: DatedAction, fault: GovernflowError) -> None:
        case = self.engine.find(row.case)
        reject = refusal(row, step, fault, case, self.journal, self.map)
        if not isinstance(fault, NotOurs):
            self.missed.setdefault(row.case, []).append(f"{step.action} {step.at.isoformat()}")
        self._refuse_taken(reject)
