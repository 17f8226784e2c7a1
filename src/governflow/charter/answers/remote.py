"""The same questions in another process, which begins with nothing (另起进程再问).

There the order of sets is another one, nothing is kept from an earlier question, and plugins may be left out. It may be
another day there, in another zone, with other luck and another environment from before a plugin is imported.
"""

import base64
import os
import pickle
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import msgspec

from governflow.charter.answers.ask import PlainAnswer, asked
from governflow.charter.cases.reported import ReportedCase
from governflow.charter.cases.systematic import timed
from governflow.charter.model import Failure, the_plugin
from governflow.charter.subject import Subject
from governflow.errors import GovernflowError, PolicyError
from governflow.isolation.environment import LUCK, OTHER_DAYS, collecting_rarely, machine_showing
from governflow.isolation.worker import Worker, WorkerFailed
from governflow.model.terms import Severity, Urgency
from governflow.policy.builtin import defaults
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.text import Text

#: So many cases of another locality are asked.
_FEW = 40
#: How long a second interpreter may take, in seconds: it gives way to everything else on a busy machine.
PATIENCE = 300.0
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


class WorkerAnswers(msgspec.Struct):
    """What came back from another process."""

    #: Per locality, what was said of its cases, in their order.
    cases: dict[str, list[PlainAnswer]]
    #: What of governflow's own was changed there.
    tampered: list[str]
    #: Why the rules of a locality could not be loaded there.
    refused: dict[str, Text]


class WorkerEnvironment(msgspec.Struct, frozen=True):
    """How another process is unlike this one."""

    #: What its hashes start from: in which order a set gives its members.
    seed: int = 1
    #: Whether the gravest case is asked first, and not the plainest.
    backwards: bool = False
    #: Which of `OTHER_DAYS` it is there, and which of `LUCK`; today by default.
    day: int | None = None
    without: tuple[str, ...] = ()
    #: Codes whose rules are loaded before anybody looks at what is changed.
    first: tuple[str, ...] = ()
    #: Names of variables of the environment that are set there.
    variables: tuple[str, ...] = ()


class _Plugin(msgspec.Struct):
    """How to come by a plugin in another interpreter: its module, the module's file, and the object, pickled."""

    code: str
    module: str
    file: str
    pickled: str | None = None


