"""What code decides otherwise: case by case, and event by event of whole lives (逐例比对、全程比对)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from msgspec import structs

from governflow.changes.rows import Example, FoundChange
from governflow.charter.answers.ask import REOPENED, RUNG, Decision, differing

#: What was, or is, decided of one thing.
_Unlike = tuple[str, Decision, Decision]

_ASPECT_OF: Mapping[str, str] = {
    "refused": "refused",
    "severity": "severity",
    "urgency": "severity",
    "tier": "tier",
    "unit": "route",
    "form": "route",
    "assist": "route",
    "clock": "due",
    "escalate": "escalation",
    "assess": "severity",
    "lifecycle": "lifecycle",
    "state": "lifecycle",
    "faults": "faults",
    "broken": "faults",
    "merit": "merits",
    "may": "authority",
}
#: What is asked of a rung a second time.
_AGAIN = ":again"
_NOTHING = Decision()


def _found(unlike: _Unlike, number: int, example: Example) -> FoundChange:
    what, was, now = unlike
    aspect = _ASPECT_OF.get(what.removeprefix(REOPENED).partition(":")[0].partition("@")[0], "course")
    return FoundChange(aspect, what, was.value, now.value, was.by, now.by, number, example)


def _unlike(old: Mapping[str, Decision], new: Mapping[str, Decision]) -> Iterator[_Unlike]:
    """Return what two sides decide otherwise, by whichever rule and for whichever reason."""
    for what in dict.fromkeys((*old, *new)):
        was, now = old.get(what, _NOTHING), new.get(what, _NOTHING)
        if was.value != now.value:
            yield what, was, now


# --- cases ------------------------------------------------------------------------------------------------------------


def of_cases(cases: Sequence[Example], old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[FoundChange], int]:
    """Compare what is said of each case.

    Args:
        cases: The cases.
        old: What the old rules answer, as a side gives it.
        new: What the new ones do.

    Returns:
        The differences, and how many cases are decided alike with other words.
    """
    found: list[FoundChange] = []
    reworded = 0
    for number, (case, one, two) in enumerate(zip(cases, old["cases"], new["cases"], strict=True)):
        if one == two and _plan(one, old) == _plan(two, new):
            continue
        unlike = [_found(of, number, case) for of in _of_case(_decided(one, old), _decided(two, new))]
        found += unlike
        reworded += not unlike
    return found, reworded


def _plan(answer: Mapping[str, Any], side: Mapping[str, Any]) -> Mapping[str, Any]:
    plans: Sequence[Mapping[str, Any]] = side["plans"]
    return plans[answer["plan"]] if "plan" in answer else {}


def _decided(answer: Mapping[str, Any], side: Mapping[str, Any]) -> dict[str, Decision]:
    """Return all decisions on a case by name."""
    found: dict[str, Decision] = {}
    if answer["faults"]:
        source, hook, _ = answer["faults"][0]
        found["faults"] = Decision(sorted({what for _, _, what in answer["faults"]}), hook, source)
    if "refused" in answer:
        return found | {"refused": Decision(answer["refused"])}
    listed = {**_plan(answer, side), **answer["decisions"]}
    return found | {what: Decision(*parts) for what, parts in listed.items()}


def _of_case(old: Mapping[str, Decision], new: Mapping[str, Decision]) -> Iterator[_Unlike]:
    if ("refused" in old) != ("refused" in new):
        yield "refused", old.get("refused", _NOTHING), new.get("refused", _NOTHING)
        return
    other = {what: (was, now) for what, was, now in _unlike(old, new)}
    lost = {clock_of(what)[0] for what in other if what.endswith(":allowance")}
    same_ladder = _ladder(old) == _ladder(new)
    dispatch = {what.removesuffix("@dispatch") for what in other if what.endswith("@dispatch")}
    for what, (was, now) in other.items():
        clock, part = clock_of(what)
        if what.startswith("clock:") and clock in lost and part != "allowance":
            # Of a clock that has another allowance, or is there no more, the rest follows; what starts it does not.
            present = f"clock:{clock}:allowance"
            if part.startswith("due") or present not in old or present not in new:
                continue
        if what.startswith(REOPENED) and _before(what.removeprefix(REOPENED)) & other.keys():
            continue  # it changed before the case was reopened
        if what.startswith(RUNG) and not same_ladder and (what not in old or what not in new):
            continue  # another clock falls due first: that is told of the clock
        moment = what.rpartition("@")[0]
        if what.endswith("@report") and moment in dispatch:
            again = other[f"{moment}@dispatch"]
            if (was.value, now.value) == (again[0].value, again[1].value):
                continue
        yield what.removesuffix("@dispatch"), was, now


def _before(part: str) -> set[str]:
    """Name what is said of the same thing before a case is reopened."""
    if part == "assess":
        return {"severity@dispatch", "urgency@dispatch"}
    return {f"{part}@dispatch", f"{part}:allowance"}


def _ladder(decisions: Mapping[str, Decision]) -> set[str]:
    return {clock_of(what)[0] for what in decisions if what.startswith(RUNG)}


def clock_of(what: str) -> tuple[str, str]:
    """Return the clock that a decision is about, and what of it: the name of a summons holds a colon itself.

    Args:
        what: Such as ``clock:resolve:allowance``, ``escalate:check_in:intake:0`` or ``escalate:arrive``.
    """
    name = what.partition(":")[2].removesuffix(_AGAIN)
    clock, _, part = name.rpartition(":")
    if what.startswith(RUNG) and not part.isdigit():
        return name, ""  # of a life, whose rungs have no numbers
    return clock, part


# --- lives ------------------------------------------------------------------------------------------------------------


def of_lives(
    walks: Sequence[Example], old: Sequence[Any], new: Sequence[Any], known: Sequence[FoundChange]
) -> Iterator[FoundChange]:
    """Compare what happens in each life, and tell of each sort of difference the first event that shows it.

    Args:
        walks: The lives, as they are told.
        old: What happened under the old rules.
        new: What happened under the new ones.
        known: What is told of single cases already: the same of a life is no news.
    """
    seen = {(_plainly(one.what), one.by_old, one.by_new) for one in known}
    failing = any(one.aspect == "faults" for one in known)
    for number, (walk, one, two) in enumerate(zip(walks, old, new, strict=True)):
        if one == two:
            continue
        for what, was, now in _of_life(one, two):
            if "faulted" in (was.value, now.value) and failing:
                continue  # the life stands still where a rule fails: that is told of the case
            if (what, was.by, now.by) not in seen:
                yield _found((what, was, now), number, walk)
        for unlike in _unlike(_outcome(one), _outcome(two)):
            yield _found(unlike, number, walk)


def _plainly(what: str) -> str:
    """Name a decision without the rung and the moment at which it was asked for."""
    name = what.partition("@")[0]
    return f"escalate:{clock_of(name)[0]}" if name.startswith(RUNG) else name


def _of_life(one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[_Unlike]:
    seen: set[str] = set()
    for book in ("events", "book"):
        if book == "book" and seen:
            return  # what happens to the locality's book follows from what happened to the case
        for was, now in zip_longest(one[book], two[book]):
            if was is None or now is None or _kind(was) != _kind(now):
                if not seen:
                    yield "event", _event(was), _event(now)
                return
            for what, before, after in _unlike(_decisions(was), _decisions(now)):
                clock = clock_of(what)[0]
                follows = f"clock:{clock}:allowance" in seen or was["at"] != now["at"]
                if what in seen or (what.endswith(":due") and follows):
                    continue
                seen.add(what)
                yield what, before, after
            if seen:
                continue
            if was["at"] != now["at"]:
                seen.add("at")
                yield f"at:{was['kind']}", _event(was, "at"), _event(now, "at")
                continue
            before_rest, after_rest = _rest(was), _rest(now)
            for part in sorted(differing(before_rest, after_rest)):
                seen.add(part)
                value = structs.replace(_event(was), value=before_rest.get(part))
                yield f"of {was['kind']}:{part}", value, Decision(after_rest.get(part))


def _kind(event: Mapping[str, Any]) -> object:
    about = event.get("about", {})
    climb = about.get("escalation") or {}
    # Whether a rung urges or supervises is a difference of the ladder, not another course of things.
    return ("escalated", climb["clock"]) if climb else (event["kind"], event.get("action"), about.get("clock"))


def _event(event: Mapping[str, Any] | None, field: str = "kind") -> Decision:
    """Return what happened, or another field of the event, and the rule that is told of it first."""
    if event is None:
        return _NOTHING
    rule = next(iter(event.get("rulings", ())), None)
    return _given(event[field], rule) if rule is not None else Decision(event[field])


def _given(value: object, ruling: Mapping[str, Any]) -> Decision:
    return Decision(value, ruling["rule"], ruling["source"].partition("@")[0])


def _decisions(event: Mapping[str, Any]) -> dict[str, Decision]:
    found = {"state": Decision(event["state"])}
    climb = event.get("about", {}).get("escalation")
    for ruling in event.get("rulings", ()):
        what, value = ruling["what"], ruling["value"]
        if what == "assess" and isinstance(value, list):
            found |= {"severity": _given(value[0], ruling), "urgency": _given(value[1], ruling)}
        elif what == "route" and isinstance(value, dict):
            parts = (("unit", "lead"), ("form", "form"), ("assist", "assist"))
            found |= {name: _given(value[key], ruling) for name, key in parts}
        elif what == "escalate" and climb:
            name = str(climb["clock"]).partition("#")[0]
            found[f"{RUNG}{name}"] = _given([climb["kind"], climb["to"], climb["form"]], ruling)
        else:
            found[f"{what}:allowance" if what.startswith("clock:") else what] = _given(value, ruling)
    return found | {f"clock:{clock['name']}:due": Decision(clock["due"]) for clock in event.get("clocks", ())}


def _rest(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an event is neither decided by rules of its own nor a matter of salts and hashes."""
    about = {name: value for name, value in event.get("about", {}).items() if name not in ("faults", "reason")}
    clocks = {f"clock {one['name']}": {**one, "traits": None} for one in event.get("clocks", ())}
    changes = {name: value for name, value in event.get("changes", {}).items() if name != "locality"}
    return {**changes, **about, **clocks}


