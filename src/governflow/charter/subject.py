"""What is checked: one locality, its rules, and how far to look (检验对象)."""

import time
from collections.abc import Callable, Iterator
from copy import copy
from datetime import datetime
from functools import cached_property
from itertools import tee
from typing import Any, TypeVar

import attrs

from governflow.charter.cases.reported import BEGIN, ReportedCase
from governflow.charter.cases.systematic import anywhen
from governflow.engine.engine import Engine
from governflow.model.case import Case
from governflow.model.terms import Mode
from governflow.policy.hookspecs import Context
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.text import Text
from governflow.timesource import ManualClock, counted

_Known = TypeVar("_Known")


@attrs.define(eq=False, slots=False)
class Subject:
    """One locality under examination.

    Args:
        localities: Where it is registered or installed.
        code: Its code.
        level: ``certify`` (deterministic) or ``search`` (random).
        seed: What chance starts from at the level ``search``.
        seconds: How long a law may look at the level ``search``.
        only: The one case to look at; None for all of them.
    """

    localities: Localities
    code: str
    level: str = attrs.field(default="certify", kw_only=True)
    seed: int = attrs.field(default=0, kw_only=True)
    seconds: float = attrs.field(default=10.0, kw_only=True)
    only: ReportedCase | None = attrs.field(default=None, kw_only=True)
    #: What goes on beside the laws, by name.
    begun: dict[str, Any] = attrs.field(factory=dict, init=False)
    _known: dict[Callable[["Subject"], Any], Any] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.begin()

    @cached_property
    def policy(self) -> Policy:
        """Its rules."""
        return self.localities.policy(self.code)

    def once(self, find: Callable[["Subject"], _Known]) -> _Known:
        """Return what several laws go by: found once, and kept as long as this is looked at."""
        if find not in self._known:
            self._known[find] = find(self)
        found: _Known = self._known[find]
        return found

    def stream(self, find: Callable[["Subject"], Iterator[_Known]]) -> Iterator[_Known]:
        """Return what several laws look at one after the other: found once, as far as somebody has looked."""
        if find not in self._known:
            (self._known[find],) = tee(find(self), 1)
        again: Iterator[_Known] = copy(self._known[find])
        return again

    def begin(self) -> None:
        """Begin to look at a law: nothing is counted yet, and the time that a search has begins to run."""
        self.examples = 0
        self.note: Text | None = None
        self._end = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        """How many seconds a search still has."""
        return max(0.0, self._end - time.monotonic())

    @property
    def late(self) -> bool:
        """Whether the time of a search is up; the level ``certify`` has all the time that it needs."""
        return self.level == "search" and not self.left

    @cached_property
    def anywhen(self) -> list[ReportedCase]:
        """The cases of the level ``certify`` at many moments and at every unit, for laws on single rulings."""
        return list(anywhen(self.policy))

    def dismiss(self) -> None:
        """End what was begun and that nobody waits for any more."""
        for one in self.begun.values():
            one.stop()
        self.begun.clear()

    def tried(self) -> None:
        """Count one example."""
        self.examples += 1

    def context(self, case: Case, mode: Mode = Mode.NORMAL, at: datetime = BEGIN) -> Context:
        """Return what hooks may know beside a case."""
        return self.policy.context(case, mode, at)

    def engine(self) -> Engine:
        """Return a fresh engine in memory whose clock stands at `BEGIN`."""
        return Engine.open(clock=ManualClock(BEGIN), entropy=counted(), localities=self.localities)
