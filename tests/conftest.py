"""What several test modules share: the command line, called in this process; the invented counties and charters."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from governflow.cli import main
from governflow.policy import registry as localities


@pytest.fixture(autouse=True)
def nothing_installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the localities that happen to be installed out of the tests of everything else."""
    if request.node.get_closest_marker("installed") is None:
        monkeypatch.setattr(localities, "installed", dict)


@attrs.frozen
class Done:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Done]


@pytest.fixture
def governflow(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Call ``governflow`` as the console script does, with both streams in pipes."""
    monkeypatch.setenv("GOVERNFLOW_LANG", "en")
    monkeypatch.delenv("GOVERNFLOW_DEBUG", raising=False)

    def call(*arguments: str | Path) -> Done:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr("sys.argv", ["governflow", *map(str, arguments)])
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
        assert "Traceback" not in err.getvalue()
        status = ended.value.code
        assert isinstance(status, int)
        return Done(status, out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def defaults_as_they_were() -> Iterator[None]:
    """Put back, afterwards, what the faults of the invented county have changed."""
    from riverside_faults import defaults_as_they_were as put_back

    with put_back():
        yield


@pytest.fixture
def three_laws() -> Iterator[Any]:
    """A charter of three laws: one holds exactly, one after 1,234 examples, one is broken."""
    from checked import three_laws_only

    with three_laws_only() as laws:
        yield laws


@pytest.fixture
def uninstalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a distribution that is not installed."""
    from checked import write_distribution

    monkeypatch.setattr(sys, "path", list(sys.path))
    return partial(write_distribution, tmp_path)
