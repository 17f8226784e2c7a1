"""A locality's policy: its plugins over its ancestors' over the defaults (策略栈).

The engine asks through `Policy.ask`, our own way over pluggy's public `get_hookimpls`: most specific first, ``None``
passes down, and every answer names the plugin that gave it. A hook that raises or answers in the wrong type never loses
a case: the fault is noted in `Faults`, and the question goes on to the plugin below.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from governflow.calendars import WorkingCalendar
from governflow.errors import PolicyError, shown
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.faults import Faults, HookFault
from governflow.model.lifecycle import Lifecycle
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Mode
from governflow.model.units import OrgChart
from governflow.policy import files as packaged
from governflow.policy import rulesets
from governflow.policy.builtin import defaults
from governflow.policy.deadlines import Plan, merged, only_specs
from governflow.policy.hook_checks import Impl, called, mapping, registered, wrong
from governflow.policy.hookspecs import VALUES, Context, Demo, Locality, Ruling
from governflow.policy.rulesets import standing_apart
from governflow.policy.table_rules import Ruled
from governflow.policy.validation import SENSE, Fault
from governflow.tables import Catalogue, Table
from governflow.text import Text

#: The code of the country: its statutes (信访工作条例) lie under every division of GB/T 2260.
NATION = "100000"

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
        self.fault: PolicyError | None = None
        #: The code and everything above it: where a switch of mode reaches this locality.
        self.lineage: tuple[str, ...] = (code,)
        self.layers = tuple(layers)
        self.locality = layers[0].locality
        self.zone = self.locality.zone
        faults: list[Text] = []
        self._impls = registered([(layer.source, layer.plugin) for layer in layers], faults)
        self.units, charted = self._units(faults)
        self.lifecycles = self._lifecycles(faults)
        self.names = self._names(faults)
        #: Each layer's tables by the question that they answer, most specific layer first.
        self.tables = self._tables(faults)
        self.ruled = Ruled(self.tables, self.units, self.lifecycles, faults, charted)
        self._context: Context | None = None
        self.ruled.check_clocks(self, faults)
        if faults:
            raise PolicyError.listing(Text(f"the rules of {code} cannot be loaded", f"{code} 的规则无法加载"), faults)
        rule_set = [layer.source for layer in layers], dict(self.tables), standing_apart(self.units, self.lifecycles)
        #: The hash of the rule set: plugins with their versions, every table, the chart and the lifecycles.
        self.rules = rulesets.known_as(*rule_set)
        self.rule_set = rulesets.written(*rule_set)
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
        self._readable: dict[int, Ruling] = {}

    def rename(self, code: str) -> None:
        """Let a copy speak for a code below that has no rules of its own."""
        self.code = code
        self._context = None

    def impls(self, hook: str) -> tuple[Impl, ...]:
        """Return who answers a hook, most specific first: ``(source, function, argument names)``."""
        return self._impls[hook]

    def demo(self) -> Demo | None:
        """Return the day that shows how the locality itself works; its ancestors' days would show somebody else."""
        for source, function, _ in self._impls["governflow_demo"]:
            if source == self.layers[0].source:
                faults: list[Text] = []
                answer = called(source, "governflow_demo", function, (), faults)
                if isinstance(answer, Demo):
                    return answer
                if answer is not None:
                    faults.append(wrong(source, "governflow_demo", answer, "a Demo"))
                if faults:
                    raise PolicyError(faults[0].en, faults[0].zh, faults)
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
        """Return the lifecycle of a case; the base where the rules no longer know it, which is a fault of theirs."""
        known = self.lifecycles.get(case.lifecycle)
        if known is not None:
            return known
        faults.append(HookFault(self.code, "governflow_lifecycles", "no_lifecycle", (repr(case.lifecycle),)))
        return BASE

    def context(self, case: Case, mode: Mode, at: Any) -> Context:
        """Return what hooks may know beside the case."""
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
            except (Exception, SystemExit, GeneratorExit) as raised:  # noqa: BLE001 - whatever a county's rule raises, the case must stand
                faults.append(HookFault.raised(source, hook, raised))
                continue
            if ruling is None:
                continue
            if type(ruling) is not Ruling or type(ruling.value) is not wanted or type(ruling.reason) is not Text:
                faults.append(HookFault(source, hook, "no_ruling", (shown(ruling), wanted.__name__)))
                continue
            fault = self._unreadable(ruling) or SENSE[hook](ruling.value, case, self.units, cause)
            if fault is None:
                return ruling.value, ruling, source
            faults.append(HookFault(source, hook, *fault))
        return None

    def _unreadable(self, ruling: Ruling) -> Fault | None:
        """Return what of a ruling could not be read again; most are made once and given a thousand times."""
        if self._readable.get(id(ruling)) is ruling:
            return None
        if not ruling.reason.sound or not Text(ruling.rule, ruling.rule).sound:
            return "no_text", (shown(ruling.reason), shown(ruling.rule))
        if len(self._readable) > 4096:
            self._readable.clear()
        self._readable[id(ruling)] = ruling
        return None

    def plan(self, case: Case, context: Context, faults: Faults) -> Plan:
        """Return the clocks that this case has, layer over layer from the defaults up."""
        if self._sole is not None:  # one layer gives all the clocks, as it is wherever no county changes them
            try:
                known = self._plans.get(id(self._sole(case, context, None)))
            except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - asked once more below, where the fault is noted
                known = None
            if known is not None:
                return known[0]
        answers: list[tuple[str, Any]] = []
        for source, call in self._asked["governflow_deadlines"]:
            try:
                answer = call(case, context, None)
            except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - see ask
                faults.append(HookFault.raised(source, "governflow_deadlines", fault))
                continue
            if answer is None:
                continue
            answers.append((source, answer))
        # Deadlines are immutable: the same objects mean the same plan. What is remembered keeps them alive, so that
        # no other object can come to have the same id.
        key = (
            tuple([(source, id(answer)) for source, answer in answers])
            if self._sole is None or not answers
            else id(answers[0][1])
        )
        known = self._plans.get(key)
        if known is not None:
            return known[0]
        sound: list[tuple[str, Any]] = []
        for source, answer in answers:
            if only_specs(answer):
                sound.append((source, answer))
            else:
                wrong_answer = "wrong_answer", (shown(answer), "Deadlines")
                faults.append(HookFault(source, "governflow_deadlines", *wrong_answer))
        if len(sound) < len(answers):
            return merged(list(reversed(sound)), faults)
        # Equal answers have one plan. A hook that makes them anew each time costs a comparison; one that made them
        # anew once, as a cache that was emptied does, is known from then on by its new objects too.
        same = tuple(answers)
        plan = self._same.get(same)
        if plan is None:
            before = len(faults)
            plan = merged(list(reversed(answers)), faults)
            if len(faults) > before:
                return plan  # what is wrong is noted every time
        if len(self._plans) > 4096:
            self._plans.clear()
            self._same.clear()
        self._plans[key] = (plan, same)
        self._same[same] = plan
        return plan

    def calendar(self, clock: str, context: Context, faults: Faults) -> WorkingCalendar:
        """Return the calendar that a clock runs on; round the clock if nobody says otherwise."""
        for source, function, names in self._impls["governflow_calendar"]:
            try:
                calendar = function(*[clock if name == "clock" else context for name in names])
            except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - see ask
                faults.append(HookFault.raised(source, "governflow_calendar", fault))
                continue
            if isinstance(calendar, WorkingCalendar):
                return calendar
            if calendar is not None:
                faults.append(HookFault(source, "governflow_calendar", "no_calendar", (shown(calendar),)))
        return WorkingCalendar.always(context.zone)

    def name(self, word: str) -> Text:
        """Return the local name of a state, action or clock; the word itself where nobody named it."""
        known = self.names.get(word)
        if known is None and word.startswith("check_in:"):
            unit = self.units.name(word.partition(":")[2])
            return Text(f"check in ({unit.en})", f"报到（{unit.zh}）")
        return known or Text(word, word)

    def _units(self, faults: list[Text]) -> tuple[OrgChart, frozenset[str]]:
        """Return the chart, and the layers whose tables have to fit it: those below have charts of their own."""
        for source, function, _ in self._impls["governflow_units"]:
            chart = called(source, "governflow_units", lambda function=function: packaged.chart(function()), (), faults)
            if isinstance(chart, OrgChart):
                sources = [layer.source for layer in self.layers]
                return chart, frozenset(sources[: sources.index(source) + 1])
            if chart is not None:
                faults.append(wrong(source, "governflow_units", chart, "an OrgChart, units or a packaged CSV"))
        return defaults.UNITS, frozenset()

    def _lifecycles(self, faults: list[Text]) -> Mapping[str, Lifecycle]:
        known = {BASE.name: BASE}
        for source, function, names in reversed(self._impls["governflow_lifecycles"]):
            given = [known[BASE.name] for _ in names]
            for name, lifecycle in mapping(source, "governflow_lifecycles", function, given, faults):
                if isinstance(lifecycle, Lifecycle):
                    known[name] = lifecycle
                else:
                    faults.append(wrong(source, "governflow_lifecycles", lifecycle, f"a Lifecycle for {name!r}"))
        return MappingProxyType(known)

    def _names(self, faults: list[Text]) -> Mapping[str, Text]:
        names: dict[str, Text] = {}
        for lifecycle in self.lifecycles.values():
            names |= lifecycle.names()
        for source, function, _ in reversed(self._impls["governflow_terms"]):
            for word, text in mapping(source, "governflow_terms", function, (), faults):
                if isinstance(text, Text):
                    names[word] = text
                else:
                    faults.append(wrong(source, "governflow_terms", text, f"a Text for {word!r}"))
        return names

    def _tables(self, faults: list[Text]) -> Sequence[tuple[str, Mapping[str, Table | Catalogue]]]:
        layers = []
        for source, function, _ in self._impls["governflow_tables"]:
            tables: dict[str, Table | Catalogue] = {}
            for name, table in mapping(
                source, "governflow_tables", lambda function=function: packaged.read(function()), (), faults
            ):
                if isinstance(table, Catalogue if name == "catalogue" else Table):
                    tables[name] = table
                else:
                    wanted = "a Catalogue" if name == "catalogue" else "a Table"
                    faults.append(wrong(source, "governflow_tables", table, f"{wanted} for {name!r}"))
            layers.append((source, MappingProxyType(tables)))
        return tuple(layers)


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


def decided(what: str, value: Any, ruling: Ruling, source: str) -> RecordedRuling:
    """Write a ruling as an event keeps it."""
    return RecordedRuling(what, value, ruling.reason, ruling.rule, source)
