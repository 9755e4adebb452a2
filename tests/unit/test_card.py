"""Cards of friends: writing and reading them, refusing malformed ones, and gathering them with a library."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from spotmap_build import cached_map
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.config import Config
from spotmap_build.errors import ConfigError, SourceError
from spotmap_build.fetch import card
from spotmap_build.fetch.card import CardSource, decode_card, encode_card
from spotmap_build.fetch.guests import combine_with_guests
from spotmap_build.fetch.merge import merge
from spotmap_build.fetch.source import CardSounds, Loaded
from spotmap_build.model import Library, Playlist, Recording, SharedSound, Track
from spotmap_build.progress import PlainProgress
from spotmap_build.project import shared_space
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.preprocessing import prepare
from spotmap_build.registry.embedders import EMBEDDERS, identity

MUSICNN = identity(EMBEDDERS["musicnn"])
SPOTIFY = "spotify:track:" + "a" * 22
CONTEXT: Any = None
"""Reading a card uses no context."""


def sound(number: int = 0) -> SharedSound:
    codes = np.full(card.DIMENSIONS, number % 100 - 50, dtype=np.int8).tobytes()
    return SharedSound(codes, (0.5,) * card.DIMENSIONS, (0.25,) * card.DIMENSIONS)


def some_card(*tracks: Track) -> bytes:
    tracks = tracks or (Track(SPOTIFY, "One", ("Ada",)),)
    return encode_card(tracks, [sound(number) for number in range(len(tracks))], MUSICNN)


def test_card_round_trips() -> None:
    track = Track(SPOTIFY, 'Quote " and ],[ all', ("Ada", "Bo"), "Album", 200_000, "GBAYE0601498", True, 1999)
    tracks, sounds = decode_card(some_card(track))
    assert tracks == (track,)
    assert sounds.embedders == {MUSICNN}
    assert sounds.sounds[SPOTIFY] == sound()


def test_card_has_one_line_per_track_and_no_private_data() -> None:
    private = Track(
        "/home/ada/secret.mp3",
        "Title",
        ("Ada",),
        added_at="2020-02-02",
        genres=("private genre",),
        play_count=4711,
        layers=("my name",),
        art_url="https://private.example/art",
        recording=Recording("f" * 64, path="/home/ada/secret.mp3"),
        facets={"mood": "private mood"},
    )
    written = some_card(private, Track("folder:0123456789abcdef", "Other")).decode()
    for word in ("home", "secret", "2020", "private", "4711", "my name", "f" * 64):
        assert word not in written
    assert "folder:0123456789abcdef" in written, "owners of the same file recognize it by this id"
    lines = written.splitlines()
    assert [line for line in lines if '"Title"' in line] == [lines[1]]


def test_track_takes_less_than_350_bytes() -> None:
    tracks = [
        Track(f"spotify:track:{number:022}", f"A usual title {number}", ("An artist",), "Album")
        for number in range(100)
    ]
    assert len(some_card(*tracks)) / 100 < 350


def changed(change: Callable[[dict[str, Any]], object], *, signs: bool = True) -> bytes:
    document = json.loads(some_card(Track(SPOTIFY, "One", ("Ada",)), Track("card:" + "1" * 16, "Two", ("Bo",))))
    change(document)
    if signs:
        content = json.dumps(document).encode()
        try:
            read = msgspec.json.decode(content, type=card._Card)
        except ValueError:
            return content
        document["sha256"] = card._checksum(read)
    return json.dumps(document).encode()


def row(number: int, place: int, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["tracks"][number].__setitem__(place, value)


def put(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.__setitem__(name, value)


HOSTILE = {
    "not JSON": (b"\x00\xff", "malformed"),
    "nothing": (b"", "truncated"),
    "another document": (b'{"schema": "spotmap.map/1"}', "its format is 'spotmap.map/1'"),
    "a later format": (changed(put("schema", "spotmap.card/2")), "this version reads 'spotmap.card/1'"),
    "deep": (b'{"schema":"spotmap.card/1","tracks":' + b"[" * 100_000, "nests too deeply"),
    "a changed title": (changed(row(0, 1, "Other"), signs=False), "its checksum does not match"),
    "an unknown field": (changed(put("path", "/home/ada")), "unknown field"),
    "no tracks": (changed(put("tracks", [])), "length >= 1"),
    "too few dimensions": (changed(put("offsets", [0.0])), "length >= 128"),
    "a step of zero": (changed(put("steps", [0.0] * 128)), "> 0.0"),
    "an infinite step": (changed(lambda _: None).replace(b"0.25", b"1e999", 1), ""),
    "not a number": (changed(lambda _: None).replace(b"0.25", b"NaN", 1), "malformed"),
    "a duplicate id": (changed(row(1, 0, SPOTIFY)), "two of its tracks have the same id"),
    "an id with a line break": (changed(row(0, 0, "a\nb")), "regex"),
    "an id with a trailing line break": (changed(row(0, 0, "ab\n")), "regex"),
    "a long title": (changed(row(0, 1, "x" * 3_000)), "length <= 2000"),
    "too many artists": (changed(row(0, 2, ["x"] * 200)), "length <= 100"),
    "a negative duration": (changed(row(0, 4, -1)), ">= 0"),
    "not base64": (changed(row(0, 8, "*" * 172)), "not in base64"),
    "too few numbers": (changed(row(0, 8, base64.b64encode(b"1234").decode())), "has 4 numbers, not 128"),
    "too many numbers": (changed(row(0, 8, "A" * 400)), "length <= 256"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_malformed_card_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    content, reason = HOSTILE[name]
    (tmp_path / "friend.json").write_bytes(content)
    with pytest.raises(SourceError) as refused:
        CardSource(tmp_path / "friend.json").load(CONTEXT)
    assert reason in refused.value.message
    assert len(refused.value.message) < 600
    assert "spotmap-build card" in refused.value.hint


def test_oversized_or_missing_card_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "friend.json").write_bytes(some_card())
    monkeypatch.setattr(card, "MAX_FILE_BYTES", 100)
    for name in ("friend.json", "nothing.json"):
        with pytest.raises(SourceError, match="cannot be read as a card"):
            CardSource(tmp_path / name).load(CONTEXT)


@pytest.mark.parametrize(("bound", "most"), [("MAX_TRACKS", 1), ("MAX_FILE_BYTES", 100)])
def test_card_beyond_the_limits_is_not_written(bound: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, bound, most)
    with pytest.raises(ConfigError, match="A card is limited to") as refused:
        some_card(Track("a", "One"), Track("b", "Two"))
    assert "fewer sources" in refused.value.hint


def test_damage_in_the_cache_is_recomputed_while_a_card_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vectors are read lazily, so damage can surface only while the card is written."""
    answers: list[object] = [CorruptEntry("One vector is damaged."), b"a card"]

    def make_card(_embedded: object) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(cached_map, "_on_the_map", lambda _run: (None, SimpleNamespace(tracks=(1, 2))))
    monkeypatch.setattr("spotmap_build.cached_map.make_card", make_card)
    config = Config(sources=("demo",), out=tmp_path / "site", cache_dir=tmp_path / "cache")
    output = io.StringIO()
    assert cached_map.write_card(config, PlainProgress(output), tmp_path / "ada.json") == 2
    assert (tmp_path / "ada.json").read_bytes() == b"a card"
    assert "One vector is damaged. It was set aside" in output.getvalue()


