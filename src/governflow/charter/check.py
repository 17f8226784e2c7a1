"""The charter: rules proved before they meet a citizen (先检验，后上线)."""

import inspect
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import date
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from governflow.charter.cases.reported import ReportedCase, refuse_untellable, timeless
from governflow.charter.laws import escalation, facts, impartiality, lives, localities, rulings, timing
from governflow.charter.model import LAWS, CheckReport, Failure, Law, LawVerdict, as_written
from governflow.charter.subject import Subject
from governflow.errors import CommandError, PolicyError, UnsoundLifecycle, described
from governflow.isolation.environment import collecting_rarely
from governflow.model.base_lifecycle import BASE
from governflow.model.rulings import RuleRef
from governflow.policy.hookspecs import Waiver
from governflow.policy.registry import Localities
from governflow.policy.stack import Layer
from governflow.text import Text
from governflow.timesource import SystemClock

LEVELS = ("certify", "search")
#: How long each law may look at the level ``search`` unless told otherwise.
SECONDS = 10.0


#: The laws that can be looked at where the rules cannot be loaded: rules are refused for what breaks them.
_TABLES, _LIFECYCLE = "ruling/unambiguous", "lifecycle/sound"
_WAIVERS = "governflow_waivers"
_HOME = Path(__file__).parents[1]
#: Every chapter of the charter in its order, a module of laws each; a new one is listed here.
_CHAPTERS = (rulings, impartiality, lives, timing, escalation, localities, facts)


def laws() -> dict[str, Law]:
    """Return the charter: every law by its id; what somebody else added comes last."""
    place = {chapter.__name__: number for number, chapter in enumerate(_CHAPTERS)}
    return dict(sorted(LAWS.items(), key=lambda law: place.get(law[1].check.__module__, len(place))))


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
    time_each = SECONDS if seconds is None else seconds
    subject = Subject(localities, code, level=level, seed=seed, seconds=time_each, only=case)
    with closing(CharterCheck(subject, today)) as running:
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
        subject: What is checked.
        today: The day on which waivers are looked at; today in the locality's zone by default.

    Raises:
        CommandError: If there is no such level, or no report could tell the case.
    """

    def __init__(self, subject: Subject, today: date | None = None) -> None:
        if subject.level not in LEVELS:
            raise CommandError(
                f"{subject.level!r} is no level: use certify or search",
                f"没有检验级别“{subject.level}”：应为 certify 或 search",
            )
        self.subject = subject
        #: Why the rules cannot be loaded; None if they can.
        self.fault: PolicyError | None = None
        #: The hash of the rule set; empty where it cannot be loaded.
        self.rules = ""
        self._case = subject.only

        self._today = today
        try:
            self.rules = subject.policy.rules
        except PolicyError as fault:
            self.fault = fault
            return
        if self._case is not None:
            refuse_untellable(subject.policy, self._case)

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
            yield self._verdict(law, waivers.get(law.id))

    @cached_property
    def _waivers(self) -> dict[str, Waiver]:
        """The locality's own waivers by law: what its city is let off it has to keep, or to waive in its own name.

        Raises:
            PolicyError: If the hook answers with something else, or waives what is no law.
        """
        found: dict[str, Waiver] = {}
        faults: list[Text] = []
        own = self.subject.policy.layers[0].source
        for source, function, _ in self.subject.policy.impls(_WAIVERS):
            if source != own:
                continue
            try:
                given = list(function() or ())
            except Exception as raised:  # noqa: BLE001 - whatever it raises, the county's author has to read it
                what = described(raised)
                faults.append(Text(f"{_WAIVERS} raised {what}", f"{_WAIVERS} 出错：{what}"))
                continue
            for waiver in given:
                if not isinstance(waiver, Waiver) or waiver.law not in LAWS:
                    what = f"{getattr(waiver, 'law', waiver)!r:.80}"
                    faults.append(Text(f"{_WAIVERS}: {what} is no law", f"{_WAIVERS}：{what} 不是宪章条目"))
                else:
                    found[waiver.law] = waiver
        if faults:
            raise PolicyError.listing(Text(f"{own} cannot be checked", f"{own} 无法检验"), faults)
        return found

    @cached_property
    def _day(self) -> date:
        return self._today or SystemClock().now().astimezone(ZoneInfo(self.subject.policy.zone)).date()

    def _narrow(self, law: Law) -> None:
        """Look at the given case: a life is told by its steps, and begins when every life does."""
        is_ruling = law.id.startswith("ruling/")
        self.subject.only = self._case if is_ruling or self._case is None else timeless(self._case)

    def _begin(self, law: Law) -> None:
        if law.ahead is not None:
            self._narrow(law)
            with suppress(Exception):  # it breaks this law, before which it is begun again, and not the others
                law.ahead(self.subject)

    def _verdict(self, law: Law, waiver: Waiver | None = None) -> LawVerdict:
        subject = self.subject
        subject.begin()
        failures: list[Failure] = []
        begun = time.perf_counter()
        try:
            with collecting_rarely():
                if law.ahead is not None:
                    law.ahead(subject)
                failures.extend(law.check(subject))
        except Exception as raised:  # noqa: BLE001 - whatever a county's rule raises, the other laws are still checked
            failures.append(_broken_off(raised))
        spent = time.perf_counter() - begun
        bad = _unfit(waiver, self._day) if waiver is not None else None
        if bad is not None:
            failures.append(Failure(bad, look_at=RuleRef(hook=_WAIVERS)))
        outcome = "passed" if not failures else "waived" if waiver is not None and bad is None else "failed"
        examples = 0 if law.method == "exact" else subject.examples
        return LawVerdict(law.id, outcome, law.method, examples, spent, tuple(failures), waiver, subject.note)

    def _of_unloadable(self, laws: Iterable[Law], fault: PolicyError) -> Iterator[LawVerdict]:
        """Look at the laws for which rules are refused; where none of them is broken, something else is wrong."""
        layers = layers_of(self.subject.localities, self.subject.code)
        for law in laws:
            if law.id == _TABLES and layers:
                yield self._verdict(law)
            elif law.id == _LIFECYCLE:
                found = tuple(_unsound_lifecycles(self.subject.code, layers, fault))
                yield LawVerdict(law.id, "failed" if found else "passed", law.method, 0, 0.0, found)


def _broken_off(raised: Exception) -> Failure:
    """Tell that a check could not be carried through, and where it broke off: in the plugin's own code if it can be."""
    frames = traceback.extract_tb(raised.__traceback__)
    at = ([frame for frame in frames if _HOME not in Path(frame.filename).parents] or frames)[-1]
    what = described(raised)
    return Failure(
        Text(f"the check of this law broke off: {what}", f"本条检验中断：{what}"),
        look_at=as_written(f"{Path(at.filename).name}:{at.lineno} {at.name}"),
    )


