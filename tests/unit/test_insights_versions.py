"""Versions of one song (live, remastered, on two albums) are grouped; other songs with the same title are not."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.insights.versions import group_versions, split_title


@pytest.mark.parametrize(
    ("title", "base", "kind"),
    [
        ("Wish You Were Here", "wish you were here", ""),
        ("Wish You Were Here (Live at Knebworth)", "wish you were here", "live"),
        ("Wish You Were Here - 2011 Remastered Version", "wish you were here", "remaster"),
        ("Así es [Versión acústica]", "asi es", "acoustic"),
        ("Salt (En Vivo)", "salt", "live"),
        ("Salt (Radio Edit) [2011 Remaster]", "salt", "edit"),
        ("Salt (Album Version)", "salt", "version"),
        ("Salt - Extended Mix", "salt", "edit"),
        ("Salt (Otto Lind Mix)", "salt", "remix"),
        ("Соль (Ремикс)", "соль", "remix"),
        ("塩の歌 (ライブ)", "塩の歌", "live"),
        ("海边 (伴奏版)", "海边", "instrumental"),
        ("Salt (Hoorah)", "salt hoorah", ""),
        ("Lonely Day (feat. Someone)", "lonely day", "version"),
        ("Blue (Da Ba Dee)", "blue da ba dee", ""),
        ("Live", "live", ""),
        ("(Remix)", "remix", ""),
        ("Live and Let Die", "live and let die", ""),
        ("Tubular Bells - Pt. I", "tubular bells pt i", ""),
        ("夜に駆ける (Acoustic)", "夜に駆ける", "acoustic"),
        ("", "", ""),
    ],
)
def test_title_is_split_from_its_version(title: str, base: str, kind: str) -> None:
    assert split_title(title) == (base, kind)


NEAR, FAR = [1.0, 0.0], [-1.0, 0.0]


def grouped(*tracks: tuple[str, str, int, list[float]]) -> list[tuple[int, ...]]:
    titles, artists, lengths, vectors = zip(*tracks, strict=True)
    songs = group_versions(titles, [(name,) for name in artists], lengths, np.array(vectors, dtype=np.float32))
    return [song.rows for song in songs]


def test_versions_share_title_and_artist_and_sound_similar() -> None:
    assert grouped(
        ("Echoes", "Pink Floyd", 1_400_000, NEAR),
        ("Echoes (Live)", "Pink Floyd", 1_600_000, [0.8, 0.6]),
        ("Echoes", "Someone Else", 200_000, NEAR),
        ("Echoes - Demo", "Pink Floyd", 100_000, FAR),
    ) == [(0, 1)]


def test_every_version_has_its_kind() -> None:
    titles = ["Echoes", "Echoes", "Echoes (Live)"]
    vectors = np.array([NEAR, NEAR, [0.9, 0.436]], dtype=np.float32)
    (three,) = group_versions(titles, [("A",)] * 3, [60_000, 61_000, 70_000], vectors)
    assert three.kinds == ("", "", "live")


def test_tracks_with_a_generic_title_are_versions_only_if_they_sound_equal() -> None:
    near = [0.9, 0.436]
    assert grouped(("Intro", "A", 60_000, NEAR), ("Intro", "A", 60_000, near), ("Intro", "A", 60_000, NEAR)) == [(0, 2)]


def test_one_common_artist_is_enough() -> None:
    artists = [("A", "B"), ("B",), ("C",)]
    songs = group_versions(["X"] * 3, artists, [None] * 3, np.array([NEAR] * 3, dtype=np.float32))
    assert [song.rows for song in songs] == [(0, 1)]


def test_empty_library_has_no_versions() -> None:
    assert group_versions([], [], [], np.zeros((0, 8), np.float32)) == ()
