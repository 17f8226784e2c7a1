"""How a law asks about cases and gathers its failures (汇总): each fault once, by the smallest case that shows it.

At the level ``search`` Hypothesis goes on drawing cases. The same seed draws the same ones; how long that goes on, the
clock says: so what is drawn last may differ.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import count, islice
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from governflow.charter.answers.ask import Answer, asked
from governflow.charter.answers.compare import said
from governflow.charter.cases.reported import WHO, ReportedCase, smallest, written
from governflow.charter.cases.systematic import BUDGET, strategy
from governflow.charter.model import MOST, Failure
from governflow.charter.subject import Subject
from governflow.errors import described
from governflow.isolation.environment import fields_read
from governflow.policy.stack import Policy
from governflow.text import Text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_Shown = TypeVar("_Shown")
#: What a law finds wrong with one case: what makes it the same fault in another case, and the failure to report.
Fault = tuple[Hashable, Failure]
Look = Callable[[ReportedCase], Iterable[Fault]]


#: So many cases are drawn before somebody looks at the clock again.
_AT_ONCE = 50


@attrs.frozen
class FirstAnswer:
    """What the rules said of a case when they were first asked, or what asking raised; ``read`` is a part of `WHO`."""

    reported_case: ReportedCase
    answer: Answer | Exception
    read: frozenset[str]


def _asked(subject: Subject) -> dict[str, FirstAnswer]:
    return {}


def firsts(subject: Subject, cases: Iterable[ReportedCase]) -> list[FirstAnswer]:
    """Ask about cases, each once for all the laws that look at the answer; a search stops when its time is up."""
    known, keyed = subject.once(_asked), [(written(reported_case), reported_case) for reported_case in cases]
    if any(key not in known for key, _ in keyed):
        with fields_read(*WHO) as read:
            for key, reported_case in keyed:
                if subject.late:
                    break
                if key not in known:
                    read.clear()
                    known[key] = FirstAnswer(reported_case, _answered(subject.policy, reported_case), frozenset(read))
    return [known[key] for key, _ in keyed if key in known]


def _answered(policy: Policy, reported_case: ReportedCase) -> Answer | Exception:
    try:
        return asked(policy, reported_case)
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        return fault


def everything(subject: Subject) -> list[FirstAnswer]:
    """Ask about every case of the level ``certify``, at many moments and at every unit, or about the only one."""
    return firsts(subject, (subject.only,) if subject.only is not None else subject.anywhen)


def company(subject: Subject) -> list[ReportedCase]:
    """Return the simple cases of the level ``certify`` and a part of the rest: order may change an answer."""
    every = subject.anywhen
    simple = BUDGET // 7
    return every[:simple] + every[simple :: 1 + len(every) // simple]


def sample(subject: Subject) -> list[FirstAnswer]:
    """Ask about `company`, or about the one case that is given."""
    return firsts(subject, (subject.only,) if subject.only is not None else company(subject))


def found(subject: Subject, look: Look, cases: Iterable[ReportedCase]) -> Iterator[Failure]:
    """Look at cases and tell each fault once, by the smallest case that shows it; the smallest first.

    A search goes on with cases that Hypothesis draws, until its time is up. A failure that does not say what the rules
    said is told with all of it.
    """
    failures: dict[Hashable, Failure] = {}
    for reported_case in cases:
        if subject.late:
            break
        subject.tried()
        for key, failure in look(reported_case):
            if key not in failures:
                failures[key] = _smallest(look, key, failure)
        if len(failures) >= MOST:
            break
    if subject.level == "search" and subject.only is None:
        for key, failure in searched(subject, look, set(failures), MOST):
            failures[key] = _smallest(look, key, failure)
    for failure in sorted(failures.values(), key=size)[:MOST]:
        answer = _answered(subject.policy, failure.case) if not failure.said else None
        yield attrs.evolve(failure, said=said(subject.policy, answer.plain)) if isinstance(answer, Answer) else failure


def size(failure: Failure) -> int:
    """Return how much the case of a failure tells."""
    return len(written(failure.case))


def _smallest(look: Look, key: Hashable, failure: Failure) -> Failure:
    small = smallest(failure.case, lambda case: any(key == one for one, _ in look(case)))
    return next((other for one, other in look(small) if one == key), failure)


def batches(subject: Subject) -> Iterator[list[FirstAnswer]]:
    """Return the cases in batches: a sample of the level ``certify``, and what a search draws beside."""
    yield sample(subject)
    if subject.level == "search" and subject.only is None:
        cases = drawn(subject)
        while batch := list(islice(cases, BUDGET // 10)):
            yield firsts(subject, batch)


def raised(reported_case: ReportedCase, fault: Exception) -> Fault:
    """Tell that asking about a case broke off."""
    what = described(fault)
    return ("raised", type(fault).__name__), Failure(
        Text(f"asking about this case broke off: {what}", f"就该事项提问时中断：{what}"), reported_case
    )


# --- what Hypothesis draws --------------------------------------------------------------------------------------------


def drawn(subject: Subject) -> Iterator[ReportedCase]:
    """Draw cases until the subject's time is up."""
    number = 0
    while not subject.late:
        some: list[ReportedCase] = []
        draw(strategy(subject.policy), some.append, f"{subject.seed}/{number}", _AT_ONCE)
        yield from some
        number += 1


