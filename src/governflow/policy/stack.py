"""A locality's policy: its plugins over its ancestors' over the defaults (策略栈).

The engine asks through `Policy.ask`: most specific first, ``None`` passes down, and every answer names the plugin that
gave it. A hook that raises or answers in the wrong type never loses a case: the fault is noted, and the question goes
on to the plugin below.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from governflow.calendars import WorkingCalendar
from governflow.errors import PolicyError, shown
from governflow.model.base_lifecycle import BASE
from governflow.model.case import IN_ERROR, Case
from governflow.model.faults import Faults, HookFault
from governflow.model.headings import ACTIONS
from governflow.model.lifecycle import Lifecycle
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Form, Kind, Mode, Severity, Urgency
from governflow.model.units import OrgChart
from governflow.policy.deadlines import Plan, merged, only_specs
from governflow.policy.hook_checks import Impl, called, wrong
from governflow.policy.hookspecs import (
    VALUES,
    Assessment,
    Breach,
    Context,
    Demo,
    Escalation,
    Locality,
    Route,
    Ruling,
)
from governflow.text import Text

if TYPE_CHECKING:
    from governflow.policy.table_rules import TableRules
    from governflow.tables import Catalogue, Table

Call = Callable[..., Any]
#: Who is asked: the plugin's source and its function, the most specific plugin first.
Asked = tuple[tuple[str, Call], ...]

#: What stands between two local names of one action.
_EITHER = re.compile(r"\s*[·/／]\s*")
#: A code of `governflow.model.faults.SENTENCES` and its arguments.
Fault = tuple[str, tuple[str, ...]]

#: So many plans of clocks are remembered.
_PLANS = 4096
#: The shortest time after which a ladder may ask for its next rung, or `advance` would never come through.
SHORTEST_AGAIN = timedelta(minutes=1)
#: After so many rungs a ladder rests a day at least: one that never comes to its top must not drown the book.
LONGEST_LADDER = 40
RESTED = timedelta(days=1)
#: So often may one kind of clock start anew before no takeover for its sake is taken any more: nobody climbs so far.
LONGEST_CLIMB = 20
LONGEST_AGAIN = timedelta(days=366)
#: From this hand-over of a case on the next unit up supervises, where no locality says otherwise.
HAND_OVERS = 3


class Layer(NamedTuple):
    """One plugin of the stack."""

    code: str
    source: str  # what rulings call it: the code, and the version where a distribution has one
    plugin: object
    locality: Locality


@attrs.frozen(eq=False)
class Policy:
    """The rules of one locality, ready to be asked; `governflow.policy.assembly.assemble` builds it.

    Args:
        code: The code that it speaks for; a village below a county has the county's rules under a code of its own.
        lineage: The code and everything above it: where a switch of mode reaches this locality.
        layers: The plugins, most specific first, the defaults last.
        units: The org chart.
        lifecycles: The lifecycles by name.
        names: Local names of states, actions and clocks.
        tables: Each layer's tables by the question that they answer, most specific layer first.
        ruled: What the tables answer.
        rules: The hash of the rule set: plugins with their versions, every table, the chart and the lifecycles.
        rule_set: The rule set as a store keeps it.
        observed: The codes of the plugins that hear of recorded events; an update must not lose what waits for them.
        authorities: Who says what an actor may do.
        judges: Whether anybody but the defaults says so.
        rewarding: Who gives merits.
        deciding: Who is asked by each deciding hook, and about clocks.
        fault: Why these are not the locality's own rules, if they are not.
    """

    code: str
    lineage: tuple[str, ...]
    layers: tuple[Layer, ...]
    units: OrgChart
    lifecycles: Mapping[str, Lifecycle]
    names: Mapping[str, Text]
    tables: "Sequence[tuple[str, Mapping[str, Table | Catalogue]]]"
    ruled: "TableRules"
    rules: str
    rule_set: bytes
    observed: tuple[str, ...]
    authorities: Asked
    judges: bool
    rewarding: Asked
    _impls: Mapping[str, tuple[Impl, ...]]
    deciding: Mapping[str, Asked]
    _calendars: Asked
    fault: PolicyError | None = None
    # What was worked out before; it changes no answer. Views of other codes share the plans.
    _plans: dict[tuple[tuple[str, Any], ...], Plan] = attrs.field(factory=dict, repr=False)
    _plans_by_id: dict[Any, tuple[Plan, list[Any]]] = attrs.field(factory=dict, repr=False)

    @property
    def locality(self) -> Locality:
        """Whose rules they are: the locality's own, or its nearest ancestor's."""
        return self.layers[0].locality

    @property
    def zone(self) -> str:
        """The IANA zone of its days."""
        return self.layers[0].locality.zone

    @property
    def hand_overs(self) -> int:
        """From which hand-over of a case on the next unit up supervises; 0 for never."""
        said = (layer.locality.hand_overs for layer in self.layers)
        return next((limit for limit in said if limit is not None), HAND_OVERS)

    def impls(self, hook: str) -> tuple[Impl, ...]:
        """Return who answers a hook, most specific first: ``(source, function, argument names)``."""
        return self._impls[hook]

    def demo(self) -> Demo | None:
        """Return the day that shows how the locality itself works; its ancestors' days would show somebody else."""
        hook, own, faults = "governflow_demo", self.layers[0].source, list[Text]()
        found = (called(own, hook, function, (), faults) for source, function, _ in self._impls[hook] if source == own)
        answer = next(found, None)
        if answer is not None and not isinstance(answer, Demo):
            faults.append(wrong(own, hook, answer, "a Demo"))
        if faults:
            raise PolicyError(faults[0].en, faults[0].zh, faults)
        return answer

    def lifecycle(self, case: Case, faults: Faults) -> Lifecycle:
        """Return the lifecycle of a case; the base where the rules no longer know it, which is a fault of theirs."""
        known = self.lifecycles.get(case.lifecycle)
        if known is not None:
            return known
        faults.append(HookFault(self.code, "governflow_lifecycles", "no_lifecycle", (repr(case.lifecycle),)))
        return BASE

    def context(self, case: Case, mode: Mode, at: datetime) -> Context:
        """Return what hooks may know beside the case."""
        return Context(self.code, mode, at, self.units, case.zone, case.way, self.names)

    def ask(
        self, hook: str, faults: Faults, case: Case, context: Context, cause: Any = None
    ) -> tuple[Any, Ruling[Any], str] | None:
        """Ask a deciding hook; `cause` is why an escalation is asked for.

        Returns:
            The ruling's value, the ruling and the plugin that gave it; None if nobody has an opinion.
        """
        wanted = VALUES[hook]
        for source, call in self.deciding[hook]:
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
            if not _readable(ruling):
                faults.append(HookFault(source, hook, "no_text", (shown(ruling.reason), shown(ruling.rule))))
                continue
            fault = _SENSE[hook](ruling.value, case, self.units, cause)
            if fault is None:
                return ruling.value, ruling, source
            faults.append(HookFault(source, hook, *fault))
        return None

    def plan(self, case: Case, context: Context, faults: Faults) -> Plan:
        """Return the clocks that this case has, layer over layer from the defaults up; equal answers have one plan."""
        asked = self.deciding["governflow_deadlines"]
        if len(asked) == 1:  # one layer gives all the clocks, as it is wherever no county changes them
            try:
                known = self._plans_by_id.get(id(asked[0][1](case, context, None)))
            except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - asked once more below, where the fault is noted
                known = None
            if known is not None:
                return known[0]
        answers = []
        for source, call in asked:
            try:
                answers.append(call(case, context, None))
            except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - see ask
                faults.append(HookFault.raised(source, "governflow_deadlines", fault))
                answers.append(None)
        # Most hooks give the same objects again and again. What is remembered keeps them alive: no other has their id.
        ids = id(answers[0]) if len(answers) == 1 else tuple(map(id, answers))
        known = self._plans_by_id.get(ids)
        return known[0] if known is not None else self._plan_of(answers, ids, faults)

    def _plan_of(self, answers: list[Any], ids: Any, faults: Faults) -> Plan:
        """Return the plan of answers given for the first time: that of equal ones, if there were any."""
        sources = [source for source, _ in self.deciding["governflow_deadlines"]]
        key = tuple((source, answer) for source, answer in zip(sources, answers, strict=True) if answer is not None)
        try:
            plan = self._plans.get(key)
        except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - an answer without a hash is looked at below
            plan = None
        if plan is None:
            before = len(faults)
            plan = self._new_plan(key, faults)
            if len(faults) > before:
                return plan  # what is wrong is noted every time
        if len(self._plans_by_id) >= _PLANS:
            self._plans.clear()
            self._plans_by_id.clear()
        self._plans[key] = plan
        self._plans_by_id[ids] = plan, answers
        return plan

    def _new_plan(self, answers: tuple[tuple[str, Any], ...], faults: Faults) -> Plan:
        hook, code = "governflow_deadlines", "wrong_answer"
        odd = [(source, answer) for source, answer in answers if not only_specs(answer)]
        faults += [HookFault(source, hook, code, (shown(answer), "Deadlines")) for source, answer in odd]
        return merged([(source, answer) for source, answer in answers[::-1] if only_specs(answer)], faults)

    def calendar(self, clock: str, context: Context, faults: Faults) -> WorkingCalendar:
        """Return the calendar that a clock runs on; round the clock if nobody says otherwise."""
        for source, call in self._calendars:
            try:
                calendar = call(clock, context)
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
        if word == IN_ERROR:
            return Text("registered in error", "登记有误")
        return known or Text(word, word)


