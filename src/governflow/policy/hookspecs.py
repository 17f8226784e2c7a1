"""The whole plugin contract on one page (插件接口).

A locality is a plugin: any object or module with some of these functions, each marked ``@hookimpl``. All arguments are
optional to take. Hooks are pure and synchronous (`governflow_recorded` alone may do I/O); ``None`` means "no opinion,
ask below". Most specific locality first; the built-in defaults are at the bottom and are a plugin like any other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import attrs
import msgspec
import pluggy

from governflow._names import old_attributes, old_keywords
from governflow.calendars import WorkingCalendar
from governflow.model.case import Case
from governflow.model.clocks import Clock, ClockSpec
from governflow.model.events import Actor, Event
from governflow.model.lifecycle import Lifecycle
from governflow.model.terms import Cause, Form, Kind, Mode, Severity, Tier, Urgency, Way
from governflow.model.units import OrgChart, Unit
from governflow.text import Json, Text

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from governflow.tables import Catalogue, Table

hookspec = pluggy.HookspecMarker("governflow")
hookimpl = pluggy.HookimplMarker("governflow")


T_co = TypeVar("T_co", covariant=True)


def _as_text(reason: Text | str) -> Text:
    return Text(reason, reason) if isinstance(reason, str) else reason


# --- what hooks return ------------------------------------------------------------------------------------------------


@attrs.frozen
class Ruling(Generic[T_co]):
    """An answer that explains itself; the core adds which plugin gave it.

    Args:
        value: The answer.
        reason: Why, in both languages (a plain string serves for both).
        rule: The id of the rule.
    """

    value: T_co
    reason: Text = attrs.field(converter=_as_text)
    rule: str = ""


@attrs.frozen
class Locality:
    """Who this plugin speaks for.

    Args:
        code: The division code (GB/T 2260) or another code of its own.
        name: Its Chinese name.
        name_en: Its English name.
        parent: The code above it, where the code's digits do not say it.
        zone: The IANA zone of its naive times.
        hand_overs: From which transfer or return on the next unit up supervises; 0 for never, None for what is said
            above it, 3 where nobody says.
    """

    code: str
    name: str
    name_en: str
    parent: str | None = None
    zone: str = "Asia/Shanghai"
    hand_overs: int | None = None


@attrs.frozen
class Assessment:
    """How hard and how pressing a case is."""

    severity: Severity
    urgency: Urgency


@attrs.frozen
class Route:
    """Where a case goes.

    Args:
        lead: The unit that leads.
        form: The form of handling.
        assist: The units that assist.
    """

    lead: str
    form: Form
    assist: tuple[str, ...] = ()


@attrs.frozen(cache_hash=True)
class Deadlines:
    """Clocks to add, change or drop; a layer's clock replaces the clock of the same name below it.

    Args:
        clocks: The clocks to add or change.
        drop: The names of clocks to drop.
    """

    clocks: tuple[ClockSpec, ...] = ()
    drop: tuple[str, ...] = ()


@attrs.frozen
class Breach:
    """Why escalation is asked for: a clock missed its due time and its ladder has come to a rung.

    Args:
        clock: The clock.
        rung: 0 at the due moment, then 1, 2, ...
        holder: The unit that owes it.
        gap: The clock's own time between two rungs.
        cause: Always `Cause.BREACH` here.
    """

    clock: Clock
    rung: int
    holder: str
    gap: timedelta
    cause: Cause = Cause.BREACH


@old_attributes(again="next_after")
@old_keywords(again="next_after")
@attrs.frozen
class Escalation:
    """What a rung of the ladder does.

    Args:
        kind: Urge, supervise, take over or special report.
        to: The unit that is urged, supervises, takes over or receives the report.
        form: The form in which a takeover handles the case; None leaves it.
        next_after: How long after this rung the next one is due, a minute at least; None if this was the last.
    """

    kind: Kind
    to: str
    form: Form | None
    next_after: timedelta | None


@attrs.frozen
class Allowed:
    """The actor may do it."""


@attrs.frozen
class Refused:
    """The actor may not do it.

    Args:
        reason: Why, in both languages.
        rule: The id of the rule.
    """

    reason: Text = attrs.field(converter=_as_text)
    rule: str = ""


#: Who may have merits: posts and those who act for the public, never whoever asks.
HOLDERS: Mapping[str, Text] = {
    "post": Text("post", "点位"),
    "unit": Text("unit", "单位"),
    "informant": Text("informant", "信息员"),
    "volunteer": Text("volunteer", "志愿者"),
}


@attrs.frozen
class Merit:
    """One entry of the merits ledger (积分): incentive first, and never a reason to treat a case otherwise.

    Args:
        to: The post, unit, informant or volunteer.
        holder: Which of `HOLDERS` that is.
        points: Positive or negative, never zero.
        reason: Why, in both languages.
        rule: The id of the indicator.
        expires: Until when it counts, aware; None for good.
    """

    to: str
    holder: str
    points: int
    reason: Text = attrs.field(converter=_as_text)
    rule: str = ""
    expires: datetime | None = None


class LocalRules(Protocol):
    """What a report reads of a locality's rules: names, chart, lifecycles and tables."""

    @property
    def code(self) -> str:
        """The code that the rules speak for."""

    @property
    def locality(self) -> Locality:
        """Whose rules they are: the locality's own, or its nearest ancestor's."""

    @property
    def zone(self) -> str:
        """The IANA zone of its days."""

    @property
    def units(self) -> OrgChart:
        """The org chart."""

    @property
    def lifecycles(self) -> Mapping[str, Lifecycle]:
        """The lifecycles by name."""

    @property
    def names(self) -> Mapping[str, Text]:
        """Local names of states, actions and clocks."""

    @property
    def tables(self) -> "Sequence[tuple[str, Mapping[str, Table | Catalogue]]]":
        """Each layer's source and its tables, the most specific layer first."""

    @property
    def rules(self) -> str:
        """The hash of the rule set."""

    def name(self, word: str) -> Text:
        """Return the local name of a word; the word itself where nobody named it."""


