"""The stream of cases of a check, and the search with Hypothesis for the smallest case that shows a fault (随机搜索).

The same seed draws the same cases. How long that goes on, the clock says: so what is drawn last may differ.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from governflow.charter.cases.reported import ReportedCase, timeless, written
from governflow.charter.cases.strategy import strategy
from governflow.charter.cases.systematic import timed
from governflow.charter.model import Failure
from governflow.charter.subject import Subject

#: What a law finds wrong with one case: what makes it the same fault in another case, and the failure to report.
Fault = tuple[Hashable, Failure]
Look = Callable[[ReportedCase], Iterable[Fault]]

#: So many cases are drawn before somebody looks at the clock again.
_AT_ONCE = 50


def told(subject: Subject) -> Iterator[ReportedCase]:
    """Return admissible cases told at the usual moment, none twice: the simplest first, or the only one to look at.

    At the level ``search`` the stream goes on until the subject's time is up.
    """
    if subject.only is not None:
        yield subject.only
        return
    seen: set[str] = set()
    for case in map(timeless, _stream(subject)):
        if subject.late:
            return
        if (key := written(case)) not in seen:
            seen.add(key)
            yield case


def _stream(subject: Subject) -> Iterator[ReportedCase]:
    yield from timed(subject.policy)
    if subject.level == "search":
        yield from drawn(subject)


def drawn(subject: Subject) -> Iterator[ReportedCase]:
    """Draw cases until the subject's time is up."""
    number = 0
    while not subject.late:
        some: list[ReportedCase] = []
        _draw(subject, number, some.append)
        yield from some
        number += 1


def searched(subject: Subject, look: Look, known: set[Hashable], at_most: int) -> Iterator[tuple[Hashable, Failure]]:
    """Draw cases until the time is up and look at each; Hypothesis makes the case of each fault as small as it can.

    Args:
        subject: What is checked.
        look: Finds the faults of a case.
        known: Faults that were found before; those that are found now are added.
        at_most: So many faults are enough.
    """
    number = 0
    while not subject.late and len(known) < at_most:
        seen: dict[str, dict[Hashable, Failure]] = {}
        wanted: list[Hashable] = []

        def test(
            told: ReportedCase, seen: dict[str, dict[Hashable, Failure]] = seen, wanted: list[Hashable] = wanted
        ) -> None:
            key = written(told)
            if key not in seen:
                if subject.late:
                    return
                subject.tried()
                seen[key] = dict(look(told))
            if not wanted:
                wanted += [fault for fault in seen[key] if fault not in known][:1]
            if wanted and wanted[0] in seen[key]:
                raise _Found

        try:
            _draw(subject, number, test)
        except _Found:
            fault = wanted[0]
            known.add(fault)
            yield (
                fault,
                min(
                    (found[fault] for found in seen.values() if fault in found), key=lambda one: len(written(one.case))
                ),
            )
        number += 1


class _Found(Exception):
    """A case shows a fault: the search found what it looked for."""


def _draw(subject: Subject, number: int, take: Callable[[Any], object]) -> None:
    from hypothesis import HealthCheck, Phase, given, seed, settings  # only a search needs it

    def test(told: ReportedCase) -> None:
        take(told)

    drawing = given(strategy(subject.policy))(test)
    drawing = settings(
        max_examples=_AT_ONCE,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )(drawing)
    seed(f"{subject.seed}/{number}")(drawing)()
