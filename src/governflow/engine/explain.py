"""Why things are as they are: every ruling with its reason, every clock with its time accounted for (说明理由)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import msgspec

from governflow.calendars import Segment, WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.errors import TableError
from governflow.model.case import Case, condition_of
from governflow.model.clocks import PROMISED, Clock
from governflow.model.events import Event
from governflow.model.rulings import RecordedRuling
from governflow.policy.stack import Policy
from governflow.tables import Catalogue, Column, Table
from governflow.tables.vocabulary import OUTCOMES

#: Returns what was kept of a rule set under its hash, or None.
RuleSet = Callable[[str], bytes | None]

CATALOGUE = "catalogue"


@attrs.frozen
class KeptRow:
    """The row of a table that gave a ruling, as it stood then.

    Args:
        table: The table's name.
        sheet: The sheet of the file, "" for a CSV file.
        number: The row in the sheet, from 1.
        conditions: The condition columns that ask for something, each with its cell as written.
        item: The item of a catalogue's row, "" for a decision table.
        condition: The condition of a catalogue's row under which the item is taken up (立案条件).
        outcomes: What the row decides of the question, by outcome column.
        basis: The legal basis.
    """

    table: str
    sheet: str
    number: int
    conditions: tuple[tuple[Column, str], ...]
    item: str
    condition: str
    outcomes: Mapping[str, str]
    basis: str

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain JSON values, cells as the file has them."""
        asked = {column.id: cell for column, cell in self.conditions}
        if self.item:
            asked = {"item": self.item} | ({"condition": self.condition} if self.condition else {})
        return {
            "table": self.table,
            "sheet": self.sheet,
            "row": self.number,
            "conditions": asked,
            "outcomes": dict(self.outcomes),
            "basis": self.basis,
        }


