"""The charter, one test a law: the locality as it is installed; and what its worked examples speak of."""

import pytest

from governflow.charter.check import check
from governflow.policy.registry import Localities
from governflow.testing import conformance, unspoken

test_charter = conformance("371621")
test_charter_of_binzhou = pytest.mark.slow(conformance("371600"))


@pytest.mark.parametrize("code", ["371621", "371600"])
def test_the_worked_examples_come_out_as_stated_and_speak_of_every_rule(code: str) -> None:
    (verdict,) = check(Localities(), code, laws=["ruling/examples"]).verdicts
    assert [failure.sentence.en for failure in verdict.failures] == []
    assert verdict.examples > 0
    assert unspoken(code) == ()
