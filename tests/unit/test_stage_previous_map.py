"""Reading the previous map and site from the cache, and discarding records that no build would have written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key
from spotmap_build.cache.memo import Outputs
from spotmap_build.cache.store import Cache
from spotmap_build.run import Run
from spotmap_build.stages.emit import is_site
from spotmap_build.stages.previous_map import ANCHOR, LAST_MAP_VERSION, MAP, STATE, load_previous_map
from spotmap_build.stages.space import layout_environment

GENERATION = "a1b2"
MAP_OF_TWO: dict[str, Any] = {
    "track_ids": ["a", "b"],
    "x": [0.0, 1.0],
    "y": [0.0, 1.0],
    "clusters": [{"id": "cluster-1", "name": "One", "color": 0, "members": [0, 1], "parent": 0}],
    "regions": [{"id": "region-1", "name": "One", "color": 0, "members": [0, 1], "parent": None}],
    "next_numbers": [2, 2],
}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Return a build whose published site cannot be read, so that only the cache has the previous map."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text(f'<html data-generation="{GENERATION}">')
    with Cache.open(tmp_path / "cache") as cache:
        config = SimpleNamespace(anchor="auto", out=tmp_path / "site", fresh=False)
        yield cast("Run", SimpleNamespace(config=config, cache=cache))


def remember(run: Run, state: object, last: object, anchor: bytes = b"", *, by: str = "generation") -> None:
    preimage = {"generation": GENERATION} if by == "generation" else {"place": by}
    outputs = {STATE: orjson.dumps(state), MAP: orjson.dumps(last), ANCHOR: anchor}
    run.cache.put(Key("last-map", LAST_MAP_VERSION, preimage), outputs, 0.0)


def embedded(digest: str) -> Any:
    return SimpleNamespace(digest=digest)


def test_previous_map_is_continued_if_the_vectors_changed(run: Run) -> None:
    remember(run, {"vectors": "v1", "is_fresh": True}, MAP_OF_TWO)
    previous_map = load_previous_map(run, embedded("v2"))
    last = previous_map.value
    assert last is not None
    assert (last.track_ids, previous_map.is_fresh, previous_map.notice) == (("a", "b"), False, "")


def test_map_before_the_previous_is_continued_if_its_layout_is_reproducible(run: Run) -> None:
    remember(run, {"vectors": "v1", "is_fresh": True, "environment": layout_environment()}, MAP_OF_TWO)
    same = load_previous_map(run, embedded("v1"))
    assert (same.value, same.is_fresh, same.notice) == (None, True, "")


@pytest.mark.parametrize("environment", ["", "another version, or another machine"])
def test_previous_map_is_continued_if_its_layout_is_not_reproducible(run: Run, environment: str) -> None:
    remember(run, {"vectors": "v1", "is_fresh": True, "environment": environment}, MAP_OF_TWO)
    last = load_previous_map(run, embedded("v1"))
    assert last.value is not None
    assert not last.is_fresh


@pytest.mark.parametrize(
    "damage",
    [
        {"x": [0.0]},
        {"x": [0.0, "1"]},
        {"x": [0.0, 1e308]},
        {"y": None},
        {"track_ids": ["a", 7]},
        {"track_ids": "ab"},
        {"clusters": "none"},
        {"clusters": [None]},
        {"clusters": [{**MAP_OF_TWO["clusters"][0], "members": [2]}]},
        {"clusters": [{**MAP_OF_TWO["clusters"][0], "members": [-1]}]},
        {"clusters": [{**MAP_OF_TWO["clusters"][0], "parent": 1}]},
        {"clusters": [{**MAP_OF_TWO["clusters"][0], "parent": -1}]},
        {"clusters": [{**MAP_OF_TWO["clusters"][0], "color": -1}]},
        {"next_numbers": [1]},
        {"next_numbers": [-1, 1]},
    ],
    ids=repr,
)
def test_malformed_map_is_ignored_with_a_notice(run: Run, damage: dict[str, Any]) -> None:
    remember(run, {"vectors": "v1", "is_fresh": False}, MAP_OF_TWO | damage)
    previous_map = load_previous_map(run, embedded("v2"))
    assert previous_map.value is None
    assert "cannot be" not in previous_map.notice
    assert "This map does not continue it." in previous_map.notice


@pytest.mark.parametrize("state", [None, [], "v1", {}, {"vectors": 7, "is_fresh": False}, {"vectors": "v1"}], ids=repr)
def test_malformed_state_is_ignored(run: Run, state: object) -> None:
    remember(run, state, MAP_OF_TWO)
    assert load_previous_map(run, embedded("v1")).value is None


def test_malformed_anchor_is_ignored(run: Run) -> None:
    remember(run, {"vectors": "v1", "is_fresh": False, "environment": layout_environment()}, MAP_OF_TWO, b"[]")
    assert load_previous_map(run, embedded("v1")).value is None


SITE = {
    "index.html": b"page",
    "404.html": b"",
    "sw.js": b"",
    f"data/{GENERATION}/map.json": b"{}",
    "generation": b"a1b2",
}


@pytest.mark.parametrize(
    ("change", "is_valid"),
    [
        ({}, True),
        ({".git/hooks/post-checkout": b"#!/bin/sh"}, False),
        ({"spotmap-site.json": b"{}"}, False),
        ({"CNAME": b"evil.example"}, False),
        ({"../x": b""}, False),
        ({"data/other/map.json": b""}, False),
    ],
    ids=repr,
)
def test_cached_site_has_only_files_of_a_site(run: Run, change: dict[str, bytes], is_valid: bool) -> None:
    record = run.cache.put(Key("site", 1, {}), SITE | change, 0.0)
    assert is_site(Outputs(run.cache, record)) is is_valid


@pytest.mark.parametrize("name", [b"../..", b"", b"\xff", b"a" * 100, b"a1b2\n"])
def test_cached_site_without_a_valid_generation_is_quarantined(run: Run, name: bytes) -> None:
    record = run.cache.put(Key("site", 1, {}), SITE | {"generation": name}, 0.0)
    with pytest.raises(CorruptEntry):
        is_site(Outputs(run.cache, record))
    assert run.cache.lookup(Key("site", 1, {})) is None
