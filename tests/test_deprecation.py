"""Names of the release before go on working, and say what they are called now."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from governflow.model.case import Case
from governflow.model.clocks import Clock
from governflow.model.terms import Kind
from governflow.policy.hookspecs import Escalation

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