def decided(what: str, value: Any, ruling: Ruling[Any], source: str) -> RecordedRuling:
    """Return a ruling as an event keeps it."""
    return RecordedRuling(what, value, ruling.reason, ruling.rule, source)


def actions_of(policy: Policy) -> Mapping[str, str]:
    """Return every name of an action in a locality, ours in both languages and its own, with the canonical one."""
    names = dict(ACTIONS)
    actions = [action for lifecycle in policy.lifecycles.values() for action in lifecycle.actions.values()]
    for action in actions:
        text = policy.name(action.name)
        names |= dict.fromkeys((action.name, action.text.zh, text.zh, text.en), action.name)
    for action in actions:
        for word in _EITHER.split(policy.name(action.name).zh):  # 评价·群众评单: either word will do
            names.setdefault(word, action.name)
    return names


# --- what must be true of a ruling beyond its type: an escalation that goes down or never ends is a fault (裁定校验) --


def _readable(ruling: Ruling[Any]) -> bool:
    """Return whether reason and rule id can be written down and read again."""
    rule = ruling.rule
    return ruling.reason.sound and ((type(rule) is str and rule.isascii()) or Text(rule, rule).sound)


def _assessment(value: Assessment, case: Case, units: OrgChart, cause: Any) -> Fault | None:
    if type(value.severity) is Severity and type(value.urgency) is Urgency:
        return None
    return "no_assessment", (repr(value.severity), repr(value.urgency))


