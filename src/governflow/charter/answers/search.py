"""Cases that Hypothesis draws, for as long as a search is given, and the smallest that it finds (随机搜索).

The same seed draws the same cases. How long that goes on, the clock says: so what is drawn last may differ.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any

from governflow.charter.cases.systematic import strategy, written
from governflow.charter.model import Failure

if TYPE_CHECKING:
    from governflow.charter.answers.collect import Look
    from governflow.charter.subject import ReportedCase, Subject

#: So many cases are drawn before somebody looks at the clock again.
_AT_ONCE = 50


def drawn(subject: "Subject") -> Iterator["ReportedCase"]:
    """Draw cases until the subject's time is up."""
    number = 0
    while not subject.late:
        some: list[ReportedCase] = []
        _draw(subject, number, some.append)
        yield from some
        number += 1


def searched(
    subject: "Subject", look: "Look", known: set[Hashable], at_most: int
) -> Iterator[tuple[Hashable, Failure]]:
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
            told: "ReportedCase", seen: dict[str, dict[Hashable, Failure]] = seen, wanted: list[Hashable] = wanted
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


def _draw(subject: "Subject", number: int, take: "Callable[[Any], object]") -> None:
    from hypothesis import HealthCheck, Phase, given, seed, settings  # only a search needs it

    def test(told: "ReportedCase") -> None:
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
