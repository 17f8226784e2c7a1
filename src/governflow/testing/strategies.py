"""What an engine is given, drawn by Hypothesis: cases and whole journals in a locality's own words (随机用例)."""

import csv
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from governflow.charter.cases.reported import BEGIN
from governflow.charter.cases.systematic import strategy
from governflow.charter.lives.simulation import choices
from governflow.engine.engine import Engine
from governflow.errors import GovernflowError
from governflow.journal.records import Fields
from governflow.model.case import Case
from governflow.model.headings import FIELDS, HEADINGS
from governflow.model.terms import Severity, Urgency
from governflow.normalize import key
from governflow.policy.codes import NATION
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy, actions_of
from governflow.run.commands import actor_of, details_of
from governflow.testing import engine as fresh
from governflow.text import Json

#: Who speaks for themselves wherever there are localities.
_BUILT_IN = frozenset({"000000", NATION})
#: How long nothing is done between two rows, in minutes.
_GAPS = (1, 4, 20, 45, 180, 600, 1440, 4320, 10080)
#: A cell that is longer is no journal's.
_LONGEST = 60
#: What each action needs beside the case, its moment and who does it.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("transfer", "whistle", "check_in"), ("unit",)),
    **dict.fromkeys(("confer", "suspend"), ("until",)),
    "extend": ("until", "actor", "clock", "note"),
    **dict.fromkeys(("decline", "return", "appeal", "note"), ("note",)),
    **dict.fromkeys(("answer", "inform"), ("text",)),
    "reclassify": ("severity", "urgency"),
    **dict.fromkeys(("evaluate", "revisit", "rule"), ("satisfied",)),
    "merge": ("into",),
}
_TERMS: Mapping[str, type[Severity | Urgency]] = {"severity": Severity, "urgency": Urgency}


def registered(policy: Policy) -> Localities:
    """Return localities in which the plugins of a policy are registered.

    Args:
        policy: The policy, as `policies` draws it.
    """
    localities = Localities()
    for layer in policy.layers:
        if layer.code not in _BUILT_IN:
            localities.register(layer.code, layer.plugin)
    return localities


def known(locality: str | Policy, localities: Localities | None) -> tuple[Localities, Policy]:
    """Find a locality by its code or its policy."""
    if localities is None:
        localities = registered(locality) if isinstance(locality, Policy) else Localities()
    return localities, localities.policy(locality.code if isinstance(locality, Policy) else locality)


def cases(locality: str | Policy, *, localities: Localities | None = None) -> st.SearchStrategy[dict[str, Json]]:
    """Return a Hypothesis strategy of cases, cut at the boundaries of a locality's own tables, units and hooks.

    Args:
        locality: Its code, or its policy.
        localities: Where the code is registered; the installed ones by default.

    Returns:
        Keyword arguments for `Engine.report`, facts among them.
    """
    _, policy = known(locality, localities)

    return strategy(policy).map(
        lambda case: {"locality": policy.code} | {name: value for name, value in case.items() if name != "mode"}
    )


def journals(
    locality: str | Policy,
    *,
    localities: Localities | None = None,
    cases: int = 3,
    rows: int = 20,
    begin: datetime | None = None,
) -> st.SearchStrategy[list[dict[str, str]]]:
    """Return a Hypothesis strategy of journals that tell whole lives in legal order, in a locality's own words.

    Args:
        locality: Its code, or its policy.
        localities: Where the code is registered; the installed ones by default.
        cases: How many cases a journal tells of at most.
        rows: How many rows follow the first report at most.
        begin: When the first case is reported, timezone-aware; Monday 2026-03-02 09:00 in Shanghai by default.

    Returns:
        Rows, heading to cell; `written` makes a file of them. ``governflow run`` takes every one of them.
    """
    found, policy = known(locality, localities)

    @st.composite
    def journal(draw: st.DrawFn) -> list[dict[str, str]]:
        clerk = _Clerk(draw, found, policy, begin or BEGIN)
        clerk.report()
        for _ in range(draw(st.integers(0, rows))):
            clerk.at += timedelta(minutes=draw(st.sampled_from(_GAPS)))
            if len(clerk.names) < cases and draw(st.integers(0, 5)) == 0:
                clerk.report()
            else:
                clerk.act()
        return clerk.rows

    return journal()


