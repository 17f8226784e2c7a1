"""A policy built from its plugins (策略装配): what each layer declares, read once; every fault is named."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from governflow.errors import PolicyError
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.lifecycle import Lifecycle
from governflow.model.terms import Form, Mode
from governflow.model.units import OrgChart
from governflow.policy import files, rulesets
from governflow.policy.codes import NATION
from governflow.policy.hook_checks import Impl, called, named, registered, wrong
from governflow.policy.hookspecs import VALUES, Context, Deadlines
from governflow.policy.stack import Asked, Layer, Policy
from governflow.policy.table_checks import table_faults
from governflow.policy.table_rules import TableRules
from governflow.tables import Catalogue, Table
from governflow.text import Text

#: What rulings call the built-in plugins.
_BUILT_IN = ("governflow", NATION)
#: A moment at which hooks are asked once, when they are loaded, which clocks they know.
_SOME_DAY = datetime(2026, 1, 5, tzinfo=UTC)
Impls = Mapping[str, tuple[Impl, ...]]


def assemble(code: str, layers: Sequence[Layer], *, lineage: tuple[str, ...] = ()) -> Policy:
    """Build the policy of a locality from its plugins, most specific first, the defaults last.

    Raises:
        PolicyError: If a plugin is wrong in itself; every fault is named.
    """
    faults: list[Text] = []
    sources = [layer.source for layer in layers]
    impls = registered([(layer.source, layer.plugin) for layer in layers], faults)
    units, charted = _units(impls, sources, faults)
    lifecycles = _lifecycles(impls, faults)
    names = _names(impls, lifecycles, faults)
    tables = _tables(impls, faults)
    ruled = TableRules(tables, units, faults)
    faults += table_faults(ruled, lifecycles, charted, lambda: _clock_names(impls, code, lifecycles, units))
    if faults:
        raise PolicyError.listing(Text(f"the rules of {code} cannot be loaded", f"{code} 的规则无法加载"), faults)
    rule_set = sources, dict(tables), rulesets.standing_apart(units, lifecycles)
    # What the law of the land refuses, no locality allows.
    authorities = sorted(impls["governflow_authorise"], key=lambda impl: impl[0].partition("@")[0] != NATION)
    return Policy(
        code=code,
        lineage=lineage or (code,),
        layers=tuple(layers),
        units=units,
        lifecycles=lifecycles,
        names=names,
        tables=tables,
        ruled=ruled,
        rules=rulesets.known_as(*rule_set),
        rule_set=rulesets.written(*rule_set),
        observed=tuple(source.partition("@")[0] for source, _, _ in impls["governflow_recorded"]),
        authorities=_calls(authorities, "actor", "action", "case", "context"),
        judges=any(source != "governflow" for source, _, _ in authorities),
        rewarding=_calls(impls["governflow_merits"], "event", "case", "context"),
        impls=impls,
        deciding={hook: _deciding(hook, impls, sources, ruled) for hook in (*VALUES, "governflow_deadlines")},
        calendars=_calls(impls["governflow_calendar"], "clock", "context"),
    )


def _deciding(hook: str, impls: Impls, sources: Sequence[str], ruled: TableRules) -> Asked:
    """Put each layer's hook before its tables, and each layer before the one below."""
    hooks = {source: (call,) for source, call in _calls(impls[hook], "case", "context", "cause")}
    return tuple((source, call) for source in sources for call in (*hooks.get(source, ()), *ruled.calls(hook, source)))


def _calls(impls: Sequence[Impl], *given: str) -> Asked:
    """Return each plugin's function as one that is called with all of these arguments, in this order."""
    return tuple((source, _taking(function, names, given)) for source, function, names in impls)


def _taking(function: Callable[..., Any], names: tuple[str, ...], given: tuple[str, ...]) -> Callable[..., Any]:
    if names == given:
        return function
    places = [given.index(name) for name in names]
    if places == [0]:
        return lambda one, *_: function(one)
    if places == [0, 1]:
        return lambda one, two, *_: function(one, two)
    return lambda *all_: function(*[all_[place] for place in places])


def _units(impls: Impls, sources: list[str], faults: list[Text]) -> tuple[OrgChart, frozenset[str]]:
    """Return the chart, and the layers whose tables have to fit it: those below have charts of their own."""
    for source, function, _ in impls["governflow_units"]:
        chart = called(source, "governflow_units", lambda function=function: files.chart(function()), (), faults)
        if isinstance(chart, OrgChart):
            return chart, frozenset(sources[: sources.index(source) + 1])
        if chart is not None:
            faults.append(wrong(source, "governflow_units", chart, "an OrgChart, units or a packaged CSV"))
    from governflow.policy.builtin.defaults import UNITS  # where no layer gives a chart, not even the lowest

    return UNITS, frozenset()


def _lifecycles(impls: Impls, faults: list[Text]) -> Mapping[str, Lifecycle]:
    known = {BASE.name: BASE}
    for source, function, names in reversed(impls["governflow_lifecycles"]):
        given = [known[BASE.name] for _ in names]
        known |= named(source, "governflow_lifecycles", function, given, faults, lambda _: Lifecycle)
    return MappingProxyType(known)


def _names(impls: Impls, lifecycles: Mapping[str, Lifecycle], faults: list[Text]) -> Mapping[str, Text]:
    names: dict[str, Text] = {form.term: form.text for form in Form}
    for lifecycle in lifecycles.values():
        names |= lifecycle.names()
    for source, function, _ in reversed(impls["governflow_terms"]):
        names |= named(source, "governflow_terms", function, (), faults, lambda _: Text)
    return MappingProxyType(names)


def _tables(impls: Impls, faults: list[Text]) -> Sequence[tuple[str, Mapping[str, Table | Catalogue]]]:
    def tables(source: str, function: Callable[[], object]) -> Mapping[str, Table | Catalogue]:
        found = named(source, "governflow_tables", lambda: files.read(function()), (), faults, files.kind_of)
        return MappingProxyType(found)

    return tuple((source, tables(source, function)) for source, function, _ in impls["governflow_tables"])


def _clock_names(impls: Impls, code: str, lifecycles: Mapping[str, Lifecycle], units: OrgChart) -> frozenset[str]:
    """Return the clocks that the built-in plugins give; none where a hook of others may start one for some cases."""
    hooks = impls["governflow_deadlines"]
    if any(source not in _BUILT_IN for source, _, _ in hooks):
        return frozenset()
    known: set[str] = set()
    for lifecycle in lifecycles:
        case = Case("", code, lifecycle, opened=_SOME_DAY)
        context = Context(code, Mode.NORMAL, _SOME_DAY, units, case.zone)
        answers = [ask(case, context) for _, ask in _calls(hooks, "case", "context")]
        known |= {spec.name for answer in answers if isinstance(answer, Deadlines) for spec in answer.clocks}
    return frozenset(known)
