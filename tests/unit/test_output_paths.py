"""Output paths are checked before a build: site, cache, report and private files must not overlap."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spotmap_build.cache.layout import prepare
from spotmap_build.config import load_config
from spotmap_build.errors import CacheError, ConfigError, OutputError, SpotmapError
from spotmap_build.output_paths import NOT_IN_THE_CACHE, NOT_IN_THE_SITE, USUAL_CACHE, check_output_paths
from spotmap_build.registry.formats import MARKER_NAME
from tests.support.command import tree


def check(folder: Path, **flags: object) -> None:
    check_output_paths(load_config(flags, {}, folder))


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("out", "cache"),
    [
        ("o", "o"),
        ("o", "o/cache"),
        ("o", "o/deep/er/cache"),
        ("c/site", "c"),
        ("c/tmp/site", "c"),
        ("o", "link/cache"),
        ("link", "o/cache"),
        ("link", "o"),
        ("new/../o", "o/cache"),
        (".", "cache"),
        ("..", ".spotmap/cache"),
        ("o", "dangling/cache"),
    ],
)
def test_site_and_cache_must_not_contain_each_other(tmp_path: Path, out: str, cache: str, force: bool) -> None:
    folder = tmp_path / "work"
    (folder / "o").mkdir(parents=True)
    (folder / "link").symlink_to("o")
    (folder / "dangling").symlink_to(folder / "o/new")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError) as caught:
        check(folder, out=out, cache_dir=cache, force=force)
    assert caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before
    if out not in {".", ".."}:
        assert "cannot be inside each other" in caught.value.message


@pytest.mark.parametrize(("out", "cache"), [("o", "cache"), ("a/o", "a/cache"), ("o", "o-cache"), ("o-site", "o")])
def test_site_and_cache_may_be_siblings(tmp_path: Path, out: str, cache: str) -> None:
    check(tmp_path, out=out, cache_dir=cache)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", [".", "../map", "sub/.."])
def test_empty_working_folder_can_be_the_site(tmp_path: Path, out: str) -> None:
    folder = tmp_path / "map"
    folder.mkdir()
    if out.startswith("sub"):
        (folder / "sub").mkdir()
    config = load_config({"out": out, "force": out.startswith("sub")}, {}, folder)
    check_output_paths(config)
    assert config.cache_dir.resolve() == tmp_path / "map.spotmap/cache"
    assert config.report_path.resolve() == tmp_path / "map.report.json"
    assert config.cache_is_beside_site


@pytest.mark.parametrize("force", [False, True])
def test_existing_caches_are_kept_out_of_a_site(tmp_path: Path, force: bool) -> None:
    prepare(tmp_path / "old", create=True)
    prepare(tmp_path / "o" / USUAL_CACHE, create=True)
    for out in ("old", "old/tmp", "old/tmp/new", "o"):
        with pytest.raises(OutputError, match="cache"):
            check(tmp_path, out=out, cache_dir="new", force=True)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / MARKER_NAME).write_text("{}")
    with pytest.raises(OutputError, match="inside the site published"):
        check(tmp_path, out="other", cache_dir="site/cache", force=force)


@pytest.mark.parametrize("name", [*NOT_IN_THE_SITE, "cache"])
@pytest.mark.parametrize("force", [False, True])
def test_private_files_are_kept_out_of_the_site(tmp_path: Path, name: str, force: bool) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "link").symlink_to("site")
    for place in ("site", "site/x", "site/deep/x", "link/x"):
        environment = {"SPOTMAP_TOKEN_FILE": place} if name == "token_file" else {}
        flags = {"cache_dir" if name == "cache" else name: place, "force": force}
        with pytest.raises(SpotmapError):
            check_output_paths(load_config(flags, environment, tmp_path))
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("name", NOT_IN_THE_CACHE)
def test_output_files_are_kept_out_of_the_cache(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="inside the cache"):
        check(tmp_path, **{name: ".spotmap/cache/x"})


def test_report_and_summary_must_be_different_files(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="the same file"):
        check(tmp_path, report="x", summary="link/x")


@pytest.mark.parametrize("name", ["report", "summary"])
def test_foreign_file_is_detected_before_the_build(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(OutputError, match="not written by a build"):
        check(tmp_path, **{name: "notes"})
    check(tmp_path, **{name: "notes", "force": True})
    assert (tmp_path / "notes").read_text() == "mine"


@pytest.mark.parametrize("place", ["n" * 300, "m/" * 3_000])
@pytest.mark.parametrize("name", ["out", "cache_dir", "report", "summary", "keep_audio", "overrides", "template"])
def test_overlong_path_is_a_config_error(tmp_path: Path, place: str, name: str) -> None:
    with pytest.raises(ConfigError, match="too long"):
        check(tmp_path, **{name: place})


@pytest.mark.parametrize("place", ["file/x", "loop", "loop/x", "new/" + "n" * 300])
def test_impossible_path_is_reported_before_the_build(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputError, match="site cannot be published"):
        check(tmp_path, out=place)
    with pytest.raises(CacheError, match="cache"):
        check(tmp_path, cache_dir=place)
    for name in ("report", "summary"):
        with pytest.raises(OutputError, match=f"{name} .* cannot be written"):
            check(tmp_path, **{name: place})
    check(tmp_path, keep_audio=place)


@pytest.mark.parametrize("out", ["n" * 255, "\u3042" * 85, os.fsdecode(b"\xff\xfe"), "a\nb", "-x", "\x1b[2J"])
def test_any_valid_folder_name_is_accepted(tmp_path: Path, out: str) -> None:
    check(tmp_path, out=out)


def test_without_a_home_folder_only_the_root_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    check(tmp_path, out="site")
    with pytest.raises(OutputError):
        check(tmp_path, out="/", report="r.json")
