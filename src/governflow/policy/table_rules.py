"""Rulings from tables (表格规则): each layer's catalogue and decision tables, made into hooks.

The question that a table answers is its name: ``assess``, ``tier``, ``route``, ``deadlines``, ``escalate``. Any other
name is an attribute of the case that the table derives (``colour``, ``net``, ``team``): it is worked out once, when the
case is reported, and may be a condition of other tables. The catalogue gives an item's own attributes, and answers the
questions that have a column in it.

A rule without an outcome has no opinion: the layer below is asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from governflow.calendars.allowances import Allowance
from governflow.errors import CommandError, FactError
from governflow.model.case import Case, changed
from governflow.model.clocks import ClockSpec
from governflow.model.lifecycle import Lifecycle
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Form, Kind, Mode, Severity, Tier, Urgency
from governflow.model.units import OrgChart
from governflow.policy.hookspecs import Assessment, Breach, Context, Deadlines, Escalation, Route, Ruling
from governflow.policy.validation import LONGEST, LONGEST_AGAIN, SHORTEST_AGAIN
from governflow.tables import Catalogue, Column, Entry, Rule, Table
from governflow.tables.domains import Code, Open, Unfit
from governflow.text import Text

if TYPE_CHECKING:
    from governflow.policy.stack import Policy

#: The questions that tables answer, and the hook of each.
QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "assess": "governflow_assess",
        "tier": "governflow_tier",
        "route": "governflow_route",
        "deadlines": "governflow_deadlines",
        "escalate": "governflow_escalate",
    }
)

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
_ANSWERS = frozenset({"severity", "urgency", "tier", "lead", "assist", "form", "lifecycle", "visit"})
#: What is not known yet when a question is asked; "" stands for the derived attributes.
_LATER = {
    "": frozenset({"tier", "form", "clock", "rung"}),
    "assess": frozenset({"tier", "form", "clock", "rung"}),
    "escalate": frozenset[str](),
}
#: What the condition is called under which an item of a catalogue is taken up.
_CONDITION = ("condition", "立案条件")
#: Columns of a catalogue that are for people to read.
_BESIDE = frozenset({"units", "supervisor", "domain_code", "basis", "reason"})
#: Words of an escalation table that stand for a unit.
_HOLDER, _ABOVE, _STANDING = "holder", "above", "form"

_FORM_OF = {Tier.THREE: Form.DIRECT, Tier.TWO: Form.VERIFY, Tier.ONE: Form.LEAD}
#: A moment at which hooks are asked once, when they are loaded, which clocks they know.
_SOME_DAY = datetime(2026, 1, 5, tzinfo=UTC)
_BUILT_IN = ("governflow", "100000")
_NO_ENTRY: Mapping[str, str] = MappingProxyType({})


@attrs.frozen
class Allowances:
    """What a table changes of the clocks that the layers below give: allowances only, never what starts or stops them.

    Args:
        changed: Clocks and their new allowances.
        drop: Clocks that do not run.
        rule: The rule that says so.
        reason: Why.
    """

    changed: tuple[tuple[str, Allowance], ...]
    drop: tuple[str, ...]
    rule: str
    reason: Text


class Ruled:
    """The tables of all layers of a stack, most specific first.

    Args:
        layers: Each layer's source and its tables.
        units: The org chart.
        lifecycles: The lifecycles by name.
        faults: Where to add what is wrong.
        charted: The layers whose tables have to fit the chart: an ancestor names units of its own.
    """

    def __init__(
        self,
        layers: Sequence[tuple[str, Mapping[str, "Table | Catalogue"]]],
        units: OrgChart,
        lifecycles: Mapping[str, Lifecycle],
        faults: list[Text],
        charted: frozenset[str],
    ) -> None:
        self._units = units
        self._charted = charted
        self._decided = {
            source: {name: table for name, table in tables.items() if isinstance(table, Table)}
            for source, tables in layers
        }
        self.catalogues = [
            (source, table) for source, tables in layers for table in tables.values() if isinstance(table, Catalogue)
        ]
        #: Columns that are called by the Chinese name of another: 颜色, where a table derives colour/颜色.
        self._known_as = self._aliases()
        self._derived = self._in_order(faults)
        self._readers = {
            id(table): tuple((column.id, self._reader(column)) for column in table.columns) for table in self._all()
        }
        self.nothing = _NO_ENTRY
        self._conditions = {
            entry.condition for _, catalogue in self.catalogues for entry in catalogue.entries if entry.condition
        }
        #: Whether there is anything to look at beyond what every case tells.
        self.looks = bool(self._derived or self.catalogues)
        #: The facts that a report may tell, by id and by Chinese name: the table that declares each, and its id.
        self.told = self._told(faults)
        #: Facts of free text, and the words that rules use of each.
        self._open = self._words()
        for source, tables in self._decided.items():
            for name, table in tables.items():
                faults += [
                    Text(f"{source}: table {name}: {one.en}", f"{source}：表格“{name}”：{one.zh}")
                    for one in table.analyse().faults()
                ]
                faults += self._strangers(source, name, table)
        for source, catalogue in self.catalogues:
            faults += self._items(source, catalogue, lifecycles)

    def _all(self) -> Iterator[Table]:
        return (table for tables in self._decided.values() for table in tables.values())

    def _aliases(self) -> Mapping[str, str]:
        ids = {column.id for table in self._all() for column in (*table.columns, *table.gives)}
        named = {
            column.text.zh: column.id
            for table in self._all()
            for column in (*table.columns, *table.gives)
            if column.text.zh != column.id
        }
        return MappingProxyType({zh: name for zh, name in named.items() if zh in ids})

    def _canonical(self, name: str, value: str) -> str | int:
        """Return a derived value as the tables that ask for it write it."""
        for table in self._all():
            for column in table.columns:
                if self._known_as.get(column.id, column.id) == name:
                    return table.read_fact(column.id, value)
        return value

    # --- facts --------------------------------------------------------------------------------------------------------

    def _in_order(self, faults: list[Text]) -> tuple[str, ...]:
        """Put the derived attributes in an order in which each comes after those that it asks about."""
        waiting: dict[str, set[str]] = {}
        for tables in self._decided.values():
            for name, table in tables.items():
                if name not in QUESTIONS:
                    asked = {self._known_as.get(column.id, column.id) for column in table.columns}
                    waiting.setdefault(name, set()).update(asked)
        ordered: list[str] = []
        while waiting:
            ready = [name for name, asked in waiting.items() if not asked & waiting.keys()]
            if not ready:
                circle = ", ".join(sorted(waiting))
                faults.append(Text(f"the tables {circle} ask about each other in a circle", f"表格 {circle} 互相引用"))
                break
            ordered += ready
            for name in ready:
                del waiting[name]
        return tuple(ordered)

    def _words(self) -> Mapping[str, set[str]]:
        words: dict[str, set[str]] = {}
        for table in self._all():
            for column in table.columns:
                if isinstance(column.domain, Open):
                    named = words.setdefault(self._known_as.get(column.id, column.id), set())
                    named.update(one for rule in table.rules for one in _several(rule.cells.get(column.id, "")))
        return words

    def _told(self, faults: list[Text]) -> Mapping[str, tuple[Table, str]]:
        told: dict[str, tuple[Table, str]] = {}
        for tables in reversed(self._decided.values()):
            for table in tables.values():
                for column in table.columns:
                    name = self._known_as.get(column.id, column.id)
                    if name in _OF_CASE or name in self._derived:
                        continue
                    other = told.get(name)
                    written = _domain(other[0], other[1]) if other is not None else column.domain.written
                    if other is not None and written != column.domain.written:
                        faults.append(
                            Text(
                                f"the tables {other[0].name} and {table.name} ask for {name} in two domains: {written} "
                                f"and {column.domain.written}",
                                f"表格“{other[0].name}”与“{table.name}”中“{column.text.zh}”的取值范围不一致："
                                f"{written} 与 {column.domain.written}",
                            )
                        )
                    told[name] = told[column.text.zh] = (table, column.id)
        return MappingProxyType(told)

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
                read["condition"] = self._condition(name, value)
                continue
            known = self.told.get(name)
            if known is None:
                listed = sorted({column for _, column in self.told.values()})
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

    def _condition(self, name: str, value: object) -> str:
        """Read under which condition of its item a case is taken up (立案条件): one that a catalogue has."""
        if value not in self._conditions:
            raise FactError(
                name,
                f"no item of the catalogue is taken up under {value!r}: copy a condition from the catalogue",
                f"事项清单中没有立案条件“{value}”：请照抄清单中的立案条件",
            )
        return str(value)

    def facts_in(self, columns: Mapping[str, str]) -> dict[str, str]:
        """Return those columns of a journal that the rules ask for."""
        return {
            name: value
            for name, value in columns.items()
            if name in self.told or (name in _CONDITION and value in self._conditions)
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
        told = {column for _, column in self.told.values()} | {_CONDITION[0]}
        # What today's rules neither ask for nor derive stays behind.
        facts: dict[str, str | int] = {name: value for name, value in case.facts.items() if name in told}
        for name, attribute in self.entry(case.item).items():
            if name in _ANSWERS or name in _BESIDE or not attribute:
                continue
            known = self.told.get(name)
            facts[name] = known[0].read_fact(name, attribute) if known else attribute
        rulings = []
        for name in self._derived:
            looked_at = changed(case, {"facts": facts})
            for source, tables in self._decided.items():
                table = tables.get(name)
                rule = self._decide(table, looked_at, context, None) if table is not None else None
                if rule is not None and rule.outcomes:
                    facts[name] = self._canonical(name, rule.outcomes[name])
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
        for question, asked in QUESTIONS.items():
            if asked != hook:
                continue
            table = self._decided.get(source, {}).get(question)
            if table is not None:
                yield self._from_table(question, table)
            for owner, catalogue in self.catalogues:
                if owner == source and question in _FROM_ENTRY:
                    yield self._from_catalogue(question, catalogue)

    def _from_table(self, question: str, table: Table) -> Asking:
        units, make = self._units, _FROM_RULE[question]

        def ask(case: Case, context: Context, cause: Any) -> Any:
            rule = self._decide(table, case, context, cause)
            if rule is None or not rule.outcomes:
                return None
            return make(rule.outcomes, f"{question}/{rule.id}", rule.reason, case, units, cause)

        return ask

    def _from_catalogue(self, question: str, catalogue: Catalogue) -> Asking:
        units, make, columns = self._units, _FROM_RULE[question], _FROM_ENTRY[question]

        @lru_cache(4096)
        def answers(item: str, condition: str | None) -> Mapping[str, str]:
            entry = catalogue.entry(item, condition)
            told = dict(catalogue.item(item) or {}) if entry is None else dict(entry.attributes)
            if entry is not None and entry.allowance is not None:
                told["resolve"] = str(entry.allowance)
            return {name: told[name] for name in columns if told.get(name)}

        def ask(case: Case, context: Context, cause: Any) -> Any:
            condition = case.facts.get("condition")
            outcome = answers(case.item, str(condition) if condition is not None else None)
            if not outcome:
                return None
            return make(outcome, f"catalogue/{case.item}", _listed(case.item), case, units, cause)

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
        name, units = self._known_as.get(column.id, column.id), self._units
        if name == "place" and isinstance(column.domain, Code):

            def code(case: Case, context: Context, cause: Any) -> str:
                found = units.find(case.place) if not case.place.isdigit() else None
                try:
                    return str(column.domain.read(found.id if found is not None else case.place))
                except Unfit:
                    return case.place  # no code, and no place of the chart: another place

            return code
        return _OF_CASE.get(name) or (lambda case, context, cause: case.facts.get(name))

    # --- what can be wrong --------------------------------------------------------------------------------------------

    def _strangers(self, source: str, name: str, table: Table) -> Iterator[Text]:
        """Find units and words in a table's outcomes that the chart does not know."""
        yield from self._too_early(source, name, table)
        for rule in table.rules:
            where = Text(f"{source}: rule {rule.id} of table {name}", f"{source}：表格“{name}”规则 {rule.id}")
            if name == "route" and rule.outcomes and not rule.outcomes.get("lead"):
                yield Text(f"{where.en} gives no lead unit", f"{where.zh} 未写牵头单位")
            if name == "escalate" and rule.outcomes and not (rule.outcomes.get("kind") and rule.outcomes.get("to")):
                yield Text(f"{where.en} does not say what it does, and to whom", f"{where.zh} 未写升级方式或对象")
            for column, cell in rule.outcomes.items() if name in ("deadlines", "escalate") else ():
                if (name == "deadlines" or column == "again") and cell != "-":
                    yield from _unfit(Allowance.parse(cell), cell, where, again=column == "again")
            if name in self._derived and name in rule.outcomes:
                try:
                    self._canonical(name, rule.outcomes[name])
                except CommandError as fault:
                    yield Text(f"{where.en}: {fault.text.en}", f"{where.zh}：{fault.text.zh}")
            for column in ("lead", "assist", "to"):
                for unit in _several(rule.outcomes.get(column, "")):
                    yield from self._stranger(source, unit, where, escalating=column == "to")

    def _too_early(self, source: str, name: str, table: Table) -> Iterator[Text]:
        """Find columns that ask what is not known yet when the table is asked."""
        known_later = _LATER.get(name, _LATER[""] if name in self._derived else frozenset({"clock", "rung"}))
        for column in table.columns:
            if column.id in known_later:
                yield Text(
                    f"{source}: table {name} asks for {column.id}, which is not known yet when the table is asked",
                    f"{source}：表格“{name}”使用了“{column.text.zh}”，此时尚不可知",
                )

    def _stranger(self, source: str, unit: str, where: Text, *, escalating: bool) -> Iterator[Text]:
        if source not in self._charted:
            return
        if escalating and unit in (_HOLDER, _ABOVE, _STANDING):
            return
        if unit.startswith("@"):
            if not self._units.of_kind(unit[1:]):
                yield Text(
                    f"{where.en} names units of the kind {unit[1:]!r}, and the chart has none",
                    f"{where.zh} 使用了单位类别“{unit[1:]}”，组织架构中没有",
                )
        elif unit not in self._units:
            yield Text(
                f"{where.en} names {unit!r}, which the chart does not know",
                f"{where.zh} 中的单位“{unit}”不在组织架构中",
            )

    def _items(self, source: str, catalogue: Catalogue, lifecycles: Mapping[str, Lifecycle]) -> Iterator[Text]:
        for entry in catalogue.entries:
            where = Text(
                f"{source}: catalogue item {entry.item!r} (row {entry.row})",
                f"{source}：事项清单“{entry.item}”（第 {entry.row} 行）",
            )
            if entry.attributes.get("assist") and not entry.attributes.get("lead"):
                yield Text(
                    f"{where.en} names who assists, but nobody who leads", f"{where.zh} 写了协办单位，未写牵头单位"
                )
            if entry.allowance is not None:
                yield from _unfit(entry.allowance, entry.written or str(entry.allowance), where, again=False)
            for column in ("lead", "assist"):
                for unit in _several(entry.attributes.get(column, "")):
                    yield from self._stranger(source, unit, where, escalating=False)
            named = entry.attributes.get("lifecycle")
            if named and named not in lifecycles:
                known = ", ".join(lifecycles)
                yield Text(
                    f"{where.en} names the lifecycle {named!r}; there is: {known}",
                    f"{where.zh} 的流程“{named}”不存在；现有：{known}",
                )
            yield from self._unreadable(entry, where)

    def _unreadable(self, entry: Entry, where: Text) -> Iterator[Text]:
        for name, value in entry.attributes.items():
            known = self.told.get(name)
            if known is not None and value and name not in _ANSWERS:
                try:
                    known[0].read_fact(name, value)
                except CommandError as fault:
                    yield Text(f"{where.en}: {fault.text.en}", f"{where.zh}：{fault.text.zh}")

    def check_clocks(self, policy: "Policy", faults: list[Text]) -> None:
        """See that every clock to which a table gives an allowance exists; a hook may start one for some cases only."""
        hooks = policy.impls("governflow_deadlines")
        if any(source not in _BUILT_IN for source, _, _ in hooks):
            return
        known = {
            spec.name
            for lifecycle in policy.lifecycles
            for _, function, names in hooks
            for spec in _clocks(function, names, policy, lifecycle)
        }
        for source, tables in self._decided.items():
            table = tables.get("deadlines")
            for clock in table.outcomes if table is not None else ():
                if clock not in known:
                    listed = ", ".join(sorted(known))
                    faults.append(
                        Text(
                            f"{source}: table deadlines names the clock {clock!r}; there is: {listed}",
                            f"{source}：表格“deadlines”中的时限“{clock}”不存在；现有：{listed}",
                        )
                    )


