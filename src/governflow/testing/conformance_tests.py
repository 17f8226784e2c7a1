"""A verdict of the charter as pytest takes it: a failure with its story, a waiver as a test that is skipped."""

import warnings
from typing import TYPE_CHECKING

import pytest

from governflow.charter.check import check
from governflow.charter.report import text as telling
from governflow.charter.report.subject_names import Checked
from governflow.errors import CommandError

if TYPE_CHECKING:
    from governflow.policy.registry import Localities


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
        CommandError: If no plugin speaks for the code.
        PolicyError: If the rules cannot be used at all.
    """
    from governflow.policy.registry import Localities

    lang = lang or telling.reader_lang()
    localities = localities or Localities()
    if not localities.known(code):  # a typing error in the code must not be a green test of somebody else's rules
        raise CommandError(
            f"nobody registered {code!r}: `governflow localities` lists the codes that have rules of their own",
            f"没有登记“{code}”：governflow localities 列出有自己规则的代码",
        )
    report = check(localities, code, level=level, laws=[law], seconds=seconds)
    (verdict,) = report.verdicts
    if verdict.note is not None:  # a green test must not hide what could not be looked at
        warnings.warn(f"{law}: {verdict.note.say(lang)}", UserWarning, stacklevel=2)
    if verdict.outcome == "waived":
        pytest.skip(telling.result(verdict).say(lang))
    if verdict.outcome == "failed":
        pytest.fail(telling.failed(Checked.of(localities, report), verdict, what=code, lang=lang), pytrace=False)
