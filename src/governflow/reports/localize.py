"""How a case is said to a reader: its moments in its own zone, its names in one language, what is private masked.

Rules are said here too: a fact, a condition and an outcome by the names that the locality, or the table itself, gives.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TypeAlias

from governflow.engine.explain import CATALOGUE, KeptRow
from governflow.model.terms import Form
from governflow.policy.hookspecs import LocalRules
from governflow.reports.format import format_due, format_moment
from governflow.tables import Catalogue, Column, Rule, Table
from governflow.tables.domains import YES_NO, Closed, Number, Part, read_cell, say
from governflow.tables.vocabulary import heading, outcome_name, outcome_text
from governflow.text import Text

Layers: TypeAlias = Sequence[tuple[str, Mapping[str, Table | Catalogue]]]

ERASED = Text("erased on request", "已应要求删除")

#: So many alternatives of one condition are said in a line.
_SAID = 8
#: Outcome columns that name units.
_UNITS = ("lead", "assist", "to")
#: Words of tables that stand for a unit.
_STANDING: Mapping[str, Text] = {
    "holder": Text("the holder", "承办单位"),
    "above": Text("the next unit up", "上一级单位"),
    "form": Text("the unit of that form", "该办理方式的单位"),
}
#: Kinds of units that localities use, where they do not name them in their terms.
_KINDS: Mapping[str, str] = {
    "household": "联户",
    "micro_grid": "微网格",
    "grid": "网格",
    "village": "村社区",
    "community": "社区",
    "office": "服务办公室",
    "town": "镇街道",
    "street": "街道",
    "department": "部门",
    "county": "县",
    "district": "区",
    "team": "队伍",
    "post": "点位",
    "leader": "领导",
    "leaders": "领导",
}


class Localizer:
    """Says what a locality's policy names, in one language.

    Args:
        lang: ``"zh"`` or ``"en"``.
        zone: The zone of the case, in which its moments are said.
        policy: Knows the names.
        safe: Masks what the reader may not see.
        tables: Whose columns name what the policy does not: its own tables by default.
    """

    def __init__(
        self,
        lang: str,
        zone: tzinfo,
        policy: LocalRules,
        safe: Callable[[str], str],
        tables: Layers | None = None,
    ) -> None:
        self.lang, self.zone, self.policy, self.safe = lang, zone, policy, safe
        self.tables = policy.tables if tables is None else tables

    def t(self, en: str, zh: str) -> str:
        """Return a text of our own in the reader's language."""
        return Text(en, zh).say(self.lang)

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the case's zone, its offset fixed: moments in one zone would compare by wall time."""
        local = moment.astimezone(self.zone)
        return local.replace(tzinfo=timezone(local.utcoffset() or timedelta(), local.tzname() or ""))

    def when(self, moment: datetime) -> str:
        """Return a moment."""
        return format_moment(self.local(moment))

    def by_when(self, due: datetime) -> str:
        """Return a due moment."""
        return format_due(self.local(due))

    def unit(self, unit: str) -> str:
        """Return the name of a unit, or that there is none."""
        return self.safe(self.policy.units.name(unit).say(self.lang)) if unit else "—"

    def units(self, units: Iterable[str]) -> str:
        """Return the names of several units in a row."""
        return self.join(map(self.unit, units))

    def name(self, word: str) -> str:
        """Return a word of the policy: a state, an action, a clock."""
        return self.safe(self.policy.name(word).say(self.lang))

    def form(self, form: Form) -> str:
        """Return a form of handling as the locality calls it."""
        return self.name(form.term)

    def clock(self, name: str, cycle: int = 1) -> str:
        """Return a clock, and its cycle where it is not the first."""
        text = self.name(name)
        return text if cycle == 1 else self.t(f"{text} ({cycle})", f"{text}（第{cycle}次）")

    def mark(self, mark: str) -> str:
        """Return ``name#cycle``."""
        name, _, cycle = mark.rpartition("#")
        return self.clock(name, int(cycle)) if name and cycle.isdigit() else self.clock(mark)

    def join(self, parts: Iterable[str]) -> str:
        """Put parts in a row."""
        return self.t(", ", "、").join(parts)

    def pair(self, label: Text, value: str) -> str:
        """Put a label before a value."""
        return label.say(self.lang) + self.t(": ", "：") + value

    # --- facts and rules ----------------------------------------------------------------------------------------------

    def fact(self, name: str) -> str:
        """Return what a fact, or a column of a table, is called: by the locality, by a table, or by the language."""
        return self.safe(self._fact(name).say(self.lang))

    def heading(self, column: Column) -> str:
        """Return what a condition column asks for."""
        return self.safe(self._fact(column.id, column).say(self.lang))

    def _fact(self, name: str, column: Column | None = None) -> Text:
        named = self.policy.names.get(name)
        if named is not None:
            return named
        texts = [one.text for one in ([column] if column is not None else self._columns(name))]
        ours = [outcome_name(name), heading(name).text, *([_COLUMNS[name]] if name in _COLUMNS else [])]
        known = (text for text in (*texts, *ours) if not text.zh.isascii())
        return next(known, Text(name.replace("_", " "), name))

    def value(self, name: str, value: object) -> str:
        """Return the value of a fact: by the domain of a column that asks for it, or as it is."""
        word = str(value)
        for domain in (*(column.domain for column in self._columns(name)), YES_NO):
            if isinstance(domain, Closed) and (known := domain.member(word)) is not None:
                return self.safe(domain.say(known).say(self.lang))
        if word in self.policy.units.units:
            return self.unit(word)
        named = self.policy.names.get(word) or outcome_text(name, word)
        return self.safe(named.say(self.lang))

    def _columns(self, name: str) -> Iterator[Column]:
        for _, tables in self.tables:
            for table in tables.values():
                if isinstance(table, Table):
                    yield from (column for column in (*table.columns, *table.gives) if column.id == name)

    def facts_of(self, facts: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
        """Return the facts of a case: the id, the label and the value of each."""
        for name, value in facts.items():
            yield name, self.fact(name), self.value(name, value)

    def condition(self, column: Column, written: str, *, most: int | None = None) -> str:
        """Return what a cell asks for: ``severity = complex or major``, ``people >= 30``.

        Args:
            column: The column.
            written: Its cell, as the file has it.
            most: How many alternatives to say; None for all of them.
        """
        label = self._fact(column.id, column)
        cell = read_cell(column.domain, written)
        if cell is None:
            return self.safe(label.say(self.lang)) + self.t(" = any", "=任意")
        if isinstance(column.domain, Number):
            return self.safe(say(column.domain, label, cell).say(self.lang))
        parts = [self._part(column, part) for part in cell.parts]
        if most is not None and len(parts) > most:
            more = len(parts) - most
            parts = [*parts[:most], self.t(f"{more} more", f"另外{more}项")]
        if cell.unstated:
            parts.append(self.t("not stated", "未填"))
        return self.safe(label.say(self.lang)) + self.t(" = ", "=") + self.t(" or ", "或").join(parts)

    def _part(self, column: Column, part: Part) -> str:
        if column.id in ("clock", "lifecycle"):
            return self.name(str(part))
        if part in self.policy.units.units:
            return self.unit(str(part))
        return self.safe(column.domain.say(part).say(self.lang))

    def outcome(self, name: str, value: str) -> str:
        """Return what an outcome cell decides."""
        if name not in _UNITS:
            return self.value(name, value)
        return self.join(map(self._standing, filter(None, value.replace("、", "|").split("|"))))

    def _standing(self, unit: str) -> str:
        if unit in _STANDING and unit not in self.policy.units.units:
            return _STANDING[unit].say(self.lang)
        if not unit.startswith("@"):
            return self.unit(unit)
        kind = self.kind(unit[1:])
        return self.t(f"the {kind} of the place", f"属地{kind}")

    def kind(self, kind: str) -> str:
        """Return the name of a kind of units."""
        named = self.policy.names.get(kind) or Text(kind.replace("_", " "), _KINDS.get(kind, "单位"))
        return named.say(self.lang)

    def outcomes(self, outcomes: Mapping[str, str]) -> list[str]:
        """Return what a row decides, one part a column."""
        equals = self.t(" = ", "=")
        return [f"{self.fact(name)}{equals}{self.outcome(name, value)}" for name, value in outcomes.items()]

    def table(self, name: str) -> str:
        """Return the name of a table: the question that it answers, or the attribute that it derives."""
        return (
            _TABLES[name].say(self.lang)
            if name in _TABLES
            else self.t(f"{self.fact(name)} table", f"{self.fact(name)}表")
        )

    def rule(self, table: Table, rule: Rule) -> tuple[list[str], list[str], list[str]]:
        """Return what a rule asks for, what it decides, and its reason with its source, one part a column."""
        asked = [self.condition(column, rule.cells[column.id]) for column in table.columns if column.id in rule.cells]
        decided = {name: rule.outcomes[name] for name in table.outcomes if name in rule.outcomes}
        return asked, self.outcomes(decided), [part for part in (rule.reason.say(self.lang), rule.basis) if part]

    def place(self, row: KeptRow) -> str:
        """Return where a row stands."""
        table, sheet = self.table(row.table), self.safe(row.sheet)
        if sheet:
            return self.t(f"{table}, sheet {sheet}, row {row.number}", f"{table}“{sheet}”第{row.number}行")
        return self.t(f"{table}, row {row.number}", f"{table}第{row.number}行")

    def row(self, row: KeptRow, reason: str) -> str:
        """Return a row of a table in one line: where it stands, what it asks for, what it decides, on which basis.

        Args:
            row: The row.
            reason: The reason that stands beside it; what that says already is not said again, such as the item.
        """
        comma = self.t(", ", "，")
        then = self.t(" → ", "，则")
        if row.item:
            asked = f"{self.fact('condition')}{self.t(' = ', '=')}{self.safe(row.condition)}" if row.condition else ""
        else:
            cells = [self.condition(column, cell, most=_SAID) for column, cell in row.conditions]
            asked = comma.join(cells) or self.t("all other cases", "其他情形")
        asked = "" if asked in reason else asked
        decided = comma.join(self.outcomes(row.outcomes)) or self.t("no opinion", "不作规定")
        basis = self.safe(row.basis)
        line = f"{self.place(row)}{self.t(': ', '：')}{asked + then if asked else ''}{decided}"
        return line + (self.t(f"; source: {basis}", f"；出处：{basis}") if basis else "")


_TABLES: Mapping[str, Text] = {
    CATALOGUE: Text("catalogue", "事项清单"),
    "assess": Text("assessment table", "定级表"),
    "tier": Text("tier table", "分级表"),
    "route": Text("route table", "派单去向表"),
    "deadlines": Text("deadlines table", "时限表"),
    "escalate": Text("escalation table", "升级表"),
}
#: Columns of a catalogue that no decision table has under that name.
_COLUMNS: Mapping[str, Text] = {
    "code": Text("code", "编码"),
    "condition": Text("condition", "立案条件"),
    "closing": Text("closing condition", "结案条件"),
    "domain_code": Text("domain code", "大类代码"),
    "units": Text("units", "处置单位"),
    "supervisor": Text("supervisor", "主管部门"),
}


def times(number: int) -> str:
    """Return in English how often."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
