"""What one set of rules says (一方规则的答复): every answer in plain values, so that two processes can be compared.

A question has a name and plain values of its own; so has its answer. Whoever compares asks both sides the same
questions, and never looks at rules itself.
"""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from governflow.calendars import WorkingCalendar
from governflow.changes.of_journals import lived
from governflow.charter.answers.ask import Decision, asked
from governflow.charter.cases.reported import BEGIN, ReportedCase, fresh, mode_of, moment_of
from governflow.charter.cases.systematic import anywhen
from governflow.charter.lives.scenarios import by_lifecycle, planned, pool
from governflow.charter.lives.simulation import ADVANCE, DAY, Scenario, ScenarioStep, done, fallen, play
from governflow.charter.subject import Subject
from governflow.engine.decide import Command, decide
from governflow.errors import GovernflowError, described
from governflow.model.case import Case
from governflow.model.events import REQUESTER, Actor
from governflow.model.faults import Faults, HookFault
from governflow.model.terms import Mode
from governflow.policy.codes import NATION, ROOT
from governflow.policy.deadlines import Plan
from governflow.policy.hookspecs import Allowed, Refused
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.reports.format import plain

#: What is no part of a plugin, wherever it lies.
_LEFT_OUT = frozenset({"__pycache__", "build", "dist", "node_modules"})
#: What a life that goes well does without.
_ASIDE = frozenset(
    {
        *("report", "decline", "withdraw", "merge", "suspend", "resume", "return", "transfer", "escalate", "whistle"),
        *("reclassify", "extend", "appeal", "rule", "urge", "note"),
    }
)
#: So many items at most are looked at for what the catalogues say of them.
_FLAGGED = 60
#: What a catalogue says of an item for people to read.
_UNTOLD = frozenset({"basis", "reason", "code", "item"})
#: Cases of so many sorts are told to those who ask who may do what.
_SORTS = 8
#: Rules look at whether anybody asked: whoever found it does not judge it.
_FOUND: tuple[ReportedCase, ...] = ({}, {"asked": False})
#: How a case comes from one moment to the next, after its report: by which action, and which of its choices.
_MOMENTS = (("dispatch", 0), ("arrive", 0), ("resolve", 0), ("answer", 0), ("evaluate", 1))
#: Nobody acted for so long: clocks are overdue, and it is night.
_LATE = timedelta(days=1, hours=13)


