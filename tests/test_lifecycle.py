from datetime import UTC, datetime, timedelta

import pytest

from governflow import Actor, Case, Engine, IllegalAction, hookimpl
from governflow.errors import UnsoundLifecycle
from governflow.model.base_lifecycle import BASE
from governflow.model.lifecycle import SAME, START, Action, Lifecycle, Move
from governflow.text import Text

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
IN_HAND = {"dispatched", "claimed", "on_site", "conferring", "handling"}
OPEN = {"reported", "accepted", "suspended", "resolved", "answered", "evaluated"} | IN_HAND
ENDS = {"closed", "declined", "merged", "withdrawn"}

#: The table of the architecture: action -> the states that allow it, and where it may lead (None: nowhere else).
TABLE: dict[str, tuple[set[str], set[str] | None]] = {
    "report": ({START}, {"reported"}),
    "accept": ({"reported"}, {"accepted"}),
    "decline": ({"reported"}, {"declined"}),
    "dispatch": ({"reported", "accepted"}, {"dispatched"}),
    "return": ({"dispatched", "claimed"}, {"accepted"}),
    "claim": ({"dispatched"}, {"claimed"}),
    "arrive": ({"dispatched", "claimed", "conferring"}, {"on_site"}),
    "confer": ({"dispatched", "claimed", "on_site", "handling"}, {"conferring"}),
    "begin": ({"dispatched", "claimed", "on_site", "conferring"}, {"handling"}),
    "suspend": (IN_HAND, {"suspended"}),
    "resume": ({"suspended"}, IN_HAND),
    "resolve": ({"reported"} | IN_HAND, {"resolved"}),
    "answer": ({"resolved"}, {"answered"}),
    "evaluate": ({"answered"}, {"evaluated", "accepted"}),
    "close": ({"evaluated"}, {"closed"}),
    "revisit": ({"evaluated", "closed"}, {"closed", "accepted"}),
    "transfer": (IN_HAND, {"dispatched"}),
    "escalate": ({"reported", "accepted"} | IN_HAND, {"dispatched"}),
    "whistle": (IN_HAND, None),
    "check_in": (IN_HAND, None),
    "extend": (OPEN, None),
    "reclassify": (OPEN, None),
    "appeal": (OPEN | ENDS, None),
    "rule": (OPEN | ENDS, None),
    "inform": (OPEN, None),
    "urge": (OPEN, None),
    "note": (OPEN, None),
    "merge": (OPEN, {"merged"}),
    "withdraw": (OPEN, {"withdrawn"}),
}

#: What each action needs to be told.
DETAILS: dict[str, dict[str, object]] = {
    "decline": {"reason": "not ours"},
    "transfer": {"to": "street"},
    "whistle": {"units": ["department"]},
    "check_in": {"unit": "department"},
    "evaluate": {"satisfied": True},
    "extend": {"approved_by": "street", "reason": "rain", "until": T0 + timedelta(days=90)},
    "reclassify": {"severity": "complex"},
    "appeal": {"reason": "the line was down", "clock": "dispatch"},
    "rule": {"granted": True, "clock": "dispatch"},
    "note": {"text": "seen"},
    "merge": {"into": "other"},
}

#: How a case gets into each state.
PATHS: dict[str, list[str]] = {
    "reported": [],
    "accepted": ["accept"],
    "declined": ["decline"],
    "dispatched": ["dispatch"],
    "claimed": ["dispatch", "claim"],
    "on_site": ["dispatch", "arrive"],
    "conferring": ["dispatch", "confer"],
    "handling": ["dispatch", "begin"],
    "suspended": ["dispatch", "suspend"],
    "resolved": ["dispatch", "resolve"],
    "answered": ["dispatch", "resolve", "answer"],
    "evaluated": ["dispatch", "resolve", "answer", "evaluate"],
    "closed": ["dispatch", "resolve", "answer", "evaluate"],
    "merged": ["merge"],
    "withdrawn": ["withdraw"],
}


class Revisiting:
    """A locality where a case is closed by nothing but a revisit."""

    @hookimpl
    def governflow_lifecycles(self, base: Lifecycle) -> dict[str, Lifecycle]:
        return {"revisited": base.derive("revisited", forbid=[("evaluated", "close")])}


