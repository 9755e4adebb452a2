"""A region keeps its id, color and name from one build to the next."""

from __future__ import annotations

import numpy as np
import pytest

from spotmap_build.cluster.identity import KnownCluster, describe_events, match_clusters


def ids(start: int, stop: int) -> tuple[str, ...]:
    return tuple(f"t{number}" for number in range(start, stop))


DUB = KnownCluster("region-1", "Dub techno", 0, ids(0, 100))
FOLK = KnownCluster("region-2", "Folk", 1, ids(100, 150))


def test_first_build_creates_identities_without_events() -> None:
    carried = match_clusters([], [ids(0, 5), ids(5, 9)])
    assert [(identity.id, identity.color) for identity in carried.identities] == [("region-1", 0), ("region-2", 1)]
    assert carried.events == ()
    assert carried.next_number == 3


def test_identity_follows_the_tracks_not_the_order() -> None:
    carried = match_clusters([DUB, FOLK], [ids(100, 160), ids(0, 98)], next_number=3)
    assert [(identity.id, identity.color, identity.name) for identity in carried.identities] == [
        ("region-2", 1, "Folk"),
        ("region-1", 0, "Dub techno"),
    ]
    assert carried.events == ()


def test_larger_part_of_a_split_keeps_the_identity() -> None:
    carried = match_clusters([DUB], [ids(0, 60), ids(60, 100)], next_number=2)
    assert [identity.id for identity in carried.identities] == ["region-1", "region-2"]
    (event,) = carried.events
    assert event.kind == "split"
    names = {"region-1": "Dub techno", "region-2": "Deep house"}
    assert describe_events(carried.events, names) == (
        "“Dub techno” split: 60 tracks to “Dub techno”, 40 tracks to “Deep house”.",
    )


def test_merged_region_keeps_the_identity_of_its_larger_part() -> None:
    carried = match_clusters([DUB, FOLK], [ids(0, 150)], next_number=3)
    assert [identity.id for identity in carried.identities] == ["region-1"]
    assert [event.kind for event in carried.events] == ["gone", "merged"]
    descriptions = describe_events(carried.events, {"region-1": "Dub techno", "region-2": "Folk"})
    assert descriptions[1] == "“Dub techno” now holds 100 tracks of “Dub techno” and 50 tracks of “Folk”."


def test_region_that_doubled_keeps_its_identity_but_not_its_name() -> None:
    grown = match_clusters([FOLK], [ids(100, 350)], next_number=3).identities[0]
    assert (grown.id, grown.color, grown.kept) == ("region-2", 1, 50)
    assert grown.name == ""


def test_cluster_of_a_few_scattered_tracks_gets_a_new_identity() -> None:
    scattered = (*ids(0, 5), *ids(100, 105), *ids(900, 930))
    carried = match_clusters([DUB, FOLK], [scattered, ids(5, 100), ids(105, 150)], next_number=3)
    assert [identity.id for identity in carried.identities] == ["region-3", "region-1", "region-2"]
    assert [event.kind for event in carried.events] == ["new"]


def test_id_is_never_reused() -> None:
    first = match_clusters([], [ids(0, 9), ids(9, 18)])
    second = match_clusters([DUB], [ids(0, 100)], next_number=first.next_number)
    third = match_clusters([DUB], [ids(0, 100), ids(500, 520)], next_number=second.next_number)
    assert third.identities[1].id == "region-3"


def test_new_region_takes_a_free_color() -> None:
    carried = match_clusters([KnownCluster("region-1", "", 2, ids(0, 9))], [ids(0, 9), ids(20, 30), ids(30, 39)])
    assert [identity.color for identity in carried.identities] == [2, 0, 1]


def test_removing_tracks_keeps_the_identity_of_the_rest() -> None:
    carried = match_clusters([DUB, FOLK], [ids(80, 100), ids(140, 150)], next_number=3)
    assert [identity.id for identity in carried.identities] == ["region-1", "region-2"]


@pytest.mark.parametrize("seed", range(5))
def test_nearly_all_tracks_keep_their_identity_when_borders_shift(seed: int) -> None:
    generator = np.random.default_rng(seed)
    old = generator.integers(0, 12, 1_000)
    new = np.where(generator.random(1_000) < 0.04, generator.integers(0, 12, 1_000), old)
    shuffled = generator.permutation(12)
    previous = [
        KnownCluster(f"region-{label + 1}", "", label, tuple(f"t{row}" for row in np.flatnonzero(old == label)))
        for label in range(12)
    ]
    members = [tuple(f"t{row}" for row in np.flatnonzero(new == shuffled[label])) for label in range(12)]
    carried = match_clusters(previous, members, next_number=13)
    identity_of = {
        track: identity.id for identity, rows in zip(carried.identities, members, strict=True) for track in rows
    }
    kept = [identity_of[track] == cluster.id for cluster in previous for track in cluster.members]
    assert np.mean(kept) >= 0.95
