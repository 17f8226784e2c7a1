"""What is told to an engine, drawn by Hypothesis: cases and whole journals in a locality's own words (随机用例)."""

import csv
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from governflow.charter.cases.reported import BEGIN
from governflow.charter.cases.strategy import strategy
from governflow.charter.lives.simulation import choices
from governflow.engine.engine import Engine
from governflow.errors import GovernflowError
from governflow.journal.records import Fields
from governflow.model.headings import FIELDS, HEADINGS
from governflow.model.terms import Severity, Urgency
from governflow.normalize import key
from governflow.policy.codes import NATION
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.policy.vocabulary import actions_of
from governflow.run.commands import actor_of, details_of
from governflow.testing import engine as fresh

#: Who speaks for themselves wherever there are localities.
_BUILT_IN = frozenset({"000000", NATION})
#: How long nothing is done between two rows, in minutes.
_GAPS = (1, 4, 20, 45, 180, 600, 1440, 4320, 10080)
#: A cell that is longer is no journal's.
_LONGEST = 60


def registered(policy: Policy) -> Localities:
    """Return localities in which a policy's plugins are registered: what tools ask for beside its code."""
    localities = Localities()
    for layer in policy.layers:
        if layer.code not in _BUILT_IN:
            localities.register(layer.code, layer.plugin)
    return localities


def known(locality: str | Policy, localities: Localities | None) -> tuple[Localities, Policy]:
    """Find a locality by its code or its policy."""
    if isinstance(locality, Policy):
        localities = localities or registered(locality)
        return localities, localities.policy(locality.code)
    localities = localities or Localities()
    return localities, localities.policy(locality)


def cases(locality: str | Policy, localities: Localities | None) -> st.SearchStrategy[dict[str, Any]]:
    """See `governflow.testing.cases`."""
    _, policy = known(locality, localities)

    def as_reported(told: Mapping[str, Any]) -> dict[str, Any]:
        return {"locality": policy.code, **{name: value for name, value in told.items() if name not in ("mode", "at")}}

    return strategy(policy).map(as_reported)


def journals(
    locality: str | Policy, localities: Localities | None, *, most: int, rows: int, begin: datetime
) -> st.SearchStrategy[list[dict[str, str]]]:
    """See `governflow.testing.journals`."""
    found, policy = known(locality, localities)
    return _journal(found, policy, most, rows, begin)


@st.composite
def _journal(
    draw: st.DrawFn, localities: Localities, policy: Policy, most: int, rows: int, begin: datetime
) -> list[dict[str, str]]:
    clerk = _Clerk(draw, localities, policy, begin)
    clerk.report()
    for _ in range(draw(st.integers(0, rows))):
        clerk.at += timedelta(minutes=draw(st.sampled_from(_GAPS)))
        if len(clerk.names) < most and draw(st.integers(0, 5)) == 0:
            clerk.report()
        else:
            clerk.act()
    return clerk.rows


