"""What became of the cases: figures as Chinese offices count them (三率), and cases as JSON.

The three rates, with numerator, denominator and what was left out:

* **response** (响应率): cases with a first contact within the arrive clock or, without a visit, within 1 day, of all
  cases dispatched;
* **resolution** (解决率): cases resolved and not reopened, of all cases answered or past their whole clock;
* **satisfaction** (满意率): cases whose requester was satisfied in the end, of all evaluated by a requester.

Declined, withdrawn and merged cases are excluded, and counted as such. An exemption takes a case out of the rate of its
own clock, and out of no other: `arrive` is that of the response, `whole` that of the resolution; a verdict is measured
by no clock.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import attrs

from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.clocks import Clock, Miss
from governflow.model.terms import Exempt, Kind, Outcome, Verdict
from governflow.policy.hookspecs import CaseReader
from governflow.reports.consequences import Consequences
from governflow.reports.format import plain

#: Without a visit, a first contact within this long after the dispatch counts as a response.
CONTACT = timedelta(days=1)
LEFT_OUT = frozenset({"declined", "withdrawn", "merged"})

Outages: TypeAlias = Sequence[tuple[datetime, datetime]]
#: Cases with what followed for each.
Lives: TypeAlias = Iterator[tuple[Case, Consequences]]


@attrs.define
class Rate:
    """A figure with what it was made from.

    Args:
        n: The numerator.
        of: The denominator.
        excluded: How many cases were left out of both.
        incomplete: How many cases in the denominator lack a step that a journal told in vain.
    """

    n: int = 0
    of: int = 0
    excluded: int = 0
    incomplete: int = 0

    @property
    def share(self) -> float | None:
        """Numerator over denominator; None where nothing was counted."""
        return self.n / self.of if self.of else None


@attrs.define
class Tally:
    """How often a clock was met, breached, breached but exempt, or is still running; and how often in such cases."""

    met: int = 0
    breached: int = 0
    exempt: int = 0
    running: int = 0
    incomplete: int = 0

    @property
    def share(self) -> float | None:
        """The on-time rate: met, of met and breached."""
        return self.met / (self.met + self.breached) if self.met + self.breached else None


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


class Report:
    """Counts cases one at a time; it never holds them.

    Args:
        outages: The locality's declared outages.
        incomplete: The cases that lack a step which a journal told in vain.
    """

    def __init__(self, outages: Outages = (), incomplete: Container[str] = ()) -> None:
        self.outages = outages
        self.incomplete = incomplete
        self.incomplete_cases = 0
        #: The clocks that sources do not record, with the number of cases.
        self.unrecorded: Counter[str] = Counter()
        self.cases = self.closed = 0
        self.ended: Counter[str] = Counter()
        self.clocks: dict[str, Tally] = {}
        self.rates = {"response": Rate(), "resolution": Rate(), "satisfaction": Rate()}
        self.escalations: Counter[str] = Counter()
        self.measures_due: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()
        self.by_unit: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """How many cases are in no end."""
        return self.cases - self.closed

    @property
    def unrecorded_clocks(self) -> list[str]:
        """The clocks that the source of any case does not record, in the order of a case's life."""
        return sorted(self.unrecorded, key=clock_order)

    def add(self, case: Case, followed: Consequences | Sequence[dict[str, Any]]) -> None:
        """Count a case, and what followed for it; escalations alone will do."""
        followed = _consequences(followed)
        self.cases += 1
        lacking = case.id in self.incomplete
        self.incomplete_cases += lacking
        self.unrecorded.update(case.unrecorded)
        self.closed += _is_done(case)
        self.ended[case.state] += 1
        self.by_unit[case.unit] += 1
        for entry in followed.escalations:
            self.escalations[entry["kind"]] += entry.get("times", 1)
        self.measures_due.update(entry["kind"] for entry in followed.measures_due)
        self.findings.update(entry["unit"] or "" for entry in followed.findings)
        exempt: set[str] = set()
        for clock in case.all_clocks:
            tally = self.clocks.setdefault(clock.name.partition(":")[0], Tally())
            if exemption(clock, self.outages) is not None:
                tally.exempt += 1
                exempt.add(clock.name)
            elif clock.outcome is Outcome.MET:
                tally.met += 1
            elif clock.outcome is Outcome.BREACHED:
                tally.breached += 1
            elif clock.stopped is None:
                tally.running += 1
            tally.incomplete += lacking
        self._rate(case, exempt, lacking=lacking)

    def _rate(self, case: Case, exempt: Collection[str], *, lacking: bool) -> None:
        past_whole = any(clock.name == "whole" and clock.outcome is Outcome.BREACHED for clock in case.all_clocks)
        counted = {
            "response": (case.dispatched is not None, _responded(case, self.outages)),
            "resolution": (case.answered is not None or past_whole, case.resolved is not None and not case.reopened),
            "satisfaction": (case.asked and case.judged is not None, case.judged is Verdict.SATISFIED),
        }
        for name, (counts, succeeded) in counted.items():
            rate = self.rates[name]
            if case.state in LEFT_OUT or _CLOCK_OF.get(name) in exempt:
                rate.excluded += 1
            elif counts:
                rate.of += 1
                rate.n += succeeded
                rate.incomplete += lacking

    def as_json(self) -> dict[str, Any]:
        """Return the summary as contracted for ``governflow run --json``."""
        return {
            "cases": self.cases,
            "open": self.open,
            "closed": self.closed,
            "incomplete": self.incomplete_cases,
            "clocks": {name: _figures(self.clocks[name]) for name in sorted(self.clocks, key=clock_order)},
            "rates": {name: _figures(rate) for name, rate in self.rates.items()},
            "escalations": {kind.value: self.escalations[kind] for kind in Kind if self.escalations[kind]},
            "measures_due": {kind.value: self.measures_due[kind] for kind in Kind if self.measures_due[kind]},
            "findings": dict(self.findings.most_common()),
            "by_unit": dict(sorted(self.by_unit.items(), key=lambda item: (-item[1], item[0]))),
        }