def _clocks(function: Asking, names: Sequence[str], policy: "Policy", lifecycle: str) -> tuple[ClockSpec, ...]:
    case = Case("", policy.code, lifecycle, opened=_SOME_DAY)
    given: dict[str, Any] = {"case": case, "context": policy.context(case, Mode.NORMAL, _SOME_DAY)}
    answer = function(*[given[name] for name in names])
    return answer.clocks if isinstance(answer, Deadlines) else ()


def _domain(table: Table, column: str) -> str:
    return next(one.domain.written for one in table.columns if one.id == column)


def _unfit(allowance: Allowance, cell: str, where: Text, *, again: bool) -> Iterator[Text]:
    shortest, longest = (SHORTEST_AGAIN, LONGEST_AGAIN) if again else (timedelta(0), LONGEST)
    if allowance.span < shortest or allowance.span > longest:
        en, zh = ("a minute to a year", "1分钟至1年") if again else ("100 years at most", "不超过100年")
        yield Text(f"{where.en} says {cell}: give {en}", f"{where.zh} 写了 {cell}：应为{zh}")


# --- from a rule to what a hook answers -------------------------------------------------------------------------------


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("、", "|").split("|") if part.strip()]


@cache
def _listed(item: str) -> Text:
    return Text(f"as the catalogue says of {item}", f"按事项清单“{item}”")


