"""Rulings from tables (表格规则): each layer's catalogue and decision tables, made into hooks.

The question that a table answers is its name: ``assess``, ``tier``, ``route``, ``deadlines``, ``escalate``. Any other
name is an attribute of the case that the table derives (``colour``, ``net``, ``team``): it is worked out once, when the
case is reported, and may be a condition of other tables. The catalogue gives an item's own attributes, and answers the
questions that have a column in it.

A rule without an outcome has no opinion: the layer below is asked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from governflow.errors import CommandError, FactError
from governflow.model.case import Case, changed
from governflow.model.rulings import RecordedRuling
from governflow.model.units import OrgChart
from governflow.policy.hookspecs import Context
from governflow.policy.table_outcomes import FROM_ENTRY, FROM_RULE, listed, several
from governflow.tables import Catalogue, Column, Rule, Table
from governflow.tables.domains import Code, Open, Unfit
from governflow.text import Text

Asking = Callable[[Case, Context, Any], Any]

#: What a condition may ask about beside facts: how each is read from the case.
_OF_CASE: Mapping[str, Asking] = {
    "item": lambda case, context, cause: case.item,
    "place": lambda case, context, cause: case.place,
    "severity": lambda case, context, cause: case.severity,
    "urgency": lambda case, context, cause: case.urgency,
    "tier": lambda case, context, cause: case.tier,
    "form": lambda case, context, cause: case.form,
    "visit": lambda case, context, cause: "yes" if case.visit else "no",
    "asked": lambda case, context, cause: "yes" if case.asked else "no",
    "mode": lambda case, context, cause: context.mode,
    "lifecycle": lambda case, context, cause: case.lifecycle,
    "reopened": lambda case, context, cause: case.reopened,
    "clock": lambda case, context, cause: cause.clock.name.partition(":")[0],
    "rung": lambda case, context, cause: cause.rung,
}
#: Columns of a catalogue that answer a question; every other column is an attribute of the item.
ANSWERS = frozenset({"severity", "urgency", "tier", "lead", "assist", "form", "lifecycle", "visit"})
#: What the condition is called under which an item of a catalogue is taken up.
_CONDITION = ("condition", "立案条件")
#: Columns of a catalogue that are for people to read.
_BESIDE = frozenset({"units", "supervisor", "domain_code", "basis", "reason"})


class TableRules:
    """The tables of all layers of a stack, most specific first.

    Args:
        layers: Each layer's source and its tables.
        units: The org chart.
        faults: Where to add what is wrong with the tables taken together.
    """

    def __init__(
        self,
        layers: Sequence[tuple[str, Mapping[str, Table | Catalogue]]],
        units: OrgChart,
        faults: list[Text],
    ) -> None:
        self.units = units
        #: Each layer's decision tables by the question that they answer.
        self.decided = {
            source: {name: table for name, table in tables.items() if isinstance(table, Table)}
            for source, tables in layers
        }
        self.catalogues = [
            (source, table) for source, tables in layers for table in tables.values() if isinstance(table, Catalogue)
        ]
        #: Columns that are called by the Chinese name of another: 颜色, where a table derives colour/颜色.
        self._known_as = self._aliases()
        self.derived = self._in_order(faults)
        self._readers = {
            id(table): tuple((column.id, self._reader(column)) for column in table.columns) for table in self._all()
        }
        self._conditions = {
            entry.condition for _, catalogue in self.catalogues for entry in catalogue.entries if entry.condition
        }
        #: Whether there is anything to look at beyond what every case tells.
        self.looks = bool(self.derived or self.catalogues)
        #: The facts that a report may tell, by id and by Chinese name: the table that declares each, and its id.
        self.fact_columns = self._fact_columns(faults)
        #: Facts of free text, and the words that rules use of each.
        self._open = self._words()

    def _all(self) -> Iterator[Table]:
        return (table for tables in self.decided.values() for table in tables.values())

    def _aliases(self) -> Mapping[str, str]:
        columns = [column for table in self._all() for column in (*table.columns, *table.gives)]
        ids = {column.id for column in columns}
        named = ((column.text.zh, column.id) for column in columns)
        return {zh: name for zh, name in named if zh != name and zh in ids}

    def _asked(self, layers: Iterable[Mapping[str, Table]]) -> Iterator[tuple[str, Table, Column]]:
        """Return every column of some layers' tables, with the name of the fact that it asks for."""
        columns = ((table, column) for tables in layers for table in tables.values() for column in table.columns)
        return ((self._known_as.get(column.id, column.id), table, column) for table, column in columns)

    def canonical(self, name: str, value: str) -> str | int:
        """Return a derived value as the tables that ask for it write it."""
        asked = self._asked(self.decided.values())
        return next((table.read_fact(column.id, value) for known, table, column in asked if known == name), value)

    # --- facts --------------------------------------------------------------------------------------------------------

    def _in_order(self, faults: list[Text]) -> tuple[str, ...]:
        """Put the derived attributes in an order in which each comes after those that it asks about."""
        waiting: dict[str, set[str]] = {}
        for tables in self.decided.values():
            for name, table in tables.items():
                if name not in FROM_RULE:
                    waiting.setdefault(name, set()).update(known for known, _, _ in self._asked([{name: table}]))
        ordered: list[str] = []
        while waiting:
            ready = [name for name, asked in waiting.items() if not asked & waiting.keys()]
            if not ready:
                circle = ", ".join(sorted(waiting))
                faults.append(Text(f"the tables {circle} ask about each other in a circle", f"表格 {circle} 互相引用"))
                break
            ordered += ready
            waiting = {name: asked for name, asked in waiting.items() if name not in ready}
        return tuple(ordered)

    def _words(self) -> Mapping[str, set[str]]:
        words: dict[str, set[str]] = {}
        for name, table, column in self._asked(self.decided.values()):
            if isinstance(column.domain, Open):
                named = (one for rule in table.rules for one in several(rule.cells.get(column.id, "")))
                words.setdefault(name, set()).update(named)
        return words

    def _fact_columns(self, faults: list[Text]) -> Mapping[str, tuple[Table, str]]:
        columns: dict[str, tuple[Table, str]] = {}
        domains: dict[str, str] = {}
        for name, table, column in self._asked(reversed(self.decided.values())):
            if name in _OF_CASE or name in self.derived:
                continue
            here = column.domain.written
            other = domains.get(name, here)
            if here != other:
                before = columns[name][0].name
                en = f"the tables {before} and {table.name} ask for {name} in two domains: {other} and {here}"
                zh = f"表格“{before}”与“{table.name}”中“{column.text.zh}”的取值范围不一致：{other} 与 {here}"
                faults.append(Text(en, zh))
            domains[name] = here
            columns[name] = columns[column.text.zh] = (table, column.id)
        return MappingProxyType(columns)

    def read(self, facts: Mapping[str, object]) -> Mapping[str, str | int]:
        """Read the facts that a report tells.

        Args:
            facts: Values by the fact's id or Chinese name; what is None or empty is not told.

        Returns:
            Canonical values by id.

        Raises:
            CommandError: If no table declares such a fact, or the value is outside its domain.
        """
        read: dict[str, str | int] = {}
        for name, value in facts.items():
            if value is None or value == "":
                continue
            if name in _CONDITION and self._conditions:
                if value not in self._conditions:
                    raise FactError(
                        name,
                        f"no item of the catalogue is taken up under {value!r}: copy a condition from the catalogue",
                        f"事项清单中没有立案条件“{value}”：请照抄清单中的立案条件",
                    )
                read["condition"] = str(value)
                continue
            known = self.fact_columns.get(name)
            if known is None:
                listed = sorted({column for _, column in self.fact_columns.values()})
                raise FactError(
                    name,
                    f"the rules ask for no fact {name!r}; they ask for: {', '.join(listed) or 'none'}",
                    f"规则中没有要素“{name}”；现有：{'、'.join(listed) or '无'}",
                )
            table, column = known
            try:
                found = table.read_fact(column, value)
            except CommandError as fault:
                raise FactError(name, fault.text.en, fault.text.zh) from None
            fact = self._known_as.get(column, column)
            # Free text that no rule speaks of decides nothing, and might say who somebody is: it is not kept.
            if fact not in self._open or found in self._open[fact]:
                read[fact] = found
        return read

    def facts_in(self, columns: Mapping[str, str]) -> dict[str, str]:
        """Return those columns of a journal that the rules ask for."""
        return {
            name: value
            for name, value in columns.items()
            if name in self.fact_columns or (name in _CONDITION and value in self._conditions)
        }

    def entry(self, item: str) -> Mapping[str, str]:
        """Return what the catalogues say about an item: the most specific one wins, attribute by attribute."""
        found: dict[str, str] = {}
        for _, catalogue in reversed(self.catalogues):
            found |= catalogue.item(item) or {}
        return found

    def derive(self, case: Case, context: Context) -> tuple[dict[str, str | int], list[RecordedRuling]]:
        """Work out what the tables look at: told facts, attributes of the item, and what tables make of them.

        Args:
            case: The case, with the facts that were told.
            context: What else is known.

        Returns:
            The facts by name, and the rulings that gave the derived ones.
        """
        asked_for = {column for _, column in self.fact_columns.values()} | {_CONDITION[0]}
        # What today's rules neither ask for nor derive stays behind.
        facts: dict[str, str | int] = {name: value for name, value in case.facts.items() if name in asked_for}
        for name, attribute in self.entry(case.item).items():
            if name in ANSWERS or name in _BESIDE or not attribute:
                continue
            known = self.fact_columns.get(name)
            facts[name] = known[0].read_fact(name, attribute) if known else attribute
        rulings = []
        for name in self.derived:
            looked_at = changed(case, {"facts": facts})
            for source, tables in self.decided.items():
                table = tables.get(name)
                rule = self._decide(table, looked_at, context, None) if table is not None else None
                if rule is not None:
                    facts[name] = self.canonical(name, rule.outcomes[name])
                    rulings.append(
                        RecordedRuling(f"fact:{name}", facts[name], rule.reason, f"{name}/{rule.id}", source)
                    )
                    break
        return facts, rulings

    def name_of(self, item: str) -> str:
        """Return an item by the name that the catalogues have for it: people write its code, or other letters."""
        for _, catalogue in self.catalogues:
            rows = catalogue.rows(item)
            if rows:
                return rows[0].item
        return item

    # --- hooks --------------------------------------------------------------------------------------------------------

    def calls(self, hook: str, source: str) -> Iterator[Asking]:
        """Return what a layer's tables answer to a hook: its decision table first, then its catalogue."""
        question = hook.removeprefix("governflow_")
        table = self.decided.get(source, {}).get(question)
        if table is not None:
            yield self._from_table(question, table)
        for owner, catalogue in self.catalogues:
            if owner == source and question in FROM_ENTRY:
                yield self._from_catalogue(question, catalogue)

    def _from_table(self, question: str, table: Table) -> Asking:
        units, make = self.units, FROM_RULE[question]

        def ask(case: Case, context: Context, cause: Any) -> Any:
            rule = self._decide(table, case, context, cause)
            if rule is None:
                return None
            return make(rule.outcomes, f"{question}/{rule.id}", rule.reason, case, units, cause)

        return ask

    def _from_catalogue(self, question: str, catalogue: Catalogue) -> Asking:
        units, make, columns = self.units, FROM_RULE[question], FROM_ENTRY[question]

        @lru_cache(4096)
        def answers(item: str, condition: str | None) -> Mapping[str, str]:
            entry = catalogue.entry(item, condition)
            outcomes = dict(catalogue.item(item) or {}) if entry is None else dict(entry.attributes)
            if entry is not None and entry.allowance is not None:
                outcomes["resolve"] = str(entry.allowance)
            return {name: outcomes[name] for name in columns if outcomes.get(name)}

        def ask(case: Case, context: Context, cause: Any) -> Any:
            condition = case.facts.get("condition")
            outcome = answers(case.item, str(condition) if condition is not None else None)
            if not outcome:
                return None
            return make(outcome, f"catalogue/{case.item}", listed(case.item), case, units, cause)

        return ask

    def _decide(self, table: Table, case: Case, context: Context, cause: Any) -> Rule | None:
        facts: dict[str, object] = {}
        for column, read in self._readers[id(table)]:
            value = read(case, context, cause)
            if value is not None and value != "":
                facts[column] = value
        return table.decide(facts)

    def _reader(self, column: Column) -> Asking:
        """Return how a column is read from a case."""
        name, units = self._known_as.get(column.id, column.id), self.units
        if name == "place" and isinstance(column.domain, Code):

            def code(case: Case, context: Context, cause: Any) -> str:
                found = units.find(case.place) if not case.place.isdigit() else None
                try:
                    return str(column.domain.read(found.id if found is not None else case.place))
                except Unfit:
                    return case.place  # no code, and no place of the chart: another place

            return code
        return _OF_CASE.get(name) or (lambda case, context, cause: case.facts.get(name))
