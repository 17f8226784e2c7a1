"""The charter's laws on rulings and on layers: each catches the faults that break it, and a sound county passes."""

import importlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import combinations, islice
from pathlib import Path
from random import Random  # noqa: TID251 - chance is one of the faults
from typing import Any
from uuid import uuid4  # noqa: TID251 - chance is one of the faults
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governflow import Case, Event, Text, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.charter.answers.ask import asked
from governflow.charter.answers.collect import batches, drawn, searched
from governflow.charter.answers.examples import of_rows
from governflow.charter.answers.remote import RemoteAnswers, WorkerEnvironment, changed_names, governflow_state
from governflow.charter.cases.reported import reported, smallest, written
from governflow.charter.cases.systematic import BUDGET, anywhen, rows, strategy
from governflow.charter.check import Waiver, check, laws
from governflow.charter.laws import localities as stacks
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.errors import PolicyError
from governflow.isolation.environment import OTHER_DAYS, fields_read, machine_showing, plugin_modules
from governflow.isolation.worker import Worker
from governflow.model.clocks import LAPSES, PAUSES, ClockSpec
from governflow.model.events import Actor
from governflow.model.terms import Form, Kind, Severity, Tier, Verdict
from governflow.model.units import OrgChart, Unit
from governflow.policy.builtin import default_clocks, defaults
from governflow.policy.builtin.statute import governflow_deadlines as of_the_law
from governflow.policy.hookspecs import (
    Allowed,
    Assessment,
    Context,
    Deadlines,
    Escalation,
    Example,
    Locality,
    Merit,
    Refused,
    Route,
    Ruling,
)
from governflow.policy.registry import Localities
from governflow.tables import Catalogue, Table

COUNTY, OTHER = "990101", "990102"
LAWS = laws()
OURS = (
    "ruling/total",
    "ruling/unambiguous",
    "ruling/examples",
    "ruling/pure",
    "ruling/impartial",
    "locality/isolated",
    "locality/stricter",
)


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


def text(words: str) -> Text:
    return Text(words, words)


CHART = OrgChart.of(
    [
        Unit("intake", Text("Intake", "受理平台"), 0, "leaders"),
        *(
            Unit(f"99010100100{n}", Text(f"Village {n}", f"{name}村"), 1, "990101001", (Form.DIRECT,), kind="village")
            for n, name in enumerate("甲乙丙", 1)
        ),
        Unit("990101001", Text("Town", "丁镇"), 2, "bureau", (Form.VERIFY, Form.ASSIST), kind="town"),
        Unit("bureau", Text("Bureau", "住建局"), 3, "joint", (Form.LEAD,), frozenset({"post"}), "bureau"),
        Unit("joint", Text("Jointly", "联办"), 4, "leaders", (Form.JOINT,)),
        Unit("leaders", Text("Leaders", "县领导"), 5, None, (Form.STUDY,)),
    ]
)
ITEMS = tuple(f"事项{n}" for n in range(1, 201))
CATALOGUE = Catalogue.read(("catalogue.csv", "\n".join(("事项,依据", *(f"{item},示例" for item in ITEMS))).encode()))
TIER = (
    "规则,严重程度,people/人数,事项等级,理由",
    "取值,,0..1000；默认 0,,",
    "T1,重大,,一级,重大事项",
    "T2,一般|复杂,>=30,一级,三十人以上",
    "T3,复杂,<30,二级,复杂事项",
    "T4,一般,<30,三级,一般事项",
)
DEADLINES = ("规则,严重程度,办结,理由", "D1,一般,1天,一般", "D2,复杂,3天,复杂", "D3,重大,5天,重大")


class County:
    """A county without a fault."""

    tier: Sequence[str] = TIER

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(COUNTY, "测试县", "Test County")

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return CHART

    @hookimpl
    def governflow_tables(self) -> Mapping[str, Table | Catalogue]:
        return {
            "catalogue": CATALOGUE,
            "tier": table("tier", *self.tier),
            "deadlines": table("deadlines", *DEADLINES),
        }


class Neighbour:
    """Another county, which is to be left alone."""

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(OTHER, "邻县", "Next County")


ONE, THREE = (Ruling(tier, text("by the hook"), "hook") for tier in (Tier.ONE, Tier.THREE))
TO_BUREAU = Ruling(Route("bureau", Form.LEAD), text("to the bureau"), "hook")


# --- somebody answers for every case ----------------------------------------------------------------------------------


