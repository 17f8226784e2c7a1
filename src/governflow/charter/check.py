"""The charter: rules proved before they meet a citizen (先检验，后上线)."""

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from governflow.charter.cases.given import refuse_untellable
from governflow.charter.cases.reported import ReportedCase, timeless
from governflow.charter.laws.chapters import laws
from governflow.charter.laws.registry import Law
from governflow.charter.model import CheckReport, Failure, LawVerdict, as_written
from governflow.charter.subject import Subject
from governflow.charter.unloadable import LIFECYCLE, TABLES, layers_of, unsound_lifecycles
from governflow.charter.waivers import unfit, waivers_of
from governflow.errors import CommandError, PolicyError, described
from governflow.policy.hookspecs import Waiver
from governflow.policy.registry import Localities
from governflow.text import Text
from governflow.timesource import SystemClock

LEVELS = ("certify", "search")
#: How long each law may look at the level ``search`` unless told otherwise.
SECONDS = 10.0

_HOME = Path(__file__).parents[1]


def check(
    localities: Localities,
    code: str,
    *,
    level: str = "certify",
    laws: Iterable[str] | None = None,
    seconds: float | None = None,
    seed: int = 0,
    case: ReportedCase | None = None,
    today: date | None = None,
    heard: Callable[[LawVerdict], None] | None = None,
) -> CheckReport:
    """Check a locality's rules against the charter, not while other threads work: some laws move the process's clock.

    Args:
        localities: Where it is registered or installed.
        code: Its code; one without rules of its own is checked by those that apply to it.
        level: ``certify``: the same verdict every time; ``search``: random, as long as it is given.
        laws: The ids of the laws to check; all of them by default.
        seconds: How long each law may look at the level ``search``; 10 by default.
        seed: What chance starts from at the level ``search``.
        case: The one case to look at, as a report tells it; all admissible ones by default.
        today: The day on which waivers are looked at; today in the locality's zone by default.
        heard: Is told each verdict as it is reached.

    Returns:
        The verdicts, in the order of the charter.

    Raises:
        CommandError: If there is no such law or level, or no report could tell the case.
        PolicyError: If the rules cannot be used at all, so that there is nothing to check. Rules that are refused for
            an unsound table or lifecycle are no such error: they break a law, and only that law is looked at.
    """
    chosen = _chosen(laws)
    verdicts: list[LawVerdict] = []
    with CharterCheck(localities, code, level=level, seconds=seconds, seed=seed, case=case, today=today) as running:
        for verdict in running.verdicts(chosen):
            if heard is not None:
                heard(verdict)
            verdicts.append(verdict)
    return CheckReport(code, running.rules, level, tuple(verdicts))


def _chosen(wanted: Iterable[str] | None) -> list[Law]:
    known = laws()
    ids = list(known) if wanted is None else list(wanted)
    for name in ids:
        if name not in known:
            raise CommandError(
                f"there is no law {name!r}; the charter has: {', '.join(known)}",
                f"宪章中没有“{name}”这一条；现有：{'、'.join(known)}",
            )
    return [law for name, law in known.items() if name in ids]


