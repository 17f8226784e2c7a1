"""What became of the cases: tallies and rates as Chinese offices count them (三率), and cases as JSON.

`governflow.reports.figures` says in which figure a case counts; here they are counted, one case at a time.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import attrs

from governflow.model.case import Case
from governflow.model.terms import Kind, Verdict
from governflow.policy.hookspecs import CaseReader
from governflow.reports.consequences import Consequences
from governflow.reports.figure_names import paths, read_figure
from governflow.reports.figures import RATES, Figure, Outages, clock_order, exemption, figures, incomplete_in
from governflow.reports.format import plain

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
    """In how many cases a clock was met, breached, breached but exempt, or is still running.

    The first cycle that a fact started counts for a case; what came after it, or by a measure, stands apart (再次).
    """

    met: int = 0
    breached: int = 0
    exempt: int = 0
    running: int = 0
    incomplete: int = 0


class Report:
    """Counts cases one at a time; it never holds them.

    Args:
        outages: The locality's declared outages.
        incomplete: The cases that lack a step which a journal told in vain.
    """

    def __init__(self, outages: Outages = (), incomplete: Container[str] = ()) -> None:
        self.outages = outages
        self.incomplete = incomplete
        #: Every figure by its name, a path as in `as_json`.
        self.counted: Counter[Figure] = Counter()
        #: The clocks that sources do not record, with the number of cases.
        self.unrecorded: Counter[str] = Counter()

    def add(self, case: Case, followed: Consequences | Sequence[dict[str, Any]]) -> None:
        """Count a case, and what followed for it; escalations alone will do."""
        for figure, times in self.figures(case, followed):
            self.counted[figure] += times
        self.unrecorded.update(case.unrecorded)

    def figures(self, case: Case, followed: Consequences | Sequence[dict[str, Any]]) -> Iterator[tuple[Figure, int]]:
        """Return in which figures a case counts, and how often."""
        return figures(case, _consequences(followed), self.outages, lacking=case.id in self.incomplete)

    @property
    def cases(self) -> int:
        """How many cases were counted."""
        return self.counted["cases",]

    @property
    def open(self) -> int:
        """How many are neither resolved and answered nor at another end."""
        return self.counted["open",]

    @property
    def closed(self) -> int:
        """How many are done: resolved and answered (办结), or declined, merged or withdrawn."""
        return self.counted["closed",]

    @property
    def archived(self) -> int:
        """How many of the closed ones are archived (归档)."""
        return self.counted["archived",]

    @property
    def reopened(self) -> int:
        """How many were reopened at least once (重新办理)."""
        return self.counted["reopened",]

    @property
    def incomplete_cases(self) -> int:
        """How many lack a step that a journal told in vain."""
        return self.counted["incomplete",]

    @property
    def unrecorded_clocks(self) -> list[str]:
        """The clocks that the source of any case does not record, in the order of a case's life."""
        return sorted(self.unrecorded, key=clock_order)

    @property
    def clocks(self) -> dict[str, Tally]:
        """What became of each clock, in the order of a case's life."""
        return self._tallies("clocks")

    @property
    def again(self) -> dict[str, Tally]:
        """What became of each clock's further cycles, and of those that a measure started (再次)."""
        return self._tallies("again")

    @property
    def rates(self) -> dict[str, Rate]:
        """The rates by their names, as in `RATES`."""
        found = self._parts("rates")
        return {name: Rate(**found.get(name, {})) for name in RATES}

    @property
    def escalations(self) -> Counter[str]:
        """How often each kind of escalation was carried out."""
        return self._group("escalations")

    @property
    def measures_due(self) -> Counter[str]:
        """How often each kind of measure was due, where a journal is the record."""
        return self._group("measures_due")

    @property
    def findings(self) -> Counter[str]:
        """How often facts were taken that a unit was not to bring about, by unit; empty where none was named."""
        return self._group("findings")

    @property
    def by_unit(self) -> Counter[str]:
        """How many cases each unit holds."""
        return self._group("by_unit")

    @property
    def by_state(self) -> Counter[str]:
        """How many cases stand in each state."""
        return self._group("by_state")

    def _group(self, group: str) -> Counter[str]:
        return Counter({figure[1]: number for figure, number in self.counted.items() if figure[0] == group})

    def _parts(self, group: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for figure, number in self.counted.items():
            if figure[0] == group:
                found.setdefault(figure[1], {})[figure[2]] = number
        return found

    def _tallies(self, group: str) -> dict[str, Tally]:
        found = self._parts(group)
        return {name: Tally(**found[name]) for name in sorted(found, key=clock_order)}

    def as_json(self) -> dict[str, Any]:
        """Return the summary as contracted for ``governflow run --json``."""
        return {
            "cases": self.cases,
            "open": self.open,
            "closed": self.closed,
            "archived": self.archived,
            "reopened": self.reopened,
            "incomplete": self.incomplete_cases,
            "clocks": {name: _figures(tally) for name, tally in self.clocks.items()},
            "again": {name: _figures(tally) for name, tally in self.again.items()},
            "rates": {name: _figures(rate) for name, rate in self.rates.items()},
            "escalations": _by_kind(self.escalations),
            "measures_due": _by_kind(self.measures_due),
            "findings": dict(self.findings.most_common()),
            "by_state": dict(self.by_state.most_common()),
            "by_unit": dict(sorted(self.by_unit.items(), key=lambda item: (-item[1], item[0]))),
            **({"incomplete_in": incomplete_in(self.counted)} if self.incomplete_cases else {}),
        }


def _by_kind(counted: Mapping[str, int]) -> dict[str, int]:
    return {kind.value: counted[kind] for kind in Kind if kind in counted}


def _figures(counted: Tally | Rate) -> dict[str, int]:
    """Return a figure as JSON; how many incomplete cases it holds is said where there are any."""
    found = attrs.asdict(counted)
    return found if counted.incomplete else {name: n for name, n in found.items() if name != "incomplete"}


def _consequences(given: Consequences | Sequence[dict[str, Any]]) -> Consequences:
    """Return what followed for a case where escalations alone were given."""
    return given if isinstance(given, Consequences) else Consequences(given)


def lives(reader: CaseReader, locality: str) -> Lives:
    """Return every case of a locality with what followed for it, in the order in which the store learnt of them."""
    for case in reader.cases():
        if case.locality == locality:
            yield case, Consequences.read(reader, case.id)


def cases_behind(reader: CaseReader, locality: str, figure: str) -> tuple[Figure, list[str]]:
    """Return a figure of a locality's summary and the cases behind it, by id: as many as the figure says.

    Args:
        reader: Where the cases are, such as an engine.
        locality: The locality's code.
        figure: Which one: its path in the JSON of the summary, or its words (`governflow.reports.figure_names`).

    Raises:
        CommandError: If there is no such figure; the nearest is named.
    """
    policy, named = reader.localities.policy(locality), dict[Figure, list[str]]()
    report = Report(reader.outages(locality), reader.incomplete(locality))
    for case, followed in lives(reader, locality):
        report.add(case, followed)
        for name, times in report.figures(case, followed):
            named.setdefault(name, []).extend([case.id] * times)
    kinds = [(group, kind.value) for group in ("escalations", "measures_due") for kind in Kind]
    units = [("by_unit", unit) for unit in policy.units.units]
    known = [*dict(paths(report.as_json())), *named, *kinds, *units]
    wanted = read_figure(figure, known, policy)
    return wanted, named.get(wanted, [])


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
