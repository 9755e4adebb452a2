"""Merging several sources into one library: which tracks are the same, and how their metadata is combined."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotmap_build.cache.memo import Cached
from spotmap_build.errors import ConfigError, ServiceError
from spotmap_build.fetch.merge import merge
from spotmap_build.fetch.source import Loaded
from spotmap_build.model import Failed, Library, Listening, Omission, Playlist, Recording, Track

SPOTIFY = "spotify:track:" + "a" * 22


def track(track_id: str, title: str = "Song", *artists: str, **more: Any) -> Track:
    return Track(track_id, title, artists or ("Artist",), **more)


def source(*tracks: Track, kind: str = "table", **more: Any) -> Loaded:
    library = {name: more.pop(name) for name in ("playlists", "failures", "omissions") if name in more}
    return Loaded(kind, Library(tracks, **library), **more)


def ids(loaded: Loaded) -> list[str]:
    return [track.id for track in loaded.library.tracks]


SAME = {
    "equal ids": (track("1", "A"), track("1", "B", "Other")),
    "ISRC": (track("1", "Song", isrc="USABC9912345"), track("2", "Song - Live", "Other", isrc="us-abc-99-12345")),
    "ISRC, trailing silence": (
        track("1", isrc="USABC9912345", duration_ms=200_000),
        track("2", "Song", "Other", isrc="USABC9912345", duration_ms=209_000),
    ),
    "name and duration": (
        track("1", "Só - Você!", "Ana", "Zé", duration_ms=200_000, album="X"),
        track("2", "so voce", "ze", "ANA", duration_ms=201_999, album="Y"),
    ),
    "name and album": (track("1", album="The Album"), track("2", album="the album", duration_ms=200_000)),
    "name only": (track("1"), track("2")),
    "explicit in one": (track("1", explicit=True), track("2")),
}
APART = {
    "other title": (track("1", album="A"), track("2", "Song (Remix)", album="A")),
    "other artists": (track("1"), track("2", "Song", "Artist", "Guest")),
    "other duration": (track("1", album="A", duration_ms=200_000), track("2", album="A", duration_ms=202_001)),
    "no duration, other album": (track("1", album="A"), track("2", album="B", duration_ms=200_000)),
    "no duration, no album": (track("1", album="A"), track("2")),
    "wrong ISRC": (track("1", "One", isrc="USABC9912345"), track("2", "Other", isrc="USABC9912345")),
    "ISRC with a partial title": (track("1", "So", isrc="USABC9912345"), track("2", "Song", isrc="USABC9912345")),
    "ISRC of an edit": (
        track("1", isrc="USABC9912345", duration_ms=200_000),
        track("2", isrc="USABC9912345", duration_ms=400_000),
    ),
    "clean and explicit": (track("1", explicit=True), track("2", explicit=False)),
    "no artists": (Track("1", "Intro"), Track("2", "Intro")),
    "no title": (track("1", ""), track("2", "")),
}


@pytest.mark.parametrize(("left", "right"), SAME.values(), ids=SAME)
def test_same_track_of_two_sources_is_merged(left: Track, right: Track) -> None:
    assert len(merge([source(left), source(right)]).library.tracks) == 1
    assert len(merge([source(right), source(left)]).library.tracks) == 1


@pytest.mark.parametrize(("left", "right"), APART.values(), ids=APART)
def test_similar_but_different_tracks_are_not_merged(left: Track, right: Track) -> None:
    assert ids(merge([source(left), source(right)])) == ["1", "2"]


def test_tracks_of_one_source_are_never_merged_with_each_other() -> None:
    single, album = track("single", album="Single"), track("album", album="Album")
    both = source(replace(single, duration_ms=1_000), replace(album, duration_ms=1_000))
    assert ids(merge([both, source(track("x", duration_ms=1_000, album="Album"))])) == ["single", "album"]
    assert ids(merge([source(single), source(album), both])) == ["single", "album"]


def test_closest_match_is_merged() -> None:
    mine = source(track("a", album="A", duration_ms=1_000), track("b", album="B", duration_ms=1_000))
    friends = source(track("b2", album="B", duration_ms=2_000), track("a2", album="A", duration_ms=2_000))
    merged = merge([mine, friends], ("me", "friend")).library.tracks
    assert [track.id for track in merged] == ["a", "b"]
    assert all(track.layers == ("me", "friend") for track in merged)


def test_merged_track_has_the_metadata_of_all_parts() -> None:
    file = Recording("d" * 64, path="/music/song.flac")
    first = Track("folder:1", "Song", ("Artist",), duration_ms=200_000, recording=file, facets={"mood": "calm"})
    second = Track(
        SPOTIFY,
        "SONG",
        ("Artist",),
        "Album",
        duration_ms=200_900,
        isrc="USABC9912345",
        explicit=False,
        year=1999,
        track_number=7,
        disc_number=2,
        added_at="2020-01-01",
        genres=("pop", "rock"),
        play_count=3,
        art_digest="c" * 64,
        recording=Recording("e" * 64, video_id="v"),
        facets={"mood": "wild", "key": "C"},
    )
    third = Track("x", "Song", ("Artist",), duration_ms=200_000, genres=("rock", "folk"), play_count=2)
    first = replace(first, listening=Listening(last_on="2024-01-02"))
    second = replace(second, listening=Listening("2020-01-01", "2022-05-05", ((2020, 1), (2022, 2))))
    third = replace(third, listening=Listening("2019-06-01", "2021-01-01", ((2019, 1), (2021, 1))))
    (merged,) = merge([source(first), source(second), source(third)], ("a", "b", "a")).library.tracks
    assert merged == replace(
        second,
        title="Song",
        duration_ms=200_000,
        recording=file,
        genres=("pop", "rock", "folk"),
        layers=("a", "b"),
        listening=Listening("2019-06-01", "2024-01-02", ((2020, 1), (2022, 2))),
        facets={"mood": "calm", "key": "C"},
    )


def test_track_number_is_taken_only_with_its_album() -> None:
    single = Track("folder:1", "Song", ("Artist",), "Song (Single)", duration_ms=200_000, isrc="USABC9912345")
    album = Track("x", "Song", ("Artist",), "Album", duration_ms=200_000, isrc="USABC9912345", track_number=7)
    (merged,) = merge([source(single), source(album)], ("a", "b")).library.tracks
    assert (merged.album, merged.track_number) == ("Song (Single)", None)


def test_local_file_is_kept_whichever_source_has_it() -> None:
    file = Recording("d" * 64, path="/music/song.flac")
    found = track(SPOTIFY, recording=Recording("e" * 64, video_id="v"))
    (merged,) = merge([source(found), source(track("folder:1", recording=file))]).library.tracks
    assert (merged.id, merged.recording) == (SPOTIFY, file)


def test_playlists_stay_separate_and_refer_to_merged_tracks() -> None:
    mine = source(track("1"), track("2", "Other"), playlists=(Playlist("p", "Best", ("1", "2")),))
    friends = source(track(SPOTIFY), playlists=(Playlist("p", "Best", (SPOTIFY,)),))
    playlists = merge([mine, friends]).library.playlists
    assert [(playlist.name, playlist.track_ids) for playlist in playlists] == [
        ("Best", (SPOTIFY, "2")),
        ("Best (2)", (SPOTIFY,)),
    ]
    assert len({playlist.id for playlist in playlists}) == 2
    of_people = merge([mine, friends], layers=("me", "friend")).library.playlists
    assert [playlist.name for playlist in of_people] == ["me / Best", "friend / Best"]


def test_failure_is_dropped_if_another_source_has_a_usable_track() -> None:
    def failing(*numbers: str) -> Any:
        return tuple(Failed(number, "fetch", "local-file", "why") for number in numbers)

    mine = source(track("1"), track("2", "Other"), track("3", "Third"), failures=failing("1", "2", "3"))
    friends = source(track(SPOTIFY), track("two", "Other"), failures=failing("two"))
    failures = merge([mine, friends]).library.failures
    assert [failure.track_id for failure in failures] == ["2", "3"]


def test_other_fields_of_the_sources_are_combined() -> None:
    render, problem = Path, ServiceError("no connection")
    omission = Omission("o", "Talk", "episode", "why")
    first = source(track("1"), kind="demo", render=render, notices=("old",))
    second = source(track("2", "B"), kind="spotify", is_streamed=True, notices=("old", "new"), problem=problem)
    third = source(track("3", "C"), omissions=(omission,), problem=ServiceError("later"))
    merged = merge([first, second, third])
    assert (merged.kind, merged.render, merged.is_streamed) == ("demo+spotify+table", render, True)
    assert (merged.notices, merged.problem, merged.library.omissions) == (("old", "new"), problem, (omission,))


def test_single_source_is_returned_unchanged() -> None:
    part = source(track("1", position=(1.0, 2.0)), vectors=Cached("d", lambda: None))
    assert merge([part]) is part
    (named,) = merge([part], ("me",)).library.tracks
    assert named.layers == ("me",)


@pytest.mark.parametrize("layers", [("me",), ("me", "friend", "third")])
def test_wrong_number_of_names_is_reported(layers: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=rf"--as gives {len(layers)} name.*to 2 sources") as raised:
        merge([source(track("1")), source(track("2"))], layers)
    assert "one name for each --source" in raised.value.hint


TRACKS = st.builds(
    Track,
    id=st.sampled_from(["1", "2", "3", "4", SPOTIFY, SPOTIFY[:-1] + "b"]),
    title=st.sampled_from(["", "Song", "SONG!", "Song - Live", "Other"]),
    artists=st.sampled_from([(), ("A",), ("a",), ("A", "B")]),
    album=st.sampled_from(["", "X", "Y"]),
    duration_ms=st.sampled_from([None, 100_000, 101_500, 103_000]),
    isrc=st.sampled_from(["", "USABC9912345", "USABC9912346"]),
    explicit=st.sampled_from([None, True, False]),
)
PARTS = st.lists(st.lists(TRACKS, max_size=5, unique_by=lambda track: track.id), min_size=2, max_size=4)


@settings(deadline=None)
@given(PARTS)
def test_merging_keeps_every_track_exactly_once(parts: list[list[Track]]) -> None:
    """Ids stay unique, all playlist entries are kept, and no two tracks of one source are merged."""
    loaded = [
        source(*tracks, playlists=tuple(Playlist(track.id, track.id, (track.id,)) for track in tracks))
        for tracks in parts
    ]
    layers = tuple(map(str, range(len(parts))))
    library = merge(loaded, layers).library
    merged = [track.id for track in library.tracks]
    assert len(set(merged)) == len(merged)
    assert set(merged) <= {track.id for tracks in parts for track in tracks}
    listed = iter(library.playlists)
    by_id = {track.id: track for track in library.tracks}
    for layer, tracks in zip(layers, parts, strict=True):
        targets = [next(listed).track_ids for _ in tracks]
        assert len(set(targets)) == len(tracks)
        assert all(len(target) == 1 and layer in by_id[target[0]].layers for target in targets)


def test_merging_tracks_of_the_same_name_takes_no_quadratic_time() -> None:
    many = [
        source(*(track(f"{part}:{row}", "Intro", duration_ms=row * 3_000) for row in range(4_000))) for part in "ab"
    ]
    assert len(merge(many).library.tracks) == 8_000


def test_result_does_not_depend_on_hash_order() -> None:
    code = (
        "from tests.unit.test_fetch_merge import *\n"
        "one = source(*(track(f'a{n}', 'Song', album=f'{n % 7}', isrc=f'{n % 5}') for n in range(30)))\n"
        "two = source(*(track(f'b{n}', 'Song', album=f'{n % 5}', isrc=f'{n % 7}') for n in range(30)))\n"
        "three = source(*(track(f'c{n}', 'Song', album=f'{n % 3}', isrc=f'{n % 11}') for n in range(30)))\n"
        "print([t.layers for t in merge([one, two, three], ('x', 'y', 'z')).library.tracks])\n"
    )
    root = Path(__file__).parents[2]
    outcomes = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, cwd=root, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outcomes) == 1


def test_local_file_replaces_a_download_with_a_notice() -> None:
    own = track("file", isrc="USABC9912345", recording=Recording("a" * 64, path="/music/song.flac"))
    streamed = source(track(SPOTIFY, isrc="USABC9912345"), track("other", "Other"), kind="spotify", is_streamed=True)
    merged = merge([streamed, source(own, kind="folder")])
    assert merged.notices == ("1 track is also among your local files, and not downloaded.",)
    assert [each.recording for each in merged.library.tracks] == [own.recording, None]
