"""Which rules no worked example speaks of: an outcome that is not expected, a value or a bound that is not told."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from governflow.model.terms import Tier
from governflow.policy.hookspecs import Example, Locality, Ruling, hookimpl
from governflow.policy.registry import Localities
from governflow.tables import Table
from governflow.testing import unspoken
from governflow.text import Text

CODE = "990177"
TIER = """规则,严重程度,people/涉及人数,事项等级
取值,,0..;默认 0,
T1,general,<30,3
T2,general,>=30,2
T3,complex|major,,1
"""
DEADLINES = """规则,严重程度,到场,办结
D1,,不设,3d
"""
RULES = {"tier": TIER, "deadlines": DEADLINES}
TOLD = [
    ({"severity": "general", "people": 29}, {"tier": "3"}),
    ({"severity": "general", "people": 30}, {"tier": "2"}),
    ({"severity": "complex"}, {"tier": "1"}),
    ({"severity": "major"}, {"tier": "1"}),
    ({}, {"clock:arrive": "-", "clock:resolve": "3d"}),
]


def locality(
    examples: Sequence[tuple[Mapping[str, object], Mapping[str, str]]] | Path, files: Mapping[str, str] = RULES
) -> Localities:
    plugin = SimpleNamespace(
        governflow_locality=hookimpl(lambda: Locality(CODE, "某县", "Some County")),
        governflow_tables=hookimpl(
            lambda: {name: Table.read((f"{name}.csv", text.encode()), name=name) for name, text in files.items()}
        ),
        governflow_examples=hookimpl(
            lambda: (
                examples if isinstance(examples, Path) else [Example(told, wanted, "x") for told, wanted in examples]
            )
        ),
    )
    localities = Localities()
    localities.register(CODE, plugin)
    return localities


def lacking(examples: Sequence[tuple[Mapping[str, object], Mapping[str, str]]]) -> list[str]:
    return [one.en.removeprefix("no example speaks of ") for one in unspoken(CODE, localities=locality(examples))]


def test_examples_that_speak_of_every_outcome_value_and_bound_leave_nothing_unspoken() -> None:
    assert lacking(TOLD) == []


@pytest.mark.parametrize(
    ("left_out", "unsaid"),
    [
        (0, ["tier/T1: tier"]),
        (1, ["tier/T2: tier"]),
        (2, ["tier/T3: severity = complex"]),
        (3, ["tier/T3: severity = major"]),
        (4, ["deadlines/D1: arrive", "deadlines/D1: resolve"]),
    ],
)
def test_whatever_one_example_alone_spoke_of_is_named_without_it(left_out: int, unsaid: list[str]) -> None:
    assert lacking(TOLD[:left_out] + TOLD[left_out + 1 :]) == unsaid


@pytest.mark.parametrize(("people", "unsaid"), [(28, ["tier/T1: people = 29"]), (29, [])])
def test_a_bound_is_spoken_of_by_the_number_next_to_it(people: int, unsaid: list[str]) -> None:
    assert lacking([({"severity": "general", "people": people}, {"tier": "3"}), *TOLD[1:]]) == unsaid
    assert lacking([*TOLD[:1], ({"people": 31}, {"tier": "2"}), *TOLD[2:]]) == ["tier/T2: people = 30"]


def test_an_example_speaks_only_of_what_it_expects() -> None:
    assert lacking([*TOLD[:4], ({}, {"clock:resolve": "3d"})]) == ["deadlines/D1: arrive"]


def test_a_rule_that_a_hook_goes_before_is_not_spoken_of() -> None:
    localities = locality(TOLD)
    (plugin,) = (layer.plugin for layer in localities.layers(CODE) if layer.code == CODE)
    plugin.governflow_tier = hookimpl(lambda case: Ruling(Tier.THREE, Text("always", "一律"), "always"))
    again = Localities()
    again.register(CODE, plugin)
    assert [one.en for one in unspoken(CODE, localities=again)] == [
        f"no example speaks of tier/{rule}: tier" for rule in ("T1", "T2", "T3")
    ]


def test_examples_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "examples.csv"
    file.write_text(
        "严重程度,涉及人数,→事项等级,来源\n一般,29,三级,x\n一般,30,二级,x\n复杂,,一级,x\n", encoding="utf-8"
    )
    left = unspoken(CODE, localities=locality(file, {"tier": TIER}))
    assert [one.zh for one in left] == ["没有算例涉及 tier/T3：severity = major"]


def test_rules_that_nobody_shipped_an_example_for_are_all_named() -> None:
    assert lacking([]) == [
        "tier/T1: tier",
        "tier/T2: tier",
        "tier/T3: tier",
        "deadlines/D1: arrive",
        "deadlines/D1: resolve",
    ]
