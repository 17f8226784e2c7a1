"""Laws of the journal reader."""

import csv
import io
import tempfile
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governflow.errors import JournalError
from governflow.journal import Reject, RejectsWriter, Row, read
from governflow.text import Text

ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC")

# Everything that a file can hold; a lone surrogate is no text, and a NUL is refused wherever it stands.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NASTY = st.sampled_from(
    [
        "=1+1",
        '"',
        '""',
        "'",
        "\n",
        "\r\n",
        "\r",
        "a\rb",
        ",",
        ";",
        "\t",
        "007",
        " x ",
        "#N/A",
        "1E+11",
        "_x000D_",
        "_",
        "",
    ]
)
CELL = st.one_of(TEXT, NASTY, st.lists(NASTY, max_size=4).map("".join))


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl"])
@given(table=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=4))
def test_rejects_come_back_with_the_same_cells(suffix: str, table: list[tuple[str, str, str]]) -> None:
    headings = ("time", "case", "action", "甲", "b,c", 'd"e')
    reason = Text('refused, "here"', "退回")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rejects{suffix}"
        written = []
        with RejectsWriter(path) as writer:
            for cells in table:
                row = dict(zip(headings, ("2019-04-25 09:32", "1", "report", *cells), strict=True))
                written.append(row)
                writer.write(Row(1, row, "1", {}, {}, (), b"").refused(reason))
        again = [item.cells for item in read(path, zone="UTC") if isinstance(item, (Row, Reject))]
        assert again == written


@given(table=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6))
def test_a_csv_file_is_read_as_it_was_written(table: list[tuple[str, str]]) -> None:
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(["time", "case", "action", "note", "甲"])
    writer.writerows(["2019-04-25 09:32", "1", "report", *cells] for cells in table)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.csv"
        path.write_text(made.getvalue(), encoding="utf-8", newline="")
        found = [item for item in read(path, zone="UTC") if isinstance(item, (Row, Reject))]
    assert [(item.cells["note"], item.cells["甲"]) for item in found] == table


@given(
    content=st.one_of(st.binary(max_size=300), TEXT.map(str.encode), st.binary(max_size=100).map(b"PK\x03\x04".__add__))
)
def test_whatever_a_file_holds_there_is_no_traceback(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.csv"
        for head in (b"", b"time,case,action,note\n", b'{"time": 1}\n'):
            path.write_bytes(head + content)
            try:
                for item in read(path, zone="Asia/Shanghai"):
                    assert item.say("en")
                    assert item.say("zh")
            except JournalError:
                pass


@given(
    at=st.datetimes(datetime(1991, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
    zone=st.sampled_from(ZONES),
)
def test_a_local_time_means_the_same_however_it_is_written(at: datetime, zone: str) -> None:
    local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    clock = f"{local.hour}:{local.minute:02}:{local.second:02}"
    written = [
        local.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S}",
        f"{local.year}/{local.month}/{local.day} {clock}",
        f"{local.year}年{local.month}月{local.day}日{local.hour}时{local.minute}分{local.second}秒",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.csv"
        path.write_text("time,case,action\n" + "".join(f"{text},1,report\n" for text in written * 2))
        moments = [item.steps[0].at for item in read(path, zone=zone) if isinstance(item, Row)]
    # Of a wall time that came twice, the one without an offset is the first.
    first = local.replace(fold=0).astimezone(UTC)
    assert moments == [at.replace(tzinfo=UTC), first, first, first] * 2


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    start = datetime(2023, 1, 1, tzinfo=UTC)
    with path.open("w") as file:
        file.write("time,case,action,unit\n")
        for n in range(12_000):
            file.write(f"{start + timedelta(minutes=n):%Y-%m-%d %H:%M:%S},case-{n},report,unit-{n % 50}\n")
    peaks = []
    for stop in (6_000, 12_000):
        tracemalloc.start()
        for n, _ in enumerate(read(path, zone="UTC")):
            if n >= stop:
                break
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 200_000
