"""Faults of the invented county, each with the law that it breaks and the place that is to be named."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random  # noqa: TID251 - chance is one of the faults
from typing import Any
from uuid import uuid4  # noqa: TID251 - chance is one of the faults
from zoneinfo import ZoneInfo

import attrs
from riverside import COUNTY, IDLE, ITEMS, ONE, THREE, TIER, TO_BUREAU, County, broken, table, text, whole

from governflow import Case, Event, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.charter.model import Failure
from governflow.model.events import Actor
from governflow.model.terms import Form, Kind, Severity, Verdict
from governflow.policy.builtin import default_clocks, defaults
from governflow.policy.hookspecs import (
    Assessment,
    Context,
    Deadlines,
    Escalation,
    Locality,
    Merit,
    Refused,
    Route,
    Ruling,
)
from governflow.tables import Catalogue, Table

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


@contextmanager
def defaults_as_they_were() -> Iterator[None]:
    """Put back, afterwards, what faults have changed of governflow and what they remember."""
    between = WorkingCalendar.between
    kept = [(held, dict(held)) for held in (defaults._TIERED, default_clocks.DEADLINES, COUNTED, REMEMBERED, BALANCE)]
    try:
        yield
    finally:
        WorkingCalendar.between = between  # type: ignore[method-assign]
        for held, before in kept:
            held.clear()  # type: ignore[attr-defined]
            held.update(before)  # type: ignore[attr-defined]


@cache
def found_in(planted: type[County]) -> list[Failure]:
    """What the law that a fault breaks says of it; several tests look at one."""
    law, _ = PLANTED[planted]
    return broken(law, planted())
