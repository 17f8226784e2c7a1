"""What locality authors test their rules with; public and supported."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from governflow.timekeeping import in_utc

if TYPE_CHECKING:
    from governflow.localities import Localities


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
        """Give where it stands, in UTC."""
        return self._now

    def tick(self, span: timedelta) -> datetime:
        """Move it on and give where it stands then."""
        self._now += span
        return self._now

    def set(self, moment: datetime) -> None:
        """Put it to a moment, also an earlier one."""
        self._now = in_utc(moment)


def counted() -> "Counted":
    """Give entropy that is no entropy: 16 bytes that count up, so that two engines make the same commitments."""
    return Counted()


class Counted:
    """Entropy for tests: see `counted`."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self) -> bytes:
        """Give the next 16 bytes."""
        self._count += 1
        return self._count.to_bytes(16, "big")


def conformance(
    code: str,
    *,
    localities: "Localities | None" = None,
    level: str = "certify",
    seconds: float | None = None,
    lang: str | None = None,
) -> Callable[[str], None]:
    """Give a test function with one test for each law of the charter; needs pytest.

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

    from governflow.charter import laws
    from governflow.testing.verdicts import examine

    @pytest.mark.parametrize("law", list(laws()))
    def test_charter(law: str) -> None:
        examine(code, law, localities=localities, level=level, seconds=seconds, lang=lang)

    return test_charter


__all__ = ["Counted", "ManualClock", "conformance", "counted"]