class Walk:
    """One case that does a minute's step at a time; its dispatch is always late, so there is a breach to appeal."""

    def __init__(self, lifecycle: str = "everyday") -> None:
        self.engine = Engine.open()
        self.engine.localities.register("320113007", Revisiting())
        self.moment = T0 + timedelta(minutes=10)
        self.engine.report(case_id="other", locality="320113007", at=T0)
        self.engine.report(case_id="c", locality="320113007", lifecycle=lifecycle, at=T0)

    def do(self, action: str, **details: object) -> Case:
        self.moment += timedelta(minutes=1)
        return self.engine.act(action, "c", at=self.moment, by=Actor("clerk"), **{**DETAILS.get(action, {}), **details})

    @classmethod
    def to(cls, state: str) -> "Walk":
        walk = cls("revisited" if state == "evaluated" else "everyday")
        for action in PATHS[state]:
            walk.do(action)
        # Whatever fell due meanwhile is in the book before the test looks.
        walk.do("appeal")
        assert walk.engine.case("c").state == state
        return walk


def test_the_base_lifecycle_has_exactly_the_rows_of_the_table() -> None:
    found: dict[str, tuple[set[str], set[str] | None]] = {}
    for (state, action), ways in BASE.transitions.items():
        sources, targets = found.setdefault(action, (set(), set()))
        sources.add(state)
        assert targets is not None
        targets |= {way.target for way in ways}
    stays = {action for action, (_, targets) in TABLE.items() if targets is None}
    assert {action: sources for action, (sources, _) in found.items()} == {
        action: sources for action, (sources, _) in TABLE.items()
    }
    for action, (_, targets) in TABLE.items():
        if action in stays:
            assert all(way.target == way.source for state in BASE.states for way in BASE.transitions_for(state, action))
        else:
            assert found[action][1] == targets


def test_every_state_and_action_has_a_name_in_both_languages() -> None:
    texts = [*BASE.states.values(), *(action.text for action in BASE.actions.values())]
    assert all(text.en.strip() and text.zh.strip() for text in texts)
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in text.zh) for text in texts)


@pytest.mark.parametrize("state", PATHS)
def test_each_action_that_the_table_allows_leads_where_the_table_says(state: str) -> None:
    for action, (sources, targets) in TABLE.items():
        if state not in sources or (state, action) in (("evaluated", "close"), ("evaluated", "extend")):
            continue
        walk = Walk.to(state)
        if action == "check_in":
            walk.do("whistle")
        after = walk.do(action)
        if action == "resume":
            assert after.state == "dispatched"
        elif action == "evaluate":
            assert after.state == "closed"  # closed at once: no revisit is compulsory
        elif targets is None:
            assert after.state == state
        elif action == "revisit":
            assert after.state == "closed"
        else:
            assert {after.state} == targets


@pytest.mark.parametrize("state", PATHS)
def test_each_action_that_the_table_does_not_allow_is_refused_with_the_states_that_would(state: str) -> None:
    walk = Walk.to(state)
    before = walk.engine.case("c")
    for action, (sources, _) in TABLE.items():
        if state in sources or action == "report":
            continue
        with pytest.raises(IllegalAction) as refused:
            walk.do(action)
        error = refused.value
        assert (error.case, error.action, error.state) == ("c", action, state)
        wanted = sources - {"evaluated"} if before.lifecycle == "revisited" and action == "close" else sources
        assert set(error.allowed_in) == wanted
        assert set(error.possible) == {name for name, (froms, _) in TABLE.items() if state in froms} - (
            {"close"} if before.lifecycle == "revisited" else set()
        )
        for source in wanted:
            assert source in str(error)
            assert BASE.states[source].zh in error.text.zh
        assert BASE.actions[action].text.zh in error.text.zh
    assert walk.engine.case("c").version == before.version


def test_an_evaluated_case_that_waits_for_its_revisit_can_be_extended() -> None:
    walk = Walk.to("evaluated")
    (waiting,) = [clock.name for clock in walk.engine.case("c").clocks.values() if clock.running]
    after = walk.do("extend", clock=waiting)
    assert (after.state, after.clocks[waiting].due) == ("evaluated", DETAILS["extend"]["until"])


def test_a_case_is_reported_only_once() -> None:
    walk = Walk()
    with pytest.raises(Exception, match="reported already"):
        walk.engine.report(case_id="c", at=T0)


