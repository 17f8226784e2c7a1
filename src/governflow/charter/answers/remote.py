"""The same questions in another process, which begins with nothing (另起进程再问).

There the order of sets is another one, nothing is kept from an earlier question, and plugins may be left out. It may be
another day there, in another zone, with other luck and another environment from before a plugin is imported.
"""

import base64
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import attrs
import msgspec

from governflow.charter.answers.ask import Answer, asked
from governflow.charter.cases.reported import ReportedCase
from governflow.charter.cases.systematic import timed
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.errors import PolicyError, described
from governflow.isolation.environment import LUCK, OTHER_DAYS, on
from governflow.isolation.tampering import meddled, ours
from governflow.model.clocks import RecordedRuling
from governflow.model.faults import HookFault
from governflow.model.terms import Severity, Urgency
from governflow.policy.builtin import defaults
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.text import Text

#: So many cases of another locality are asked.
_FEW = 40
#: How long a second interpreter may take, in seconds: it gives way to everything else on a busy machine.
PATIENCE = 300
#: So much of what a second interpreter complained of is told.
_COMPLAINT = 200
# Answers have a way of their own: what a plugin prints goes elsewhere. What governflow stands on is imported before a
# plugin's folder, which may hold a file of the same name, comes first.
_BOOT = (
    "import json, os, sys; out = os.fdopen(os.dup(1), 'wb'); os.dup2(2, 1); job = json.load(sys.stdin); "
    "sys.path += job['path']; from governflow.charter.answers.remote import answer; "
    "sys.path[:] = job['path']; answer(job, out)"
)
#: What a rule might go by that is another on another machine.
_ENVIRONMENT = {
    "USER": "somebody",
    "LOGNAME": "somebody",
    "USERNAME": "somebody",
    "HOSTNAME": "elsewhere",
    "TZ": "Pacific/Kiritimati",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
}


class Said(msgspec.Struct):
    """What the rules said of one case in another process.

    Args:
        digest: The answer's digest.
        rulings: Its rulings.
        faults: What failed.
        told: The case.
    """

    digest: str
    rulings: list[RecordedRuling]
    faults: list[HookFault]
    told: dict[str, Any]

    @property
    def answer(self) -> Answer:
        """Return it as an answer that can be compared, as far as it came here."""
        return Answer(self.told, None, None, tuple(self.rulings), tuple(self.faults))


class Heard(msgspec.Struct):
    """What came back from another process.

    Args:
        cases: Per locality, what was said of its cases, in their order.
        meddled: What of governflow's own was changed there.
        refused: Why the rules of a locality could not be loaded there.
    """

    cases: dict[str, list[Said]]
    meddled: list[str]
    refused: dict[str, Text]


@attrs.frozen
class WorkerEnvironment:
    """How another process is unlike this one.

    Args:
        seed: What its hashes start from; it says in which order a set gives its members.
        backwards: Whether the gravest case is asked first, and not the plainest.
        day: Which of the other days it is there, and which luck; today by default.
        without: Codes that are left out there.
        first: Codes whose rules are loaded before anybody looks at what is changed.
        variables: Names of variables of the environment that are set there.
    """

    seed: int = 1
    backwards: bool = False
    day: int | None = None
    without: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


