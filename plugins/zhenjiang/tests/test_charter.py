"""The charter, one test a law: the locality as it is installed."""

from governflow.testing import conformance

test_charter = conformance("321171")