class FailsForOneItem(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        assert case.item.removeprefix("事项") != "137"
        return None


class RoutesToNobody(County):
    @hookimpl
    def governflow_route(self, case: Case) -> Ruling | None:
        return Ruling(Route("nobody", Form.LEAD), text("?"), "R9") if case.severity is Severity.MAJOR else None


class TierIsAWord(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        return Ruling("1", text("?"), "T9") if case.severity is Severity.MAJOR else None


class AssessesWithWords(County):
    @hookimpl
    def governflow_assess(self, case: Case) -> Ruling | None:
        return None if case.asked else Ruling(Assessment("major", "normal"), text("?"), "A9")  # type: ignore[arg-type]


class NoClocksInAnEmergency(County):
    @hookimpl
    def governflow_deadlines(self, context: Context) -> Deadlines | None:
        if context.mode == "emergency":
            raise KeyError("emergency")
        return None


class ClimbsDown(County):
    @hookimpl
    def governflow_escalate(self, cause: Any, context: Context) -> Ruling | None:
        if cause.rung < 2 or cause.holder == "intake":
            return None
        lowest = Escalation(Kind.TAKE_OVER, "990101001001", Form.DIRECT, cause.gap)
        return Ruling(lowest, text("down"), "X9") if context.units.level(cause.holder, None) > 1 else None


class RefusesReports(County):
    @hookimpl
    def governflow_authorise(self, action: str) -> Refused | None:
        return Refused(text("not today"), "no") if action == "report" else None


class FailsForOneVillageAndMajor(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        if case.severity is Severity.MAJOR and case.place.startswith("990101001"):
            raise ValueError("both")
        return None


class FailsFromAHundredAndElevenPeople(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        people = int(case.facts.get("people", 0))
        return ONE if people != 111 else Ruling(None, text("?"), "T9")


class AssistedByNobody(County):
    @hookimpl
    def governflow_route(self, case: Case) -> Ruling | None:
        return Ruling(Route("bureau", Form.LEAD, ("ghost",)), text("?"), "R9") if case.place == "丁镇" else None


# --- tables -----------------------------------------------------------------------------------------------------------


class RuleDeleted(County):
    tier = TIER[:-1]


class BoundShiftedUp(County):
    tier = tuple(line.replace(">=30", ">30") for line in TIER)


class BoundShiftedDown(County):
    tier = tuple(line.replace(">=30", ">=29") for line in TIER)


class TwoRulesContradict(County):
    tier = (*TIER, "T5,重大,,二级,重大归镇")


class RuleIsDead(County):
    tier = ("命中策略,首个", *TIER[:2], "T0,,,二级,一律二级", *TIER[2:3])


class NoDomain(County):
    tier = (TIER[0], "取值,,,,", *TIER[2:])


# --- the same answer --------------------------------------------------------------------------------------------------


class LooksAtTheClock(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if datetime.now().weekday() == 6 else None  # noqa: DTZ005, TID251


class LooksAtTheSeconds(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if time.time() > 1_900_000_000 else None  # noqa: TID251


class LooksAtTheDate(County):
    @hookimpl
    def governflow_deadlines(self, case: Case) -> Deadlines | None:
        spec = attrs.evolve(default_clocks.ARRIVE, allowance=Allowance.parse("2h"))
        return Deadlines((spec,)) if date.today().month == 2 else None  # noqa: DTZ011


COUNTED = {"cases": 0}


class EveryThirdCase(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        COUNTED["cases"] += 1
        return ONE if COUNTED["cases"] % 97 == 0 else None


class ByTheOrderOfASet(County):
    @hookimpl
    def governflow_route(self) -> Ruling | None:
        unit = next(iter({"990101001", "bureau", "joint", "leaders", "990101001001", "990101001002"}))
        return Ruling(Route(unit, Form.LEAD), text("any"), "R9")


REMEMBERED: dict[str, Ruling] = {}


class RemembersTheFirst(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        return REMEMBERED.setdefault(case.item, ONE if case.severity is Severity.MAJOR else THREE)


CHANCE = Random(5)


class ByChance(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if CHANCE.random() < 0.01 else None


# --- whoever asks -----------------------------------------------------------------------------------------------------


class HotlineFirst(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        return ONE if case.channel == "县长信箱" else None


class MediaFirstForOneItem(County):
    @hookimpl
    def governflow_route(self, case: Case) -> Ruling | None:
        return TO_BUREAU if case.item == ITEMS[9] and case.channel.startswith("媒") else None


class InformantFirst(County):
    @hookimpl
    def governflow_assess(self, case: Case) -> Ruling | None:
        return Ruling(Assessment(Severity.MAJOR, case.urgency), text("on duty"), "A9") if case.informant else None


BALANCE = {"points": 0}


class MeritsFirst(County):
    @hookimpl
    def governflow_merits(self, event: Event) -> Sequence[Merit]:
        BALANCE["points"] += event.action == "report"
        return ()

    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if BALANCE["points"] > 3 else None


# --- beside and above -------------------------------------------------------------------------------------------------


class ChangesTheDefaults(County):
    @hookimpl
    def governflow_locality(self) -> Locality:
        defaults._TIERED[Severity.GENERAL] = ONE
        return Locality(COUNTY, "测试县", "Test County")


class ChangesTheDefaultsWhenAsked(County):
    @hookimpl
    def governflow_route(self) -> Ruling | None:
        default_clocks.DEADLINES[Severity.COMPLEX] = default_clocks.DEADLINES[Severity.GENERAL]
        return None


def whole(**changes: Any) -> ClockSpec:
    """The 60 days of the law, changed."""
    spec = next(one for one in of_the_law(Case("")).clocks if one.name == "whole")
    return attrs.evolve(spec, **changes)


class Longer(County):
    clock = Deadlines((whole(allowance=Allowance.parse("61cd")),))

    @hookimpl
    def governflow_deadlines(self, case: Case) -> Deadlines | None:
        return self.clock if case.item == ITEMS[3] else None


class Dropped(Longer):
    clock = Deadlines((), ("whole",))


class ReceiptDropped(County):
    @hookimpl
    def governflow_deadlines(self, case: Case) -> Deadlines | None:
        return Deadlines((), ("receipt",)) if case.lifecycle == "petition" else None


class TableIsLonger(County):
    @hookimpl
    def governflow_tables(self) -> Mapping[str, Table | Catalogue]:
        return {
            "deadlines": table("deadlines", "规则,严重程度,全程,理由", "D1,一般|复杂,60天,法定", "D2,重大,90天,重大")
        }


class WorkingDaysForDays(Longer):
    clock = Deadlines((whole(allowance=Allowance.parse("50wd")),))


class OwnHolidays(County):
    @hookimpl
    def governflow_calendar(self, clock: str, context: Context) -> WorkingCalendar | None:
        return IDLE if clock == "whole" else None


IDLE = WorkingCalendar("Asia/Shanghai", {"mon": [("09:00", "17:00")]})

# --- what is beside the case ------------------------------------------------------------------------------------------


class OnlyByDay(County):
    @hookimpl
    def governflow_tier(self, context: Context) -> Ruling | None:
        assert context.at.astimezone(ZoneInfo("Asia/Shanghai")).hour != 3
        return None


class NotOnSundays(County):
    @hookimpl
    def governflow_tier(self, context: Context) -> Ruling | None:
        return (ONE, ONE, ONE, ONE, ONE, ONE)[context.at.astimezone(ZoneInfo("Asia/Shanghai")).weekday()]


class NoSuchChannel(County):
    @hookimpl
    def governflow_route(self, case: Case) -> Ruling | None:
        assert case.channel != "微信小程序"
        return None


class OneVillageForgotten(County):
    @hookimpl
    def governflow_tier(self, case: Case, context: Context) -> Ruling | None:
        village = context.units.at(case.place, "village")
        return {"甲村": ONE, "丙村": ONE}[village.text.zh] if village is not None else None


class LongPlacesDoNotFit(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        return (ONE, THREE)[len(case.place) // 40]


class NobodyFromATownMayReturn(County):
    @hookimpl
    def governflow_authorise(self, actor: Actor | None, action: str, context: Context) -> Refused | None:
        if actor is None or actor.unit is None or action != "return":
            return None
        return {"village": None, "bureau": None, "": None}[context.units.units[actor.unit].kind]


class LosesTheReopened(County):
    @hookimpl
    def governflow_route(self, case: Case) -> Ruling | None:
        return Ruling(Route(f"{case.first_receiver}-again", Form.LEAD), text("?"), "R9") if case.reopened else None


class TimesItself(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if time.perf_counter_ns() == 7 else None


class ReadsTheEnvironment(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if os.environ.get("COUNTY_DRILL") == "tomorrow" else None


class LooksForAFile(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if Path("/tmp/no-such-folder/drill").exists() else None


class ByAddress(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        return ONE if id(self) % 32 == 16 else THREE


class RarelyByChance(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if uuid4().int == 5 else None


class ByTheNumber(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        return ONE if case.id.endswith("2") else None


class ChangesTheCase(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        case.__dict__["place"] = f"{case.place.strip()} "
        return None


class TheFirstStays(County):
    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling | None:
        return REMEMBERED.setdefault(case.mode, ONE if case.urgency == "emergency" else THREE)


class MeritsOfItsOwn(County):
    @hookimpl
    def governflow_merits(self, event: Event, case: Case) -> Sequence[Merit]:
        BALANCE["points"] += event.kind == "closed" and case.judged is Verdict.SATISFIED
        return ()

    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        return ONE if BALANCE["points"] > 3 else None


class ChangesAMethod(County):
    @hookimpl
    def governflow_locality(self) -> Locality:
        WorkingCalendar.between = _elapsed  # type: ignore[method-assign]
        return Locality(COUNTY, "测试县", "Test County")


def _elapsed(self: WorkingCalendar, start: datetime, end: datetime, pauses: object = ()) -> timedelta:
    return end - start


class LongerAfterwards(County):
    @hookimpl
    def governflow_deadlines(self, case: Case) -> Deadlines | None:
        return Deadlines((whole(allowance=Allowance.parse("61cd")),)) if case.reopened else None


#: Per fault: the law that it breaks, and words of the place that is named.
PLANTED: Mapping[type[County], tuple[str, str]] = {
    FailsForOneItem: ("ruling/total", "governflow_tier of 990101"),
    RoutesToNobody: ("ruling/total", "governflow_route of 990101"),
    TierIsAWord: ("ruling/total", "governflow_tier of 990101"),
    AssessesWithWords: ("ruling/total", "governflow_assess of 990101"),
    NoClocksInAnEmergency: ("ruling/total", "governflow_deadlines of 990101"),
    ClimbsDown: ("ruling/total", "governflow_escalate of 990101"),
    RefusesReports: ("ruling/total", ""),
    FailsForOneVillageAndMajor: ("ruling/total", "governflow_tier of 990101"),
    FailsFromAHundredAndElevenPeople: ("ruling/total", "governflow_tier of 990101"),
    AssistedByNobody: ("ruling/total", "governflow_route of 990101"),
    RuleDeleted: ("ruling/unambiguous", "tier"),
    BoundShiftedUp: ("ruling/unambiguous", "tier/T4, tier/T2 of 990101"),
    BoundShiftedDown: ("ruling/unambiguous", "tier/T2 and tier/T"),
    TwoRulesContradict: ("ruling/unambiguous", "tier/T1 and tier/T5 of 990101"),
    RuleIsDead: ("ruling/unambiguous", "tier/T1 of 990101"),
    NoDomain: ("ruling/unambiguous", "governflow_tables of 990101"),
    LooksAtTheClock: ("ruling/pure", "of 990101"),
    LooksAtTheSeconds: ("ruling/pure", "of 990101"),
    LooksAtTheDate: ("ruling/pure", ""),
    EveryThirdCase: ("ruling/pure", "of 990101"),
    ByTheOrderOfASet: ("ruling/pure", "of 990101"),
    RemembersTheFirst: ("ruling/pure", "of 990101"),
    ByChance: ("ruling/pure", "of 990101"),
    HotlineFirst: ("ruling/impartial", "hook of 990101"),
    MediaFirstForOneItem: ("ruling/impartial", "hook of 990101"),
    InformantFirst: ("ruling/impartial", "A9 of 990101"),
    MeritsFirst: ("ruling/impartial", "of 990101"),
    ChangesTheDefaults: ("locality/isolated", "the plugin of 990101"),
    ChangesTheDefaultsWhenAsked: ("locality/isolated", "the plugin of 990101"),
    Longer: ("locality/stricter", "990101"),
    Dropped: ("locality/stricter", "990101"),
    ReceiptDropped: ("locality/stricter", "990101"),
    TableIsLonger: ("locality/stricter", "990101"),
    WorkingDaysForDays: ("locality/stricter", "990101"),
    OwnHolidays: ("locality/stricter", "990101"),
    OnlyByDay: ("ruling/total", "governflow_tier of 990101"),
    NotOnSundays: ("ruling/total", "governflow_tier of 990101"),
    NoSuchChannel: ("ruling/total", "governflow_route of 990101"),
    OneVillageForgotten: ("ruling/total", "governflow_tier of 990101"),
    LongPlacesDoNotFit: ("ruling/total", "governflow_tier of 990101"),
    NobodyFromATownMayReturn: ("ruling/total", "governflow_authorise of 990101"),
    LosesTheReopened: ("ruling/total", "governflow_route of 990101"),
    TimesItself: ("ruling/pure", "governflow_tier"),
    ReadsTheEnvironment: ("ruling/pure", "governflow_tier"),
    LooksForAFile: ("ruling/pure", "governflow_tier"),
    ByAddress: ("ruling/pure", "of 990101"),
    RarelyByChance: ("ruling/pure", "governflow_tier"),
    ByTheNumber: ("ruling/pure", "hook of 990101"),
    ChangesTheCase: ("ruling/pure", "governflow_tier of 990101"),
    TheFirstStays: ("ruling/pure", "hook of 990101"),
    MeritsOfItsOwn: ("ruling/impartial", "hook of 990101"),
    ChangesAMethod: ("locality/isolated", "the plugin of 990101"),
    LongerAfterwards: ("locality/stricter", "990101"),
}


@pytest.fixture(autouse=True)
def _defaults_as_they_were() -> Iterator[None]:
    between = WorkingCalendar.between
    kept = [(held, dict(held)) for held in (defaults._TIERED, default_clocks.DEADLINES, COUNTED, REMEMBERED, BALANCE)]
    yield
    WorkingCalendar.between = between  # type: ignore[method-assign]
    for held, before in kept:
        held.clear()  # type: ignore[attr-defined]
        held.update(before)  # type: ignore[attr-defined]


def subject(plugin: object, **how: Any) -> Subject:
    localities = Localities()
    localities.register(OTHER, Neighbour())
    localities.register(COUNTY, plugin)
    return Subject(localities, COUNTY, **how)


def broken(law: str, plugin: object, **how: Any) -> list[Failure]:
    return looked_at(law, subject(plugin, **how))


def looked_at(law: str, locality: Subject) -> list[Failure]:
    try:
        (LAWS[law].ahead or id)(locality)
        return list(LAWS[law].check(locality))
    finally:
        locality.dismiss()


@cache
def found_in(planted: type[County]) -> list[Failure]:
    """What the law that a fault breaks says of it; several tests look at one."""
    law, _ = PLANTED[planted]
    return broken(law, planted())


@pytest.mark.parametrize("law", OURS)
def test_a_sound_county_keeps_the_law(law: str) -> None:
    assert broken(law, County()) == []


def _one_a_law_fast() -> Iterator[Any]:
    """Give each planted fault; the first of a law is a fast test, the others are slow.

    Each of those of ruling/pure needs other interpreters: its fast tests are those of test_charter_watching.py.
    """
    laws = {"ruling/pure"}
    for planted, (law, _) in PLANTED.items():
        yield pytest.param(planted, id=planted.__name__, marks=[pytest.mark.slow] if law in laws else [])
        laws.add(law)


@pytest.mark.parametrize("planted", list(_one_a_law_fast()))
def test_a_planted_fault_is_caught_by_the_law_that_it_breaks(planted: type[County]) -> None:
    _, where = PLANTED[planted]
    failures = found_in(planted)
    assert failures
    assert where in str(failures[0].look_at)
    assert all(failure.sentence.en and failure.sentence.zh for failure in failures)
    assert len(failures) <= 5


@pytest.mark.slow
def test_two_laws_of_one_check_look_at_the_answers_of_one_process() -> None:
    report = check(subject(County()).localities, COUNTY, laws=["ruling/pure", "locality/isolated"])
    assert [(verdict.outcome, verdict.note) for verdict in report.verdicts] == [("passed", None), ("passed", None)]


# --- the smallest case ------------------------------------------------------------------------------------------------


def test_a_fault_of_one_item_is_told_with_the_item_and_nothing_else() -> None:
    (failure,) = found_in(FailsForOneItem)
    assert failure.case == {"item": "事项137"}


def test_a_fault_of_two_circumstances_is_told_with_both() -> None:
    (failure,) = broken("ruling/total", FailsForOneVillageAndMajor())
    assert failure.case.keys() == {"severity", "place"}


def test_a_number_that_only_a_hook_knows_is_tried() -> None:
    (failure,) = broken("ruling/total", FailsFromAHundredAndElevenPeople())
    assert failure.case == {"facts": {"people": 111}}


def test_a_gap_is_told_with_the_case_that_nobody_answers() -> None:
    (failure,) = broken("ruling/unambiguous", BoundShiftedUp())
    assert failure.case["facts"] == {"people": 30}
    assert failure.suggestion is not None


def test_a_channel_that_only_a_hook_knows_is_tried_and_told() -> None:
    (failure,) = found_in(HotlineFirst)
    assert failure.case == {"channel": "县长信箱"}


def test_a_case_is_shrunk_to_what_the_fault_needs() -> None:
    big = {"item": "a", "place": "b", "facts": {"x": 1, "y": 2}}
    assert smallest(big, lambda case: case.get("facts", {}).get("y") == 2) == {"facts": {"y": 2}}


# --- the cases --------------------------------------------------------------------------------------------------------


def test_the_stream_of_cases_is_the_same_every_time_and_repeats_nothing() -> None:
    once, again = (list(map(written, anywhen(subject(County()).policy))) for _ in range(2))
    assert once == again
    assert len(set(once)) == len(once)
    assert BUDGET / 2 < len(once) < BUDGET * 1.5


def test_the_stream_begins_with_the_case_that_tells_nothing() -> None:
    assert next(anywhen(subject(County()).policy)) == {}


def test_every_item_is_tried_in_both_modes() -> None:
    cases = [case for case in anywhen(subject(County()).policy) if case.keys() <= {"item", "mode"}]
    for item in (*ITEMS, "清单以外的事项"):
        assert {"item": item} in cases
        assert {"item": item, "mode": "emergency"} in cases


def test_both_sides_of_each_bound_of_a_table_are_tried() -> None:
    people = {
        case["facts"]["people"] for case in anywhen(subject(County()).policy) if "people" in case.get("facts", {})
    }
    assert {0, 29, 30, 1000} <= people


def test_every_rule_of_every_table_is_asked() -> None:
    county = subject(County())
    rules = {ruling.rule for case in anywhen(county.policy) for ruling in asked(county.policy, case).rulings}
    assert {"tier/T1", "tier/T2", "tier/T3", "tier/T4", "deadlines/D1", "deadlines/D2", "deadlines/D3"} <= rules


@pytest.mark.slow
def test_a_search_goes_on_with_other_cases_after_those_of_the_plan() -> None:
    (certified,) = batches(subject(County()))
    planned, drawn = islice(batches(subject(County(), level="search", seconds=60, seed=7)), 2)
    assert [one.reported_case for one in planned] == [one.reported_case for one in certified]
    assert len({written(one.reported_case) for one in drawn} - {written(one.reported_case) for one in planned}) >= 20


@given(st.data())
def test_a_strategy_draws_cases_that_can_be_reported(data: st.DataObject) -> None:
    county = subject(County())
    case = reported(county.policy, data.draw(strategy(county.policy)))
    assert case.tier is not None


def test_a_case_can_be_written_as_json_and_read_back() -> None:
    county = subject(County())
    cases = list(anywhen(county.policy))
    assert [json.loads(written(case)) for case in cases] == cases


def test_few_rows_are_enough_for_every_two_values_to_meet() -> None:
    sizes = (9, 2, 5, 3, 7)
    met = {(one, row[one], two, row[two]) for row in rows(sizes, 80) for one, two in combinations(range(5), 2)}
    assert len(met) == sum(sizes[one] * sizes[two] for one, two in combinations(range(5), 2))


def test_every_unit_is_a_place_and_so_is_its_name() -> None:
    places = {case.get("place") for case in anywhen(subject(County()).policy)}
    assert {unit.id for unit in CHART.units.values()} <= places
    assert {unit.text.zh for unit in CHART.units.values()} <= places


def test_cases_are_told_by_day_and_by_night_in_every_month() -> None:
    moments = [datetime.fromisoformat(case["at"]) for case in anywhen(subject(County()).policy) if "at" in case]
    assert {moment.hour for moment in moments} == set(range(24))
    assert {moment.month for moment in moments} == set(range(1, 13))
    assert {moment.weekday() for moment in moments} == set(range(7))


@pytest.mark.slow
def test_a_fault_of_one_moment_is_told_with_the_moment_alone_and_found_again_by_it() -> None:
    (failure,) = broken("ruling/total", OnlyByDay())
    assert failure.case.keys() == {"at"}
    assert datetime.fromisoformat(str(failure.case["at"])).hour == 3
    assert len(list(LAWS["ruling/total"].check(subject(OnlyByDay(), only=failure.case)))) == 1


class CallsTheLeaderByNight(County):
    @hookimpl
    def governflow_tier(self, context: Context) -> Ruling | None:
        return ONE if context.at.astimezone(ZoneInfo("Asia/Shanghai")).hour < 6 else None


@pytest.mark.slow
@pytest.mark.parametrize("law", ["ruling/total", "ruling/pure", "ruling/impartial"])
def test_a_rule_may_look_at_the_moment_of_the_report(law: str) -> None:
    assert broken(law, CallsTheLeaderByNight()) == []


@pytest.mark.slow
def test_hypothesis_draws_the_same_cases_from_the_same_seed_until_the_time_is_up() -> None:
    first, again = (list(islice(drawn(subject(County(), level="search", seconds=60, seed=7)), 100)) for _ in range(2))
    other = list(islice(drawn(subject(County(), level="search", seconds=60, seed=8)), 100))
    assert first == again
    assert first != other
    begun = time.perf_counter()
    list(drawn(subject(County(), level="search", seconds=0.5)))
    assert time.perf_counter() - begun >= 0.5


def test_what_a_search_finds_is_made_small() -> None:
    searching = subject(FailsForOneVillageAndMajor(), level="search", seconds=60)

    def look(told: Mapping[str, Any]) -> Iterator[tuple[str, Failure]]:
        if asked(searching.policy, told).faults:
            yield "fault", Failure(text("it fails"), told)

    known: set[Hashable] = set()
    ((key, failure),) = searched(searching, look, known, 1)
    assert known == {key} == {"fault"}  # with it the search is over, long before its time
    assert failure.case["severity"] == "major"
    assert failure.case.keys() == {"severity", "place"}


@pytest.mark.slow
def test_an_order_of_asking_that_matters_is_found_again_by_the_case_alone() -> None:
    (failure,) = broken("ruling/pure", TheFirstStays())
    REMEMBERED.clear()
    again = broken("ruling/pure", TheFirstStays(), only=failure.case)
    assert [one.case for one in again] == [failure.case]


def test_only_what_differs_is_told_before_and_after() -> None:
    (failure,) = found_in(HotlineFirst)
    assert {line.en.partition(":")[0] for line in failure.said} == {"before", "after"}
    assert any("tier: 1" in line.en for line in failure.said)
    assert not any("assess" in line.en for line in failure.said)


@pytest.mark.slow
@pytest.mark.parametrize("planted", [OneVillageForgotten, HotlineFirst, ByTheNumber, TheFirstStays, Longer])
def test_a_failure_in_chinese_has_no_english_words_but_identifiers(planted: type[County]) -> None:
    law, _ = PLANTED[planted]
    failure = broken(law, planted())[0]
    lines = [failure.sentence, *failure.said, *([failure.suggestion] if failure.suggestion else [])]
    for line in lines:
        plain = re.sub(
            r"[\w-]+/[\w-]+|governflow\w*|by the hook|hook|whole|None|\w+Error|UTC|context.at|sorted|\d+cd", "", line.zh
        )
        assert not re.search("[A-Za-z]{3,}", plain), plain


DIES = "import sys; sys.exit('a plugin\\nhas had enough')"
SLEEPS = "import time; time.sleep(60)"


@pytest.mark.parametrize("law", ["ruling/pure", "locality/isolated"])
def test_a_second_interpreter_that_dies_breaks_the_law_and_says_what_it_died_of(
    law: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governflow.isolation.worker._COMMAND", (sys.executable, "-c", DIES))
    (verdict,) = check(subject(County()).localities, COUNTY, laws=[law], case={}).verdicts
    assert verdict.outcome == "failed"
    assert "another process could not answer" in verdict.failures[0].sentence.en
    assert "status 1: has had enough" in verdict.failures[0].sentence.en


def test_a_second_interpreter_that_does_not_come_back_is_told_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governflow.isolation.worker._COMMAND", (sys.executable, "-c", SLEEPS))
    there = RemoteAnswers(subject(County()).localities, {COUNTY: [{}]}, WorkerEnvironment())
    assert there.answers(0.2) is None
    assert there.why is not None
    assert "in time" in there.why.en
    assert there.begun
    assert there.late


@pytest.mark.parametrize(("level", "outcome"), [("certify", "failed"), ("search", "passed")])
def test_a_second_interpreter_that_is_late_breaks_the_law_unless_the_time_of_a_search_is_up(
    level: str, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governflow.isolation.worker._COMMAND", (sys.executable, "-c", SLEEPS))
    monkeypatch.setattr("governflow.charter.answers.remote.PATIENCE", 0.1)
    localities = subject(County()).localities
    (verdict,) = check(localities, COUNTY, level=level, seconds=0.1, laws=["locality/isolated"], case={}).verdicts
    assert verdict.outcome == outcome
    told = [failure.sentence for failure in verdict.failures] or [verdict.note or Text("", "")]
    assert "in time" in told[0].en


# --- plugins that are a file of their own -----------------------------------------------------------------------------

HEAD = f"""
import os
from datetime import timedelta

from governflow.policy.hookspecs import Escalation, Locality, Ruling, hookimpl
from governflow.model.terms import Kind, Tier
from governflow.text import Text

WHY = Text("because", "理由")


@hookimpl
def governflow_locality():
    return Locality("{COUNTY}", "河畔县", "Riverside County")

"""
BY_A_SET = """
@hookimpl
def governflow_tier(case):
    team = next(iter({"team01", "team02", "team03", "team04", "team05"}))
    return Ruling(Tier.TWO, WHY, "T1") if team in ("team01", "team02") else None
"""


@pytest.fixture
def pure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Any]]:
    """Writes a plugin down, imports it, and gives the verdict on ``ruling/pure``."""
    names = []

    def looked_at(name: str, body: str) -> Any:
        (tmp_path / f"{name}.py").write_text(HEAD + body, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        names.append(name)
        localities = Localities()
        localities.register(COUNTY, importlib.import_module(name))
        (verdict,) = check(localities, COUNTY, laws=["ruling/pure"], case={}).verdicts
        return verdict

    yield looked_at
    for name in names:
        del sys.modules[name]


@pytest.mark.slow
def test_the_order_of_a_set_gives_one_verdict_whatever_the_hashes_of_the_checking_process_start_from(
    tmp_path: Path,
) -> None:
    (tmp_path / "by_a_set.py").write_text(HEAD + BY_A_SET, encoding="utf-8")
    words = (
        "import by_a_set; from governflow.charter.check import check; "
        "from governflow.policy.registry import Localities; "
        f"here = Localities(); here.register('{COUNTY}', by_a_set); "
        f"verdict = check(here, '{COUNTY}', laws=['ruling/pure'], case={{}}).verdicts[0]; "
        "print(verdict.outcome, verdict.failures)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", words],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(tmp_path)},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("0", "5", "7")
    }
    assert len(said) == 1
    assert said.pop().startswith(b"failed")


def test_a_plugin_that_cannot_be_imported_on_another_machine_is_not_pure(pure: Callable[[str, str], Any]) -> None:
    verdict = pure("dies_elsewhere", 'if os.environ.get("USER") == "somebody":\n    raise KeyError("MYZONE")\n')
    assert verdict.outcome == "failed"
    assert "KeyError: 'MYZONE'" in verdict.failures[0].sentence.en


def test_rules_that_cannot_be_loaded_on_another_machine_are_not_pure(pure: Callable[[str, str], Any]) -> None:
    body = """
@hookimpl
def governflow_terms():
    if SOMEBODY:
        raise ValueError("only on this machine")
    return {}
"""
    verdict = pure("refused_elsewhere", f'SOMEBODY = os.environ.get("USER") == "somebody"\n{body}')
    assert verdict.outcome == "failed"
    assert "only on this machine" in verdict.failures[0].sentence.en


@pytest.mark.slow
def test_what_a_plugin_prints_as_it_ends_stands_in_nobodys_way(pure: Callable[[str, str], Any]) -> None:
    body = "import atexit\nprint('hello')\natexit.register(print, 'bye')\n"
    assert (pure("prints", body).outcome, pure("prints_and_draws", body + BY_A_SET).outcome) == ("passed", "failed")


def test_a_file_beside_a_plugin_does_not_shadow_what_governflow_stands_on(
    pure: Callable[[str, str], Any], tmp_path: Path
) -> None:
    (tmp_path / "attrs.py").write_text("x = 1\n", encoding="utf-8")
    assert pure("has_a_neighbour", "").outcome == "passed"


@pytest.mark.slow
def test_spans_that_come_from_another_process_are_no_difference_and_are_told_as_here(
    pure: Callable[[str, str], Any],
) -> None:
    body = """
@hookimpl
def governflow_escalate(case, cause):
    span = timedelta(days=2, hours=3) if FIRST and cause.rung == 1 else timedelta(hours=3)
    return Ruling(Escalation(Kind.URGE, cause.holder, None, span), WHY, "E1") if cause.rung < 2 else None
"""
    ladder = pure("ladder", 'FIRST = os.environ.get("USER") == "somebody"\n' + body)
    told = [line.en for line in ladder.failures[0].said]
    assert len(told) == 2
    assert "again after 180 min" in told[0]
    assert "again after 3060 min" in told[1]
    again = BY_A_SET.replace('"team02") else', '"team02") and case.reopened else')
    (failure,) = pure("ladder_and_set", "FIRST = False\n" + body + again).failures
    assert "(tier after a reopening)" in failure.sentence.en
    assert str(failure.look_at) == f"T1 of {COUNTY}"


@pytest.mark.slow
def test_pure_alone_begins_no_process_in_which_this_locality_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    class Seen(RemoteAnswers):
        def __init__(self, localities: Localities, cases: Any, how: WorkerEnvironment) -> None:
            begun.append(how)
            super().__init__(localities, cases, how)

    monkeypatch.setattr("governflow.charter.answers.remote.RemoteAnswers", Seen)
    assert check(subject(County()).localities, COUNTY, laws=["ruling/pure"], case={}).passed
    assert [how.without for how in begun if how.without] == []
    assert len({how.seed for how in begun}) >= 4


# --- other circumstances ----------------------------------------------------------------------------------------------


def test_on_another_day_a_plugin_sees_that_day_and_everybody_sees_today_again_afterwards() -> None:
    policy = subject(LooksAtTheClock()).policy
    before = datetime.now  # noqa: TID251
    with machine_showing(OTHER_DAYS[0], plugin_modules(policy)):
        assert date.today().year == 2031  # noqa: DTZ011
        assert isinstance(OTHER_DAYS[0], datetime)
    assert datetime.now == before  # noqa: TID251
    assert date.today().year != 2031  # noqa: DTZ011


def test_what_is_read_of_a_case_is_seen() -> None:
    case = Case("1", channel="app")
    with fields_read("channel") as read:
        assert read == set()
        assert case.channel == "app"
        assert read == {"channel"}
    assert case.channel == "app"


def test_a_second_interpreter_gives_a_sound_county_the_same_answers() -> None:
    county = subject(County())
    cases = [{}, {"severity": "major"}]
    heard = RemoteAnswers(county.localities, {COUNTY: cases}, WorkerEnvironment()).answers()
    assert heard is not None
    assert [one.digest for one in heard.cases[COUNTY]] == [asked(county.policy, case).plain.digest for case in cases]
    assert heard.tampered == []


def test_several_laws_may_go_by_the_answers_of_one_process() -> None:
    there = RemoteAnswers(subject(County()).localities, {COUNTY: [{}]}, WorkerEnvironment())
    assert there.answers() is there.answers() is not None
    assert there.why is None


def test_an_interpreter_is_kept_for_the_next_job_which_begins_with_nothing_of_the_last() -> None:
    with Worker(list, seed=3) as first:
        interpreter = first._interpreter
        first.ask(list.append, 1)
        assert first.answer(object, 60) is None
        first.ask(list.__len__)
        assert first.answer(int, 60) == 1
    with Worker(list, seed=3) as second:
        assert second._interpreter is interpreter
        second.ask(list.__len__)
        assert second.answer(int, 60) == 0


@pytest.mark.slow
def test_a_plugin_that_cannot_be_taken_elsewhere_is_asked_here_only() -> None:
    class Local(County):
        pass

    county = subject(Local())
    there = RemoteAnswers(county.localities, {COUNTY: [{}]}, WorkerEnvironment())
    assert there.answers() is None
    assert there.why is not None
    assert COUNTY in there.why.en
    for law in ("ruling/pure", "locality/isolated"):
        (verdict,) = check(county.localities, COUNTY, laws=[law]).verdicts
        assert verdict.outcome == "passed"
        assert verdict.note is not None  # what could not be looked at is never skipped in silence


class BreaksTheNeighbour(County):
    @hookimpl
    def governflow_terms(self) -> Mapping[str, Text]:
        Neighbour.governflow_terms = _seven  # type: ignore[attr-defined]
        return {}


@hookimpl
def _seven(self: object) -> int:
    return 7


class BreaksTheNeighbourWhenAsked(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        Neighbour.governflow_terms = _seven  # type: ignore[attr-defined]
        return None


class BreaksTheNeighbourHere(BreaksTheNeighbourWhenAsked):
    """Cannot be taken elsewhere."""

    def __reduce__(self) -> str:
        raise TypeError


@pytest.mark.parametrize(
    "plugin",
    [BreaksTheNeighbour, BreaksTheNeighbourWhenAsked, pytest.param(BreaksTheNeighbourHere, marks=pytest.mark.slow)],
)
def test_a_neighbour_that_can_no_longer_be_loaded_was_not_left_alone(plugin: type[County]) -> None:
    county = subject(plugin())
    try:
        (failure,) = looked_at("locality/isolated", county)
    finally:
        if hasattr(Neighbour, "governflow_terms"):
            del Neighbour.governflow_terms
    assert OTHER in failure.sentence.en
    assert "governflow_terms answered 7" in failure.sentence.en
    assert str(failure.look_at) == f"the plugin of {COUNTY}"


def test_what_governflow_holds_in_lists_and_sets_is_watched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, Any] = {"a_list": [1, 2], "a_set": {1}, "a_table": {1: 1}}
    for name, value in held.items():
        monkeypatch.setattr(defaults, name, value, raising=False)
    before = governflow_state()
    held["a_table"][2] = 2  # what a table learns more is no harm
    assert list(changed_names(before)) == []
    held["a_list"].reverse()
    held["a_set"].add(2)
    assert set(changed_names(before)) == {
        "governflow.policy.builtin.defaults.a_list",
        "governflow.policy.builtin.defaults.a_set",
    }


def test_clocks_that_could_not_be_compared_with_the_law_are_no_proof_and_say_so() -> None:
    class City:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality("990100", "上级市", "Upper City")

        @hookimpl
        def governflow_tables(self) -> Mapping[str, Table]:
            return {}

    county = subject(County())
    county.localities.register("990100", City())
    whole_stack = stacks.assemble

    def refused(code: str, layers: Any) -> Any:
        if code == "990100":
            raise PolicyError("the city leans on its county", "市级规则依赖县级规则")
        return whole_stack(code, layers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks, "assemble", refused)
        assert list(LAWS["locality/stricter"].check(county)) == []
    assert county.note is not None
    assert "the city leans on its county" in county.note.en


# --- worked examples --------------------------------------------------------------------------------------------------


class Promises(County):
    def __init__(self, *promised: object) -> None:
        self.given = promised

    @hookimpl
    def governflow_examples(self) -> Any:
        return list(self.given)


SAID = "公告 2026-01-05"
RIGHT = Example(
    {"severity": "复杂", "人数": 12, "place": "丁镇甲村"},
    {"tier": "二级", "unit": "丁镇", "form": "核办", "clock:resolve": "3d", "people": 12, "severity": "complex"},
    SAID,
)


def test_worked_examples_that_come_out_as_promised_pass() -> None:
    county = Promises(RIGHT, Example({}, {"clock:resolve": "1天"}, SAID))
    assert broken("ruling/examples", county) == []
    looked = subject(county)
    list(laws()["ruling/examples"].check(looked))
    assert looked.examples == 2  # the verdict says how many were shipped: none is no proof


def test_a_worked_example_that_comes_out_otherwise_is_told() -> None:
    class Shipped(County):
        @hookimpl
        def governflow_examples(self) -> Sequence[Example]:
            return [Example({"severity": "complex"}, {"tier": "1"}, SAID)]

    (failure,) = broken("ruling/examples", Shipped())
    assert str(failure.look_at) == "tier/T3 of 990101"
    assert SAID in failure.sentence.en
    assert failure.case == {"severity": "complex"}


@pytest.mark.parametrize(
    ("example", "words"),
    [
        (Example({}, {"clock:resolve": "2d"}, SAID), "clock:resolve = 2d"),
        (Example({}, {"clock:arrive": "-"}, SAID), "clock:arrive = -"),
        (Example({}, {"tier": "3"}, " "), "has no source"),
        (Example({}, {}, SAID), "expects nothing"),
        (Example({"dogs": 3}, {"tier": "3"}, SAID), "dogs"),
        (Example({"severity": "huge"}, {"tier": "3"}, SAID), "huge"),
        (Example({}, {"tier": "fifth"}, SAID), "fifth"),
        (Example({"people": 3}, {"people": 4}, SAID), "people = 4"),
        (Example({"severity": "major"}, {"assist": "住建局"}, SAID), "the rules say -"),
        (Example({"visit": False}, {"clock:arrive": "40min"}, SAID), "the rules say -"),
        (Example({}, {"visit": "no"}, SAID), "visit = no"),
        (Example({}, {"lifecycle": "petition"}, SAID), "lifecycle = petition"),
        ({"told": {}}, "no Example"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_example_that_is_wrong_is_told_with_what_is_wrong(example: object, words: str) -> None:
    failures = broken("ruling/examples", Promises(example))
    assert [words in failure.sentence.en for failure in failures] == [True]


def test_a_clock_that_starts_later_is_looked_for_at_the_rule_that_gives_it() -> None:
    (failure,) = broken("ruling/examples", Promises(Example({}, {"clock:resolve": "2d"}, SAID)))
    assert str(failure.look_at) == f"deadlines/D1 of {COUNTY}"


def test_an_example_may_promise_that_nobody_assists_and_that_a_clock_does_not_run() -> None:
    nobody = Example({"severity": "major"}, {"assist": "-", "lifecycle": "everyday", "visit": "是"}, SAID)
    nowhere = Example({"visit": False, "people": 12}, {"clock:arrive": "-", "人数": "12"}, SAID)
    by_night = Example({"at": "2026-03-07T23:30+08:00"}, {"clock:resolve": "1d"}, SAID)
    assert broken("ruling/examples", Promises(nobody, nowhere, by_night)) == []


def test_examples_are_read_from_a_sheet_with_chinese_headings(tmp_path: Path) -> None:
    file = tmp_path / "examples.csv"
    rows = "严重程度,人数,是否到场,→事项等级,→办结,→牵头单位,来源\n复杂,12,是,二级,3天,,公告\n一般,,否,一级,1天,,公告\n"
    file.write_text(rows, encoding="utf-8")

    class Shipped(County):
        @hookimpl
        def governflow_examples(self) -> Path:
            return file

    (failure,) = broken("ruling/examples", Shipped())
    assert failure.sentence.en.startswith("example 2 (公告) promises tier = 1")
    assert failure.case == {"severity": "general", "visit": False}


def test_a_sheet_says_what_is_told_what_is_expected_and_who_promised_it() -> None:
    (example,) = of_rows([["事项", "→办结", "→form", "source"], ["路灯", "2d", "直办", "公告"]])
    assert example == Example({"item": "路灯"}, {"clock:resolve": "2d", "form": "直办"}, "公告")


# --- waivers ----------------------------------------------------------------------------------------------------------

DAY = date(2026, 3, 2)


#: Its rules give one day.
TWO_DAYS = Example({}, {"clock:resolve": "2d"}, SAID)


class Waiving(Promises):
    def __init__(self, reason: str, until: str) -> None:
        super().__init__(TWO_DAYS)
        self.waiver = Waiver("ruling/examples", text(reason), until)

    @hookimpl
    def governflow_waivers(self) -> Sequence[Waiver]:
        return [self.waiver]


def waived(plugin: object) -> tuple[str, list[Failure]]:
    (verdict,) = check(subject(plugin).localities, COUNTY, laws=["ruling/examples"], today=DAY).verdicts
    return verdict.outcome, list(verdict.failures)


def test_a_law_that_is_waived_with_a_reason_and_an_end_fails_nobody() -> None:
    class Revising(Promises):
        @hookimpl
        def governflow_waivers(self) -> Sequence[Waiver]:
            return [Waiver("ruling/examples", text("the deadline is being defined anew"), "2026-03-02")]

    outcome, (failure,) = waived(Revising(TWO_DAYS))
    assert outcome == "waived"
    assert str(failure.look_at) == f"deadlines/D1 of {COUNTY}"


@pytest.mark.parametrize(("reason", "until"), [("", "2026-12-31"), ("why", "2026-03-01"), ("why", "soon"), ("why", "")])
def test_a_waiver_without_a_reason_or_an_end_or_past_its_end_is_a_failure_itself(reason: str, until: str) -> None:
    outcome, failures = waived(Waiving(reason, until))
    assert outcome == "failed"
    assert len(failures) == 2


# --- clocks of the law ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"starts": frozenset({"dispatch"})}, "starts"),
        ({"stops": frozenset({"answer", "resolve"})}, "stops"),
        ({"traits": (*whole().traits, PAUSES)}, "pauses"),
        ({"traits": (*whole().traits, LAPSES)}, "lapses"),
        ({"traits": ("duty", "statute")}, "lasts"),
        ({"extension": None}, "extension"),
        ({"extension": Allowance.parse("31cd")}, "extension"),
    ],
)
def test_a_clock_is_looser_by_more_than_its_allowance(changes: Mapping[str, Any], what: str) -> None:
    assert [kind for kind, _ in stacks._rules(whole(**changes), whole())] == [what]


def test_a_clock_that_is_tightened_is_no_fault() -> None:
    tight = whole(allowance=Allowance.parse("30cd"), extension=Allowance.parse("10cd"), stops=frozenset())
    assert list(stacks._rules(tight, whole())) == []
    assert list(stacks._due(tight, whole(), (WorkingCalendar.china(), WorkingCalendar.china()))) == []


def test_a_county_that_tightens_the_law_keeps_it() -> None:
    class Tighter(Longer):
        clock = Deadlines((whole(allowance=Allowance.parse("30cd")),))

    assert broken("locality/stricter", Tighter()) == []


def test_an_equal_number_of_days_ends_later_on_a_calendar_with_more_holidays() -> None:
    (found,) = stacks._due(whole(), whole(), (IDLE, WorkingCalendar.china()))
    assert found[0] == "due"


# --- rules that cannot be loaded --------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [law for law in OURS if law != "ruling/unambiguous"])
def test_rules_that_cannot_be_loaded_keep_no_law(law: str) -> None:
    with pytest.raises(PolicyError, match="cannot be loaded"):
        check(subject(RuleDeleted()).localities, COUNTY, laws=[law])


@pytest.mark.slow
def test_an_actor_is_allowed_by_a_county_that_says_nothing_else() -> None:
    class Open(County):
        @hookimpl
        def governflow_authorise(self) -> Allowed:
            return Allowed()

    assert broken("ruling/total", Open()) == []


def test_a_locality_below_is_not_among_those_that_are_to_be_left_alone() -> None:
    class City:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality("990100", "上级市", "Upper City")

    city = subject(County())
    city.localities.register("990100", City())
    asking: Callable[[Subject], list[str]] = stacks._codes
    assert COUNTY not in asking(Subject(city.localities, "990100"))
    assert OTHER in asking(city)