# --- rules that cannot be loaded --------------------------------------------------------------------------------------


def layers_of(localities: Localities, code: str) -> list[Layer]:
    """Return the layers of a locality; none where a plugin cannot even be imported."""
    try:
        return list(localities.layers(code))
    except PolicyError:
        return []


def _unsound_lifecycles(code: str, layers: list[Layer], fault: PolicyError) -> Iterator[Failure]:
    """Find the lifecycles for which rules are refused: built when the plugin is imported, or when its hook is asked."""
    if isinstance(fault.__cause__, UnsoundLifecycle):
        yield Failure(fault.__cause__.text, look_at=RuleRef(hook="governflow_lifecycles", source=code))
        return
    base = BASE
    for layer in reversed(layers):
        hook = getattr(layer.plugin, "governflow_lifecycles", None)
        if hook is None:
            continue
        try:
            made = hook(*[base for _ in inspect.signature(hook).parameters])
        except UnsoundLifecycle as unsound:
            yield Failure(unsound.text, look_at=RuleRef(hook="governflow_lifecycles", source=layer.source))
        except Exception:  # noqa: BLE001 - then the rules are refused for that
            return
        else:
            base = made.get(BASE.name, base) if isinstance(made, Mapping) else base


# --- what a locality is let off for a while ---------------------------------------------------------------------------


def _unfit(waiver: Waiver, today: date) -> Text | None:
    """Return what is wrong with a waiver: it needs a reason and an end that has not come."""
    reason = waiver.reason
    if not (isinstance(reason, Text) and reason.sound and reason.en.strip() and reason.zh.strip()):
        return Text(
            "the waiver of this law gives no reason: say why, in both languages",
            "本条的豁免未写理由：请用中英文写明原因",
        )
    try:
        until = date.fromisoformat(waiver.until)
    except (TypeError, ValueError):
        return Text(
            f"the waiver of this law ends on {waiver.until!r}, which is no day: write YYYY-MM-DD",
            f"本条豁免的截止日“{waiver.until}”不是日期：请写成 YYYY-MM-DD",
        )
    if until >= today:
        return None
    return Text(
        f"the waiver of this law ended on {until}: mend the rules, or waive it anew with a reason",
        f"本条的豁免已于 {until} 到期：请修改规则，或重新说明理由后豁免",
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
