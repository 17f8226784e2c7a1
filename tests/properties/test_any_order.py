"""The order in which facts are told changes nothing (补录次序): random lives, told in time and in any order.

Each life is legal: it is walked along the lifecycle. It is told once in time, and once in random order, cut into random
batches, with time passing in between, and with facts that are wrong and retracted. What was refused is told again in
the end as one batch. The case, and its life, must be the same; and enough lives must have been hard ones.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same number makes the same life

import pytest

from governflow import Actor, Case, CommandError, Engine, Event, Fact, GovernflowError, Text, hookimpl
from governflow.charter.cases.reported import BEGIN
from governflow.charter.lives.retelling import (
    Choose,
    Story,
    differences,
    first_difference,
    lived_in_time,
    told_again,
    told_in_any_order,
)
from governflow.charter.lives.simulation import CASE, details
from governflow.engine.decide import kept_details
from governflow.model.base_lifecycle import BASE
from governflow.model.case import fold
from governflow.model.terms import Outcome
from governflow.policy.hookspecs import Merit
from governflow.reports.merits import Balance, balances, ranking
from governflow.testing import ManualClock, counted

CODES = ("000000", "371621", "220202", "520628", "320113007", "520625", "321171")
#: What would only be told of a case, or is outside the law: the one who asked is never told that they are too late.
NOT_WRONG = frozenset({"report", "merge", "evaluate"})
MEASURES = frozenset({"taken_over", "special_report_filed"})
BY = Actor("check")


def open_engine(path: Path | None = None) -> Engine:
    return Engine.open(path, clock=ManualClock(BEGIN), entropy=counted())


class WrongFacts:
    """Tells facts that nobody did, and takes them back."""

    def __init__(self, engine: Engine, story: Story, choose: Choose) -> None:
        self.engine, self.story, self.choose = engine, story, choose
        self.wrong: set[tuple[str, object]] = set()
        self.retracted = 0

    def between(self, refused: list[Fact]) -> None:
        """After each telling: tell something wrong now and then, or retract it."""
        case = self.engine.find(CASE)
        if case is None:
            return
        if self.engine.now is None and self.choose((True,) * 19 + (False,)):
            self.engine.advance(self.story.until)  # whatever is told from now on is late
        if self.choose((True, False, False)):
            # No two facts have this moment.
            at = BEGIN + (self.story.until - BEGIN) * self.choose(range(1, 100)) / 100 + timedelta(microseconds=1)
            action = self.choose([action for action in BASE.actions if action not in NOT_WRONG])
            given = details(action, self.choose(range(120)), case, self.engine.localities.policy(case.locality), at)
            try:
                self.engine.tell(CASE, [Fact(action, at, BY, given)])
            except GovernflowError:
                return
            self.wrong.add((action, at))
        elif self.choose((True, False)):
            self.retract(refused, unwind=False)

    def retract(self, refused: list[Fact], *, unwind: bool) -> None:
        """Retract what is wrong. What is true and needs it is retracted too, if it may be, and told again later."""
        while (wrong := self._wrong()) is not None:
            try:
                self._take_back(wrong, refused)
            except CommandError:
                if not unwind:
                    return
                self._take_back([event for event in self.engine.life(CASE) if _is_fact(event)][-1], refused)

    def _take_back(self, event: Event, refused: list[Fact]) -> None:
        true = None if self._is_wrong(event) else self._told(event, refused)
        self.engine.retract(event, reason="wrong", by=BY, at=self.story.until)
        self.retracted += 1
        if true is not None:
            refused.append(true)

    def _wrong(self) -> Event | None:
        """Return something that has to be taken back: a wrong fact, or a verdict that moved the case only later."""
        for event in self.engine.life(CASE):
            if _is_fact(event) and (self._is_wrong(event) or "done_at" in event.about):
                return event
        return None

    def _is_wrong(self, event: Event) -> bool:
        return (event.action, event.at) in self.wrong

    def _told(self, event: Event, refused: list[Fact]) -> Fact:
        """Return the fact of the story that left an event."""
        moment = event.about.get("done_at") or event.at.isoformat()
        alike = [
            fact
            for fact in self.story.facts
            if fact.action == event.action and fact.at.isoformat() == moment and all(fact is not one for one in refused)
        ]
        return next(fact for fact in alike if kept_details(fact.details) == (event.details or {}))


def _is_fact(event: Event) -> bool:
    return event.by is not None and event.kind != "taken_over" and bool(event.action) and event.action != "report"


def hard(engine: Engine) -> dict[str, bool]:
    """Return what made a life a hard one."""
    history = engine.history(CASE)
    amended = [event for event in history if event.kind == "amended"]
    case = engine.case(CASE)
    withdrawn = {gone["kind"] for event in amended if event.about["told"] for gone in event.about["withdraws"]}
    return {
        "measure": bool(withdrawn & MEASURES),
        "reopened": case.reopened > 0,
        "paused": bool(case.suspensions) or case.state == "suspended",
        "batch": any(len(event.about["told"]) > 1 for event in amended),
    }


def told_twice(number: int, folder: Path, code: str) -> Counter[str]:
    """Tell one life twice, compare, and count what it was."""
    choose: Choose = Random(f"any order/{number}").choice
    in_time, late = open_engine(), open_engine(folder / f"{number}.db" if number % 2 else None)
    story = lived_in_time(in_time, code, {}, choose, choose(range(4, 15)))
    assert story is not None
    story = Story(story.facts, story.until + choose((1, 2, 10, 10)) * timedelta(days=1))
    in_time.advance(story.until)
    wrong = WrongFacts(late, story, choose)
    refused = told_in_any_order(late, code, story, choose, wrong.between)
    if late.find(CASE) is not None:
        wrong.retract(refused, unwind=True)
    told_again(late, code, story, refused)
    assert not differences(in_time, late), (number, differences(in_time, late), first_difference(in_time, late))
    assert fold(late.history(CASE)) == late.case(CASE)
    late.verify()
    counted = Counter({name: int(is_so) for name, is_so in hard(late).items()})
    counted["one of these"] = int(counted["reopened"] or counted["paused"] or counted["batch"])
    counted["retracted"] = int(wrong.retracted > 0)
    late.close()
    return counted


def hold(numbers: range, folder: Path, codes: tuple[str, ...]) -> None:
    """Tell many lives twice, and require that enough of them were hard ones."""
    counted: Counter[str] = Counter()
    for number in numbers:
        counted.update(told_twice(number, folder, codes[number % len(codes)]))
    shares = {name: count / len(numbers) for name, count in counted.items()}
    print(f"{len(numbers)} lives:", ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))
    assert shares["measure"] >= 0.9
    assert shares["one of these"] >= 0.3
    assert shares["retracted"] >= 0.1


def test_lives_told_in_any_order_end_as_those_told_in_time(tmp_path: Path) -> None:
    hold(range(40), tmp_path, CODES[:1])


@pytest.mark.slow
@pytest.mark.installed
def test_lives_of_every_locality_told_in_any_order_end_as_those_told_in_time(tmp_path: Path) -> None:
    hold(range(500, 500 + 20 * len(CODES)), tmp_path, CODES)


@pytest.mark.parametrize("number", [1349, 3785, 4518])
def test_lives_that_once_ended_differently(number: int, tmp_path: Path) -> None:
    """Verdicts that were taken back and not told again; an appeal that named none of two breaches of one moment."""
    told_twice(number, tmp_path, "000000")


@pytest.mark.long
@pytest.mark.installed
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_lives_told_in_any_order_end_as_those_told_in_time(part: int, tmp_path: Path) -> None:
    hold(range(1000 * (part + 1), 1000 * (part + 2)), tmp_path, CODES)


# --- and the merits that a life earns ---------------------------------------------------------------------------------

COUNTY = "990101"
#: What the kinds of events are worth; the odd ones expire.
POINTS = {"breached": -5, "arrived": 3, "resolved": 4, "taken_over": -2, "warned": -1, "noted": 1, "closed": 7}


class County:
    """Gives points for what happened, to the case's unit where it is settled, and to one post for all else."""

    @hookimpl
    def governflow_merits(self, event: Event, case: Case) -> Sequence[Merit]:
        points = POINTS.get(event.kind)
        if points is None:
            return []
        expires = event.at + timedelta(days=3) if points % 2 else None
        merits = [Merit("post", "post", points, Text(event.kind, "考核"), event.kind, expires)]
        if event.kind == "closed" and all(clock.outcome is not Outcome.BREACHED for clock in case.all_clocks):
            merits.append(Merit("clean", "unit", 1, Text("in time", "按时"), "clean"))
        return merits


