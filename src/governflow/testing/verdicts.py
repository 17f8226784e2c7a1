"""A verdict of the charter as pytest takes it: a failure with its story, a waiver as a test that is skipped."""

import warnings
from typing import TYPE_CHECKING

import pytest

from governflow.charter import check, telling
from governflow.charter.checked import Checked

if TYPE_CHECKING:
    from governflow.localities import Localities


def examine(
    code: str,
    law: str,
    *,
    localities: "Localities | None" = None,
    level: str = "certify",
    seconds: float | None = None,
    lang: str | None = None,
) -> None:
    """Check one law of one locality; see `governflow.testing.conformance` for the arguments.

    Raises:
        PolicyError: If the rules cannot be used at all.
    """
    from governflow.localities import Localities

    lang = lang or telling.reader_lang()
    localities = localities or Localities()
    report = check(localities, code, level=level, laws=[law], seconds=seconds)
    (verdict,) = report.verdicts
    if verdict.note is not None:  # a green test must not hide what could not be looked at
        warnings.warn(f"{law}: {verdict.note.say(lang)}", UserWarning, stacklevel=2)
    if verdict.outcome == "waived":
        pytest.skip(telling.result(verdict).say(lang))
    if verdict.outcome == "failed":
        pytest.fail(telling.failed(Checked.of(localities, report), verdict, what=code, lang=lang), pytrace=False)