class KeptRules:
    """The tables of the time: what ``engine.rule_set`` returns of every rule set that the book names."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        self._layers: dict[str, Sequence[tuple[str, Mapping[str, Any]]]] = {}
        self._read: dict[tuple[str, str, str], Table | Catalogue | None] = {}

    def layers(self, rules: str) -> Sequence[tuple[str, Mapping[str, Any]]] | None:
        """Return the layers of a rule set, most specific first, with their tables as JSON; None if it was not kept."""
        if rules not in self._layers:
            content = self._rule_set(rules)
            if content is None:
                return None
            layers = msgspec.json.decode(content)
            self._layers[rules] = [(layer["source"], layer.get("tables", {})) for layer in layers]
        return self._layers[rules]

    def table(self, rules: str, source: str, name: str) -> Table | Catalogue | None:
        """Return a table as it was, or None if the rule set had none of that name in that layer."""
        key = (rules, source, name)
        if key not in self._read:
            content = dict(self.layers(rules) or ()).get(source, {}).get(name)
            self._read[key] = None if content is None else remade(name, content)
        return self._read[key]

    def tables(self, hashes: Iterable[str | None]) -> Iterator[tuple[str, Mapping[str, Table | Catalogue]]]:
        """Return the layers of several rule sets: their columns name what the rules of today may not know any more."""
        for rules in dict.fromkeys(hashes):
            for source, kept in (self.layers(rules) or ()) if rules is not None else ():
                made = {name: table for name in kept if (table := self.table(rules or "", source, name)) is not None}
                yield source, made

    def row(self, ruling: RecordedRuling, rules: str | None, condition: str | None = None) -> KeptRow | None:
        """Return the row of a rule set that gave a ruling, or None where no table gave it.

        Where a catalogue has several rows of an item, the condition under which the case was taken up says which.
        """
        name, _, rule = ruling.rule.partition("/")
        if rules is None or not rule:
            return None
        table = self.table(rules, ruling.source, name)
        if isinstance(table, Table):
            return _rule_row(table, rule)
        return _item_row(table, rule, condition, ruling.what) if table is not None else None


def remade(name: str, content: Mapping[str, Any]) -> Table | Catalogue | None:
    """Make a kept table again; None if it was kept in a form that is no longer understood."""
    try:
        return Catalogue.from_json(content) if name == CATALOGUE else Table.from_json(content)
    except TableError:
        return None


def _rule_row(table: Table, rule: str) -> KeptRow | None:
    found = next((known for known in table.rules if known.id == rule), None)
    if found is None:
        return None
    asked = tuple((column, found.cells[column.id]) for column in table.columns if column.id in found.cells)
    decided = {name: found.outcomes[name] for name in table.outcomes if name in found.outcomes}
    return KeptRow(table.name, found.sheet, found.row, asked, "", "", decided, found.basis)


def _item_row(catalogue: Catalogue, item: str, condition: str | None, what: str) -> KeptRow | None:
    entry = catalogue.entry(item, condition)
    rows = catalogue.rows(item)
    if not rows:
        return None
    first = entry or rows[0]
    attributes = dict(first.attributes if entry is not None else catalogue.item(item) or {})
    if entry is not None and entry.allowance is not None:
        attributes["resolve"] = str(entry.allowance)
    wanted = OUTCOMES["deadlines" if what.startswith("clock:") else what]
    outcomes = {name: attributes[name] for name in wanted if attributes.get(name)}
    under = entry.condition if entry is not None else ""
    return KeptRow(CATALOGUE, first.sheet, first.row, (), first.item, under, outcomes, attributes.get("basis", ""))


@attrs.frozen
class RulingRecord:
    """One ruling and when it was given.

    Args:
        seq: The event that holds it.
        at: When, in UTC.
        ruling: What was ruled, why, by which rule of which plugin.
        rules: The hash of the rule set that was asked.
        row: The row of the table that gave it, as it stood then; None where no table did, or nobody asked for it.
    """

    seq: int
    at: datetime
    ruling: RecordedRuling
    rules: str | None
    row: KeptRow | None = None


@attrs.frozen
class ClockAccount:
    """A clock and how the time from its start to its due time was counted.

    Args:
        clock: The clock.
        segments: What was counted, closed, holiday, make-up or paused; they tile start to due without a gap.
        flagged: Whether the calendar did not know all the days up to the due time.
    """

    clock: Clock
    segments: Sequence[Segment]
    flagged: bool


@attrs.frozen
class Explanation:
    """Why a case stands where it stands.

    Args:
        case: The case as it is now.
        rulings: Every ruling, oldest first.
        clocks: Every clock, in the order in which they started.
    """

    case: Case
    rulings: Sequence[RulingRecord]
    clocks: Sequence[ClockAccount]


def explain(case: Case, history: Sequence[Event], policy: Policy, kept: RuleSet | None = None) -> Explanation:
    """Read back why a case went as it did. Rulings come from the events; no rule is asked again, only the calendars.

    ``history`` is the life as it stands (``engine.life``): what was withdrawn explains nothing.

    The rows of the time are found where it is said what was kept of a rule set: ``engine.rule_set``.
    """
    kept_rules = KeptRules(kept if kept is not None else lambda rules: None)
    under = condition_of(case)
    rulings = [
        RulingRecord(event.seq, event.at, ruling, event.rules, kept_rules.row(ruling, event.rules, under))
        for event in history
        for ruling in event.rulings
    ]
    return Explanation(case, rulings, [_account(case, clock, policy) for clock in case.all_clocks])


def _account(case: Case, clock: Clock, policy: Policy) -> ClockAccount:
    always = calendar = WorkingCalendar.always(case.zone)
    pauses = [pause for pause in clock.pauses if pause[0] < clock.due]
    if clock.paused is not None:
        pauses.append((clock.paused, max(clock.due, clock.paused)))
    whole_days = clock.started
    if clock.allowance != PROMISED:
        allowance = Allowance.parse(clock.allowance)
        if not allowance.elapsed:
            context = policy.context(case, case.mode, clock.started)
            calendar = policy.calendar(clock.name.partition(":")[0], context, [])
        if allowance.unit == "cd":
            # Calendar days count whether anybody works or not; only the last one is moved to a working day.
            whole_days = clock.due if clock.original else min(allowance.due(clock.started, always, pauses), clock.due)
    segments = always.segments(clock.started, whole_days, pauses) + calendar.segments(whole_days, clock.due, pauses)
    return ClockAccount(clock, segments, clock.calendar_unknown)
