"""Names of the release before go on working, and say what they are called now."""

import importlib
import inspect
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

import governflow
from governflow.model.case import Case
from governflow.model.clocks import Clock
from governflow.model.terms import Kind
from governflow.policy.hookspecs import Escalation, Example
from governflow.policy.registry import Localities
from governflow.tables import Catalogue, Table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLOCK = Clock("arrive", 1, NOON, NOON, "40min", missed_at=NOON, next_rung_at=NOON, calendar_unknown=True)
CASE = Case(
    "c", last_changed_at=NOON, first_receiver="elm", suspended_from="claimed", suspended_until=NOON, next_event_at=NOON
)
RUNG = Escalation(Kind.URGE, "elm", None, timedelta(days=1))


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        (CLOCK, "fell", "missed_at"),
        (CLOCK, "climb", "next_rung_at"),
        (CLOCK, "flagged", "calendar_unknown"),
        (CASE, "moved", "last_changed_at"),
        (CASE, "first", "first_receiver"),
        (CASE, "origin", "suspended_from"),
        (CASE, "until", "suspended_until"),
        (CASE, "next", "next_event_at"),
        (RUNG, "again", "next_after"),
        (Example({"item": "路灯"}, {"tier": "3"}, "公告"), "told", "case"),
    ],
)
def test_an_old_attribute_is_read_and_names_the_new_one(value: object, old: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=rf"{type(value).__name__}\.{old} is called {new} now"):
        assert getattr(value, old) == getattr(value, new)


def test_an_escalation_takes_the_old_keyword() -> None:
    with pytest.warns(DeprecationWarning, match="next_after"):
        made = Escalation(kind=Kind.URGE, to="elm", form=None, again=timedelta(days=1))
    assert made == RUNG
    with pytest.warns(DeprecationWarning, match="next_after"):
        assert attrs.evolve(made, again=None).next_after is None


def test_a_worked_example_takes_the_old_keyword() -> None:
    with pytest.warns(DeprecationWarning, match=r"Example\(told=...\) is called case now"):
        made = Example(told={"item": "路灯"}, expect={"tier": "3"}, source="公告")
    assert made == Example(case={"item": "路灯"}, expect={"tier": "3"}, source="公告")


@pytest.mark.parametrize("kind", [Catalogue, Table])
def test_tables_and_catalogues_are_made_again_by_the_old_keyword(kind: type[Catalogue] | type[Table]) -> None:
    kept = {
        Catalogue: {"entries": []},
        Table: {"name": "tier", "hit": "first", "columns": [], "gives": [], "outcomes": ["tier"], "rules": []},
    }[kind]
    with pytest.warns(DeprecationWarning, match=rf"{kind.__name__}\.from_json\(told=...\) is called content now"):
        made = kind.from_json(told=kept)  # type: ignore[call-arg]
    assert made.as_json() == kept


def test_a_code_is_asked_for_by_the_old_keyword() -> None:
    with pytest.warns(DeprecationWarning, match=r"require_code\(told=...\) is called code now"):
        assert Localities().require_code(told=" ３７１６２１ ") == "371621"  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("changes.compare", "Row", "ChangeGroup"),
        ("policy.registry", "Found", "FoundLocality"),
        ("stores", "Entry", "LedgerEntry"),
        ("stores.store", "Entry", "LedgerEntry"),
        ("stores.store", "Step", "LedgerStep"),
    ],
)
def test_a_class_that_was_renamed_is_found_by_its_old_name(module: str, old: str, new: str) -> None:
    home = importlib.import_module(f"governflow.{module}")
    with pytest.warns(DeprecationWarning, match=rf"governflow\.{module}\.{old} is called {new} now"):
        assert getattr(home, old) is getattr(home, new)
    with pytest.raises(AttributeError, match=f"module 'governflow.{module}' has no attribute 'nothing'"):
        _ = home.nothing


MOVED = {
    "allowances": "Allowance",
    "case": "Case fold",
    "clocks": "DUTY LAPSES LASTS PAUSES STATUTE Clock ClockSpec Decided Plan",
    "defaults": "ANSWER ROOT WHOLE",
    "digests": "digest",
    "events": "Actor Event commitment link",
    "hookspecs": "Allowed Breach Context Deadlines Demo Escalation Locality Merit Refused Route Ruling Waiver hookimpl",
    "lifecycle": "BASE SAME Action Lifecycle Row Way",
    "localities": "Localities",
    "merits": "award balances",
    "musters": "Muster",
    "packaged": "tables",
    "roles": "ON_THE_SPOT only",
    "special": "special_report",
    "terms": "Form Kind Outcome Severity Tier Urgency Verdict",
    "units": "INTAKE ROLES OrgChart Unit",
    "whistles": "summonses",
}


@pytest.mark.parametrize("module", MOVED)
def test_a_module_that_was_moved_still_gives_its_names(module: str) -> None:
    old = importlib.import_module(f"governflow.{module}")
    for name in MOVED[module].split():
        with pytest.warns(DeprecationWarning, match=rf"{name} is called governflow\.[\w.]+ now"):
            assert getattr(old, name) is not None
    with pytest.raises(AttributeError, match="there is no 'nothing' here"):
        _ = old.nothing


def test_every_module_that_was_moved_is_tried() -> None:
    package = Path(governflow.__file__).parent
    assert {path.stem for path in package.glob("[a-z]*.py") if "names_moved_to" in path.read_text()} == set(MOVED)


def test_what_became_a_package_still_gives_its_names() -> None:
    from governflow.engine import Engine
    from governflow.reports import Report, escalations, lives
    from governflow.run import run

    assert Engine is governflow.Engine
    assert all(map(callable, (Report, escalations, lives, run)))


def test_whoever_looks_over_the_classes_is_not_warned() -> None:
    # Warnings are errors here: tools that list the members of a class have read nothing yet.
    assert {"fell", "next"} <= {name for of in (Case, Clock) for name, _ in inspect.getmembers(of)}