def _unit(cell: str, case: Case, units: OrgChart) -> str:
    """Return the unit that a cell means; where the place does not say, the intake has to find out."""
    if not cell.startswith("@"):
        return cell
    found = units.at(case.place, cell[1:])
    return found.id if found is not None else units.intake


def _assessment(outcome: Mapping[str, str], rule: str, reason: Text, case: Case, units: OrgChart, cause: Any) -> Ruling:
    severity = Severity(outcome["severity"]) if "severity" in outcome else case.severity
    urgency = Urgency(outcome["urgency"]) if "urgency" in outcome else case.urgency
    return Ruling(Assessment(severity, urgency), reason, rule)


def _tier(outcome: Mapping[str, str], rule: str, reason: Text, case: Case, units: OrgChart, cause: Any) -> Ruling:
    return Ruling(Tier(outcome["tier"]), reason, rule)


def _route(
    outcome: Mapping[str, str], rule: str, reason: Text, case: Case, units: OrgChart, cause: Any
) -> Ruling | None:
    if "lead" not in outcome:
        return None
    lead = _unit(outcome["lead"], case, units)
    if lead not in units:
        return None  # a unit of an ancestor's own chart: this locality has to say who does it here
    named = dict.fromkeys(_unit(cell, case, units) for cell in _several(outcome.get("assist", "")))
    assist = [unit for unit in named if unit != lead and unit in units]
    if "form" in outcome:
        form = Form(outcome["form"])
    else:
        known = units.units.get(lead)
        usual = _FORM_OF[case.tier or Tier.THREE]
        form = known.forms[0] if known is not None and known.forms and usual not in known.forms else usual
    return Ruling(Route(lead, form, tuple(assist)), reason, rule)


