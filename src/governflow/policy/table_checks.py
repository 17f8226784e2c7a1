"""What is wrong with a locality's tables (表格检查): words that no chart, lifecycle, clock or catalogue knows."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from governflow.calendars.allowances import Allowance
from governflow.errors import CommandError
from governflow.model.lifecycle import Lifecycle
from governflow.model.units import OrgChart
from governflow.policy.deadlines import LONGEST
from governflow.policy.stack import LONGEST_AGAIN, SHORTEST_AGAIN
from governflow.policy.table_outcomes import ABOVE, HOLDER, STANDING, several
from governflow.policy.table_rules import ANSWERS, TableRules
from governflow.tables import CatalogueRow, Table
from governflow.text import Text

#: What is not known yet when a question is asked; "" stands for the derived attributes.
_LATER = {
    "": frozenset({"tier", "form", "clock", "rung"}),
    "assess": frozenset({"tier", "form", "clock", "rung"}),
    "escalate": frozenset[str](),
}


def table_faults(
    rules: TableRules,
    lifecycles: Mapping[str, Lifecycle],
    charted: frozenset[str],
    clocks: Callable[[], frozenset[str]],
) -> Iterator[Text]:
    """Look the tables of a stack over, and return one sentence for each fault.

    Args:
        rules: The tables.
        lifecycles: The lifecycles by name.
        charted: The layers whose tables have to fit the chart: an ancestor names units of its own.
        clocks: Returns the names of all clocks; none if a hook may start one for some cases only.
    """
    charts = dict.fromkeys(charted, rules.units)
    for source, tables in rules.decided.items():
        for name, table in tables.items():
            for fault in table.analyse().faults():
                yield Text(f"{source}: table {name}: {fault.en}", f"{source}：表格“{name}”：{fault.zh}")
            yield from _too_early(rules, source, name, table)
            for rule in table.rules:
                where = Text(f"{source}: rule {rule.id} of table {name}", f"{source}：表格“{name}”规则 {rule.id}")
                yield from _of_rule(rules, name, rule.outcomes, where)
                yield from _strangers(charts.get(source), rule.outcomes, ("lead", "assist", "to"), where)
    for source, catalogue in rules.catalogues:
        for entry in catalogue.entries:
            where = Text(
                f"{source}: catalogue item {entry.item!r} (row {entry.row})",
                f"{source}：事项清单“{entry.item}”（第 {entry.row} 行）",
            )
            yield from _of_entry(rules, entry, lifecycles, charts.get(source), where)
    yield from _strange_clocks(rules, clocks())


def _too_early(rules: TableRules, source: str, name: str, table: Table) -> Iterator[Text]:
    """Find columns that ask what is not known yet when the table is asked."""
    known_later = _LATER.get(name, _LATER[""] if name in rules.derived else frozenset({"clock", "rung"}))
    for column in table.columns:
        if column.id in known_later:
            yield Text(
                f"{source}: table {name} asks for {column.id}, which is not known yet when the table is asked",
                f"{source}：表格“{name}”使用了“{column.text.zh}”，此时尚不可知",
            )


def _strange_clocks(rules: TableRules, known: frozenset[str]) -> Iterator[Text]:
    """Find clocks to which a table gives an allowance, and which do not exist."""
    listed = ", ".join(sorted(known))
    for source, tables in rules.decided.items() if known else ():
        for clock in tables["deadlines"].outcomes if "deadlines" in tables else ():
            if clock not in known:
                yield Text(
                    f"{source}: table deadlines names the clock {clock!r}; there is: {listed}",
                    f"{source}：表格“deadlines”中的时限“{clock}”不存在；现有：{listed}",
                )


def _of_rule(rules: TableRules, name: str, outcomes: Mapping[str, str], where: Text) -> Iterator[Text]:
    """Find what a rule of a question leaves out, and words in its outcomes that make no sense."""
    if name == "route" and outcomes and not outcomes.get("lead"):
        yield Text(f"{where.en} gives no lead unit", f"{where.zh} 未写牵头单位")
    if name == "escalate" and outcomes and not (outcomes.get("kind") and outcomes.get("to")):
        yield Text(f"{where.en} does not say what it does, and to whom", f"{where.zh} 未写升级方式或对象")
    for column, cell in outcomes.items():
        if cell != "-" and (name == "deadlines" or (name == "escalate" and column == "again")):
            yield from _unfit(Allowance.parse(cell), cell, where, again=column == "again")
    if name in rules.derived and name in outcomes:
        try:
            rules.canonical(name, outcomes[name])
        except CommandError as fault:
            yield Text(f"{where.en}: {fault.text.en}", f"{where.zh}：{fault.text.zh}")


def _of_entry(
    rules: TableRules, entry: CatalogueRow, lifecycles: Mapping[str, Lifecycle], chart: OrgChart | None, where: Text
) -> Iterator[Text]:
    """Find what a row of a catalogue leaves out, and words in it that make no sense."""
    if entry.attributes.get("assist") and not entry.attributes.get("lead"):
        yield Text(f"{where.en} names who assists, but nobody who leads", f"{where.zh} 写了协办单位，未写牵头单位")
    if entry.allowance is not None:
        yield from _unfit(entry.allowance, entry.written or str(entry.allowance), where, again=False)
    yield from _strangers(chart, entry.attributes, ("lead", "assist"), where)
    named = entry.attributes.get("lifecycle")
    if named and named not in lifecycles:
        known = ", ".join(lifecycles)
        en, zh = f"names the lifecycle {named!r}; there is: {known}", f"的流程“{named}”不存在；现有：{known}"
        yield Text(f"{where.en} {en}", f"{where.zh} {zh}")
    for name, value in entry.attributes.items():
        fact = rules.fact_columns.get(name)
        if fact is not None and value and name not in ANSWERS:
            try:
                fact[0].read_fact(name, value)
            except CommandError as fault:
                yield Text(f"{where.en}: {fault.text.en}", f"{where.zh}：{fault.text.zh}")


def _strangers(
    chart: OrgChart | None, outcomes: Mapping[str, str], columns: tuple[str, ...], where: Text
) -> Iterator[Text]:
    """Find units that the chart does not know; an ancestor, whose tables have a chart of their own, has none here."""
    if chart is None:
        return
    for column, unit in ((one, unit) for one in columns for unit in several(outcomes.get(one, ""))):
        if unit.startswith("@"):
            if not chart.of_kind(unit[1:]):
                yield Text(
                    f"{where.en} names units of the kind {unit[1:]!r}, and the chart has none",
                    f"{where.zh} 使用了单位类别“{unit[1:]}”，组织架构中没有",
                )
        elif unit not in chart and not (column == "to" and unit in (HOLDER, ABOVE, STANDING)):
            yield Text(
                f"{where.en} names {unit!r}, which the chart does not know",
                f"{where.zh} 中的单位“{unit}”不在组织架构中",
            )


def _unfit(allowance: Allowance, cell: str, where: Text, *, again: bool) -> Iterator[Text]:
    shortest, longest = (SHORTEST_AGAIN, LONGEST_AGAIN) if again else (timedelta(0), LONGEST)
    if allowance.span < shortest or allowance.span > longest:
        en, zh = ("a minute to a year", "1分钟至1年") if again else ("100 years at most", "不超过100年")
        yield Text(f"{where.en} says {cell}: give {en}", f"{where.zh} 写了 {cell}：应为{zh}")
