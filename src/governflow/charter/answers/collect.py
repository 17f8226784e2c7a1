"""How a law gathers its failures (汇总): each fault once, by the smallest case that shows it."""

from collections.abc import Hashable, Iterable, Iterator
from itertools import islice

import attrs

from governflow.charter.answers.ask import Answer, asked
from governflow.charter.answers.compare import said
from governflow.charter.answers.search import Fault, Look, drawn, searched
from governflow.charter.cases.dimensions import WHO
from governflow.charter.cases.reported import ReportedCase, smallest, written
from governflow.charter.cases.systematic import BUDGET
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.isolation.environment import fields_read
from governflow.policy.stack import Policy
from governflow.text import Text

#: So many failures of one law are told.
AT_MOST = 5


@attrs.frozen
class First:
    """What the rules said of a case when they were first asked.

    Args:
        told: The case.
        answer: What they said, or what asking raised.
        read: What of who asked was read (`WHO`).
    """

    told: ReportedCase
    answer: Answer | Exception
    read: frozenset[str]


def _asked(subject: Subject) -> dict[str, First]:
    return {}


def firsts(subject: Subject, cases: Iterable[ReportedCase]) -> list[First]:
    """Ask about cases, each once for all the laws that look at the answer; a search stops when its time is up."""
    known, keyed = subject.once(_asked), [(written(told), told) for told in cases]
    if any(key not in known for key, _ in keyed):
        with fields_read(*WHO) as read:
            for key, told in keyed:
                if subject.late:
                    break
                if key not in known:
                    read.clear()
                    answer = _answered(subject.policy, told)
                    known[key] = First(told, answer, frozenset(read))
    return [known[key] for key, _ in keyed if key in known]


def _answered(policy: Policy, told: ReportedCase) -> Answer | Exception:
    try:
        return asked(policy, told)
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        return fault


def everything(subject: Subject) -> list[First]:
    """Ask about every case of the level ``certify``, at many moments and at every unit, or about the only one."""
    return firsts(subject, (subject.only,) if subject.only is not None else subject.anywhen)


def company(subject: Subject) -> list[ReportedCase]:
    """Return the simple cases of the level ``certify`` and a part of the rest: order may change an answer."""
    every = subject.anywhen
    simple = BUDGET // 7
    return every[:simple] + every[simple :: 1 + len(every) // simple]


def sample(subject: Subject) -> list[First]:
    """Ask about `company`, or about the one case that is given."""
    return firsts(subject, (subject.only,) if subject.only is not None else company(subject))


def found(subject: Subject, look: Look, cases: Iterable[ReportedCase]) -> Iterator[Failure]:
    """Look at cases and tell each fault once, by the smallest case that shows it; the smallest first.

    A search goes on with cases that Hypothesis draws, until its time is up. A failure that does not say what the rules
    said is told with all of it.
    """
    failures: dict[Hashable, Failure] = {}
    for told in cases:
        if subject.late:
            break
        subject.tried()
        for key, failure in look(told):
            if key not in failures:
                failures[key] = _smallest(look, key, failure)
        if len(failures) >= AT_MOST:
            break
    if subject.level == "search" and subject.only is None:
        for key, failure in searched(subject, look, set(failures), AT_MOST):
            failures[key] = _smallest(look, key, failure)
    for failure in sorted(failures.values(), key=lambda failure: len(written(failure.case)))[:AT_MOST]:
        answer = _answered(subject.policy, failure.case) if not failure.said else None
        yield attrs.evolve(failure, said=said(subject.policy, answer.plain)) if isinstance(answer, Answer) else failure


def _smallest(look: Look, key: Hashable, failure: Failure) -> Failure:
    small = smallest(failure.case, lambda case: any(key == one for one, _ in look(case)))
    return next((other for one, other in look(small) if one == key), failure)


def batches(subject: Subject) -> Iterator[list[First]]:
    """Return the cases in batches: a sample of the level ``certify``, and what a search draws beside."""
    yield sample(subject)
    if subject.level == "search" and subject.only is None:
        cases = drawn(subject)
        while batch := list(islice(cases, BUDGET // 10)):
            yield firsts(subject, batch)


def raised(told: ReportedCase, fault: Exception) -> Fault:
    """Tell that asking about a case broke off."""
    what = f"{type(fault).__name__}: {fault}"
    return ("raised", type(fault).__name__), Failure(
        Text(f"asking about this case broke off: {what}", f"就该事项提问时中断：{what}"), told
    )
