"""What is installed: found without importing or parsing what nobody asked for, and whatever else lies on the path."""

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from governflow import Engine, PolicyError
from governflow.policy import registry as localities
from governflow.policy.discovery import installed
from governflow.policy.registry import Localities

#: A plugin in one file. Codes that begin with 99 are nobody's in GB/T 2260, so nothing real is in the way.
PLUGIN = """
from governflow import hookimpl
from governflow.policy.hookspecs import Locality, Ruling
from governflow.model.terms import Tier

@hookimpl
def governflow_locality():
    return Locality("{code}", "某地", "somewhere")

@hookimpl
def governflow_tier():
    return Ruling(Tier.ONE, "all to the top", "t/1")
"""


def distribution(
    folder: Path,
    code: str,
    module: str,
    *,
    name: str = "",
    version: str = "0.1.0",
    kind: str = "dist-info",
    entry_points: str | bytes | None = None,
    source: str = PLUGIN,
) -> Path:
    """Lay a distribution down as an installer does: a module, and its metadata beside it."""
    name = name or module
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(source.format(code=code), encoding="utf-8")
    home = folder / f"{name}-{version}.{kind}"
    home.mkdir()
    (home / ("METADATA" if kind == "dist-info" else "PKG-INFO")).write_text(
        f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n", encoding="utf-8"
    )
    if entry_points is None:
        entry_points = f"[governflow]\n{code} = {module}\n"
    told = entry_points if isinstance(entry_points, bytes) else entry_points.encode()
    (home / "entry_points.txt").write_bytes(told)
    return home


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, the only one in which localities are looked for."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(localities, "installed", lambda: installed([str(folder)]))
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("place_"):
            del sys.modules[name]


def found(*folders: Path) -> dict[str, list[str]]:
    return {code: [one.value for one in ones] for code, ones in installed([*map(str, folders)]).items()}


# --- nothing is looked for that nobody asked for ----------------------------------------------------------------------

_WATCHED = """
import os, sys
looked, listdir = [], os.listdir
def watched(*folder):
    looked.append(folder)
    return listdir(*folder)
os.listdir = watched
"""


def python(code: str, path: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": str(path)} if path is not None else None
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_governflow_looks_for_no_plugin() -> None:
    told = python(_WATCHED + "import governflow\nprint(looked, 'governflow.policy.discovery' in sys.modules)")
    assert told == "[] False"


def test_cases_of_the_defaults_alone_look_for_no_plugin() -> None:
    told = python(_WATCHED + "import governflow\ngovernflow.Engine.open().report(locality='000000')\nprint(looked)")
    assert told == "[]"


def test_the_path_is_looked_through_once_however_many_localities_are_used() -> None:
    told = python(
        _WATCHED + "import governflow\nengine = governflow.Engine.open()\n"
        "engine.report(locality='990101')\nonce = len(looked)\n"
        "engine.report(locality='990102')\nprint(once > 0, len(looked) == once)"
    )
    assert told == "True True"


def test_a_plugin_is_imported_only_when_its_locality_or_one_below_it_is_used(site: Path) -> None:
    for code, module in [("990101", "place_county"), ("990100", "place_city"), ("990200", "place_other")]:
        distribution(site, code, module)

    def loaded() -> set[str]:
        return {"place_county", "place_city", "place_other"} & sys.modules.keys()

    known = Localities()
    assert known.known("990101")
    assert loaded() == set()
    known.policy("990100")
    assert loaded() == {"place_city"}
    known.policy("990101")
    assert loaded() == {"place_city", "place_county"}


@pytest.mark.installed
def test_what_is_on_the_import_path_is_found_without_saying_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path, "990101", "place_county")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [one.value for one in installed()["990101"]] == ["place_county"]
    assert Localities().known("990101")


def test_an_empty_entry_of_the_path_is_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(tmp_path, "990101", "place_county")
    monkeypatch.chdir(tmp_path)
    assert list(installed([""])) == ["990101"]


# --- how distributions say what they bring ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dist-info", "egg-info"])
def test_a_distribution_is_found_by_either_kind_of_metadata(site: Path, kind: str) -> None:
    distribution(site, "990101", "place_county", kind=kind, version="2.3.4")
    (one,) = installed([str(site)])["990101"]
    assert one.called == "place-county 2.3.4"
    assert Localities().policy("990101").layers[0].source == "990101@2.3.4"


