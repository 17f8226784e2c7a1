"""A second interpreter that answers questions: started, asked, kept for the next job, and ended (另起进程).

A job is a class: the worker imports it by name, makes one of it, and each question calls a method of that name. Every
message is eight bytes with its length, then JSON. Where processes can fork, a worker has governflow imported and forks
for each job, so that a job begins with nothing of an earlier one; elsewhere it takes one job and ends. What plugins
print, or complain of, goes to a file.
"""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import IO, Any, ClassVar, TypeVar

import msgspec

from governflow.errors import CommandError, GovernflowError, JournalError, PolicyError, described
from governflow.text import Text

#: A module of its own, so that a worker needs no text with code in it.
_COMMAND = (sys.executable, "-P", "-m", "governflow.isolation.worker")
#: Whether a worker forks for each job. On macOS, system libraries do not survive a fork.
_FORKS = hasattr(os, "fork") and sys.platform != "darwin"
#: How long a job may take to end when it is asked nothing more, in seconds.
_PARTING = 5.0
#: So many interpreters are kept that have no job.
_MOST_IDLE = 8
#: So many characters of what a worker complained of last are repeated.
_COMPLAINT = 200
#: Variables that Python reads as it starts: a worker is kept for jobs that have the same values.
_AT_START = ("PYTHON", "LC_", "LANG", "TZ")

#: The folder in which governflow lies: it may be on this process's path alone.
_HOME = str(Path(__file__).parents[2])

_Answer = TypeVar("_Answer")


class WorkerFailed(GovernflowError):
    """A worker gave no answer: it ended, could not be started, was late, or the job raised what nobody expected.

    Args:
        how: What it ended of, or what was raised.
        status: The exit status of a worker that ended, or was ended; None otherwise.
        raised: What the job raised; "" if it raised nothing.
        patience: How long the worker was waited for in vain, in seconds; None if the time was not up.
    """

    def __init__(self, how: str, *, status: int | None = None, raised: str = "", patience: float | None = None) -> None:
        self.status, self.raised, self.late = status, raised, patience is not None
        en, zh = f"a second interpreter broke off ({how})", f"另起的进程中断（{how}）"
        if patience is not None:
            en = f"a second interpreter gave no answer in time ({patience:.0f} s)"
            zh = f"另起的进程未及时作答（{patience:.0f} 秒）"
        super().__init__(en, zh)


class _Fault(msgspec.Struct):
    """An error on its way: its class where a caller goes by it, its sentence, and the faults of a policy."""

    kind: str
    text: Text
    faults: list[Text] = []


class _Reply(msgspec.Struct):
    """An answer, a fault, or the status with which the process of a job ended."""

    answer: msgspec.Raw = msgspec.Raw(b"null")
    fault: _Fault | None = None
    ended: int | None = None


#: Errors that keep their class on the way: a caller's fault is reported otherwise than that of the rules.
_KINDS: dict[str, type[GovernflowError]] = {kind.__name__: kind for kind in (CommandError, JournalError, PolicyError)}


def encode(value: object) -> bytes:
    """Return a value as JSON; any mapping is an object."""
    return msgspec.json.encode(value, enc_hook=_as_dict)


