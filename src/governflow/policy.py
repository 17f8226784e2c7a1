"""A locality's policy: its plugins over its ancestors' over the defaults (策略栈).

The engine asks through `Policy.ask`, our own way over pluggy's public `get_hookimpls`: most specific first, ``None``
passes down, and every answer names the plugin that gave it. A hook that raises or answers in the wrong type never loses
a case: the fault is noted in `Faults`, and the question goes on to the plugin below.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import attrs
import msgspec
import pluggy

from governflow import defaults, hookspecs
from governflow.allowances import Allowance
from governflow.calendars import WorkingCalendar
from governflow.case import Case
from governflow.clocks import STATUTE, ClockSpec, Decided, Plan
from governflow.errors import PolicyError, TableError
from governflow.events import fingerprint
from governflow.hookspecs import (
    VALUES,
    Assessment,
    Breach,
    Context,
    Deadlines,
    Demo,
    Escalation,
    Locality,
    Route,
    Ruling,
)
from governflow.lifecycle import BASE, Lifecycle
from governflow.loading import HOOKS, faults_of
from governflow.ruled import Allowances, Ruled
from governflow.tables import Catalogue, Table
from governflow.terms import Form, Kind, Mode, Severity, Urgency
from governflow.text import Text
from governflow.units import OrgChart

#: The shortest time after which a ladder may ask for its next rung, or `advance` would never come through.
SHORTEST_AGAIN = timedelta(minutes=1)
#: After so many rungs a ladder rests a day at least: one that never comes to its top must not drown the book.
LONGEST_LADDER = 40
RESTED = timedelta(days=1)

#: The code of the country: its statutes (信访工作条例) lie under every division of GB/T 2260.
NATION = "100000"

#: A list to which `Policy.ask` adds what went wrong: ``(plugin, hook, what)``.
Faults = list[tuple[str, str, str]]
Impl = tuple[str, Callable[..., Any], tuple[str, ...]]
Call = Callable[..., Any]


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
        #: The code and everything above it: where a switch of mode reaches this locality.
        self.lineage: tuple[str, ...] = (code,)
        self.layers = tuple(layers)
        self.locality = layers[0].locality
        self.zone = self.locality.zone
        faults: list[Text] = []
        self._impls = _registered(layers, faults)
        self.units = self._units(faults)
        self.lifecycles = self._lifecycles(faults)
        self.names = self._names(faults)
        #: Each layer's tables by the question that they answer, most specific layer first.
        self.tables = self._tables(faults)
        self.ruled = Ruled(self.tables, self.units, self.lifecycles, faults)
        if faults:
            raise PolicyError.listing(Text(f"the rules of {code} cannot be loaded", f"{code} 的规则无法加载"), faults)
        self.rule_set = self._rule_set()
        #: The hash of the rule set: plugins with their versions, and every table.
        self.rules = fingerprint(self.rule_set)
        #: The plugins that want to hear of recorded events, by code: an update must not lose what waits for them.
        self.observed = tuple(source.partition("@")[0] for source, _, _ in self._impls["governflow_recorded"])
        #: Who says what an actor may do.
        self.authorities = tuple(
            (source, _taking(function, names, ("actor", "action", "case", "context")))
            # What the law of the land refuses, no locality allows.
            for source, function, names in sorted(
                self._impls["governflow_authorise"], key=lambda impl: impl[0].partition("@")[0] != NATION
            )
        )
        #: Whether anybody but the defaults says so.
        self.judges = any(source != "governflow" for source, _ in self.authorities)
        #: Who gives merits.
        self.rewarding = tuple(
            (source, _taking(function, names, ("event", "case", "context")))
            for source, function, names in self._impls["governflow_merits"]
        )
        self._asked = {name: self._order(name) for name in (*VALUES, "governflow_deadlines")}
        deadlines = self._asked["governflow_deadlines"]
        self._sole = deadlines[0][1] if len(deadlines) == 1 else None
        self._plans: dict[Any, tuple[Plan, Any]] = {}
        self._same: dict[Any, Plan] = {}
        self._context: Context | None = None
        self.ruled.check_clocks(self, faults)
        if faults:
            raise PolicyError.listing(Text(f"the rules of {code} cannot be loaded", f"{code} 的规则无法加载"), faults)

    def rename(self, code: str) -> None:
        """Let a copy speak for a code below that has no rules of its own."""
        self.code = code
        self._context = None

    def impls(self, hook: str) -> tuple[Impl, ...]:
        """Give who answers a hook, most specific first: ``(source, function, argument names)``."""
        return self._impls[hook]

    def demo(self) -> Demo | None:
        """Give the day that shows how the locality itself works; its ancestors' days would show somebody else."""
        for source, function, _ in self._impls["governflow_demo"]:
            if source == self.layers[0].source:
                answer = function()
                return answer if isinstance(answer, Demo) else None
        return None

    def _order(self, hook: str) -> tuple[tuple[str, Call], ...]:
        """Put each layer's hook before its tables, and each layer before the one below."""
        hooks = {source: (function, names) for source, function, names in self._impls[hook]}
        asked: list[tuple[str, Call]] = []
        for layer in self.layers:
            if layer.source in hooks:
                asked.append((layer.source, _taking(*hooks[layer.source], ("case", "context", "cause"))))
            asked += [(layer.source, call) for call in self.ruled.calls(hook, layer.source)]
        return tuple(asked)

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
        key = tuple([(source, id(answer)) for source, answer in answers]) if self._sole is None else id(answers[0][1])
        known = self._plans.get(key)
        if known is not None:
            return known[0]
        sound = [(source, answer) for source, answer in answers if _only_specs(answer)]
        for source, answer in answers:
            if not _only_specs(answer):
                faults.append((source, "governflow_deadlines", f"answered {answer!r:.80} instead of Deadlines"))
        if len(sound) < len(answers):
            return _merged(list(reversed(sound)), faults)
        # A hook that makes equal answers anew each time costs a comparison, not a plan and memory for each.
        same = tuple(answers)
        plan = self._same.get(same)
        if plan is None:
            before = len(faults)
            plan = _merged(list(reversed(answers)), faults)
            if len(faults) == before:
                if len(self._plans) > 4096:
                    self._plans.clear()
                    self._same.clear()
                self._plans[key] = (plan, same)
                self._same[same] = plan
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

    def _units(self, faults: list[Text]) -> OrgChart:
        for source, function, _ in self._impls["governflow_units"]:
            chart = _called(source, "governflow_units", function, (), faults)
            if isinstance(chart, OrgChart):
                return chart
            if chart is not None:
                faults.append(_wrong(source, "governflow_units", chart, "an OrgChart"))
        return defaults.UNITS

    def _lifecycles(self, faults: list[Text]) -> Mapping[str, Lifecycle]:
        known = {BASE.name: BASE}
        for source, function, names in reversed(self._impls["governflow_lifecycles"]):
            given = [known[BASE.name] for _ in names]
            for name, lifecycle in _mapping(source, "governflow_lifecycles", function, given, faults):
                if isinstance(lifecycle, Lifecycle):
                    known[name] = lifecycle
                else:
                    faults.append(_wrong(source, "governflow_lifecycles", lifecycle, f"a Lifecycle for {name!r}"))
        return MappingProxyType(known)

    def _names(self, faults: list[Text]) -> Mapping[str, Text]:
        names: dict[str, Text] = {}
        for lifecycle in self.lifecycles.values():
            names |= lifecycle.names()
        for source, function, _ in reversed(self._impls["governflow_terms"]):
            for word, text in _mapping(source, "governflow_terms", function, (), faults):
                if isinstance(text, Text):
                    names[word] = text
                else:
                    faults.append(_wrong(source, "governflow_terms", text, f"a Text for {word!r}"))
        return names

    def _tables(self, faults: list[Text]) -> Sequence[tuple[str, Mapping[str, Table | Catalogue]]]:
        layers = []
        for source, function, _ in self._impls["governflow_tables"]:
            tables: dict[str, Table | Catalogue] = {}
            for name, table in _mapping(source, "governflow_tables", function, (), faults):
                if isinstance(table, Catalogue if name == "catalogue" else Table):
                    tables[name] = table
                else:
                    wanted = "a Catalogue" if name == "catalogue" else "a Table"
                    faults.append(_wrong(source, "governflow_tables", table, f"{wanted} for {name!r}"))
            layers.append((source, MappingProxyType(tables)))
        return tuple(layers)

    def _rule_set(self) -> bytes:
        """Write down what rules: who, in which version, and every table, so that the row of the time can be shown."""
        tables = dict(self.tables)
        told = [
            {"source": layer.source, "tables": {name: table.as_json() for name, table in tables[layer.source].items()}}
            if layer.source in tables
            else {"source": layer.source}
            for layer in self.layers
        ]
        return msgspec.json.encode(told, order="deterministic")