class KnownLocalities(Protocol):
    """Which rules each locality has."""

    def policy(self, code: str) -> LocalRules:
        """Return the rules of a locality; raises `PolicyError` where they cannot be loaded."""


class CaseReader(Protocol):
    """What a report or a demonstration reads from; an `Engine` is one. Moments are in UTC."""

    @property
    def now(self) -> datetime | None:
        """How far the clock has been advanced; None if never."""

    @property
    def localities(self) -> KnownLocalities:
        """The localities that are known."""

    def rules_of(self, locality: str) -> LocalRules:
        """Return a locality's rules, or the defaults where they cannot be loaded."""

    def case(self, case_id: str) -> Case:
        """Return a case; raises `UnknownCase`."""

    def cases(self) -> Iterator[Case]:
        """Return all cases in the order in which they were first reported."""

    def history(self, case_id: str, *, about: str | Sequence[str] = "") -> Sequence[Event]:
        """Return the entries of a case's book, or only those that tell a detail; raises `UnknownCase`."""

    def life(self, case_id: str, *, about: str | Sequence[str] = "") -> Sequence[Event]:
        """Return the events of a case as it stands, without what was withdrawn, in the order of time."""

    def texts(self, case_id: str) -> Sequence[Mapping[str, Json]]:
        """Return the erasable texts of a case: one mapping with ``seq`` for each event that brought any."""

    def book(self, locality: str) -> Sequence[Event]:
        """Return the locality's own book: switches of mode, outages, merits."""

    def outages(self, locality: str) -> Sequence[tuple[datetime, datetime]]:
        """Return the declared outages of a locality and of those above it."""

    def incomplete(self, locality: str) -> Mapping[str, Sequence[str]]:
        """Return the cases of which steps of a journal were refused and not mended since, each with these steps."""

    def rule_set(self, rules: str) -> bytes | None:
        """Return a rule set as it was kept, by its hash."""


@attrs.frozen
class Demo:
    """A generated day that shows how a locality works, for ``governflow demo --locality CODE`` (演示).

    Args:
        journal: A narrow journal, in the package; its data must be made up.
        until: How far to follow it, in the locality's own wall time.
        about: What is shown, in both languages.
        shown: The case whose dossier is shown.
        after: What else to show afterwards, from the engine that took the journal; its lines are printed. One that
            also acts takes the `Engine` that the reader is.
    """

    journal: "Traversable | Path"
    until: datetime
    about: Text
    shown: str | None = None
    after: Callable[[CaseReader], Sequence[Text]] | None = None


