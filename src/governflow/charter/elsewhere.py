"""The same questions in another process, which begins with nothing (另起进程再问).

There the order of sets is another one, nothing is kept from an earlier question, and plugins may be left out.
"""

import base64
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from governflow import defaults
from governflow.charter.asking import asked
from governflow.charter.subject import Told
from governflow.localities import Localities

#: What the hashes of other processes start from, and whether they ask backwards.
SEEDS = ((1, False), (2, True), (5, True))
#: How long a second interpreter may take, in seconds.
PATIENCE = 60
_BOOT = (
    "import json, sys; job = json.load(sys.stdin); sys.path[:] = job['path']; "
    "from governflow.charter.elsewhere import answer; answer(job)"
)


def elsewhere(
    localities: Localities,
    cases: Mapping[str, Sequence[Told]],
    *,
    without: Iterable[str] = (),
    seed: int = 1,
    backwards: bool = False,
) -> dict[str, list[str]] | None:
    """Ask in a second interpreter, which begins with nothing.

    Args:
        localities: What is registered here is registered there.
        cases: The cases of each locality.
        without: Codes that are left out there.
        seed: What its hashes start from; it says in which order a set gives its members.
        backwards: Whether the last case is asked first.

    Returns:
        The digest of each answer, in the order of the cases; None where a plugin cannot be taken there: it was made
        inside a function, or keeps what cannot be copied.
    """
    left_out = set(without)
    plugins = []
    for code, plugin in localities.registered.items():
        if code in left_out or plugin is defaults:
            continue
        packed = _packed(plugin)
        if packed is None:
            return None
        plugins.append({"code": code, **packed})
    job = {
        "path": sys.path,
        "plugins": plugins,
        "without": sorted(left_out),
        "cases": {**cases},
        "step": -1 if backwards else 1,
    }
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _BOOT],
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=PATIENCE,
            env=environment,
            check=False,
        )
        # A plugin may print: what is asked for comes last.
        given: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        return None
    return given


def _packed(plugin: object) -> dict[str, Any] | None:
    """Say how to come by a plugin in another interpreter."""
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(type(plugin).__module__)
    if module is None or module.__name__ == "__main__":
        return None
    home = {"module": module.__name__, "file": getattr(module, "__file__", None)}
    if module is plugin:
        return home
    try:
        return {**home, "pickle": base64.b64encode(pickle.dumps(plugin)).decode()}
    except Exception:  # noqa: BLE001 - whatever cannot be taken elsewhere stays here
        return None


def _unpacked(packed: Mapping[str, Any]) -> object:
    name = packed["module"]
    try:
        module = import_module(name)
    except ImportError:
        # A test's module, imported from its file under a name of its own.
        spec = spec_from_file_location(name, packed["file"])
        if spec is None or spec.loader is None:
            raise
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
    return pickle.loads(base64.b64decode(packed["pickle"])) if "pickle" in packed else module


def answer(job: Mapping[str, Any]) -> None:
    """Answer a job of `elsewhere` on standard output; called in the second interpreter."""
    localities = Localities(without=job["without"])
    for packed in job["plugins"]:
        localities.register(packed["code"], _unpacked(packed))
    given = {}
    for code, cases in job["cases"].items():
        policy = localities.policy(code)
        given[code] = [asked(policy, told).digest for told in cases[:: job["step"]]][:: job["step"]]
    sys.stdout.write(f"\n{json.dumps(given)}\n")
