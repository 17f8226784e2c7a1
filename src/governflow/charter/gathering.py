"""How a law gathers its failures (汇总): each fault once, by the smallest case that shows it."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice

from governflow.charter.cases import BUDGET, smallest, written
from governflow.charter.subject import Subject, Told
from governflow.charter.verdicts import Failure
from governflow.errors import PolicyError
from governflow.policy import Policy
from governflow.text import Text

#: So many failures of one law are told.
AT_MOST = 5

#: What a law finds wrong with one case: what makes it the same fault in another case, and how it is told.
Fault = tuple[Hashable, Failure]
Look = Callable[[Told], Iterable[Fault]]


def found(subject: Subject, look: Look, cases: Iterable[Told]) -> Iterator[Failure]:
    """Look at cases and tell each fault once, by the smallest case that shows it; the smallest first."""
    failures: dict[Hashable, Failure] = {}
    for told in cases:
        subject.tried()
        for key, failure in look(told):
            if key not in failures:
                small = smallest(told, lambda case, key=key: any(key == one for one, _ in look(case)))  # type: ignore[misc]
                failures[key] = next((other for one, other in look(small) if one == key), failure)
        if len(failures) >= AT_MOST:
            break
    yield from sorted(failures.values(), key=lambda failure: len(written(failure.case)))[:AT_MOST]


def usable(subject: Subject) -> Policy | Failure:
    """Give the rules, or what to say where they cannot be loaded: then nobody answers any case."""
    try:
        return subject.policy
    except PolicyError as fault:
        return Failure(fault.text, look_at=f"the plugin of {subject.code}")


def batches(subject: Subject, size: int = BUDGET) -> Iterator[list[Told]]:
    """Give the cases in batches, thinned out at the level ``certify``: all the simple ones, and a fifth of the rest."""
    cases = iter(subject.told())
    if subject.level != "search":
        every = list(cases)
        yield every[: size // 5] + every[size // 5 :: 5]
        return
    while batch := list(islice(cases, size // 5)):
        yield batch


def raised(told: Told, fault: Exception) -> Fault:
    """Tell that asking about a case broke off."""
    what = f"{type(fault).__name__}: {fault}"
    return ("raised", type(fault).__name__), Failure(
        Text(f"asking about this case broke off: {what}", f"就该事项提问时中断：{what}"), told
    )
