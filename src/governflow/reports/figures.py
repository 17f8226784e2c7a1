"""In which figures a case counts (指标): one answer for tables, JSON and the list of the cases behind a figure.

A figure is called by its path in the JSON of a summary, such as ``clocks.arrive.breached``. The smallest unit of
account is a case. The rates, with numerator (``n``), denominator (``of``) and what was left out (``excluded``):

* **response** (响应率): cases with a first contact within the arrive clock or, without a visit, within 1 day, of all
  cases dispatched;
* **resolution** (解决率): cases resolved and not reopened, of all cases answered or past their whole clock;
* **satisfaction** (满意率): cases whose requester was satisfied in the end, of all evaluated by a requester;
* **contacted** (联系率): cases whose requester was contacted at any time, of all cases dispatched;
* **resolved** (办结率): cases resolved at least once, of all; those that were reopened are counted apart;
* **resolved_on_time** (按期办结率): cases whose first resolve clock was met, of those met or breached.

Declined, withdrawn and merged cases are excluded, and counted as such. An exemption takes a case out of the rate of its
own clock, and out of no other; a verdict is measured by no clock. What a source does not record enters no rate.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from governflow.model.base_lifecycle import BASE
from governflow.model.case import CONTACTS, Case
from governflow.model.clocks import Clock, Miss
from governflow.model.terms import Exempt, Outcome, Verdict
from governflow.reports.consequences import Consequences
from governflow.text import Text

#: The path of a figure: ``("clocks", "arrive", "breached")``.
Figure: TypeAlias = tuple[str, ...]
Outages: TypeAlias = Sequence[tuple[datetime, datetime]]

RATES = {
    "response": Text("response", "响应率"),
    "resolution": Text("resolution", "解决率"),
    "satisfaction": Text("satisfaction", "满意率"),
    "contacted": Text("contacted", "联系率"),
    "resolved": Text("resolved", "办结率"),
    "resolved_on_time": Text("resolved on time", "按期办结率"),
}

#: Without a visit, a first contact within this long after the dispatch counts as a response.
CONTACT = timedelta(days=1)
LEFT_OUT = frozenset({"declined", "withdrawn", "merged"})
#: States of a case that is resolved and answered: what an office calls done (办结), archived or not.
_ANSWERED = frozenset({"answered", "evaluated", "closed"})
#: Where one name stands for several clocks of a case, such as summonses, the first of these says what became of them.
_WORST_FIRST = ("breached", "running", "met", "exempt")
#: The clock that each rate asks about; an exemption of another one is no reason to leave a case out of it.
_CLOCK_OF = {"response": "arrive", "resolution": "whole", "resolved_on_time": "resolve"}


#: Figures that say by themselves how many incomplete cases they hold.
_TELLS = frozenset({"cases", "incomplete", "clocks", "again", "rates"})


def figures(
    case: Case, followed: Consequences, outages: Outages, *, lacking: bool = False
) -> Iterator[tuple[Figure, int]]:
    """Return every figure in which a case counts, and how often: more than once only where times are counted.

    Args:
        case: The case.
        followed: What followed for it.
        outages: The locality's declared outages.
        lacking: Whether it lacks a step which a journal told in vain.
    """
    for figure, times in _figures(case, followed, outages, lacking=lacking):
        yield figure, times
        if lacking and figure[0] not in _TELLS:
            yield ("incomplete_in", *figure), times


def _figures(case: Case, followed: Consequences, outages: Outages, *, lacking: bool) -> Iterator[tuple[Figure, int]]:
    done = done_at(case) is not None
    stands = {"closed": done, "open": not done, "archived": case.state == "closed", "reopened": bool(case.reopened)}
    yield ("cases",), 1
    yield from (((name,), 1) for name, holds in {**stands, "incomplete": lacking}.items() if holds)
    yield ("by_state", case.state), 1
    yield ("by_unit", case.unit), 1
    for climb in followed.escalations:
        yield ("escalations", climb["kind"]), climb.get("times", 1)
    yield from ((("measures_due", climb["kind"]), 1) for climb in followed.measures_due)
    yield from ((("findings", found["unit"] or ""), 1) for found in followed.findings)
    first, again = _cycles(case, followed.started_by_measures)
    became = {name: _became(clocks, outages) for name, clocks in first.items()}
    yield from _clock_figures("clocks", became.items(), lacking=lacking)
    more = ((clock.name.partition(":")[0], _became([clock], outages)) for clock in again)
    yield from _clock_figures("again", more, lacking=lacking)
    yield from _rate_figures(case, became, outages, lacking=lacking)


def incomplete_in(counted: Mapping[Figure, int]) -> dict[str, Any]:
    """Return how many incomplete cases the figures of a summary hold, as JSON: those that do not say so themselves."""
    found: dict[str, Any] = {}
    for figure, number in counted.items():
        if figure[0] == "incomplete_in":
            found |= {figure[1]: {**found.get(figure[1], {}), figure[2]: number} if figure[2:] else number}
    return found


def done_at(case: Case) -> datetime | None:
    """Return when a case was done: answered (办结), or at another end; None while it is open, or open again."""
    if case.state in _ANSWERED and case.answered is not None:
        return case.answered
    return case.closed or (case.last_changed_at if case.state in BASE.ends else None)


def exemption(clock: Clock, outages: Outages) -> Exempt | None:
    """Return why the breaches of a clock do not count, or None where one does.

    An appeal, a fact that disproved it or an outage that it fell due in excuses one missed due moment and no later one.
    """
    excuses = [excuse(miss, outages) for miss in clock.misses]
    return excuses[-1] if excuses and None not in excuses else None


def excuse(miss: Miss, outages: Outages) -> Exempt | None:
    """Return why a missed due moment does not count, or None if it does."""
    if miss.exempt is None and any(start <= miss.at <= end for start, end in outages):
        return Exempt.OUTAGE
    return miss.exempt


#: The order in which clocks are shown: that of a case's life.
_ORDER = ("dispatch", "arrive", "check_in", "promise", "resolve", "answer", "evaluate", "revisit", "triage", "attend")


def clock_order(name: str) -> tuple[int, str]:
    """Return the sort key that shows clocks in the order of a case's life, the whole case last."""
    if name == "whole":
        return len(_ORDER) + 1, name
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _cycles(case: Case, by_measures: Collection[str]) -> tuple[dict[str, list[Clock]], list[Clock]]:
    """Return the clocks that count for a case, by name, and those that stand apart.

    The first cycle that a fact started counts. One that a hand-over ended before it was due became nothing: the next
    one counts.
    """
    counts: dict[str, list[Clock]] = {}
    taken: set[str] = set()
    again: list[Clock] = []
    for clock in case.all_clocks:
        if clock.name in taken or clock.mark in by_measures:
            again.append(clock)
        elif clock.outcome is not Outcome.CANCELLED:
            taken.add(clock.name)
            counts.setdefault(clock.name.partition(":")[0], []).append(clock)
    return counts, again


