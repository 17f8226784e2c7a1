import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from governflow import Actor, Engine, NotAllowed, StoreError, Tampered, UnknownCase
from governflow.model.events import Event, decode, encode
from governflow.stores import MemoryStore
from governflow.stores.store import commitment
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
REPORTER, PHONE, TEXT, DOOR = "欧阳娜娜", "13800138000", "楼下的路灯不亮", "3-2-1701"
SECRETS = [word.encode() for word in (REPORTER, PHONE, TEXT, DOOR, "my reason", "my note")]
DESK = Actor("desk", unit="intake")


def plus(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def report(engine: Engine, case_id: str = "c") -> None:
    engine.report(
        case_id=case_id, reporter=REPORTER, phone=PHONE, text=TEXT, extra={"门牌": DOOR}, item="lamp", by=DESK, at=T0
    )


def fill(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", at=plus(1), note="my note")
    engine.extend("c", at=plus(2), clock="arrive", until=plus(90), approved_by="street", reason="my reason")
    engine.report(case_id="d", text="another", at=plus(3))


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with Engine.open(None if request.param == "memory" else tmp_path / "cases.db", clock=ManualClock(T0)) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.db"


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def change(path: Path, *statements: str) -> None:
    """What somebody does who has the file and a little SQL."""
    database = sqlite3.connect(path)
    for statement in statements:
        assert database.execute(statement).rowcount > 0
    database.commit()
    database.close()


# --- personal data ----------------------------------------------------------------------------------------------------


def test_no_event_says_who_asked_or_what_they_wrote(engine: Engine) -> None:
    fill(engine)
    ledger = b"\n".join(entry.body for entry in engine.store.entries())
    assert not [secret for secret in SECRETS if secret in ledger]
    assert "欧阳".encode() not in ledger


def test_no_case_says_who_asked(engine: Engine) -> None:
    fill(engine)
    told = repr(engine.case("c"))
    assert not [secret for secret in SECRETS if secret.decode() in told]


def test_hooks_never_see_who_asked(engine: Engine) -> None:
    from governflow import Case, hookimpl

    seen: list[str] = []

    class Curious:
        @hookimpl
        def governflow_tier(self, case: Case) -> None:
            seen.append(repr(case))

        @hookimpl
        def governflow_recorded(self, event: Event, case: Case) -> None:
            seen.append(repr((event, case)))

    engine.localities.register("000000100", Curious())
    engine.report(locality="000000100", reporter=REPORTER, phone=PHONE, text=TEXT)
    assert seen
    assert not [told for told in seen for secret in (REPORTER, PHONE, TEXT) if secret in told]


def test_personal_data_is_for_the_unit_that_holds_the_case(engine: Engine) -> None:
    report(engine)
    (kept,) = engine.personal("c", by=DESK)
    assert (kept["reporter"], kept["phone"], kept["text"], kept["extra"]) == (REPORTER, PHONE, TEXT, {"门牌": DOOR})
    for stranger in (Actor("x"), Actor("x", unit="community"), Actor("intake")):
        with pytest.raises(NotAllowed):
            engine.personal("c", by=stranger)


def test_personal_data_moves_with_the_case(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", at=plus(1))
    assert engine.personal("c", by=Actor("grid 1", unit="community"))[0]["phone"] == PHONE
    with pytest.raises(NotAllowed):
        engine.personal("c", by=DESK)


def test_equal_texts_leave_different_commitments(engine: Engine) -> None:
    report(engine, "a")
    report(engine, "b")
    assert engine.history("a")[0].secret != engine.history("b")[0].secret


def test_an_event_commits_to_the_texts_that_came_with_it(engine: Engine) -> None:
    fill(engine)
    for event in engine.history("c"):
        if event.secret is not None:
            assert commitment(*engine.store.texts("c")[event.seq]) == event.secret


# --- forgetting -------------------------------------------------------------------------------------------------------


def test_what_is_forgotten_is_nowhere_in_the_file(path: Path) -> None:
    engine = Engine.open(path)
    fill(engine)
    before = bytes_of(path)
    assert all(secret in before for secret in SECRETS)
    engine.forget("c", at=plus(5), by=Actor("chief"))
    during = bytes_of(path)
    assert not [secret.decode() for secret in SECRETS if secret in during]
    engine.close()
    after = bytes_of(path)
    assert not [secret.decode() for secret in SECRETS if secret in after]


def test_a_long_text_is_forgotten_to_its_last_page(path: Path) -> None:
    with Engine.open(path) as engine:
        engine.report(case_id="c", text="".join(f"Zhang{number:06d}" for number in range(20_000)), at=T0)
        for number in range(50):
            engine.note("c", text=f"Zhang was here {number}", at=plus(1))
        engine.forget("c", at=plus(5))
        assert b"Zhang" not in bytes_of(path)


def test_what_is_forgotten_stays_forgotten_although_the_case_goes_on(path: Path) -> None:
    with Engine.open(path) as engine:
        fill(engine)
        engine.forget("c", at=plus(5))
        engine.arrive("c", at=plus(6), note="a new note")
        engine.advance(plus(600))
        kept = bytes_of(path)
        assert not [secret.decode() for secret in SECRETS if secret in kept]
        assert [text["note"] for text in engine.texts("c")] == ["a new note"]
        engine.verify()


def test_forgetting_one_case_leaves_the_others_alone(engine: Engine) -> None:
    fill(engine)
    engine.forget("c", at=plus(5))
    assert engine.texts("c") == []
    assert [text["text"] for text in engine.texts("d")] == ["another"]


def test_the_ledger_still_verifies_after_forgetting(engine: Engine) -> None:
    fill(engine)
    head = engine.verify()
    engine.forget("c", at=plus(5))
    assert engine.verify(against=head) != head


def test_forgetting_is_in_the_book_and_changes_nothing_of_the_case(engine: Engine) -> None:
    fill(engine)
    before = engine.case("c")
    after = engine.forget("c", at=plus(5), by=Actor("chief"))
    event = engine.history("c")[-1]
    assert (event.kind, event.at, event.by) == ("forgotten", plus(5), Actor("chief"))
    assert (after.state, after.unit, after.clocks) == (before.state, before.unit, before.clocks)
    assert engine.dispatch("d", at=plus(6)).state == "dispatched"


def test_forgetting_twice_does_no_harm(engine: Engine) -> None:
    fill(engine)
    engine.forget("c", at=plus(5))
    engine.forget("c", at=plus(6))
    engine.verify()


def test_an_unknown_case_cannot_be_forgotten(engine: Engine) -> None:
    with pytest.raises(UnknownCase):
        engine.forget("nobody")


def test_forgetting_says_so_where_another_connection_holds_the_old_pages(path: Path) -> None:
    with Engine.open(path) as engine:
        fill(engine)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM texts").fetchone()
        engine.store._db.execute("PRAGMA busy_timeout = 50")  # type: ignore[attr-defined]
        with pytest.raises(StoreError, match="forget again"):
            engine.forget("c", at=plus(5))
        reader.execute("COMMIT")
        reader.close()
        engine.forget("c", at=plus(6))
        kept = bytes_of(path)
        assert not [secret.decode() for secret in SECRETS if secret in kept]


# --- verifying --------------------------------------------------------------------------------------------------------


def test_an_untouched_ledger_gives_its_length_and_its_head(engine: Engine) -> None:
    assert engine.verify() == "0:" + "0" * 64
    fill(engine)
    number, _, digest = engine.verify().partition(":")
    assert (number, len(digest)) == ("4", 64)
    assert engine.verify() == engine.verify()


def test_every_later_ledger_agrees_with_every_earlier_head(engine: Engine) -> None:
    heads = [engine.verify()]
    report(engine)
    for minute, action in enumerate(("dispatch", "claim", "arrive", "begin", "resolve"), start=1):
        heads.append(engine.verify())
        engine.act(action, "c", at=plus(minute))
    for head in heads:
        engine.verify(against=head)


@pytest.mark.parametrize("text", ["", "soon", "3:abc", "x:" + "0" * 64])
def test_what_is_no_head_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(StoreError):
        engine.verify(against=text)


def test_a_head_that_never_was_is_found_out(engine: Engine) -> None:
    fill(engine)
    with pytest.raises(Tampered):
        engine.verify(against="2:" + "a" * 64)
    with pytest.raises(Tampered):
        engine.verify(against="99:" + "a" * 64)


@pytest.fixture
def kept(path: Path) -> Path:
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        fill(engine)
        engine.verify()
    return path


REMOVED = {
    "an altered event": ["UPDATE events SET body = replace(body, 'lamp', 'tree') WHERE position = 1"],
    "an altered event of the same type": [
        "UPDATE events SET body = CAST(replace(body, 'lamp', 'tree') AS BLOB) WHERE position = 1"
    ],
    "an altered moment": ["UPDATE events SET body = CAST(replace(body, '08:01', '08:00') AS BLOB) WHERE position = 2"],
    "an unreadable event": ["UPDATE events SET body = 'nothing' WHERE position = 2"],
    "a removed last event": ["DELETE FROM events WHERE position = 4"],
    "two removed last events": ["DELETE FROM events WHERE position > 2"],
    "a removed event in the middle": ["DELETE FROM events WHERE position = 2"],
    "two events swapped": [
        "UPDATE events SET position = 99 WHERE position = 2",
        "UPDATE events SET position = 2 WHERE position = 3",
        "UPDATE events SET position = 3 WHERE position = 99",
    ],
    "an event given to another case": ["UPDATE events SET number = 2 WHERE position = 3"],
    "an altered text of the same type": [
        "UPDATE texts SET content = CAST(replace(content, '13800138000', '13900139000') AS BLOB) WHERE seq = 1"
    ],
    "an altered text": ["UPDATE texts SET content = replace(content, '13800138000', '13900139000') WHERE seq = 1"],
    "an altered salt": ["UPDATE texts SET salt = x'00' WHERE seq = 1"],
    "a removed text": ["DELETE FROM texts WHERE seq = 2"],
    "a text that nobody wrote": ["INSERT INTO texts VALUES (2, 7, x'00', '{}')"],
    "an altered state": ["UPDATE cases SET state = 'closed' WHERE id = 'c'"],
    "an altered version": ["UPDATE cases SET version = 2 WHERE id = 'c'"],
    "a deadline that never comes": ["UPDATE cases SET next = NULL WHERE id = 'c'"],
    "a deadline moved": ["UPDATE cases SET next = next + 1 WHERE id = 'c'"],
    "an altered holder": ["UPDATE cases SET unit = 'street' WHERE id = 'c'"],
    "an altered locality": ["UPDATE cases SET locality = '371621' WHERE id = 'c'"],
    "an altered tail": ["UPDATE cases SET tail = x'00' WHERE id = 'c'"],
    "a renamed case": ["UPDATE cases SET id = 'x' WHERE id = 'c'"],
    "a removed case": ["DELETE FROM cases WHERE id = 'd'"],
    "a case removed with its events": [
        "DELETE FROM texts WHERE number = 2",
        "DELETE FROM events WHERE number = 2",
        "DELETE FROM cases WHERE number = 2",
    ],
    "an altered head": ["UPDATE meta SET value = x'00' WHERE key = 'head'"],
    "an altered length": ["UPDATE meta SET value = 3 WHERE key = 'position'"],
}


@pytest.mark.parametrize("statements", REMOVED.values(), ids=REMOVED)
def test_verifying_finds(kept: Path, statements: list[str]) -> None:
    change(kept, *statements)
    with Engine.open(kept) as engine, pytest.raises(Tampered):
        engine.verify()


def rewrite(path: Path, keep: int, rename: bytes = b"lamp") -> None:
    """What somebody does who knows the whole format: the ledger is cut or changed and every hash is made anew."""
    database = sqlite3.connect(path)
    lines = database.execute("SELECT body, recorded FROM events ORDER BY position LIMIT ?", (keep,)).fetchall()
    texts = database.execute("SELECT number, seq, salt, content FROM texts").fetchall()
    forged = MemoryStore()
    from governflow.model.case import evolve

    for body, recorded in lines:
        event = decode(bytes(body).replace(b"lamp", rename))
        before = forged.load(event.case)
        forged.append(before, evolve(before, event), [event], datetime.fromtimestamp(recorded / 10**6, UTC))
    database.execute("DELETE FROM events WHERE position > ?", (keep,))
    for entry in forged.entries():
        database.execute("UPDATE events SET body = ? WHERE position = ?", (entry.body, entry.position))
    for number, name in database.execute("SELECT number, id FROM cases").fetchall():
        case = forged.load(name)
        if case is not None:
            assert case.next_event_at is not None
            moment = (case.next_event_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            database.execute(
                "UPDATE cases SET state = ?, version = ?, next = ?, tail = ?, unit = ? WHERE number = ?",
                (case.state, case.version, moment, forged.tail(name), case.unit, number),
            )
        else:
            database.execute("DELETE FROM cases WHERE number = ?", (number,))
    for number, seq, _, _ in texts:
        database.execute(
            "DELETE FROM texts WHERE number = ? AND seq = ? AND NOT EXISTS "
            "(SELECT 1 FROM cases WHERE cases.number = texts.number AND version >= seq)",
            (number, seq),
        )
    database.execute("UPDATE meta SET value = ? WHERE key = 'head'", (forged.head,))
    database.execute("UPDATE meta SET value = ? WHERE key = 'position'", (forged.position,))
    database.commit()
    database.close()


@pytest.mark.parametrize(
    ("keep", "rename"), [(4, b"tree"), (3, b"lamp"), (2, b"lamp")], ids=["altered", "cut", "cut 2"]
)
def test_a_forgery_that_is_whole_in_itself_is_found_by_a_head_noted_elsewhere(
    kept: Path, keep: int, rename: bytes
) -> None:
    with Engine.open(kept) as engine:
        noted = engine.verify()
    rewrite(kept, keep, rename)
    with Engine.open(kept) as engine:
        assert engine.verify() != noted
        with pytest.raises(Tampered):
            engine.verify(against=noted)


def test_what_was_added_since_is_no_forgery(kept: Path) -> None:
    with Engine.open(kept) as engine:
        noted = engine.verify()
        engine.dispatch("d", at=plus(5))
        engine.verify(against=noted)


# --- the body of an event ---------------------------------------------------------------------------------------------


def test_an_event_is_read_back_as_it_was_written(engine: Engine) -> None:
    fill(engine)
    engine.advance(plus(60))
    for event in engine.history("c"):
        assert decode(encode(event)) == event


def test_when_the_store_learnt_of_it_is_no_part_of_the_ledger() -> None:
    """The same facts, learnt years apart, leave equal events and the same head."""

    clocks = (ManualClock(T0), ManualClock(T0 + timedelta(days=1000)))
    engines = [Engine.open(clock=clock, entropy=counted()) for clock in clocks]
    for engine in engines:
        fill(engine)
    (first, *_), (second, *_) = (engine.history("c") for engine in engines)
    assert first == second
    assert (first.recorded, second.recorded) == (T0, T0 + timedelta(days=1000))
    assert engines[0].verify() == engines[1].verify()