class LocalityAnswers:
    """What one locality of one side says: each public method answers the question of its name."""

    def __init__(self, localities: Localities, code: str, folder: Path | None) -> None:
        self.localities, self.code, self.folder = localities, code, folder
        self.subject = Subject(localities, code)
        self.policy = self.subject.policy

    def rules(self) -> object:
        """What the rules are in themselves: all that can be compared exactly."""
        policy = self.policy
        units = policy.units
        return {
            "code": self.code,
            "name": [policy.locality.name_en, policy.locality.name],
            "above": [layer.code for layer in policy.layers[1:]],
            "zone": policy.zone,
            "names": {word: attrs.astuple(text) for word, text in policy.names.items()},
            "layers": [
                [source, {name: table.as_json() for name, table in tables.items()}] for source, tables in policy.tables
            ],
            "intake": units.intake,
            "units": {
                unit.id: {
                    "name": attrs.astuple(unit.text),
                    **plain(unit, None, "level", "parent", "forms", "kind"),
                    "roles": sorted(unit.roles),
                }
                for unit in units.units.values()
            },
            "lifecycles": {
                name: {
                    "states": list(one.states),
                    "ends": sorted(one.ends),
                    "ways": [
                        [way.source, action, way.target, list(way.guard or ()), way.cycle]
                        for (_, action), ways in one.transitions.items()
                        for way in ways
                    ],
                }
                for name, one in policy.lifecycles.items()
            },
        }

    def hooks(self, names: Sequence[str]) -> object:
        """Which layers answer a hook in code."""
        return {name: [source for source, _, _ in self.policy.impls(name)] for name in names}

    def files(self, whole: bool) -> object:  # noqa: FBT001 - a question's values have no names
        """The digest of each file: of the folder that was named, or of the packages that the plugins live in."""
        homes = [(self.folder, self.folder)] if whole and self.folder is not None else self._homes()
        return {name: digest for home, base in homes for name, digest in _under(home, base)}

    def _homes(self) -> Iterator[tuple[Path, Path]]:
        for layer in self.policy.layers:
            module = layer.plugin if inspect.ismodule(layer.plugin) else sys.modules.get(type(layer.plugin).__module__)
            file = getattr(module, "__file__", None)
            if module is None or file is None or layer.code in (ROOT, NATION):
                continue
            top = sys.modules.get(module.__name__.partition(".")[0])
            package = getattr(top, "__file__", None)
            if package is not None and Path(package).name == "__init__.py":
                yield Path(package).parent, Path(package).parent.parent
            else:
                yield Path(file), Path(file)

    def cases(self) -> object:
        """The boundary cases: the simplest first, none twice."""
        return list(anywhen(self.policy))

    def scenarios(self) -> object:
        """The lives that are lived: those of the charter, and good ones, as merits are earned by these."""
        return [scenario.as_case() for scenario in (*planned(self.subject), *self._good())]

    def _good(self) -> Iterator[Scenario]:
        """Everything is done in time and in its order: for who asks, and on the report of a unit of each kind."""
        kinds = {unit.kind: unit.id for unit in self.policy.units.units.values()}
        found = [{"informant": unit, "asked": False} for unit in kinds.values()]
        flagged = [{**found[0], "item": item} for item in islice(self._flagged(), _FLAGGED)]
        for name, reported_cases in by_lifecycle(self.subject).items():
            actions = [action for action in self.policy.lifecycles[name].actions if action not in _ASIDE]
            # A step that a locality added comes last among the actions, and perhaps first in a life.
            steps = tuple(ScenarioStep(1, action) for action in (*actions, *actions))
            for reported_case in (*reported_cases, *({**reported_cases[0], **one} for one in (*found, *flagged))):
                yield Scenario(reported_case, (*steps, ScenarioStep(60 * DAY, ADVANCE)))
            # Sent to a unit that somebody chose, found wanting twice, and done well at last.
            wanting = tuple(ScenarioStep(1, action, 1) for action in (*actions, *actions))
            yield Scenario(reported_cases[0], (*wanting, *wanting, *steps, *steps, ScenarioStep(60 * DAY, ADVANCE)))

    def _flagged(self) -> Iterator[str]:
        """Return an item for each word that the catalogues use of one: merits may look at it."""
        seen: set[tuple[str, str]] = set()
        for _, catalogue in self.policy.ruled.catalogues:
            for item in catalogue.items:
                words = {pair for pair in self.policy.ruled.entry(item).items() if pair[0] not in _UNTOLD} - seen
                if words:
                    seen |= words
                    yield item

    def sorts(self) -> object:
        """A few cases, one of each sort: told as they are, found by a worker, and in the smallest place there is."""
        units = self.policy.units
        deepest = max(units.units, key=lambda unit: len(units.path(unit)))
        cases = [case for case, _, _ in pool(self.subject, sorts=_SORTS)]
        return [{**where, **one, **found} for one in cases for where in ({}, {"place": deepest}) for found in _FOUND]

    def answers(self, cases: Sequence[ReportedCase]) -> object:
        """What is said of each case, and each plan of clocks once."""
        policy = self.policy
        plans: dict[int, tuple[int, Plan]] = {}
        said: list[object] = []
        for case in cases:
            answer = asked(policy, case)
            found: dict[str, object] = {"faults": _listed(answer.faults)}
            stands = answer.dispatched or answer.reported
            if stands is None or answer.refused is not None:
                found["refused"] = answer.refused
            else:
                found["decisions"] = answer.plain.decisions()
                plan = policy.plan(stands, policy.context(stands, stands.mode, BEGIN), [])
                found["plan"] = plans.setdefault(id(plan), (len(plans), plan))[0]
            said.append(found)
        clocks = dict.fromkeys(name for _, plan in plans.values() for name in plan.specs)
        return {
            "cases": said,
            "plans": [_planned(plan) for _, plan in plans.values()],
            "calendars": {clock: {mode.value: self._calendar(clock, mode) for mode in Mode} for clock in clocks},
        }

    def _calendar(self, clock: str, mode: Mode) -> object:
        faults: Faults = []
        context = self.policy.context(Case("check", zone=self.policy.zone), mode, BEGIN)
        return _hours(self.policy.calendar(clock, context, faults)) | {"hours:faults": _listed(faults) or None}

    def lives(self, scenarios: Sequence[ReportedCase]) -> object:
        """What happens in each life, event by event, and the merits that it earns."""
        return [self._lived(Scenario.read(scenario)) for scenario in scenarios]

    def _lived(self, scenario: Scenario) -> object:
        life = play(self.subject, scenario)
        book = life.engine.book(self.policy.code) if life.case is not None else ()
        return {
            "events": life.events,
            "book": list(life.book),
            "merits": [[event.at, event.about] for event in book if event.kind == "merit_entered"],
            "broken": life.broken,
        }

    def duties(self, cases: Sequence[ReportedCase]) -> object:
        """Who may do what: every action, by an actor of each kind of unit, at a few moments of a few cases.

        The answers are by ``action|who``: the answer, the rule and whose it is.
        """
        policy = self.policy
        found: list[Mapping[str, object]] = []
        for number, reported_case in enumerate(cases):
            held = _held(policy, reported_case) if number == 0 else ()
            for moment, case, at in (*_stages(policy, reported_case), *held):
                actions = policy.lifecycle(case, []).actions
                answers = {
                    f"{action}|{who}": _permitted(policy, actor, action, case, at)
                    for who, actor in _actors(policy, case)
                    for action in actions
                }
                found.append({"case": number, "moment": moment, "answers": answers})
        return found

    def journal(self, reported_case: Mapping[str, Any]) -> object:
        """What became of the cases of a journal."""
        return lived(self.localities, self.code, **reported_case)


