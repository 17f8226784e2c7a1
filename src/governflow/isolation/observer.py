"""Record what hooks do beside ruling: files, variables, sockets, changes of the case (裁定之外的接触).

A ruling hangs on the case and the context alone. What a hook asks for beside them is seen here, whether or not it made
a difference today: the one village in which it would is not among the examples.
"""

import builtins
import io
import os
import site
import socket
import sqlite3
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any

import attrs

from governflow.isolation.environment import Namespace, machine_showing, replacing
from governflow.model.case import Case
from governflow.model.rulings import RuleRef
from governflow.policy.stack import Policy
from governflow.text import Text

#: What opens or looks for files, and what reaches beyond the process.
_FILES = (
    *((builtins, "open"), (io, "open"), (os, "open")),
    *((os, "stat"), (os, "listdir"), (os, "scandir")),
)
_BEYOND = (
    *((socket.socket, "connect"), (socket, "gethostname"), (sqlite3, "connect")),
    *((os, name) for name in ("getlogin", "uname") if hasattr(os, name)),
)


#: The modules whose own frames stand between what is asked and who asks.
_WATCHING = (__name__, machine_showing.__module__)

#: What a function was given, by place or by name.
_Given = Mapping[int | str, Any]


@attrs.frozen
class SideEffect:
    """Something that a hook asked for or changed; ``where`` has the line of its code where that is known."""

    what: Text
    where: RuleRef


class Observer:
    """Sees what the modules of a stack's plugins, each given by what it holds, ask for while `watching`."""

    def __init__(self, homes: Sequence[Namespace]) -> None:
        self._homes = homes
        self._ids = frozenset(map(id, homes))
        self._own = tuple(own for home in homes if (own := _own(home)))
        self._asking = ("", "")
        self.touched: list[SideEffect] = []

    @contextmanager
    def watching(self, moment: datetime, luck: float) -> Iterator[None]:
        """Let it be another moment and another luck, and see what is asked for; see `machine_showing`."""
        with replacing() as put:
            shown = [(getattr(place, name), place, name, instead) for place, name, instead in self._instead()]
            by_id = {id(real): instead for real, _, _, instead in shown}
            for _, place, name, instead in shown:
                put(place, name, instead)
            for home in self._homes:  # from os import listdir
                for name, value in list(home.items()):
                    if id(value) in by_id:
                        put(home, name, by_id[id(value)])
            with machine_showing(moment, self._homes, luck, self._machine):
                yield

    def policy(self, policy: Policy) -> Policy:
        """Return a copy of the rules that sees which hook changes the case that it is given."""
        seeing = {  # the same order of asking, each hook looked at
            hook: tuple((source, self._unchanging(source, hook, call)) for source, call in asked)
            for hook, asked in policy.deciding.items()
        }
        return attrs.evolve(policy, deciding=seeing)

    def _unchanging(self, source: str, hook: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def ask(case: Case, context: Any, cause: Any) -> Any:
            before, facts = dict(case.__dict__), dict(case.facts)
            self._asking = (hook, source)
            try:
                return call(case, context, cause)
            finally:
                self._asking = ("", source)
                changed = [name for name, value in before.items() if case.__dict__.get(name) is not value]
                if changed or dict(case.facts) != facts:
                    listed = ", ".join(changed or ["facts"])
                    what = Text(f"changes the case that it is given ({listed})", f"改动了传入的事项（{listed}）")
                    self.touched.append(SideEffect(what, RuleRef(hook=hook, source=source)))

        return ask

    # what is asked for

    def _note(self, en: str, zh: str) -> None:
        """Note what a plugin asked for; what the core asks for, or a library that a plugin uses, is no matter."""
        where = self._by()
        if where:
            self.touched.append(SideEffect(Text(en, zh), where))

    def _machine(self, what: str) -> bool:
        """Note that the machine's clock, its dice or its addresses were asked."""
        self._note(f"asks the machine for {what}", f"取用了机器的 {what}")
        return True

    def _instead(self) -> Iterator[tuple[Any, str, object]]:
        """Return what opens files and reads the environment, and what notes it and then does the same."""
        for module, name in _FILES:
            yield module, name, self._noting(getattr(module, name), self._file)
        for place, name in _BEYOND:
            yield place, name, self._noting(getattr(place, name), self._beyond)
        environ: Any = type(os.environ)
        yield environ, "__getitem__", self._noting(environ.__getitem__, self._variable)

    def _noting(self, real: Callable[..., Any], note: Callable[[str, _Given], None]) -> Callable[..., Any]:
        def instead(*args: Any, **given: Any) -> Any:
            everything: _Given = dict(chain(enumerate(args), given.items()))
            note(real.__name__, everything)
            return real(*args, **given)

        return instead

    def _file(self, name: str, given: _Given) -> None:
        file = next((given[key] for key in (0, "file", "path") if key in given), None)
        if isinstance(file, int) or not self._by():
            return
        path = os.path.abspath(os.fsdecode("." if file is None else file))
        # ``os.open`` has flags, and a mode for the file that it makes.
        mode = given.get(1, given.get("flags", given.get("mode", "r")))
        writes = (
            any(sign in mode for sign in "wax+") if isinstance(mode, str) else bool(mode & (os.O_WRONLY | os.O_RDWR))
        )
        if writes or not any(path == own or path.startswith(f"{own}{os.sep}") for own in (*self._own, *_OF_PYTHON)):
            self._note(f"looks at the file {path}", f"读写了文件 {path}")

    def _beyond(self, name: str, given: _Given) -> None:
        self._note(f"asks beyond itself ({name})", f"访问了外部（{name}）")

    def _variable(self, name: str, given: _Given) -> None:
        self._note(f"reads the environment variable {given[1]}", f"读取了环境变量 {given[1]}")

    def _by(self) -> RuleRef | None:
        """Return which line of a plugin asked; None where it was the core, or a library that a plugin uses."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if id(frame.f_globals) in self._ids:
                hook, source = self._asking
                line = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
                return RuleRef(hook=hook or frame.f_code.co_name, source=source, line=line)
            name = str(frame.f_globals.get("__name__", ""))
            if name not in _WATCHING and name.partition(".")[0] not in sys.stdlib_module_names:
                return None
            frame = frame.f_back
        return None


def _own(home: Namespace) -> str:
    """Return the folder of a package's module; a module in no package has its one file alone."""
    file = home.get("__file__")
    if not file:
        return ""
    return os.path.abspath(Path(file).parent if home.get("__package__") else file)


#: Where Python itself and what is installed lie: what a plugin reads there comes with it.
_OF_PYTHON = tuple(
    {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *site.getsitepackages(), "/usr/share/zoneinfo"}
)
