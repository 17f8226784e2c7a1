import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from governflow import Case, CommandError, Engine, StoreError, hookimpl
from governflow.model.case import fold
from governflow.model.events import Event
from governflow.policy.registry import Localities
from governflow.stores import MemoryStore, SQLiteStore, Store
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def live(engine: Engine) -> None:
    """A little life: four cases, refusals, late facts, deadlines, personal data."""
    for number in range(4):
        engine.report(
            case_id=f"c{number}", at=plus(number), reporter="Wang", text=f"lamp {number}", command_id=f"r{number}"
        )
    engine.dispatch("c0", at=plus(2), command_id="d0")
    with pytest.raises(CommandError):
        engine.answer("c0", at=plus(50))
    engine.whistle("c0", at=plus(51), units=["department"], note="come")
    engine.advance(plus(60))
    engine.dispatch("c1", at=plus(30))
    engine.resolve("c2", at=plus(91))
    engine.answer("c2", at=plus(92), text="done")
    engine.suspend("c0", at=plus(93), until=plus(400))
    engine.forget("c3", at=plus(94))
    engine.advance(T0 + 5 * DAY)
    engine.switch_mode("000000", "emergency", reason="flood", at=T0 + 5 * DAY)


@pytest.fixture(params=[MemoryStore, SQLiteStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = MemoryStore() if request.param is MemoryStore else SQLiteStore(tmp_path / "cases.db")
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.db"


def engine_on(store: Store) -> Engine:
    return Engine(store, clock=ManualClock(T0), entropy=counted())


def everything(engine: Engine) -> list[Any]:
    return [(case, engine.history(case.id), engine.texts(case.id)) for case in engine.cases()]


# --- every store keeps the same -------------------------------------------------------------------------------------


def test_every_store_ends_with_the_same_events_and_the_same_head(store: Store) -> None:
    engine, other = engine_on(store), engine_on(MemoryStore())
    live(engine)
    live(other)
    assert everything(engine) == everything(other)
    assert engine.verify() == other.verify()


def test_the_fold_of_the_history_is_the_case(store: Store) -> None:
    engine = engine_on(store)
    live(engine)
    for case in engine.cases():
        assert fold(engine.history(case.id)) == case


def test_cases_come_in_the_order_of_their_reports(store: Store) -> None:
    engine = engine_on(store)
    for name in ("z", "a", "m"):
        engine.report(case_id=name)
    engine.dispatch("a")
    assert [case.id for case in engine.cases()] == ["z", "a", "m"]


def test_a_commands_id_is_any_bytes(store: Store) -> None:
    engine = engine_on(store)
    first = engine.report(command_id=b"\x00\xff")
    assert engine.report(command_id=b"\x00\xff") == first


def test_the_events_of_a_case_come_in_their_order_although_others_came_between(store: Store) -> None:
    engine = engine_on(store)
    live(engine)
    for case in engine.cases():
        assert [event.seq for event in engine.history(case.id)] == list(range(1, case.version + 1))


# --- the file ---------------------------------------------------------------------------------------------------------


def test_a_file_that_is_opened_again_holds_everything(path: Path) -> None:
    with Engine.open(path, clock=ManualClock(T0), entropy=counted()) as engine:
        live(engine)
        kept, head, now = everything(engine), engine.verify(), engine.now
    with Engine.open(path) as again:
        assert everything(again) == kept
        assert (again.verify(), again.now) == (head, now)
        assert again.report(case_id="c1", at=plus(1), command_id="r1").version == 1


def test_deadlines_are_kept_across_openings(path: Path) -> None:
    with Engine.open(path) as engine:
        engine.report(case_id="c", at=T0)
    with Engine.open(path) as again:
        assert [event.kind for event in again.advance(plus(6))] == ["warned", "breached", "urged"]
    with Engine.open(path) as again:
        assert again.advance(plus(6)) == ()


def test_a_file_that_must_exist_is_not_made(path: Path) -> None:
    with pytest.raises(StoreError):
        Engine.open(path, must_exist=True)
    assert not path.exists()


def test_a_file_that_is_no_store_is_refused_and_left_as_it_was(path: Path) -> None:
    path.write_text("name,phone\n" * 200)
    before = path.read_bytes()
    with pytest.raises(StoreError):
        Engine.open(path)
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE theirs (x)")
    database.commit()
    database.close()
    with pytest.raises(StoreError):
        Engine.open(path)


def test_a_store_that_does_not_exist_yet_is_named(path: Path) -> None:
    with pytest.raises(StoreError, match="postgresql"):
        Engine.open("postgresql://localhost/cases")


# --- two engines on one file ------------------------------------------------------------------------------------------


@pytest.fixture
def two(path: Path) -> Iterator[tuple[Engine, Engine]]:
    with Engine.open(path, clock=ManualClock(T0)) as one, Engine.open(path, clock=ManualClock(T0)) as other:
        yield one, other


def test_two_engines_on_one_file_see_each_others_cases(two: tuple[Engine, Engine]) -> None:
    one, other = two
    one.report(case_id="c")
    assert other.case("c").state == "reported"
    other.dispatch("c", at=plus(1))
    assert one.case("c").state == "dispatched"
    assert one.claim("c", at=plus(2)).version == 3
    assert other.history("c") == one.history("c")
    assert [case.id for case in other.cases()] == ["c"]


def test_two_engines_on_one_file_fire_each_deadline_once_between_them(two: tuple[Engine, Engine]) -> None:
    one, other = two
    one.report(case_id="c")
    other.report(case_id="d")
    assert {event.case for event in one.advance(plus(4.5))} == {"c", "d"}
    assert other.advance(plus(4.5)) == ()
    assert [event.kind for event in other.advance(plus(5.5))] == ["breached", "urged"] * 2
    assert one.advance(plus(5.5)) == ()


def test_two_engines_on_one_file_agree_how_far_time_has_come(two: tuple[Engine, Engine]) -> None:
    one, other = two
    one.advance(plus(10))
    assert other.now == plus(10)


def test_two_engines_on_one_file_know_each_others_command_ids(two: tuple[Engine, Engine]) -> None:
    one, other = two
    first = one.report(command_id="a")
    assert other.report(command_id="a") == first
    assert len(list(one.cases())) == 1


def test_two_engines_on_one_file_make_different_ids(two: tuple[Engine, Engine]) -> None:
    one, other = two
    assert one.report().id != other.report().id
    assert one.report().id not in {case.id for case in list(other.cases())[:2]}


def test_a_switch_of_mode_is_seen_by_the_other_engine(two: tuple[Engine, Engine]) -> None:
    one, other = two
    assert other.report(locality="371621").mode == "normal"
    one.switch_mode("371621", "emergency", reason="flood")
    assert other.report(locality="371621").mode == "emergency"


def test_the_other_engine_can_verify_what_one_has_written(two: tuple[Engine, Engine]) -> None:
    one, other = two
    one.report(case_id="c")
    head = other.verify()
    one.dispatch("c", at=plus(1))
    assert one.verify() == other.verify() != head
    other.verify(against=head)


def test_a_listing_begun_before_the_other_engine_writes_goes_on(two: tuple[Engine, Engine]) -> None:
    one, other = two
    for number in range(5):
        one.report(case_id=f"c{number}")
    listing = other.cases()
    assert next(listing).id == "c0"
    one.report(case_id="c9")
    other.dispatch("c3", at=plus(1))
    assert {"c1", "c2", "c3", "c4"} <= {case.id for case in listing}


def test_two_engines_on_one_file_may_write_at_the_same_time(path: Path) -> None:
    problems: list[BaseException] = []

    def work(name: str) -> None:
        try:
            with Engine.open(path, clock=ManualClock(T0)) as engine:
                for number in range(25):
                    engine.report(case_id=f"{name}{number}", command_id=f"{name}{number}")
        except BaseException as problem:  # noqa: BLE001 - the test names it
            problems.append(problem)

    Engine.open(path).close()
    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with Engine.open(path) as engine:
        assert len(list(engine.cases())) == 100
        engine.verify()


# --- after the commit -------------------------------------------------------------------------------------------------


class Looking:
    """A locality that looks into the file through a connection of its own whenever it is told something."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[tuple[int, int]] = []

    @hookimpl
    def governflow_recorded(self, event: Event) -> None:
        database = sqlite3.connect(self.path)
        (kept,) = database.execute("SELECT count(*) FROM events").fetchone()
        database.close()
        self.seen.append((event.seq, kept))


def test_plugins_are_told_after_the_commit(path: Path) -> None:
    plugin = Looking(path)
    with Engine.open(path) as engine:
        engine.localities.register("371621", plugin)
        engine.report(case_id="c", locality="371621", at=T0)
        engine.dispatch("c", at=plus(2))
        assert plugin.seen == [(1, 1), (2, 2)]
        engine.advance(plus(2) + 45 * MINUTE)
        assert plugin.seen[2:] == [(3, 5), (4, 5), (5, 5)]


class Refusing:
    """A locality that cannot be told anything, and one that can be."""

    def __init__(self, *, deaf: bool) -> None:
        self.deaf = deaf
        self.heard: list[tuple[str, str]] = []

    @hookimpl
    def governflow_recorded(self, event: Event, case: Case) -> None:
        if self.deaf:
            raise ConnectionError("no line")
        self.heard.append((case.id, event.kind))


def knowing(plugin: object) -> Localities:
    localities = Localities()
    localities.register("371621", plugin)
    return localities


def test_a_delivery_that_failed_is_made_when_the_file_is_opened_again(path: Path) -> None:
    with Engine.open(path, localities=knowing(Refusing(deaf=True))) as engine:
        engine.report(case_id="c", locality="371621", at=T0)
    hearing = Refusing(deaf=False)
    with Engine.open(path, localities=knowing(hearing)):
        assert hearing.heard == [("c", "reported")]


def test_a_delivery_waits_for_a_plugin_that_is_registered_after_the_opening(path: Path) -> None:
    with Engine.open(path, localities=knowing(Refusing(deaf=True))) as engine:
        engine.report(case_id="c", locality="371621", at=T0)
    hearing = Refusing(deaf=False)
    with Engine.open(path) as again:
        again.localities.register("371621", hearing)
        again.deliver()
        assert hearing.heard == [("c", "reported")]


# --- all or nothing ---------------------------------------------------------------------------------------------------


def test_events_deadlines_texts_and_command_ids_are_one_transaction(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the moment of writing: nothing of the command is there, and it can be sent again."""
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.localities.register("371621", Refusing(deaf=True))
        engine.report(case_id="c", locality="371621")
        before = everything(engine), engine.verify()
        (pages,) = engine.store._db.execute("PRAGMA page_count").fetchone()  # type: ignore[attr-defined]
        engine.store._db.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]
        with pytest.raises(StoreError):
            engine.dispatch("c", at=plus(10), note="x" * 100_000, command_id="d")
        assert (everything(engine), engine.verify()) == before
        engine.store._db.execute("PRAGMA max_page_count = 1000000")  # type: ignore[attr-defined]
        case = engine.dispatch("c", at=plus(10), note="x" * 100_000, command_id="d")
        assert (case.state, case.version) == ("dispatched", 5)
        assert len(engine.store.undelivered()) == 5


def tables(path: Path) -> dict[str, int]:
    database = sqlite3.connect(path)
    found = {
        name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for name in ("cases", "events", "texts", "commands", "outbox")
    }
    database.close()
    return found


def test_one_command_writes_its_event_text_id_and_outbox_together(path: Path) -> None:
    with Engine.open(path, localities=knowing(Refusing(deaf=True))) as engine:
        engine.report(case_id="c", locality="371621", at=T0, text="dark", command_id="a")
    assert tables(path) == {"cases": 1, "events": 1, "texts": 1, "commands": 1, "outbox": 1}


def test_in_bulk_a_refused_command_takes_nothing_of_the_others_with_it(path: Path) -> None:
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        with engine.in_bulk():
            engine.report(case_id="c")
            with pytest.raises(CommandError):
                engine.claim("c", at=plus(1))
            engine.dispatch("c", at=plus(2))
        assert [event.kind for event in engine.history("c")] == ["reported", "dispatched"]
        engine.verify()
    assert tables(path)["events"] == 2


def test_a_bulk_run_that_breaks_off_leaves_whole_commands(path: Path) -> None:
    def broken(engine: Engine) -> None:
        with engine.in_bulk():
            engine.report(case_id="d", command_id="d")
            raise ZeroDivisionError

    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.report(case_id="c", command_id="c")
        with pytest.raises(ZeroDivisionError):
            broken(engine)
        engine.verify()
        engine.report(case_id="d", command_id="d")
        engine.dispatch("d", at=plus(1))
        engine.verify()
    assert tables(path) == {"cases": 2, "events": 3, "texts": 0, "commands": 2, "outbox": 0}


# --- killed at any moment ---------------------------------------------------------------------------------------------

LOOP = """
import sys
from datetime import UTC, datetime, timedelta
from governflow import Engine

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
engine = Engine.open(sys.argv[1])
for number in range(400):
    at = T0 + timedelta(minutes=number)
    engine.report(case_id=f"c{number}", at=at, text="dark " * 50, reporter="Wang", command_id=f"r{number}")
    print(f"r{number}", flush=True)
    engine.dispatch(f"c{number}", at=at + timedelta(minutes=3), note="go", command_id=f"d{number}")
    print(f"d{number}", flush=True)
    if number % 10 == 9 and (engine.now is None or at > engine.now):
        engine.advance(at)
"""


@pytest.fixture
def loop(path: Path) -> Callable[[], subprocess.Popen[str]]:
    def start() -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", LOOP, str(path)], stdout=subprocess.PIPE, text=True)

    return start


def commands(path: Path) -> set[str]:
    database = sqlite3.connect(path)
    found = {bytes(key).decode() for (key,) in database.execute("SELECT id FROM commands")}
    database.close()
    return found


@pytest.mark.slow
def test_a_process_killed_at_any_moment_loses_nothing_acknowledged_and_doubles_nothing(
    path: Path, loop: Callable[[], subprocess.Popen[str]]
) -> None:
    acknowledged: set[str] = set()
    for lines in (1, 7, 40, 111):
        process = loop()
        assert process.stdout is not None
        for _ in range(lines):
            acknowledged.add(process.stdout.readline().strip())
        os.kill(process.pid, signal.SIGKILL)
        # What was printed before the kill was acknowledged too.
        acknowledged |= set(process.stdout.read().split("\n")[:-1])
        process.stdout.close()
        process.wait()
        assert acknowledged <= commands(path)
        with Engine.open(path) as engine:
            engine.verify()
    process = loop()
    assert process.stdout is not None
    process.stdout.read()
    process.stdout.close()
    assert process.wait() == 0
    with Engine.open(path) as engine:
        engine.verify()
        assert [case.id for case in engine.cases()] == [f"c{number}" for number in range(400)]
        for case in engine.cases():
            kinds = [event.kind for event in engine.history(case.id)]
            assert kinds.count("reported") == kinds.count("dispatched") == 1
            assert len(engine.texts(case.id)) == 2


# --- large stores, broken disks, many hands ---------------------------------------------------------------------------


def crowd(engine: Engine) -> None:
    """Nine cases with many moments in common, in bulk and not, so that every page and every cache runs over."""
    with engine.in_bulk():
        for number in range(9):
            engine.report(case_id=f"c{number}", at=plus(number // 4))
    engine.advance(plus(3))
    engine.act("note", "c7", at=plus(3), text="seen")
    engine.dispatch("c2", at=plus(4))
    engine.advance(plus(4.5))
    engine.suspend("c2", at=plus(20), until=plus(90))
    engine.resolve("c5", at=plus(30))
    engine.advance(T0 + 3 * DAY)


@pytest.mark.parametrize("page", [1, 2, 3, 1000])
def test_pages_caches_and_batches_of_any_size_leave_the_same_ledger(tmp_path: Path, page: int) -> None:
    store = SQLiteStore(tmp_path / "small.db", page=page, cached=2, bulk_size=3)
    engine, other = engine_on(store), engine_on(MemoryStore())
    crowd(engine)
    crowd(other)
    assert engine.verify() == other.verify()
    engine.close()


def test_advancing_over_many_cases_keeps_few_of_them_in_memory(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "many.db", page=10, cached=20, bulk_size=50)
    engine = engine_on(store)
    with engine.in_bulk():
        for number in range(300):
            engine.report(case_id=f"c{number}", at=T0)
        engine.advance_quietly(plus(200))
    assert len(store._cases) <= 50
    engine.close()


def test_a_full_disk_in_a_bulk_run_is_told_and_leaves_whole_batches_only(path: Path) -> None:
    store = SQLiteStore(path, bulk_size=50)
    engine = engine_on(store)
    store._db.execute("PRAGMA max_page_count = 40")

    def fill() -> None:
        with engine.in_bulk():
            for number in range(2000):
                engine.report(case_id=f"c{number}", at=plus(number), text="x" * 200)

    with pytest.raises(StoreError, match="full"):
        fill()
    engine.close()
    with Engine.open(path) as again:
        again.verify()
        kept = [case.id for case in again.cases()]
    assert kept == [f"c{number}" for number in range(len(kept))]
    assert len(kept) % 50 == 0


def test_looking_at_all_cases_ends_no_other_threads_transaction(path: Path) -> None:
    looked = threading.Event()

    class Looking(ManualClock):
        engine: Engine

        def now(self) -> datetime:
            if threading.current_thread() is threading.main_thread() and hasattr(self, "engine"):
                other = threading.Thread(target=lambda: (list(self.engine.cases()), looked.set()))
                other.start()
                looked.wait(0.2)  # it has to wait for the lock, and gets it when the command is done
            return super().now()

    clock = Looking(T0)
    engine = Engine.open(path, clock=clock)
    engine.report(case_id="a", at=T0)
    clock.engine = engine
    engine.report(case_id="b", at=T0)
    assert looked.wait(5)
    with sqlite3.connect(path) as other:
        assert [name for (name,) in other.execute("SELECT id FROM cases ORDER BY number")] == ["a", "b"]
    engine.close()


def test_what_cannot_be_written_leaves_the_ledger_whole(store: Store) -> None:
    engine = engine_on(store)
    engine.report(case_id="c", at=T0)
    engine.dispatch("c", at=plus(1))
    with pytest.raises(CommandError, match="half a character"):
        engine.whistle("c", units=["\ud800"], at=plus(2))
    engine.verify()
    assert engine.case("c").version == 2


def test_a_damaged_file_is_told_as_such(path: Path) -> None:
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        for number in range(200):
            engine.report(case_id=f"c{number}", at=T0, text="x" * 300)
    content = bytearray(path.read_bytes())
    content[8192:40960] = b"\xff" * (40960 - 8192)
    path.write_bytes(bytes(content))

    def check() -> None:
        with Engine.open(path) as engine:
            engine.verify()

    with pytest.raises(StoreError):
        check()


def test_a_delivery_that_waits_survives_an_update_of_its_plugin(store: Store) -> None:
    heard: list[str] = []

    class Plugin:
        broken = True

        @hookimpl
        def governflow_recorded(self, event: Event) -> None:
            if self.broken:
                raise OSError("no network")
            heard.append(event.kind)

    plugin = Plugin()
    engine = engine_on(store)
    engine.localities.register("371621", plugin)
    engine.report(case_id="c", locality="371621", at=T0)
    engine.dispatch("c", at=plus(1))
    assert [name for _, name in store.undelivered()] == ["371621", "371621"]
    plugin.broken = False
    assert engine.deliver() == 0
    assert heard == ["reported", "dispatched"]


def test_texts_that_wait_to_be_written_are_found_and_go_on_waiting(tmp_path: Path) -> None:
    """Every command may ask for them: in a bulk run nothing else has to be brought into the file for their sake."""
    store = SQLiteStore(tmp_path / "waiting.db")
    engine = Engine(store)
    with engine.in_bulk():
        engine.report(case_id="a", text="路灯不亮", at=T0)
        engine.note("a", text="灯杆已倾斜", at=T0 + timedelta(minutes=1))
        engine.report(case_id="b", at=T0 + timedelta(minutes=2))
        inserted: list[str] = []
        store._db.set_trace_callback(inserted.append)
        waiting = store.texts("a")
        assert [msgspec.json.decode(content)["text"] for _, content in waiting.values()] == ["路灯不亮", "灯杆已倾斜"]
        assert store.texts("b") == store.texts("nobody") == {}
        assert not [statement for statement in inserted if statement.startswith("INSERT")]
    assert store.texts("a") == waiting
    engine.close()
