"""The order in which tracks are analyzed is fair to the whole library, and shards split it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from spotmap_build.acquire import order
from spotmap_build.acquire.order import fair_order
from spotmap_build.acquire.sharding import is_in_shard
from spotmap_build.config_values import Shard
from spotmap_build.model import Library, Playlist, Recording, Track


def library(count: int = 400) -> Library:
    """Return tracks of which three quarters share an artist and a playlist; years start at 1960."""
    tracks = tuple(
        Track(
            f"t{number}",
            f"Title {number}",
            ("The One",) if number % 4 else (f"Artist {number % 40}",),
            year=1960 + number % 60,
            added_at=f"2020-01-{1 + number % 28:02}",
        )
        for number in range(count)
    )
    large = Playlist("large", "Large", tuple(track.id for number, track in enumerate(tracks) if number % 4))
    small = Playlist("small", "Small", tuple(track.id for number, track in enumerate(tracks) if number % 20 == 0))
    return Library(tracks, (large, small))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_any_prefix_has_its_share_of_every_playlist_and_decade(share: float) -> None:
    full_library = library()
    prefix = {
        track.id for track in fair_order(full_library.tracks, full_library, 42)[: int(share * len(full_library.tracks))]
    }
    for playlist in full_library.playlists:
        members = set(playlist.track_ids)
        assert len(members & prefix) / len(members) == pytest.approx(share, abs=0.1)
    decades = Counter((track.year or 0) // 10 for track in full_library.tracks)
    early = Counter((track.year or 0) // 10 for track in full_library.tracks if track.id in prefix)
    assert all(abs(early[decade] / count - share) < 0.12 for decade, count in decades.items())


def test_order_is_independent_of_the_input_order() -> None:
    full_library = library(100)
    shuffled = list(full_library.tracks)
    random.Random(1).shuffle(shuffled)
    ordered = fair_order(full_library.tracks, full_library, 42)
    assert sorted(track.id for track in ordered) == sorted(track.id for track in full_library.tracks)
    assert fair_order(shuffled, full_library, 42) == ordered
    assert fair_order(full_library.tracks, full_library, 43) != ordered


def test_most_played_comes_first_then_newest() -> None:
    tracks = (
        Track("old", "a", added_at="2020-01-01"),
        Track("new", "b", added_at="2024-01-01"),
        Track("loved", "c", added_at="2010-01-01", play_count=90),
    )
    assert [track.id for track in fair_order(tracks, Library(tracks), 1)] == ["loved", "new", "old"]


def test_analyzed_tracks_count_toward_the_share_of_their_artist() -> None:
    tracks = (Track("a1", "a", ("A",)), Track("a2", "b", ("A",)), Track("b1", "c", ("B",)), Track("b2", "d", ("B",)))
    assert fair_order(tracks[1:], Library(tracks), 42)[0].artists == ("B",)


def test_ordering_takes_no_quadratic_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counted(Counter[str]):
        reads = 0

        def __getitem__(self, group: str) -> int:
            Counted.reads += 1
            return super().__getitem__(group)

    monkeypatch.setattr(order, "Counter", Counted)
    count = 500
    tracks = tuple(Track(f"t{number}", "a", (f"Artist {number}",)) for number in range(count))
    full_library = Library(tracks, (Playlist("all", "All", tuple(track.id for track in tracks)),))
    assert len(fair_order(tracks, full_library, 1)) == count
    assert Counted.reads < 10 * order.ROUNDS * count


def test_shards_split_tracks_by_sound_or_by_id() -> None:
    sound = Recording("ab" * 32, path="/a.wav")
    for index in range(1, 6):
        shard = Shard(index, 5)
        copies = {is_in_shard(Track(f"copy {number}", "", recording=sound), shard) for number in range(20)}
        assert len(copies) == 1
        found = Recording("cd" * 32, video_id="v")
        assert is_in_shard(Track("x", ""), shard) == is_in_shard(Track("x", "", recording=found), shard)
    assert is_in_shard(Track("x", ""), None)