def _registered(layers: Sequence[Layer], faults: list[Text]) -> dict[str, tuple[Impl, ...]]:
    """Register the plugins with one manager, and give who answers each hook, most specific first."""
    manager = pluggy.PluginManager("governflow")
    manager.add_hookspecs(hookspecs)
    for layer in reversed(layers):
        found = faults_of(layer.plugin)
        faults += [Text(f"{layer.source}: {fault.en}", f"{layer.source}：{fault.zh}") for fault in found]
        if not found:
            manager.register(layer.plugin, name=layer.source)
    return {
        name: tuple(
            (impl.plugin_name, impl.function, tuple(impl.argnames))
            # pluggy keeps its implementations in the order of registration: the last one is the most specific
            for impl in reversed(getattr(manager.hook, name).get_hookimpls())
        )
        for name in HOOKS
    }


def _called(source: str, hook: str, function: Callable[..., Any], given: Sequence[Any], faults: list[Text]) -> Any:
    """Call a hook that says what a plugin is; what it raises is a fault of the plugin."""
    try:
        return function(*given)
    except PolicyError as fault:
        faults += [
            Text(f"{source}: {one.en}", f"{source}：{one.zh}")
            for one in ([fault.text] if isinstance(fault, TableError) else fault.faults or [fault.text])
        ]
    except Exception as fault:  # noqa: BLE001 - whatever it raises, the county's author has to read it
        what = f"{type(fault).__name__}: {fault}"
        faults.append(Text(f"{source}: {hook} raised {what}", f"{source}：{hook} 出错：{what}"))
    return None