class _Clerk:
    """Keeps a journal of what an engine takes."""

    def __init__(self, draw: st.DrawFn, localities: Localities, policy: Policy, begin: datetime) -> None:
        self.draw, self.policy, self.at = draw, policy, begin
        self.engine: Engine = fresh(localities=localities)
        self.cases = strategy(policy)
        self.words = actions_of(policy)
        self.names: list[str] = []
        self.rows: list[dict[str, str]] = []

    def write(self, case: str, action: str, fields: Mapping[str, Any], facts: Mapping[str, str] | None = None) -> None:
        """Write a row: times on the wall clock, headings in Chinese, actions as the locality calls them."""
        own = self.policy.name(action).zh
        word = own if self.words.get(own) == action else action
        row = {"time": self._wall(self.at), "case": case, "action": word}
        row |= {field: _cell(field, value) for field, value in fields.items()}
        self.rows.append({FIELDS[name].zh: cell for name, cell in row.items()} | dict(facts or {}))

    def _wall(self, moment: datetime) -> str:
        local = moment.astimezone(ZoneInfo(self.policy.zone))
        if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
            return local.isoformat()  # an hour that comes twice has to say which of the two
        return f"{local:%Y-%m-%d %H:%M:%S}"

    def report(self) -> None:
        """Report another case."""
        drawn, name = self.draw(self.cases), f"甲{len(self.names) + 1}"
        details: dict[str, Any] = {
            field: drawn[field] for field in ("severity", "urgency", "visit", "asked") if field in drawn
        }
        for field in ("item", "place"):
            cell = str(drawn.get(field, "")).strip()
            if cell and len(cell) <= _LONGEST and cell.isprintable():
                details[field] = cell
        if details.get("asked") is False:
            details["channel"] = "主动发现"
        facts = {
            fact: str(value)
            for fact, value in drawn.get("facts", {}).items()
            if key(fact) not in HEADINGS and str(value).strip()
        }
        self.engine.advance(self.at)
        try:
            self.engine.report(locality=self.policy.code, case_id=name, at=self.at, facts=facts or None, **details)
        except GovernflowError:
            return
        self.names.append(name)
        self.write(name, "report", {field: value for field, value in details.items() if field != "asked"}, facts)

    def act(self) -> None:
        """Do something that the case allows; what the rules refuse is not written down."""
        if not self.names:
            return
        self.engine.advance(self.at)
        case = self.engine.case(self.draw(st.sampled_from(self.names)))
        may = choices(self.policy, case)
        if not may.possible:
            return
        action = self.draw(st.sampled_from(may.moving or may.possible) | st.sampled_from(may.possible))
        fields = self._filled(action, case)
        try:
            self.engine.act(action, case.id, by=actor_of(action, fields), at=self.at, **details_of(action, fields))
        except GovernflowError:
            return
        self.write(case.id, action, fields)

    def _filled(self, action: str, case: Case) -> Fields:
        """Fill in what an action needs."""
        running = [clock.name for clock in case.clocks.values() if clock.stopped is None]
        waiting = [name.partition(":")[2] for name in running if name.startswith("check_in:")]
        at = self.at.astimezone(ZoneInfo(self.policy.zone))
        units = st.sampled_from(tuple(self.policy.units.units))
        drawn: dict[str, st.SearchStrategy[Any]] = {
            "unit": st.sampled_from(waiting) if action == "check_in" and waiting else units,
            "until": st.integers(1, 20).map(lambda days: at + timedelta(days=days)),
            "actor": st.just("批准人"),
            "clock": st.sampled_from(running or ["whole"]),
            "note": st.just("情况说明"),
            "text": st.just("已答复"),
            "severity": st.sampled_from([one.value for one in Severity]),
            "urgency": st.sampled_from([one.value for one in Urgency]),
            "satisfied": st.booleans(),
            "into": st.sampled_from(self.names),
        }
        needed = _NEEDED.get(action, ())
        if action in ("dispatch", "claim") and self.draw(st.booleans()):
            needed = ("unit",)
        return cast(Fields, {field: self.draw(drawn[field]) for field in needed if action != "check_in" or waiting})


def _cell(field: str, value: Any) -> str:
    """Write a value as a clerk does."""
    if field in _TERMS:
        return _TERMS[field](value).text.zh
    if isinstance(value, bool):
        return "是" if value else "否"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def written(rows: list[dict[str, str]], path: Path) -> Path:
    """Write the rows of a journal into a CSV file.

    Args:
        rows: The rows, as `journals` draws them.
        path: The file.

    Returns:
        The file.
    """
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, headings, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path
