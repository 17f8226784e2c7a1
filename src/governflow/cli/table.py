"""``governflow table``: every decision that a locality's tables can make, and what is wrong with them (规则表)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from governflow.changes.of_tables import outcomes_of
from governflow.cli.inputs import DECIDING, AnyTable, Rules, is_file, of_code, of_files
from governflow.cli.output import new_console, print_faults, print_indented, print_json, print_table
from governflow.engine.explain import CATALOGUE
from governflow.errors import PolicyError
from governflow.masking import clean
from governflow.reports.localize import Localizer
from governflow.tables import Catalogue, Column, Table
from governflow.tables.domains import Closed
from governflow.text import Text

#: A longer catalogue is counted, not listed.
_LISTED = 40

_TURNS = (CATALOGUE, "", "assess", "tier", "route", "deadlines", "escalate")
#: Where its columns would be narrower than this, a catalogue is set with one column for all that it says.
_NARROWEST = 13

_HITS = {"unique": Text("one rule fits", "唯一"), "first": Text("first rule that fits", "首个")}
_HEADS = (Text("rule", "规则"), Text("when", "情形"), Text("then", "结果"), Text("reason, source", "理由、出处"))
_ITEM_HEADS = (Text("item", "事项"), Text("what the list says", "规定"), Text("source", "出处"))


def table(rules: str, *, name: str | None, whole: bool, as_json: bool, lang: str) -> int:
    """Print the tables of a locality, a file or a folder, and what the analysis found.

    Returns:
        The exit status: 1 if there are faults.
    """
    try:
        named = of_files(rules, name) if is_file(rules) else of_code(rules)
    except PolicyError as fault:
        print_faults(fault, lang, {"rules": rules}, as_json=as_json)
        return 1
    tables = [table for _, found in named.layers for table in found.values()]
    faults = [fault.say(lang) for table in tables for fault in _faults(table)]
    if as_json:
        print_json(_as_json(named, lang) | {"faults": faults})
    else:
        _Printer(named, lang).print(whole=whole)
    return 1 if faults else 0


def _faults(table: AnyTable) -> tuple[Text, ...]:
    return table.analyse().faults() if isinstance(table, Table) else ()


def _as_json(rules: Rules, lang: str) -> dict[str, Any]:
    return {
        "rules": rules.title.say(lang),
        "rule_set": None if rules.alone else rules.policy.rules,
        "layers": [
            {"source": source, "tables": {name: _table_as_json(table, lang) for name, table in found.items()}}
            for source, found in rules.layers
        ],
        "code": {hook: list(sources) for hook, sources in (rules.code or {}).items()},
    }


def _table_as_json(table: AnyTable, lang: str) -> dict[str, Any]:
    return {**table.as_json(), "digest": table.digest, "findings": [fault.say(lang) for fault in _faults(table)]}


def _turn(table: tuple[str, AnyTable]) -> int:
    """Put tables in the order in which a case meets them; what they derive comes before what asks for it."""
    return _TURNS.index(table[0]) if table[0] in _TURNS else 1


class _Printer(Localizer):
    """Prints rules on the terminal."""

    def __init__(self, rules: Rules, lang: str) -> None:
        super().__init__(lang, ZoneInfo(rules.policy.zone), rules.policy, clean, rules.layers)
        self.rules, self.out = rules, new_console()

    def print(self, *, whole: bool) -> None:
        rules = self.rules
        head = rules.title.say(self.lang)
        if not rules.alone:
            head += self.t(f", rule set {rules.policy.rules}", f"，规则集 {rules.policy.rules}")
        self.out.print(head, style="bold")
        for source, found in rules.layers:
            for name, table in sorted(found.items(), key=_turn):
                self.out.print()
                origin = f"{source} · " if source else ""
                if isinstance(table, Catalogue):
                    self._catalogue(table, origin, whole=whole)
                else:
                    self._table(name, table, origin)
        if not any(found for _, found in rules.layers):
            self.out.print(self.t("no layer has tables", "各层均无表格"))
        if rules.code:
            self._code(rules.code)

    def _below(self, text: str, style: str = "dim") -> None:
        print_indented(self.out, text, 2, style=style)

    def _table(self, name: str, table: Table, origin: str) -> None:
        title, number = self.table(name), len(table.rules)
        self.out.print(title[:1].upper() + title[1:], style="bold")
        hit = _HITS[table.hit].say(self.lang)
        count = self.t(f"{number} rule{'' if number == 1 else 's'}", f"{number}条规则")
        self._below(f"{origin}{self.t(f'hit policy {table.hit} ({hit})', f'命中策略：{hit}')} · {count}")
        for column in table.columns:
            self._below(f"{self.heading(column)}{self.t(': ', '：')}{self._domain(column)}")
        others = self.t("all other cases", "其他情形")
        silent = self.t("no opinion: the layer below decides", "不作规定，由下一层决定")
        rules = ((rule.id, *self.rule(table, rule)) for rule in table.rules)
        rows = ((id, *map("\n".join, (when or [others], then or [silent], why))) for id, when, then, why in rules)
        print_table(self.out, self.lang, _HEADS, rows, leading=1)
        faults = _faults(table)
        for fault in faults:
            self._below(f"✗ {fault.say(self.lang)}", "red")
        if not faults:
            self._below(
                self.t(
                    "✓ checked over all cases: no gap, no conflict, no dead rule",
                    "✓ 已对全部情形检查：无漏项、无冲突、无失效规则",
                ),
                "",
            )

    def _domain(self, column: Column) -> str:
        """Return what a column may hold."""
        domain = column.domain
        if isinstance(domain, Closed):
            allowed = self.join(name.say(self.lang) for name in domain.names)
        else:
            allowed = domain.allowed.say(self.lang)
        if column.default is None:
            return allowed
        default = self.value(column.id, column.default)
        return allowed + self.t(f"; {default} where not stated", f"；未填按{default}")

    def _catalogue(self, table: Catalogue, origin: str, *, whole: bool) -> None:
        self.out.print(self.t("Catalogue", "事项清单"), style="bold")
        number, entries = len(table.items), table.entries
        count = self.t(f"{number} item{'' if number == 1 else 's'}", f"{number}项")
        if len(entries) > number:
            count += self.t(f", {len(entries)} rows", f"，{len(entries)}行")
        self._below(origin + count)
        if len(entries) > _LISTED and not whole:
            for domain, items in Counter(entry.attributes.get("domain", "") for entry in entries).items():
                self._below(f"{domain or self.t('no domain', '未分领域')}  {items}", "")
            self._below(self.t("list them with --all", "加 --all 逐项列出"), "")
            return
        rows = [(entry, outcomes_of(entry, "item", "basis")) for entry in entries]
        names = list(dict.fromkeys(name for _, outcomes in rows for name in outcomes))
        beside = [name for name in ("code", "condition") if any(getattr(entry, name) for entry in entries)]
        narrow = self.out.width < _NARROWEST * (len(beside) + len(names) + 2)
        facts = (Text(name, name) for name in map(self.fact, ("item", *beside, *names)))
        lines: list[list[str]] = []
        for entry, outcomes in rows:
            if narrow:
                item = "\n".join(filter(None, (entry.item, entry.code, entry.condition)))
                cells = [item, self.join(self.outcomes(outcomes))]
            else:
                said = (self.outcome(name, outcomes[name]) if name in outcomes else "" for name in names)
                cells = [entry.item, *(getattr(entry, name) for name in beside), *said]
            lines.append([*cells, entry.attributes.get("basis", "")])
        heads = _ITEM_HEADS if narrow else (*facts, _ITEM_HEADS[-1])
        print_table(self.out, self.lang, heads, lines, leading=1 if narrow else 0)

    def _code(self, code: Mapping[str, tuple[str, ...]]) -> None:
        """Print what is decided in code: whoever reads the tables must know that they are not all."""
        self.out.print()
        self.out.print(self.t("Decided in code as well", "另有程序参与判断"), style="bold")
        self._below(
            self.t(
                "Most specific layer first; within a layer code is asked before tables.",
                "由近及远逐层判断；同层先程序、后表格。",
            )
        )
        for hook, sources in code.items():
            self._below(f"{DECIDING[hook].say(self.lang)}{self.t(': ', '：')}{' → '.join(sources)}", "")
