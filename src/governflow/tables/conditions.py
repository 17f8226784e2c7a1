"""Condition columns and their cells, read from text."""

from governflow.normalize import nearest
from governflow.tables import vocabulary
from governflow.tables.cells import read_cell, read_domain
from governflow.tables.domains import Cell, Closed, Domain, Unfit
from governflow.tables.rules import Column
from governflow.tables.vocabulary import OUTCOMES
from governflow.text import Text


def column(name: str, text: Text, written: str, table: str) -> Column:
    """Make a condition column.

    Args:
        name: Its id.
        text: Its name.
        written: Its cell of the domain row; "" for the domain that the column is known by.
        table: The table that it is in.

    Raises:
        Unfit: The domain cannot be read, is missing, or is not the known one.
    """
    known = vocabulary.KNOWN.get(name)
    domain, default = read_domain(written)
    if known is not None and isinstance(known.domain, Closed):
        if domain is not None and not _same(known.domain, domain):
            raise Unfit(
                f"has the domain {known.domain.written}: write that, or nothing",
                f"的取值范围是 {known.domain.written}：请照写或留空",
            )
        domain = known.domain
    elif domain is None:
        if known is None:
            near = nearest(name, [*vocabulary.KNOWN, *OUTCOMES.get(table, {})])
            en, zh = (f"; or is {near} meant", f"；是否应为 {near}") if near else ("", "")
            raise Unfit(
                f"has no domain: write what {name} may hold under it (a|b, 0..365, code, *), or mark it as an outcome: "
                f"→{name}{en}",
                f"没有取值范围：请在取值行写明（甲|乙、0..365、区划代码、任意），结果列用 → 标明{zh}",
            )
        domain = known.domain
    always = known is not None and known.always and not default
    return Column(name, text, domain, domain.read(default) if default else None, always)


def _same(known: Closed, domain: Domain) -> bool:
    return isinstance(domain, Closed) and {known.member(value) for value in domain.values} == set(known.values)


def condition(column: Column, text: str) -> Cell | None:
    """Read a condition cell of a column.

    Raises:
        Unfit: It cannot be read, or asks for "not stated" where that cannot be.
    """
    cell = read_cell(column.domain, text)
    if cell is not None and cell.unstated and not column.unstated:
        why_en, why_zh = (
            ("every case states it", "每件事项都有") if column.always else ("it has a default", "已有默认值")
        )
        raise Unfit(f"asks for none, but {why_en}: name its values", f"写了“未填”，但{why_zh}：请写具体取值")
    return cell