@pytest.mark.parametrize("origin", sorted(IN_HAND))
def test_a_suspended_case_resumes_into_the_state_it_came_from(origin: str) -> None:
    walk = Walk.to(origin)
    assert walk.do("suspend").state == "suspended"
    assert walk.do("resume").state == origin


def test_an_unsatisfied_requester_reopens_the_case() -> None:
    after = Walk.to("answered").do("evaluate", satisfied=False)
    assert (after.state, after.reopened, after.closed) == ("accepted", 1, None)


def test_a_case_that_recurred_is_reopened_from_its_end() -> None:
    after = Walk.to("closed").do("revisit", recurred=True)
    assert (after.state, after.reopened, after.closed) == ("accepted", 1, None)


def test_where_a_revisit_is_compulsory_a_satisfied_case_stays_evaluated_until_it() -> None:
    walk = Walk.to("evaluated")
    assert walk.engine.case("c").closed is None
    after = walk.do("revisit")
    assert (after.state, after.closed) == ("closed", walk.moment)


def test_a_case_settled_on_the_spot_names_who_settled_it() -> None:
    walk = Walk()
    walk.engine.resolve("c", at=T0 + timedelta(minutes=1), by=Actor("grid worker 12", unit="community"))
    assert walk.engine.history("c")[-1].about["settled_by"] in ("community", "grid worker 12")


def test_a_declined_case_needs_a_reason_for_the_one_who_asked() -> None:
    walk = Walk()
    with pytest.raises(Exception, match="reason"):
        walk.engine.decline("c", reason=" ", at=T0)
    assert walk.engine.case("c").state == "reported"


# --- soundness --------------------------------------------------------------------------------------------------------


def build(*rows: Move, states: str = "open done", ends: str = "done", actions: str = "report finish") -> Lifecycle:
    return Lifecycle.build(
        "small",
        states={state: Text(state, state) for state in states.split()},
        ends=ends.split(),
        actions=[Action(name, f"{name}ed", Text(name, name)) for name in actions.split()],
        rows=rows,
    )


REPORT, FINISH = Move("report", (START,), "open"), Move("finish", ("open",), "done")


def faults_of(*rows: Move, states: str = "open done", actions: str = "report finish") -> tuple[str, ...]:
    with pytest.raises(UnsoundLifecycle) as refused:
        build(*rows, states=states, actions=actions)
    faults = tuple(fault.en for fault in refused.value.faults)
    assert all(fault in str(refused.value) for fault in faults)
    return faults


def test_a_sound_lifecycle_is_taken() -> None:
    assert build(REPORT, FINISH).possible("open") == ("finish",)


def test_an_unreachable_state_is_refused_by_name() -> None:
    (fault,) = faults_of(REPORT, FINISH, Move("finish", ("island",), "done"), states="open done island")
    assert "island" in fault
    assert "unreachable" in fault


def test_a_trap_state_is_refused_by_name() -> None:
    (fault,) = faults_of(
        REPORT, FINISH, Move("stray", ("open",), "swamp"), states="open done swamp", actions="report finish stray"
    )
    assert "swamp" in fault


def test_two_states_that_only_lead_to_each_other_are_both_traps() -> None:
    faults = faults_of(
        REPORT,
        FINISH,
        Move("stray", ("open", "bog"), "swamp"),
        Move("wade", ("swamp",), "bog"),
        states="open done swamp bog",
        actions="report finish stray wade",
    )
    assert len(faults) == 2
    assert any("swamp" in fault for fault in faults)
    assert any("bog" in fault for fault in faults)


def test_a_state_that_can_only_stay_as_it_is_is_a_trap() -> None:
    faults = faults_of(
        REPORT,
        FINISH,
        Move("stray", ("open",), "swamp"),
        Move("wade", ("swamp",), SAME),
        states="open done swamp",
        actions="report finish stray wade",
    )
    assert any("swamp" in fault for fault in faults)


def test_an_unknown_target_is_refused_by_name() -> None:
    faults = faults_of(REPORT, FINISH, Move("stray", ("open",), "nowhere"), actions="report finish stray")
    assert any("nowhere" in fault and "open" in fault for fault in faults)


def test_an_unknown_source_is_refused_by_name() -> None:
    faults = faults_of(REPORT, FINISH, Move("stray", ("nowhere",), "done"), actions="report finish stray")
    assert any("nowhere" in fault for fault in faults)