@old_attributes(told="case")
@old_keywords(told="case")
@attrs.frozen
class Example:
    """A worked example (算例): a case, and what the rules must say of it, with the source that promises so.

    Args:
        case: The case as a report tells it: ``item``, ``place``, ``severity``, ``urgency``, ``visit``, ``asked``,
            ``lifecycle``, ``mode``; any other name is a fact.
        expect: What must come out: ``severity``, ``urgency``, ``tier``, ``unit``, ``form``, ``assist``, the allowance
            of a clock (``clock:resolve``; ``-`` where it must not run), or a fact by its name.
        source: Where it is promised: an article with its date, a regulation, the minutes of a meeting.
    """

    case: Mapping[str, object]
    expect: Mapping[str, object]
    source: str


@attrs.frozen
class Waiver:
    """A law that a locality is let off for a while (豁免).

    Args:
        law: The law's id.
        reason: Why, in both languages; a county official has to accept it.
        until: The last day on which it holds, ``YYYY-MM-DD``.
    """

    law: str
    reason: Text
    until: str


class Context(msgspec.Struct, frozen=True, gc=False):
    """What a hook may know beside the case; nothing of it changes under the hook's feet.

    Args:
        locality: The code of the locality that is asked.
        mode: Everyday or emergency.
        at: The moment that the question is about, in UTC.
        units: The org chart.
        zone: The IANA zone in which the case's days are counted.
        way: Who is the record of the case: governflow (live), a journal (record) or the rules (enforce).
        names: What the locality calls states, actions, clocks and forms.
    """

    locality: str
    mode: Mode
    at: datetime
    units: OrgChart
    zone: str
    way: Way = Way.LIVE
    names: Mapping[str, Text] = {}

    def form(self, form: Form) -> Text:
        """Return what the locality calls a form of handling."""
        return self.names.get(form.term, form.text)


# --- the hooks --------------------------------------------------------------------------------------------------------


@hookspec
def governflow_locality() -> Locality | None:
    """Say who this plugin speaks for."""


@hookspec
def governflow_terms() -> Mapping[str, Text] | None:
    """Return local names for actions, states and forms, as ``form:study`` (labels over one core)."""


@hookspec
def governflow_units() -> "OrgChart | Sequence[Unit] | Traversable | Path | None":
    """Return the org chart: built, as units, or as a packaged CSV file."""


@hookspec
def governflow_tables() -> "Mapping[str, Table | Catalogue | Traversable | Path] | Traversable | Path | None":
    """Return catalogue and decision tables by the question that each answers, or the folder that holds them."""


@hookspec
def governflow_lifecycles(base: Lifecycle) -> Mapping[str, Lifecycle] | None:
    """Return named lifecycles derived from the base; ``everyday`` replaces the one that cases have by default."""


@hookspec
def governflow_calendar(clock: str, context: Context) -> WorkingCalendar | None:
    """Return the calendar that a clock runs on."""


@hookspec
def governflow_assess(case: Case, context: Context) -> Ruling[Assessment] | None:
    """Rule on severity and urgency."""


@hookspec
def governflow_tier(case: Case, context: Context) -> Ruling[Tier] | None:
    """Rule on the tier."""


@hookspec
def governflow_route(case: Case, context: Context) -> Ruling[Route] | None:
    """Rule on where the case goes."""


@hookspec
def governflow_deadlines(case: Case, context: Context) -> Deadlines | None:
    """Add, change or drop clocks."""


@hookspec
def governflow_escalate(case: Case, cause: Breach, context: Context) -> Ruling[Escalation] | None:
    """Rule on what a rung of the ladder does."""


@hookspec
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Allowed | Refused | None:
    """Return whether the actor may do it, with the reason if not."""


@hookspec
def governflow_merits(event: Event, case: Case, context: Context) -> Sequence[Merit] | None:
    """Return entries for the merits ledger (never of requesters)."""


@hookspec
def governflow_recorded(event: Event, case: Case) -> None:
    """Called after the commit; may do I/O; a failure is kept and tried again, and never breaks the case."""


@hookspec
def governflow_demo() -> Demo | None:
    """Return a generated day that shows how this locality works."""


@hookspec
def governflow_examples() -> "Sequence[Example] | Traversable | Path | None":
    """Return worked examples that ``governflow check`` proves, as values or as a packaged CSV file."""


@hookspec
def governflow_waivers() -> Sequence[Waiver] | None:
    """Name the laws of the charter that this locality is let off for a while, each with a reason and an end."""


#: What a ruling of each deciding hook holds.
VALUES: Mapping[str, type] = {
    "governflow_assess": Assessment,
    "governflow_tier": Tier,
    "governflow_route": Route,
    "governflow_escalate": Escalation,
}