def _listed(faults: Iterable[HookFault]) -> list[list[str]]:
    return [[fault.source.partition("@")[0], fault.hook, fault.text.en] for fault in faults]


def _planned(plan: Plan) -> dict[str, Decision]:
    """Return the terms of each clock, and who gave them."""
    found: dict[str, Decision] = {}
    for name, spec in plan.specs.items():
        terms = {
            "allowance": spec.written,
            "starts": sorted(spec.starts),
            "stops": sorted(spec.stops),
            "traits": sorted(spec.traits),
            "extension": None if spec.extension is None else str(spec.extension),
        }
        found |= {f"clock:{name}:{term}": Decision.of(value, plan.rulings[name]) for term, value in terms.items()}
    return found


def _hours(calendar: WorkingCalendar) -> dict[str, object]:
    return {
        "hours:zone": calendar.tz,
        "hours:coverage": calendar.coverage,
        "hours:beyond": calendar.beyond,
        **{f"week:{day}": windows for day, windows in calendar.weekly},
        **{f"shifts:{day.isoformat()}": windows for day, windows in calendar.shifts},
        **{f"holiday@{day.isoformat()}": day for day in calendar.holidays},
    }


def _under(path: Path, base: Path) -> Iterator[tuple[str, str]]:
    """Return the files of a folder, each with the digest of what is in it.

    A file by itself has no name: it is compared with the file that took its place, whatever either is called.
    """
    if path.is_file():
        yield "" if path == base else path.relative_to(base).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()
        return
    for inner in sorted(path.iterdir()):
        left_out = inner.name.startswith(".") or inner.name in _LEFT_OUT
        if not left_out and not inner.name.endswith((".pyc", ".egg-info")):
            yield from _under(inner, base)


# --- who may do what --------------------------------------------------------------------------------------------------


def _stages(policy: Policy, reported_case: ReportedCase) -> Iterator[tuple[str, Case, datetime]]:
    """Return a case as each moment leaves it; what its lifecycle does not know is left out."""
    try:
        at = moment_of(reported_case, BEGIN)
        case = decide(fresh(policy, reported_case, at), Command("report", {}), policy, at, mode_of(reported_case))[1]
    except GovernflowError:
        return
    yield "report", case, at
    for action, pick in _MOMENTS:
        try:
            case = done(policy, case, action, at, pick)
        except GovernflowError:
            continue
        yield action, case, at
        if action == "dispatch":
            late = at + _LATE
            yield "late", [case, *(after for _, after in fallen(policy, case, late))][-1], late


def _held(policy: Policy, reported_case: ReportedCase) -> Iterator[tuple[str, Case, datetime]]:
    """Return one case as it is held by a unit of each kind."""
    dispatched = next((case for moment, case, _ in _stages(policy, reported_case) if moment == "dispatch"), None)
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


def _permitted(policy: Policy, actor: Actor | None, action: str, case: Case, at: datetime) -> list[str]:
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
