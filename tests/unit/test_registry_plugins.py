"""Plugins of other packages are found by name, and their errors name the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
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
    """Return a folder that is on the import path, for installing packages."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("shelf_map", "other_map"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def add_shelf(installed: Path, loaded: str = GOOD, name: str = "shelf", code: str = "") -> None:
    lay_out(installed, "shelf-map", {"sources:shelf": "shelf_map:ROW"}, code or SHELF.format(loaded=loaded, name=name))


def test_source_of_a_plugin_is_found_by_name(installed: Path) -> None:
    add_shelf(installed)
    assert sources.find("shelf").package == "shelf-map"
    loaded = make_source("shelf", Config()).load(cast(Any, None))
    assert [track.title for track in loaded.library.tracks] == ["A"]
    assert loaded.kind == "shelf", "the requested name"
    assert library_title(("shelf",)) == "My shelf"


def test_error_for_an_unknown_name_lists_plugins(installed: Path) -> None:
    add_shelf(installed)
    with pytest.raises(ConfigError) as refused:
        sources.find("self")
    assert refused.value.hint.endswith("card:PATH, shelf.")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import absent_package", "ModuleNotFoundError: No module named 'absent_package' (shelf_map.py, line 1)"),
        ("ROW = 1 / 0", "ZeroDivisionError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("x = 1", "has no attribute 'ROW'"),
        ("ROW = 'a source'", "shelf_map:ROW is not of type SourceKind"),
        (SHELF.format(loaded=GOOD, name="bookcase"), "has the name 'bookcase'"),
    ],
)
def test_broken_plugin_is_reported_with_its_package(installed: Path, code: str, words: str) -> None:
    add_shelf(installed, code=code)
    with pytest.raises(PluginError, match="source 'shelf' of the package shelf-map does not work") as refused:
        sources.find("shelf")
    assert words in refused.value.message
    assert "pip install --upgrade shelf-map" in refused.value.hint
    assert sources.find("folder").package == "", "other sources are unaffected"


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        ("[][1]", "IndexError: list index out of range (shelf_map.py, line 8)"),
        ("None", "its load() returned a NoneType, not a Loaded"),
        ('Loaded("x", Library((Track("a", "A"), Track("a", "B")), (), (), ()))', "two tracks have the id 'a'"),
        ('Loaded("x", Library((), (Playlist("p", "P", ("b",)),), (), ()))', "no track has the id 'b'"),
        ('Loaded("x", None)', "got `null`"),
        ('Loaded("x", Library(iter([])))', "generator|iterator"),
        ('Loaded("x", Library((Track("a", 5),)))', "Expected `str`, got `int` - at `$.tracks[0].title`"),
        ('Loaded("x", Library((Track("a", "A", (None,)),)))', "got `null` - at `$.tracks[0].artists[0]`"),
        ('Loaded("x", Library((Track("a", "A", added_at=5),)))', "at `$.tracks[0].added_at`"),
        ('Loaded("x", Library((Track("a", "A", facets={5: "b"}),)))', "facets"),
        ('Loaded("x", Library((Track("a", "A", position=(1.0, 2.0, 3.0)),)))', "length 2"),
        ('Loaded("x", Library((Track("a", "A", position=(float("nan"), 1.0)),)))', "not finite"),
        ('Loaded("x", Library((Track("a", "A", year=10**30),)))', "'a' has a number that is negative or too large"),
        ('Loaded("x", Library((Track("a", "A", duration_ms=-1),)))', "negative"),
        ('Loaded("x", Library((Track("", "A"),)))', "an empty id"),
        ('Loaded("x", Library((Track("a", chr(0xD800)),)))', "is not valid Unicode"),
        ('Loaded("x", Library(()), notices=(5,))', "got `int`"),
    ],
)
def test_invalid_library_of_a_plugin_is_reported_with_its_package(installed: Path, loaded: str, words: str) -> None:
    add_shelf(installed, loaded)
    with pytest.raises(PluginError, match="shelf-map") as refused:
        make_source("shelf", Config()).load(cast(Any, None))
    assert any(each in refused.value.message for each in words.split("|"))


def test_library_of_a_plugin_may_have_lists_and_numbers_of_numpy(installed: Path) -> None:
    numbers = "play_count=numpy.int64(3), position=[numpy.float32(0.5), 2], artists=['X']"
    track = f"Track('a', 'A', {numbers}, recording=Recording('b' * 64, path='not UTF-8 \\udcff'))"
    code = SHELF.format(loaded=f"Loaded('x', Library([{track}]))", name="shelf")
    add_shelf(installed, code="import numpy\nfrom spotmap_build.model import Recording\n" + dedent(code))
    (found,) = make_source("shelf", Config()).load(cast(Any, None)).library.tracks
    assert (found.play_count, found.position, found.artists) == (3, (0.5, 2.0), ("X",))
    assert found.recording is not None
    assert found.recording.path == "not UTF-8 \udcff"


def test_spotmap_error_of_a_plugin_is_passed_on(installed: Path) -> None:
    code = SHELF.format(loaded="self.refuse()", name="shelf")
    add_shelf(
        installed,
        code=code + "\n    from spotmap_build.errors import SourceError\n"
        "    def refuse(self): raise SourceError('The shelf is empty.')\n    Source.refuse = refuse\n",
    )
    with pytest.raises(SpotmapError, match=r"^The shelf is empty\.$"):
        make_source("shelf", Config()).load(cast(Any, None))


def test_name_used_by_two_packages_is_reported(installed: Path) -> None:
    add_shelf(installed)
    lay_out(installed, "other-map", {"sources:shelf": "other_map:ROW"})
    with pytest.raises(ConfigError, match="other-map, shelf-map"):
        sources.find("shelf")


