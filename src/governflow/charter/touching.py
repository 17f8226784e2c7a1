"""What rules touch as they are asked, and may not (裁定之外的接触): files, the environment, the case itself.

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import attrs

from governflow.case import Case
from governflow.charter.otherwise import on
from governflow.policy import Policy
from governflow.text import Text

#: What opens or looks for files, and what reaches beyond the process.
_FILES = (
    *((builtins, "open"), (io, "open"), (os, "open")),
    *((os, "stat"), (os, "listdir"), (os, "scandir")),
)
_BEYOND = ((socket.socket, "connect"), (socket, "gethostname"), (sqlite3, "connect"), (os, "getlogin"))


@attrs.frozen
class Touch:
    """Something that a hook asked for or changed.

    Args:
        what: What it was.
        where: The line of the plugin's code.
    """

    what: Text
    where: str


class Watch:
    """Sees what the modules of a stack's plugins ask for while `watching`.

    Args:
        homes: The modules.
    """

    def __init__(self, homes: Sequence[ModuleType]) -> None:
        self._homes = homes
        self._names = frozenset(module.__name__ for module in homes)
        self._own = tuple(str(Path(file).parent) for module in homes if (file := getattr(module, "__file__", None)))
        self._asking = ("", "")
        self.touched: list[Touch] = []

    @contextmanager
    def watching(self, moment: datetime, luck: float) -> Iterator[None]:
        """Let it be another moment and another luck, and see what is asked for; see `otherwise.on`."""
        saved: list[tuple[Any, str, object]] = []
        for place, name, instead in self._instead():
            saved.append((place, name, getattr(place, name)))
            setattr(place, name, instead)
        try:
            with on(moment, self._homes, luck, self._machine):
                yield
        finally:
            for place, name, before in reversed(saved):
                setattr(place, name, before)

    def policy(self, policy: Policy) -> Policy:
        """Give a copy of the rules that sees which hook changes the case that it is given."""
        seeing = copy(policy)
        seeing._asked = {  # the same order of asking, each hook looked at
            hook: tuple((source, self._unchanging(source, hook, call)) for source, call in asked)
            for hook, asked in policy._asked.items()
        }
        return seeing

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
                    self.touched.append(Touch(what, f"{hook} of {source}"))

        return ask

    # what is asked for

    def _machine(self, what: str) -> bool:
        """Note that the machine's clock, its dice or its addresses were asked."""
        where = self._by()
        if where:
            self.touched.append(Touch(Text(f"asks the machine for {what}", f"取用了机器的 {what}"), where))
        return True

    def _instead(self) -> Iterator[tuple[Any, str, object]]:
        """Give what opens files and reads the environment, and what notes it and then does the same."""
        for module, name in _FILES:
            yield module, name, self._noting(getattr(module, name), self._file)
        for place, name in _BEYOND:
            yield place, name, self._noting(getattr(place, name), self._beyond)
        environ: Any = type(os.environ)
        yield environ, "__getitem__", self._noting(environ.__getitem__, self._variable)

    def _noting(self, real: Callable[..., Any], note: Callable[[str, tuple[Any, ...]], None]) -> Callable[..., Any]:
        def instead(*args: Any, **given: Any) -> Any:
            note(real.__name__, args)
            return real(*args, **given)

        return instead

    def _file(self, name: str, args: tuple[Any, ...]) -> None:
        where = self._by()
        if not where or not args or isinstance(args[0], int):
            return
        path = os.path.abspath(os.fsdecode(args[0]))
        mode = args[1] if len(args) > 1 else "r"
        writes = (
            any(sign in mode for sign in "wax+") if isinstance(mode, str) else bool(mode & (os.O_WRONLY | os.O_RDWR))
        )
        if writes or not path.startswith((*self._own, *_OF_PYTHON)):
            self.touched.append(Touch(Text(f"looks at the file {path}", f"读写了文件 {path}"), where))

    def _beyond(self, name: str, args: tuple[Any, ...]) -> None:
        if where := self._by():
            self.touched.append(Touch(Text(f"asks beyond itself ({name})", f"访问了外部（{name}）"), where))

    def _variable(self, name: str, args: tuple[Any, ...]) -> None:
        if where := self._by():
            self.touched.append(
                Touch(Text(f"reads the environment variable {args[-1]}", f"读取了环境变量 {args[-1]}"), where)
            )

    def _by(self) -> str:
        """Say which line of a plugin asked; nothing where it was the core, or a library that a plugin uses."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            name = str(frame.f_globals.get("__name__", ""))
            if name in self._names:
                hook, source = self._asking
                line = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
                return f"{hook or frame.f_code.co_name} ({line}) of {source}"
            if name != __name__ and name != on.__module__ and name.partition(".")[0] not in sys.stdlib_module_names:
                return ""
            frame = frame.f_back
        return ""


#: Where Python itself and what is installed lie: what a plugin reads there comes with it.
_OF_PYTHON = tuple(
    {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *site.getsitepackages(), "/usr/share/zoneinfo"}
)
