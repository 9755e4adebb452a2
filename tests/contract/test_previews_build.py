"""An early map uses previews until full recordings are analyzed: the real command with fake services."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.http_server import Fault
from tests.fakes.spotify_library import FakeLibrary
from tests.support.command import report, tree
from tests.support.streaming import Services, previews_of, services

pytestmark = [pytest.mark.xdist_group("previews"), pytest.mark.slow]

COUNT = 8
EMPTY, WRONG, UNKNOWN = 1, 2, 3
"""Tracks without a preview, whose ISRC belongs to another recording, and that Deezer does not have."""
NO_ISRC, LEFT_OUT = 4, 5


def library() -> FakeLibrary:
    fake_library = FakeLibrary.with_numbers(COUNT, 1, playlist_tracks=6)
    fake_library.saved[NO_ISRC]["track"]["external_ids"] = {}
    return fake_library


@contextmanager
def all_services(folder: Path) -> Iterator[Services]:
    songs = library()
    previews = previews_of(songs)
    previews[EMPTY] = replace(previews[EMPTY], has_preview=False)
    previews[WRONG] = replace(previews[WRONG], title="Another Song Altogether", artists=("Nobody Here",))
    del previews[UNKNOWN]
    with services(songs, folder, previews=previews, audio_mode="auto") as fake_library:
        yield fake_library


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Services]:
    with all_services(tmp_path) as fake_library:
        yield fake_library


@pytest.fixture(scope="module")
def of_previews(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The services after a build that used only previews and excluded one track. Read-only."""
    with all_services(tmp_path_factory.mktemp("previews")) as fake_library:
        left_out = fake_library.spotify.library.saved[LEFT_OUT]["track"]
        (fake_library.folder / "overrides.toml").write_text(f'[track."{left_out["uri"]}"]\nexclude = true\n')
        outcome = fake_library.build("--audio", "previews")
        assert outcome.status == 0, outcome.stderr
        yield fake_library


def titles(running: Services) -> list[str]:
    return [row["track"]["name"] for row in running.spotify.library.saved]


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["title"]: row for row in report(folder)["ledger"]}


def mapped_by_preview(folder: Path) -> set[str]:
    return {title for title, row in rows(folder).items() if row.get("listened_to") == "30 seconds"}


def test_early_map_of_previews_is_replaced_by_full_recordings(running: Services) -> None:
    running.deezer.expired = 3
    running.deezer.faults.append(
        Fault("status", 200, body=b'{"error": {"code": 4, "message": "Quota limit exceeded"}}', path="/track/", after=2)
    )
    outcome = running.build()
    assert outcome.status == 0, outcome.stderr
    published = [event["outcome"] for event in outcome.events if "published" in event.get("outcome", "")]
    assert len(published) == 2
    assert published[0].endswith("(an early map)")
    assert not mapped_by_preview(running.folder)
    assert Counter(row["status"] for row in rows(running.folder).values()) == {"mapped": COUNT}
    assert len(set(running.deezer.places("/preview/"))) == COUNT - 3
    cost = report(running.folder)["map_cost"]
    assert (cost["tracks"], cost["first"]) == (COUNT, False)

    again = running.build()
    assert (again.status, again.analyzed_count) == (0, 0)
    assert report(running.folder)["map_cost"] == cost  # without a new layout, the measured cost stays
    assert [running.deezer.requests, running.music.requests, running.audio.requests] == [[], [], []]


def test_map_uses_previews_while_youtube_refuses(running: Services) -> None:
    running.audio.bot_check_after = 2
    outcome = running.build()
    assert outcome.status == 0, outcome.stderr
    ledger = rows(running.folder)
    full = {title for title, row in ledger.items() if row["status"] == "mapped"} - mapped_by_preview(running.folder)
    assert len(full) == 2
    names = titles(running)
    missing = {title for title, row in ledger.items() if row["status"] == "failed"}
    assert missing == {names[EMPTY], names[WRONG], names[UNKNOWN]} - full
    assert "Only 30 seconds of" in outcome.stderr

    before = tree(running.folder / "site")
    running.audio.bot_check_after = 2
    again = running.build()
    assert (again.status, again.analyzed_count) == (0, 0)
    assert running.deezer.requests == []
    assert tree(running.folder / "site") == before

    # Once YouTube accepts requests again, another early map without the failed tracks is published first.
    running.audio.bot_check_after = None
    again = running.build("--retry")
    assert again.status == 0, again.stderr
    assert Counter(row["status"] for row in rows(running.folder).values()) == {"mapped": COUNT}


def test_audio_previews_sends_no_requests_to_youtube(of_previews: Services) -> None:
    assert of_previews.music.requests == of_previews.audio.requests == []
    names = titles(of_previews)
    ledger = rows(of_previews.folder)
    assert ledger[names[LEFT_OUT]]["status"] == "excluded"
    failed = {title: row for title, row in ledger.items() if row["status"] == "failed"}
    assert set(failed) == {names[EMPTY], names[WRONG], names[UNKNOWN]}
    assert {row["code"] for row in failed.values()} == {"no-preview"}
    columns = b"".join(content for name, content in tree(of_previews.folder / "site").items() if name.endswith(".json"))
    assert b"listened to" in columns
    assert b"typical_s" not in columns  # the position of a preview within its track is unknown


def test_build_succeeds_without_deezer(running: Services) -> None:
    running.deezer.faults.append(Fault("reset", times=10_000))
    outcome = running.build()
    assert outcome.status == 0, outcome.stderr
    assert Counter(row["status"] for row in rows(running.folder).values()) == {"mapped": COUNT}
    assert not mapped_by_preview(running.folder)


def test_tracks_beyond_the_time_limit_are_analyzed_by_the_next_build(running: Services) -> None:
    running.audio.faults.append(Fault("stall", times=10_000))  # a fast machine would analyze some within the limit
    outcome = running.build("--time-limit", "1s", "--audio", "youtube")
    assert outcome.status == 2, outcome.stderr
    waiting = [row for row in rows(running.folder).values() if row["code"] == "time-limit"]
    assert len(waiting) == COUNT
    assert "time limit of 1 s" in waiting[0]["detail"]
    assert running.build("--audio", "previews").status == 0
    outcome = running.build("--time-limit", "1s")
    assert outcome.status == 0, outcome.stderr
    assert mapped_by_preview(running.folder)
    assert f"The time limit was reached before {COUNT} recordings were analyzed." in outcome.stderr
    running.audio.faults.clear()
    outcome = running.build("--audio", "youtube")
    assert outcome.status == 0
    assert Counter(row["status"] for row in rows(running.folder).values()) == {"mapped": COUNT}


def test_plan_estimates_the_duration_of_each_part(running: Services) -> None:
    outcome = running.run(
        "plan", "--source", "spotify", "--embedder", "musicnn", extra={"SPOTMAP_DOWNLOAD_PAUSE_S": "8"}
    )
    assert f"Previews: {COUNT} of 30 seconds from Deezer" in outcome.stdout
    assert "about 450 an hour" in outcome.stdout
    assert "You can stop at any time" in outcome.stdout


def test_preview_urls_are_not_stored(of_previews: Services) -> None:
    folder = of_previews.folder
    for name, content in {**tree(folder / "site"), **tree(folder / ".spotmap")}.items():
        assert b"hdnea" not in content, name
    assert "hdnea" not in json.dumps(report(folder))
