"""The demo: one generated day in Huimin County, which says of itself that it is generated."""

import hashlib
import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from importlib.metadata import EntryPoint, distribution
from pathlib import Path
from typing import Any

import huimin_day
import pytest

from governflow import demo
from governflow.cli.commands import cli
from governflow.cli.demo import demonstrate
from governflow.engine.engine import Engine
from governflow.errors import JournalError
from governflow.model.headings import FIELDS
from governflow.model.units import OrgChart, Unit
from governflow.policy import registry
from governflow.policy.discovery import GROUP, Installed
from governflow.run.runner import run
from governflow.text import Text

LANGS = ("zh", "en")
CASE, ACTION, UNIT, PHONE, CHANNEL = (FIELDS[name].zh for name in ("case", "action", "unit", "phone", "channel"))


def shown(
    capsys: pytest.CaptureFixture[str],
    *,
    lang: str = "zh",
    as_json: bool = False,
    journal: Path | None = None,
    html: Path | None = None,
) -> tuple[int, str, str]:
    status = demonstrate(locality=demo.LOCALITY, journal=journal, html=html, as_json=as_json, lang=lang)
    told = capsys.readouterr()
    return status, told.out, told.err


@cache
def once(lang: str = "zh", *, as_json: bool = False) -> tuple[int, str, str]:
    """What the demo writes; a run of its own for each language and form, which those who only read it share."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = demonstrate(locality=demo.LOCALITY, journal=None, html=None, as_json=as_json, lang=lang)
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(once(as_json=True)[1])
    return found


def test_the_demo_runs_without_arguments_and_ends_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo"], standalone_mode=False) == 0
    assert len(capsys.readouterr().out) > 1000


def test_without_a_plugin_the_default_rules_are_shown_and_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    status = demonstrate(locality=None, journal=None, html=None, as_json=False, lang="en")
    shown = capsys.readouterr()
    assert (status, shown.err) == (0, "")
    assert "by the default rules (000000)" in shown.out
    assert "--locality 000000" in shown.out
    assert "python -m pip install ./plugins/huimin" in shown.out


def test_with_its_plugin_installed_huimins_own_day_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "plugins" / "huimin" / "src"))
    point = EntryPoint(demo.LOCALITY, "governflow_huimin", GROUP)
    plugin = Installed(point.value, point.load, distribution("governflow"))
    monkeypatch.setattr(registry, "installed", lambda: {demo.LOCALITY: (plugin,)})
    status = demonstrate(locality=None, journal=None, html=None, as_json=False, lang="en")
    shown = capsys.readouterr()
    assert (status, shown.err) == (0, "")
    assert "then a drill: one key to emergency" in shown.out
    assert "governflow demo --journal demo.csv" in shown.out


@pytest.mark.parametrize("seed", [huimin_day.SEED, 1, 2, 3])
def test_no_row_is_refused_whatever_the_seed(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    rows = huimin_day.journal(seed)
    path.write_bytes(demo.as_csv(rows))
    refused: list[str] = []
    with Engine.open() as engine:
        result = run(engine, path, locality="000000", rejected=lambda reject: refused.append(reject.say("en")))
    assert refused == []
    assert result.taken == len(rows)


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_output_twice(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, lang=lang) == once(lang)


def test_the_day_is_the_same_on_every_python() -> None:
    """Whoever changes the day on purpose writes the new digest here."""
    rows = json.dumps(huimin_day.journal(), ensure_ascii=False).encode()
    assert hashlib.sha256(rows).hexdigest()[:16] == "2b104a33f3da761f"


def test_the_packaged_day_is_the_generated_one() -> None:
    assert demo.journal() == huimin_day.journal()
    assert demo.FILE.read_bytes() == demo.as_csv(huimin_day.journal())


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [("zh", "本演示数据由程序生成，并非真实案件"), ("en", "Generated data, no real cases")],
)
def test_the_first_thing_said_is_that_the_data_are_generated(lang: str, sentence: str) -> None:
    assert once(lang)[1].startswith(sentence)


def test_every_row_says_that_it_is_generated() -> None:
    for row in demo.journal():
        assert "演示数据" in row[CHANNEL]
        assert row[CASE].startswith("演示-")


def test_no_telephone_number_could_be_somebodys() -> None:
    rows = demo.journal()
    assert {row[PHONE][:9] for row in rows if row[PHONE]} == {"000-0000-"}
    others = "\n".join(cell for row in rows for name, cell in row.items() if name != PHONE)
    assert not re.search(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\d{17}[\dXx]", others)


def test_the_day_holds_several_hundred_cases_of_one_day() -> None:
    reports = [row for row in demo.journal() if row[ACTION] == "上报"]
    assert 300 <= len(reports) <= 900
    assert len({row[CASE] for row in reports}) == len(reports)
    times = [row[FIELDS["time"].zh] for row in reports]
    assert "2026-03-16 06:30:00" <= min(times) < max(times) <= "2026-03-16 22:00:00"


def test_deadlines_fire_and_cases_climb_the_whole_ladder(told: dict[str, Any]) -> None:
    kinds = told["summary"]["escalations"]
    assert all(kinds[kind] for kind in ("urge", "supervise", "take_over", "special_report"))
    assert any(clock["outcome"] == "breached" for case in told["cases"] for clock in case["clocks"])
    assert any(clock["exempt"] == "appeal" for case in told["cases"] for clock in case["clocks"])


def test_most_of_the_cases_are_in_time(told: dict[str, Any]) -> None:
    for name in ("dispatch", "arrive", "resolve"):
        tally = told["summary"]["clocks"][name]
        assert 0.9 < tally["met"] / (tally["met"] + tally["breached"]) < 1
    for name, rate in told["summary"]["rates"].items():
        # Whoever was dispatched somewhere is contacted in the end; of everything else some is late, or never comes.
        assert 0.9 < rate["n"] / rate["of"] < 1 or (name == "contacted" and rate["n"] == rate["of"])


def test_cases_end_in_every_way_and_some_are_still_open(told: dict[str, Any]) -> None:
    states = {case["state"] for case in told["cases"]}
    assert {"closed", "declined", "merged", "withdrawn", "suspended", "handling"} <= states
    assert any(case["reopened"] for case in told["cases"])
    assert {True, False, None} == {case["satisfied"] for case in told["cases"]}


def test_json_is_that_of_a_run_and_nothing_else_is_on_standard_output() -> None:
    status, out, err = once("en", as_json=True)
    found = json.loads(out)
    assert status == 0
    assert set(found) == {"locality", "rules", "until", "way", "rows", "cases", "summary"}
    assert set(found["cases"][0]) == {
        *("case", "state", "severity", "tier", "form", "unit", "opened", "closed", "clocks", "escalations"),
        *("reopened", "satisfied", "way", "measures_due", "findings"),
    }
    assert set(found["summary"]) == {
        *("cases", "open", "closed", "archived", "reopened", "incomplete", "clocks", "again", "rates"),
        *("escalations", "measures_due", "findings", "by_state", "by_unit"),
    }
    assert found["until"] == "2026-03-24T12:00:00+08:00"
    assert "Generated data" in err


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh",
            (
                "惠民县",
                "默认规则",
                "响应率",
                "解决率",
                "满意率",
                "一事一册",
                "督办",
                "提级接办",
                "评价：满意",
                "下一步",
            ),
        ),
        ("en", ("Huimin", "default rules", "response", "satisfaction", "One case, one book", "Taken over", "Next")),
    ],
)
def test_tables_rates_and_one_dossier_are_shown(lang: str, words: tuple[str, ...]) -> None:
    _, out, _ = once(lang)
    assert [word for word in words if word not in out] == []


def test_the_dossier_shown_tells_nobody_who_asked() -> None:
    _, out, _ = once()
    assert "000-0000" not in out
    assert "不予显示（个人信息）" in out


@pytest.mark.slow
def test_the_journal_can_be_had_and_run_like_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "day.csv"
    _, out, _ = shown(capsys, as_json=True, journal=path)
    shown(capsys, journal=path)  # again: its own file may be there already
    arguments = ["run", str(path), "--locality", demo.LOCALITY, "--until", "2026-03-24 12:00", "--enforce"]
    assert cli.main([*arguments, "--json", "--lang", "zh"], standalone_mode=False) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(out)


def test_another_file_is_never_overwritten_with_the_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("时间,事项编号,动作\n", encoding="utf-8")
    with pytest.raises(JournalError, match="no demo journal"):
        shown(capsys, journal=mine)
    assert mine.read_text(encoding="utf-8") == "时间,事项编号,动作\n"
    with pytest.raises(JournalError, match=r"written as \.csv"):
        shown(capsys, journal=tmp_path / "mine.xlsx")


def test_the_dossier_can_be_had_as_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "dossier.html"
    _, out, _ = shown(capsys, html=page)
    text = page.read_text(encoding="utf-8")
    found = re.search(r"演示-\d+", out)
    assert found is not None
    assert found.group() in text
    assert "演示数据" in text


def test_a_closed_chart_gets_only_units_that_it_knows() -> None:
    town = Unit("371621101", Text("Shimiao Town", "石庙镇"), 2)
    chart = OrgChart.of([town], intake="371621101")
    rows = demo.fitted(demo.journal(), chart)
    assert {row[UNIT] for row in rows} == {"", "371621101"}
    assert len({row[CASE] for row in rows}) > 300
    assert "吹哨" not in {row[ACTION] for row in rows if row[UNIT] == ""}
