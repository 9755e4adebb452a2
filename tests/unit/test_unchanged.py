"""A build that would change nothing is skipped; every relevant change is detected."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import pytest

from spotmap_build import unchanged
from spotmap_build.cache.roots import site_name
from spotmap_build.config import Config
from spotmap_build.config_values import Shard
from spotmap_build.registry.formats import MARKER_NAME

Change = Callable[[Path], object]


class RecordingProgress:
    """Progress that records its calls."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def begin(self, stage: str, what: str, total: int | None = None) -> None:
        self.lines.append(("begin", stage, what, str(total)))

    def advance(self, done: int) -> None:
        raise AssertionError(done)

    def end(self, outcome: str) -> None:
        self.lines.append(("end", outcome))

    def say(self, message: str, *, level: str = "info") -> None:
        self.lines.append(("say", message, level))

    def close(self) -> None:
        pass


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Return the settings of a library, with placeholder files for its cache and its site."""
    for name in (
        "map/music/a.mp3", "map/music/album/b.mp3", "map/music/album/cover.jpg", "map/cache/FORMAT",
        "map/cache/ac/identify-v1/ab/abc.json", "map/cache/cas/ab/abc",
        "map/site/index.html", "map/site/data/1/map.json", "map/site.report.json", "map/site.audio.json",
        "map/poster.svg", "template/style.css", "package/module.py", "installed/numpy-1.0.dist-info/METADATA",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it was")
    monkeypatch.setattr(unchanged, "PACKAGE", tmp_path / "package")
    monkeypatch.syspath_prepend(tmp_path / "installed")
    folder = tmp_path / "map"
    return Config(
        sources=(f"folder:{folder / 'music'}",),
        out=folder / "site",
        cache_dir=folder / "cache",
        overrides=folder / "overrides.toml",
        template=tmp_path / "template",
        poster=folder / "poster.svg",
    )


def rewritten(name: str) -> Change:
    return lambda folder: (folder / name).write_text("other words")


def removed(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def with_its_old_times(name: str) -> Change:
    """Change the content but not the size, and restore the modification time."""

    def change(folder: Path) -> None:
        place = folder / name
        status = place.stat()
        time.sleep(0.02)  # longer than the resolution of file timestamps
        place.write_text("as it WAS")
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))

    return change


CHANGES: dict[str, Change] = {
    "a new file": rewritten("map/music/new.mp3"),
    "a new file further down": rewritten("map/music/album/new.mp3"),
    "a new playlist": rewritten("map/music/list.m3u"),
    "a file that changed": rewritten("map/music/album/b.mp3"),
    "a file that was touched": lambda folder: os.utime(folder / "map/music/a.mp3", (1, 1)),
    "a file that was changed with its old timestamp": with_its_old_times("map/music/a.mp3"),
    "a file that is gone": removed("map/music/album/b.mp3"),
    "a renamed file": lambda folder: (folder / "map/music/a.mp3").rename(folder / "map/music/c.mp3"),
    "another cover": rewritten("map/music/album/cover.jpg"),
    "a new folder": lambda folder: (folder / "map/music/empty.mp3").mkdir(),
    "a renamed folder": lambda folder: (folder / "map/music/album").rename(folder / "map/music/b"),
    "a link to a folder": lambda folder: (folder / "map/music/more").symlink_to(folder / "map/music/album"),
    "a link to nothing": lambda folder: (folder / "map/music/l.mp3").symlink_to(folder / "nothing"),
    "a removed library": lambda folder: (folder / "map/music").rename(folder / "map/gone"),
    "a damaged record": rewritten("map/cache/ac/identify-v1/ab/abc.json"),
    "a record damaged with its old timestamp": with_its_old_times("map/cache/ac/identify-v1/ab/abc.json"),
    "a lost record": removed("map/cache/ac/identify-v1/ab/abc.json"),
    "a new record": rewritten("map/cache/ac/identify-v1/ab/abd.json"),
    "a damaged blob": with_its_old_times("map/cache/cas/ab/abc"),
    "a lost blob": removed("map/cache/cas/ab/abc"),
    "a cache of another format": rewritten("map/cache/FORMAT"),
    "a removed cache": lambda folder: (folder / "map/cache").rename(folder / "map/gone"),
    "another page": with_its_old_times("map/site/index.html"),
    "a lost file of the site": removed("map/site/data/1/map.json"),
    "a foreign file in the site": rewritten("map/site/notes.txt"),
    "a staging folder of a killed build": lambda folder: (folder / "map/site/.spotmap-staging").mkdir(),
    "a removed site": lambda folder: (folder / "map/site").rename(folder / "map/gone"),
    "no report": removed("map/site.report.json"),
    "another report": rewritten("map/site.report.json"),
    "no audio list": removed("map/site.audio.json"),
    "no poster": removed("map/poster.svg"),
    "overrides": rewritten("map/overrides.toml"),
    "a site above the cache": rewritten(MARKER_NAME),
    "a cache above the site": rewritten("CACHEDIR.TAG"),
    "another template": rewritten("template/style.css"),
    "another program": rewritten("package/module.py"),
    "an additional module": rewritten("package/more.py"),
    "another version of a package": lambda folder: (folder / "installed/numpy-1.0.dist-info").rename(
        folder / "installed/numpy-2.0.dist-info"
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_relevant_change_is_detected(config: Config, tmp_path: Path, change: Change) -> None:
    before = unchanged.read_state(config)
    assert before is not None
    assert unchanged.read_state(config) == before
    change(tmp_path)
    assert unchanged.read_state(config) != before


@pytest.mark.parametrize(
    "other",
    [{"title": "x"}, {"embedder": "musicnn"}, {"seed": 1}, {"offline": True}, {"paths": "relative"}, {"excerpts": 9},
     {"metric": "cosine"}, {"site_url": "https://x/"}, {"force": True}, {"layers": ("a",)}],
)  # fmt: skip
def test_changed_settings_are_detected(config: Config, other: dict[str, object]) -> None:
    assert unchanged.read_state(replace(config, **other)) != unchanged.read_state(config)  # type: ignore[arg-type]


def test_changed_source_date_epoch_is_detected(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    before = unchanged.read_state(config)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert unchanged.read_state(config) != before


@pytest.mark.parametrize(
    "other",
    [{"sources": ("spotify",)}, {"sources": ("demo", "takeout:x.zip")}, {"sources": ("exportify:x",)}, {"sources": ()},
     {"anchor": "none"}, {"retry": True}, {"fresh": True}, {"shard": Shard(1, 2)}, {"summary": Path("x.md")},
     {"sources": ("shelf:x",)}, {"embedder": "bands"}, {"theme": "x"}],
)  # fmt: skip
def test_build_that_depends_on_more_than_files_always_runs(config: Config, other: dict[str, object]) -> None:
    assert unchanged.read_state(replace(config, **other)) is None  # type: ignore[arg-type]


def test_output_of_builds_inside_the_library_is_ignored(config: Config, tmp_path: Path) -> None:
    config = replace(config, sources=(f"folder:{tmp_path / 'map'}",))
    before = unchanged.read_state(config)
    (tmp_path / "map/site.unchanged.json").write_text("a note")
    (tmp_path / "map/cache/tmp").mkdir()
    assert unchanged.read_state(config) == before
    (tmp_path / "map/x.mp3").write_text("a song")
    assert unchanged.read_state(config) != before


def test_symlink_loops_end(config: Config, tmp_path: Path) -> None:
    (tmp_path / "map/music/album/up").symlink_to(tmp_path / "map/music")
    (tmp_path / "map/music/self").symlink_to(tmp_path / "map/music/self")
    assert unchanged.read_state(config) == unchanged.read_state(config)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc")
def test_state_of_the_system_is_left_out(config: Config, tmp_path: Path) -> None:
    (tmp_path / "map/music/album/open").symlink_to("/proc/self/fd")
    before = unchanged.read_state(config)
    with (tmp_path / "map/music/a.mp3").open():
        assert unchanged.read_state(config) == before


ENDING = unchanged.Ending(((f"9 of 9 tracks ({unchanged.TOOK}).", "info"), ("Too many.", "error")), 3)
MESSAGES = [("begin", "fetch", "reading \udcff"), ("end", "9 tracks"), ("say", "Beside the site.", "warning")]


def kept(config: Config, until_unix_s: float) -> unchanged.State:
    state = unchanged.read_state(config)
    assert state is not None
    unchanged.save_note(state, config, MESSAGES, ENDING, until_unix_s)
    return state


def test_recorded_messages_are_repeated(config: Config) -> None:
    state, reported = kept(config, time.time() + 99), RecordingProgress()
    assert unchanged.replay(state, config, reported) == ENDING
    assert reported.lines == [(*MESSAGES[0], "None"), *MESSAGES[1:]]
    assert config.unchanged_path.stat().st_mode & 0o077 == 0


def test_messages_are_recorded_as_reported() -> None:
    reported = RecordingProgress()
    recorded = unchanged.RecordingProgress(reported)
    recorded.begin("fetch", "reading \udcff")
    recorded.end("9 tracks")
    recorded.say("Beside the site.", level="warning")
    assert (recorded.events, reported.lines[1:]) == (MESSAGES, MESSAGES[1:])


@pytest.mark.parametrize(("name", "is_repeated"), [("of this site", False), ("of another site", True)])
def test_only_the_build_records_of_this_site_matter(config: Config, name: str, is_repeated: bool) -> None:
    sites = {"of this site": config.out, "of another site": config.out.with_name("other")}
    roots = {each: config.cache_dir / f"roots/1-a.{site_name(out)}.json" for each, out in sites.items()}
    roots["of this site"].parent.mkdir()
    for root in roots.values():
        root.write_text("what was used")
    state = kept(config, time.time() + 99)
    roots[name].unlink()
    assert (unchanged.replay(state, config, RecordingProgress()) == ENDING) is is_repeated


def test_target_of_each_symlink_matters(config: Config, tmp_path: Path) -> None:
    """Even if several links lead to the same folders, because a build names files by the first link."""
    links = [tmp_path / "map/music" / name for name in "cab"]
    targets = [tmp_path / "elsewhere" / name for name in "xy"]
    for target in targets:
        target.mkdir(parents=True)
    states = set()
    for chosen in product(targets, repeat=len(links)):
        for link, target in zip(links, chosen, strict=True):
            link.unlink(missing_ok=True)
            link.symlink_to(target)
        states.add(unchanged.read_state(config))
    assert len(states) == len(targets) ** len(links)


@pytest.mark.parametrize("until_s", [0, -99], ids=["now", "long ago"])
def test_record_expires(config: Config, until_s: float) -> None:
    state, reported = kept(config, time.time() + until_s), RecordingProgress()
    assert unchanged.replay(state, config, reported) is None
    assert not reported.lines


def test_record_is_ignored_if_the_clock_was_set_back(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    state, now_unix_s = kept(config, time.time() + 99), time.time()
    monkeypatch.setattr(time, "time", lambda: now_unix_s - 999)
    assert unchanged.replay(state, config, RecordingProgress()) is None


@pytest.mark.parametrize(
    "damage",
    [lambda text: "", lambda text: "[]", lambda text: "{", lambda text: "[" * 100_000,
     lambda text: text.replace("9 of 9", "8 of 9"),
     lambda text: json.dumps(json.loads(text) | {"until_unix_s": 1 << 40}), lambda text: text.replace("seal", "sea1")],
    ids=["empty", "a list", "truncated", "deeply nested", "changed text", "changed expiry", "no seal"],
)  # fmt: skip
def test_damaged_record_is_ignored(config: Config, damage: Callable[[str], str]) -> None:
    state = kept(config, time.time() + 99)
    config.unchanged_path.write_text(damage(config.unchanged_path.read_text()))
    assert unchanged.replay(state, config, RecordingProgress()) is None


def test_nothing_is_recorded_if_a_file_changed_during_the_build(config: Config, tmp_path: Path) -> None:
    before = unchanged.read_state(config)
    assert before is not None
    (tmp_path / "map/music/new.mp3").write_text("came while it was built")
    unchanged.save_note(before, config, MESSAGES, ENDING, time.time() + 99)
    assert not config.unchanged_path.exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_foreign_file_in_place_of_the_record_is_kept(config: Config, kind: str) -> None:
    if kind == "folder":
        config.unchanged_path.mkdir()
    else:
        config.unchanged_path.write_text('{"mine": 1}')
    state = kept(config, time.time() + 99)
    assert config.unchanged_path.is_dir() or config.unchanged_path.read_text() == '{"mine": 1}'
    assert unchanged.replay(state, config, RecordingProgress()) is None


def test_every_path_setting_is_checked_or_irrelevant() -> None:
    looked_at = {"out", "cache_dir", "report", "poster", "overrides", "template", "summary"}
    of_tracks_that_are_fetched = {"keep_audio", "cookies", "token_file"}
    before_listening = {"models_dir"}
    places = {field.name for field in fields(Config) if "Path" in str(field.type)}
    assert places == looked_at | of_tracks_that_are_fetched | before_listening


def test_marker_of_a_site_is_known() -> None:
    assert MARKER_NAME in unchanged.MARKERS