def _became(clocks: Collection[Clock], outages: Outages) -> str:
    """Return what became of the clocks of one name; empty where nothing that is counted did."""
    found = {_outcome(clock, outages) for clock in clocks}
    return next((outcome for outcome in _WORST_FIRST if outcome in found), "")


def _outcome(clock: Clock, outages: Outages) -> str:
    if exemption(clock, outages) is not None:
        return "exempt"
    if clock.outcome in (Outcome.MET, Outcome.BREACHED):
        return clock.outcome.value
    return "running" if clock.stopped is None else ""


def _clock_figures(group: str, became: Iterable[tuple[str, str]], *, lacking: bool) -> Iterator[tuple[Figure, int]]:
    for name, outcome in became:
        if outcome:
            yield (group, name, outcome), 1
            if lacking:
                yield (group, name, "incomplete"), 1


def _rate_figures(
    case: Case, became: dict[str, str], outages: Outages, *, lacking: bool
) -> Iterator[tuple[Figure, int]]:
    whole = [clock for clock in case.all_clocks if clock.name == "whole"]
    past_whole = any(clock.outcome is Outcome.BREACHED for clock in whole)
    on_time = became.get("resolve")
    reachable = case.dispatched is not None and (case.contacted is not None or _records(case, CONTACTS))
    resolved = case.resolved is not None
    counted = {
        "response": (reachable and "arrive" not in case.unrecorded, _responded(case, outages)),
        "resolution": (case.answered is not None or past_whole, resolved and not case.reopened),
        "satisfaction": (case.asked and case.judged is not None, case.judged is Verdict.SATISFIED),
        "contacted": (reachable, case.contacted is not None),
        "resolved": (resolved or _records(case, {"resolve"}), resolved),
        "resolved_on_time": (on_time in ("met", "breached"), on_time == "met"),
    }
    exempt = {name for name, outcome in became.items() if outcome == "exempt"}
    exempt |= {clock.name for clock in whole if exemption(clock, outages) is not None}
    for name, (counts, succeeded) in counted.items():
        if case.state in LEFT_OUT or _CLOCK_OF.get(name) in exempt:
            yield ("rates", name, "excluded"), 1
        elif counts:
            yield ("rates", name, "of"), 1
            if succeeded:
                yield ("rates", name, "n"), 1
            if lacking:
                yield ("rates", name, "incomplete"), 1


def _records(case: Case, actions: Collection[str]) -> bool:
    """Return whether the source of a case records any of some actions; whoever reports live records them all."""
    return case.source is None or any(action in case.source.recorded for action in actions)


def _responded(case: Case, outages: Outages) -> bool:
    if case.contacted is None:
        return False
    arrivals = [clock for clock in case.all_clocks if clock.name == "arrive"]
    if case.visit and arrivals:  # a locality may promise no time of arrival: a contact within a day counts there too
        first = min(arrivals, key=lambda clock: clock.cycle)
        # More time that was granted after the breach does not undo it.
        missed = [miss.at for miss in first.misses if excuse(miss, outages) is None]
        return case.contacted <= min(missed, default=first.due)
    return case.dispatched is not None and case.contacted <= case.dispatched + CONTACT