def test_two_open_ways_are_refused_naming_the_state_and_both_targets() -> None:
    faults = faults_of(
        REPORT,
        FINISH,
        Move("finish", ("open",), "lost"),
        Move("report", ("lost",), "done"),
        states="open done lost",
    )
    assert any("open" in fault and "done" in fault and "lost" in fault for fault in faults)


@pytest.mark.parametrize(
    "guards",
    [
        (None, ("verdict", "satisfied")),
        (("verdict", "satisfied"), ("verdict", "satisfied")),
        (("verdict", "satisfied"), ("recurred", "no")),
    ],
)
def test_guards_that_do_not_exclude_each_other_are_two_open_ways(
    guards: tuple[tuple[str, str] | None, tuple[str, str] | None],
) -> None:
    rows = [
        Move("finish", ("open",), target, guard=guard) for target, guard in zip(("done", "over"), guards, strict=True)
    ]
    with pytest.raises(UnsoundLifecycle, match="two open ways"):
        build(REPORT, *rows, states="open done over", ends="done over")


def test_guards_that_exclude_each_other_are_one_way_at_a_time() -> None:
    rows = [
        Move("finish", ("open",), "done", guard=("recurred", "no")),
        Move("finish", ("open",), SAME, guard=("recurred", "yes")),
    ]
    assert len(build(REPORT, *rows).transitions["open", "finish"]) == 2


def test_a_lifecycle_without_an_end_is_refused() -> None:
    with pytest.raises(UnsoundLifecycle, match="end"):
        build(REPORT, FINISH, ends="")


def test_every_fault_is_named_and_not_only_the_first() -> None:
    faults = faults_of(
        REPORT,
        FINISH,
        Move("stray", ("open",), "swamp"),
        Move("finish", ("open",), "nowhere"),
        states="open done swamp island",
        actions="report finish stray",
    )
    told = " ".join(faults)
    assert all(word in told for word in ("swamp", "nowhere", "island", "two open ways"))


def test_a_derived_lifecycle_that_loses_its_way_out_is_refused() -> None:
    with pytest.raises(UnsoundLifecycle, match="answered"):
        BASE.derive("stuck", forbid=[("answered", action) for action in ("evaluate", "merge", "withdraw")])


def test_a_derived_lifecycle_leaves_the_base_as_it_was() -> None:
    derived = BASE.derive("strict", forbid=[("reported", "dispatch")])
    assert derived.allowed_in("dispatch") == ("accepted",)
    assert BASE.allowed_in("dispatch") == ("reported", "accepted")


# --- the diagram ------------------------------------------------------------------------------------------------------


def arrows(diagram: str) -> dict[tuple[str, str], str]:
    found = {}
    for line in diagram.splitlines():
        source, arrow, rest = line.strip().partition(" --> ")
        if arrow:
            target, _, label = rest.partition(": ")
            found[source, target] = label
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_diagram_draws_every_row_of_the_table_and_nothing_else(lang: str) -> None:
    wanted: dict[tuple[str, str], set[str]] = {(state, "[*]"): set() for state in ENDS}
    for (state, action), ways in BASE.transitions.items():
        for way in ways:
            if TABLE[action][1] is not None:
                source = "[*]" if state == START else state
                wanted.setdefault((source, way.target), set()).add(BASE.actions[action].text.say(lang))
    drawn = arrows(BASE.mermaid(lang))
    assert set(drawn) == set(wanted)
    for arrow, labels in wanted.items():
        told = {label.partition(" [")[0] for label in drawn[arrow].split(" / ")} - {""}
        assert told == labels


def test_the_diagram_names_the_states_in_the_language_that_was_asked_for() -> None:
    english, chinese = BASE.mermaid("en"), BASE.mermaid("zh")
    assert english.startswith("stateDiagram-v2")
    assert set(arrows(english)) == set(arrows(chinese))
    for state, text in BASE.states.items():
        assert f"{state}: {text.en}" in english
        assert f"{state}: {text.zh}" in chinese


def test_the_diagram_of_a_derived_lifecycle_shows_what_was_forbidden_no_more() -> None:
    derived = BASE.derive("revisited", forbid=[("evaluated", "close")])
    assert BASE.actions["close"].text.en in arrows(BASE.mermaid("en"))["evaluated", "closed"].split(" / ")
    assert BASE.actions["close"].text.en not in arrows(derived.mermaid("en"))["evaluated", "closed"].split(" / ")