def test_text_of_a_card_is_cleaned() -> None:
    hostile = Track(SPOTIFY, "x\x1b[2J\u202ey", ("\n", "A\x00da"), "Al\u2028bum", isrc="no isrc")
    document = json.loads(some_card(hostile))
    document["tracks"][0][1:4] = [hostile.title, list(hostile.artists), hostile.album]
    read = msgspec.json.decode(json.dumps(document).encode(), type=card._Card)
    document["sha256"] = card._checksum(read)
    (track,), _ = decode_card(json.dumps(document).encode())
    assert (track.title, track.artists, track.album, track.isrc) == ("x [2J y", ("A da",), "Al bum", "")


def test_shared_space_has_the_dimensions_of_a_card() -> None:
    assert shared_space.DIMENSIONS == card.DIMENSIONS


def test_shared_space_depends_only_on_the_embedder() -> None:
    draw = np.random.default_rng(1).normal(size=(6, 40)).astype(np.float32)
    np.testing.assert_allclose(
        shared_space.to_shared_space(draw[:2], "x"), shared_space.to_shared_space(draw, "x")[:2], atol=1e-5
    )
    signs = np.packbits(shared_space.directions("musicnn", 1506) > 0).tobytes()
    message = "existing cards would no longer be comparable"
    assert hashlib.sha256(signs).hexdigest()[:16] == "4b0a87acc4911739", message


def test_card_preserves_most_neighbors() -> None:
    draw = np.random.default_rng(3)
    vectors = (draw.normal(size=(600, 24)) @ draw.normal(size=(24, 1280))).astype(np.float32)
    points = shared_space.to_shared_space(vectors, "any")
    by_card = shared_space.compare_sounds(shared_space.decode_sounds(shared_space.encode_sounds(points)))
    found, true = (find_neighbors(unit, 10, 0).indices for unit in (by_card, prepare(vectors, "center")))
    kept = np.mean([len({*left} & {*right}) / 10 for left, right in zip(found.tolist(), true.tolist(), strict=True)])
    assert kept > 0.7, "chance would keep 1 in 60"


