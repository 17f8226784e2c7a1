"""Rules that are asked in a process of their own (另起进程): both sides may bring a package of the same name.

A question and its answer are one line of JSON each. What a plugin prints goes to standard error, and a plugin that ends
the process, or raises what nobody expected, is a fault of that plugin, never a traceback.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any

import msgspec

from governflow.changes.answers import LocalSide
from governflow.errors import CommandError, GovernflowError, JournalError, PolicyError, described
from governflow.policy.registry import Localities
from governflow.text import Text

_BOOT = (
    "import json, os, sys; out = os.fdopen(os.dup(1), 'wb'); os.dup2(2, 1); "
    "sys.path[:] = json.loads(sys.stdin.buffer.readline()); "
    "from governflow.isolation.worker import serve; "
    "from governflow.policy.plugin_paths import localities_named; serve(localities_named, out)"
)
#: How long a plugin may take for everything, and to end when it is asked nothing more, in seconds.
PATIENCE, _PARTING = 1800, 5
#: Errors that keep their kind on the way: a caller's fault is said otherwise than that of the rules.
_KINDS: dict[str, type[GovernflowError]] = {
    "CommandError": CommandError,
    "JournalError": JournalError,
    "PolicyError": PolicyError,
}

Find = Callable[[str], tuple[Localities, Sequence[str]]]


class WorkerSide:
    """Rules in a process of their own; see `Side`. Use it in a ``with``.

    Args:
        what: The path of the plugin, or a code, as a person typed it.
        named: Whether it is a path.
    """

    def __init__(self, what: str, *, named: bool = True) -> None:
        self.named = named
        # Both sides give the members of a set in the same order: a rule that goes by it is the business of the charter.
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._limit = Timer(PATIENCE, self._process.kill)
        self._limit.daemon = True
        self._limit.start()
        self._send(sys.path)
        self._send([what, named])

    def __enter__(self) -> "WorkerSide":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self._process.kill()
        try:
            self._process.communicate(timeout=_PARTING)
        except subprocess.TimeoutExpired:  # a thread of the plugin's keeps it alive
            self._process.kill()
            self._process.communicate()
        self._limit.cancel()

    def codes(self) -> list[str]:
        """Return the codes that the path speaks for, the most specific first.

        Raises:
            CommandError: If there is no plugin at the path.
            PolicyError: If it cannot be imported.
        """
        codes: list[str] = self.end()
        return codes

    def begin(self, question: str, code: str, *given: object) -> None:
        """Put a question; see `Side`."""
        self._send([question, code, given])

    def end(self) -> Any:
        """Return the answer; see `Side`."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise PolicyError(
                f"the plugin ended the process in which it was asked, or did not come back (exit status {status}): "
                "a rule answers, and leaves the rest to governflow",
                f"插件终止了向其提问的进程，或迟迟不作答（退出状态 {status}）：规则只应作答，其余由 governflow 处理",
            )
        answer = msgspec.json.decode(line)
        if "fault" in answer:
            raise _fault(answer["fault"])
        return answer["answer"]

    def _send(self, value: object) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(value) + b"\n")
            self._process.stdin.flush()
        except OSError:
            pass  # the process is gone: whoever waits for the answer is told


def serve(find: Find, out: Any) -> None:
    """Answer questions on standard input until it ends; called in the other process.

    Args:
        find: Finds the localities of a path.
        out: Where answers go.
    """

    def tell(answer: Callable[[], object]) -> bool:
        try:
            told: object = {"answer": answer()}
        except GovernflowError as fault:
            kind = next((name for name, one in _KINDS.items() if isinstance(fault, one)), "CommandError")
            faults = fault.faults if isinstance(fault, PolicyError) else ()
            told = {"fault": {"kind": kind, "text": _pair(fault.text), "faults": [_pair(one) for one in faults]}}
        except OSError as fault:
            words = f"{fault.strerror or fault}: {fault.filename or ''}"
            told = {"fault": {"kind": "CommandError", "text": [words, words], "faults": []}}
        except (Exception, SystemExit) as fault:  # noqa: BLE001 - whatever a county's rule raises is a fault of its
            words = described(fault)
            said = [f"the rules cannot be asked: {words}", f"无法向规则提问：{words}"]
            told = {"fault": {"kind": "PolicyError", "text": said, "faults": []}}
        out.write(msgspec.json.encode(told) + b"\n")
        out.flush()
        return "answer" in told  # type: ignore[operator]

    read = sys.stdin.buffer
    what, named = msgspec.json.decode(read.readline())
    side: list[LocalSide] = []

    def open_() -> object:
        localities, codes = find(what)
        side.append(LocalSide(localities, Path(what) if named else None))
        return list(codes)

    if not tell(open_):
        return
    for line in read:
        question, code, given = msgspec.json.decode(line)

        def answer(question: str = question, code: str = code, given: list[object] = given) -> object:
            side[0].begin(question, code, *given)
            return msgspec.Raw(side[0].written())

        tell(answer)


def _pair(text: Text) -> list[str]:
    return [text.en, text.zh]


def _fault(told: dict[str, Any]) -> GovernflowError:
    en, zh = told["text"]
    if told["kind"] == "PolicyError":
        return PolicyError(en, zh, [Text(*one) for one in told["faults"]])
    return _KINDS[told["kind"]](en, zh)
