"""Tracks are grouped into albums by name, artists, covers, track numbers and years."""

from __future__ import annotations

import pytest

from spotmap_build.emit.albums import album_keys
from spotmap_build.model import Track


def track(
    album: str, *artists: str, number: int | None = None, year: int | None = None, art: str = "", known_as: str = ""
) -> Track:
    return Track("", "", artists, album, year=year, track_number=number, art_digest=art, album_id=known_as)


HITS, NOW = "Greatest Hits", "Now 50"


@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        ([track(HITS, "Queen"), track(HITS, "Queen", "Bowie"), track(HITS, "ABBA")], [0, 0, 1]),
        ([track(HITS, "Queen"), track(HITS, "ABBA"), track(HITS, "queen"), track(HITS, "ABBA")], [0, 1, 0, 1]),
        ([track(HITS, "A", "B"), track(HITS, "C"), track(HITS, "B", "C")], [0, 0, 0]),
        ([track(NOW, "A", number=1), track(NOW, "B", number=2), track(NOW, "C")], [0, 0, 0]),
        ([track(NOW, "A", art="x"), track(NOW, "B", art="x"), track(NOW, "C", art="y")], [0, 0, 1]),
        ([track(HITS, "A", number=1), track(HITS, "B", number=1)], [0, 1]),
        ([track(HITS, "A", year=1981), track(HITS, "B", year=1992)], [0, 1]),
        ([track(NOW, "A", year=1981), track(NOW, "B", year=1981), track(NOW, "A"), track(NOW, "C")], [0, 0, 0, 1]),
        ([track(NOW, "A", number=1), track(NOW, "A", number=3), *[track(NOW, "B", number=n) for n in (2, 4)]], [0] * 4),
        ([track(HITS, "A"), track(HITS, "A"), track(HITS, "B"), track(HITS, "B")], [0, 0, 1, 1]),
        ([track(NOW, "A", number=1, known_as="x"), track(NOW, "B", number=1, year=9, known_as="x")], [0, 0]),
        ([track("", "A"), track("", "B", year=3)], [0, 0]),
        ([track(NOW), track(NOW)], [0, 0]),
    ],
    ids=[
        "two albums with the same name",
        "any order and case of artists",
        "joined through other tracks",
        "a compilation",
        "same cover",
        "two first tracks",
        "far apart in years",
        "a compilation with two tracks of an artist",
        "a soundtrack by two artists",
        "two artists without track numbers",
        "album id of the source",
        "no album",
        "no artists",
    ],
)
def test_tracks_are_grouped_into_albums(tracks: list[Track], expected: list[int]) -> None:
    keys = album_keys(tracks)
    assert [name for name, _ in keys] == [each.album for each in tracks]
    assert [number for _, number in keys] == expected


@pytest.mark.parametrize(("number", "albums"), [(1, 5_000), (None, 1)], ids=["all separate", "all the same"])
def test_album_with_very_many_tracks_takes_no_quadratic_time(number: int | None, albums: int) -> None:
    tracks = [track("Unknown album", f"Artist {row}", number=number) for row in range(5_000)]
    assert len(set(album_keys(tracks))) == albums