def findings() -> dict[str, tuple[str, str]]:
    """Return doctor's findings about plugins."""
    found = [finding for finding in doctor.examine(Config()) if finding.name.startswith("Added")]
    return {f"{finding.name}: {finding.detail}": (finding.level, finding.hint) for finding in found}


def test_doctor_lists_plugins_and_their_problems(installed: Path) -> None:
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


def test_embedder_of_a_plugin_has_its_own_files_and_cache_keys(installed: Path) -> None:
    lay_out(installed, "ear-map", {"embedders:ears": "ear_map:ROW"}, EARS)
    (installed / "ear_map_data").mkdir()
    (installed / "ear_map_data/ears.tags.txt").write_text("low\nhigh\n")
    assert load_config({"embedder": "ears"}, {}, installed).embedder == "ears"
    spec = embedders.find("ears")
    assert embedders.environment(spec) == {"embedder": "ears", "weights": "", "package": "ear-map"}
    assert weights.tag_names(spec, None) == ("low", "high")
    assert weights.find(spec, None) == installed / "ear_map_data/ears.onnx"
    with pytest.raises(ConfigError, match="must be one of discogs-effnet, musicnn, ears; it is 'eyes'"):
        load_config({"embedder": "eyes"}, {}, installed)


def make_embedding(dimensions: int, tags: int) -> TrackEmbedding:
    vector, tag_values, features = (np.zeros(count, dtype=np.float32) for count in (dimensions, tags, 1))
    return TrackEmbedding(vector, tag_values, features, typical_s=0.0)


@pytest.mark.parametrize(("dimensions", "tags"), [(5, 2), (4, 3), (4, 0)])
def test_embedding_with_wrong_lengths_is_refused_before_it_is_cached(dimensions: int, tags: int) -> None:
    spec = embedders.EmbedderSpec("ears", "ear_map:Ears", "hears", 4, 2, 1, "center", "", package="ear-map")
    check_lengths(make_embedding(4, 2), spec)
    with pytest.raises(
        PluginError, match=f"returned {dimensions} dimensions and {tags} tags; its specification says 4 and 2"
    ):
        check_lengths(make_embedding(dimensions, tags), spec)


@pytest.mark.parametrize("reference", ["absent_package:Ears", "math:ears"])
def test_missing_embedder_code_in_a_worker_is_a_config_error(tmp_path: Path, reference: str) -> None:
    job = EmbedJob("a", str(tmp_path / "a.wav"), None, reference, "", "onnx", str(tmp_path))
    with pytest.raises(ConfigError, match=f"code {reference} cannot be loaded") as refused:
        embed_file(job)
    assert "on every machine that analyzes audio" in refused.value.hint


def test_built_in_embedders_keep_their_cache_keys() -> None:
    for spec in embedders.EMBEDDERS.values():
        assert set(embedders.environment(spec)) == {"embedder", "weights"}


def test_help_and_built_in_plugins_do_not_scan_packages() -> None:
    program = """
import importlib.metadata, sys
def refuse(**_given): raise SystemExit("looked through the packages")
importlib.metadata.entry_points = refuse
sys.argv = ["spotmap-build", *sys.argv[1:]]
from spotmap_build.cli import run
run()
"""
    for arguments in (["build", "--help"], ["cache", "stats", "--cache-dir", "nowhere"]):
        built_in = {"SPOTMAP_EMBEDDER": "musicnn", "SPOTMAP_THEME": "high-contrast", "SPOTMAP_SOURCES": "demo"}
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, text=True, env=built_in, check=False
        )
        assert "looked through" not in done.stderr
        assert done.returncode == (0 if "--help" in arguments else 5)


PAPER = Colors("#ffffff", "#777777", "#000000", "#444444", "#003399", "#ffffff")
NIGHT = Colors("#000000", "#888888", "#ffffff", "#cccccc", "#99bbff", "#111111")


def colors(base: Colors, **other: str) -> Colors:
    return Colors(**{**{name: getattr(base, name) for name in Colors.__dataclass_fields__}, **other})


@pytest.mark.parametrize(
    ("light", "dark", "fault"),
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
def test_unreadable_theme_is_refused(light: Colors, dark: Colors, fault: str) -> None:
    faults = " ".join(Theme("mine", "is mine", light, dark).faults())
    assert fault in faults
    assert bool(fault) == bool(faults)


@pytest.mark.parametrize("theme", themes.THEMES, ids=lambda theme: theme.name)
def test_built_in_themes_are_readable(theme: Theme) -> None:
    assert list(theme.faults()) == []


@pytest.mark.parametrize(
    ("color", "message"),
    [("'#808080'", r"is hard to read.* contrast of 1\.00"), ("0x808080", "does not work: TypeError")],
)
def test_unreadable_theme_of_a_plugin_is_reported_with_its_package(
    installed: Path, monkeypatch: pytest.MonkeyPatch, color: str, message: str
) -> None:
    monkeypatch.delitem(sys.modules, "gray_map", raising=False)
    code = f"""
        from spotmap_build.registry.themes import Colors, Theme
        GRAY = Colors(*[{color}] * 6)
        ROW = Theme("gray", "is gray", GRAY, GRAY)
        """
    lay_out(installed, "gray-map", {"themes:gray": "gray_map:ROW"}, code)
    with pytest.raises(PluginError, match=f"theme 'gray' of the package gray-map {message}"):
        themes.find("gray")


def test_contrast_matches_wcag() -> None:
    assert themes.contrast("#ffffff", "#000000") == pytest.approx(21)
    assert themes.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)  # WebAIM's contrast checker


def test_distribution_without_metadata_has_a_placeholder_name() -> None:
    from spotmap_build.registry.plugins import package_of

    assert package_of(cast(Any, SimpleNamespace(dist=None))) == "an unknown package"
