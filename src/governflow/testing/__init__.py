"""What locality authors test their rules with; public and supported."""

from datetime import datetime, timedelta

from governflow.timekeeping import in_utc


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


__all__ = ["Counted", "ManualClock", "counted"]
