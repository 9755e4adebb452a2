"""Names of regions and clusters describe what distinguishes them, in musical terms, and are unique."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from spotmap_build.cluster.naming import Names, name_levels
from spotmap_build.cluster.term_matrix import TermMatrix, build_term_matrix
from spotmap_build.model import Embeddings, Playlist, Track

FEATURES = ("tempo", "brightness", "mode")


def matrix_of(
    tags: Mapping[str, Sequence[float]] | None = None,
    *,
    count: int,
    features: Mapping[str, Sequence[float]] | None = None,
    tracks: Sequence[Track] | None = None,
    playlists: Sequence[tuple[Playlist, Sequence[int]]] = (),
) -> TermMatrix:
    tags, features = tags or {}, features or {}
    embeddings = Embeddings(
        track_ids=tuple(map(str, range(count))),
        vectors=np.zeros((count, 1), np.float32),
        tags=np.array(list(tags.values()), np.float32).reshape(len(tags), count).T,
        tag_names=tuple(tags),
        features=np.array(list(features.values()), np.float32).reshape(len(features), count).T,
        feature_names=tuple(features),
    )
    return build_term_matrix(embeddings, tracks or [Track(str(row), "") for row in range(count)], playlists)


def regions_named(matrix: TermMatrix, *regions: Sequence[int]) -> list[str]:
    return list(name_levels(matrix, regions, [], []).regions)


def test_region_is_named_after_its_distinctive_tag() -> None:
    matrix = matrix_of({"rock": [0.6] * 20, "jazz": [0.4] * 10 + [0.02] * 10}, count=20)
    assert regions_named(matrix, range(10))[0] == "Jazz"


def test_tag_with_a_tiny_score_names_nothing() -> None:
    """Its mean here is four times the library's, but still so low that the model means "no"."""
    matrix = matrix_of({"ambient": [0.4] * 10 + [0.1] * 10, "punk": [0.04] * 10 + [0.001] * 10}, count=20)
    assert regions_named(matrix, range(10)) == ["Ambient"]


def test_style_is_named_without_its_family_and_followed_by_traits() -> None:
    tags = {
        "Electronic---Dub Techno": [0.5] * 10 + [0.0] * 10,
        "instrumental": [0.4] * 10 + [0.0] * 10,
        "Rock---Surf": [0.0] * 10 + [0.6] * 10,
    }
    features = {"brightness": [800.0] * 8 + [2000.0] * 2 + [*range(1500, 2500, 100)]}
    matrix = matrix_of(tags, count=20, features=features)
    assert regions_named(matrix, range(10), range(10, 20))[0] == "Dub techno – instrumental, dark"


def test_moods_and_instruments_follow_the_style_as_traits() -> None:
    tags = {
        "Electronic---Ambient": [0.5] * 20,
        "Mood---calm": [0.4] * 10 + [0.02] * 10,
        "Instrument---piano": [0.5] * 10 + [0.02] * 10,
    }
    features = {"voice": [4.0] * 10 + [90.0, 92.0] * 5}
    matrix = matrix_of(tags, count=20, features=features)
    assert regions_named(matrix, range(10), range(10, 20)) == ["Ambient – piano, calm", "Ambient – sung"]


def test_genres_of_artists_and_common_words_of_playlists_are_styles() -> None:
    tracks = [Track(str(row), "", genres=("bossa nova",) if row < 10 else ()) for row in range(30)]
    playlists = [
        (Playlist("a", "Focus 2019", ()), range(10, 15)),
        (Playlist("b", "focus, the second", ()), range(15, 18)),
        (Playlist("d", "To focus", ()), range(18, 20)),
        (Playlist("c", "Songs of the year", ()), range(20, 30)),
    ]
    matrix = matrix_of(count=30, tracks=tracks, playlists=playlists)
    assert regions_named(matrix, range(10), range(10, 20)) == ["Bossa nova", "Focus"]


def test_only_a_dominant_artist_is_named() -> None:
    tracks = [Track(str(row), "", artists=("Burial",) if row < 8 else (f"artist {row // 3}",)) for row in range(40)]
    tags = {"ambient": [0.4] * 20 + [0.0] * 20}
    matrix = matrix_of(tags, count=40, tracks=tracks)
    assert regions_named(matrix, range(10), range(10, 20)) == ["Ambient (Burial)", "Ambient"]


def two_levels(**more: dict[int, str]) -> Names:
    tags = {"ambient": [0.4] * 20 + [0.0] * 20, "jazz": [0.0] * 20 + [0.4] * 20}
    features = {"tempo": [80.0, 82.0] * 5 + [150.0, 160.0] * 5 + [118.0, 121.0] * 10}
    matrix = matrix_of(tags, count=40, features=features)
    clusters = [range(10), range(10, 20), range(20, 40)]
    return name_levels(matrix, [range(20), range(20, 40)], clusters, [0, 0, 1], **more)


def test_cluster_is_distinguished_from_the_rest_of_its_region() -> None:
    names = two_levels()
    assert list(names.regions) == ["Ambient", "Jazz"]
    assert list(names.clusters[:2]) == ["Ambient – slow", "Ambient – fast"]


