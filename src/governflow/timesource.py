"""The only module that asks the machine what time it is or for randomness: the engine is given both."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from governflow.errors import CommandError

Entropy = Callable[[], bytes]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class TimeSource(Protocol):
    """Where the engine learns the time when a command does not say it."""

    def now(self) -> datetime:
        """Return the present moment, timezone-aware."""
        ...


class SystemClock:
    """The machine's own clock, in UTC."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this module owns the clock


def salt() -> bytes:
    """Return 16 random bytes: the salt of a commitment to personal data."""
    return os.urandom(16)


def in_utc(moment: datetime) -> datetime:
    """Bring a moment to UTC, the one zone in which events keep time.

    Raises:
        CommandError: If the moment has no zone.
    """
    if isinstance(moment, datetime) and moment.tzinfo is UTC:
        return moment
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise CommandError(
            f"{moment!s} is no time with a zone: give an aware datetime, for instance one with +08:00",
            f"{moment!s} 不是带时区的时间：请注明时区，例如 +08:00",
        )
    return moment.astimezone(UTC)


def to_micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, exactly."""
    return (moment - _EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the moment in UTC that so many microseconds since 1970 are."""
    return _EPOCH + timedelta(microseconds=micros)


def zone_named(name: str) -> ZoneInfo | None:
    """Return the zone of an IANA name, or None where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):  # not found; no proper name; the name of a directory; no text
        return None


# --- for tests: a clock that stands still, and entropy that is none ---------------------------------------------------


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
        """Move it on and return where it stands then, in UTC."""
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
