"""What other packages add: found by its name alone, and where it is broken, said to be theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from spotmap_build import doctor
from spotmap_build.acquire.queue import check_lengths
from spotmap_build.config import Config, load_config
from spotmap_build.embed import weights
from spotmap_build.embed.workers import EmbedJob, embed_file
from spotmap_build.errors import ConfigError, PluginError, SpotmapError
from spotmap_build.model import TrackEmbedding
from spotmap_build.registry import embedders, sources, themes
from spotmap_build.registry.themes import Colors, Theme
from spotmap_build.stages.fetch import library_title, make_source
from tests.support.packages import lay_out

SHELF = """
    from spotmap_build.fetch.source import Loaded
    from spotmap_build.model import Library, Playlist, Track
    from spotmap_build.registry.sources import SourceKind

    class Source:
        def __init__(self, given): pass
        def load(self, context): return {loaded}

    ROW = SourceKind({name!r}, "shelf_map:Source", takes_path=False, title="My shelf")
    """
GOOD = 'Loaded("anything", Library((Track("a", "A"),), (), (), ()))'


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose packages are installed for this test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("shelf_map", "other_map"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def add_shelf(installed: Path, loaded: str = GOOD, name: str = "shelf", code: str = "") -> None:
    lay_out(installed, "shelf-map", {"sources:shelf": "shelf_map:ROW"}, code or SHELF.format(loaded=loaded, name=name))


def test_a_source_of_a_package_is_found_by_its_name(installed: Path) -> None:
    add_shelf(installed)
    assert sources.find("shelf").package == "shelf-map"
    loaded = make_source("shelf", Config()).load(cast(Any, None))
    assert [track.title for track in loaded.library.tracks] == ["A"]
    assert loaded.kind == "shelf", "known by the name that it was asked for by"
    assert library_title(("shelf",)) == "My shelf"


def test_an_unknown_name_is_answered_with_what_packages_add_as_well(installed: Path) -> None:
    add_shelf(installed)
    with pytest.raises(ConfigError) as refused:
        sources.find("self")
    assert refused.value.hint.endswith("card:PATH, shelf.")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import absent_package", "ModuleNotFoundError: No module named 'absent_package' (shelf_map.py, line 1)"),
        ("ROW = 1 / 0", "ZeroDivisionError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("x = 1", "has no attribute 'ROW'"),
        ("ROW = 'a source'", "shelf_map:ROW is not of type SourceKind"),
        (SHELF.format(loaded=GOOD, name="bookcase"), "has the name 'bookcase'"),
    ],
)
def test_a_row_that_cannot_be_used_is_said_to_be_the_packages(installed: Path, code: str, said: str) -> None:
    add_shelf(installed, code=code)
    with pytest.raises(PluginError, match="source 'shelf' of the package shelf-map does not work") as refused:
        sources.find("shelf")
    assert said in refused.value.message
    assert "pip install --upgrade shelf-map" in refused.value.hint
    assert sources.find("folder").package == "", "who does not use it is not bothered"


@pytest.mark.parametrize(
    ("loaded", "said"),
    [
        ("[][1]", "IndexError: list index out of range (shelf_map.py, line 8)"),
        ("None", "its load() returned a NoneType, not a Loaded"),
        ('Loaded("x", Library((Track("a", "A"), Track("a", "B")), (), (), ()))', "two tracks have the id 'a'"),
        ('Loaded("x", Library((), (Playlist("p", "P", ("b",)),), (), ()))', "no track has the id 'b'"),
    ],
)
def test_a_library_that_cannot_be_one_is_said_to_be_the_packages(installed: Path, loaded: str, said: str) -> None:
    add_shelf(installed, loaded)
    with pytest.raises(PluginError, match="shelf-map") as refused:
        make_source("shelf", Config()).load(cast(Any, None))
    assert said in refused.value.message


def test_what_a_package_says_for_people_stays_as_it_is(installed: Path) -> None:
    code = SHELF.format(loaded="self.refuse()", name="shelf")
    add_shelf(
        installed,
        code=code + "\n    from spotmap_build.errors import SourceError\n"
        "    def refuse(self): raise SourceError('The shelf is empty.')\n    Source.refuse = refuse\n",
    )
    with pytest.raises(SpotmapError, match=r"^The shelf is empty\.$"):
        make_source("shelf", Config()).load(cast(Any, None))


def test_a_name_that_two_packages_use_is_said(installed: Path) -> None:
    add_shelf(installed)
    lay_out(installed, "other-map", {"sources:shelf": "other_map:ROW"})
    with pytest.raises(ConfigError, match="other-map and shelf-map"):
        sources.find("shelf")


def findings() -> dict[str, tuple[str, str]]:
    """What doctor says of what packages add."""
    found = [finding for finding in doctor.examine(Config()) if finding.name.startswith("Added")]
    return {f"{finding.name}: {finding.detail}": (finding.level, finding.hint) for finding in found}


def test_doctor_tells_what_packages_add_and_what_is_wrong_with_it(installed: Path) -> None:
    assert findings() == {}
    add_shelf(installed)
    assert findings() == {"Added sources: shelf (shelf-map)": ("ok", "")}
    lay_out(installed, "other-map", {"sources:folder": "other_map:X", "embedders:ears": "other_map:X"})
    (ours, _), (broken, (level, hint)) = findings().items()
    assert "'folder' is built into spotmap-build: the one of other-map is ignored" in ours
    assert "No module named 'other_map'" in broken
    assert level == "warning"
    assert "other-map" in hint


EARS = """
    from spotmap_build.registry.embedders import EmbedderSpec
    ROW = EmbedderSpec(name="ears", model="ear_map:Ears", summary="hears", dimensions=4, tag_count=2, own_version=1,
                       preprocessing="center", weights_sha256="", packaged="ear_map_data:ears.onnx")
    """


def test_an_embedder_of_a_package_brings_its_own_files_and_has_its_own_results(installed: Path) -> None:
    lay_out(installed, "ear-map", {"embedders:ears": "ear_map:ROW"}, EARS)
    (installed / "ear_map_data").mkdir()
    (installed / "ear_map_data/ears.tags.txt").write_text("low\nhigh\n")
    assert load_config({"embedder": "ears"}, {}, installed).embedder == "ears"
    spec = embedders.get("ears")
    assert embedders.environment(spec) == {"embedder": "ears", "weights": "", "package": "ear-map"}
    assert weights.tag_names(spec, None) == ("low", "high")
    assert weights.find(spec, None) == installed / "ear_map_data/ears.onnx"
    with pytest.raises(ConfigError, match="must be one of discogs-effnet, musicnn, ears; it is 'eyes'"):
        load_config({"embedder": "eyes"}, {}, installed)


def heard(dimensions: int, tags: int) -> TrackEmbedding:
    vector, tag_values, features = (np.zeros(count, dtype=np.float32) for count in (dimensions, tags, 1))
    return TrackEmbedding(vector, tag_values, features, typical_s=0.0)


@pytest.mark.parametrize(("dimensions", "tags"), [(5, 2), (4, 3), (4, 0)])
def test_vectors_that_are_not_as_the_row_says_are_refused_before_they_are_kept(dimensions: int, tags: int) -> None:
    spec = embedders.EmbedderSpec("ears", "ear_map:Ears", "hears", 4, 2, 1, "center", "", package="ear-map")
    check_lengths(heard(4, 2), spec)
    with pytest.raises(
        PluginError, match=f"returned {dimensions} dimensions and {tags} tags; its specification says 4 and 2"
    ):
        check_lengths(heard(dimensions, tags), spec)


@pytest.mark.parametrize("reference", ["absent_package:Ears", "math:ears"])
def test_a_worker_without_the_embedders_code_says_so_once_and_not_of_every_track(
    tmp_path: Path, reference: str
) -> None:
    job = EmbedJob("a", str(tmp_path / "a.wav"), None, reference, "", "onnx", str(tmp_path))
    with pytest.raises(ConfigError, match=f"code {reference} cannot be loaded") as refused:
        embed_file(job)
    assert "on every machine that analyzes audio" in refused.value.hint


def test_the_embedders_of_ours_keep_their_keys() -> None:
    for spec in embedders.EMBEDDERS.values():
        assert set(embedders.environment(spec)) == {"embedder", "weights"}


def test_help_and_what_is_ours_look_through_no_packages() -> None:
    program = """
