"""The two sets of rules that are compared, each asked in this process or in one of its own (比对双方).

A process of its own lets both sides bring a package of the same name. A plugin that ends its process, or raises what
nobody expected, is a fault of that plugin, never a traceback.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import msgspec

from governflow.changes.answers import LocalityAnswers
from governflow.errors import PolicyError
from governflow.isolation.worker import Worker, WorkerFailed, encode
from governflow.policy.plugin_paths import localities_named
from governflow.policy.registry import Localities

#: How long a plugin may take for one answer, in seconds.
PATIENCE = 1800.0
#: A method of `LocalityAnswers`.
Question = Callable[..., object]


class RuleSide(Protocol):
    """One of two sets of rules; ``named`` says whether they were named by the path of a plugin."""

    named: bool

    def begin(self, question: Question, code: str, *given: object) -> Callable[[], Any]:
        """Put a question about one locality, and return what waits for its answer, in plain values.

        It raises a `PolicyError` if the rules cannot be used.
        """


class LocalSide:
    """Rules that are asked in this process.

    Args:
        localities: Where the localities are registered or installed.
        folder: The plugin's own folder or file, where it was named by its path.
    """

    def __init__(self, localities: Localities, folder: Path | None = None) -> None:
        self.localities, self.folder = localities, folder
        self.named = folder is not None
        self._known: dict[str, LocalityAnswers] = {}

    def begin(self, question: Question, code: str, *given: object) -> Callable[[], Any]:
        # A pair is a list, as in a worker.
        return lambda: msgspec.json.decode(encode(self.answer(question, code, given)))

    def answer(self, question: Question, code: str, given: Sequence[object]) -> object:
        """Return the answer to a question about one locality, in values that JSON can hold."""
        if code not in self._known:
            self._known[code] = LocalityAnswers(self.localities, code, self.folder)
        return question(self._known[code], *given)


class HeldSide:
    """One side as a worker holds it: the job of `WorkerSide`."""

    def open(self, what: str, named: bool) -> Sequence[str]:  # noqa: FBT001 - a question's values have no names
        """Find the localities of a path or a code, and return their codes, the most specific first."""
        localities, codes = localities_named(what)
        self._side = LocalSide(localities, Path(what) if named else None)
        return codes

    def answer(self, question: str, code: str, given: Sequence[object]) -> object:
        """Return the answer to a question; see `LocalSide`."""
        return self._side.answer(getattr(LocalityAnswers, question), code, given)


class WorkerSide:
    """Rules in a process of their own; see `RuleSide`. Use it in a ``with``.

    Args:
        what: The path of the plugin, or a code, as a person typed it.
        named: Whether it is a path.
    """

    def __init__(self, what: str, *, named: bool = True) -> None:
        self.named = named
        # Both sides give the members of a set in the same order: a rule that goes by it is the business of the charter.
        self._worker = Worker(HeldSide, seed=0)
        self._worker.ask(HeldSide.open, what, named)

    def __enter__(self) -> "WorkerSide":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._worker.__exit__(kind, fault, at)
        sys.stderr.write(self._worker.printed())

    def codes(self) -> list[str]:
        """Return the codes that the path speaks for, the most specific first.

        Raises:
            CommandError: If there is no plugin at the path.
            PolicyError: If it cannot be imported.
        """
        codes: list[str] = self._answer()
        return codes

    def begin(self, question: Question, code: str, *given: object) -> Callable[[], Any]:
        self._worker.ask(HeldSide.answer, question.__name__, code, given)
        return self._answer

    def _answer(self) -> Any:
        try:
            return self._worker.answer(object, PATIENCE)
        except WorkerFailed as fault:
            if fault.raised:
                raise PolicyError(
                    f"the rules cannot be asked: {fault.raised}", f"无法向规则提问：{fault.raised}"
                ) from None
            raise PolicyError(
                "the plugin ended the process in which it was asked, or did not come back (exit status "
                f"{fault.status}): a rule answers, and leaves the rest to governflow",
                f"插件终止了向其提问的进程，或迟迟不作答（退出状态 {fault.status}）："
                "规则只应作答，其余由 governflow 处理",
            ) from None
        finally:
            sys.stderr.write(self._worker.printed())