def _mapping(
    source: str, hook: str, function: Callable[..., Any], given: Sequence[Any], faults: list[Text]
) -> list[tuple[Any, Any]]:
    answer = _called(source, hook, function, given, faults)
    if answer is None:
        return []
    if not isinstance(answer, Mapping):
        faults.append(_wrong(source, hook, answer, "a mapping by name"))
        return []
    return list(answer.items())


def _wrong(source: str, hook: str, answer: object, wanted: str) -> Text:
    return Text(
        f"{source}: {hook} answered {answer!r:.80}, not {wanted}",
        f"{source}：{hook} 返回了 {answer!r:.80}，应为 {wanted}",
    )


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
    if value.again is not None and cause.rung >= LONGEST_LADDER and value.again < RESTED:
        return f"asked for rung {cause.rung + 2} after {value.again}: after {LONGEST_LADDER} rungs a ladder rests a day"
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
    if type(answer) is Allowances:
        return True
    if type(answer) is not Deadlines or type(answer.clocks) is not tuple or type(answer.drop) is not tuple:
        return False
    return all(type(spec) is ClockSpec for spec in answer.clocks)


def _taking(function: Callable[..., Any], names: tuple[str, ...], given: tuple[str, ...]) -> Call:
    """Call a hook with just the arguments that it takes, in the order in which they are given."""
    if names == given:
        return function
    places = [given.index(name) for name in names]
    if places == [0]:
        return lambda one, *_: function(one)
    if places == [0, 1]:
        return lambda one, two, *_: function(one, two)
    return lambda *all_: function(*[all_[place] for place in places])


def _merged(answers: Sequence[tuple[str, Deadlines | Allowances]], faults: Faults) -> Plan:
    specs: dict[str, ClockSpec] = {}
    sources: dict[str, str] = {}
    for source, answer in answers:
        dropped = answer.drop
        for name in dropped:
            known = specs.get(name)
            if known is not None and STATUTE in known.traits:
                faults.append((source, "governflow_deadlines", f"drops the clock {name}, which {known.rule} demands"))
                continue
            specs.pop(name, None)
        if isinstance(answer, Allowances):
            changed = []
            for name, allowance in answer.changed:
                known = specs.get(name)
                if known is None:
                    faults.append(
                        (source, "governflow_deadlines", f"gives {name} an allowance, but no layer starts it")
                    )
                    continue
                changed.append(attrs.evolve(known, allowance=allowance, rule=answer.rule, reason=answer.reason))
        else:
            changed = list(answer.clocks)
        for spec in changed:
            law = specs.get(spec.name)
            if law is not None and STATUTE in law.traits:
                if looser(spec.allowance, law.allowance):
                    what = f"gives {spec.name} {spec.written}, looser than the {law.written} that {law.rule} demands"
                    faults.append((source, "governflow_deadlines", what))
                    continue
                spec = _under(law, spec)
            specs[spec.name] = spec
            sources[spec.name] = source
    return Plan.of(specs.values(), sources)


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


def decided(what: str, value: Any, ruling: Ruling, source: str) -> Decided:
    """Write a ruling as an event keeps it."""
    return Decided(what, value, ruling.reason, ruling.rule, source)
