"""One plan of clocks from what each layer says of them (时限合成), and what no layer may do to a clock of the law."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

import attrs
import msgspec

from governflow.calendars.allowances import Allowance
from governflow.model.clocks import STATUTE, TRAITS, ClockSpec
from governflow.model.faults import Faults, HookFault
from governflow.model.rulings import RecordedRuling
from governflow.policy.hookspecs import Deadlines
from governflow.policy.table_outcomes import Allowances
from governflow.text import Text

_HOOK = "governflow_deadlines"
#: No promise of local government is longer, and no calendar reaches further.
LONGEST = timedelta(days=36_600)
#: The longest run of days off, with the weekends beside it (国庆、春节).
_HOLIDAYS = timedelta(days=11)


class Plan(msgspec.Struct, frozen=True, eq=False):
    """Clock specifications, arranged by what starts and stops them.

    Args:
        specs: The specifications by clock name.
        rulings: Each one's allowance as an event keeps it, with reason, rule and plugin.
    """

    specs: Mapping[str, ClockSpec]
    rulings: Mapping[str, RecordedRuling]
    by_start: Mapping[str, tuple[ClockSpec, ...]]
    by_stop: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, specs: Mapping[str, ClockSpec], sources: Mapping[str, str]) -> "Plan":
        """Arrange specifications, by clock name, from sources."""
        starts = {trigger for spec in specs.values() for trigger in spec.starts}
        stops = {action for spec in specs.values() for action in spec.stops}
        return cls(
            specs,
            {
                name: RecordedRuling(f"clock:{name}", spec.written, spec.reason, spec.rule, sources[name])
                for name, spec in specs.items()
            },
            {trigger: tuple(spec for spec in specs.values() if trigger in spec.starts) for trigger in starts},
            {action: tuple(name for name, spec in specs.items() if action in spec.stops) for action in stops},
        )


def only_specs(answer: object) -> bool:
    """Return whether a layer answered what it may answer about clocks."""
    if type(answer) is Allowances:
        return True
    if type(answer) is not Deadlines or type(answer.clocks) is not tuple or type(answer.drop) is not tuple:
        return False
    return all(type(name) is str for name in answer.drop) and all(
        type(spec) is ClockSpec and _sound(spec) for spec in answer.clocks
    )


def _sound(spec: ClockSpec) -> bool:
    """Return whether a clock can be kept and read again."""
    return (
        type(spec.starts) is type(spec.stops) is frozenset
        and all(Text(word, word).sound for word in (spec.name, spec.rule, *spec.starts, *spec.stops))
        and all(type(text) is Text and text.sound for text in (spec.text, spec.reason))
        and type(spec.traits) is tuple
        and set(spec.traits) <= TRAITS
        and type(spec.allowance) is Allowance
        and spec.allowance.span <= LONGEST
        and (spec.extension is None or type(spec.extension) is Allowance)
    )


def merged(answers: Sequence[tuple[str, Deadlines | Allowances]], faults: Faults) -> Plan:
    """Lay each layer's answer, the defaults first, over those below it, and note what makes no sense."""
    specs: dict[str, ClockSpec] = {}
    sources: dict[str, str] = {}
    for source, answer in _in_order(answers):
        for name in answer.drop:
            known = specs.get(name)
            if known is not None and STATUTE in known.traits:
                faults.append(HookFault(source, _HOOK, "statute_dropped", (name, known.rule)))
            else:
                specs.pop(name, None)
        for spec in _given(source, answer, specs, faults):
            law = specs.get(spec.name)
            if law is not None and STATUTE in law.traits:
                if looser(spec.allowance, law.allowance):
                    args = (spec.name, spec.written, law.written, law.rule)
                    faults.append(HookFault(source, _HOOK, "statute_loosened", args))
                    continue
                spec = _under(law, spec)
            specs[spec.name] = spec
            sources[spec.name] = source
    return Plan.of(specs, sources)


def _given(
    source: str, answer: Deadlines | Allowances, below: Mapping[str, ClockSpec], faults: Faults
) -> Sequence[ClockSpec]:
    """Return the clocks that a layer gives: its own, or those below it with other allowances."""
    if isinstance(answer, Deadlines):
        return answer.clocks
    faults += [HookFault(source, _HOOK, "no_clock", (name,)) for name, _ in answer.changed if name not in below]
    return [
        attrs.evolve(below[name], allowance=allowance, rule=answer.rule, reason=answer.reason)
        for name, allowance in answer.changed
        if name in below
    ]


def _in_order(
    answers: Sequence[tuple[str, Deadlines | Allowances]],
) -> Iterator[tuple[str, Deadlines | Allowances]]:
    """Return the answers from the bottom up; what a layer's hook says of a clock goes before what its tables say."""
    for source, group in groupby(answers, key=lambda answer: answer[0]):
        of_layer = [answer for _, answer in group]
        hooks = [answer for answer in of_layer if isinstance(answer, Deadlines)]
        said = {spec.name for hook in hooks for spec in hook.clocks} | {name for hook in hooks for name in hook.drop}
        for answer in of_layer:
            if isinstance(answer, Allowances):
                changed = tuple(change for change in answer.changed if change[0] not in said)
                yield source, attrs.evolve(answer, changed=changed)
        yield from ((source, hook) for hook in hooks)


def _under(law: ClockSpec, spec: ClockSpec) -> ClockSpec:
    """Let a locality tighten a clock of the law: its allowance and its longest extension, and nothing else of it."""
    extension = law.extension
    if spec.extension is not None and extension is not None and not looser(spec.extension, extension):
        extension = spec.extension
    return attrs.evolve(
        law, allowance=spec.allowance, text=spec.text, rule=spec.rule, reason=spec.reason, extension=extension
    )


def looser(one: Allowance, law: Allowance) -> bool:
    """Return whether an allowance may give more time than the law's; in other units it must surely be tighter."""
    if one.unit == law.unit:
        return one.amount > law.amount
    if one.elapsed and law.elapsed:
        return one.span > law.span
    return _at_most(one) > law.span


def _at_most(allowance: Allowance) -> timedelta:
    """Return the most time that an allowance can come to: with weekends, and the longest holidays of the year."""
    if allowance.elapsed:
        return allowance.span
    if allowance.unit == "cd":
        return allowance.span + _HOLIDAYS
    days = allowance.span / timedelta(hours=6) if allowance.unit == "wh" else allowance.span / timedelta(days=1)
    return timedelta(days=7) * (days / 5) + _HOLIDAYS
