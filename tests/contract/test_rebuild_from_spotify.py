"""The scheduled rebuild of a library on Spotify: what happens when a service refuses, and when the login has ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spotmap_build.emit.site import served_generation
from tests.fakes import audio_server, spotify_server, youtube_music_server
from tests.fakes.spotify_library import FakeLibrary, numbered_track
from tests.support.command import tree
from tests.support.workflow import JobResult, Repository

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github/workflows/rebuild.yml"
TRACKS = 6


@dataclass
class Person:
    """Somebody's repository, and the services as their library has them."""

    repository: Repository
    spotify: spotify_server.SpotifyServer
    audio: audio_server.AudioServer

    def rebuild(self) -> dict[str, JobResult]:
        """One scheduled run. Whatever becomes of it, the login is nowhere to be read."""
        jobs = self.repository.run(WORKFLOW)
        login = self.repository.secrets["SPOTMAP_SPOTIFY_LOGIN"]
        assert login not in "".join(job.printed + job.summary for job in jobs.values())
        return jobs

    @property
    def published_count(self) -> int:
        """Tracks on the published map: the one that the page names, beside which the one before lies for a while."""
        pages = self.repository.pages
        document = pages / "data" / served_generation(pages) / "map.json"
        count: int = json.loads(document.read_text())["count"]
        return count


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """Six saved tracks and one playlist; YouTube Music knows those and one more."""
    catalog = [recording(numbered_track(number), number) for number in range(TRACKS + 1)]
    with (
        spotify_server.serve(spotify_server.SpotifyServer(FakeLibrary.with_numbers(TRACKS, playlists=1))) as spotify,
        youtube_music_server.serve(youtube_music_server.YouTubeMusicServer(catalog=catalog)) as music,
        audio_server.serve(audio_server.AudioServer()) as audio,
    ):
        services = {**spotify.environment, **music.environment, **audio.environment}
        secrets = {"SPOTMAP_SPOTIFY_LOGIN": services.pop("SPOTMAP_SPOTIFY_LOGIN")}
        variables = {"SPOTMAP_SOURCES": "spotify", "SPOTMAP_EMBEDDER": "musicnn"}
        quick = {"SPOTMAP_SEARCHES_PER_S": "100", "SPOTMAP_DOWNLOAD_PAUSE_S": "0"}
        yield Person(Repository(ROOT, tmp_path, variables, secrets, services | quick), spotify, audio)


def recording(track: dict[str, Any], number: int) -> youtube_music_server.FakeRecording:
    """The album's audio of a track."""
    artists = tuple(artist["name"] for artist in track["artists"])
    return youtube_music_server.FakeRecording(
        f"video{number:06d}", track["name"], artists, track["album"]["name"], track["duration_ms"] // 1000
    )


def test_a_second_run_with_nothing_new_listens_to_nothing(person: Person) -> None:
    first = person.rebuild()
    assert [job.conclusion for job in first.values()] == ["success", "success"], first["build"].printed
    assert person.published_count == TRACKS
    published, given = tree(person.repository.pages), len(person.audio.given)
    second = person.rebuild()
    assert [job.conclusion for job in second.values()] == ["success", "success"]
    assert tree(person.repository.pages) == published
    assert len(person.audio.given) == given == TRACKS


def test_while_youtube_refuses_the_map_is_made_of_what_was_heard(person: Person) -> None:
    person.rebuild()
    person.audio.bot_check_after = 0
    person.spotify.library.save(numbered_track(TRACKS))
    jobs = person.rebuild()
    assert [job.conclusion for job in jobs.values()] == ["success", "success"], jobs["build"].printed
    assert f"**{TRACKS} of {TRACKS + 1}** tracks" in jobs["build"].summary
    assert person.published_count == TRACKS


def test_a_first_run_that_youtube_refuses_publishes_nothing_and_says_so(person: Person) -> None:
    person.audio.bot_check_after = 0
    jobs = person.rebuild()
    assert [job.conclusion for job in jobs.values()] == ["failure", "skipped"]
    assert "Nothing was published" in jobs["build"].summary
    assert not person.repository.pages.exists()


def test_an_ended_login_makes_the_run_red_and_the_map_stays(person: Person) -> None:
    person.rebuild()
    published = tree(person.repository.pages)
    person.spotify.revoke()
    jobs = person.rebuild()
    assert [job.conclusion for job in jobs.values()] == ["failure", "success"], jobs["build"].printed
    assert "::error::Spotify wants you to log in again" in jobs["build"].step("Say how it went").printed
    assert "log in" in jobs["build"].summary.lower()
    assert tree(person.repository.pages) == published