class RemoteAnswers:
    """Answers of another process. Whoever begins one has to take its `answers` or to `stop` it.

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
        #: Whether another process could be asked at all, and whether it was too late.
        self.begun = self.late = False
        self._heard: WorkerAnswers | None = None
        try:
            plugins = [
                _packed(code, plugin)
                for code, plugin in localities.registered.items()
                if code not in how.without and plugin is not defaults
            ]
            self._worker = Worker(Respondent, seed=how.seed, environment=_environment(how))
        except GovernflowError as fault:
            self.why = fault.text
            return
        self.begun = True
        self._worker.ask(Respondent.answer, plugins, cases, how)

    def answers(self, patience: float = PATIENCE) -> WorkerAnswers | None:
        """Wait for the answers, which several laws may go by; None where there are none, and `why` says why."""
        if self._heard is None and self.why is None:
            try:
                with self._worker as worker:
                    self._heard = worker.answer(WorkerAnswers, patience)
            except GovernflowError as fault:
                self.late, self.why = isinstance(fault, WorkerFailed) and fault.late, fault.text
        return self._heard

    def stop(self) -> None:
        """End it, if it is still at work."""
        if self.begun:
            self._worker.stop()


def begin(
    subject: Subject, name: str, cases: Mapping[str, Sequence[ReportedCase] | None], how: WorkerEnvironment
) -> None:
    """Begin another process under a name, unless it was begun before; see `RemoteAnswers`."""
    if name not in subject.begun:
        subject.begun[name] = RemoteAnswers(subject.localities, cases, how)


def answered(subject: Subject, name: str) -> WorkerAnswers | Failure | Text:
    """Wait for what was begun under a name, and give its answers.

    Returns:
        The answers; a failure where a process was begun that could not answer; or why nobody could be asked: a plugin
        cannot be taken elsewhere, or the time of a search is up.
    """
    there: RemoteAnswers = subject.begun[name]
    # A search does not wait for long.
    heard = there.answers(1 + subject.left if subject.level == "search" else PATIENCE)
    if heard is not None:
        return heard
    assert there.why is not None
    if not there.begun or (there.late and subject.level == "search"):
        return there.why
    return unlike_elsewhere(
        subject, Text(f"another process could not answer: {there.why.en}", f"另一进程无法作答：{there.why.zh}")
    )


def unlike_elsewhere(subject: Subject, sentence: Text) -> Failure:
    """Tell that a plugin can be loaded or asked here, but not in another process."""
    return Failure(
        sentence,
        look_at=the_plugin(subject.code),
        suggestion=Text(
            "a plugin is imported, loaded and asked in the same way on every machine, whatever else is installed there",
            "无论在哪台机器上、装有哪些其他插件，插件的导入、加载和作答都应相同",
        ),
    )


def _environment(how: WorkerEnvironment) -> dict[str, str]:
    found = {**os.environ}
    if how.day is not None:
        # A name that is there is missing there; one that is not is set to what switches most things on.
        missing = {name: "1" for name in how.variables if name not in found}
        found = {name: value for name, value in found.items() if name not in how.variables} | missing | _ENVIRONMENT
    return found


def _packed(code: str, plugin: object) -> _Plugin:
    """Return how to come by a plugin; refuse one that cannot be taken elsewhere."""
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(type(plugin).__module__)
    file = getattr(module, "__file__", None)
    if module is not None and module.__name__ != "__main__" and file is not None:
        if module is plugin:
            return _Plugin(code, module.__name__, file)
        with suppress(Exception):  # whatever cannot be taken elsewhere stays here
            return _Plugin(code, module.__name__, file, base64.b64encode(pickle.dumps(plugin)).decode())
    raise GovernflowError(
        f"the plugin of {code} cannot be imported in a second interpreter: it was made inside a function, or keeps "
        "what cannot be copied",
        f"{code} 的插件无法在另一进程中导入：它在函数内部生成，或保存了无法复制的内容",
    )


# --- there ------------------------------------------------------------------------------------------------------------


class Respondent:
    """Asks the rules there: the job of a worker."""

    def answer(
        self, packed: object, cases_of: Mapping[str, Sequence[ReportedCase] | None], unlike: Mapping[str, Any]
    ) -> WorkerAnswers:
        """Register plugins, ask about cases, and look at what was changed of governflow itself."""
        plugins, how = msgspec.convert(packed, list[_Plugin]), msgspec.convert(unlike, WorkerEnvironment)
        elsewhere = machine_showing(OTHER_DAYS[how.day], (), LUCK[how.day]) if how.day is not None else nullcontext()
        with collecting_rarely(), elsewhere:
            localities = Localities(without=how.without)
            _register(localities, (plugin for plugin in plugins if plugin.code in how.first))
            for code in how.first:
                with suppress(PolicyError):  # told where that one is checked
                    localities.policy(code)
            before = governflow_state()
            _register(localities, (plugin for plugin in plugins if plugin.code not in how.first))
            answers, refused = {}, {}
            for code, cases in cases_of.items():
                try:
                    policy = localities.policy(code)
                except PolicyError as fault:
                    refused[code] = fault.text
                    continue
                answers[code] = _answers(policy, few(policy) if cases is None else cases, backwards=how.backwards)
        return WorkerAnswers(answers, list(changed_names(before)), refused)


def _answers(policy: Policy, cases: Sequence[ReportedCase], *, backwards: bool) -> list[PlainAnswer]:
    places = range(len(cases))
    order = sorted(places, key=lambda place: _gravity(cases[place])) if backwards else places
    answers = {place: asked(policy, cases[place]).plain for place in order}
    return [answers[place] for place in places]


def _gravity(reported_case: ReportedCase) -> tuple[int, int, int]:
    """Put what is graver first: what an answer is kept from, elsewhere, is then as unlike as can be."""
    urgency, severity = reported_case.get("urgency", Urgency.NORMAL), reported_case.get("severity", Severity.GENERAL)
    return -tuple(Urgency).index(Urgency(urgency)), -tuple(Severity).index(Severity(severity)), -len(reported_case)


def few(policy: Policy) -> list[ReportedCase]:
    """Return a few cases of every sort."""
    every = list(timed(policy))
    return every[:: 1 + len(every) // _FEW]


def _register(localities: Localities, plugins: Iterable[_Plugin]) -> None:
    for plugin in plugins:
        localities.register(plugin.code, _unpacked(plugin))


def _unpacked(plugin: _Plugin) -> object:
    module: ModuleType | None = None
    with suppress(ImportError):
        module = import_module(plugin.module)
    if getattr(module, "__file__", None) != plugin.file:
        # Imported from its file under a name of its own, or of something else here.
        spec = spec_from_file_location(plugin.module, plugin.file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{plugin.module} cannot be imported from {plugin.file}")
        module = sys.modules[plugin.module] = module_from_spec(spec)
        spec.loader.exec_module(module)
    return pickle.loads(base64.b64decode(plugin.pickled)) if plugin.pickled is not None else module


# --- what a plugin has changed there ----------------------------------------------------------------------------------

#: What is kept under a name: the value, and a copy of it where it can be changed in its place.
Kept = tuple[object, object]


def governflow_state() -> dict[tuple[str, str], Kept]:
    """Return what the modules of governflow and their classes hold, and what their tables, lists and sets hold."""
    found = {}
    for module in [one for name, one in sys.modules.items() if name.partition(".")[0] == "governflow"]:
        for name, value in vars(module).items():
            found[module.__name__, name] = _kept(value)
            if isinstance(value, type) and value.__module__ == module.__name__:
                found.update({(f"{module.__name__}.{name}", part): _kept(held) for part, held in vars(value).items()})
    return found


def _kept(value: object) -> Kept:
    return value, value.copy() if type(value) in (dict, list, set) else None  # type: ignore[attr-defined]


def _replaced(copy: object, now: object) -> bool:
    """Return whether an entry of a table was replaced or is gone, or a list or a set holds something else."""
    if isinstance(copy, dict) and isinstance(now, dict):
        return any(now.get(one) is not copy[one] for one in copy)  # a table may learn more
    if isinstance(copy, list) and isinstance(now, list):
        return [*map(id, copy)] != [*map(id, now)]
    return isinstance(copy, set) and copy != now


def changed_names(before: Mapping[tuple[str, str], Kept]) -> Iterable[str]:
    """Return what is another now: a name that means something else, or what it holds."""
    now = governflow_state()
    for key, (value, copy) in before.items():
        held, entries = now.get(key, (None, None))
        # What Python keeps of a module or a class for itself may change; so may `cached_property` and the like.
        if (held is not value or _replaced(copy, entries)) and not key[1].startswith("__"):
            yield ".".join(key)
