"""Several people on one map: placing guests and comparing people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest

from spotmap_build.atlas import Atlas, Cluster, Clusters, Insights, Layout, Pair, People, PublicFacts
from spotmap_build.emit.payload import encode
from spotmap_build.emit.published import PublishedCluster, PublishedMap
from spotmap_build.insights.people import center, compare_people, mixing, would_like
from spotmap_build.model import Guest, SharedSound, Track
from spotmap_build.project.guests import clusters_of_guests, kept_of_guests, place_guests
from spotmap_build.stages.people import Compared, _digest_of, with_guests

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

EAST, NORTH = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def around(direction: tuple[float, float, float], count: int, seed: int = 0) -> Float32Array:
    """Return unit vectors near a direction."""
    vectors = np.asarray(direction) + np.random.default_rng(seed).normal(scale=0.05, size=(count, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_guests_are_placed_among_similar_tracks_inside_the_map() -> None:
    vectors = np.concatenate([around(EAST, 30), around(NORTH, 30, 1), around(EAST, 5, 2), around(NORTH, 5, 3)])
    positions = np.concatenate(
        [np.random.default_rng(4).normal(size=(30, 2)), 20 + np.random.default_rng(5).normal(size=(30, 2))]
    )
    positions = positions.astype(np.float32)
    places = place_guests(vectors, positions)
    assert (np.linalg.norm(places[:5], axis=1) < 5).all()
    assert (np.linalg.norm(places[5:] - 20, axis=1) < 5).all()
    assert (places >= positions.min(axis=0)).all()
    assert (places <= positions.max(axis=0)).all()
    labels = np.repeat(np.array([0, 1], dtype=np.int32), 30)
    assert clusters_of_guests(places, positions, labels).tolist() == [0] * 5 + [1] * 5
    assert kept_of_guests([[0, 30]] * 10, places, positions) == pytest.approx([0.5] * 10, abs=0.5)


def test_guest_between_clusters_is_in_none() -> None:
    positions = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0.5, 2]], dtype=np.float32)
    labels = np.array([0, 0, 1, 1, -1], dtype=np.int32)
    assert clusters_of_guests(np.array([[0.5, 0.5]], dtype=np.float32), positions, labels).tolist() == [-1]


def test_guests_can_be_placed_on_a_map_with_one_track() -> None:
    vectors = around(EAST, 3)
    assert place_guests(vectors, np.array([[2, 3]], dtype=np.float32)).tolist() == [[2, 3], [2, 3]]


@pytest.mark.parametrize(
    ("left", "right", "share"),
    [
        (around(EAST, 40), around(NORTH, 40, 1), (0.0, 0.0)),
        (around(EAST, 300, 1), around(EAST, 300, 2), (0.46, 0.54)),
        (around(EAST, 200, 1), around(EAST, 50, 2), (0.28, 0.36)),
    ],
    ids=["separate", "mixed", "mixed, of different sizes"],
)
def test_mixing_of_indistinguishable_libraries_is_that_of_chance(
    left: Float32Array, right: Float32Array, share: tuple[float, float]
) -> None:
    found, chance = mixing(left, right, seed=0)
    assert share[0] <= found <= share[1]
    assert chance == pytest.approx(
        2 * len(left) * len(right) / ((len(left) + len(right)) * (len(left) + len(right) - 1))
    )


def test_recommendations_lie_near_most_of_a_persons_tracks_and_vary_in_artist() -> None:
    vectors = np.concatenate([around(EAST, 20), around(NORTH, 10, 1), around(EAST, 4, 2)])
    foreign = np.arange(20, 34)
    artists = [""] * 20 + ["north"] * 10 + ["east"] * 3 + ["other"]
    recommended = would_like(vectors, np.arange(20), foreign, artists)
    assert set(recommended[:3]) < {30, 31, 32, 33}
    assert sum(artists[row] == "east" for row in recommended) == 2
    assert would_like(vectors, np.arange(0), foreign, artists) == ()


def test_pair_of_people_is_described_in_a_sentence_with_chance() -> None:
    vectors = np.concatenate([around(EAST, 60), around(NORTH, 60, 1)])
    rows = {"Ada": [*range(60), 60], "Bo": [*range(60, 120)]}
    found = compare_people(vectors, rows, [str(row) for row in range(120)], seed=0)
    (pair,) = found.pairs
    assert (pair.one, pair.other, pair.mixing) == ("Ada", "Bo", 0.0)
    assert pair.sentence.startswith("1 track is in both libraries. Of the 10 tracks that sound most like")
    assert pair.sentence.endswith("it would be 50%.")
    assert set(pair.for_one) <= set(range(61, 120))
    assert found.centers["Ada"] < 60 <= found.centers["Bo"]


def test_mixing_is_not_computed_for_few_tracks() -> None:
    vectors = np.concatenate([around(EAST, 60), around(NORTH, 5, 1)])
    (pair,) = compare_people(vectors, {"Ada": [*range(60)], "Bo": [*range(60, 65)]}, [""] * 65, seed=0).pairs
    assert pair.mixing is None
    assert pair.chance is None
    assert "too few" in pair.sentence


@pytest.mark.parametrize(("people", "pairs"), [(2, 1), (5, 10), (7, 6)])
def test_many_people_are_compared_only_with_the_first(people: int, pairs: int) -> None:
    rows = {str(number): [number] for number in range(people)}
    assert len(compare_people(around(EAST, people), rows, [""] * people, seed=0).pairs) == pairs


def test_center_is_one_of_the_persons_tracks() -> None:
    vectors = np.concatenate([around(EAST, 9), around(NORTH, 1)])
    assert center(vectors, [0, 1, 2, 9]) in {0, 1, 2}


def an_atlas() -> Atlas:
    tracks = tuple(Track(f"t{number}", f"Title {number}", layers=("me",)) for number in range(8))
    positions = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    cluster = Cluster("c1", "Cluster", tuple(range(4)), (0,), parent=0)
    region = Cluster("r1", "Region", tuple(range(6)), (0,))
    insights = Insights(neighbors=((1,),) * 8, shared=(("both",),) * 8, kept=(0.5,) * 8)
    return Atlas(
        "Title",
        tracks,
        (),
        Layout(positions),
        Clusters((cluster,), (region,)),
        np.zeros((8, 1), np.float32),
        ("tempo",),
        insights,
    )


def guests(count: int) -> tuple[Guest, ...]:
    return tuple(
        Guest(Track(f"g{number}", f"Guest {number}", layers=("Bo",)), SharedSound(b"", (), ()))
        for number in range(count)
    )


def test_guests_are_appended_without_changing_the_library() -> None:
    atlas = an_atlas()
    pair = Pair("me", "Bo", "A sentence.", 0.2, 0.4, (8,), (0,))
    places = atlas.layout.coordinates[:2]
    compared = Compared(
        tuple(places[:, 0].tolist()), tuple(places[:, 1].tolist()), (0, -1), ((0, 9), (1,)), (0.5, 1.0),
        People({"me": 3, "Bo": 9}, (pair,)),
    )  # fmt: skip
    shown = with_guests(atlas, guests(2), compared)
    assert shown.clusters.clusters[0].members == (0, 1, 2, 3, 8)
    assert shown.clusters.regions[0].members == (*range(6), 8)
    before, after = (encode(each, PublicFacts({"tempo": "BPM"}, []), assets={}) for each in (atlas, shown))
    map_before, map_after = (orjson.loads(each.files["map.json"]) for each in (before, after))

    def places_of(document: dict[str, list[int]], titles: str) -> dict[str, tuple[int, int]]:
        x, y = np.cumsum(document["x"]).tolist(), np.cumsum(document["y"]).tolist()
        return dict(zip(titles.split("\n"), zip(x, y, strict=True), strict=True))

    text_before, text_after = (orjson.loads(each.files["text.json"])["titles"] for each in (before, after))
    old, new = places_of(map_before, text_before), places_of(map_after, text_after)
    assert {title: new[title] for title in old} == old, "a track has moved"
    titles = text_after.split("\n")
    assert [titles[row] for row in np.cumsum(map_after["guests"])] == sorted(
        (t for t in titles if t[0] == "G"), key=titles.index
    )
    people = orjson.loads(after.files["people.json"])["pairs"][0]
    assert people["people"] == ["me", "Bo"]
    assert [titles[row] for row in (people["would_like"][0][0], *people["centers"])] == [
        "Guest 0",
        "Title 3",
        "Guest 1",
    ]
    assert map_after["files"]["people"] == "people.json"
    assert "people" not in map_before["files"]
    assert "guests" not in map_before


def test_digest_of_guests_covers_everything_that_places_them() -> None:
    def guest(track_id: str = "a", codes: bytes = b"\x00", offset: float = 0.5, step: float = 0.25) -> Guest:
        return Guest(Track(track_id, "Title"), SharedSound(codes, (offset,) * 128, (step,) * 128))

    usual = [guest(), guest("b")]
    others = [
        [guest("c"), guest("b")],
        [guest(codes=b"\x01"), guest("b")],
        [guest(offset=1.0), guest("b", offset=1.0)],
        [guest(), guest("b", step=1.0)],
        [guest("b"), guest()],
        [guest()],
    ]
    digests = {_digest_of(tuple(each)) for each in (usual, *others)}
    assert len(digests) == 1 + len(others)
    assert _digest_of(tuple(usual)) == _digest_of((guest(), guest("b")))


def test_map_is_continued_without_its_guests() -> None:
    cluster = PublishedCluster("c1", "C", 0, [0, 1, 3])
    published = PublishedMap(["a", "guest", "b", "c"], [1, 2, 3, 4], [5, 6, 7, 8], [cluster], [cluster], guests=[1])
    alone = published.without_guests()
    assert (alone.track_ids, alone.x, alone.y) == (["a", "b", "c"], [1, 3, 4], [5, 7, 8])
    assert [each.members for each in (*alone.clusters, *alone.regions)] == [[0, 2], [0, 2]]
