"""Cases that are handed to and fro (反复转办): from the third hand-over on the next unit up supervises.

Each transfer and each return ends the clocks of its cycle and starts new ones, so that a case that is passed on often
enough is never overdue. Whatever its clocks say, somebody above looks at it then.
"""

from governflow.engine.transition import Outcomes, Transition
from governflow.model.case import Case
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Cause, Form, Kind
from governflow.text import Text


def supervised(step: Transition, outcomes: Outcomes) -> Outcomes:
    """Add what follows from a hand-over: supervision, where it is one too many within one cycle of the whole case."""
    events, case = outcomes
    limit = step.policy.hand_overs
    if not limit or case.handed_over < limit:
        return outcomes
    holder, form = _higher(step, case)
    units = step.policy.units
    to = units.above(holder, form) or holder
    watching = Transition(case, step.policy, step.at, step.mode, step.lifecycle)
    watching.about["escalation"] = {
        "kind": Kind.SUPERVISE,
        "cause": Cause.HANDED_OVER,
        "from": case.unit,
        "to": to,
        "form": None,
        "clock": None,
    }
    reason = Text(
        f"handed over {case.handed_over} times: the next unit up supervises",
        f"已转办退单 {case.handed_over} 次：由上一级督办",
    )
    watching.rulings.append(RecordedRuling("escalate", Kind.SUPERVISE, reason, f"hand-overs/{limit}", "governflow"))
    told, case = watching.seal("supervised", case.state)
    return events + told, case


def _higher(step: Transition, after: Case) -> tuple[str, Form | None]:
    """Return which of the two units between which the case went stands higher, and the form that it handled in."""
    before, units = step.case, step.policy.units
    if after.unit == units.intake:
        return before.unit, before.form
    if before.unit == units.intake or units.level(after.unit, after.form) > units.level(before.unit, before.form):
        return after.unit, after.form
    return before.unit, before.form