def _route(value: Route, case: Case, units: OrgChart, cause: Any) -> Fault | None:
    if type(value.form) is not Form or type(value.assist) is not tuple:
        return "no_route", (shown(value),)
    for unit in (value.lead, *value.assist):
        if type(unit) is not str or unit not in units:
            return "routed_nowhere", (shown(unit),)
    return None


def _escalation(value: Escalation, case: Case, units: OrgChart, cause: Breach) -> Fault | None:
    if type(value.kind) is not Kind or (value.form is not None and type(value.form) is not Form):
        return "no_escalation", (shown(value),)
    if type(value.to) is not str or value.to not in units:
        return "escalated_nowhere", (shown(value.to),)
    if value.next_after is not None and not (
        isinstance(value.next_after, timedelta) and value.next_after >= SHORTEST_AGAIN
    ):
        return "rung_too_early", (shown(value.next_after),)
    if value.next_after is not None and value.next_after > LONGEST_AGAIN:
        return "rung_too_late", (str(value.next_after),)
    if value.kind is Kind.TAKE_OVER and cause.clock.cycle > LONGEST_CLIMB:
        return "circle", (str(cause.clock.cycle),)
    if value.next_after is not None and cause.rung >= LONGEST_LADDER and value.next_after < RESTED:
        return "no_rest", (str(cause.rung + 2), str(value.next_after), str(LONGEST_LADDER))
    if value.kind is Kind.TAKE_OVER and cause.holder != units.intake:
        form = value.form or case.form
        if units.level(value.to, form) < units.level(cause.holder, case.form):
            return "escalated_down", (repr(cause.holder), repr(value.to))
    return None


#: What must be true of a ruling's value beyond its type: the code of what is wrong, and its arguments.
_SENSE: Mapping[str, Callable[[Any, Case, OrgChart, Any], Fault | None]] = {
    "governflow_assess": _assessment,
    "governflow_tier": lambda value, case, units, cause: None,
    "governflow_route": _route,
    "governflow_escalate": _escalation,
}
