"""A locality's policy: its plugins over its ancestors' over the defaults (策略栈).

The engine asks through `Policy.ask`, our own way over pluggy's public `get_hookimpls`: most specific first, ``None``
passes down, and every answer names the plugin that gave it. A hook that raises or answers in the wrong type never loses
a case: the fault is noted in `Faults`, and the question goes on to the plugin below.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs
import pluggy

from governflow import hookspecs
from governflow.calendars import WorkingCalendar
from governflow.case import Case
from governflow.clocks import ClockSpec, Decided, Plan
from governflow.errors import PolicyError
from governflow.hookspecs import (
    VALUES,
    Assessment,
    Breach,
    Context,
    Deadlines,
    Escalation,
    Locality,
    Route,
    Ruling,
)
from governflow.lifecycle import BASE, Lifecycle
from governflow.terms import Form, Kind, Mode, Severity, Urgency
from governflow.text import Text
from governflow.units import OrgChart

#: The shortest time after which a ladder may ask for its next rung, or `advance` would never come through.
SHORTEST_AGAIN = timedelta(minutes=1)

#: A list to which `Policy.ask` adds what went wrong: ``(plugin, hook, what)``.
Faults = list[tuple[str, str, str]]
Impl = tuple[str, Callable[..., Any], tuple[str, ...]]


@attrs.frozen
class Layer:
    """One plugin of the stack.

    Args:
        code: The locality's code.
        source: What rulings call it: the code, and the version where a distribution has one.
        plugin: The plugin object.
        locality: What its ``governflow_locality`` says.
    """

    code: str
    source: str
    plugin: object
    locality: Locality


class Policy:
    """The stack of one locality, ready to be asked. Built once, then immutable.

    Args:
        code: The code that was asked for.
        layers: The plugins, most specific first, the defaults last.

    Raises:
        PolicyError: If a plugin is wrong in itself; every fault is named.
    """

    def __init__(self, code: str, layers: Sequence[Layer]) -> None:
        self.code = code
        #: Why these are not the locality's own rules, if they are not.
        self.fault = ""
        self.layers = tuple(layers)
        manager = pluggy.PluginManager("governflow")
        manager.add_hookspecs(hookspecs)
        faults = []
        for layer in reversed(layers):
            try:
                manager.register(layer.plugin, name=layer.source)
            except (pluggy.PluginValidationError, ValueError) as fault:
                faults.append(f"{layer.source}: {fault}")
        unknown = [name for name in vars(manager.hook) if name.startswith("governflow_") and not _specified(name)]
        faults += [f"there is no hook {name}" for name in sorted(unknown)]
        if faults:
            raise PolicyError(f"the rules of {code} cannot be loaded: " + "; ".join(faults))
        self._impls: dict[str, tuple[Impl, ...]] = {
            name: tuple(
                (impl.plugin_name, impl.function, tuple(impl.argnames))
                # pluggy keeps its implementations in the order of registration: the last one is the most specific
                for impl in reversed(caller.get_hookimpls())
            )
            for name, caller in vars(manager.hook).items()
            if _specified(name)
        }
        self.locality = layers[0].locality
        self.zone = self.locality.zone
        try:
            self.units = self._units()
            self.lifecycles = self._lifecycles()
            self.names = self._names()
        except PolicyError:
            raise
        except Exception as fault:
            raise PolicyError(
                f"the rules of {code} cannot be loaded: {type(fault).__name__}: {fault}",
                f"{code} 的规则无法加载：{type(fault).__name__}: {fault}",
            ) from fault
        self.rules = self._hash()
        #: The plugins that want to hear of recorded events, by code: an update must not lose what waits for them.
        self.observed = tuple(source.partition("@")[0] for source, _, _ in self._impls["governflow_recorded"])
        #: Who says what an actor may do.
        self.authorities = self._impls["governflow_authorise"]
        self._asked = {
            name: tuple((source, _taking(function, names)) for source, function, names in self._impls[name])
            for name in (*VALUES, "governflow_deadlines")
        }
        deadlines = self._asked["governflow_deadlines"]
        self._sole = deadlines[0][1] if len(deadlines) == 1 else None
        self._plans: dict[Any, tuple[Plan, tuple[Deadlines, ...]]] = {}
        self._context: Context | None = None

    def impls(self, hook: str) -> tuple[Impl, ...]:
        """Give who answers a hook, most specific first: ``(source, function, argument names)``."""
        return self._impls[hook]

    def lifecycle(self, case: Case, faults: Faults) -> Lifecycle:
        """Give the lifecycle of a case; the base where the rules no longer know it, which is a fault of theirs."""
        known = self.lifecycles.get(case.lifecycle)
        if known is not None:
            return known
        faults.append((self.code, "governflow_lifecycles", f"there is no lifecycle {case.lifecycle!r} any more"))
        return BASE

    def context(self, case: Case, mode: Mode, at: Any) -> Context:
        """Give what hooks may know beside the case."""
        context = self._context
        if context is None or context.at is not at or context.mode is not mode or context.zone != case.zone:
            context = self._context = Context(self.code, mode, at, self.units, case.zone)
        return context

    def ask(
        self, hook: str, faults: Faults, case: Case, context: Context, cause: Any = None
    ) -> tuple[Any, Ruling, str] | None:
        """Ask a deciding hook.

        Args:
            hook: The hook's name.
            faults: Where to note what went wrong.
            case: The case that it is about.
            context: What hooks may know beside it.
            cause: Why an escalation is asked for.

        Returns:
            The ruling's value, the ruling and the plugin that gave it; None if nobody has an opinion.
        """
        wanted = VALUES[hook]
        for source, call in self._asked[hook]:
            try:
                ruling = call(case, context, cause)
            except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises, the case must stand
                faults.append((source, hook, f"{type(fault).__name__}: {fault}"))
                continue
            if ruling is None:
                continue
            if type(ruling) is not Ruling or type(ruling.value) is not wanted or type(ruling.reason) is not Text:
                faults.append((source, hook, f"answered {ruling!r:.80} instead of a Ruling of {wanted.__name__}"))
                continue
            wrong = None if type(ruling.rule) is str else f"gave the rule id {ruling.rule!r:.80}, which is no text"
            wrong = wrong or _SENSE[hook](ruling.value, case, self.units, cause)
            if wrong is None:
                return ruling.value, ruling, source
            faults.append((source, hook, wrong))
        return None

    def plan(self, case: Case, context: Context, faults: Faults) -> Plan:
        """Give the clocks that this case has, layer over layer from the defaults up."""
        if self._sole is not None:  # one layer gives all the clocks, as it is wherever no county changes them
            try:
                known = self._plans.get(id(self._sole(case, context, None)))
            except Exception:  # noqa: BLE001 - asked once more below, where the fault is noted
                known = None
            if known is not None:
                return known[0]
        answers: list[tuple[str, Any]] = []
        for source, call in self._asked["governflow_deadlines"]:
            try:
                answer = call(case, context, None)
            except Exception as fault:  # noqa: BLE001 - see ask
                faults.append((source, "governflow_deadlines", f"{type(fault).__name__}: {fault}"))
                continue
            if answer is None:
                continue
            answers.append((source, answer))
        # Deadlines are immutable: the same objects mean the same plan. What is remembered keeps them alive, so that
        # no other object can come to have the same id.
        key = id(answers[0][1]) if len(answers) == 1 else tuple([id(answer) for _, answer in answers])
        known = self._plans.get(key)
        if known is not None:
            return known[0]
        sound = [(source, answer) for source, answer in answers if _only_specs(answer)]
        for source, answer in answers:
            if not _only_specs(answer):
                faults.append((source, "governflow_deadlines", f"answered {answer!r:.80} instead of Deadlines"))
        plan = _merged(list(reversed(sound)))
        if len(sound) == len(answers):
            if len(self._plans) > 4096:
                self._plans.clear()
            self._plans[key] = (plan, tuple(answer for _, answer in answers))
        return plan

    def calendar(self, clock: str, context: Context, faults: Faults) -> WorkingCalendar:
        """Give the calendar that a clock runs on; round the clock if nobody says otherwise."""
        for source, function, names in self._impls["governflow_calendar"]:
            try:
                calendar = function(*[clock if name == "clock" else context for name in names])
            except Exception as fault:  # noqa: BLE001 - see ask
                faults.append((source, "governflow_calendar", f"{type(fault).__name__}: {fault}"))
                continue
            if isinstance(calendar, WorkingCalendar):
                return calendar
            if calendar is not None:
                faults.append((source, "governflow_calendar", f"answered {calendar!r:.80}, which is no calendar"))
        return WorkingCalendar.always(context.zone)

    def name(self, word: str) -> Text:
        """Give the local name of a state, action or clock; the word itself where nobody named it."""
        known = self.names.get(word)
        if known is None and word.startswith("check_in:"):
            unit = self.units.name(word.partition(":")[2])
            return Text(f"check in ({unit.en})", f"报到（{unit.zh}）")
        return known or Text(word, word)

    def _units(self) -> OrgChart:
        for source, function, _ in self._impls["governflow_units"]:
            chart = function()
            if isinstance(chart, OrgChart):
                return chart
            if chart is not None:
                raise PolicyError(f"{source}: governflow_units answered {type(chart).__name__}, not an OrgChart")
        raise PolicyError(f"nobody gives {self.code} an org chart")

    def _lifecycles(self) -> Mapping[str, Lifecycle]:
        known = {BASE.name: BASE}
        for source, function, names in reversed(self._impls["governflow_lifecycles"]):
            more = function(*[BASE for _ in names])
            for name, lifecycle in (more or {}).items():
                if not isinstance(lifecycle, Lifecycle):
                    raise PolicyError(f"{source}: lifecycle {name!r} is a {type(lifecycle).__name__}, not a Lifecycle")
                known[name] = lifecycle
        return known

    def _names(self) -> Mapping[str, Text]:
        names: dict[str, Text] = {}
        for lifecycle in self.lifecycles.values():
            names |= lifecycle.names()
        for _, function, _ in reversed(self._impls["governflow_terms"]):
            names |= function() or {}
        return names

    def _hash(self) -> str:
        told = "\n".join(layer.source for layer in self.layers)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def _specified(name: str) -> bool:
    return name in vars(hookspecs) and name.startswith("governflow_")


def _assessment(value: Assessment, case: Case, units: OrgChart, cause: Any) -> str | None:
    if type(value.severity) is Severity and type(value.urgency) is Urgency:
        return None
    return f"assessed {value.severity!r}, {value.urgency!r}: give a Severity and an Urgency"


def _route(value: Route, case: Case, units: OrgChart, cause: Any) -> str | None:
    if type(value.form) is not Form or type(value.assist) is not tuple:
        return f"routed with {value!r:.80}: give a Form, and the assisting units as a tuple"
    for unit in (value.lead, *value.assist):
        if type(unit) is not str or unit not in units:
            return f"routed to {unit!r:.80}, which the chart does not know"
    return None


def _escalation(value: Escalation, case: Case, units: OrgChart, cause: Breach) -> str | None:
    if type(value.kind) is not Kind or (value.form is not None and type(value.form) is not Form):
        return f"escalated with {value!r:.80}: give a Kind, and a Form or None"
    if type(value.to) is not str or value.to not in units:
        return f"escalated to {value.to!r:.80}, which the chart does not know"
    if value.again is not None and not (isinstance(value.again, timedelta) and value.again >= SHORTEST_AGAIN):
        return f"asked for the next rung after {value.again!r:.80}: it must be a minute at least"
    if value.kind is Kind.TAKE_OVER and cause.holder != units.intake:
        form = value.form or case.form
        if units.level(value.to, form) < units.level(cause.holder, case.form):
            return f"escalated down from {cause.holder!r} to {value.to!r}"
    return None


#: What must be true of a ruling's value beyond its type; the sentence says what is wrong.
_SENSE: Mapping[str, Callable[[Any, Case, OrgChart, Any], str | None]] = {
    "governflow_assess": _assessment,
    "governflow_tier": lambda value, case, units, cause: None,
    "governflow_route": _route,
    "governflow_escalate": _escalation,
}


def _only_specs(answer: object) -> bool:
    if type(answer) is not Deadlines or type(answer.clocks) is not tuple or type(answer.drop) is not tuple:
        return False
    return all(type(spec) is ClockSpec for spec in answer.clocks)


def _taking(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[[Case, Context, Any], Any]:
    """Call a hook with just the arguments that it takes."""
    if names == ("case",):
        return lambda case, context, cause: function(case)
    if names == ("case", "context"):
        return lambda case, context, cause: function(case, context)
    places = {"case": 0, "context": 1, "cause": 2}
    return lambda *given: function(*[given[places[name]] for name in names])


def _merged(answers: Sequence[tuple[str, Deadlines]]) -> Plan:
    specs: dict[str, ClockSpec] = {}
    sources: dict[str, str] = {}
    for source, answer in answers:
        for name in answer.drop:
            specs.pop(name, None)
        for spec in answer.clocks:
            specs[spec.name] = spec
            sources[spec.name] = source
    return Plan.of(specs.values(), sources)


def decided(what: str, value: Any, ruling: Ruling, source: str) -> Decided:
    """Write a ruling as an event keeps it."""
    return Decided(what, value, ruling.reason, ruling.rule, source)
