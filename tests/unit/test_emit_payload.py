"""The site's JSON matches ``docs/site-data.md``, is deterministic, and contains nothing private."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate, islice
from typing import Any

import numpy as np
import pytest

from spotmap_build.atlas import Atlas, Cluster, Clusters, Insights, Layout, PublicFacts, Since
from spotmap_build.emit.boundaries import EXTENT
from spotmap_build.emit.columns import NumberColumn, unpack_ids, unpack_numbers, unpack_words
from spotmap_build.emit.details import DETAILS_CHUNK
from spotmap_build.emit.payload import Payload, encode
from spotmap_build.model import Listening, Playlist, Recording, Track

NOTHING: Mapping[str, str] = {}


def atlas_of(count: int, seed: int = 1) -> Atlas:
    """Return an atlas with two clusters, some noise and one playlist."""
    random = np.random.default_rng(seed)
    labels = random.integers(-1, 2, count).astype(np.int32)
    coordinates = (random.normal(0, 1, (count, 2)) + 8 * labels[:, None]).astype(np.float32)
    tracks = tuple(
        Track(
            id=f"track-{i}",
            title=f"Title {i}",
            artists=(f"Artist {i % 7}", "Guest") if i % 3 else (f"Artist {i % 7}",),
            album=f"Album {i % 5}" if i % 2 else "",
            duration_ms=180_000 + 1000 * i,
            year=1990 + i % 30,
            recording=Recording(digest="ab" * 32, path=f"/home/someone/Music/{i}.flac"),
        )
        for i in range(count)
    )
    groups = [np.flatnonzero(labels == label).tolist() for label in (0, 1)]
    clusters = tuple(
        Cluster(f"c{i}", f"Cluster {i}", tuple(rows), tuple(rows[:3])) for i, rows in enumerate(groups) if rows
    )
    rows = tuple(range(0, count, 4))
    playlist = Playlist("p", "Road trip", tuple(tracks[row].id for row in rows))
    return Atlas(
        title="My map",
        tracks=tracks,
        playlists=((playlist, rows),),
        layout=Layout(coordinates),
        clusters=Clusters(clusters, regions=()),
        features=random.normal(100, 30, (count, 2)).astype(np.float32),
        feature_names=("tempo_bpm", "secret_feature"),
    )


def payload_of(atlas: Atlas, feature_units: Mapping[str, str] = NOTHING, **assets: bytes) -> Payload:
    return encode(atlas, PublicFacts(feature_units, ["folder"]), assets=assets)


def read(payload: Payload, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(payload.files[name])
    return document


def ids_in_order(payload: Payload) -> list[str]:
    names = read(payload, "map.json")["files"]["details"]
    return [track for name in names for track in unpack_ids(read(payload, name)["ids"])]


def test_number_of_waiting_tracks_is_included_if_there_are_any() -> None:
    atlas = atlas_of(20)
    assert "waiting" not in read(payload_of(atlas), "map.json")
    assert read(payload_of(replace(atlas, waiting_count=12)), "map.json")["waiting"] == 12


@pytest.mark.parametrize(("count", "draws_icon", "is_drawn"), [(3, True, True), (3, False, False), (0, True, False)])
def test_icon_is_drawn_from_the_map_unless_the_user_provides_one(count: int, draws_icon: bool, is_drawn: bool) -> None:
    payload = encode(atlas_of(count), PublicFacts({}, []), assets={"favicon.svg": b"<svg/>"}, draws_icon=draws_icon)
    assert (payload.files["favicon.svg"] != b"<svg/>") is is_drawn


def test_coordinates_round_trip() -> None:
    atlas = atlas_of(300)
    payload = payload_of(atlas)
    document = read(payload, "map.json")
    x, y = list(accumulate(document["x"])), list(accumulate(document["y"]))
    assert min(x + y) >= 0
    assert max(x + y) <= EXTENT
    rows = [int(track.removeprefix("track-")) for track in ids_in_order(payload)]
    assert sorted(rows) == list(range(300))
    laid_out = atlas.layout.coordinates[rows].astype(np.float64)
    unit = np.ptp(laid_out, axis=0).max() / (max(np.ptp(x), np.ptp(y)))
    decoded = np.stack([x, y], axis=1) * unit
    assert decoded - decoded.mean(axis=0) == pytest.approx(laid_out - laid_out.mean(axis=0), abs=unit)


def test_all_columns_use_the_same_track_order() -> None:
    atlas = atlas_of(300)
    payload = payload_of(atlas, {"tempo_bpm": "BPM"})
    document, text, details = (read(payload, name) for name in ("map.json", "text.json", "details-000.json"))
    rows = [int(track.removeprefix("track-")) for track in unpack_ids(details["ids"])]
    assert document["cluster"] == atlas.clusters.labels(len(rows))[rows].tolist()
    assert text["titles"].split("\n") == [f"Title {row}" for row in rows]
    names = iter(text["artist_names"][index] for index in text["artists"])
    decoded = [tuple(islice(names, count)) for count in text["artist_counts"]]
    assert decoded == [atlas.tracks[row].artists for row in rows]
    assert [text["album_names"][i] for i in text["albums"]] == [atlas.tracks[row].album for row in rows]
    assert details["duration_s"] == [180 + row for row in rows]
    tempo = NumberColumn(atlas.features[rows, 0].astype(np.float64))
    assert details["features"] == {"tempo_bpm": tempo.encode_range(0, 300)}
    (playlist,) = document["playlists"]
    assert [rows[track] for track in accumulate(playlist["tracks"])] == [row for row in rows if row % 4 == 0]
    for cluster in document["clusters"]:
        original = next(group for group in atlas.clusters.clusters if group.id == cluster["id"])
        assert [rows[track] for track in cluster["core"]] == list(original.core)
        assert cluster["count"] == len(original.members)
        assert cluster["regions"]


def with_tracks(atlas: Atlas, **columns: list[Any]) -> Atlas:
    """Return the atlas with these fields of its first tracks replaced."""
    tracks = list(atlas.tracks)
    for name, values in columns.items():
        for row, value in enumerate(values):
            tracks[row] = replace(tracks[row], **{name: value})
    return replace(atlas, tracks=tuple(tracks))


def test_layers_list_the_tracks_of_each_person() -> None:
    atlas = with_tracks(atlas_of(4), layers=[("me",), ("me", "friend"), ("friend",), ("me",)])
    payload = payload_of(atlas)
    layers = read(payload, "map.json")["layers"]
    ids = ids_in_order(payload)
    members = {layer["name"]: {ids[number] for number in accumulate(layer["tracks"])} for layer in layers}
    assert members == {"friend": {"track-1", "track-2"}, "me": {"track-0", "track-1", "track-3"}}
    assert [(layer["count"], layer["color"]) for layer in layers] == [(2, 0), (3, 1)]


def test_map_of_one_person_has_no_layers_and_no_recordings() -> None:
    payload = payload_of(atlas_of(4))
    assert read(payload, "map.json")["layers"] == []
    assert "video_ids" not in read(payload, "details-000.json")


def test_youtube_id_of_a_recording_is_included_and_its_digest_is_not() -> None:
    recording = Recording(digest="cd" * 32, video_id="QH3Fx41Jpl4")
    payload = payload_of(with_tracks(atlas_of(3), recording=[recording]))
    details = read(payload, "details-000.json")
    video_ids = dict(zip(unpack_ids(details["ids"]), details["video_ids"]["text"].split("\n"), strict=True))
    assert video_ids == {"track-0": "QH3Fx41Jpl4", "track-1": "", "track-2": ""}
    assert b"cdcdcd" not in b"".join(payload.files.values())


def test_paths_are_included_only_if_requested_and_unchanged() -> None:
    tracks = with_tracks(atlas_of(3), recording=[Recording("0", path="/music/a  b\u00a0.mp3")])
    assert "paths" not in read(payload_of(tracks), "details-000.json")
    payload = encode(tracks, PublicFacts({}, (), paths={"track-1": "a  b\u00a0.mp3"}), assets={})
    details = read(payload, "details-000.json")
    paths = dict(zip(unpack_ids(details["ids"]), details["paths"]["text"].split("\n"), strict=True))
    assert paths == {"track-0": "", "track-1": "a  b\u00a0.mp3", "track-2": ""}


def test_genres_and_plays_are_facets_unless_the_source_has_such_columns() -> None:
    atlas = with_tracks(
        atlas_of(3),
        genres=[("dub", "ambient"), (), ("jazz",)],
        play_count=[0, None, 7],
        facets=[{}, {"a": 1.0}, {"genres": "mine"}],
    )
    details = read(payload_of(atlas), "details-000.json")
    facets = {
        name: dict(zip(unpack_ids(details["ids"]), values, strict=True)) for name, values in details["facets"].items()
    }
    assert list(facets) == ["genres", "plays", "a"]
    assert facets["genres"] == {"track-0": "dub, ambient", "track-1": None, "track-2": "mine"}
    assert facets["plays"] == {"track-0": 0, "track-1": None, "track-2": 7}


def test_play_dates_are_columns_only_if_known() -> None:
    without = payload_of(atlas_of(3))
    assert read(without, "map.json")["columns"].keys() == {"features", "facets", "facts"}
    assert not [name for name in read(without, "details-000.json") if "played" in name or "plays" in name]
    listening = [Listening("1970-01-03", "1971-01-01", ((1970, 2), (1971, 400))), None, Listening(last_on="1970-01-02")]
    payload = payload_of(with_tracks(atlas_of(3), listening=listening))
    assert read(payload, "map.json")["columns"]["facts"] == ["year", "duration_ms", "first_played", "last_played"]
    assert read(payload, "map.json")["columns"]["years_played"] == [1970, 1971]
    details = read(payload, "details-000.json")
    ids = unpack_ids(details["ids"])
    assert dict(zip(ids, details["first_played_on"], strict=True)) == {"track-0": 2, "track-1": None, "track-2": None}
    assert dict(zip(ids, details["last_played_on"], strict=True)) == {"track-0": 365, "track-1": None, "track-2": 1}
    plays = {year: unpack_numbers(column) for year, column in details["plays_by_year"].items()}
    assert {year: counts[ids.index("track-0")] for year, counts in plays.items()} == {"1970": 2, "1971": 400}
    assert np.isnan(plays["1970"][ids.index("track-1")])


def test_nothing_private_and_no_unrequested_feature_is_included() -> None:
    payload = payload_of(atlas_of(50), {"tempo_bpm": "BPM"})
    everything = b"".join(payload.files.values())
    for private in (b"/home", b".flac", b"abababab", b"secret_feature"):
        assert private not in everything


def test_equal_input_gives_equal_bytes_and_any_change_a_new_generation() -> None:
    atlas = atlas_of(200)
    first, again = payload_of(atlas, viewer=b"code"), payload_of(atlas, viewer=b"code")
    assert first == again
    changed = replace(atlas, tracks=(replace(atlas.tracks[0], title="Other"), *atlas.tracks[1:]))
    generations = {
        first.generation,
        payload_of(atlas, viewer=b"other code").generation,
        payload_of(changed, viewer=b"code").generation,
        payload_of(replace(atlas, title="Other"), viewer=b"code").generation,
    }
    assert len(generations) == 4
    assert read(first, "map.json")["generation"] == first.generation


@pytest.mark.parametrize("count", [0, 1, 2, DETAILS_CHUNK, DETAILS_CHUNK + 1])
def test_maps_of_any_size_are_complete(count: int) -> None:
    document = read(payload := payload_of(atlas_of(count)), "map.json")
    assert document["schema"] == "spotmap.map/1"
    assert document["count"] == len(document["x"]) == len(document["cluster"]) == count
    assert len(document["files"]["details"]) == -(-count // DETAILS_CHUNK)
    firsts = [read(payload, name)["first"] for name in document["files"]["details"]]
    assert firsts == list(range(0, count, DETAILS_CHUNK))
    x0, y0, x1, y1 = document["view"]
    assert x0 < x1
    assert y0 < y1


def test_coincident_tracks_are_placed_in_the_center() -> None:
    atlas = replace(atlas_of(5), layout=Layout(np.full((5, 2), 7, np.float32)))
    assert set(accumulate(read(payload_of(atlas), "map.json")["x"])) <= {EXTENT // 2, EXTENT // 2 + 1}


def test_outlier_does_not_shrink_the_initial_view() -> None:
    coordinates = np.random.default_rng(3).normal(0, 1, (500, 2)).astype(np.float32)
    coordinates[0] = 100
    view = read(payload_of(replace(atlas_of(500), layout=Layout(coordinates))), "map.json")["view"]
    assert view[2] - view[0] < EXTENT / 4


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("next\u2028line\x85end", "next line end"),
        ("<script>alert(1)</script> 🎵", "<script>alert(1)</script> 🎵"),
        ("half a \udce9 character", "half a ? character"),
        ("", ""),
    ],
)
def test_any_title_becomes_one_line_of_valid_text(title: str, shown: str) -> None:
    atlas = atlas_of(3)
    atlas = replace(atlas, tracks=tuple(replace(track, title=title) for track in atlas.tracks))
    assert read(payload_of(atlas), "text.json")["titles"] == "\n".join([shown] * 3)


def test_covers_and_facets_are_stored_once_per_chunk() -> None:
    atlas = atlas_of(4)
    tracks = tuple(
        replace(track, art_digest="cd" * 32 if i else "", facets={"label": "Warp", "plays": 3.0} if i == 2 else {})
        for i, track in enumerate(atlas.tracks)
    )
    details = read(payload_of(replace(atlas, tracks=tracks)), "details-000.json")
    by_track = dict(zip(unpack_ids(details["ids"]), details["art"], strict=True))
    assert by_track == {"track-0": -1, "track-1": 0, "track-2": 0, "track-3": 0}
    assert details["art_files"] == ["cd" * 8 + ".webp"]
    third = unpack_ids(details["ids"]).index("track-2")
    assert details["facets"]["label"] == ["Warp" if i == third else None for i in range(4)]
    assert details["facets"]["plays"][third] == 3


def test_non_finite_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        payload_of(replace(atlas_of(2), layout=Layout(np.array([[0, 0], [np.nan, 1]], np.float32))))


def test_new_and_moved_tracks_are_listed() -> None:
    payload = payload_of(replace(atlas_of(60), insights=Insights(since=Since(new=(3, 41), moved=(7,)))))
    ids, since = ids_in_order(payload), read(payload, "insights.json")["since"]
    assert {ids[track] for track in accumulate(since["new"])} == {"track-3", "track-41"}
    assert [ids[track] for track in accumulate(since["moved"])] == ["track-7"]
    assert read(payload, "map.json")["columns"]["since"] is True


@pytest.mark.parametrize(
    ("since", "expected"),
    [(None, None), (Since(new=(), moved=()), {"new": [], "moved": []})],
    ids=["first map", "unchanged map"],
)
def test_column_since_is_missing_if_nothing_is_new_or_moved(since: Since | None, expected: object) -> None:
    payload = payload_of(replace(atlas_of(20), insights=Insights(since=since)))
    assert read(payload, "insights.json")["since"] == expected
    assert "since" not in read(payload, "map.json")["columns"]


def test_track_numbers_are_included_if_known_and_discs_if_there_are_several() -> None:
    atlas = atlas_of(3)
    assert {"numbers", "discs"}.isdisjoint(read(payload_of(atlas), "details-000.json"))
    numbered = [replace(track, track_number=number, disc_number=1) for number, track in enumerate(atlas.tracks[:2], 1)]
    payload = payload_of(replace(atlas, tracks=(*numbered, atlas.tracks[2])))
    details = read(payload, "details-000.json")
    assert dict(zip(ids_in_order(payload), details["numbers"], strict=True)) == {
        "track-0": 1,
        "track-1": 2,
        "track-2": None,
    }
    assert "discs" not in details
    second = replace(atlas.tracks[2], track_number=1, disc_number=2)
    payload = payload_of(replace(atlas, tracks=(*numbered, second)))
    discs = read(payload, "details-000.json")["discs"]
    assert dict(zip(ids_in_order(payload), discs, strict=True)) == {"track-0": 1, "track-1": 1, "track-2": 2}


def test_albums_with_the_same_name_are_separate() -> None:
    atlas = atlas_of(4)
    artists = ("Queen", "Queen", "ABBA", "ABBA")
    tracks = tuple(
        replace(track, artists=(artist,), album="Greatest Hits", year=None)
        for track, artist in zip(atlas.tracks, artists, strict=True)
    )
    payload = payload_of(replace(atlas, tracks=tracks))
    text = read(payload, "text.json")
    assert text["album_names"] == ["Greatest Hits", "Greatest Hits"]
    album_of = dict(zip(ids_in_order(payload), text["albums"], strict=True))
    assert album_of["track-0"] == album_of["track-1"] != album_of["track-2"] == album_of["track-3"]


def test_styles_are_stored_once_and_referenced_per_track() -> None:
    atlas = atlas_of(3)
    styled = replace(atlas, styles=((("dub", 9), ("rock", 1)), (), (("rock", 5),)))
    payload = payload_of(styled)
    words = read(payload, "map.json")["columns"]["styles"]
    rows = unpack_words(read(payload, "details-000.json")["styles"], words)
    ids = unpack_ids(read(payload, "details-000.json")["ids"])
    assert dict(zip(ids, rows, strict=True)) == {
        "track-0": [("dub", 9), ("rock", 1)],
        "track-1": [],
        "track-2": [("rock", 5)],
    }
    plain = payload_of(atlas)
    assert "styles" not in read(plain, "map.json")["columns"]
    assert "styles" not in read(plain, "details-000.json")
