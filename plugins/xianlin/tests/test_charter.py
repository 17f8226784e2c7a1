"""The charter, one test a law: the locality as it is installed; and what its worked examples speak of."""

from governflow.charter.check import check
from governflow.policy.registry import Localities
from governflow.testing import conformance, unspoken

test_charter = conformance("320113007")


def test_the_worked_examples_come_out_as_stated_and_speak_of_every_rule() -> None:
    (verdict,) = check(Localities(), "320113007", laws=["ruling/examples"]).verdicts
    assert [failure.sentence.en for failure in verdict.failures] == []
    assert verdict.examples > 0
    assert unspoken("320113007") == ()
