"""What locality authors test their rules with; public and supported."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from governflow.timesource import in_utc

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.stateful import RuleBasedStateMachine
    from hypothesis.strategies import SearchStrategy

    from governflow.engine.engine import Engine
    from governflow.policy.registry import Localities
    from governflow.policy.stack import Policy
    from governflow.text import Text


class ManualClock:
    """A clock that stands still until it is told otherwise.

    Args:
        start: Where it stands at first, timezone-aware.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> clock = ManualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
        >>> clock.tick(timedelta(minutes=5)).isoformat()
        '2026-01-05T09:05:00+00:00'
    """

    def __init__(self, start: datetime) -> None:
        self._now = in_utc(start)

    def now(self) -> datetime:
        """Return where it stands, in UTC."""
        return self._now

    def tick(self, span: timedelta) -> datetime:
        """Move it on and give where it stands then."""
        self._now += span
        return self._now

    def set(self, moment: datetime) -> None:
        """Put it to a moment, also an earlier one."""
        self._now = in_utc(moment)


def counted() -> "Counted":
    """Return entropy that is no entropy: 16 bytes that count up, so that two engines make the same commitments."""
    return Counted()


class Counted:
    """Entropy for tests: see `counted`."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self) -> bytes:
        """Return the next 16 bytes."""
        self._count += 1
        return self._count.to_bytes(16, "big")


def engine(clock: ManualClock | None = None, *, localities: "Localities | None" = None) -> "Engine":
    """Return a fresh engine in memory for a test, its entropy counted: the same commands leave the same ledger.

    Args:
        clock: What ``at=None`` means; one that stands at Monday 2026-03-02 09:00 in Shanghai by default.
        localities: Where your locality is registered; the installed ones by default.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> from governflow import testing
        >>> clock = testing.ManualClock(datetime(2026, 9, 30, 8, tzinfo=UTC))
        >>> with testing.engine(clock) as engine:
        ...     case = engine.report(text="dark")
        ...     clock.tick(timedelta(minutes=6)).isoformat()
        ...     [event.kind for event in engine.advance()]
        '2026-09-30T08:06:00+00:00'
        ['warned', 'breached', 'urged']
    """
    from governflow.charter.subject import BEGIN
    from governflow.engine.engine import Engine

    return Engine.open(clock=clock or ManualClock(BEGIN), entropy=counted(), localities=localities)


def cases(locality: "str | Policy", *, localities: "Localities | None" = None) -> "SearchStrategy[dict[str, Any]]":
    """Return a Hypothesis strategy of cases, cut at the boundaries of a locality's own tables, units and hooks.

    Args:
        locality: Its code, or its policy.
        localities: Where the code is registered; the installed ones by default.

    Returns:
        Keyword arguments for `Engine.report`, facts among them.
    """
    from governflow.testing.strategies import cases

    return cases(locality, localities)


def journals(
    locality: "str | Policy",
    *,
    localities: "Localities | None" = None,
    cases: int = 3,
    rows: int = 20,
    begin: datetime | None = None,
) -> "SearchStrategy[list[dict[str, str]]]":
    """Return a Hypothesis strategy of journals that tell whole lives in legal order, in a locality's own words.

    Args:
        locality: Its code, or its policy.
        localities: Where the code is registered; the installed ones by default.
        cases: How many cases a journal tells of at most.
        rows: How many rows follow the first report at most.
        begin: When the first case is reported, timezone-aware; Monday 2026-03-02 09:00 in Shanghai by default.

    Returns:
        Rows, heading to cell; `written` makes a file of them. ``governflow run`` takes every one of them.
    """
    from governflow.testing.strategies import USUAL, journals

    return journals(locality, localities, most=cases, rows=rows, begin=begin or USUAL)


def written(rows: "list[dict[str, str]]", path: "Path") -> "Path":
    """Write the rows of a journal into a CSV file.

    Args:
        rows: The rows, as `journals` draws them.
        path: The file.

    Returns:
        The file.
    """
    from governflow.testing.strategies import written

    return written(rows, path)


def policies() -> "SearchStrategy[Policy]":
    """Return a Hypothesis strategy of lawful invented localities: chart, tables, zone, lifecycle, sometimes a hook.

    Returns:
        Policies; `registered` gives the localities to which tools look them up.
    """
    from governflow.testing.invented_localities import policies

    return policies()


def registered(policy: "Policy") -> "Localities":
    """Return localities in which the plugins of a policy are registered.

    Args:
        policy: The policy, as `policies` draws it.
    """
    from governflow.testing.strategies import registered

    return registered(policy)


def lives(
    locality: "str | Policy", *, localities: "Localities | None" = None, without: "Collection[str]" = ()
) -> "type[RuleBasedStateMachine]":
    """Return a Hypothesis state machine that lives whole lives of a locality's cases and holds the laws against them.

    Its rules are all that can happen: any legal action, time that passes, switches of the mode, musters, outages, hooks
    that fail for a while. Its invariants are the laws of the charter on lives.

    Args:
        locality: Its code, or its policy.
        localities: Where the code is registered; the installed ones by default.
        without: The ids of laws that are not looked at: those that the locality waives.

    Returns:
        The machine; its ``TestCase`` is a test for pytest and unittest.

    Example:
        ``TestLives = governflow.testing.lives("371621").TestCase``
    """
    from governflow.testing.state_machine import lives_of

    return lives_of(locality, localities, without)


def unspoken(code: str, *, localities: "Localities | None" = None) -> "tuple[Text, ...]":
    """Name the rules of a locality's own decision tables that no worked example of it speaks of.

    An example speaks of a rule that rules on it, of the outcomes that it expects, and of the values that it has in the
    rule's conditions: every one of a list, and the whole numbers on the inner side of each bound.

    Args:
        code: Its code.
        localities: Where it is registered; the installed ones by default.

    Returns:
        A sentence for each rule, outcome or value that is not spoken of. Rules of the ladder are left out, and those
        that ask for a form of handling: no report tells either.

    Raises:
        PolicyError: If the rules cannot be used.

    Example:
        ``assert governflow.testing.unspoken("371621") == ()``
    """
    from governflow.policy.registry import Localities
    from governflow.testing.example_coverage import unspoken

    return unspoken((localities or Localities()).policy(code))


def conformance(
    code: str,
    *,
    localities: "Localities | None" = None,
    level: str = "certify",
    seconds: float | None = None,
    lang: str | None = None,
) -> Callable[[str], None]:
    """Return a test function with one test for each law of the charter; needs pytest.

    Args:
        code: The locality's code.
        localities: Where it is registered; the installed ones by default.
        level: ``certify`` or ``search``: see ``governflow check``.
        seconds: How long each law may look at the level ``search``.
        lang: The language of what a failure tells, ``"zh"`` or ``"en"``; the machine's by default.

    Returns:
        A test function, to be given a name that begins with ``test_``.

    Example:
        ``test_charter = governflow.testing.conformance("371621")``
    """
    import pytest

    from governflow.charter.check import laws
    from governflow.testing.conformance_tests import examine

    @pytest.mark.parametrize("law", list(laws()))
    def test_charter(law: str) -> None:
        examine(code, law, localities=localities, level=level, seconds=seconds, lang=lang)

    return test_charter


__all__ = [
    "Counted",
    "ManualClock",
    "cases",
    "conformance",
    "counted",
    "engine",
    "journals",
    "lives",
    "policies",
    "registered",
    "unspoken",
    "written",
]
