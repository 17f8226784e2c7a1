"""``governflow table``: every decision that a locality's tables can make, and what is wrong with them (规则表)."""

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table as Grid

from governflow.cli.output import new_console, new_table, print_indented, print_json
from governflow.cli.rule_sources import DECIDING, AnyTable, Rules, faults_of, is_file, of_code, of_files
from governflow.engine.explain import CATALOGUE
from governflow.errors import PolicyError
from governflow.masking import clean
from governflow.reports.localize import Localizer
from governflow.tables import Catalogue, Column, Entry, Table
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

    Args:
        rules: A locality's code, or the path of a file or folder.
        name: The question that a file answers; the file's own name by default.
        whole: Whether to list long catalogues whole.
        as_json: Print one JSON object.
        lang: ``"zh"`` or ``"en"``.

    Returns:
        The exit status: 1 if there are faults.
    """
    try:
        source = of_files(rules, name) if is_file(rules) else of_code(rules)
    except PolicyError as fault:
        faults = faults_of(fault)
        if as_json:
            print_json({"rules": rules, "faults": [one.say(lang) for one in faults]})
        for one in faults:
            print(one.say(lang), file=sys.stderr)
        return 1
    tables = [one for _, found in source.layers for one in found.values()]
    faults = tuple(fault for one in tables if isinstance(one, Table) for fault in one.analyse().faults())
    if as_json:
        print_json(_as_json(source, lang) | {"faults": [fault.say(lang) for fault in faults]})
    else:
        _print(source, lang, whole=whole)
    return 1 if faults else 0


def _as_json(rules: Rules, lang: str) -> dict[str, Any]:
    return {
        "rules": rules.title.say(lang),
        "rule_set": None if rules.alone else rules.policy.rules,
        "layers": [
            {"source": source, "tables": {name: _table_as_json(one, lang) for name, one in found.items()}}
            for source, found in rules.layers
        ],
        "code": {hook: list(sources) for hook, sources in (rules.code or {}).items()},
    }


def _table_as_json(one: AnyTable, lang: str) -> dict[str, Any]:
    findings = one.analyse().faults() if isinstance(one, Table) else ()
    return {**one.as_json(), "digest": one.digest, "findings": [fault.say(lang) for fault in findings]}


def _print(rules: Rules, lang: str, *, whole: bool) -> None:
    out = new_console()
    policy = rules.policy
    localizer = Localizer(lang, ZoneInfo(policy.zone), policy, clean, rules.layers)
    head = rules.title.say(lang)
    if not rules.alone:
        head += localizer.t(f", rule set {policy.rules}", f"，规则集 {policy.rules}")
    out.print(head, style="bold")
    for source, found in rules.layers:
        for name, one in sorted(found.items(), key=_turn):
            out.print()
            if isinstance(one, Catalogue):
                _catalogue(one, source, localizer, out, whole=whole)
            else:
                _table(name, one, source, localizer, out)
    if not any(found for _, found in rules.layers):
        out.print(localizer.t("no layer has tables", "各层均无表格"))
    if rules.code:
        _code(rules.code, localizer, out)


def _turn(table: tuple[str, AnyTable]) -> int:
    """Put tables in the order in which a case meets them; what they derive comes before what asks for it."""
    return _TURNS.index(table[0]) if table[0] in _TURNS else 1


def _from(source: str, localizer: Localizer) -> str:
    return f"{source} · " if source else ""


def _table(name: str, one: Table, source: str, localizer: Localizer, out: Console) -> None:
    title = localizer.table(name)
    out.print(title[:1].upper() + title[1:], style="bold")
    hit = _HITS[one.hit].say(localizer.lang)
    number = len(one.rules)
    rules = localizer.t(f"{number} rule{'' if number == 1 else 's'}", f"{number}条规则")
    how = localizer.t(f"hit policy {one.hit} ({hit})", f"命中策略：{hit}")
    print_indented(out, f"{_from(source, localizer)}{how} · {rules}", 2, style="dim")
    for column in one.columns:
        print_indented(
            out, f"{localizer.heading(column)}{localizer.t(': ', '：')}{_domain(column, localizer)}", 2, style="dim"
        )
    grid = _grid([head.say(localizer.lang) for head in _HEADS])
    for rule in one.rules:
        cells = {column: rule.cells[column.id] for column in one.columns if column.id in rule.cells}
        asked = [localizer.condition(column, cell) for column, cell in cells.items()]
        decided = {name: rule.outcomes[name] for name in one.outcomes if name in rule.outcomes}
        grid.add_row(
            rule.id,
            "\n".join(asked) or localizer.t("all other cases", "其他情形"),
            "\n".join(localizer.outcomes(decided))
            or localizer.t("no opinion: the layer below decides", "不作规定，由下一层决定"),
            "\n".join(filter(None, (rule.reason.say(localizer.lang), rule.basis))),
        )
    out.print(grid)
    findings = one.analyse().faults()
    sound = localizer.t(
        "checked over all cases: no gap, no conflict, no dead rule", "已对全部情形检查：无漏项、无冲突、无失效规则"
    )
    for line in [fault.say(localizer.lang) for fault in findings] or [sound]:
        print_indented(out, f"{'✗' if findings else '✓'} {line}", 2, style="red" if findings else "")


def _domain(column: Column, localizer: Localizer) -> str:
    """Return what a column may hold."""
    domain = column.domain
    if isinstance(domain, Closed):
        allowed = localizer.join(name.say(localizer.lang) for name in domain.names)
    else:
        allowed = domain.allowed.say(localizer.lang)
    if column.default is None:
        return allowed
    default = localizer.value(column.id, column.default)
    return allowed + localizer.t(f"; {default} where not stated", f"；未填按{default}")


def _grid(heads: list[str]) -> Grid:
    grid = new_table("", *heads, numeric=False)
    grid.title = None
    grid.leading = 1
    return grid


def _catalogue(one: Catalogue, source: str, localizer: Localizer, out: Console, *, whole: bool) -> None:
    out.print(localizer.t("Catalogue", "事项清单"), style="bold")
    number = len(one.items)
    count = localizer.t(f"{number} item{'' if number == 1 else 's'}", f"{number}项")
    if len(one.entries) > number:
        count += localizer.t(f", {len(one.entries)} rows", f"，{len(one.entries)}行")
    print_indented(out, f"{_from(source, localizer)}{count}", 2, style="dim")
    if len(one.entries) > _LISTED and not whole:
        for domain, items in Counter(entry.attributes.get("domain", "") for entry in one.entries).items():
            print_indented(out, f"{domain or localizer.t('no domain', '未分领域')}  {items}", 2)
        print_indented(out, localizer.t("list them with --all", "加 --all 逐项列出"), 2)
        return
    rows = [(entry, says(entry)) for entry in one.entries]
    names = list(dict.fromkeys(name for _, outcomes in rows for name in outcomes))
    beside = [name for name in ("code", "condition") if any(getattr(entry, name) for entry in one.entries)]
    if out.width < _NARROWEST * (len(beside) + len(names) + 2):
        grid = _grid([head.say(localizer.lang) for head in _ITEM_HEADS])
        for entry, outcomes in rows:
            item = "\n".join(filter(None, (entry.item, entry.code, entry.condition)))
            grid.add_row(item, localizer.join(localizer.outcomes(outcomes)), entry.attributes.get("basis", ""))
    else:
        heads = map(localizer.fact, ("item", *beside, *names))
        grid = new_table("", *heads, _ITEM_HEADS[-1].say(localizer.lang), numeric=False)
        grid.title = None
        for entry, outcomes in rows:
            cells = [localizer.outcome(name, outcomes[name]) if name in outcomes else "" for name in names]
            others = (getattr(entry, name) for name in beside)
            grid.add_row(entry.item, *others, *cells, entry.attributes.get("basis", ""))
    out.print(grid)


def says(entry: Entry) -> dict[str, str]:
    """Return what a row of a catalogue says of its item."""
    cells = {name: value for name, value in entry.attributes.items() if value and name not in ("item", "basis")}
    return cells | ({"resolve": str(entry.allowance)} if entry.allowance is not None else {})


def _code(code: Mapping[str, tuple[str, ...]], localizer: Localizer, out: Console) -> None:
    """Return what is decided in code: whoever reads the tables must know that they are not all."""
    out.print()
    out.print(localizer.t("Decided in code as well", "另有程序参与判断"), style="bold")
    note = localizer.t(
        "Most specific layer first; within a layer code is asked before tables.",
        "由近及远逐层判断；同层先程序、后表格。",
    )
    print_indented(out, note, 2, style="dim")
    for hook, sources in code.items():
        print_indented(out, f"{DECIDING[hook].say(localizer.lang)}{localizer.t(': ', '：')}{' → '.join(sources)}", 2)
