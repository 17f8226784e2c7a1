"""What the law of pure rulings watches, and how: files, clocks, dice, odd objects; whatever was replaced comes back."""

import builtins
import gc
import os
import random  # noqa: TID251
import sys
import weakref
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from governflow import PolicyError, Text
from governflow.charter.answers.ask import asked
from governflow.charter.answers.collect import firsts
from governflow.charter.check import Failure, Subject, check
from governflow.charter.laws.escalation import ladders
from governflow.charter.lives.scenarios import lives, pool
from governflow.charter.model import LAWS, Law
from governflow.isolation.environment import OTHER_DAYS, fields_read, machine_showing, plugin_modules
from governflow.isolation.literals import literals_of
from governflow.isolation.observer import Observer
from governflow.model.case import Case
from governflow.policy.plugin_paths import localities_named
from governflow.policy.registry import Localities

COUNTY = """
import os
import random
import time
from datetime import datetime

from governflow.policy.hookspecs import Locality, Ruling, hookimpl
from governflow.model.terms import Tier
from governflow.text import Text

WHY = Text("because", "理由")


@hookimpl
def governflow_locality():
    return Locality("990101", "河畔县", "Riverside County")


@hookimpl
def governflow_tier(case):
    {0}
"""
Write = Callable[..., Path]


@pytest.fixture
def county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a county that is one file; its hook of the tier is a line, or several."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def write(hook: str, name: str = "county.py", more: str = "") -> Path:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(COUNTY.replace("{0}", hook) + more, encoding="utf-8")
        return file

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def touched(file: Path) -> list[str]:
    """Ask a county about a case on another day, and give what was touched, each thing once."""
    localities, (code,) = localities_named(str(file))
    policy = localities.policy(code)
    watch = Observer(plugin_modules(policy))
    with watch.watching(OTHER_DAYS[0], 0.5):
        asked(watch.policy(policy), {})
    return list(dict.fromkeys(touch.what.en for touch in watch.touched))


def everything_replaced() -> list[object]:
    """Give what is replaced on another day, and in whose place."""
    import datetime  # whoever asks the module sees it
    import time

    return [
        *(datetime.datetime, datetime.date, time.localtime, time.clock_gettime, os.urandom, os.stat, os.uname),
        *(builtins.open, type(os.environ).__getitem__, random.getrandbits, random.Random.random, random.Random.seed),
        *(vars(random.Random).get("random"), vars(Case).get("place")),
    ]


# --- what is seen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "what"),
    [
        ("open(os.devnull, mode='a').close()", "looks at the file"),
        ("open(file=os.devnull).close()", "looks at the file"),
        ("os.close(os.open(path=os.devnull, flags=os.O_RDONLY))", "looks at the file"),
        ("open(__file__, mode='r+').close()", "looks at the file"),
        ("open(__file__ + '.tally', 'w').close()", "looks at the file"),
        ("os.stat(path=os.devnull)", "looks at the file"),
        ("os.listdir()", "looks at the file"),
        ("os.uname()", "asks beyond itself (uname)"),
        ("os.times()", "asks the machine for os.times()"),
        pytest.param(
            *("os.getrandom(4)", "asks the machine for os.getrandom()"),
            marks=pytest.mark.skipif(not hasattr(os, "getrandom"), reason="this system has no such call"),
        ),
        ("time.clock_gettime(0)", "asks the machine for time.clock_gettime()"),
        ("time.clock_gettime_ns(0)", "asks the machine for time.clock_gettime_ns()"),
        ("random.getrandbits(30)", "asks the machine for random.getrandbits()"),
        ("random.choice('ab')", "asks the machine for random.choice()"),
        ("random.Random().random()", "asks the machine for random.random()"),
        ("random.SystemRandom(7).random()", "asks the machine for random.random()"),
        ("datetime.now()", "asks the machine for datetime.now()"),
    ],
)
def test_what_a_hook_asks_for_is_seen_however_it_is_written(hook: str, what: str, county: Write) -> None:
    assert [one for one in touched(county(hook)) if one.startswith(what)] != []


def test_a_name_that_a_plugin_took_from_a_module_is_seen_too(county: Write) -> None:
    more = "\n\nfrom os import stat as look, uname as who\n"
    assert len(touched(county("look(os.devnull), who()", more=more))) == 2


def test_one_file_may_read_itself_and_nothing_that_lies_beside_it(county: Write) -> None:
    county("", "beside.py")
    assert touched(county("open(__file__).close()")) == []
    assert len(touched(county("open(os.path.dirname(__file__) + '/beside.py').close()"))) == 1


