"""A locality whose hooks can be made to fail for a while (规则失灵): what the layers below must then take over.

The twin of a locality answers as the locality does, until one of its hooks is told to fail. A hook that it does not
have fails all the same: a table of the same layer, or the layer below, has to answer.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from governflow.calendars.allowances import Allowance
from governflow.charter.subject import Subject
from governflow.model.clocks import ClockSpec
from governflow.model.terms import Kind
from governflow.policy.hook_checks import HOOKS
from governflow.policy.hookspecs import Assessment, Deadlines, Escalation, Route, Ruling, hookimpl
from governflow.text import Text

#: The hooks that may fail, and in how many ways each of them may.
FAILING = (
    "governflow_assess",
    "governflow_tier",
    "governflow_route",
    "governflow_deadlines",
    "governflow_escalate",
    "governflow_calendar",
    "governflow_authorise",
)
MANNERS = 4

_NOWHERE = "nowhere-at-all"
_WHY = Text("the charter makes this rule fail", "检验时使该规则失灵")
_ENDLESS = ClockSpec("resolve", _WHY, Allowance.parse("99999d"), frozenset({"dispatch"}), frozenset({"resolve"}))
#: Answers of the right type that make no sense.
_SENSELESS: dict[str, Any] = {
    "governflow_assess": Ruling(Assessment("hard", "soon"), _WHY, "fail"),  # type: ignore[arg-type]
    "governflow_tier": Ruling("2", _WHY, "fail"),
    "governflow_route": Ruling(Route(_NOWHERE, "direct"), _WHY, "fail"),  # type: ignore[arg-type]
    "governflow_deadlines": Deadlines((_ENDLESS,)),
    "governflow_escalate": Ruling(Escalation(Kind.TAKE_OVER, _NOWHERE, None, timedelta(0)), _WHY, "fail"),
    "governflow_calendar": _ENDLESS,
    "governflow_authorise": True,
}


class RuleFailed(Exception):
    """What a hook raises that is made to fail."""


class FaultInjector:
    """The twin of a locality: it has its hooks, and those of `FAILING` that the locality does not have."""

    def __init__(self, subject: Subject) -> None:
        own = subject.policy.layers[0]
        #: The failing hook and its manner.
        self.failing: tuple[str, int] | None = None
        #: The hooks that were asked while they failed.
        self.struck: set[str] = set()
        localities = subject.localities.anew()
        localities.register(own.code, self._hooks(own.plugin))
        self.subject = Subject(localities, subject.code)

    def fail(self, pick: int) -> str:
        """Let one hook fail from now on, and return its name; the others answer."""
        hook = FAILING[pick % len(FAILING)]
        self.failing = hook, pick // len(FAILING) % MANNERS
        return hook

    def mend(self) -> None:
        """Let every hook answer again."""
        self.failing = None

    def _hooks(self, plugin: object) -> object:
        hooks = _Hooks()
        for name in dir(plugin):
            function = getattr(plugin, name, None)
            mark = getattr(function, "governflow_impl", None)
            if callable(function) and isinstance(mark, dict):
                hook = mark.get("specname") or name
                setattr(hooks, name, self._failing(hook, function) if hook in FAILING else function)
        for hook in FAILING:
            if not hasattr(hooks, hook):
                setattr(hooks, hook, self._failing(hook, hookimpl(_silent)))
        assert set(vars(hooks)) <= HOOKS.keys() | set(dir(plugin))
        return hooks

    def _failing(self, hook: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def answer(*given: Any) -> Any:
            if self.failing is None or self.failing[0] != hook:
                return function(*given)
            self.struck.add(hook)
            manner = self.failing[1]
            if manner == 0:
                raise RuleFailed(_WHY.en)
            if manner == 1:
                raise SystemExit(_WHY.en)
            return "nonsense" if manner == 2 else _SENSELESS[hook]

        return answer


class _Hooks:
    """The hooks of a twin."""


def _silent() -> None:
    """A hook without an opinion."""


def twin(subject: Subject) -> FaultInjector | None:
    """Return the twin of a locality, made once; None for the defaults, below which nobody could answer."""
    return subject.once(FaultInjector) if len(subject.policy.layers) > 1 else None
