"""Waivers: a law that is broken for a reason and until a day fails nobody; a waiver is held to account itself."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from checked import CODE, REASON, TODAY, county, verdicts, waived
from riverside import COUNTY, SAID, Promises, subject, text

from governflow import PolicyError, Text, hookimpl
from governflow.charter.check import Failure, Waiver, check
from governflow.charter.report import text as telling
from governflow.policy.hookspecs import Example


def test_a_waived_law_does_not_fail_and_keeps_what_was_found(three_laws: object) -> None:
    report = check(waived(Waiver("story/broken", REASON, "2026-03-02")), CODE, today=TODAY)
    verdict = report.verdicts[2]
    assert (verdict.outcome, len(verdict.failures)) == ("waived", 2)
    assert report.passed


@pytest.mark.parametrize(
    ("waiver", "en", "zh"),
    [
        (Waiver("story/exact", REASON, "2026-03-01"), "ended on 2026-03-01", "已于 2026-03-01 到期"),
        (Waiver("story/exact", REASON, "soon"), "'soon', which is no day", "“soon”不是日期"),
        (Waiver("story/exact", Text("because", " "), "2026-12-31"), "gives no reason", "未写理由"),
        (Waiver("story/exact", Text("", "因为"), "2026-12-31"), "gives no reason", "未写理由"),
        (Waiver("story/exact", "because", "2026-12-31"), "gives no reason", "未写理由"),  # type: ignore[arg-type]
    ],
)
def test_a_waiver_without_reason_or_end_or_past_its_end_is_a_failure_of_its_law(
    three_laws: object, waiver: Waiver, en: str, zh: str
) -> None:
    verdict = verdicts(waived(waiver))["story/exact"]
    assert verdict.outcome == "failed"
    (failure,) = verdict.failures
    assert en in failure.sentence.en
    assert zh in failure.sentence.zh
    assert str(failure.look_at) == "governflow_waivers"


def test_a_law_that_holds_needs_no_waiver_and_is_said_to_need_none(three_laws: object) -> None:
    verdict = verdicts(waived(Waiver("story/exact", REASON, "2026-12-31")))["story/exact"]
    assert verdict.outcome == "passed"
    assert telling.result(verdict) == Text(
        "passed exactly; its waiver is no longer needed", "成立（穷尽检验）；豁免已无必要"
    )


@pytest.mark.parametrize("waiver", [Waiver("story/no", REASON, "2026-12-31"), "story/broken"])
def test_a_waiver_of_what_is_no_law_makes_the_rules_unusable(three_laws: object, waiver: object) -> None:
    with pytest.raises(PolicyError, match="is no law"):
        check(waived(waiver), CODE)


def test_a_city_cannot_waive_a_law_for_its_counties(three_laws: object) -> None:
    localities = county()
    localities.register(
        "990300",
        SimpleNamespace(governflow_waivers=hookimpl(lambda: [Waiver("story/broken", REASON, "2999-12-31")])),
    )
    assert verdicts(localities)["story/broken"].outcome == "failed"
    assert check(localities, "990300").verdicts[2].outcome == "waived"


# --- a law that a plugin really breaks --------------------------------------------------------------------------------

#: Its rules give one day.
TWO_DAYS = Example({}, {"clock:resolve": "2d"}, SAID)


class Waiving(Promises):
    def __init__(self, reason: str, until: str) -> None:
        super().__init__(TWO_DAYS)
        self.waiver = Waiver("ruling/examples", text(reason), until)

    @hookimpl
    def governflow_waivers(self) -> Sequence[Waiver]:
        return [self.waiver]


def examples_of(plugin: object) -> tuple[str, list[Failure]]:
    (verdict,) = check(subject(plugin).localities, COUNTY, laws=["ruling/examples"], today=TODAY).verdicts
    return verdict.outcome, list(verdict.failures)


def test_a_law_that_is_waived_with_a_reason_and_an_end_fails_nobody() -> None:
    class Revising(Promises):
        @hookimpl
        def governflow_waivers(self) -> Sequence[Waiver]:
            return [Waiver("ruling/examples", text("the deadline is being defined anew"), "2026-03-02")]

    outcome, (failure,) = examples_of(Revising(TWO_DAYS))
    assert outcome == "waived"
    assert str(failure.look_at) == f"deadlines/D1 of {COUNTY}"


@pytest.mark.parametrize(("reason", "until"), [("", "2026-12-31"), ("why", "2026-03-01"), ("why", "soon"), ("why", "")])
def test_a_waiver_without_a_reason_or_an_end_or_past_its_end_is_a_failure_itself(reason: str, until: str) -> None:
    outcome, failures = examples_of(Waiving(reason, until))
    assert outcome == "failed"
    assert len(failures) == 2