import importlib.metadata, sys
def refuse(**_given): raise SystemExit("looked through the packages")
importlib.metadata.entry_points = refuse
sys.argv = ["spotmap-build", *sys.argv[1:]]
from spotmap_build.cli import run
run()
"""
    for arguments in (["build", "--help"], ["cache", "stats", "--cache-dir", "nowhere"]):
        ours = {"SPOTMAP_EMBEDDER": "musicnn", "SPOTMAP_THEME": "high-contrast", "SPOTMAP_SOURCES": "demo"}
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, text=True, env=ours, check=False
        )
        assert "looked through" not in done.stderr
        assert done.returncode == (0 if "--help" in arguments else 5)


PAPER = Colors("#ffffff", "#777777", "#000000", "#444444", "#003399", "#ffffff")
NIGHT = Colors("#000000", "#888888", "#ffffff", "#cccccc", "#99bbff", "#111111")


def colors(ours: Colors, **other: str) -> Colors:
    return Colors(**{**{name: getattr(ours, name) for name in Colors.__dataclass_fields__}, **other})


@pytest.mark.parametrize(
    ("light", "dark", "said"),
    [
        (PAPER, NIGHT, ""),
        (colors(PAPER, text="black"), NIGHT, "light: text must be written as #rrggbb"),
        (colors(PAPER, accent="red; } body { display: none"), NIGHT, "light: accent must be written as #rrggbb"),
        (colors(PAPER, muted="#999999"), NIGHT, "light: muted #999999 on background #ffffff has a contrast of 2.85"),
        (PAPER, colors(NIGHT, panel="#808080"), "dark: text #ffffff on panel #808080 has a contrast of 3.95"),
        (PAPER, colors(NIGHT, noise="#222222"), "dark: noise #222222 on background #000000 has a contrast of 1.32"),
        (colors(PAPER, background="#e0e0e0"), NIGHT, "light: background #e0e0e0 is too dark for the colors of groups"),
        (PAPER, colors(NIGHT, background="#333333"), "dark: background #333333 is too light for the colors of groups"),
    ],
)
def test_a_theme_that_people_cannot_read_is_refused(light: Colors, dark: Colors, said: str) -> None:
    faults = " ".join(Theme("mine", "is mine", light, dark).faults())
    assert said in faults
    assert bool(said) == bool(faults)


@pytest.mark.parametrize("theme", themes.THEMES, ids=lambda theme: theme.name)
def test_everybody_can_read_a_page_in_our_themes(theme: Theme) -> None:
    assert list(theme.faults()) == []


@pytest.mark.parametrize(
    ("color", "said"), [("'#808080'", r"is hard to read.* contrast of 1\.00"), ("0x808080", "does not work: TypeError")]
)
def test_a_packages_theme_that_cannot_be_read_is_said_to_be_its(
    installed: Path, monkeypatch: pytest.MonkeyPatch, color: str, said: str
) -> None:
    monkeypatch.delitem(sys.modules, "gray_map", raising=False)
    code = f"""
        from spotmap_build.registry.themes import Colors, Theme
        GRAY = Colors(*[{color}] * 6)
        ROW = Theme("gray", "is gray", GRAY, GRAY)
        """
    lay_out(installed, "gray-map", {"themes:gray": "gray_map:ROW"}, code)
    with pytest.raises(PluginError, match=f"theme 'gray' of the package gray-map {said}"):
        themes.find("gray")


def test_contrast_is_that_of_wcag() -> None:
    assert themes.contrast("#ffffff", "#000000") == pytest.approx(21)
    assert themes.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)  # WebAIM's contrast checker


def test_a_package_without_a_name_is_found_all_the_same() -> None:
    from spotmap_build.registry.plugins import package_of

    assert package_of(cast(Any, SimpleNamespace(dist=None))) == "an unknown package"
