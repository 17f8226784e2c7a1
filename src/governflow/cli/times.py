"""Times that are typed on the command line, in the wall time of a locality."""

from datetime import datetime
from zoneinfo import ZoneInfo

from governflow.errors import CommandError
from governflow.journal.times import LocalTimes
from governflow.normalize import ValueFault


def read_time(option: str, text: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Read a time as journals write it.

    Args:
        option: The option that it was given with, for the sentence about a fault.
        text: What was typed.
        zone: The zone of a time without an offset.

    Returns:
        The moment in UTC, and whether it was a date without a time: then it is the end of that day.

    Raises:
        CommandError: If it is no time.
    """
    try:
        return LocalTimes(zone).read(text.strip())
    except ValueFault as fault:
        raise CommandError(
            f"{option} {text!r}: {fault.reason.en}; allowed: {fault.allowed.en}",
            f"{option} “{text}”：{fault.reason.zh}；应为：{fault.allowed.zh}",
        ) from None