class Worker:
    """A second interpreter at work. Whoever begins one has to take its `answers` or to `stop` it.

    Args:
        localities: What is registered here is registered there.
        cases: The cases of each locality, asked in this order; None where it takes `few` of its own.
        how: How it is unlike this one.
    """

    def __init__(
        self, localities: Localities, cases: Mapping[str, Sequence[ReportedCase] | None], how: WorkerEnvironment
    ) -> None:
        #: Why there are no answers, where there are none.
        self.why: Text | None = None
        #: Whether it could be begun, and whether it was too late.
        self.begun = self.late = False
        self._process: subprocess.Popen[bytes] | None = None
        self._heard: Heard | None = None
        job = _job(localities, cases, how)
        if isinstance(job, Text):
            self.why = job
            return
        self._files = ExitStack()
        folder = Path(self._files.enter_context(tempfile.TemporaryDirectory()))
        (folder / "job").write_text(json.dumps(job), encoding="utf-8")
        self._answers, self._complaints = folder / "answers", folder / "complaints"
        try:
            with (
                (folder / "job").open("rb") as given,
                self._answers.open("wb") as taken,
                self._complaints.open("wb") as printed,
            ):
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _BOOT],
                    stdin=given,
                    stdout=taken,
                    stderr=printed,
                    env=_environment(how),
                )
        except OSError as fault:
            self._files.close()
            self.why = _died(described(fault))
            return
        self.begun = True

    def answers(self, patience: float = PATIENCE) -> Heard | None:
        """Wait for the answers; None where there are none, and `why` says why.

        Args:
            patience: How long to wait, in seconds.
        """
        if self._process is not None:
            try:
                status = self._process.wait(patience)
                self._heard = msgspec.json.decode(self._answers.read_bytes(), type=Heard)
            except subprocess.TimeoutExpired:
                self.late = True
                self.why = Text(
                    f"a second interpreter gave no answer in time ({patience:.0f} s)",
                    f"另起的进程未及时作答（{patience:.0f} 秒）",
                )
            except msgspec.DecodeError:
                lines = self._complaints.read_text(encoding="utf-8", errors="replace").split("\n")
                last = next((line.strip() for line in reversed(lines) if line.strip()), "")
                self.why = _died(f"status {status}{': ' if last else ''}{last[:_COMPLAINT]}")
            finally:
                self.stop()
        return self._heard

    def stop(self) -> None:
        """End it, if it is still at work."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._files.close()


def patience(subject: Subject) -> float:
    """Return how long to wait for another process: a search does not wait for long."""
    return 1 + subject.left if subject.level == "search" else PATIENCE


def answered(subject: Subject, name: str) -> Heard | Failure | Text:
    """Wait for what was begun under a name, and give its answers.

    Returns:
        The answers; a failure where a process was begun that could not answer; or why nobody could be asked: a plugin
        cannot be taken elsewhere, or the time of a search is up.
    """
    there: Worker = subject.begun[name]
    heard = there.answers(patience(subject))
    if heard is not None:
        return heard
    assert there.why is not None
    if not there.begun or (there.late and subject.level == "search"):
        return there.why
    sentence = Text(f"another process could not answer: {there.why.en}", f"另一进程无法作答：{there.why.zh}")
    return Failure(sentence, look_at=f"the plugin of {subject.code}", suggestion=_EVERYWHERE)


def unloadable(subject: Subject, code: str, there: Heard, when: Text) -> Failure:
    """Tell that rules which can be loaded elsewhere cannot be loaded in another process, and why."""
    why = there.refused[code]  # it says whose rules
    sentence = Text(f"{when.en}, {why.en}", f"{when.zh}，{why.zh}")
    return Failure(sentence, look_at=f"the plugin of {subject.code}", suggestion=_EVERYWHERE)


_EVERYWHERE = Text(
    "a plugin is imported, loaded and asked in the same way on every machine, whatever else is installed there",
    "无论在哪台机器上、装有哪些其他插件，插件的导入、加载和作答都应相同",
)


def _died(how: str) -> Text:
    return Text(f"a second interpreter broke off ({how})", f"另起的进程中断（{how}）")


def _environment(how: WorkerEnvironment) -> dict[str, str]:
    found = {**os.environ}
    if how.day is not None:
        # A name that is there is missing there; one that is not is set to what switches most things on.
        missing = {name: "1" for name in how.variables if name not in found}
        found = {name: value for name, value in found.items() if name not in how.variables} | missing | _ENVIRONMENT
    return found | {"PYTHONHASHSEED": str(how.seed), "PYTHONIOENCODING": "utf-8"}


def _job(
    localities: Localities, cases: Mapping[str, Sequence[ReportedCase] | None], how: WorkerEnvironment
) -> dict[str, Any] | Text:
    """Write down what is to be asked, or say which plugin cannot be taken elsewhere."""
    plugins = []
    for code, plugin in localities.registered.items():
        if code in how.without or plugin is defaults:
            continue
        packed = _packed(plugin)
        if packed is None:
            return Text(
                f"the plugin of {code} cannot be imported in a second interpreter: it was made inside a function, or "
                "keeps what cannot be copied",
                f"{code} 的插件无法在另一进程中导入：它在函数内部生成，或保存了无法复制的内容",
            )
        plugins.append({"code": code, **packed})
    return {
        "path": sys.path,
        "plugins": plugins,
        "without": how.without,
        "first": how.first,
        "day": how.day,
        "cases": {**cases},
        "backwards": how.backwards,
    }


def _packed(plugin: object) -> dict[str, Any] | None:
    """Return how to come by a plugin in another interpreter."""
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(type(plugin).__module__)
    file = getattr(module, "__file__", None)
    if module is None or module.__name__ == "__main__" or file is None:
        return None
    home = {"module": module.__name__, "file": file}
    if module is plugin:
        return home
    try:
        return {**home, "pickle": base64.b64encode(pickle.dumps(plugin)).decode()}
    except Exception:  # noqa: BLE001 - whatever cannot be taken elsewhere stays here
        return None


# --- there ------------------------------------------------------------------------------------------------------------


def answer(job: Mapping[str, Any], out: BinaryIO) -> None:
    """Answer a job of `Worker`; called in the second interpreter.

    Args:
        job: What is asked.
        out: Where the answer goes.
    """
    with ExitStack() as stack:
        if job["day"] is not None:
            moment: datetime = OTHER_DAYS[job["day"]]
            stack.enter_context(on(moment, (), LUCK[job["day"]]))
        localities = Localities(without=job["without"])
        above = set(job["first"])
        _register(localities, job["plugins"], above)
        for code in job["first"]:
            try:
                localities.policy(code)
            except PolicyError:
                continue  # told where that one is checked
        before = ours()
        _register(localities, job["plugins"], {packed["code"] for packed in job["plugins"]} - above)
        given, refused = {}, {}
        for code, cases in job["cases"].items():
            try:
                policy = localities.policy(code)
            except PolicyError as fault:
                refused[code] = fault.text
                continue
            asking: list[ReportedCase] = few(policy) if cases is None else cases
            order = (
                sorted(range(len(asking)), key=lambda place: _gravity(asking[place]))
                if job["backwards"]
                else range(len(asking))
            )
            answers = {place: asked(policy, asking[place]) for place in order}
            given[code] = [
                Said(one.digest, list(one.rulings), list(one.faults), {**one.told})
                for _, one in sorted(answers.items())
            ]
    with out:
        out.write(msgspec.json.encode(Heard(given, list(meddled(before)), refused)))


def _gravity(told: ReportedCase) -> tuple[int, int, int]:
    """Put what is graver first: what an answer is kept from, elsewhere, is then as unlike as can be."""
    urgency, severity = told.get("urgency", Urgency.NORMAL), told.get("severity", Severity.GENERAL)
    return -tuple(Urgency).index(Urgency(urgency)), -tuple(Severity).index(Severity(severity)), -len(told)


def few(policy: Policy) -> list[ReportedCase]:
    """Return a few cases of every sort."""
    every = list(timed(policy))
    return every[:: 1 + len(every) // _FEW]


def _register(localities: Localities, plugins: Iterable[Mapping[str, Any]], codes: set[str]) -> None:
    for packed in plugins:
        if packed["code"] in codes:
            localities.register(packed["code"], _unpacked(packed))


def _unpacked(packed: Mapping[str, Any]) -> object:
    name = packed["module"]
    module = _imported(name)
    if getattr(module, "__file__", None) != packed["file"]:
        # Imported from its file under a name of its own, or of something else here.
        spec = spec_from_file_location(name, packed["file"])
        if spec is None or spec.loader is None:
            raise ImportError(f"{name} cannot be imported from {packed['file']}")
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
    return pickle.loads(base64.b64decode(packed["pickle"])) if "pickle" in packed else module


def _imported(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except ImportError:
        return None
