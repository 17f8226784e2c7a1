"""How a case is said to a reader: its moments in its own zone, its names in one language, what is private masked."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from governflow.pages import deadline, spoken
from governflow.policy import Policy
from governflow.text import Text

ERASED = Text("erased on request", "已应要求删除")


class Voice:
    """Says what a locality's policy names, in one language.

    Args:
        lang: ``"zh"`` or ``"en"``.
        zone: The zone of the case, in which its moments are said.
        policy: Knows the names.
        safe: Masks what the reader may not see.
    """

    def __init__(self, lang: str, zone: ZoneInfo, policy: Policy, safe: Callable[[str], str]) -> None:
        self.lang, self.zone, self.policy, self.safe = lang, zone, policy, safe

    def t(self, en: str, zh: str) -> str:
        """Say a text of our own."""
        return Text(en, zh).say(self.lang)

    def local(self, moment: datetime) -> datetime:
        """Give a moment in the case's zone, its offset fixed: two moments in one zone would compare by their hands."""
        local = moment.astimezone(self.zone)
        return local.replace(tzinfo=timezone(local.utcoffset() or timedelta(), local.tzname() or ""))

    def when(self, moment: datetime) -> str:
        """Say a moment."""
        return spoken(self.local(moment))

    def by_when(self, due: datetime) -> str:
        """Say a due moment."""
        return deadline(self.local(due))

    def unit(self, unit: str) -> str:
        """Say the name of a unit, or that there is none."""
        return self.safe(self.policy.units.name(unit).say(self.lang)) if unit else "—"

    def name(self, word: str) -> str:
        """Say a word of the policy: a state, an action, a clock."""
        return self.safe(self.policy.name(word).say(self.lang))

    def clock(self, name: str, cycle: int = 1) -> str:
        """Say a clock, and its cycle where it is not the first."""
        told = self.name(name)
        return told if cycle == 1 else self.t(f"{told} ({cycle})", f"{told}（第{cycle}次）")

    def mark(self, mark: str) -> str:
        """Say ``name#cycle``."""
        name, _, cycle = mark.rpartition("#")
        return self.clock(name, int(cycle)) if name and cycle.isdigit() else self.clock(mark)

    def join(self, parts: Iterable[str]) -> str:
        """Put parts in a row."""
        return self.t(", ", "、").join(parts)

    def pair(self, label: Text, value: str) -> str:
        """Put a label before a value."""
        return label.say(self.lang) + self.t(": ", "：") + value


def times(number: int) -> str:
    """Say in English how often."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
