"""Spotify's JSON becomes rows and a library, however malformed it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotmap_build.cache.keys import canonical_json
from spotmap_build.fetch.spotify.assemble import ReadPlaylist, artists_by_weight, make_library
from spotmap_build.fetch.spotify.rows import (
    Page,
    Row,
    read_genres,
    read_listing,
    read_page,
    read_row,
    with_new_rows,
)
from spotmap_build.model import Track
from tests.fakes.spotify_library import (
    ME,
    SOMEBODY_ELSE,
    FakePlaylist,
    episode_json,
    local_json,
    odd_playlist,
    playlist_row,
    saved_row,
    spotify_id,
    stamp,
    track_json,
)
from tests.support.properties import PATIENT

TRACK = track_json("Still Life", ["Vera Lindgren", "Tomo Abe"], isrc="SEXYZ1900001", explicit=True)


def rows_of(*items: Any) -> tuple[Row, ...]:
    return tuple(read_row(item) for item in items)


def with_images(images: Any) -> Any:
    return TRACK | {"album": TRACK["album"] | {"images": images}}


def test_saved_track_has_all_metadata() -> None:
    images = [{"url": f"https://i.scdn.co/image/{edge}", "width": edge, "height": edge} for edge in (640, 300, 64)]
    library = make_library(rows_of(saved_row(with_images(images), "2026-04-30T10:11:12Z")), [], {})
    assert library.tracks == (
        Track(
            id=f"spotify:track:{TRACK['id']}",
            title="Still Life",
            artists=("Vera Lindgren", "Tomo Abe"),
            album="First Light",
            duration_ms=215_000,
            isrc="SEXYZ1900001",
            explicit=True,
            year=2019,
            track_number=3,
            disc_number=1,
            album_id=TRACK["album"]["id"],
            added_at="2026-04-30T10:11:12Z",
            art_url="https://i.scdn.co/image/300",
        ),
    )


@pytest.mark.parametrize("images", [None, 5, {}, [None], [{"url": None}], [{"url": ["x"], "width": "y"}], "x"])
def test_malformed_images_are_ignored(images: Any) -> None:
    (row,) = rows_of(saved_row(with_images(images), ""))
    assert (row.title, row.art) == ("Still Life", "")


@pytest.mark.parametrize("name", ["item", "track"])
def test_playlist_row_is_read_under_its_new_and_old_key(name: str) -> None:
    row = playlist_row(TRACK, stamp(0))
    del row[{"item": "track", "track": "item"}[name]]
    assert read_row(row).title == "Still Life"


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"name": "  Still\n Life \ud800 "}, "title", "Still Life ?"),
        ({"name": "a\x1b[2J\x9d\u202eb\u2028::c"}, "title", "a [2J b ::c"),
        ({"name": "क्\u200dष e\u0301"}, "title", "क्\u200dष e\u0301"),
        ({"name": "x " * 100_000}, "title", ("x " * 500).rstrip()),
        ({"name": None}, "title", ""),
        ({"artists": [None, {"name": ""}, {"name": 7}, {"name": "One"}]}, "artists", ("One",)),
        ({"artists": [{"name": str(number)} for number in range(500)]}, "artists", tuple(map(str, range(100)))),
        ({"album": None}, "album", ""),
        ({"duration_ms": "215000"}, "duration_ms", None),
        ({"duration_ms": 0}, "duration_ms", None),
        ({"duration_ms": True}, "duration_ms", None),
        ({"external_ids": {"isrc": "se-xyz-19-00001"}}, "isrc", "SEXYZ1900001"),
        ({"external_ids": {"isrc": "unknown"}}, "isrc", ""),
        ({"external_ids": None}, "isrc", ""),
        ({"explicit": "no"}, "explicit", None),
        ({"album": {"release_date": "1971"}}, "year", 1971),
        ({"album": {"release_date": "0000"}}, "year", None),
        ({"id": None}, "id", TRACK["uri"]),
        ({"id": "no id!", "uri": 3}, "kind", "unknown"),
        ({"id": "x" * 65, "uri": "spotify:track:" + "x" * 65}, "kind", "unknown"),
        ({"type": "episode"}, "kind", "episode"),
        ({"type": []}, "kind", "track"),
    ],
)
def test_malformed_field_is_cleaned_or_dropped(changes: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read_row(saved_row(TRACK | changes, stamp(0))), field) == value


@pytest.mark.parametrize("added_at", [None, "", "yesterday", "1970-01-01T00:00:00Z", 5, "2026-01-01" + "0" * 99])
def test_invalid_date_is_dropped(added_at: Any) -> None:
    assert read_row(saved_row(TRACK, added_at)).added_at == ""


@pytest.mark.parametrize("uri", ["spotify:local:Me+And+You:Attic:Demo+Tape:180", None])
def test_local_file_is_a_failure_that_needs_a_person(uri: str | None) -> None:
    item = local_json("Demo Tape", "Me And You", album="Attic") | {"uri": uri}
    library = make_library((), [ReadPlaylist("p", "Mine", rows_of(playlist_row(item, stamp(0))))], {})
    (track,), (failure,) = library.tracks, library.failures
    assert track.id == "spotify:local:Me+And+You:Attic:Demo+Tape:180"
    assert (track.title, track.artists, track.duration_ms) == ("Demo Tape", ("Me And You",), 180_000)
    assert (failure.track_id, failure.code, failure.needs_person) == (track.id, "local-file", True)
    assert "--source folder:" in failure.detail
    assert library.playlists[0].track_ids == (track.id,)


def test_every_row_of_a_playlist_becomes_a_track_or_an_omission() -> None:
    odd = odd_playlist()
    library = make_library((), [ReadPlaylist(odd.id, odd.name, rows_of(*odd.rows))], {})
    assert len(library.tracks) + len(library.omissions) == len(odd.rows)
    assert [(omission.code, omission.id) for omission in library.omissions] == [
        ("empty-row", f"spotify:playlist:{odd.id}#2"),
        ("episode", episode_json("Episode 7")["uri"]),
        ("no-id", f"spotify:playlist:{odd.id}#4"),
        ("empty-row", f"spotify:playlist:{odd.id}#7"),
    ]
    assert all(odd.name in omission.detail for omission in library.omissions)


def test_track_in_several_lists_is_one_track_with_its_saving_date() -> None:
    other = track_json("Other")
    saved = rows_of(saved_row(TRACK, "2026-03-01T00:00:00Z"))
    lists = [
        ReadPlaylist(
            "a", "A", rows_of(*(playlist_row(item, "2026-02-02T00:00:00Z") for item in (TRACK, other, TRACK)))
        ),
        ReadPlaylist("b", "B", rows_of(playlist_row(other, "2026-01-01T00:00:00Z"))),
        ReadPlaylist("c", "Theirs", None),
    ]
    library = make_library(saved, lists, {})
    assert [(track.title, track.added_at[:10]) for track in library.tracks] == [
        ("Still Life", "2026-03-01"),
        ("Other", "2026-01-01"),
    ]
    assert [len(playlist.track_ids) for playlist in library.playlists] == [2, 1]
    assert [(omission.id, omission.code) for omission in library.omissions] == [
        ("spotify:playlist:c", "playlist-not-readable")
    ]


def test_genres_of_all_artists_are_combined() -> None:
    first, second = (spotify_id("artist", name) for name in ("Vera Lindgren", "Tomo Abe"))
    rows = rows_of(saved_row(TRACK, stamp(0)))
    library = make_library(rows, [], {first: ("ambient", "drone"), second: ("drone", "jazz")})
    assert library.tracks[0].genres == ("ambient", "drone", "jazz")


def test_artists_are_ordered_by_number_of_tracks() -> None:
    rows = rows_of(*(saved_row(track_json(f"Song {n}", ["Rare"] if n == 0 else ["Often"]), stamp(n)) for n in range(3)))
    assert artists_by_weight(rows, [ReadPlaylist("p", "P", rows[:1] * 5)]) == [
        spotify_id("artist", "Often"),
        spotify_id("artist", "Rare"),
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"items": [None, None], "total": 2, "next": None}, (2, 2, True)),
        ({"items": [None, None], "total": 9, "next": "http://…"}, (2, 9, False)),
        ({"items": [None, None], "total": 9, "next": None}, (2, 9, True)),
        ({"items": [None, None], "total": 9}, (2, 9, False)),
        ({"items": [None, None], "next": "http://…"}, (2, 2, False)),
        ({"items": [], "total": 9, "next": "http://…"}, (0, 9, False)),
        ({"items": {}, "total": "9", "next": None}, (0, 0, True)),
    ],
)
def test_last_page_is_detected(answer: dict[str, Any], expected: tuple[int, int, bool]) -> None:
    page = read_page(answer, 0)
    assert (len(page.rows), page.total, page.is_last) == expected


def test_own_and_shared_playlists_are_readable() -> None:
    playlists = [
        FakePlaylist("Mine", [{}, {}]),
        FakePlaylist("Theirs", [], owner=SOMEBODY_ELSE),
        FakePlaylist("Ours", [], owner=SOMEBODY_ELSE, collaborative=True),
    ]
    older = FakePlaylist("Older", [{}]).json
    del older["items"]
    answer = {"items": [*(playlist.json for playlist in playlists), None, {"id": "no id!", "name": "Odd"}, older]}
    listed = read_listing(answer, lambda owner: owner == ME)
    assert [(playlist.name, playlist.is_readable, playlist.total) for playlist in listed] == [
        *(("Mine", True, 2), ("Theirs", False, 0), ("Ours", True, 0)),
        *(("Untitled", False, 0), ("Odd", False, 0), ("Older", True, 1)),
    ]
    assert [playlist.name for playlist in listed if not playlist.id] == ["Untitled", "Odd"]


def numbered(*numbers: int) -> tuple[Row, ...]:
    return tuple(Row("track", f"spotify:track:{number}", added_at=stamp(-number)) for number in numbers)


KNOWN = numbered(3, 2, 1)


@pytest.mark.parametrize(
    ("front", "total", "expected"),
    [
        ((5, 4, 3), 5, (5, 4, 3, 2, 1)),
        ((4, 3, 2, 1), 4, (4, 3, 2, 1)),
        ((4,), 4, None),  # too few rows overlap
        ((4, 2), 3, None),  # one added, one removed
        ((4, 2), 4, None),  # two added, one removed
        ((2, 1), 2, None),  # newest removed
        ((3, 2, 1), 2, None),  # older row removed
        ((3, 4), 4, None),  # moved
        ((3, 2, 1), 3, (3, 2, 1)),
    ],
)
def test_new_rows_are_merged_only_if_nothing_else_changed(
    front: tuple[int, ...], total: int, expected: tuple[int, ...] | None
) -> None:
    merged = with_new_rows(KNOWN, 3, numbered(*front), total)
    assert merged == (None if expected is None else numbered(*expected))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    sorted({*TRACK, *TRACK["album"], *playlist_row(TRACK, ""), "items", "total", "next", "genres"})
)


@st.composite
def malformed(draw: st.DrawFn) -> Any:
    """Return a row as Spotify sends it, with some fields replaced by arbitrary values or removed."""
    item: dict[str, Any] = draw(st.sampled_from([TRACK, local_json("a", "b"), episode_json("c")]))
    changed = item | draw(st.dictionaries(FIELDS, JSON, max_size=4))
    for name in draw(st.lists(FIELDS, max_size=3)):
        changed.pop(name, None)
    return playlist_row(changed, stamp(0)) | draw(st.dictionaries(FIELDS, JSON, max_size=2))


@PATIENT
@given(st.lists(malformed() | JSON, max_size=4), st.dictionaries(FIELDS, JSON, max_size=3))
def test_any_response_becomes_a_valid_library(items: list[Any], answer: dict[str, Any]) -> None:
    page = read_page({"items": items} | answer, 0)
    read_genres(answer)
    read_listing({"items": items} | answer, lambda _owner: False)
    library = make_library(page.rows, [ReadPlaylist("p", "P", page.rows)], {})
    assert msgspec.json.decode(msgspec.json.encode(page), type=Page) == page
    canonical_json([[*track.artists, track.id, track.title, track.album, track.added_at] for track in library.tracks])
    assert all(track.id and track.title for track in library.tracks)
    assert {failure.track_id for failure in library.failures} <= {track.id for track in library.tracks}


def test_largest_rows_round_trip_through_the_cache() -> None:
    wide = "\U0001f3b5" * 2_000
    item = local_json(wide, wide, album=wide) | {"uri": None, "duration_ms": 2**53}
    page = read_page({"items": [playlist_row(item, stamp(0))] * 3, "total": 2**53 - 1, "next": "more"}, 0)
    assert msgspec.json.decode(msgspec.json.encode(page), type=Page) == page


def test_overlong_snapshot_id_is_dropped() -> None:
    listed = read_listing({"items": [{"id": "a", "snapshot_id": "x" * 2_000}]}, lambda _owner: True)
    assert listed[0].version == ""