def _figures(counted: Tally | Rate) -> dict[str, int]:
    """Return a figure as JSON; how many incomplete cases it holds is said where there are any."""
    found = attrs.asdict(counted)
    return found if counted.incomplete else {name: n for name, n in found.items() if name != "incomplete"}


def _consequences(given: Consequences | Sequence[dict[str, Any]]) -> Consequences:
    """Return what followed for a case where escalations alone were given."""
    return given if isinstance(given, Consequences) else Consequences(given)


def _is_done(case: Case) -> bool:
    """Return whether a case has come to its end; where nobody records verdicts the answer is the last that is told."""
    if case.closed is not None or case.state in BASE.ends:
        return True
    return case.state == "answered" and "evaluate" in case.unrecorded


#: The order in which clocks are shown: that of a case's life.
_ORDER = ("dispatch", "arrive", "check_in", "promise", "resolve", "answer", "evaluate", "revisit", "triage", "attend")


def clock_order(name: str) -> tuple[int, str]:
    """Return the sort key that shows clocks in the order of a case's life, the whole case last."""
    if name == "whole":
        return len(_ORDER) + 1, name
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


#: The clock that each rate asks about; an exemption of another one is no reason to leave a case out of it.
_CLOCK_OF = {"response": "arrive", "resolution": "whole"}


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


def lives(reader: CaseReader, locality: str) -> Lives:
    """Return every case of a locality with what followed for it, in the order in which the store learnt of them."""
    for case in reader.cases():
        if case.locality == locality:
            yield case, Consequences.read(reader, case.id)


_UNRECORDED = {"clock": "", "started": None, "due": None, "stopped": None, "outcome": "unrecorded", "exempt": None}


def case_as_json(
    case: Case,
    followed: Consequences | Sequence[dict[str, Any]],
    outages: Outages,
    zone: ZoneInfo,
    lang: str = "en",
    *,
    incomplete: Container[str] = (),
) -> dict[str, Any]:
    """Return a case as contracted for ``governflow run --json``; times are ISO 8601 in the given zone.

    Clocks that its source does not record follow those that ran: they have a name and no times.
    """
    followed = _consequences(followed)
    return {
        "case": case.id,
        "way": case.way,
        **plain(case, zone, "state", "severity", "tier", "form", "unit", "opened", "closed"),
        "clocks": [
            {
                "clock": clock.name,
                **plain(clock, zone, "started", "due", "stopped", "outcome"),
                "exempt": exemption(clock, outages),
            }
            for clock in case.all_clocks
        ]
        + [{**_UNRECORDED, "clock": name} for name in case.unrecorded],
        "escalations": [_climb_as_json(climb, zone, lang, "cause", "kind") for climb in followed.escalations],
        "measures_due": [_climb_as_json(climb, zone, lang, "cause", "kind", "form") for climb in followed.measures_due],
        "findings": [
            {
                "at": plain(found["at"], zone),
                **{name: found[name] for name in ("action", "unit", "code")},
                "reason": found["reason"].say(lang),
            }
            for found in followed.findings
        ],
        "reopened": case.reopened,
        "satisfied": None if case.judged is None else case.judged is Verdict.SATISFIED,
        **({"incomplete": True} if case.id in incomplete else {}),
    }


def _climb_as_json(climb: Mapping[str, Any], zone: ZoneInfo, lang: str, *names: str) -> dict[str, Any]:
    return {
        "at": plain(climb["at"], zone),
        **{name: climb[name] for name in (*names, "from", "to")},
        "because": climb["because"].say(lang),
        **({"times": climb["times"], "until": plain(climb["until"], zone)} if climb.get("times", 1) > 1 else {}),
    }
