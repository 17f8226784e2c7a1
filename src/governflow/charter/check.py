"""The charter: rules proved before they meet a citizen (先检验，后上线)."""

import inspect
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

from governflow.charter.cases.systematic import KNOWN, moment_of, timeless
from governflow.charter.laws.registry import LAWS, Law
from governflow.charter.model import Failure, Report, Verdict, Waiver
from governflow.charter.subject import BEGIN, ReportedCase, Subject
from governflow.errors import CommandError, PolicyError, UnsoundLifecycle, described
from governflow.model.lifecycle import BASE
from governflow.model.terms import Mode, member
from governflow.policy.registry import Localities
from governflow.policy.stack import Layer, Policy
from governflow.text import Text
from governflow.timesource import SystemClock

#: The modules that define the laws, in the order of the charter.
_CHAPTERS = ("rulings", "purity", "impartiality", "lives", "timing", "escalation", "localities")
LEVELS = ("certify", "search")
#: How long each law may look at the level ``search`` unless told otherwise.
SECONDS = 10.0

#: The laws that can be looked at where the rules cannot be loaded, as they are refused for breaking them.
_TABLES, _LIFECYCLE = "ruling/unambiguous", "lifecycle/sound"
_HOME = Path(__file__).parents[1]


def laws() -> dict[str, Law]:
    """Return the charter: every law by its id."""
    for chapter in _CHAPTERS:
        import_module(f"governflow.charter.laws.{chapter}")
    # Whoever imported a chapter first, the charter has one order; what somebody else added comes last.
    place = {f"governflow.charter.laws.{chapter}": number for number, chapter in enumerate(_CHAPTERS)}
    return dict(sorted(LAWS.items(), key=lambda law: place.get(law[1].check.__module__, len(place))))


_known = laws


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
    heard: Callable[[Verdict], None] | None = None,
) -> Report:
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
    if level not in LEVELS:
        raise CommandError(
            f"{level!r} is no level: use certify or search", f"没有检验级别“{level}”：应为 certify 或 search"
        )
    time_each = SECONDS if seconds is None else seconds
    verdicts: list[Verdict] = []
    subject = Subject(localities, code, level=level, seed=seed, seconds=time_each, only=case)
    try:
        policy = subject.policy
    except PolicyError as fault:
        verdicts = _unloadable(subject, chosen, fault)
        if heard is not None:
            for verdict in verdicts:
                heard(verdict)
        return Report(code, "", level, tuple(verdicts))
    if case is not None:
        _admit(subject, case)
    waivers = _waivers(policy)
    today = today or SystemClock().now().astimezone(ZoneInfo(policy.zone)).date()
    timed = subject.only
    broken: dict[str, Exception] = {}
    try:
        for law in chosen:
            # A life is told by its steps: it begins when every life does.
            subject.only = timed if law.id.startswith("ruling/") or timed is None else timeless(timed)
            if law.ahead is not None:
                try:
                    law.ahead(subject)
                except Exception as raised:  # noqa: BLE001 - it breaks this law, not the others
                    broken[law.id] = raised
        for law in chosen:
            subject.only = timed if law.id.startswith("ruling/") or timed is None else timeless(timed)
            verdict = _verdict(law, subject, waivers.get(law.id), today, broken.get(law.id))
            if heard is not None:
                heard(verdict)
            verdicts.append(verdict)
    finally:
        subject.dismiss()
    return Report(code, policy.rules, level, tuple(verdicts))


def _chosen(wanted: Iterable[str] | None) -> list[Law]:
    known = _known()
    ids = list(known) if wanted is None else list(wanted)
    for name in ids:
        if name not in known:
            raise CommandError(
                f"there is no law {name!r}; the charter has: {', '.join(known)}",
                f"宪章中没有“{name}”这一条；现有：{'、'.join(known)}",
            )
    return [law for name, law in known.items() if name in ids]


def _admit(subject: Subject, case: ReportedCase) -> None:
    """Refuse a case that no report could tell.

    Raises:
        CommandError: A value of it makes no sense.
    """
    for name in case:
        if name not in KNOWN:
            raise CommandError(
                f"a case tells no {name!r}; it may tell: {', '.join(KNOWN)}",
                f"案例中不能有“{name}”；可写：{'、'.join(KNOWN)}",
            )
    for name in ("item", "place", "lifecycle", "channel", "informant"):
        if not isinstance(case.get(name, ""), str):
            raise CommandError(f"{name} is {case[name]!r}: give it as a text", f"“{name}”为 {case[name]!r}：应为文字")
    if not isinstance(case.get("facts", {}), Mapping):
        raise CommandError(
            f"facts are {case['facts']!r}: give each by its name", f"要素为 {case['facts']!r}：请逐项写明名称和值"
        )
    steps = case.get("steps", ())
    if not isinstance(steps, (list, tuple)) or not all(map(_step, steps)):
        raise CommandError(
            f"steps are {steps!r}: give each as [minutes, action, number]",
            f"经过为 {steps!r}：每一步应写成 [分钟, 动作, 序号]",
        )
    if "mode" in case:
        member(Mode, case["mode"])
    moment_of(case, BEGIN)
    subject.unreported(case)


def _step(step: object) -> bool:
    kinds = (int, str, int)
    return isinstance(step, (list, tuple)) and len(step) == 3 and all(map(isinstance, step, kinds))