@pytest.mark.parametrize(
    "text",
    [
        "[governflow]\n990101 = place_county\n",
        "[governflow]\r\n990101 = place_county\r\n990102 = place_county:second\r\n",
        "[governflow]\n990101 = place_county",
        "[governflow]\n990101=place_county\n\n\n990102   =   place_county.second\n",
        "[governflow]\n# 990103 = nobody\n990101 = place_county\n",
        "[governflow]\n990101 = place_county [excel]\n",
        "[governflow]\n990101 = place_county   \n",
        "[console_scripts]\nrun = place_county:main\n\n[governflow]\n990101 = place_county\n[other]\n990102 = nobody\n",
        "[governflow_more]\n990101 = nobody\n",
        "[governflow]\n",
        "",
        "no sections = at all\n",
    ],
    ids=[
        *("plain", "CRLF", "no last newline", "blank lines", "comments", "extras", "blanks at the end", "sections"),
        *("another section", "empty section", "empty file", "no section"),
    ],
)
def test_entry_points_are_read_as_the_standard_library_reads_them(tmp_path: Path, text: str) -> None:
    distribution(tmp_path, "990101", "place_county", entry_points=text)
    expected = {
        (point.name, point.value)
        for one in importlib.metadata.distributions(path=[str(tmp_path)])
        for point in one.entry_points
        if point.group == "governflow"
    }
    assert {(code, value) for code, values in found(tmp_path).items() for value in values} == expected


def test_one_distribution_may_bring_several_localities(site: Path) -> None:
    text = "[governflow]\n990101 = place_county\n990100 = place_county\n"
    distribution(site, "990101", "place_county", entry_points=text)
    assert found(site) == {"990101": ["place_county"], "990100": ["place_county"]}


def test_an_entry_point_may_name_an_object_in_a_module(site: Path) -> None:
    source = "class Plugin:\n    pass\nplugin = Plugin()\n"
    text = "[governflow]\n990101 = place_county:plugin\n"
    distribution(site, "990101", "place_county", entry_points=text, source=source)
    assert type(Localities().policy("990101").layers[0].plugin).__name__ == "Plugin"


# --- copies and rivals ------------------------------------------------------------------------------------------------


def test_a_second_copy_of_a_distribution_further_down_the_path_is_hidden(tmp_path: Path) -> None:
    distribution(tmp_path / "first", "990101", "place_county", version="2.0.0")
    distribution(tmp_path / "second", "990101", "place_county", version="1.0.0")
    (one,) = installed([str(tmp_path / "first"), str(tmp_path / "second")])["990101"]
    assert one.distribution.version == "2.0.0"


def test_a_copy_that_brings_no_locality_hides_an_older_one_that_did(tmp_path: Path) -> None:
    distribution(tmp_path / "first", "990101", "place_county", version="2.0.0", entry_points="")
    (tmp_path / "first" / "place_county-2.0.0.dist-info" / "entry_points.txt").unlink()
    distribution(tmp_path / "second", "990101", "place_county", version="1.0.0")
    assert found(tmp_path / "first", tmp_path / "second") == {}


@pytest.mark.parametrize("other", ["Governflow_Place", "governflow.place"])
def test_a_copy_is_one_however_its_name_is_spelt(tmp_path: Path, other: str) -> None:
    distribution(tmp_path / "first", "990101", "place_county", name="governflow_place")
    distribution(tmp_path / "second", "990101", "place_county", name=other)
    assert found(tmp_path / "first", tmp_path / "second") == {"990101": ["place_county"]}


def test_a_folder_that_is_on_the_path_twice_is_one(tmp_path: Path) -> None:
    distribution(tmp_path, "990101", "place_county")
    assert found(tmp_path, tmp_path) == {"990101": ["place_county"]}


def test_two_distributions_for_one_code_are_refused_with_both_names_in_both_languages(site: Path) -> None:
    distribution(site, "990101", "place_county", name="governflow_county", version="1.0")
    distribution(site, "990101", "place_rival", name="somebody_elses", version="3.1")
    known = Localities()
    with pytest.raises(PolicyError) as refused:
        known.policy("990101")
    for text in (refused.value.text.en, refused.value.text.zh):
        for name in ("990101", "governflow-county 1.0", "somebody-elses 3.1"):
            assert name in text
    assert known.policy("990102").code == "990102"


def test_what_lies_below_two_rivals_is_refused_with_the_same_sentence(site: Path) -> None:
    distribution(site, "990100", "place_city", name="one")
    distribution(site, "990100", "place_rival", name="two")
    distribution(site, "990101", "place_county")
    with pytest.raises(PolicyError, match="two plugins for 990100"):
        Localities().policy("990101")


# --- archives and what is broken --------------------------------------------------------------------------------------


def archive(path: Path, *, name: str = "place_zipped", metadata: bool = True) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("place_zipped.py", PLUGIN.format(code="990101"))
        if metadata:
            told = f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.9\n"
            file.writestr(f"{name}-0.9.dist-info/METADATA", told)
        file.writestr(f"{name}-0.9.dist-info/entry_points.txt", "[governflow]\n990101 = place_zipped\n")
    return path


