"""Who may do what: by unit and level where no locality says otherwise, and the rules that a locality may add."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from msgspec.structs import replace

from governflow import Actor, Case, Engine
from governflow.errors import NotAllowed
from governflow.model.clocks import DUTY, Clock, breached, cancelled, fixed, stopped
from governflow.model.terms import Form, Mode
from governflow.model.units import OrgChart, Unit
from governflow.policy.hookspecs import Allowed, Context, Refused, hookimpl
from governflow.policy.registry import Localities
from governflow.policy.roles import ALLOWED, authorise, first_receiver, no_return_after_designation, only
from governflow.text import Text

T0 = datetime(2026, 1, 5, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def unit(name: str, level: int, parent: str | None = None, *forms: Form, roles: str = "") -> Unit:
    return Unit(name, Text(name, f"{name}单位"), level, parent, forms, frozenset(roles.split()))


#: Two villages in two towns under one county, with a department, a volunteer team that supervises, and a pool.
UNITS = [
    unit("intake", 0, "leader"),
    unit("east-village", 2, "east-town", Form.DIRECT),
    unit("west-village", 2, "west-town", Form.DIRECT),
    unit("east-town", 3, "county", Form.VERIFY, Form.ASSIST),
    unit("west-town", 3, "county", Form.VERIFY, Form.ASSIST),
    unit("water", 4, "county", Form.LEAD),
    unit("roads", 4, "county", Form.LEAD),
    unit("county", 5, "leader", Form.JOINT),
    unit("leader", 6, None, Form.STUDY),
    unit("watchers", 3, None, roles="supervisor"),
    unit("pool", 3, "county", roles="pool"),
]
CLOSED = OrgChart.of(UNITS)
OPEN = OrgChart.of(UNITS, open_to_all=True)
HELD = Case("c", state="handling", unit="east-village", dispatched=T0, assist=("roads",))
#: What is done by those who hold a case: everything but what has a rule of its own.
HANDS_ON = [
    *("claim", "arrive", "confer", "begin", "suspend", "resume", "resolve", "answer", "return", "transfer"),
    *("escalate", "whistle", "extend", "inform", "reclassify", "merge", "weigh the matter"),
]


def may(who: str | None, action: str, case: Case = HELD, chart: OrgChart = CLOSED, name: str = "post 7") -> str:
    """The rule that refuses it, or nothing."""
    answer = authorise(Actor(name, who), action, case, Context("371621", Mode.NORMAL, T0, chart, "Asia/Shanghai"))
    return answer.rule if isinstance(answer, Refused) else ""


def asking(rule: Callable[..., Any], who: str | None, action: str, case: Case) -> Allowed | Refused | None:
    answer = rule(Actor("post 7", who), action, case, Context("371621", Mode.NORMAL, T0, CLOSED, "Asia/Shanghai"))
    assert answer is None or isinstance(answer, Allowed | Refused)
    return answer


def having(*clocks: Clock, past: tuple[Clock, ...] = (), **fields: Any) -> Case:
    return attrs.evolve(HELD, clocks=MappingProxyType({clock.name: clock for clock in clocks}), past=past, **fields)


def summons(of: str) -> Clock:
    return fixed(f"check_in:{of}", T0, T0 + 30 * MINUTE, (DUTY,), 1)


# --- acting on a case -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", HANDS_ON)
def test_the_holder_who_assists_and_everybody_above_act_on_a_case_and_nobody_else(action: str) -> None:
    acting = {unit.id for unit in UNITS if unit.id != "intake" and not may(unit.id, action)}
    assert acting == {"east-village", "roads", "east-town", "county", "leader"}


def test_the_intake_moves_and_answers_a_case_but_does_none_of_its_work() -> None:
    assert {action for action in HANDS_ON if not may("intake", action)} == {
        *("return", "transfer", "answer", "whistle", "inform", "reclassify", "merge")
    }
    for action in ("accept", "decline", "dispatch", "close", "revisit", "withdraw"):
        assert may("intake", action) == ""


def test_a_unit_above_in_another_branch_is_not_above_the_holder() -> None:
    assert may("west-town", "transfer") == "roles/holder"


def test_everybody_reports_even_a_unit_that_a_closed_chart_does_not_know() -> None:
    assert {may(who, "report", Case("c", unit="intake")) for who in ("west-village", "stranger", None)} == {""}


def test_whoever_settles_a_case_on_the_spot_also_answers_until_it_is_dispatched() -> None:
    fresh = Case("c", state="reported", unit="intake")
    assert [may("west-village", action, fresh) for action in ("resolve", "answer", "inform")] == ["", "", ""]
    assert may("west-village", "dispatch", fresh) == "roles/holder"
    assert may("west-village", "answer", attrs.evolve(fresh, dispatched=T0)) == "roles/holder"


def test_any_team_claims_from_a_pool_and_from_nobody_else() -> None:
    assert may("west-village", "claim", attrs.evolve(HELD, unit="pool")) == ""
    assert may("west-village", "resolve", attrs.evolve(HELD, unit="pool")) == "roles/holder"
    assert may("west-village", "claim") == "roles/holder"


def test_a_summoned_unit_helps_once_it_has_come_and_not_before() -> None:
    assert may("water", "confer", having(summons("water"))) == "roles/holder"
    assert may("water", "confer", having(stopped(summons("water"), T0 + MINUTE))) == ""
    assert may("water", "confer", having(cancelled(summons("water"), T0 + MINUTE))) == "roles/holder"


def test_everybody_in_the_chart_notes() -> None:
    assert {may(unit.id, "note") for unit in UNITS} == {""}
    assert may("stranger", "note") == "roles/unknown_unit"


def test_the_refusal_names_who_may_in_both_languages() -> None:
    answer = asking(authorise, "west-town", "begin", HELD)
    assert isinstance(answer, Refused)
    assert answer.reason.en.endswith("who may: east-village, east-town, county, leader, roads")
    assert answer.reason.zh.endswith("可以办理的有：east-village单位、east-town单位、county单位、leader单位、roads单位")


# --- units that cannot be placed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [*HANDS_ON, "urge", "rule", "check_in", "appeal"])
def test_an_unknown_unit_is_let_through_by_an_open_chart_and_refused_by_a_closed_one(action: str) -> None:
    assert may("stranger", action, chart=OPEN) == ""
    assert may("stranger", action, chart=CLOSED) == "roles/unknown_unit"


@pytest.mark.parametrize("action", [*HANDS_ON, "urge", "rule", "appeal"])
def test_nobody_is_refused_a_case_whose_holder_the_chart_does_not_know(action: str) -> None:
    assert may("west-village", action, attrs.evolve(HELD, unit="bureau of another county")) == ""


@pytest.mark.parametrize("action", [*HANDS_ON, "urge", "rule", "evaluate", "check_in"])
def test_an_actor_without_a_unit_and_no_actor_at_all_are_let_through_with_one_and_the_same_answer(action: str) -> None:
    context = Context("371621", Mode.NORMAL, T0, CLOSED, "Asia/Shanghai")
    assert authorise(None, action, HELD, context) is ALLOWED
    assert authorise(Actor("clerk"), action, HELD, context) is ALLOWED


# --- judging ----------------------------------------------------------------------------------------------------------


def test_only_the_one_who_asked_judges_what_was_asked_for() -> None:
    assert {may(unit.id, "evaluate") for unit in UNITS} == {"roles/requester"}
    assert may("east-village", "evaluate", name="requester") == ""
    assert may(None, "evaluate") == ""


def test_where_nobody_asked_a_unit_above_verifies_and_never_the_holder_itself() -> None:
    found = attrs.evolve(HELD, asked=False)
    assert {unit.id for unit in UNITS if not may(unit.id, "evaluate", found)} == {"east-town", "county", "leader"}
    assert may("east-village", "evaluate", found) == "roles/verifier"


def test_what_the_top_itself_did_is_verified_by_the_intake() -> None:
    top = attrs.evolve(HELD, asked=False, unit="leader")
    assert {unit.id for unit in UNITS if not may(unit.id, "evaluate", top)} == {"intake"}


# --- urging, summons, appeals -----------------------------------------------------------------------------------------


def test_the_intake_supervisors_and_units_above_urge_and_nobody_below_or_beside() -> None:
    assert {unit.id for unit in UNITS if not may(unit.id, "urge")} == {
        *("intake", "watchers", "east-town", "county", "leader")
    }
    assert may("east-village", "urge", attrs.evolve(HELD, unit="east-town")) == "roles/urge"
    assert may("west-village", "urge") == "roles/urge"


def test_only_a_summoned_unit_or_who_took_its_duty_over_checks_in() -> None:
    called = having(summons("water"))
    assert {unit.id for unit in UNITS if not may(unit.id, "check_in", called)} == {"water"}
    assert may("county", "check_in", having(replace(summons("water"), duty="county"))) == ""
    assert may("water", "check_in") == "roles/summoned"


def test_who_missed_a_deadline_appeals_and_the_unit_beside_it_does_not() -> None:
    late = breached(fixed("resolve", T0, T0 + MINUTE, (), 1))
    assert [may(who, "appeal", having(late)) for who in ("east-village", "west-village", "east-town")] == [
        *("", "roles/breached", "roles/breached")
    ]
    assert may("water", "appeal", having(breached(summons("water")))) == ""


def test_whoever_lost_the_case_by_the_breach_still_appeals() -> None:
    late = stopped(breached(fixed("resolve", T0, T0 + MINUTE, (), 1)), T0 + 2 * MINUTE)
    taken = having(fixed("resolve", T0 + 2 * MINUTE, T0 + 9 * MINUTE, (), 2), past=(late,), unit="east-town")
    assert may("east-village", "appeal", taken) == ""


def test_an_appeal_is_ruled_on_above_the_holder_and_never_by_the_holder() -> None:
    appealed = having(breached(fixed("resolve", T0, T0 + MINUTE, (), 1)), appeals=("resolve#1",))
    assert {unit.id for unit in UNITS if not may(unit.id, "rule", appealed)} == {"east-town", "county", "leader"}
    assert may("east-village", "rule", appealed) == "roles/appeal"


def test_nobody_rules_on_an_appeal_of_their_own() -> None:
    own = having(breached(summons("county")), appeals=("check_in:county#1",))
    assert may("county", "rule", own) == "roles/own_appeal"
    assert may("leader", "rule", own) == ""
    taken = having(replace(breached(summons("water")), duty="county"), appeals=("check_in:water#1",))
    assert may("county", "rule", taken) == "roles/own_appeal"


# --- rules that a locality may add ------------------------------------------------------------------------------------


def test_the_first_receiver_does_not_give_the_case_away() -> None:
    first = attrs.evolve(HELD, first_receiver="east-village")
    for action in ("return", "transfer"):
        answer = asking(first_receiver, "east-village", action, first)
        assert isinstance(answer, Refused)
        assert answer.rule == "roles/first_receiver"
    assert asking(first_receiver, "east-village", "escalate", first) is None
    assert asking(first_receiver, "east-village", "whistle", first) is None


def test_the_intake_may_take_a_case_from_its_first_receiver_and_a_later_holder_may_pass_it_on() -> None:
    first = attrs.evolve(HELD, first_receiver="east-village")
    assert asking(first_receiver, "intake", "transfer", first) is None
    assert asking(first_receiver, "roads", "transfer", attrs.evolve(first, unit="roads")) is None


def test_a_designated_unit_does_not_return_the_case_and_one_along_the_route_may() -> None:
    answer = asking(no_return_after_designation, "east-village", "return", attrs.evolve(HELD, designated=True))
    assert isinstance(answer, Refused)
    assert answer.rule == "roles/designated"
    assert asking(no_return_after_designation, "east-village", "return", HELD) is None
    assert asking(no_return_after_designation, "east-village", "escalate", attrs.evolve(HELD, designated=True)) is None


@pytest.mark.parametrize("rule", [first_receiver, no_return_after_designation])
def test_a_return_by_nobody_in_particular_is_the_holders(rule: Callable[..., Any]) -> None:
    case = attrs.evolve(HELD, first_receiver="east-village", designated=True)
    assert isinstance(asking(rule, None, "return", case), Refused)
    assert asking(rule, None, "transfer", case) is None


def test_a_team_that_may_only_urge_is_refused_everything_else_even_what_it_holds() -> None:
    watching = only("urge", "note")
    assert asking(watching, "watchers", "urge", HELD) is ALLOWED
    assert isinstance(asking(watching, "watchers", "close", attrs.evolve(HELD, unit="watchers")), Refused)
    assert asking(watching, "east-town", "close", HELD) is None
    assert asking(watching, None, "close", HELD) is None


# --- at the engine ----------------------------------------------------------------------------------------------------


class County:
    """A closed chart whose first receivers lead to the end."""

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return CLOSED

    @hookimpl
    def governflow_authorise(self, actor: Actor | None, action: str, case: Case, context: Context) -> Any:
        return first_receiver(actor, action, case, context)


@pytest.fixture
def engine() -> Engine:
    localities = Localities()
    localities.register("371621", County())
    return Engine.open(localities=localities)


def test_a_locality_refuses_first_and_the_defaults_decide_what_it_leaves_open(engine: Engine) -> None:
    engine.report(case_id="c", locality="371621", at=T0)
    engine.dispatch("c", to="east-village", by=Actor("desk", "intake"), at=T0 + MINUTE)
    with pytest.raises(NotAllowed, match="the first receiver leads to the end"):
        engine.transfer("c", to="west-village", by=Actor("post 7", "east-village"), at=T0 + 2 * MINUTE)
    with pytest.raises(NotAllowed, match="west-village neither holds it") as refused:
        engine.claim("c", by=Actor("post 9", "west-village"), at=T0 + 2 * MINUTE)
    assert "不是承办单位" in refused.value.text.zh
    assert engine.case("c").state == "dispatched"
    assert engine.claim("c", by=Actor("post 7", "east-village"), at=T0 + 2 * MINUTE).state == "claimed"
