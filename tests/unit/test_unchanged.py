"""A build that would do nothing is not done again; whatever could matter to it is noticed."""

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


class Reported:
    """Progress that keeps what it is given."""

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
    """A library with its cache and its site, as far as files tell."""
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


def written_again(name: str) -> Change:
    return lambda folder: (folder / name).write_text("other words")


def removed(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def with_its_old_times(name: str) -> Change:
    """Other content of the same size, and the time of the last change put back."""

    def change(folder: Path) -> None:
        place = folder / name
        status = place.stat()
        time.sleep(0.02)  # longer than a file system's clock takes for a step
        place.write_text("as it WAS")
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))

    return change


CHANGES: dict[str, Change] = {
    "a new file": written_again("map/music/new.mp3"),
    "a new file further down": written_again("map/music/album/new.mp3"),
    "a new playlist": written_again("map/music/list.m3u"),
    "a file that changed": written_again("map/music/album/b.mp3"),
    "a file that was touched": lambda folder: os.utime(folder / "map/music/a.mp3", (1, 1)),
    "a file that was put back in time": with_its_old_times("map/music/a.mp3"),
    "a file that is gone": removed("map/music/album/b.mp3"),
    "a file of another name": lambda folder: (folder / "map/music/a.mp3").rename(folder / "map/music/c.mp3"),
    "another cover": written_again("map/music/album/cover.jpg"),
    "a new folder": lambda folder: (folder / "map/music/empty.mp3").mkdir(),
    "a folder of another name": lambda folder: (folder / "map/music/album").rename(folder / "map/music/b"),
    "a link to a folder": lambda folder: (folder / "map/music/more").symlink_to(folder / "map/music/album"),
    "a link to nothing": lambda folder: (folder / "map/music/l.mp3").symlink_to(folder / "nothing"),
    "no library any more": lambda folder: (folder / "map/music").rename(folder / "map/gone"),
    "a damaged record": written_again("map/cache/ac/identify-v1/ab/abc.json"),
    "a record damaged in secret": with_its_old_times("map/cache/ac/identify-v1/ab/abc.json"),
    "a lost record": removed("map/cache/ac/identify-v1/ab/abc.json"),
    "a new record": written_again("map/cache/ac/identify-v1/ab/abd.json"),
    "a damaged content": with_its_old_times("map/cache/cas/ab/abc"),
    "a lost content": removed("map/cache/cas/ab/abc"),
    "a cache of another format": written_again("map/cache/FORMAT"),
    "no cache any more": lambda folder: (folder / "map/cache").rename(folder / "map/gone"),
    "another page": with_its_old_times("map/site/index.html"),
    "a lost file of the site": removed("map/site/data/1/map.json"),
    "a foreign file in the site": written_again("map/site/notes.txt"),
    "what a killed build left": lambda folder: (folder / "map/site/.spotmap-staging").mkdir(),
    "no site any more": lambda folder: (folder / "map/site").rename(folder / "map/gone"),
    "no report": removed("map/site.report.json"),
    "another report": written_again("map/site.report.json"),
    "no list for the player": removed("map/site.audio.json"),
    "no poster": removed("map/poster.svg"),
    "overrides": written_again("map/overrides.toml"),
    "a site above the cache": written_again(MARKER_NAME),
    "a cache above the site": written_again("CACHEDIR.TAG"),
    "another template": written_again("template/style.css"),
    "another program": written_again("package/module.py"),
    "a module more": written_again("package/more.py"),
    "another version of a package": lambda folder: (folder / "installed/numpy-1.0.dist-info").rename(
        folder / "installed/numpy-2.0.dist-info"
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_could_matter_is_noticed(config: Config, tmp_path: Path, change: Change) -> None:
    before = unchanged.look(config)
    assert before is not None
    assert unchanged.look(config) == before
    change(tmp_path)
    assert unchanged.look(config) != before


@pytest.mark.parametrize(
    "other",
    [{"title": "x"}, {"embedder": "musicnn"}, {"seed": 1}, {"offline": True}, {"paths": "relative"}, {"excerpts": 9},
     {"metric": "cosine"}, {"site_url": "https://x/"}, {"force": True}, {"layers": ("a",)}],
)  # fmt: skip
def test_other_settings_are_noticed(config: Config, other: dict[str, object]) -> None:
    assert unchanged.look(replace(config, **other)) != unchanged.look(config)  # type: ignore[arg-type]


def test_a_date_of_the_build_is_noticed(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    before = unchanged.look(config)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert unchanged.look(config) != before


@pytest.mark.parametrize(
    "other",
    [{"sources": ("spotify",)}, {"sources": ("demo", "takeout:x.zip")}, {"sources": ("exportify:x",)}, {"sources": ()},
     {"anchor": "none"}, {"retry": True}, {"fresh": True}, {"shard": Shard(1, 2)}, {"summary": Path("x.md")},
     {"sources": ("shelf:x",)}, {"embedder": "bands"}, {"theme": "x"}],
)  # fmt: skip
def test_what_files_do_not_tell_is_always_built(config: Config, other: dict[str, object]) -> None:
    assert unchanged.look(replace(config, **other)) is None  # type: ignore[arg-type]


def test_what_builds_write_may_lie_in_the_library(config: Config, tmp_path: Path) -> None:
    config = replace(config, sources=(f"folder:{tmp_path / 'map'}",))
    before = unchanged.look(config)
    (tmp_path / "map/site.unchanged.json").write_text("a note")
    (tmp_path / "map/cache/tmp").mkdir()
    assert unchanged.look(config) == before
    (tmp_path / "map/x.mp3").write_text("a song")
    assert unchanged.look(config) != before


def test_links_that_lead_round_in_a_circle_end(config: Config, tmp_path: Path) -> None:
    (tmp_path / "map/music/album/up").symlink_to(tmp_path / "map/music")
    (tmp_path / "map/music/self").symlink_to(tmp_path / "map/music/self")
    assert unchanged.look(config) == unchanged.look(config)


ENDING = unchanged.Ending(((f"9 of 9 tracks ({unchanged.TOOK}).", "info"), ("Too many.", "error")), 3)
SAID = [("begin", "fetch", "reading \udcff"), ("end", "9 tracks"), ("say", "Beside the site.", "warning")]


def kept(config: Config, until_unix_s: float) -> unchanged.State:
    state = unchanged.look(config)
    assert state is not None
    unchanged.keep(state, config, SAID, ENDING, until_unix_s)
    return state


def test_what_was_reported_is_reported_again(config: Config) -> None:
    state, reported = kept(config, time.time() + 99), Reported()
    assert unchanged.recall(state, config, reported) == ENDING
    assert reported.lines == [(*SAID[0], "None"), *SAID[1:]]
    assert config.unchanged_path.stat().st_mode & 0o077 == 0


def test_what_is_recorded_is_what_was_reported() -> None:
    reported = Reported()
    recorded = unchanged.Recorded(reported)
    recorded.begin("fetch", "reading \udcff")
    recorded.end("9 tracks")
    recorded.say("Beside the site.", level="warning")
    assert (recorded.said, reported.lines[1:]) == (SAID, SAID[1:])


@pytest.mark.parametrize(("name", "is_repeated"), [("of this site", False), ("of another site", True)])
def test_what_the_cache_has_noted_of_this_sites_builds_counts(config: Config, name: str, is_repeated: bool) -> None:
    sites = {"of this site": config.out, "of another site": config.out.with_name("other")}
    roots = {each: config.cache_dir / f"roots/1-a.{site_name(out)}.json" for each, out in sites.items()}
    roots["of this site"].parent.mkdir()
    for root in roots.values():
        root.write_text("what was used")
    state = kept(config, time.time() + 99)
    roots[name].unlink()
    assert (unchanged.recall(state, config, Reported()) == ENDING) is is_repeated


def test_which_folder_each_link_leads_to_is_noticed(config: Config, tmp_path: Path) -> None:
    """Also where others lead there as well: a build calls what is in it by the first of them."""
    links = [tmp_path / "map/music" / name for name in "cab"]
    targets = [tmp_path / "elsewhere" / name for name in "xy"]
    for target in targets:
        target.mkdir(parents=True)
    states = set()
    for chosen in product(targets, repeat=len(links)):
        for link, target in zip(links, chosen, strict=True):
            link.unlink(missing_ok=True)
            link.symlink_to(target)
        states.add(unchanged.look(config))
    assert len(states) == len(targets) ** len(links)


@pytest.mark.parametrize("until_s", [0, -99], ids=["now", "long ago"])
def test_nothing_is_reported_again_after_its_time(config: Config, until_s: float) -> None:
    state, reported = kept(config, time.time() + until_s), Reported()
    assert unchanged.recall(state, config, reported) is None
    assert not reported.lines


def test_nothing_is_reported_again_by_a_clock_that_was_put_back(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, now_unix_s = kept(config, time.time() + 99), time.time()
    monkeypatch.setattr(time, "time", lambda: now_unix_s - 999)
    assert unchanged.recall(state, config, Reported()) is None


@pytest.mark.parametrize(
    "damage",
    [lambda text: "", lambda text: "[]", lambda text: "{", lambda text: "[" * 100_000,
     lambda text: text.replace("9 of 9", "8 of 9"),
     lambda text: json.dumps(json.loads(text) | {"until_unix_s": 1 << 40}), lambda text: text.replace("seal", "sea1")],
    ids=["empty", "a list", "half", "nested", "other words", "a later end", "no seal"],
)  # fmt: skip
def test_a_note_that_is_not_as_it_was_written_is_none(config: Config, damage: Callable[[str], str]) -> None:
    state = kept(config, time.time() + 99)
    config.unchanged_path.write_text(damage(config.unchanged_path.read_text()))
    assert unchanged.recall(state, config, Reported()) is None


def test_no_note_is_left_of_a_build_in_which_something_changed(config: Config, tmp_path: Path) -> None:
    before = unchanged.look(config)
    assert before is not None
    (tmp_path / "map/music/new.mp3").write_text("came while it was built")
    unchanged.keep(before, config, SAID, ENDING, time.time() + 99)
    assert not config.unchanged_path.exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_file_that_is_no_note_stays(config: Config, kind: str) -> None:
    if kind == "folder":
        config.unchanged_path.mkdir()
    else:
        config.unchanged_path.write_text('{"mine": 1}')
    state = kept(config, time.time() + 99)
    assert config.unchanged_path.is_dir() or config.unchanged_path.read_text() == '{"mine": 1}'
    assert unchanged.recall(state, config, Reported()) is None


def test_every_place_of_the_settings_is_looked_at_or_of_no_matter() -> None:
    looked_at = {"out", "cache_dir", "report", "poster", "overrides", "template", "summary"}
    of_tracks_that_are_fetched = {"keep_audio", "cookies", "token_file"}
    before_listening = {"models_dir"}
    places = {field.name for field in fields(Config) if "Path" in str(field.type)}
    assert places == looked_at | of_tracks_that_are_fetched | before_listening


def test_the_marker_of_a_site_is_known() -> None:
    assert MARKER_NAME in unchanged.MARKERS