def test_a_locality_in_an_archive_on_the_path_is_found_and_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path / "plugins.zip")
    monkeypatch.setattr(localities, "installed", lambda: installed([str(path)]))
    monkeypatch.syspath_prepend(str(path))
    policy = Localities().policy("990101")
    assert policy.layers[0].source == "990101@0.9"
    del sys.modules["place_zipped"]


@pytest.mark.parametrize("name", ["place_zipped", "governflow.place"])
def test_an_archive_hides_a_copy_further_down_the_path_and_is_hidden_by_one_further_up(
    tmp_path: Path, name: str
) -> None:
    path = archive(tmp_path / "plugins.zip", name=name)
    folder = tmp_path / "site"
    distribution(folder, "990101", "place_county", name=name)
    assert found(path, folder) == {"990101": ["place_zipped"]}
    assert found(folder, path) == {"990101": ["place_county"]}


def not_there(folder: Path) -> Path:
    return folder / "nothing"


def no_archive(folder: Path) -> Path:
    path = folder / "notes.txt"
    path.write_text("no archive", encoding="utf-8")
    return path


def half_an_archive(folder: Path) -> Path:
    return archive(folder / "half.zip", metadata=False)


def unnamed(folder: Path) -> Path:
    home = distribution(folder / "unnamed", "990109", "place_unnamed")
    (home / "METADATA").unlink()
    return folder / "unnamed"


def undecodable(folder: Path) -> Path:
    text = "[governflow]\n990109 = 模块\n".encode("gb18030")
    distribution(folder / "undecodable", "990109", "place_undecodable", entry_points=text)
    return folder / "undecodable"


def rubbish(folder: Path) -> Path:
    distribution(folder / "rubbish", "990109", "place_rubbish", entry_points=bytes(range(256)))
    return folder / "rubbish"


def half_a_line(folder: Path) -> Path:
    distribution(folder / "half", "990109", "place_half", entry_points="[governflow]\n990109 = \n= place_half\n")
    return folder / "half"


def a_folder_for_a_file(folder: Path) -> Path:
    home = distribution(folder / "odd", "990109", "place_odd")
    (home / "entry_points.txt").unlink()
    (home / "entry_points.txt").mkdir()
    return folder / "odd"


BROKEN = [
    *(not_there, no_archive, half_an_archive, unnamed, undecodable, rubbish, half_a_line, a_folder_for_a_file),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_broken_on_the_path_hides_no_other_locality(
    tmp_path: Path, broken: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    distribution(site, "990101", "place_county")
    path = [str(broken(tmp_path)), str(site)]
    monkeypatch.setattr(localities, "installed", lambda: installed(path))
    monkeypatch.setattr(sys, "path", [*path, *sys.path])
    told = {one.code: one for one in Localities().all()}
    assert told["990101"].policy is not None
    assert Engine.open().report(locality="990101").tier == "1"
    sys.modules.pop("place_county")


def test_a_distribution_without_a_version_is_refused_by_name_in_both_languages(site: Path) -> None:
    (distribution(site, "990101", "place_county") / "METADATA").unlink()
    with pytest.raises(PolicyError) as refused:
        Localities().policy("990101")
    assert all("990101" in text for text in (refused.value.text.en, refused.value.text.zh))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("1 / 0", "ZeroDivisionError"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
    ids=["missing module", "raises", "no Python", "exits"],
)
def test_a_plugin_that_cannot_be_imported_is_refused_with_its_module_and_the_reason(
    site: Path, source: str, said: str
) -> None:
    distribution(site, "990101", "place_county", source=source)
    with pytest.raises(PolicyError) as refused:
        Localities().policy("990101")
    for text in (refused.value.text.en, refused.value.text.zh):
        assert "990101" in text
        assert "place_county" in text
        assert said in text


def test_a_listing_says_what_is_wrong_with_one_locality_and_goes_on_to_the_next(site: Path) -> None:
    distribution(site, "990101", "place_broken", source="1 / 0")
    distribution(site, "990102", "place_county", name="governflow_county", version="1.2")
    told = {one.code: one for one in Localities().all()}
    assert list(told) == ["000000", "100000", "990101", "990102"]
    broken, sound = told["990101"], told["990102"]
    assert broken.policy is None
    assert broken.fault is not None
    assert "ZeroDivisionError" in str(broken.fault)
    assert (sound.home.en, sound.home.zh, sound.fault) == ("governflow-county 1.2", "governflow-county 1.2", None)


def test_a_locality_registered_in_this_process_comes_before_an_installed_one(site: Path) -> None:
    class Mine:
        pass

    distribution(site, "990101", "place_county")
    known = Localities()
    mine = Mine()
    known.register("990101", mine)
    assert known.policy("990101").layers[0].plugin is mine
