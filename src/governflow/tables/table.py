"""Decision tables (规则表): read from a file, asked through an index, checked exactly.

A table answers one question of a policy, or derives one attribute of a case. Its rules are boxes over the condition
columns; a bit mask per class of values says which rules take that class in, and the rule that answers is the lowest bit
that all of a case's masks have in common. So an answer costs about the same with ten rules and with a thousand.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from governflow._names import old_arguments
from governflow.errors import CommandError, TableError
from governflow.tables import vocabulary
from governflow.tables.domains import Cell, Part, Unfit, canonical
from governflow.tables.rules import Column, Rule
from governflow.tables.vocabulary import Hit
from governflow.text import Json

if TYPE_CHECKING:
    from governflow.tables.coverage import Space
    from governflow.tables.findings import Findings
    from governflow.tabular.grids import Source

#: A column as `Table.match` asks it: id, the atom of a value, the rules of each atom, of a case that does not state it,
#: and of one whose value is outside the domain.
_Probe = tuple[str, Callable[[object], int], tuple[int, ...], int, int]


@attrs.frozen(slots=False)
class Table:
    """A decision table.

    Args:
        name: The question that it answers, or the attribute that it derives.
        hit: ``unique``: no two rules may answer one case differently; ``first``: the first rule that fits counts.
        columns: The condition columns.
        outcomes: The ids of the outcome columns.
        rules: The rules in their order.
        gives: The outcome columns that are an attribute of the case, with their names and values.
    """

    name: str
    hit: Hit
    columns: tuple[Column, ...]
    outcomes: tuple[str, ...]
    rules: tuple[Rule, ...]
    gives: tuple[Column, ...] = ()

    @classmethod
    def read(
        cls,
        source: "Source",
        *,
        name: str,
        hit: Hit | None = None,
        sheet: str | None = None,
    ) -> "Table":
        """Read a table from a CSV file (UTF-8 or GB18030) or a workbook.

        Args:
            source: A path, a packaged resource, or a file's name and its bytes.
            name: The question that it answers (``assess``, ``tier``, ``route``, ``deadlines``, ``escalate``), or the
                attribute that it derives.
            hit: The hit policy where the file names none; None for ``unique``.
            sheet: The sheet of a workbook; None for the one that is called like the table, or the only table in it.

        Raises:
            TableError: With every fault of the file, each with its sheet, row and column.
        """
        from governflow.tables.sheet_parser import parse  # only who reads files needs their parser

        return cls(name, *parse(source, name=name, hit=hit, sheet=sheet))

    # --- asking ---

    def decide(self, facts: Mapping[str, object]) -> Rule | None:
        """Return the rule that answers a case.

        Args:
            facts: What the case states, by column. A column that it does not state counts as its default, or as "not
                stated"; a value outside a closed domain fits only cells that take anything.

        Returns:
            The rule, or None where no rule answers: none fits, or the one that does has no outcomes.
        """
        rule = self.match(facts)
        return rule if rule is not None and rule.outcomes else None

    def match(self, facts: Mapping[str, object]) -> Rule | None:
        """Return the rule that fits a case, also one whose outcomes are all empty; see `decide`."""
        probes, live = self._index
        for name, find_atom, rules, missing, outside in probes:
            value = facts.get(name)
            if value is None:
                live &= missing
            else:
                atom = find_atom(value)
                live &= rules[atom] if atom >= 0 else outside
            if not live:
                return None
        return self.rules[(live & -live).bit_length() - 1]

    def read_fact(self, column: str, value: object) -> str | int:
        """Check a told value of a column and give it as facts hold it.

        Args:
            column: The column's id.
            value: As told, in English or Chinese.

        Raises:
            CommandError: There is no such column, or its domain has no such value; the sentence says what is allowed.
        """
        known = {one.id: one for one in self.columns}
        if column not in known:
            listed = ", ".join(known) or "none"
            raise CommandError(
                f"{column!r} is no fact of the table {self.name}: it asks for {listed}",
                f"“{column}”不是表格“{self.name}”的事实：可填 {listed}",
            )
        try:
            return known[column].domain.read(value)
        except Unfit as fault:
            name = known[column].text
            raise CommandError(f"{column}: {fault.text.en}", f"{name.zh}：{fault.text.zh}") from None

    def analyse(self) -> "Findings":
        """Find all gaps, conflicts and dead rules, exactly."""
        return self._findings

    # --- keeping ---

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what the table says, whatever file it came from, as hexadecimal digits."""
        columns = {column.id: column for column in self.columns}
        rules = []
        for rule in self.rules:
            content = rule.as_json()
            del content["row"], content["sheet"]
            content["cells"] = {
                name: canonical(columns[name].domain, columns[name].condition(cell))
                for name, cell in rule.cells.items()
            }
            rules.append(content)
        whole = self.as_json() | {"rules": rules}
        return hashlib.sha256(msgspec.json.encode(whole, order="deterministic")).hexdigest()

    def as_json(self) -> dict[str, Json]:
        """Return the table as plain JSON values, from which `from_json` makes it again."""
        return {
            "name": self.name,
            "hit": self.hit,
            "columns": [column.as_json() for column in self.columns],
            "gives": [column.as_json() for column in self.gives],
            "outcomes": list(self.outcomes),
            "rules": [rule.as_json() for rule in self.rules],
        }

    @classmethod
    @old_arguments(told="content")
    def from_json(cls, content: Mapping[str, Json]) -> "Table":
        """Make a table again from what `as_json` gave.

        Raises:
            TableError: It is not what `as_json` gave.
        """
        kept: Any = content  # what is made of it finds out whether it is whole
        try:
            columns, gives = (
                tuple(Column.from_json(one, kept["name"]) for one in kept[part]) for part in ("columns", "gives")
            )
            rules = tuple(Rule.from_json(one) for one in kept["rules"])
            table = cls(kept["name"], kept["hit"], columns, tuple(kept["outcomes"]), rules, gives)
            table._cells  # noqa: B018 - so that cells that do not fit the columns are found here
        except (KeyError, TypeError, AttributeError, Unfit) as fault:
            raise TableError.of(
                str(content.get("name", "?")), f"it was not kept whole: {fault}", f"保存的内容不完整：{fault}"
            ) from None
        return table

    def rows(self, lang: str) -> list[list[str]]:
        """Write the table for people: a row of headings, then one row a rule.

        Args:
            lang: ``zh`` for Chinese, anything else for English.
        """
        zh = lang == "zh"
        heads = [column.text.say(lang) for column in self.columns]
        named = {column.id: column.text for column in self.gives}
        outcomes = [named.get(name, vocabulary.outcome_name(name)).say(lang) for name in self.outcomes]
        ends = ["理由", "依据"] if zh else ["reason", "basis"]
        rows = [["规则" if zh else "rule", *heads, *(f"→ {name}" for name in outcomes), *ends]]
        for rule in self.rules:
            cells = [rule.cells.get(column.id, "") for column in self.columns]
            values = [vocabulary.outcome_text(name, rule.outcomes.get(name, "")) for name in self.outcomes]
            rows.append([rule.id, *cells, *(value.say(lang) for value in values), rule.reason.say(lang), rule.basis])
        return rows

    # --- the index ---

    @cached_property
    def _cells(self) -> tuple[tuple[Cell | None, ...], ...]:
        return tuple(
            tuple(column.condition(rule.cells.get(column.id, "")) for column in self.columns) for rule in self.rules
        )

    def cell(self, rule: int, column: Column) -> Cell | None:
        """Return the condition of a rule, by its place, on a column; None for anything."""
        return self._cells[rule][self.columns.index(column)]

    def parts_of(self, column: Column) -> list[Part]:
        """Return all that the cells of a column speak of."""
        place = self.columns.index(column)
        return [part for cells in self._cells if (cell := cells[place]) is not None for part in cell.parts]

    @cached_property
    def space(self) -> "Space":
        """The rules as boxes over the condition columns."""
        from governflow.tables.coverage import Space  # only a table that is asked needs its index
        from governflow.tables.partition import ColumnAxis, cut

        axes = tuple(
            ColumnAxis(column.id, column.text, cut(column.domain, self.parts_of(column)), column.unstated)
            for column in self.columns
        )
        boxes = (tuple(axis.mask(cell) for axis, cell in zip(axes, cells, strict=True)) for cells in self._cells)
        return Space(axes, tuple(boxes))

    @cached_property
    def _index(self) -> tuple[tuple[_Probe, ...], int]:
        probes: list[_Probe] = []
        for place, (column, axis) in enumerate(zip(self.columns, self.space.axes, strict=True)):
            by_atom = self.space.by_atom[place]
            outside = sum(1 << number for number, cells in enumerate(self._cells) if cells[place] is None)
            missing = outside
            if column.default is not None:
                missing = by_atom[axis.atoms.find(column.default)]
            elif axis.unstated:
                missing = by_atom[axis.atoms.count]
            probes.append((column.id, axis.atoms.find, by_atom, missing, outside))
        return tuple(probes), self.space.every

    @cached_property
    def _findings(self) -> "Findings":
        from governflow.tables.findings import find  # only who checks a table needs what finds its faults

        return find(self.space, self.rules, first=self.hit == "first")
