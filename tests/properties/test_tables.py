"""Decision tables against plain readings of their cells, over generated tables and all cases of small grids."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from governflow.tables import Rule, Table, compare
from governflow.tables.findings import holes

Value = Any
Fits = Callable[[Value], bool]


class Kind:
    """A kind of column: its domain row, condition cells with what they mean, and one value of every class.

    Variants are other domain rows, each with its default and the values that it holds.
    """

    def __init__(
        self,
        domain: str,
        cells: Mapping[str, Fits],
        grid: list[Value],
        missing: Value = None,
        variants: Sequence[tuple[str, Value, Fits]] = (),
    ) -> None:
        self.cells, self.grid = cells, grid
        self.variants = [(domain, missing, lambda value: True), *variants]


def stated(fits: Fits) -> Fits:
    return lambda value: value is not None and fits(value)


KINDS = {
    "severity": Kind(
        "",
        {
            "general": lambda v: v == "general",
            "复杂": lambda v: v == "complex",
            "major|general": lambda v: v in ("major", "general"),
            "一般、复杂": lambda v: v in ("general", "complex"),
        },
        ["general", "complex", "major"],
    ),
    "people": Kind(
        "0..9",
        {
            "<3": stated(lambda v: v < 3),
            "<=3": stated(lambda v: v <= 3),
            ">3": stated(lambda v: v > 3),
            "≥5": stated(lambda v: v >= 5),
            "3..7": stated(lambda v: 3 <= v <= 7),
            "[2,5)": stated(lambda v: 2 <= v < 5),
            "(2,5]": stated(lambda v: 2 < v <= 5),
            "=5": stated(lambda v: v == 5),
            "0|9": stated(lambda v: v in (0, 9)),
            "none": lambda v: v is None,
            "<3|none": lambda v: v is None or v < 3,
        },
        [*range(10), None],
    ),
    "days": Kind(
        "0..; default 4",
        {
            "<4": lambda v: v < 4,
            ">=4": lambda v: v >= 4,
            ">30": lambda v: v > 30,
            "4..30": lambda v: 4 <= v <= 30,
            "..30": lambda v: v <= 30,
        },
        [0, 3, 4, 5, 29, 30, 31, 40, 41, 99, None],
        4,
        [("0..; default 30", 30, lambda v: True), ("0..40; default 5", 5, lambda v: v <= 40)],
    ),
    "share": Kind(
        "0.0..1.0; default 0.5",
        {
            "<0.5": lambda v: Decimal(v) < Decimal("0.5"),
            "<=0.5": lambda v: Decimal(v) <= Decimal("0.5"),
            ">0.5": lambda v: Decimal(v) > Decimal("0.5"),
            "=0.5": lambda v: Decimal(v) == Decimal("0.5"),
            "(0.2,0.8)": lambda v: Decimal("0.2") < Decimal(v) < Decimal("0.8"),
            "0.2..0.5": lambda v: Decimal("0.2") <= Decimal(v) <= Decimal("0.5"),
        },
        ["0", "0.1", "0.2", "0.3", "0.5", "0.6", "0.8", "0.9", "1", None],
        "0.5",
        [("0.0..0.8; default 0.8", "0.8", lambda v: Decimal(v) <= Decimal("0.8"))],
    ),
    "area": Kind(
        "code",
        {
            "37*": stated(lambda v: v.startswith("37")),
            "3716*": stated(lambda v: v.startswith("3716")),
            "371621": stated(lambda v: v == "371621"),
            "371621*": stated(lambda v: v.startswith("371621")),
            "371621001*|110101": stated(lambda v: v.startswith("371621001") or v == "110101"),
            "未填": lambda v: v is None,
        },
        ["230000", "110101", "370000", "371600", "371621", "371621002", "371621001", "371621001002", None],
    ),
    "thing": Kind(
        "*",
        {
            "drain": lambda v: v == "drain",
            "drain|lamp": lambda v: v in ("drain", "lamp"),
            "垃圾": lambda v: v == "垃圾",
            "none": lambda v: v is None,
        },
        ["drain", "lamp", "垃圾", "anything", None],
    ),
    "open": Kind(
        "是|否; default no",
        {"yes": lambda v: v == "yes", "否": lambda v: v == "no", "是、否": lambda v: True},
        ["yes", "no", None],
        "no",
    ),
}


class Made:
    """A table with its columns and cells as they were generated."""

    def __init__(self, hit: str, columns: Mapping[str, int], rules: list[tuple[list[str], str]]) -> None:
        self.hit, self.rules = hit, rules
        self.columns = {one: KINDS[one].variants[variant] for one, variant in columns.items()}
        domains = [domain for domain, _, _ in self.columns.values()]
        lines = [["hit policy", hit], ["rule", *columns, "colour"], ["domain", *domains]]
        lines += [[f"R{number}", *cells, colour] for number, (cells, colour) in enumerate(rules)]
        quoted = "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
        self.table = Table.read(("made.csv", quoted.encode()), name="colour")

    def fitting(self, case: Mapping[str, Value]) -> list[int]:
        """The rules that fit a case, by a plain reading of every cell."""
        return [
            number
            for number, (cells, _) in enumerate(self.rules)
            if all(self.fits(one, cell, case.get(one)) for one, cell in zip(self.columns, cells, strict=True))
        ]

    def fits(self, column: str, cell: str, value: Value) -> bool:
        if cell in ("", "*"):
            return True
        _, missing, inside = self.columns[column]
        if value is None:
            value = missing
        return (value is None or inside(value)) and KINDS[column].cells[cell](value)

    def colour(self, number: int | None) -> str:
        return "" if number is None else self.rules[number][1]

    def first(self, case: Mapping[str, Value]) -> int | None:
        return next(iter(self.fitting(case)), None)


def grid(*made: Made) -> list[dict[str, Value]]:
    """One case of every class that some of the tables admit, whatever cells of `KINDS` their rules use."""
    columns = list(dict.fromkeys(one for some in made for one in some.columns))
    values = [
        [
            value
            for value in KINDS[one].grid
            if value is None or any(some.columns[one][2](value) for some in made if one in some.columns)
        ]
        for one in columns
    ]
    return [{one: v for one, v in zip(columns, case, strict=True) if v is not None} for case in product(*values)]


@st.composite
def tables(draw: st.DrawFn, hit: str | None = None, most: int = 3) -> Made:
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=most, unique=True))
    columns = {one: draw(st.integers(0, len(KINDS[one].variants) - 1)) for one in names}
    cells = [st.sampled_from(["", "*", *KINDS[one].cells]) for one in names]
    rule = st.tuples(st.tuples(*cells).map(list), st.sampled_from(["red", "green", "green", ""]))
    rules = draw(st.lists(rule, min_size=1, max_size=8))
    return Made(hit or draw(st.sampled_from(["unique", "first"])), columns, rules)


def number(rule: Rule | None) -> int | None:
    return None if rule is None else int(rule.id[1:])


@given(tables())
def test_the_index_answers_as_a_plain_reading_of_the_cells(made: Made) -> None:
    for case in grid(made):
        found = made.first(case)
        assert number(made.table.match(case)) == found
        answer = made.table.decide(case)
        assert number(answer) == (found if made.colour(found) else None)


@given(tables())
def test_the_gaps_are_all_the_cases_that_no_rule_fits(made: Made) -> None:
    table = made.table
    findings = table.analyse()
    space = table.space
    regions = holes(space, space.whole, space.every, 10_000)
    assert bool(findings.gaps) == bool(regions)
    assert not findings.more_gaps or len(findings.gaps) == 20
    for gap in findings.gaps:
        assert made.fitting(gap.case) == []
    for case in grid(made):
        inside = [region for region in regions if contains(table, region, case)]
        assert len(inside) == (0 if made.fitting(case) else 1)


def contains(table: Table, region: tuple[int, ...], case: Mapping[str, Value]) -> bool:
    for column, axis, mask in zip(table.columns, table.space.axes, region, strict=True):
        value = case.get(column.id, column.default)
        atom = axis.atoms.count if value is None else axis.atoms.find(value)
        if not mask >> atom & 1:
            return False
    return True


@given(tables("unique"))
def test_the_conflicts_are_all_pairs_that_answer_one_case_differently(made: Made) -> None:
    wanted = set()
    for case in grid(made):
        fitting = made.fitting(case)
        wanted |= {(a, b) for a in fitting for b in fitting if a < b and made.colour(a) != made.colour(b)}
    found = made.table.analyse().conflicts
    assert {(number(one.rules[0]), number(one.rules[1])) for one in found} == wanted
    for one in found:
        assert {number(rule) for rule in one.rules} <= set(made.fitting(one.case))


@given(tables())
def test_the_dead_rules_are_those_that_other_rules_take_every_case_of(made: Made) -> None:
    cases = [made.fitting(case) for case in grid(made)]
    alive = set()
    for fitting in cases:
        for one in fitting:
            before = [a for a in fitting if a < one and (made.hit == "first" or made.colour(a) == made.colour(one))]
            if not before:
                alive.add(one)
    dead = made.table.analyse().dead
    assert {number(one.rule) for one in dead} == set(range(len(made.rules))) - alive
    for one in dead:
        covers = {number(rule) for rule in one.covers}
        for fitting in cases:
            assert number(one.rule) not in fitting or covers & set(fitting)


@given(tables(most=2), tables(most=2))
def test_a_comparison_finds_every_pair_of_answers_that_changed(old: Made, new: Made) -> None:
    wanted = set()
    for case in grid(old, new):
        one, two = old.first(case), new.first(case)
        if old.colour(one) != new.colour(two):
            wanted.add((one, two))
    changes = compare(old.table, new.table)
    assert {(number(change.old), number(change.new)) for change in changes} == wanted
    for change in changes:
        assert (old.first(change.case), new.first(change.case)) == (number(change.old), number(change.new))


@given(tables())
def test_a_table_comes_back_from_its_json_whole(made: Made) -> None:
    again = Table.from_json(made.table.as_json())
    assert again == made.table
    assert again.digest == made.table.digest
    assert compare(made.table, again) == []