def open_county(path: Path | None = None) -> Engine:
    engine = open_engine(path)
    engine.localities.register(COUNTY, County())
    return engine


def accounts(engine: Engine, story: Story) -> list[Mapping[str, Balance] | tuple[object, ...]]:
    """The accounts and the rankings of a locality at ten moments of a story, and when much has expired."""
    book = engine.book(COUNTY)
    span = (story.until - BEGIN) / 10
    moments = [BEGIN + span * number for number in range(11)]
    found: list[Mapping[str, Balance] | tuple[object, ...]] = [
        dict(balances(book, moment)) for moment in (*moments, story.until + timedelta(days=4))
    ]
    return found + [ranking(book, moment, moment + span) for moment in moments]


def merits_told_twice(number: int, folder: Path) -> int:
    """Tell one life twice, compare the accounts, and return how many entries were reversed."""
    choose: Choose = Random(f"merits/{number}").choice
    in_time, late = open_county(), open_county(folder / f"{number}.db" if number % 2 else None)
    story = lived_in_time(in_time, COUNTY, {}, choose, choose(range(4, 12)))
    assert story is not None
    wrong = WrongFacts(late, story, choose)
    refused = told_in_any_order(late, COUNTY, story, choose, wrong.between)
    if late.find(CASE) is not None:
        wrong.retract(refused, unwind=True)
    told_again(late, COUNTY, story, refused)
    assert accounts(late, story) == accounts(in_time, story), number
    reverses = [entry.about["reverses"] for entry in late.book(COUNTY) if "reverses" in entry.about]
    assert len(reverses) == len(set(reverses))
    late.verify()
    late.close()
    return len(reverses)


def hold_merits(numbers: range, folder: Path) -> None:
    """Tell many lives twice, and require that most of them reversed merits."""
    reversed_ones = [merits_told_twice(number, folder) for number in numbers]
    assert sum(count > 0 for count in reversed_ones) >= 0.5 * len(numbers)


def test_merits_of_lives_told_in_any_order_are_those_of_the_lives_told_in_time(tmp_path: Path) -> None:
    hold_merits(range(30), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_merits_of_two_thousand_lives_told_in_any_order_are_those_told_in_time(part: int, tmp_path: Path) -> None:
    hold_merits(range(1000 + 200 * part, 1200 + 200 * part), tmp_path)
