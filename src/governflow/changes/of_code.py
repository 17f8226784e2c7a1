"""What code decides otherwise: case by case, and event by event of whole lives (逐例比对、全程比对)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from governflow.changes.rows import Example, Found, by
from governflow.charter.answers.ask import REOPENED

#: One decision: the value, the rule, whose it is, and the reason.
Said = Sequence[Any]

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
}
#: What is asked of a rung a second time.
_AGAIN = ":again"
_NOBODY: Said = (None, "", "", None)


def _aspect(what: str) -> str:
    what = what.removeprefix(REOPENED)
    return _ASPECT_OF.get(what.partition(":")[0].partition("@")[0], "course")


# --- cases ------------------------------------------------------------------------------------------------------------


def of_cases(cases: Sequence[Example], old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[Found], int]:
    """Compare what is said of each case.

    Args:
        cases: The cases.
        old: What the old rules answer, as a side gives it.
        new: What the new ones do.

    Returns:
        The differences, and how many cases are decided alike with other words.
    """
    found: list[Found] = []
    reworded = 0
    for number, (case, one, two) in enumerate(zip(cases, old["cases"], new["cases"], strict=True)):
        if one == two and _plan(one, old) == _plan(two, new):
            continue
        differing = [
            Found(_aspect(what), what, was[0], now[0], by(was[1], was[2]), by(now[1], now[2]), number, case)
            for what, was, now in _of_case(_flat(one, old), _flat(two, new))
        ]
        found += differing
        reworded += not differing
    return found, reworded


def _plan(answer: Mapping[str, Any], side: Mapping[str, Any]) -> Mapping[str, Any]:
    plans: Sequence[Mapping[str, Any]] = side["plans"]
    return plans[answer["plan"]] if "plan" in answer else {}


def _flat(answer: Mapping[str, Any], side: Mapping[str, Any]) -> dict[str, Said]:
    """Return all decisions on a case by name."""
    flat: dict[str, Said] = {}
    if answer["faults"]:
        source, hook, _ = answer["faults"][0]
        flat["faults"] = [sorted({what for _, _, what in answer["faults"]}), hook, source, None]
    if "refused" in answer:
        return flat | {"refused": [answer["refused"], "", "", None]}
    for clock, spec in _plan(answer, side).items():
        flat |= {f"clock:{clock}:{name}": [value, *spec["by"]] for name, value in spec.items() if name != "by"}
    flat |= answer["fields"]
    flat |= answer["ladder"]
    return flat


def _of_case(old: Mapping[str, Said], new: Mapping[str, Said]) -> Iterator[tuple[str, Said, Said]]:
    if ("refused" in old) != ("refused" in new):
        yield "refused", old.get("refused", _NOBODY), new.get("refused", _NOBODY)
        return
    other = [what for what in dict.fromkeys((*old, *new)) if _value(old, what) != _value(new, what)]
    lost = {clock_of(what)[0] for what in other if what.endswith(":allowance")}
    same_ladder = _ladder(old) == _ladder(new)
    dispatch = {what.removesuffix("@dispatch") for what in other if what.endswith("@dispatch")}
    for what in other:
        clock, part = clock_of(what)
        if what.startswith("clock:") and clock in lost and part != "allowance":
            # Of a clock that has another allowance, or is there no more, the rest follows; what starts it does not.
            present = f"clock:{clock}:allowance"
            if part.startswith("due") or present not in old or present not in new:
                continue
        if what.startswith(REOPENED) and _before(what.removeprefix(REOPENED)) & {*other}:
            continue  # it changed before the case was reopened
        if what.startswith("escalate:") and not same_ladder and (what not in old or what not in new):
            continue  # another clock falls due first: that is told of the clock
        moment = what.rpartition("@")[0]
        if what.endswith("@report") and moment in dispatch:
            again = f"{moment}@dispatch"
            if _value(old, what) == _value(old, again) and _value(new, what) == _value(new, again):
                continue
        yield what.removesuffix("@dispatch"), old.get(what, _NOBODY), new.get(what, _NOBODY)


def _before(part: str) -> set[str]:
    """Name what is said of the same thing before a case is reopened."""
    if part == "assess":
        return {"severity@dispatch", "urgency@dispatch"}
    return {f"{part}@dispatch", f"{part}:allowance"}


def _value(flat: Mapping[str, Said], what: str) -> object:
    return flat[what][0] if what in flat else None


def _ladder(flat: Mapping[str, Said]) -> set[str]:
    return {clock_of(what)[0] for what in flat if what.startswith("escalate:")}


def clock_of(what: str) -> tuple[str, str]:
    """Return the clock that a decision is about, and what of it: the name of a summons holds a colon itself.

    Args:
        what: Such as ``clock:resolve:allowance``, ``escalate:check_in:intake:0`` or ``escalate:arrive``.
    """
    name = what.partition(":")[2].removesuffix(_AGAIN)
    clock, _, part = name.rpartition(":")
    if what.startswith("escalate:") and not part.isdigit():
        return name, ""  # of a life, whose rungs have no numbers
    return clock, part


# --- lives ------------------------------------------------------------------------------------------------------------


def of_lives(
    walks: Sequence[Example], old: Sequence[Any], new: Sequence[Any], known: Iterable[Found]
) -> Iterator[Found]:
    """Compare what happens in each life, and tell of each sort of difference the first event that shows it.

    Args:
        walks: The lives, as they are told.
        old: What happened under the old rules.
        new: What happened under the new ones.
        known: What is told of single cases already: the same of a life is no news.
    """
    given = tuple(known)
    told = {(_plainly(one.what), one.by_old, one.by_new) for one in given}
    failing = any(one.aspect == "faults" for one in given)
    for number, (walk, one, two) in enumerate(zip(walks, old, new, strict=True)):
        if one == two:
            continue
        for what, was, now in _of_life(one, two):
            if "faulted" in (was[0], now[0]) and failing:
                continue  # the life stands still where a rule fails: that is told of the case
            made = Found(_aspect(what), what, was[0], now[0], by(was[1], was[2]), by(now[1], now[2]), number, walk)
            if (what, made.by_old, made.by_new) not in told:
                yield made
        if one["broken"] != two["broken"]:
            yield Found("faults", "broken", one["broken"] or None, two["broken"] or None, "", "", number, walk)
        for what, given_before, given_now in _merits(one["merits"], two["merits"]):
            yield Found("merits", what, given_before, given_now, "", "", number, walk)


def _plainly(what: str) -> str:
    """Name a decision without the rung and the moment at which it was asked for."""
    name = what.partition("@")[0]
    return f"escalate:{clock_of(name)[0]}" if name.startswith("escalate:") else name


def _of_life(one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[tuple[str, Said, Said]]:
    seen: set[str] = set()
    for book in ("events", "book"):
        if book == "book" and seen:
            return  # what happens to the locality's book follows from what happened to the case
        for was, now in _pairs(one[book], two[book]):
            if was is None or now is None or _kind(was) != _kind(now):
                if not seen:
                    yield "event", _event(was), _event(now)
                return
            before, after = _decisions(was), _decisions(now)
            for what in dict.fromkeys((*before, *after)):
                clock = clock_of(what)[0]
                if what in seen or _value(before, what) == _value(after, what):
                    continue
                if what.endswith(":due") and (f"clock:{clock}:allowance" in seen or was["at"] != now["at"]):
                    continue
                seen.add(what)
                yield what, before.get(what, _NOBODY), after.get(what, _NOBODY)
            if not seen and was["at"] != now["at"]:
                seen.add("at")
                yield f"at:{was['kind']}", [was["at"], *_event(was)[1:]], [now["at"], *_event(now)[1:]]
            before, after = _rest(was), _rest(now)
            for part in sorted({*before, *after}) if not seen else ():
                if before.get(part) != after.get(part):
                    seen.add(part)
                    yield (
                        f"of {was['kind']}:{part}",
                        [before.get(part), *_event(was)[1:]],
                        [after.get(part), "", "", None],
                    )


def _pairs(one: Sequence[Any], two: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for place in range(max(len(one), len(two))):
        yield (one[place] if place < len(one) else None), (two[place] if place < len(two) else None)


def _kind(event: Mapping[str, Any]) -> object:
    about = event.get("about", {})
    climb = about.get("escalation") or {}
    # Whether a rung urges or supervises is a difference of the ladder, not another course of things.
    return ("escalated", climb["clock"]) if climb else (event["kind"], event.get("action"), about.get("clock"))


def _event(event: Mapping[str, Any] | None) -> Said:
    if event is None:
        return _NOBODY
    rule = next(iter(event.get("rulings", ())), None)
    said = (rule["rule"], rule["source"]) if rule is not None else ("", "")
    return [event["kind"], *said, None]


def _decisions(event: Mapping[str, Any]) -> dict[str, Said]:
    found: dict[str, Said] = {"state": [event["state"], "", "", None]}
    climb = event.get("about", {}).get("escalation")
    for ruling in event.get("rulings", ()):
        what, value, said = ruling["what"], ruling["value"], [ruling["rule"], ruling["source"], None]
        if what == "assess" and isinstance(value, list):
            found |= {"severity": [value[0], *said], "urgency": [value[1], *said]}
        elif what == "route" and isinstance(value, dict):
            found |= {
                name: [value[key], *said] for name, key in (("unit", "lead"), ("form", "form"), ("assist", "assist"))
            }
        elif what == "escalate" and climb:
            name = str(climb["clock"]).partition("#")[0]
            found[f"escalate:{name}"] = [[climb["kind"], climb["to"], climb["form"]], *said]
        else:
            found[f"{what}:allowance" if what.startswith("clock:") else what] = [value, *said]
    for clock in event.get("clocks", ()):
        found[f"clock:{clock['name']}:due"] = [clock["due"], "", "", None]
    return found


def _rest(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an event is neither decided by rules of its own nor a matter of salts and hashes."""
    about = {name: value for name, value in event.get("about", {}).items() if name not in ("faults", "reason")}
    clocks = {f"clock {one['name']}": {**one, "traits": None} for one in event.get("clocks", ())}
    changes = {name: value for name, value in event.get("changes", {}).items() if name != "locality"}
    return {**changes, **about, **clocks}


