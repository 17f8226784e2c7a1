"""What became of the cases: each rate with numerator, denominator and what was left out, worked out by hand."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

#: Every case of a small journal: report at 09:00 on 2024-01-01 unless said otherwise, times in Asia/Shanghai.
HEAD = "time,case,action,unit,visit,channel,score,satisfied,note,into\n"


def row(time: str, case: str, action: str, **cells: str) -> str:
    names = HEAD.strip().split(",")
    time = time if "-" in time else f"2024-01-01 {time}"
    return ",".join({"time": time, "case": case, "action": action, **cells}.get(name, "") for name in names) + "\n"


@pytest.fixture
def summary(tmp_path: Path, governflow: Callable[..., Any]) -> Callable[..., Any]:
    def tell(*rows: str, until: str = "2024-01-01 23:00:00") -> Any:
        journal, map = tmp_path / "journal.csv", tmp_path / "map.toml"
        journal.write_text(HEAD + "".join(rows), encoding="utf-8")
        # The journal records these steps, whether they occur in it or not.
        map.write_text('recorded = ["report", "dispatch", "arrive", "resolve", "answer", "evaluate"]\n')
        done = governflow("run", journal, "--map", map, "--locality", "000000", "--json", "--until", until)
        assert (done.status, done.err) == (0, "")
        return done.json["summary"]

    return tell


def settled(case: str, *, arrive: str = "09:30", visit: str = "", channel: str = "") -> str:
    """A case that is dispatched at 09:02, reached, resolved and answered the same morning."""
    return (
        row("09:00", case, "report", visit=visit, channel=channel)
        + row("09:02", case, "dispatch")
        + row(arrive, case, "arrive")
        + row("10:00", case, "resolve")
        + row("10:30", case, "answer")
    )


def rate(n: int, of: int, excluded: int = 0) -> dict[str, int]:
    return {"n": n, "of": of, "excluded": excluded}


def test_a_contact_at_the_due_moment_of_the_arrive_clock_is_a_response_and_one_second_later_is_none(
    summary: Callable[..., Any],
) -> None:
    assert summary(settled("1", arrive="09:42:00"))["rates"]["response"] == rate(1, 1)  # 09:02 + 40 min
    assert summary(settled("1", arrive="09:42:01"))["rates"]["response"] == rate(0, 1)


@pytest.mark.parametrize("contact", ["claim", "arrive", "confer", "inform"])
def test_every_first_contact_counts_as_a_response(summary: Callable[..., Any], contact: str) -> None:
    told = summary(row("09:00", "1", "report"), row("09:02", "1", "dispatch"), row("09:20", "1", contact))
    assert told["rates"]["response"] == rate(1, 1)


def test_beginning_the_work_is_no_contact_with_the_one_who_asked(summary: Callable[..., Any]) -> None:
    told = summary(row("09:00", "1", "report"), row("09:02", "1", "dispatch"), row("09:20", "1", "begin"))
    assert told["rates"]["response"] == rate(0, 1)


@pytest.mark.parametrize(("at", "n"), [("2024-01-02 09:02:00", 1), ("2024-01-02 09:02:01", 0)])
def test_without_a_visit_a_contact_within_a_day_of_the_dispatch_is_a_response(
    summary: Callable[..., Any], at: str, n: int
) -> None:
    told = summary(
        row("09:00", "1", "report", visit="no"),
        row("09:02", "1", "dispatch"),
        row(at, "1", "inform"),
        until="2024-01-02 10:00",
    )
    assert told["rates"]["response"] == rate(n, 1)


def test_a_case_that_was_never_dispatched_is_in_no_response_rate(summary: Callable[..., Any]) -> None:
    told = summary(row("09:00", "1", "report"), row("09:01", "1", "resolve"), row("09:02", "1", "answer"))
    assert told["rates"]["response"] == rate(0, 0)
    assert told["rates"]["resolution"] == rate(1, 1)


def test_a_resolved_case_counts_once_it_is_answered(summary: Callable[..., Any]) -> None:
    before = summary(row("09:00", "1", "report"), row("09:01", "1", "resolve"))
    after = summary(row("09:00", "1", "report"), row("09:01", "1", "resolve"), row("09:02", "1", "answer"))
    assert (before["rates"]["resolution"], after["rates"]["resolution"]) == (rate(0, 0), rate(1, 1))


def test_a_reopened_case_is_not_resolved_even_if_it_is_resolved_again(summary: Callable[..., Any]) -> None:
    told = summary(
        settled("1"),
        row("11:00", "1", "evaluate", score="1"),
        row("11:01", "1", "dispatch"),
        row("11:10", "1", "arrive"),
        row("11:20", "1", "resolve"),
        row("11:30", "1", "answer"),
    )
    assert told["rates"]["resolution"] == rate(0, 1)


def test_a_case_past_its_whole_clock_counts_as_unresolved_without_any_answer(summary: Callable[..., Any]) -> None:
    # 60 days from 1 January 2024, the first not counted: due at the end of 1 March.
    open_still = row("09:00", "1", "report")
    assert summary(open_still, until="2024-03-01 23:59:59")["rates"]["resolution"] == rate(0, 0)
    assert summary(open_still, until="2024-03-02 00:00:01")["rates"]["resolution"] == rate(0, 1)


@pytest.mark.parametrize(
    ("cells", "n"),
    [({"score": "3"}, 1), ({"score": "2"}, 0), ({"satisfied": "yes"}, 1), ({"satisfied": "no"}, 0)],
)
def test_a_score_of_three_or_satisfied_is_satisfaction(
    summary: Callable[..., Any], cells: dict[str, str], n: int
) -> None:
    assert summary(settled("1"), row("11:00", "1", "evaluate", **cells))["rates"]["satisfaction"] == rate(n, 1)


def test_a_verdict_that_never_came_and_one_by_a_verifying_unit_are_no_requesters_verdict(
    summary: Callable[..., Any],
) -> None:
    told = summary(
        settled("1"),
        settled("2", channel="主动发现"),
        row("11:00", "2", "evaluate", satisfied="yes", unit="street"),
        until="2024-01-05 23:00",
    )
    assert told["rates"]["satisfaction"] == rate(0, 0)
    assert told["rates"]["resolution"] == rate(2, 2)


def test_the_rates_of_a_mixed_journal_are_those_worked_out_by_hand(summary: Callable[..., Any]) -> None:
    told = summary(*_mixed(), until="2024-04-01 12:00")
    assert told["rates"] == {
        "response": rate(3, 4, 4),  # good, told, found / and late
        # An excused arrival takes the case out of the response and out of nothing else.
        "resolution": rate(3, 6, 3),  # good, excused, found / and late (reopened), told, lost (past 60 days)
        "satisfaction": rate(2, 3, 3),  # good, excused / and late
        "contacted": rate(5, 5, 3),  # all that were dispatched
        "resolved": rate(4, 6, 3),  # good, excused, found, and late, which was reopened since / and told, lost
        "resolved_on_time": rate(4, 5, 3),  # the same / and told, whose 30 minutes from the dispatch are over
    }
    assert told["reopened"] == 1
    assert told["cases"] == 9
    # Closed: good, excused, found, declined, withdrawn, merged.
    assert (told["open"], told["closed"], told["archived"]) == (3, 6, 3)
    assert told["clocks"]["arrive"]["exempt"] == 1


def _mixed() -> list[str]:
    return [
        # On time, satisfied (3): in all three numerators.
        settled("good"),
        row("11:00", "good", "evaluate", score="3"),
        # Reached after 41 minutes, unsatisfied (2), reopened and left: in all three denominators only.
        settled("late", arrive="09:43"),
        row("11:00", "late", "evaluate", score="2"),
        # No visit; told within a day, never answered: a response, but past its 60 days.
        row("09:00", "told", "report", visit="no"),
        row("09:02", "told", "dispatch"),
        row("2024-01-02 09:00", "told", "inform"),
        # Nobody ever did anything: never dispatched, past its 60 days.
        row("09:00", "lost", "report"),
        # Declined, withdrawn, merged, and exempt by an appeal that was granted.
        row("09:00", "declined", "report"),
        row("09:01", "declined", "decline", note="not ours"),
        row("09:00", "withdrawn", "report"),
        row("09:01", "withdrawn", "withdraw"),
        row("09:00", "merged", "report"),
        row("09:01", "merged", "merge", into="good"),
        settled("excused", arrive="09:50"),
        row("11:00", "excused", "evaluate", score="5"),
        row("11:01", "excused", "appeal", note="the road was closed"),
        row("11:02", "excused", "rule", satisfied="yes"),
        # Found by a worker and verified by the street: no requester, so in no satisfaction rate.
        settled("found", channel="主动发现"),
        row("11:00", "found", "evaluate", satisfied="yes", unit="street"),
    ]


def test_the_clocks_are_counted_by_what_became_of_them(summary: Callable[..., Any]) -> None:
    told = summary(
        row("09:00", "met", "report"),
        row("09:05", "met", "dispatch"),  # at the due moment: on time
        row("09:00", "late", "report"),
        row("09:06", "late", "dispatch"),  # a breach stays one when the clock is stopped late
        row("09:00", "withdrawn", "report"),
        row("09:01", "withdrawn", "withdraw"),  # cancelled: counted nowhere
        until="2024-01-01 09:10",
    )
    assert told["clocks"] == {
        "dispatch": {"met": 1, "breached": 1, "exempt": 0, "running": 0},
        "arrive": {"met": 0, "breached": 0, "exempt": 0, "running": 2},
        "whole": {"met": 0, "breached": 0, "exempt": 0, "running": 2},
    }
    assert told["escalations"] == {"urge": 1}
    assert told["by_unit"] == {"community": 2, "intake": 1}


def test_importing_the_engine_loads_no_report_no_journal_and_no_command() -> None:
    code = (
        "import sys\n"
        "from governflow import Engine\n"
        "parts = ('governflow.reports', 'governflow.journal', 'governflow.cli', 'rich', 'click')\n"
        "sys.exit(', '.join(name for name in parts if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
