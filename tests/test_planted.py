"""The check is itself checked: what a newcomer breaks in one of the six is found by the law that it breaks.

A fault is planted in a copy of the plugin and looked at by the suspected law alone, at the level ``certify``; the
benchmark ``planted.py`` looks at all laws. What is lawful and changes a decision all the same is caught by a worked
example, or shown by `governflow.changes`.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from faults import FAULTS, LAWFUL, SORTS
from faults.lawful import DIFF, EXAMPLES
from planting import REFUSED, Edit, Fault, distribution, edited, looked_at, planted

from governflow.changes.compare import compare
from governflow.charter.check import check, laws

#: The smallest first: how much there is to ask of them.
SIX = ("songtao", "xianlin", "huimin", "jilin", "yinjiang", "zhenjiang")


def _by_tier(faults: Iterable[Fault]) -> list[object]:
    """Put one fault of each law into the fast tier, the first of each sort into the slow one, all others last.

    The fast one is planted in the smallest locality that has one for the law: the whole of it is looked at.
    """
    smallest_first = sorted(faults, key=lambda fault: SIX.index(fault.plugin))
    laws: set[str] = set()
    sorts: set[str] = set()
    params = []
    for fault in smallest_first:
        marks = [] if fault.law not in laws else [pytest.mark.slow] if fault.sort not in sorts else [pytest.mark.long]
        laws.add(fault.law)
        sorts.add(fault.sort)
        params.append(pytest.param(fault, id=fault.id, marks=marks))
    return params


@pytest.mark.parametrize("fault", _by_tier(FAULTS))
def test_a_planted_fault_is_caught_by_the_law_that_it_breaks(fault: Fault, tmp_path: Path) -> None:
    found = looked_at(fault, tmp_path)
    assert fault.law in found.laws
    if fault.names:
        assert any(fault.names in place for place in found.places)


@pytest.mark.parametrize("fault", _by_tier(fault for fault in LAWFUL if fault.law == EXAMPLES))
def test_a_lawful_change_is_caught_where_an_example_speaks_of_it(fault: Fault, tmp_path: Path) -> None:
    assert looked_at(fault, tmp_path).laws == (EXAMPLES,)


@pytest.mark.slow
@pytest.mark.parametrize("fault", _by_tier(fault for fault in LAWFUL if fault.law == DIFF))
def test_a_lawful_change_of_which_no_example_speaks_is_shown_by_diff(fault: Fault, tmp_path: Path) -> None:
    code = fault.code or distribution(fault.plugin).code
    before, after = tmp_path / "before", tmp_path / "after"
    unbroken = Fault(f"{fault.plugin}/as-it-was", "", "", ())
    with planted(unbroken, before) as old, planted(fault, after) as new:
        assert check(new, code, laws=[EXAMPLES]).passed
        changed = {row.aspect for row in compare(old, new, code).rows}
    assert fault.names in changed


@pytest.mark.parametrize("plugin", SIX)
def test_a_copy_that_nobody_broke_keeps_the_laws_of_promises_and_tables(plugin: str, tmp_path: Path) -> None:
    with planted(Fault(f"{plugin}/as-it-was", "", "", ()), tmp_path) as localities:
        for code in distribution(plugin).modules:
            assert check(localities, code, laws=[EXAMPLES, "ruling/unambiguous", "lifecycle/sound"]).passed


@pytest.mark.slow
@pytest.mark.parametrize("plugin", ["songtao", "xianlin"])
def test_a_copy_that_nobody_broke_keeps_every_law(plugin: str, tmp_path: Path) -> None:
    # If the copying itself broke a law, every fault of that law would seem to be caught; it is the same for all six.
    with planted(Fault(f"{plugin}/as-it-was", "", "", ()), tmp_path) as localities:
        assert check(localities, distribution(plugin).code).passed


def test_every_law_has_two_faults_at_least() -> None:
    planted_for = Counter(fault.law for fault in FAULTS)
    assert {law: planted_for[law] for law in laws() if planted_for[law] < 2} == {}
    assert planted_for.keys() <= {*laws(), REFUSED}


def test_every_sort_of_fault_is_planted() -> None:
    assert {fault.sort for fault in FAULTS} == set(SORTS)


def test_each_of_the_six_is_broken_in_eight_ways_at_least() -> None:
    broken = Counter(fault.plugin for fault in FAULTS)
    assert set(broken) == set(SIX)
    assert min(broken.values()) >= 8
    assert len(FAULTS) >= 80


def test_the_pages_say_how_many_faults_are_planted_and_how_many_changes_are_lawful() -> None:
    home = Path(__file__).parents[1]
    for name in ("README.md", "README.zh-CN.md", "docs/charter.md"):
        assert f"{len(FAULTS)} " in (home / name).read_text(encoding="utf-8"), name
    charter = (home / "docs" / "charter.md").read_text(encoding="utf-8")
    by_examples = sum(one.law == EXAMPLES for one in LAWFUL)
    assert f"in {len(SORTS)} sorts" in charter
    assert f"{len(LAWFUL)} more changes break no law: {by_examples} are caught by a worked example" in charter


def test_no_two_faults_have_one_id() -> None:
    ids = Counter(fault.id for fault in (*FAULTS, *LAWFUL))
    assert [name for name, times in ids.items() if times > 1] == []


def test_an_edit_whose_text_is_not_there_once_is_refused() -> None:
    assert edited("a,b,c\n", Edit("t.csv", "b", "d")) == "a,d,c\n"
    assert edited("a\n\n", Edit("t.csv", "", "b\n")) == "a\nb\n"
    for text in ("a,c\n", "b,b\n"):
        with pytest.raises(ValueError, match="not once"):
            edited(text, Edit("t.csv", "b", "d"))