def test_quantization_error_is_at_most_half_a_step() -> None:
    draw = np.random.default_rng(2)
    points = (draw.normal(size=(400, shared_space.DIMENSIONS)) * draw.uniform(0.1, 9, shared_space.DIMENSIONS)).astype(
        np.float32
    )
    again = shared_space.decode_sounds(shared_space.encode_sounds(points))
    assert np.abs(again - points).max(axis=0).max() <= (np.ptp(points, axis=0) / 254).max() / 2 + 1e-4


def loaded(*tracks: Track, **more: Any) -> Loaded:
    return Loaded("folder", Library(tracks, **more))


def friend(*tracks: Track, owner: str = "Bo") -> Loaded:
    sounds = {track.id: sound(number) for number, track in enumerate(tracks)}
    return Loaded("card", Library(tracks), card=CardSounds(frozenset({MUSICNN}), sounds, owner))


MINE = Track("folder:1", "Song", ("Ada",), duration_ms=200_000, recording=Recording("0" * 64, path="/music/song.mp3"))


@pytest.mark.parametrize(
    "theirs",
    [
        Track("folder:1", "Anything", ("Else",)),
        Track(SPOTIFY, "song", ("ADA",), duration_ms=201_000, album="Their album", year=1999),
        Track("card:1", "Song - Live", ("Other",), isrc="USABC9912345"),
    ],
    ids=["id", "name and duration", "ISRC"],
)
def test_track_of_both_people_is_one_track_with_the_owners_metadata(theirs: Track) -> None:
    mine = replace(MINE, isrc="USABC9912345") if theirs.isrc else MINE
    found = combine_with_guests([loaded(mine, Track("folder:2", "Other")), friend(theirs)])
    assert found.library.tracks == (replace(mine, layers=("me", "Bo")), Track("folder:2", "Other", layers=("me",)))
    assert found.library.guests == ()


def test_card_changes_only_the_layers_of_the_library() -> None:
    """A friend's track that resembles two separate tracks of the library does not merge them."""
    first, second = Track("1", "Song", ("Ada",), duration_ms=200_000), Track("2", "Song", ("Ada",), duration_ms=203_000)
    between = Track("3", "Song", ("Ada",), duration_ms=201_500)
    own = [loaded(first, playlists=(Playlist("p", "P", ("1",)),)), loaded(second)]
    library_only, together = merge(own), combine_with_guests([friend(between), *own])
    assert [replace(track, layers=()) for track in together.library.tracks] == list(library_only.library.tracks)
    assert together.library.playlists == library_only.library.playlists
    assert together.kind == library_only.kind


def test_track_that_only_a_friend_has_becomes_a_guest_with_its_sound() -> None:
    found = combine_with_guests(
        [
            loaded(MINE),
            friend(Track("card:1", "New", ("Zoe",)), owner="Bo"),
            friend(Track("x", "New", ("Zoe",), "A"), Track("y", "Last", album="A"), owner="Cy"),
        ],
        ["a", "b", "c"],
    )
    assert [(guest.track.id, guest.track.layers) for guest in found.library.guests] == [
        ("card:1", ("b",)),
        ("x", ("c",)),
        ("y", ("c",)),
    ]
    assert found.library.guests[2].sound == sound(1)


def test_track_of_two_friends_becomes_one_guest() -> None:
    new = Track("card:1", "New", ("Zoe",), duration_ms=1_000)
    found = combine_with_guests([loaded(MINE), friend(new), friend(replace(new, id="card:2"), owner="Cy")])
    (guest,) = found.library.guests
    assert (guest.track.id, guest.track.layers) == ("card:1", ("Bo", "Cy"))


def test_layers_of_equally_named_cards_are_distinguished() -> None:
    cards = [friend(Track(f"card:{number}", f"New {number}"), owner="me") for number in (1, 2)]
    found = combine_with_guests([loaded(MINE), *cards])
    assert [track.layers for track in found.library.tracks] == [("me",)]
    assert [guest.track.layers for guest in found.library.guests] == [("me 2",), ("me 3",)]


@pytest.mark.parametrize(
    ("parts", "layers", "message"),
    [
        ([friend(MINE)], [], "contains no music"),
        ([loaded(MINE), friend(MINE)], ["only me"], "--as gives 1 name"),
        ([loaded(replace(MINE, position=(1.0, 2.0))), friend(MINE)], [], "on the same map as a card"),
    ],
    ids=["cards only", "too few names", "a table with coordinates"],
)
def test_invalid_combination_of_sources_is_reported(parts: list[Loaded], layers: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        combine_with_guests(parts, layers)


def test_card_is_read_without_a_context(tmp_path: Path) -> None:
    (tmp_path / "Bo's.json").write_bytes(some_card())
    found = CardSource(tmp_path / "Bo's.json").load(CONTEXT)
    assert found.card is not None
    assert found.card.owner == "Bo's"
