"""Lives that Hypothesis draws, for as long as a search is given, and the shortest that it finds (随机走查)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.errors import Flaky

from governflow.charter.answers.collect import draw
from governflow.charter.cases.strategy import strategy
from governflow.charter.lives.scenarios import wander
from governflow.charter.lives.simulation import SimulatedCase
from governflow.charter.subject import Subject

#: So many lives are drawn before Hypothesis begins anew: what it learns from the first ones leads it to the others.
_AT_ONCE = 200


class _Found(Exception):
    """A life shows a fault that was not known yet."""


class _TimeIsUp(BaseException):
    """The search has had its time; Hypothesis takes this for no fault of a life."""


def searched(subject: Subject, key: Callable[[SimulatedCase], str], known: set[str]) -> Iterator[SimulatedCase]:
    """Draw lives until the subject's time is up, and give the shortest that Hypothesis finds for each fault.

    The same seed draws the same lives; how many of them, the clock says.

    Args:
        subject: The locality.
        key: What is wrong with a life; empty for one that is sound.
        known: Faults that were found before; those that are found now are added.
    """
    number = 0
    while not subject.late:
        number += 1
        live = _Live(subject, key, known)
        # Rules that answer otherwise the second time cannot be shrunk: what was found stands.
        with suppress(_Found, _TimeIsUp, Flaky):
            draw(st.data(), live, f"{subject.seed}/{number}", _AT_ONCE)
        if live.found:
            known.add(live.wanted)
            yield min(live.found, key=lambda life: len(life.scenario.steps))


class _Live:
    """Lives one life, and stops the search where it shows a fault; from then on only that fault counts."""

    def __init__(self, subject: Subject, key: Callable[[SimulatedCase], str], known: set[str]) -> None:
        self.subject, self.key, self.known = subject, key, known
        self.wanted, self.found = "", list[SimulatedCase]()

    def __call__(self, data: st.DataObject) -> None:
        if self.subject.late:
            raise _TimeIsUp
        life = drawn(self.subject, data)
        self.subject.tried()
        what = self.key(life)
        if what and what not in self.known and what == (self.wanted or what):
            self.wanted = what
            self.found.append(life)
            raise _Found


def drawn(subject: Subject, data: st.DataObject) -> SimulatedCase:
    """Draw one life: the case that is told, and what is done to it."""

    def choose(some: Sequence[Any]) -> Any:
        return data.draw(st.sampled_from(some))

    return wander(subject, data.draw(strategy(subject.policy)), choose)
