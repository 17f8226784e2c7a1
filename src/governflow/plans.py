"""One plan of clocks from what each layer says of them (时限合成), and what no layer may do to a clock of the law."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import attrs

from governflow.allowances import Allowance
from governflow.clocks import STATUTE, ClockSpec, Plan
from governflow.hookspecs import Deadlines
from governflow.ruled import Allowances

_HOOK = "governflow_deadlines"


def only_specs(answer: object) -> bool:
    """Say whether a layer answered what it may answer about clocks."""
    if type(answer) is Allowances:
        return True
    if type(answer) is not Deadlines or type(answer.clocks) is not tuple or type(answer.drop) is not tuple:
        return False
    return all(type(spec) is ClockSpec for spec in answer.clocks)


def merged(answers: Sequence[tuple[str, Deadlines | Allowances]], faults: list[tuple[str, str, str]]) -> Plan:
    """Lay each layer's answer over those below it.

    Args:
        answers: Each layer's source and answer, the defaults first.
        faults: Where to note what makes no sense: ``(source, hook, what)``.
    """
    specs: dict[str, ClockSpec] = {}
    sources: dict[str, str] = {}
    for source, answer in _in_order(answers):
        for name in answer.drop:
            known = specs.get(name)
            if known is not None and STATUTE in known.traits:
                faults.append((source, _HOOK, f"drops the clock {name}, which {known.rule} demands"))
                continue
            specs.pop(name, None)
        if isinstance(answer, Allowances):
            changed = []
            for name, allowance in answer.changed:
                known = specs.get(name)
                if known is None:
                    faults.append((source, _HOOK, f"gives {name} an allowance, but no layer starts it"))
                    continue
                changed.append(attrs.evolve(known, allowance=allowance, rule=answer.rule, reason=answer.reason))
        else:
            changed = list(answer.clocks)
        for spec in changed:
            law = specs.get(spec.name)
            if law is not None and STATUTE in law.traits:
                if looser(spec.allowance, law.allowance):
                    what = f"gives {spec.name} {spec.written}, looser than the {law.written} that {law.rule} demands"
                    faults.append((source, _HOOK, what))
                    continue
                spec = _under(law, spec)
            specs[spec.name] = spec
            sources[spec.name] = source
    return Plan.of(specs.values(), sources)


def _in_order(
    answers: Sequence[tuple[str, Deadlines | Allowances]],
) -> Iterator[tuple[str, Deadlines | Allowances]]:
    """Give the answers from the bottom up; what a layer's hook says of a clock goes before what its tables say."""
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
    """Keep what the law says of a clock that a locality tightens: that it is law, and how far it may be extended."""
    traits = spec.traits if STATUTE in spec.traits else (*spec.traits, STATUTE)
    extension = spec.extension
    if extension is None or (law.extension is not None and looser(extension, law.extension)):
        extension = law.extension
    return attrs.evolve(spec, traits=traits, extension=extension)


def looser(one: Allowance, other: Allowance) -> bool:
    """Say whether an allowance surely gives more time than another; days of different kinds are compared as days."""
    if one.unit == other.unit:
        return one.amount > other.amount
    return one.span > other.span