def searched(subject: Subject, look: Look, known: set[Hashable], at_most: int) -> Iterator[Fault]:
    """Draw cases and look at each, until the time is up or so many faults are known; see `drawn_faults`."""
    seen: dict[str, dict[Hashable, Failure]] = {}

    def once(reported_case: ReportedCase) -> dict[Hashable, Failure]:
        key = written(reported_case)
        if key not in seen:
            subject.tried()
            seen[key] = dict(look(reported_case))
        return seen[key]

    for fault in drawn_faults(subject, strategy(subject.policy), once, known, size, _AT_ONCE):
        yield fault
        if len(known) >= at_most:
            return


class _Found(Exception):
    """What was drawn shows a fault: the search found what it looked for."""


class _TimeIsUp(BaseException):
    """The search has had its time; Hypothesis takes this for no fault of what it draws."""


def drawn_faults(
    subject: Subject,
    some: "SearchStrategy[Any]",
    look: Callable[[Any], Mapping[Hashable, _Shown]],
    known: set[Hashable],
    size: Callable[[_Shown], int],
    most: int,
) -> Iterator[tuple[Hashable, _Shown]]:
    """Draw values until the time is up; Hypothesis makes what shows a fault as small as it can.

    Args:
        subject: What is checked.
        some: What is drawn.
        look: Returns the faults that a value shows, each with what is told of it.
        known: Faults that were found before; those that are found now are added.
        size: How small it is what shows a fault.
        most: So many values are drawn before Hypothesis begins anew: what it learns leads it to the others.
    """
    from hypothesis.errors import Flaky  # only a search needs it

    shown: dict[Hashable, list[_Shown]] = {}

    def test(value: Any) -> None:
        if subject.late:
            raise _TimeIsUp
        for fault, what in look(value).items():
            # From the first value that shows a fault, only that fault counts.
            if fault not in known and (not shown or fault in shown):
                shown.setdefault(fault, []).append(what)
                raise _Found

    for number in count():
        if subject.late:
            return
        shown.clear()
        # Rules that answer otherwise the second time cannot be shrunk: what was found stands.
        with suppress(_Found, _TimeIsUp, Flaky):
            draw(some, test, f"{subject.seed}/{number}", most)
        known.update(shown)  # the caller's set: it counts what is known
        yield from ((fault, min(found, key=size)) for fault, found in shown.items())


def draw(some: "SearchStrategy[Any]", take: Callable[[Any], object], from_seed: str, most: int) -> None:
    """Let Hypothesis draw values from a seed, and make smaller what raises as it is taken."""
    from hypothesis import HealthCheck, Phase, given, seed, settings  # only a search needs it

    def test(value: Any) -> None:
        take(value)

    drawing = settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )(given(some)(test))
    seed(from_seed)(drawing)()