def _merits(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[str, object, object]]:
    """Compare what is given for what, whenever and to whomever it is given in a life."""
    before, after = _given(old), _given(new)
    for rule in sorted({*before, *after}):
        was, now = before.get(rule), after.get(rule)
        if was != now:
            yield f"merit:{rule}", was, now


def _given(merits: Sequence[Any]) -> Mapping[str, object]:
    found: dict[str, set[tuple[str, int, int | None]]] = {}
    for at, about in merits:
        days = None
        if about.get("expires"):
            days = (datetime.fromisoformat(about["expires"]) - datetime.fromisoformat(at)).days
        found.setdefault(about.get("rule", ""), set()).add((about["holder"], about["points"], days))
    return {rule: sorted(map(list, given), key=str) for rule, given in found.items()}


# --- who may do what --------------------------------------------------------------------------------------------------


def of_duties(cases: Sequence[Example], old: Sequence[Any], new: Sequence[Any]) -> tuple[list[Found], int]:
    """Compare who may do what.

    Args:
        cases: The cases that were asked about.
        old: The answers of the old rules.
        new: Those of the new ones.

    Returns:
        The differences, and how many questions were compared.
    """
    after = {(one["case"], one["moment"]): one["answers"] for one in new}
    found: list[Found] = []
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
                pair = by(was[1], was[2]), by(now[1], now[2])
                found.append(Found("authority", f"may:{question}", was[0], now[0], *pair, number, case))
    return found, number
