"""The pytest plugin: ``pytest --governflow 371621`` adds one test for each law of the charter (宪章检验).

Every run of pytest loads this module wherever governflow is installed, so that it imports nothing that it may not need.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from governflow.engine.engine import Engine


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("governflow", "the charter of governflow").addoption(
        "--governflow",
        action="append",
        default=[],
        metavar="CODE",
        help="Check the rules of this locality: one test for each law of the charter (宪章检验). May be given again.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of pytest-xdist, which need not be installed."""
    config.addinivalue_line("markers", "xdist_group(name): tests that go to one worker under --dist loadgroup")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the laws before anything is deselected, so that ``-k`` and the like choose among them.

    The tests of one locality go to one worker under ``--dist loadgroup``: they share one check.
    """
    for code in config.getoption("--governflow"):
        items += _laws(session, code)
    for item in items:
        code = getattr(item, "code", None) or getattr(getattr(item, "obj", None), "governflow_code", None)
        if code is not None:
            item.add_marker(pytest.mark.xdist_group(f"governflow {code}"))


def pytest_unconfigure() -> None:
    """End the check that the tests of a locality share."""
    from governflow import testing

    testing.end_check()


def _laws(session: pytest.Session, code: str) -> Iterator[pytest.Item]:
    from governflow.charter.check import laws
    from governflow.policy.codes import prefixes
    from governflow.policy.registry import Localities

    if not Localities().known(code) and len(list(prefixes(code))) < 2:
        raise pytest.UsageError(f"--governflow {code}: there is no such locality; `governflow localities` lists them")
    for law in laws():
        # The id is the law's: stable, whatever is collected beside it.
        yield LawItem.from_parent(session, name=law, nodeid=f"governflow::{code}::{law}", code=code)


class LawItem(pytest.Item):
    """One law of one locality, by its code."""

    def __init__(self, *, code: str, **given: Any) -> None:
        super().__init__(**given)
        self.code = code

    def runtest(self) -> None:
        """Check it."""
        from governflow.testing import examine

        examine(self.code, self.name)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Tell an error of the rules as a sentence; anything else is a fault of governflow and shown whole."""
        from governflow.errors import GovernflowError

        if isinstance(excinfo.value, GovernflowError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return what it is called in a report."""
        return self.path, None, f"{self.code}: {self.name}"


@pytest.fixture
def governflow_engine() -> Iterator["Engine"]:
    """Return a fresh engine in memory with the installed localities, its clock at 2026-03-02 09:00 in Shanghai."""
    from governflow import testing

    with testing.engine() as engine:
        yield engine
