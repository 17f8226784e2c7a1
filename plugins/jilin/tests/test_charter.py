"""The charter, one test a law: the locality as it is installed; and what its worked examples speak of."""

import pytest

from governflow.charter.check import check
from governflow.policy.registry import Localities
from governflow.testing import conformance, unspoken

test_charter = conformance("220200")
test_charter_of_changyi = pytest.mark.slow(conformance("220202"))
test_charter_of_chuanying = pytest.mark.slow(conformance("220204"))
test_charter_of_fengman = pytest.mark.slow(conformance("220211"))
test_charter_of_yongji = pytest.mark.slow(conformance("220221"))
test_charter_of_shulan = pytest.mark.slow(conformance("220283"))


@pytest.mark.parametrize("code", ["220200", "220202", "220204", "220211", "220221", "220283"])
def test_the_worked_examples_come_out_as_stated_and_speak_of_every_rule(code: str) -> None:
    (verdict,) = check(Localities(), code, laws=["ruling/examples"]).verdicts
    assert [failure.sentence.en for failure in verdict.failures] == []
    assert verdict.examples > 0
    assert unspoken(code) == ()