def test_a_package_may_read_its_own_folder_and_none_whose_name_only_begins_alike(tmp_path: Path) -> None:
    for name in ("plug", "plug-other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "table.csv").touch()
    home = {"__name__": "plug", "__package__": "plug", "__file__": str(tmp_path / "plug" / "__init__.py")}
    exec("def read(path):\n    open(path).close()", home)
    watch = Observer([home])
    with watch.watching(OTHER_DAYS[0], 0.5):
        home["read"](tmp_path / "plug" / "table.csv")
        assert watch.touched == []
        home["read"](tmp_path / "plug-other" / "table.csv")
    assert len(watch.touched) == 1


@pytest.mark.parametrize(
    "hook",
    [
        "assert random.Random(7).choice('abcdef') == 'c'",
        "assert random.Random(case.item).random() == random.Random(case.item).random()",
        "random.Random('a').shuffle([1, 2]), random.Random(7).getrandbits(9)",
    ],
)
def test_a_die_with_a_seed_draws_what_it_always_draws_and_is_no_chance(hook: str, county: Write) -> None:
    assert touched(county(hook)) == []


def test_a_die_that_loses_its_seed_is_chance_again(county: Write) -> None:
    hook = "die = random.Random(7); die.seed(); die.random()"
    assert touched(county(hook)) == ["asks the machine for random.random()"]


# --- names that are taken ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain.py", "calendar.py", "statistics.py", "case.py"])
def test_a_county_of_one_file_is_watched_whatever_its_name(name: str, county: Write) -> None:
    import calendar
    import statistics

    assert touched(county("datetime.now()", name)) == ["asks the machine for datetime.now()"]
    assert (sys.modules["calendar"], sys.modules["statistics"]) == (calendar, statistics)


def test_two_counties_of_one_name_are_two(county: Write) -> None:
    assert touched(county("return None", "one/county.py")) == []
    assert touched(county("datetime.now()", "two/county.py")) == ["asks the machine for datetime.now()"]


def test_a_county_of_a_taken_name_that_reads_the_clock_breaks_the_law(county: Write) -> None:
    hook = "return Ruling(Tier.TWO, WHY, 'T1') if datetime.now().month > 20 else None"
    localities, (code,) = localities_named(str(county(hook, "calendar.py")))
    (verdict,) = check(localities, code, laws=["ruling/pure"], case={}).verdicts
    assert (verdict.outcome, "datetime.now()" in verdict.failures[0].sentence.en) == ("failed", True)


def test_a_file_that_cannot_be_imported_leaves_no_half_module(county: Write) -> None:
    file = county("return None", more="\n\nraise RuntimeError('half')\n")
    before = set(sys.modules)
    with pytest.raises(PolicyError, match="half"):
        localities_named(str(file))
    assert [name for name in set(sys.modules) - before if name.startswith("county")] == []


# --- odd objects ------------------------------------------------------------------------------------------------------


ODD = """

class Odd:
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


ODD = {Odd(), "水库", Odd()}
"""


def test_what_cannot_be_shown_is_passed_over_as_words_are_collected(county: Write) -> None:
    localities, (code,) = localities_named(str(county("return None if ODD else None", more=ODD)))
    assert "水库" in literals_of(localities.policy(code)).texts


def test_a_law_that_cannot_be_begun_is_broken_and_the_others_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(subject: Subject) -> None:
        raise RuntimeError("no words")

    def holds(subject: Subject) -> Iterator[Failure]:
        return iter(())

    says = Text("it holds", "成立")
    laws = [Law(f"story/{name}", says, says, "exact", holds, ahead) for name, ahead in (("a", stumbles), ("b", None))]
    ended: list[object] = []
    monkeypatch.setattr(Subject, "dismiss", lambda subject: ended.append(subject))
    known = dict(LAWS)
    LAWS.clear()
    LAWS.update({law.id: law for law in laws})
    try:
        first, second = check(Localities(), "000000").verdicts
    finally:
        LAWS.clear()
        LAWS.update(known)
    assert (first.outcome, second.outcome, len(ended)) == ("failed", "passed", 1)
    assert "RuntimeError: no words" in first.failures[0].sentence.en


# --- afterwards -------------------------------------------------------------------------------------------------------


class Unwilling(dict[str, object]):
    """What a module holds, if it cannot be changed."""

    def __setitem__(self, name: str, value: object) -> None:
        raise RuntimeError("not here")


def test_what_was_replaced_comes_back_where_replacing_breaks_off() -> None:
    before = everything_replaced()
    home = Unwilling(__name__="county")
    for other_day in (
        machine_showing(OTHER_DAYS[0], [home]),
        Observer([home]).watching(OTHER_DAYS[0], 0.5),
        fields_read("place", 7),
    ):  # type: ignore[arg-type]
        with pytest.raises((RuntimeError, TypeError)), other_day:
            pass
        assert everything_replaced() == before


def test_what_was_replaced_is_other_on_another_day_and_the_same_afterwards() -> None:
    before = everything_replaced()
    with Observer([]).watching(OTHER_DAYS[0], 0.5), fields_read("place"):
        assert [one for one, old in zip(everything_replaced(), before, strict=True) if one is old] == []
    assert everything_replaced() == before


def test_a_module_of_a_plugin_first_imported_on_another_day_is_imported_again(county: Write, tmp_path: Path) -> None:
    (tmp_path / "helper_of_days.py").write_text("from datetime import date\nTODAY = date.today()\n", encoding="utf-8")
    localities, (code,) = localities_named(str(county("import helper_of_days")))
    policy = localities.policy(code)
    with machine_showing(OTHER_DAYS[0], plugin_modules(policy)):
        asked(policy, {})
        assert sys.modules["helper_of_days"].TODAY.year == 2031
    assert "helper_of_days" not in sys.modules


def test_anything_else_first_imported_on_another_day_keeps_no_other_day(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import datetime

    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "library_of_days.py").write_text("from datetime import date\n", encoding="utf-8")
    with machine_showing(OTHER_DAYS[0], ()):
        import library_of_days  # type: ignore[import-not-found]

        assert library_of_days.date.today().year == 2031
    assert isinstance(library_of_days, ModuleType)
    assert library_of_days.date is datetime.date
    monkeypatch.delitem(sys.modules, "library_of_days")


def test_what_was_found_of_a_locality_goes_with_it() -> None:
    subject = Subject(Localities(), "000000")
    list(islice(lives(subject), 2))
    list(islice(ladders(subject), 2))
    firsts(subject, [{}])
    assert pool(subject) == pool(subject)
    gone = weakref.ref(subject)
    del subject
    gc.collect()
    assert gone() is None