def _verdict(
    law: Law, subject: Subject, waiver: Waiver | None, today: date, broken: Exception | None = None
) -> Verdict:
    subject.begin()
    failures: list[Failure] = []
    begun = time.perf_counter()
    try:
        if broken is not None:
            raise broken
        failures.extend(law.check(subject))
    except Exception as raised:  # noqa: BLE001 - whatever a county's rule raises, the other laws are still checked
        failures.append(_broke(raised))
    spent = time.perf_counter() - begun
    bad = _unfit(waiver, today) if waiver is not None else None
    if bad is not None:
        failures.append(bad)
    outcome = "passed" if not failures else "waived" if waiver is not None and bad is None else "failed"
    examples = 0 if law.method == "exact" else subject.examples
    return Verdict(law.id, outcome, law.method, examples, spent, tuple(failures), waiver, subject.note)


def _broke(raised: Exception) -> Failure:
    """Tell that a check could not be carried through, and where it broke off: in the plugin's own code if it can be."""
    frames = traceback.extract_tb(raised.__traceback__)
    theirs = [frame for frame in frames if _HOME not in Path(frame.filename).parents]
    at = (theirs or frames)[-1]
    what = described(raised)
    return Failure(
        Text(f"the check of this law broke off: {what}", f"本条检验中断：{what}"),
        look_at=f"{Path(at.filename).name}:{at.lineno} {at.name}",
    )


def _unfit(waiver: Waiver, today: date) -> Failure | None:
    """Return what is wrong with a waiver: it needs a reason and an end that has not come."""
    reason = waiver.reason
    if not (isinstance(reason, Text) and reason.sound and reason.en.strip() and reason.zh.strip()):
        sentence = Text(
            "the waiver of this law gives no reason: say why, in both languages",
            "本条的豁免未写理由：请用中英文写明原因",
        )
    else:
        try:
            until = date.fromisoformat(waiver.until)
        except (TypeError, ValueError):
            sentence = Text(
                f"the waiver of this law ends on {waiver.until!r}, which is no day: write YYYY-MM-DD",
                f"本条豁免的截止日“{waiver.until}”不是日期：请写成 YYYY-MM-DD",
            )
        else:
            if until >= today:
                return None
            sentence = Text(
                f"the waiver of this law ended on {until}: mend the rules, or waive it anew with a reason",
                f"本条的豁免已于 {until} 到期：请修改规则，或重新说明理由后豁免",
            )
    return Failure(sentence, look_at="governflow_waivers")


def _waivers(policy: Policy) -> dict[str, Waiver]:
    """Return what the locality itself waives: what its city is let off it has to keep, or to waive in its own name.

    Raises:
        PolicyError: If it answers with something else, or waives what is no law.
    """
    found: dict[str, Waiver] = {}
    faults: list[Text] = []
    own = policy.layers[0].source
    for source, function, _ in policy.impls("governflow_waivers"):
        if source != own:
            continue
        try:
            given = list(function() or ())
        except Exception as raised:  # noqa: BLE001 - whatever it raises, the county's author has to read it
            what = described(raised)
            faults.append(Text(f"governflow_waivers raised {what}", f"governflow_waivers 出错：{what}"))
            continue
        for waiver in given:
            if not isinstance(waiver, Waiver) or waiver.law not in LAWS:
                what = f"{getattr(waiver, 'law', waiver)!r:.80}"
                faults.append(Text(f"governflow_waivers: {what} is no law", f"governflow_waivers：{what} 不是宪章条目"))
            else:
                found[waiver.law] = waiver
    if faults:
        raise PolicyError.listing(Text(f"{own} cannot be checked", f"{own} 无法检验"), faults)
    return found


# --- rules that cannot be loaded --------------------------------------------------------------------------------------


def _unloadable(subject: Subject, chosen: list[Law], fault: PolicyError) -> list[Verdict]:
    """Return the verdicts on rules that are refused for what a law of the charter says of tables and lifecycles.

    Raises:
        PolicyError: If they are refused for anything else, or if it was another law that was asked for.
    """
    verdicts = []
    layers = _layers(subject)
    for law in chosen:
        if law.id == _TABLES and layers:
            verdicts.append(_verdict(law, subject, None, date.max))
        elif law.id == _LIFECYCLE:
            found = tuple(_unsound(subject.code, layers, fault))
            verdicts.append(Verdict(law.id, "failed" if found else "passed", law.method, 0, 0.0, found))
    if all(verdict.outcome == "passed" for verdict in verdicts):
        raise fault
    return verdicts


def _layers(subject: Subject) -> list[Layer]:
    try:
        return list(subject.localities.layers(subject.code))
    except PolicyError:  # a plugin cannot even be imported
        return []


def _unsound(code: str, layers: list[Layer], fault: PolicyError) -> Iterator[Failure]:
    """Find the lifecycles for which rules are refused: built when the plugin is imported, or when its hook is asked."""
    if isinstance(fault.__cause__, UnsoundLifecycle):
        yield Failure(fault.__cause__.text, look_at=f"governflow_lifecycles of {code}")
        return
    base = BASE
    for layer in reversed(layers):
        hook = getattr(layer.plugin, "governflow_lifecycles", None)
        if hook is None:
            continue
        try:
            made = hook(*[base for _ in inspect.signature(hook).parameters])
        except UnsoundLifecycle as unsound:
            yield Failure(unsound.text, look_at=f"governflow_lifecycles of {layer.source}")
        except Exception:  # noqa: BLE001 - then the rules are refused for that
            return
        else:
            base = made.get(BASE.name, base) if isinstance(made, Mapping) else base


__all__ = ["LEVELS", "Failure", "Law", "Report", "Subject", "Verdict", "Waiver", "check", "laws"]
