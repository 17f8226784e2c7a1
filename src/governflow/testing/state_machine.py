"""Whole lives of a locality's cases as a state machine: after every step the laws on lives hold (生命周期机)."""

import shlex
from collections.abc import Callable, Collection, Mapping

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from governflow.charter.cases.reported import case_line
from governflow.charter.cases.systematic import strategy
from governflow.charter.laws import escalation as ladders
from governflow.charter.laws import timing
from governflow.charter.laws.lives import left_lying, shortest, unanswered
from governflow.charter.lives.fault_injection import FAILING, MANNERS, twin
from governflow.charter.lives.scenarios import LATER
from governflow.charter.lives.simulation import (
    ADVANCE,
    DAY,
    FAIL,
    HOUR,
    MEND,
    MUSTER,
    OUTAGE,
    REASSESS,
    SWITCH,
    ScenarioStep,
    SimulatedCase,
    Simulator,
    choices,
)
from governflow.charter.model import Failure
from governflow.charter.report.text import reader_lang
from governflow.charter.subject import Subject
from governflow.model.terms import Mode
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.testing.strategies import known

_SHORT = st.sampled_from([0, 1, 3, 10, 45, 2 * HOUR, 10 * HOUR, DAY])
_LONG = st.sampled_from([HOUR, DAY, 3 * DAY, 7 * DAY, 35 * DAY, 70 * DAY])
_PICKS = st.integers(0, 600)


#: Says what is wrong with a life.
Law = Callable[[SimulatedCase, Subject], Failure | None]


def _climbing(fault: ladders.Fault) -> Law:
    def law(life: SimulatedCase, subject: Subject) -> Failure | None:
        found = (fault(ladder, subject.policy) for ladder in ladders.stretches(life, subject.policy))
        return next(filter(None, found), None)

    return law


_AT_EVERY_STEP: Mapping[str, Law] = {
    "case/attended": lambda life, subject: left_lying(life, subject.policy),
    "case/answered": lambda life, subject: unanswered(life, subject.policy),
    "clock/positive": lambda life, subject: timing.backwards(life, subject.policy),
    "escalation/climbs": _climbing(ladders.astray),
    "escalation/ends": _climbing(ladders.silent),
}
_AT_THE_END: Mapping[str, Law] = {
    "replay/same": lambda life, subject: timing.unlike(life, subject.policy),
    "clock/splits": lambda life, subject: timing.differing(subject, life),
}


