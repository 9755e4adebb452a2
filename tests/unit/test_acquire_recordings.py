"""Finder: damaged or outdated search results are discarded, and invalid choices of the user are reported."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from spotmap_build.acquire import search
from spotmap_build.acquire.decisions import MATCH, MATCH_VERSION, decision_key
from spotmap_build.acquire.queries import queries
from spotmap_build.acquire.search import Finder
from spotmap_build.cache.freshness import Freshness
from spotmap_build.cache.keys import Key
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.fetch.source import Fetched
from spotmap_build.model import Candidate, Considered, Match, Track
from spotmap_build.progress import make_progress
from spotmap_build.stages import Clock, Run
from tests.fakes.http_server import Fault
from tests.fakes.youtube_music_server import FakeRecording, YouTubeMusicServer, serve

TRACK = Track("a", "Song", ("Somebody",), "Album", 200_000)
RIGHT = FakeRecording("song0000001", "Song", ("Somebody",), "Album", 200)
NOW = Freshness(2_000_000_000, 10**9)


@pytest.fixture
def server() -> Iterator[YouTubeMusicServer]:
    with serve(YouTubeMusicServer(catalog=[RIGHT])) as running:
        yield running


def make_finder(cache: Cache, server: YouTubeMusicServer, folder: Path) -> Finder:
    """Return a finder as at the start of a build."""
    config = Config(ytmusic_url=server.base_url, searches_per_s=100, overrides=folder / "overrides.toml")
    context = SimpleNamespace(cache=cache, probe=None, threads=1, advance=lambda *_: None)
    fetched = SimpleNamespace(usable_tracks=(TRACK,), loaded=SimpleNamespace(is_streamed=True), context=context)
    return Finder(Run(config, cache, make_progress("json"), Clock()), cast("Fetched", fetched))


def candidate(**odd: object) -> dict[str, Any]:
    return {"video_id": "song0000009", "title": "Song", "artists": ["Somebody"], "duration_s": 200, **odd}


ODD = [
    candidate(video_id=12345678901),
    candidate(video_id=["song0000009"]),
    candidate(video_id="../../../et"),
    candidate(video_id="a" * 300),
    candidate(title=5),
    candidate(duration_s="200"),
]


@pytest.mark.parametrize("odd", ODD)
def test_malformed_result_of_an_earlier_version_is_searched_again(
    cache: Cache, server: YouTubeMusicServer, tmp_path: Path, odd: dict[str, Any]
) -> None:
    for query in queries(TRACK):
        key = Key("search", search.SEARCH_VERSION, {"text": query.text, "kind": query.kind})
        cache.put(key, {search.CANDIDATES: json.dumps([odd]).encode()}, 0.0, freshness=NOW)
    match = {"candidate": odd, "confidence": 1.0, "evidence": []}
    cache.put(decision_key(TRACK), {MATCH: json.dumps(match).encode()}, 0.0)
    finder = make_finder(cache, server, tmp_path)
    assert finder.load_known().pending == [TRACK]
    found = finder.find(TRACK)
    assert found.track.recording is not None
    assert found.track.recording.video_id == RIGHT.video_id
    assert make_finder(cache, server, tmp_path).load_known().pending == []


CHOSEN = Candidate("song0000001", "Song", ("Somebody",), "Album", 200, "MUSIC_VIDEO_TYPE_ATV", False)
OTHER = replace(CHOSEN, video_id="song0000002", title="Song (Live)")
DRUMLESS = replace(CHOSEN, video_id="song0000003", album="Album (Drumless Edition)")


def earlier(chosen: Candidate | None, *considered: Candidate) -> Match:
    return Match(chosen, 0.9, ("decided before",), tuple(Considered(each, 0.3, "") for each in considered))


@pytest.mark.parametrize("match", [earlier(CHOSEN, OTHER), earlier(None, OTHER), earlier(None)])
def test_earlier_match_is_reused_if_the_current_matcher_agrees(
    cache: Cache, server: YouTubeMusicServer, tmp_path: Path, match: Match
) -> None:
    freshness = None if match.candidate else Freshness(int(time.time()) - 100, 10_000)
    outputs = {MATCH: msgspec.json.encode(match)}
    cache.put(decision_key(TRACK, MATCH_VERSION - 1), outputs, 1.0, freshness=freshness)
    found = make_finder(cache, server, tmp_path).load_known().found["a"]
    assert found.match == match
    record = cache.lookup(decision_key(TRACK))
    assert record is not None
    assert record.freshness == freshness  # not extended


@pytest.mark.parametrize("match", [earlier(DRUMLESS, OTHER), earlier(None, CHOSEN)])
def test_earlier_match_is_searched_again_if_the_current_matcher_disagrees(
    cache: Cache, server: YouTubeMusicServer, tmp_path: Path, match: Match
) -> None:
    cache.put(decision_key(TRACK, MATCH_VERSION - 1), {MATCH: msgspec.json.encode(match)}, 1.0)
    assert make_finder(cache, server, tmp_path).load_known().pending == [TRACK]


def test_malformed_response_is_requested_again_by_the_next_build(
    cache: Cache, server: YouTubeMusicServer, tmp_path: Path
) -> None:
    server.faults.append(Fault(status=200, body=b'{"contents": 5}', path="/search"))
    finder = make_finder(cache, server, tmp_path)
    failure = finder.find(TRACK).failure
    assert failure is not None
    assert (failure.code, failure.retryable) == ("service", True)
    finder.close()
    later = make_finder(cache, server, tmp_path)
    assert later.load_known().pending == [TRACK]
    assert later.find(TRACK).failure is None


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero"), lambda _path: None])
def test_chosen_file_that_is_not_a_file_is_a_failure_of_that_track(
    cache: Cache, server: YouTubeMusicServer, tmp_path: Path, make: Any
) -> None:
    make(tmp_path / "own.mp3")
    (tmp_path / "overrides.toml").write_text('[track.a]\nfile = "own.mp3"\n')
    failure = make_finder(cache, server, tmp_path).load_known().found["a"].failure
    assert failure is not None
    assert (failure.code, failure.needs_person) == ("unreadable", True)
    assert "own.mp3" in failure.detail
