"""What locality authors test their rules with; public and supported."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from governflow._names import loaded_when_used
from governflow.errors import CommandError
from governflow.timesource import Counted, ManualClock, counted

if TYPE_CHECKING:
    from governflow.charter.answers.examples import unspoken
    from governflow.charter.check import CharterCheck
    from governflow.engine.engine import Engine
    from governflow.policy.registry import Localities
    from governflow.testing.invented_localities import policies
    from governflow.testing.state_machine import lives
    from governflow.testing.strategies import cases, journals, registered, written


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
    from governflow.charter.cases.reported import BEGIN
    from governflow.engine.engine import Engine

    return Engine.open(clock=clock or ManualClock(BEGIN), entropy=counted(), localities=localities)


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

    @pytest.mark.parametrize("law", list(laws()))
    def test_charter(law: str) -> None:
        examine(code, law, localities=localities, level=level, seconds=seconds, lang=lang)

    # The pytest plugin groups the tests that share one check by it.
    test_charter.governflow_code = code  # type: ignore[attr-defined]
    return test_charter


def examine(
    code: str,
    law: str,
    *,
    localities: "Localities | None" = None,
    level: str = "certify",
    seconds: float | None = None,
    lang: str | None = None,
) -> None:
    """Pass, fail or skip the test of one law; see `conformance` for the arguments.

    The laws of one locality share one check for as long as no other one is asked for: what one law finds out is kept
    for the next, so that all of them take hardly longer than the slowest few.

    Raises:
        CommandError: If no plugin speaks for the code.
        PolicyError: If the rules cannot be used at all.
    """
    import pytest

    from governflow.charter.check import CheckReport, laws
    from governflow.charter.report import text

    lang = lang or text.reader_lang()
    check = _shared_check(localities, code, level, seconds)
    localities = check.subject.localities
    if not localities.known(code):  # a typing error in the code must not be a green test of somebody else's rules
        raise CommandError(
            f"nobody registered {code!r}: `governflow localities` lists the codes that have rules of their own",
            f"没有登记“{code}”：governflow localities 列出有自己规则的代码",
        )
    (verdict,) = check.verdicts([laws()[law]])
    if verdict.note is not None:  # a green test must not hide what could not be looked at
        warnings.warn(f"{law}: {verdict.note.say(lang)}", UserWarning, stacklevel=2)
    if verdict.outcome == "waived":
        pytest.skip(text.result(verdict).say(lang))
    if verdict.outcome == "failed":
        report = CheckReport(code, check.rules, level, (verdict,))
        pytest.fail(text.failed(text.CheckedLocality.of(localities, report, what=code), verdict, lang), pytrace=False)


#: The check that goes on, with what is checked and how: at most one, as tests of one locality follow one another.
_going_on: list[tuple[object, "CharterCheck"]] = []


def _shared_check(localities: "Localities | None", code: str, level: str, seconds: float | None) -> "CharterCheck":
    from governflow.charter.check import SECONDS, CharterCheck, Subject
    from governflow.policy.registry import Localities

    # Where plugins were registered since, it is another check.
    wanted = (localities, dict(localities.registered) if localities is not None else None, code, level, seconds)
    if _going_on and _going_on[0][0] == wanted:
        return _going_on[0][1]
    end_check()
    time_each = SECONDS if seconds is None else seconds
    check = CharterCheck(Subject(localities or Localities(), code, level=level, seconds=time_each))
    _going_on.append((wanted, check))
    return check


def end_check() -> None:
    """End what the tests of `conformance` began and no test waits for any more."""
    while _going_on:
        _going_on.pop()[1].close()


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

#: What draws at random needs Hypothesis: it is loaded when it is first used.
__getattr__ = loaded_when_used(
    __name__,
    __all__,
    "charter.answers.examples",
    "testing.strategies",
    "testing.invented_localities",
    "testing.state_machine",
)
