"""No English word and no raw value stands inside a Chinese sentence that an official reads."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import governflow
from governflow import Actor, Engine, GovernflowError
from governflow.model.events import EVENT_NAMES
from governflow.model.faults import SENTENCES
from governflow.model.terms import Cause, Exempt, Form, Kind, Mode, Outcome, Severity, Tier, Urgency, Verdict, Way
from governflow.testing import ManualClock

SOURCE = Path(governflow.__file__).parent
#: Where the sentences are made that officials read: what is refused, what happened, and what the papers say.
MADE_IN = [SOURCE / "errors.py", *(SOURCE / "engine").glob("*.py"), *(SOURCE / "reports").glob("*.py")]
MADE_IN += [SOURCE / "policy" / "roles.py", SOURCE / "model" / "terms.py", SOURCE / "model" / "events.py"]

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SEAT = Actor("坐席", "leader")

_CHINESE = re.compile("[一-鿿]")
_ENGLISH = re.compile("[A-Za-z]{2,}")
#: Names of things that have no Chinese one, for whoever writes a program: types and values of Python, and ourselves.
NAMES = frozenset({"True", "False", "Actor", "Merit", "to", "UTF", "CSV", "governflow", "UTC"})


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Return every Chinese text of a module but for docstrings, without what is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            inside.add(id(node.value))  # a docstring
        if isinstance(node, ast.JoinedStr):
            inside.update(map(id, node.values))
            told = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            told = re.sub(r"\{[^}]*\}", "", node.value)
        else:
            continue
        if _CHINESE.search(told):
            yield node.lineno, told


@pytest.mark.parametrize("path", MADE_IN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_english_word_stands_in_a_chinese_sentence(path: Path) -> None:
    found = [(line, text) for line, text in sentences(path) if set(_ENGLISH.findall(text)) - NAMES]
    assert found == []


def test_names_of_closed_sets_and_events_are_chinese() -> None:
    closed = (Cause, Exempt, Form, Kind, Mode, Outcome, Severity, Tier, Urgency, Verdict, Way)
    texts = [*EVENT_NAMES.values(), *(member.text for one in closed for member in one)]
    assert [text.zh for text in texts if _ENGLISH.search(text.zh) or not _CHINESE.search(text.zh)] == []
    assert all(_CHINESE.search(text.zh) for code, text in SENTENCES.items() if code not in ("raised", "refused"))


# --- what a caller is refused, with the values filled in --------------------------------------------------------------

Told = Callable[[Engine], Any]
REFUSED: dict[str, Told] = {
    "no such state": lambda engine: engine.answer("c", at=T0 + 2 * MINUTE),
    "with it already": lambda engine: engine.transfer("c", to="street", at=T0 + 2 * MINUTE),
    "no such unit": lambda engine: engine.transfer("c", to="", at=T0 + 2 * MINUTE),
    "downwards": lambda engine: engine.escalate("c", to="community", at=T0 + 2 * MINUTE),
    "not higher": lambda engine: engine.escalate("c", form="direct", at=T0 + 2 * MINUTE),
    "nobody summoned": lambda engine: engine.check_in("c", unit="street", at=T0 + 2 * MINUTE),
    "one unit": lambda engine: engine.whistle("c", units="street", at=T0 + 2 * MINUTE),
    "no clock": lambda engine: engine.extend("c", approved_by="x", reason="x", clock="查无", at=T0 + 2 * MINUTE),
    "no breach": lambda engine: engine.appeal("c", reason="x", at=T0 + 2 * MINUTE),
    "no appeal": lambda engine: engine.rule("c", granted=True, at=T0 + 2 * MINUTE),
    "no severity": lambda engine: engine.reclassify("c", severity="红", at=T0 + 2 * MINUTE),
    "urged from below": lambda engine: engine.urge("c", by=Actor("网格员", "community"), at=T0 + 2 * MINUTE),
    "before the report": lambda engine: engine.note("c", text="x", at=T0 - MINUTE),
    "judged by a unit": lambda engine: engine.evaluate(
        "a", satisfied=True, by=Actor("坐席", "leader"), at=T0 + 9 * MINUTE
    ),
    "contradiction": lambda engine: engine.evaluate("a", satisfied=True, score=1, at=T0 + 9 * MINUTE),
    "into itself": lambda engine: engine.merge("c", into="c", at=T0 + 2 * MINUTE),
    "taken id": lambda engine: engine.report(case_id="c", at=T0),
    "no such case": lambda engine: engine.note("9", text="x"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_no_raw_value_stands_in_what_a_caller_is_refused_with(which: str) -> None:
    engine = Engine.open(clock=ManualClock(T0))
    for name in ("a", "c"):
        engine.report(case_id=name, at=T0)
        engine.dispatch(name, to="street", at=T0 + MINUTE)
    engine.resolve("a", at=T0 + 2 * MINUTE)
    engine.answer("a", at=T0 + 3 * MINUTE)
    with pytest.raises(GovernflowError) as refused:
        REFUSED[which](engine)
    said = refused.value.text.zh
    assert _CHINESE.search(said)
    assert [word for word in _ENGLISH.findall(said) if word not in NAMES] == []