class CharterCheck:
    """A check that goes on: what one law finds out about the rules is kept for the others.

    Args:
        localities: See `check`, as for the others.
        code: The locality.
        level: ``certify`` or ``search``.
        seconds: How long each law may look at the level ``search``.
        seed: What chance starts from there.
        case: The one case to look at.
        today: The day on which waivers are looked at.

    Raises:
        CommandError: If there is no such level, or no report could tell the case.
    """

    def __init__(
        self,
        localities: Localities,
        code: str,
        *,
        level: str = "certify",
        seconds: float | None = None,
        seed: int = 0,
        case: ReportedCase | None = None,
        today: date | None = None,
    ) -> None:
        if level not in LEVELS:
            raise CommandError(
                f"{level!r} is no level: use certify or search", f"没有检验级别“{level}”：应为 certify 或 search"
            )
        time_each = SECONDS if seconds is None else seconds
        self.subject = Subject(localities, code, level=level, seed=seed, seconds=time_each, only=case)
        #: Why the rules cannot be loaded; None if they can.
        self.fault: PolicyError | None = None
        #: The hash of the rule set; empty where it cannot be loaded.
        self.rules = ""
        self._case = case
        #: What was raised as a law's other processes were begun; None where nothing was.
        self._begun: dict[str, Exception | None] = {}
        self._today = today
        try:
            policy = self.subject.policy
        except PolicyError as fault:
            self.fault = fault
            return
        self.rules = policy.rules
        if case is not None:
            refuse_untellable(self.subject.policy, case)

    def __enter__(self) -> "CharterCheck":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that were begun and that nobody waits for any more."""
        self.subject.dismiss()

    def verdicts(self, laws: Iterable[Law]) -> Iterator[LawVerdict]:
        """Return the verdict on each law as it is reached; what can go on beside other laws is begun first.

        Raises:
            PolicyError: If the rules cannot be used for what none of these laws is about.
        """
        chosen = list(laws)
        if self.fault is not None:
            verdicts = list(self._of_unloadable(chosen, self.fault))
            if all(verdict.outcome == "passed" for verdict in verdicts):
                raise self.fault
            yield from verdicts
            return
        waivers = self._waivers
        for law in chosen:
            self._begin(law)
        for law in chosen:
            self._narrow(law)
            yield self._verdict(law, waivers.get(law.id), self._begun.get(law.id))

    @cached_property
    def _waivers(self) -> dict[str, Waiver]:
        return waivers_of(self.subject.policy)

    @cached_property
    def _day(self) -> date:
        return self._today or SystemClock().now().astimezone(ZoneInfo(self.subject.policy.zone)).date()

    def _narrow(self, law: Law) -> None:
        """Look at the given case: a life is told by its steps, and begins when every life does."""
        is_ruling = law.id.startswith("ruling/")
        self.subject.only = self._case if is_ruling or self._case is None else timeless(self._case)

    def _begin(self, law: Law) -> None:
        if law.ahead is None or law.id in self._begun:
            return
        self._begun[law.id] = None
        self._narrow(law)
        try:
            law.ahead(self.subject)
        except Exception as raised:  # noqa: BLE001 - it breaks this law, not the others
            self._begun[law.id] = raised

    def _verdict(self, law: Law, waiver: Waiver | None, broken: Exception | None) -> LawVerdict:
        subject = self.subject
        subject.begin()
        failures: list[Failure] = []
        begun = time.perf_counter()
        try:
            if broken is not None:
                raise broken
            failures.extend(law.check(subject))
        except Exception as raised:  # noqa: BLE001 - whatever a county's rule raises, the other laws are still checked
            failures.append(_broken_off(raised))
        spent = time.perf_counter() - begun
        bad = unfit(waiver, self._day) if waiver is not None else None
        if bad is not None:
            failures.append(bad)
        outcome = "passed" if not failures else "waived" if waiver is not None and bad is None else "failed"
        examples = 0 if law.method == "exact" else subject.examples
        return LawVerdict(law.id, outcome, law.method, examples, spent, tuple(failures), waiver, subject.note)

    def _of_unloadable(self, laws: Iterable[Law], fault: PolicyError) -> Iterator[LawVerdict]:
        """Look at the laws for which rules are refused; where none of them is broken, something else is wrong."""
        layers = layers_of(self.subject.localities, self.subject.code)
        for law in laws:
            if law.id == TABLES and layers:
                yield self._verdict(law, None, None)
            elif law.id == LIFECYCLE:
                found = tuple(unsound_lifecycles(self.subject.code, layers, fault))
                yield LawVerdict(law.id, "failed" if found else "passed", law.method, 0, 0.0, found)


def _broken_off(raised: Exception) -> Failure:
    """Tell that a check could not be carried through, and where it broke off: in the plugin's own code if it can be."""
    frames = traceback.extract_tb(raised.__traceback__)
    theirs = [frame for frame in frames if _HOME not in Path(frame.filename).parents]
    at = (theirs or frames)[-1]
    what = described(raised)
    return Failure(
        Text(f"the check of this law broke off: {what}", f"本条检验中断：{what}"),
        look_at=as_written(f"{Path(at.filename).name}:{at.lineno} {at.name}"),
    )


__all__ = [
    "LEVELS",
    "CharterCheck",
    "CheckReport",
    "Failure",
    "Law",
    "LawVerdict",
    "Subject",
    "Waiver",
    "check",
    "laws",
]