def lives(
    locality: str | Policy, *, localities: Localities | None = None, without: Collection[str] = ()
) -> type[RuleBasedStateMachine]:
    """Return a Hypothesis state machine that lives whole lives of a locality's cases and holds the laws against them.

    Its rules are all that can happen: any legal action, time that passes, switches of the mode, musters, outages, hooks
    that fail for a while. Its invariants are the laws of the charter on lives.

    Args:
        locality: Its code, or its policy.
        localities: Where the code is registered; the installed ones by default.
        without: The ids of laws that are not looked at: those that the locality waives.

    Returns:
        The machine; its ``TestCase`` is a test for pytest and unittest.

    Example:
        ``TestLives = governflow.testing.lives("371621").TestCase``
    """
    found, policy = known(locality, localities)

    class Lives(_Lives):
        subject = Subject(found, policy.code)
        waived = frozenset(without)

    Lives.__name__ = Lives.__qualname__ = f"Lives_{policy.code}"
    Lives.TestCase.settings = settings(
        max_examples=40,
        stateful_step_count=25,
        deadline=None,
        # A life that shows a fault is shortened by leaving steps out: far quicker than drawing others.
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    return Lives


class _Lives(RuleBasedStateMachine):
    """One case, from its report to its end and beyond."""

    subject: Subject
    waived: frozenset[str]
    simulator: Simulator

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = 0
        #: Whether there is a life in which nothing was found wrong yet.
        self.sound = False

    @initialize(data=st.data(), later=st.none() | st.sampled_from(LATER), failing=st.booleans())
    def report(self, data: st.DataObject, later: int | None, failing: bool) -> None:  # noqa: FBT001
        """Report a case, at once or at another time of the year."""
        reported_case = data.draw(strategy(self.subject.policy), label="case")
        if reported_case.get("mode") == Mode.EMERGENCY:
            later = None
        failing = failing and twin(self.subject) is not None
        self.simulator = Simulator(self.subject, reported_case, waits=later is not None, failing=failing)
        self.sound = True
        if later is not None:
            self._do(later, "report")
        if failing:
            self._do(0, MEND)

    def _do(self, after: int, does: str, pick: int = 0) -> None:
        self.simulator.step(ScenarioStep(after, does, pick))

    def _lives(self) -> bool:
        return self.simulator.case is not None

    def _may_fail(self) -> bool:
        return self.simulator.twin is not None

    @precondition(_lives)
    @rule(data=st.data(), after=_SHORT, pick=_PICKS)
    def act(self, data: st.DataObject, after: int, pick: int) -> None:
        """Do anything that the lifecycle allows in the case's state."""
        case = self.simulator.case
        assert case is not None
        may = choices(self.simulator.policy, case)
        if may.possible:
            ends = [action for action in may.moving if action not in may.lasting]
            kinds = (may.lasting or may.possible, may.possible, ends or may.possible)
            some = st.one_of(*(st.sampled_from(actions) for actions in kinds))
            self._do(after, data.draw(some), pick)

    @precondition(_lives)
    @rule(after=_SHORT, pick=_PICKS, does=st.sampled_from([SWITCH, MUSTER, OUTAGE, REASSESS]))
    def something_happens_to_the_locality(self, after: int, pick: int, does: str) -> None:
        """Switch the mode, let a post check in, declare an outage, or ask the rules anew."""
        self._do(after, does, pick)

    @rule(after=_LONG)
    def nobody_acts(self, after: int) -> None:
        """Let time pass; in an emergency not for long."""
        self._do(min(after, HOUR) if self._alarmed() else after, ADVANCE)

    def _alarmed(self) -> bool:
        return self.simulator.engine.mode(self.subject.code) is Mode.EMERGENCY

    @precondition(_lives)
    @rule(minute=st.integers(0, 1))
    def until_something_falls_due(self, minute: int) -> None:
        """Let time pass to the very minute at which the next thing falls due by itself, or to the one after."""
        case, now = self.simulator.case, self.simulator.at
        due = case.next_event_at if case is not None else None
        if due is not None and due >= now and not self._alarmed():
            self._do(int((due - now).total_seconds() // 60) + minute, ADVANCE)

    @precondition(_may_fail)
    @rule(after=_SHORT, pick=st.integers(0, len(FAILING) * MANNERS - 1))
    def a_hook_begins_to_fail(self, after: int, pick: int) -> None:
        """Let one hook of the locality raise or answer nonsense from now on."""
        self._do(after, FAIL, pick)

    @precondition(_may_fail)
    @rule(after=_SHORT)
    def the_rules_answer_again(self, after: int) -> None:
        """Mend what fails."""
        self._do(after, MEND)

    @invariant()
    def the_laws_hold(self) -> None:
        """Hold the life so far against every law on lives that one life can break."""
        case = self.simulator.case
        if case is not None and case.version != self.looked_at:
            self.looked_at = case.version
            self._hold(_AT_EVERY_STEP)

    def teardown(self) -> None:
        """Live the whole life again in other leaps of time, and let the ledger check itself."""
        if self.sound and self._lives():
            self._hold(_AT_THE_END)

    def _hold(self, laws: Mapping[str, Law]) -> None:
        life = self.simulator.life()
        for law, fault in laws.items():
            wrong = fault(life, self.subject) if law not in self.waived else None
            if wrong is not None:
                self.sound = False
                raise AssertionError(_story(law, fault, life, wrong, self.subject))


def _story(law: str, fault: Law, life: SimulatedCase, wrong: Failure, subject: Subject) -> str:
    """Tell what is wrong as ``governflow check`` does, by a shorter life, with the command that looks at that life."""
    short, wrong = shortest(subject, lambda one: fault(one, subject), life.scenario) or (life, wrong)
    lang = reader_lang()
    case = case_line(short.scenario.as_case())
    lines = [f"{law}: {wrong.sentence.say(lang)}", *(line.say(lang) for line in short.said(subject.policy))]
    if wrong.look_at is not None:
        lines.append(wrong.look_at.say(lang))
    return "\n  ".join([*lines, shlex.join(["governflow", "check", subject.code, "--law", law, "--case", case])])