class _Clerk:
    """Keeps a journal of what an engine takes."""

    def __init__(self, draw: st.DrawFn, localities: Localities, policy: Policy, begin: datetime) -> None:
        self.draw, self.policy, self.at = draw, policy, begin
        self.engine: Engine = fresh(localities=localities)
        self.told = strategy(policy)
        self.words = actions_of(policy)
        self.names: list[str] = []
        self.rows: list[dict[str, str]] = []

    def write(self, case: str, action: str, cells: Mapping[str, str], facts: Mapping[str, str] | None = None) -> None:
        """Write a row: times on the wall clock, headings in Chinese, actions as the locality calls them."""
        own = self.policy.name(action).zh
        word = own if self.words.get(own) == action else action
        row = {"time": self._wall(self.at), "case": case, "action": word, **cells}
        self.rows.append({FIELDS[name].zh: cell for name, cell in row.items()} | dict(facts or {}))

    def _wall(self, moment: datetime) -> str:
        local = moment.astimezone(ZoneInfo(self.policy.zone))
        if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
            return local.isoformat()  # an hour that comes twice has to say which of the two
        return f"{local:%Y-%m-%d %H:%M:%S}"

    def report(self) -> None:
        """Report another case."""
        drawn, name = self.draw(self.told), f"甲{len(self.names) + 1}"
        texts = [(field, str(drawn[field]).strip()) for field in ("item", "place") if field in drawn]
        cells: dict[str, str] = {
            field: cell for field, cell in texts if cell and len(cell) <= _LONGEST and cell.isprintable()
        }
        terms: Mapping[str, type[Severity | Urgency]] = {"severity": Severity, "urgency": Urgency}
        cells |= {field: kind(drawn[field]).text.zh for field, kind in terms.items() if field in drawn}
        if "visit" in drawn:
            cells["visit"] = "是" if drawn["visit"] else "否"
        if drawn.get("asked") is False:
            cells["channel"] = "主动发现"
        facts = {
            fact: str(value)
            for fact, value in drawn.get("facts", {}).items()
            if key(fact) not in HEADINGS and str(value).strip()
        }
        told: dict[str, Any] = {
            field: drawn[field] for field in ("severity", "urgency", "visit", "asked") if field in drawn
        }
        told |= {field: cell for field, cell in cells.items() if field in ("item", "place", "channel")}
        self.engine.advance(self.at)
        try:
            self.engine.report(locality=self.policy.code, case_id=name, at=self.at, facts=facts or None, **told)
        except GovernflowError:
            return
        self.names.append(name)
        self.write(name, "report", cells, facts)

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
        cells, fields = self._filled(action, case.id)
        try:
            self.engine.act(action, case.id, by=actor_of(action, fields), at=self.at, **details_of(action, fields))
        except GovernflowError:
            return
        self.write(case.id, action, cells)

    def _filled(self, action: str, case_id: str) -> tuple[dict[str, str], Fields]:
        """Fill in what an action needs: the cells as a clerk writes them, and what they are read as."""
        case, draw = self.engine.case(case_id), self.draw
        units = tuple(self.policy.units.units)
        running = [clock.name for clock in case.clocks.values() if clock.stopped is None]
        waiting = [name.partition(":")[2] for name in running if name.startswith("check_in:")]
        fields: Fields = {}
        if action in ("transfer", "whistle") or (action in ("dispatch", "claim") and draw(st.booleans())):
            fields["unit"] = draw(st.sampled_from(units))
        if action == "check_in" and waiting:
            fields["unit"] = draw(st.sampled_from(waiting))
        if action in ("confer", "suspend", "extend"):
            until = self.at + timedelta(days=draw(st.integers(1, 20)))
            fields["until"] = until.astimezone(ZoneInfo(self.policy.zone))
        if action == "extend":
            fields["actor"] = "批准人"
            fields["clock"] = draw(st.sampled_from(running or ["whole"]))
        if action in ("decline", "return", "appeal", "extend", "note"):
            fields["note"] = "情况说明"
        if action in ("answer", "inform"):
            fields["text"] = "已答复"
        if action == "reclassify":
            fields["severity"] = draw(st.sampled_from([one.value for one in Severity]))
            fields["urgency"] = draw(st.sampled_from([one.value for one in Urgency]))
        if action in ("evaluate", "revisit", "rule"):
            fields["satisfied"] = draw(st.booleans())
        if action == "merge":
            fields["into"] = draw(st.sampled_from(self.names))
        cells = {name: value for name, value in fields.items() if isinstance(value, str)}
        if "until" in fields:
            cells["until"] = fields["until"].isoformat()
        if "satisfied" in fields:
            cells["satisfied"] = "是" if fields["satisfied"] else "否"
        if action == "reclassify":
            cells["severity"] = Severity(fields["severity"]).text.zh
            cells["urgency"] = Urgency(fields["urgency"]).text.zh
        return cells, fields


def written(rows: list[dict[str, str]], path: Path) -> Path:
    """See `governflow.testing.written`."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, headings, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


#: When drawn journals begin unless told otherwise.
USUAL = BEGIN