@cache
def _allowances(told: tuple[tuple[str, str], ...], rule: str, reason: Text) -> Allowances:
    changed = tuple((name, Allowance.parse(cell)) for name, cell in told if cell != "-")
    return Allowances(changed, tuple(name for name, cell in told if cell == "-"), rule, reason)


def _deadlines(
    outcome: Mapping[str, str], rule: str, reason: Text, case: Case, units: OrgChart, cause: Any
) -> Allowances:
    return _allowances(tuple(outcome.items()), rule, reason)


def _escalation(
    outcome: Mapping[str, str], rule: str, reason: Text, case: Case, units: OrgChart, cause: Breach
) -> Ruling:
    form = Form(outcome["form"]) if "form" in outcome else None
    again: timedelta | None = cause.gap
    if "again" in outcome:
        again = None if outcome["again"] == "-" else Allowance.parse(outcome["again"]).span
    to = outcome["to"]
    if to == _HOLDER:
        to = cause.holder
    elif to == _ABOVE:
        to = units.above(cause.holder, case.form) or cause.holder
    elif to == _STANDING:
        standing = units.for_form(form or case.form or Form.DIRECT, cause.holder)
        to = standing.id if standing is not None else cause.holder
    else:
        to = _unit(to, case, units)
    return Ruling(Escalation(Kind(outcome["kind"]), to, form, again), reason, rule)


_FROM_RULE: Mapping[str, Callable[..., Any]] = {
    "assess": _assessment,
    "tier": _tier,
    "route": _route,
    "deadlines": _deadlines,
    "escalate": _escalation,
}
#: Which columns of a catalogue answer which question.
_FROM_ENTRY: Mapping[str, tuple[str, ...]] = {
    "assess": ("severity", "urgency"),
    "tier": ("tier",),
    "route": ("lead", "assist", "form"),
    "deadlines": ("resolve",),
}