def _outcome(life: Mapping[str, Any]) -> Mapping[str, Decision]:
    """Return what broke a life off, and what is given for what, whenever and to whomever it is given in it."""
    merits: dict[str, set[tuple[str, int, int | None]]] = {}
    for at, about in life["merits"]:
        end = about.get("expires")
        days = (datetime.fromisoformat(end) - datetime.fromisoformat(at)).days if end else None
        merits.setdefault(f"merit:{about.get('rule', '')}", set()).add((about["holder"], about["points"], days))
    given = {what: Decision(sorted(map(list, points), key=str)) for what, points in merits.items()}
    return {"broken": Decision(life["broken"] or None), **given}


# --- who may do what --------------------------------------------------------------------------------------------------


def of_duties(cases: Sequence[Example], old: Sequence[Any], new: Sequence[Any]) -> tuple[list[FoundChange], int]:
    """Compare who may do what.

    Args:
        cases: The cases that were asked about.
        old: The answers of the old rules.
        new: Those of the new ones.

    Returns:
        The differences, and how many questions were compared.
    """
    after = {(one["case"], one["moment"]): one["answers"] for one in new}
    found: list[FoundChange] = []
    number = 0
    for one in old:
        answers = after.get((one["case"], one["moment"]), {})
        for question, was in one["answers"].items():
            now = answers.get(question)
            if now is None:
                continue  # no such action, or no such unit: that is told of the lifecycle and the chart
            number += 1
            if was[0] != now[0]:
                case = {**cases[one["case"]], "after": one["moment"]}
                found.append(_found((f"may:{question}", Decision(*was), Decision(*now)), number, case))
    return found, number