def test_names_on_a_level_are_unique() -> None:
    names = two_levels()
    for level in (names.regions, names.clusters):
        assert len({name.casefold() for name in level}) == len(level)


def playlist(name: str, rows: Sequence[int]) -> tuple[Playlist, Sequence[int]]:
    return Playlist(name, name, tuple(map(str, rows))), rows


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("List 6", ["List 6", "List 6 (b)", "List 6 (c)"]),
        ("Road trip", ["Road trip", "Road trip 2", "Road trip 3"]),
        ("", ["Region 1", "Region 2", "Region 3"]),
    ],
)
def test_repeated_name_is_numbered_from_the_second_on(name: str, expected: list[str]) -> None:
    """Three regions of one playlist, each with one cluster: numbering starts with the first on both levels."""
    rows = [range(0, 10), range(10, 20), range(20, 30)]
    matrix = matrix_of(count=60, playlists=[playlist(name, range(30))])
    named = name_levels(matrix, rows, rows, [0, 1, 2])
    assert list(named.regions) == list(named.clusters) == expected


def test_only_cluster_of_a_region_has_the_regions_name() -> None:
    matrix = matrix_of({"techno": [0.8] * 10 + [0.0] * 20}, count=30)
    clusters = [range(10, 16), range(9), range(16, 23), range(23, 30)]
    named = name_levels(matrix, [range(10), range(10, 23), range(23, 30)], clusters, [1, 0, 1, 2])
    assert named.regions == ("Techno", "Region 1", "Region 2")
    assert named.clusters == ("Region 1", "Techno", "Region 3", "Region 2")


def test_manual_cluster_name_is_not_reused_for_the_only_cluster_of_a_region() -> None:
    matrix = matrix_of({"techno": [0.8] * 10 + [0.0] * 20}, count=30)
    named = name_levels(
        matrix, [range(10), range(10, 30)], [range(10), range(10, 30)], [0, 1], fixed_clusters={1: "Techno"}
    )
    assert named.clusters[1] == "Techno"
    assert named.clusters[0] != "Techno"


def test_manual_names_are_kept_and_not_reused() -> None:
    names = two_levels(fixed_regions={1: "Ambient"}, fixed_clusters={0: "Sleep"})
    assert names.regions[1] == "Ambient"
    assert names.clusters[0] == "Sleep"
    assert names.regions[0] != "Ambient"


def test_regions_without_terms_are_numbered() -> None:
    matrix = matrix_of(count=10)
    assert regions_named(matrix, range(5), range(5, 10)) == ["Region 1", "Region 2"]


def test_library_of_one_style_is_named_after_it() -> None:
    matrix = matrix_of({"techno": [0.8] * 10}, count=10)
    assert regions_named(matrix, range(10)) == ["Techno"]


def test_voices_are_named_only_if_their_score_is_high() -> None:
    tags = {"female vocalists": [0.15] * 10 + [0.02] * 10, "folk": [0.3] * 10 + [0.0] * 10}
    assert regions_named(matrix_of(tags, count=20), range(10)) == ["Folk"]


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_small_libraries_have_names_or_none(count: int) -> None:
    matrix = matrix_of({"folk": [0.3] * count}, count=count, features={"tempo": [100.0] * count})
    names = name_levels(matrix, [range(count)] if count else [], [], [])
    assert len(names.regions) == min(count, 1)
    assert all(names.regions)


@pytest.mark.parametrize("seed", range(40))
def test_names_of_random_libraries_are_unique_and_numbered_consecutively(seed: int) -> None:
    """Few terms for many groups, so names repeat."""
    generator = np.random.default_rng(seed)
    count = int(generator.integers(20, 120))
    cuts = np.sort(generator.choice(np.arange(1, count), size=int(generator.integers(1, 12)), replace=False))
    clusters = [part.tolist() for part in np.split(np.arange(count), cuts)]
    parents = np.unique(np.sort(generator.integers(0, 5, len(clusters))), return_inverse=True)[1].tolist()
    regions = [
        [row for cluster, parent in zip(clusters, parents, strict=True) if parent == number for row in cluster]
        for number in range(max(parents) + 1)
    ]
    tags = {tag: (generator.random(count) * generator.integers(0, 2, count)).tolist() for tag in ("folk", "techno")}
    lists = [playlist(name, np.flatnonzero(generator.random(count) < 0.6).tolist()) for name in ("List 6", "Evening")]
    given = {0: "Mine 2"} if seed % 4 == 0 else {}
    named = name_levels(matrix_of(tags, count=count, playlists=lists), regions, clusters, parents, fixed_regions=given)
    for level in (named.regions, named.clusters):
        lowered = {name.casefold() for name in level}
        assert len(lowered) == len(level)
        assert all(level)
        numbers = sorted(int(name.removeprefix("Region ")) for name in level if name.startswith("Region "))
        assert numbers == list(range(1, len(numbers) + 1))
        for name in level:
            first, _, mark = name.rpartition(" ")
            is_ours = name not in {"List 6", "Mine 2"} and not name.startswith("Region ")
            if is_ours and (mark.isdigit() or (len(mark) == 3 and mark[0] == "(")):
                assert first.casefold() in lowered
    for name, parent in zip(named.clusters, parents, strict=True):
        assert parents.count(parent) > 1 or name == named.regions[parent]