def _as_dict(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(type(value).__name__)


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(8, "big") + message


def _write(out: IO[bytes], reply: _Reply) -> None:
    out.write(_framed(msgspec.json.encode(reply)))
    out.flush()


def _read(source: IO[bytes]) -> bytes | None:
    """Return the next message; None at the end. Not one byte more is read: what follows may be for another process."""
    found, wanted = b"", 8
    while len(found) < wanted:
        more = source.read(wanted - len(found))
        if not more:
            return None
        found += more
        if len(found) == 8:
            wanted = 8 + int.from_bytes(found, "big")
    return found[8:]


# --- whoever asks -----------------------------------------------------------------------------------------------------


class Worker:
    """A job in a second interpreter. Whoever begins one has to `close` or to `stop` it, or uses it in a ``with``.

    Args:
        job: A class that can be imported, and is made without arguments; its methods answer questions.
        seed: What hashes start from there: in which order a set gives its members.
        environment: All variables of the environment there; those of this process by default.

    Raises:
        WorkerFailed: If no interpreter can be started.
    """

    def __init__(self, job: type, *, seed: int, environment: Mapping[str, str] | None = None) -> None:
        variables = {**(os.environ if environment is None else environment)}
        variables |= {"PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": "utf-8"}
        # Not msgspec: names of files and variables may hold what is no UTF-8.
        self._begin = json.dumps(
            {
                "job": [job.__module__, job.__qualname__],
                "path": sys.path,
                "folder": str(Path.cwd()),
                "environment": variables,
            }
        ).encode()
        self._interpreter: _Interpreter | None = _Interpreter.taken(variables)
        self._ended = False
        self._printed = b""

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        self.close() if kind is None else self.stop()

    def ask(self, question: Callable[..., object], *given: object) -> None:
        """Put a question, a method of the job with plain values, without waiting for the answer."""
        if self._interpreter is not None:
            self._interpreter.send(*filter(None, [self._begin]), encode([question.__name__, given]))
            self._begin = b""

    def answer(self, kind: type[_Answer], patience: float) -> _Answer:
        """Wait for the answer to the question that was put last, at most ``patience`` seconds.

        Raises:
            WorkerFailed: If there is no answer; the worker is at its end then.
            GovernflowError: What the job raised of those that a caller goes by: `CommandError`, `JournalError`,
                `PolicyError`.
        """
        if self._interpreter is None:
            raise WorkerFailed("stopped")
        try:
            reply = self._interpreter.reply(patience)
        except Empty:
            self.stop()
            raise WorkerFailed("late", status=-signal.SIGKILL if _FORKS else 1, patience=patience) from None
        if reply.ended is not None:
            self._ended = True
            last = next(filter(None, map(str.strip, reversed(self.printed().split("\n")))), "")
            self.close()
            raise WorkerFailed(f"status {reply.ended}{': ' if last else ''}{last[:_COMPLAINT]}", status=reply.ended)
        if reply.fault is not None:
            raise _raised(reply.fault)
        return msgspec.json.decode(reply.answer, type=kind)

    def printed(self) -> str:
        """Return what the job has printed, or complained of, since this was asked last."""
        if self._interpreter is not None:
            self._printed += self._interpreter.complaints.read()
        printed, self._printed = self._printed, b""
        return printed.decode("utf-8", "replace")

    def close(self) -> None:
        """End the job, and keep the interpreter for another one."""
        if self._interpreter is None:
            return
        if self._begin or self._ended or self._interpreter.end_job():
            self._printed += self._interpreter.complaints.read()
            self._interpreter.leave()
            self._interpreter = None
        else:
            self.stop()

    def stop(self) -> None:
        """End the job at once, with the interpreter."""
        if self._interpreter is not None:
            self._interpreter.kill()
            self._interpreter = None


def _raised(fault: _Fault) -> GovernflowError:
    if fault.kind == "PolicyError":
        return PolicyError(fault.text.en, fault.text.zh, fault.faults)
    if fault.kind in _KINDS:
        return _KINDS[fault.kind](fault.text.en, fault.text.zh)
    return WorkerFailed(fault.text.en, raised=fault.text.en)


class _Interpreter:
    """A second Python at work, and the thread that talks to it: neither side ever waits for the other to read."""

    #: Those that have no job, the one that has waited longest first.
    idle: ClassVar[list["_Interpreter"]] = []
    _lock: ClassVar[Lock] = Lock()

    @classmethod
    def taken(cls, variables: Mapping[str, str]) -> "_Interpreter":
        """Return an interpreter that has no job: one that was kept, or a new one."""
        key = (os.getpid(), _COMMAND, frozenset(pair for pair in variables.items() if pair[0].startswith(_AT_START)))
        while True:
            with cls._lock:
                found = next((interpreter for interpreter in reversed(cls.idle) if interpreter._key == key), None)
                if found is None:
                    break
                cls.idle.remove(found)
            if found.process.poll() is None:
                found.complaints.read()
                return found
            found.kill()
        return cls(key, variables)

    def __init__(self, key: tuple[int, object, object], variables: Mapping[str, str]) -> None:
        #: By which process it was started, by which command, and with which variables that count at the start.
        self._key = key
        self._folder = tempfile.TemporaryDirectory()
        written = Path(self._folder.name) / "complaints"
        path = os.pathsep.join(filter(None, (variables.get("PYTHONPATH"), _HOME)))
        try:
            with written.open("wb") as complaints:
                self.process = subprocess.Popen(
                    _COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    env={**variables, "PYTHONPATH": path},
                    process_group=0 if _FORKS else None,
                )
        except OSError as fault:
            self._folder.cleanup()
            raise WorkerFailed(described(fault)) from fault
        self.complaints = written.open("rb")
        self._questions: SimpleQueue[bytes | None] = SimpleQueue()
        self._replies: SimpleQueue[bytes | None] = SimpleQueue()
        Thread(target=self._talk, daemon=True).start()

    def _talk(self) -> None:
        """Send each question and take its reply, until there is no more of either."""
        source, out = self.process.stdout, self.process.stdin
        assert source is not None and out is not None  # noqa: PT018 - both are pipes
        reply: bytes | None = b""
        while reply is not None and (messages := self._questions.get()) is not None:
            with contextlib.suppress(OSError):  # it is gone: what it left to say is read
                out.write(messages)
                out.flush()
            reply = _read(source)
            self._replies.put(reply)
        for pipe in (source, out):
            with contextlib.suppress(OSError):
                pipe.close()

    def send(self, *messages: bytes) -> None:
        """Send messages that get one reply."""
        self._questions.put(b"".join(map(_framed, messages)))

    def reply(self, patience: float) -> _Reply:
        """Wait for the reply; raises `queue.Empty` when the time is up."""
        reply = self._replies.get(timeout=patience)
        if reply is None:  # the process itself is at its end, not that of one job
            return _Reply(ended=self.process.wait())
        return msgspec.json.decode(reply, type=_Reply)

    def end_job(self) -> bool:
        """End the job, and return whether it ended by itself: a thread of a plugin's may keep it alive."""
        self.send(b"null")
        try:
            return self.reply(_PARTING).ended is not None
        except Empty:
            return False

    def leave(self) -> None:
        """Wait for another job, where this process can take one."""
        if not _FORKS or self.process.poll() is not None:
            self.kill()
            return
        with self._lock:
            self.idle.append(self)
            own = [interpreter for interpreter in self.idle if interpreter.is_own]
            longest = own[0] if len(own) > _MOST_IDLE else None
            if longest is not None:
                self.idle.remove(longest)
        if longest is not None:
            longest.kill()

    @property
    def is_own(self) -> bool:
        """Whether this very process started it, and not one that this is a fork of."""
        return self._key[0] == os.getpid()

    def kill(self) -> None:
        """End it and all that it started."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL) if _FORKS else self.process.kill()
        self.process.wait()
        self._questions.put(None)
        self.complaints.close()
        self._folder.cleanup()


@atexit.register
def _end_idle() -> None:
    while _Interpreter.idle:
        interpreter = _Interpreter.idle.pop()
        if interpreter.is_own:
            interpreter.kill()


# --- there ------------------------------------------------------------------------------------------------------------


def serve() -> None:
    """Take jobs on standard input until it ends; called in the second interpreter."""
    source = os.fdopen(os.dup(0), "rb", buffering=0)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a plugin prints is no answer
    while (message := _read(source)) is not None:
        begin = json.loads(message)
        module, name = begin["job"]
        # What governflow stands on is imported before a plugin's folder, which may hold a file of the same name,
        # comes first on the path.
        job = getattr(import_module(module), name)
        if not _FORKS:
            _work(job, begin, source, out)
            return
        child = os.fork()
        if not child:
            _in_child(job, begin, source, out)
        _write(out, _Reply(ended=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


def _in_child(job: Callable[[], object], begin: Mapping[str, Any], source: IO[bytes], out: IO[bytes]) -> None:
    status = 1
    try:
        _work(job, begin, source, out)
        status = 0
    except BaseException:  # noqa: BLE001 - this process ends here, whatever it was
        sys.excepthook(*sys.exc_info())
    finally:
        atexit._run_exitfuncs()  # a plugin may have something to do as it ends
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(status)


def _work(job: Callable[[], object], begin: Mapping[str, Any], source: IO[bytes], out: IO[bytes]) -> None:
    """Answer the questions of one job."""
    os.environ.clear()
    os.environ.update(begin["environment"])
    if hasattr(time, "tzset"):
        time.tzset()
    os.chdir(begin["folder"])
    sys.path[:] = begin["path"]
    answering = job()
    while (message := _read(source)) not in (None, b"null"):
        question, given = msgspec.json.decode(message)
        _write(out, _replied(getattr(answering, question), given))


def _replied(answer: Callable[..., object], given: Sequence[Any]) -> _Reply:
    try:
        return _Reply(msgspec.Raw(encode(answer(*given))))
    except GovernflowError as fault:
        kind = next((name for name, one in _KINDS.items() if isinstance(fault, one)), "CommandError")
        return _Reply(fault=_Fault(kind, fault.text, list(getattr(fault, "faults", ()))))
    except OSError as fault:
        words = f"{fault.strerror or fault}: {fault.filename or ''}"
        return _Reply(fault=_Fault("CommandError", Text(words, words)))
    except (Exception, SystemExit) as fault:  # noqa: BLE001 - whatever a county's rule raises is a fault of its
        words = described(fault)
        return _Reply(fault=_Fault("", Text(words, words)))


if __name__ == "__main__":
    # Under its own name: whoever answers imports this module too.
    import_module("governflow.isolation.worker").serve()
