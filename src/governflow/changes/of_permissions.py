"""Who may do what (权限), asked of each action by an actor of each kind of unit, at a few moments of a few cases."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from governflow.charter.cases.reported import BEGIN, ReportedCase, fresh, mode_of, moment_of
from governflow.charter.lives.simulation import done, fallen
from governflow.engine.decide import Command, decide
from governflow.errors import GovernflowError, described
from governflow.model.case import Case
from governflow.model.events import REQUESTER, Actor
from governflow.policy.hookspecs import Allowed, Refused
from governflow.policy.stack import Policy

#: How a case comes from one moment to the next.
_MOMENTS = (("report", 0), ("dispatch", 0), ("arrive", 0), ("resolve", 0), ("answer", 0), ("evaluate", 1))
#: Nobody acted for so long: clocks are overdue, and it is night.
_LATE = timedelta(days=1, hours=13)


def asked(policy: Policy, cases: Sequence[ReportedCase]) -> list[Mapping[str, object]]:
    """Ask about every action of every lifecycle.

    Returns:
        For each case and moment its number as ``case``, the ``moment``, and the ``answers``: ``action|who`` to the
        answer, the rule and whose it is.
    """
    found: list[Mapping[str, object]] = []
    for number, told in enumerate(cases):
        for moment, case, at in (*_stages(policy, told), *(_held(policy, told) if number == 0 else ())):
            actions = policy.lifecycle(case, []).actions
            answers = {
                f"{action}|{who}": _asked(policy, actor, action, case, at)
                for who, actor in _actors(policy, case)
                for action in actions
            }
            found.append({"case": number, "moment": moment, "answers": answers})
    return found


def _stages(policy: Policy, told: ReportedCase) -> Iterator[tuple[str, Case, datetime]]:
    """Return a case as each moment leaves it; what its lifecycle does not know is left out."""
    try:
        at = moment_of(told, BEGIN)
        case = decide(fresh(policy, told, at), Command("report", {}), policy, at, mode_of(told))[1]
    except GovernflowError:
        return
    yield _MOMENTS[0][0], case, at
    for action, pick in _MOMENTS[1:]:
        try:
            case = done(policy, case, action, at, pick)
        except GovernflowError:
            continue
        yield action, case, at
        if action == "dispatch":
            late = at + _LATE
            yield "late", [case, *(after for _, after in fallen(policy, case, late))][-1], late


def _held(policy: Policy, told: ReportedCase) -> Iterator[tuple[str, Case, datetime]]:
    """Return one case as it is held by a unit of each kind."""
    dispatched = next((case for moment, case, _ in _stages(policy, told) if moment == "dispatch"), None)
    kinds = {unit.kind: unit.id for unit in policy.units.units.values()}
    if dispatched is not None:
        yield from ((f"held:{kind}", attrs.evolve(dispatched, unit=unit), BEGIN) for kind, unit in kinds.items())


def _actors(policy: Policy, case: Case) -> Iterator[tuple[str, Actor | None]]:
    """Return who may be meant: by what they are to the case, and one of each kind of unit, near it and elsewhere."""
    units = policy.units
    yield "nobody", None
    yield "requester", REQUESTER
    yield "without a unit", Actor("check")
    yield "holder", Actor("check", case.unit)
    yield from (("assisting", Actor("check", unit)) for unit in case.assist[:1])
    place = units.find(case.place) if case.place else None
    near = {*units.path(case.unit), *(units.path(place.id) if place is not None else ())}
    kinds: dict[str, list[str]] = {}
    for unit in units.units.values():
        kinds.setdefault(unit.kind, []).append(unit.id)
    for kind, ids in kinds.items():
        around = [unit for unit in ids if unit in near]
        beside = [unit for unit in (ids[0], ids[-1]) if unit not in near]
        yield from ((f"near:{kind}", Actor("check", unit)) for unit in around[:1])
        yield from ((f"else:{kind}", Actor("check", unit)) for unit in beside[:1])


def _asked(policy: Policy, actor: Actor | None, action: str, case: Case, at: datetime) -> list[str]:
    context = policy.context(case, case.mode, at)
    for source, ask in policy.authorities:
        code = source.partition("@")[0]
        try:
            answer = ask(actor, action, case, context)
        except Exception as raised:  # noqa: BLE001 - a hook that fails is no opinion, as in the engine
            return ["fails", described(raised), code]
        if isinstance(answer, Allowed):
            return ["allowed", "", code]
        if isinstance(answer, Refused):
            return ["refused", answer.rule, code]
    return ["allowed", "", ""]
