"""Cache maintenance: statistics, checks and pruning."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spotmap_build.cache import Cache, CacheBusy, Failure, Key
from spotmap_build.cache.maintenance import Entry, StageStats, check, stats
from spotmap_build.cache.prune import PrunePolicy, plan_prune, prune
from spotmap_build.errors import CacheError

BIG = bytes(range(256)) * 100
NOW = 1_900_000_000.0
DAY_S = 86_400


def key(number: int, stage: str = "embed") -> Key:
    return Key(stage, 1, {"inputs": {"track": number}})


def fill(root: Path, count: int = 3) -> list[Key]:
    """Make a cache of ``count`` records with a blob each; number n was last used n days before NOW."""
    keys = [key(number) for number in range(count)]
    with Cache.open(root) as cache:
        for number, each in enumerate(keys):
            cache.put(each, {"vector": BIG + bytes([number])}, seconds=0)
            os.utime(record_path(root, each), (NOW - number * DAY_S,) * 2)
    return keys


def record_path(root: Path, of: Key) -> Path:
    return root / f"ac/{of.stage}-v{of.stage_version}/{of.digest[:2]}/{of.digest}.json"


def blobs(root: Path) -> set[str]:
    """Return the digests of all blobs."""
    return {path.name for path in root.glob("cas/*/*")}


def readable(root: Path, keys: list[Key]) -> list[int]:
    """Return the numbers of the keys that can be read completely."""
    with Cache.open(root, create=False, clock=lambda: NOW) as cache:
        records = {number: cache.lookup(each) for number, each in enumerate(keys)}
        return [number for number, record in records.items() if record and cache.read(record, "vector")]


def entry(name: str, *, days: float = 0, size: int = 10, damaged: bool = False, **blobs: int) -> Entry:
    return Entry(Path(name), name, size, NOW - days * DAY_S, blobs, is_damaged=damaged)


ENTRIES = [entry("a", days=1, own=100), entry("b", days=2, shared=500), entry("c", days=3, shared=500)]


@pytest.mark.parametrize(
    ("policy", "deleted"),
    [
        (PrunePolicy(), ""),
        (PrunePolicy(max_age_s=2.5 * DAY_S), "c"),
        (PrunePolicy(max_age_s=0), "abc"),
        (PrunePolicy(max_size_bytes=630), ""),  # 3 records of 10, blobs of 100 and 500
        (PrunePolicy(max_size_bytes=629), "c"),  # the shared blob stays with b
        (PrunePolicy(max_size_bytes=619), "bc"),
        (PrunePolicy(max_size_bytes=0), "abc"),
        (PrunePolicy(only_rooted=True), "ac"),
        (PrunePolicy(only_rooted=True, max_size_bytes=500), "abc"),
        (PrunePolicy(max_size_bytes=110, max_age_s=2.5 * DAY_S), "bc"),
    ],
)
def test_policy_selects_entries_to_delete(policy: PrunePolicy, deleted: str) -> None:
    doomed = plan_prune(ENTRIES, policy, now_unix_s=NOW, rooted=frozenset("b"))
    assert sorted(each.key_digest for each in doomed) == list(deleted)


def test_damaged_entry_is_always_deleted() -> None:
    found = [entry("a", damaged=True), entry("b")]
    assert plan_prune(found, PrunePolicy(), now_unix_s=NOW, rooted=frozenset()) == found[:1]


def test_pruning_by_age_keeps_recently_used_entries(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    report = prune(tmp_path, PrunePolicy(max_age_s=1.5 * DAY_S), clock=lambda: NOW)
    assert (report.records_deleted, report.records_kept, len(blobs(tmp_path))) == (1, 2, 2)
    assert readable(tmp_path, keys) == [0, 1]
    assert check(tmp_path).is_clean


def test_pruning_by_size_ends_below_the_limit(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    limit = stats(tmp_path).size_bytes - 1
    prune(tmp_path, PrunePolicy(max_size_bytes=limit), clock=lambda: NOW)
    assert readable(tmp_path, keys) == [0, 1]
    assert stats(tmp_path).size_bytes <= limit


def test_pruning_unused_entries_keeps_those_of_recorded_builds(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    with Cache.open(tmp_path) as cache:
        cache.write_root("first", [keys[1].digest])
        cache.write_root("second", [keys[2].digest])
    prune(tmp_path, PrunePolicy(only_rooted=True))
    assert readable(tmp_path, keys) == [1, 2]


def test_pruning_unused_entries_requires_a_recorded_build(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    with pytest.raises(CacheError, match="all entries would be deleted"):
        prune(tmp_path, PrunePolicy(only_rooted=True))
    assert readable(tmp_path, keys) == [0, 1, 2]


def test_damaged_build_record_stops_pruning(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    (tmp_path / "roots/build.json").write_bytes(b"{}")
    with pytest.raises(CacheError, match=r"build\.json"):
        prune(tmp_path, PrunePolicy(only_rooted=True))
    assert readable(tmp_path, keys) == [0, 1, 2]


def test_unreferenced_blobs_debris_and_quarantine_are_deleted(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    with Cache.open(tmp_path) as cache:
        lost = cache.put_blob(b"unreferenced")
        cover = cache.put_blob(b"a cover")
        cache.put(keys[0], {"vector": BIG}, seconds=0, blobs=[cover])
    (tmp_path / "tmp/left-over").write_bytes(b"12345")
    (tmp_path / "quarantine/damaged").write_bytes(b"12345")
    prune(tmp_path, PrunePolicy())
    assert (lost in blobs(tmp_path), cover in blobs(tmp_path)) == (False, True)
    assert readable(tmp_path, keys) == [0, 1, 2]
    found = stats(tmp_path)
    assert (found.debris_bytes, found.quarantine_bytes) == (0, 0)


def test_folders_and_pipes_in_place_of_files_do_not_prevent_maintenance(tmp_path: Path) -> None:
    keys = fill(tmp_path, 5)
    blobs = {}
    with Cache.open(tmp_path) as cache:
        for number, each in enumerate(keys):
            record = cache.lookup(each)
            assert record is not None
            (digest,) = record.required_blobs
            blobs[number] = tmp_path / "cas" / digest[:2] / digest
    for place in (record_path(tmp_path, keys[0]), blobs[1]):
        place.unlink()
        (place / "within").mkdir(parents=True)
        (place / "within/file").write_bytes(b"12345")
    for place in (record_path(tmp_path, keys[2]), blobs[3]):
        place.unlink()
        os.mkfifo(place)
    for name in ("tmp/folder", "quarantine/folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"12345")
    assert stats(tmp_path).quarantine_bytes == 5
    report = check(tmp_path)
    assert len(report.damaged) == 4
    assert len(report.dangling) == 2
    assert check(tmp_path).is_clean
    prune(tmp_path, PrunePolicy())
    assert list((tmp_path / "quarantine").iterdir()) == []
    assert (tmp_path / "tmp/folder/file").read_bytes() == b"12345"  # not created by the cache: kept
    assert readable(tmp_path, keys) == [4]


def test_clone_of_a_store_is_counted_separately_and_deleted_by_pruning(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    before = stats(tmp_path)
    (tmp_path / "store.git/objects/pack").mkdir(parents=True)
    (tmp_path / "store.git/objects/pack/a.pack").write_bytes(b"12345")
    (tmp_path / "store.git/objects/pack/a.pack").chmod(0o444)
    (tmp_path / "store.git/HEAD").write_bytes(b"12")
    found = stats(tmp_path)
    assert (found.store_bytes, found.size_bytes) == (7, before.size_bytes)
    assert check(tmp_path).is_clean
    assert prune(tmp_path, PrunePolicy()).freed_bytes == 7
    assert stats(tmp_path) == before
    assert readable(tmp_path, keys) == [0, 1, 2]


def test_symlink_in_place_of_the_clone_of_a_store_is_not_followed(tmp_path: Path) -> None:
    fill(tmp_path / "cache")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_bytes(b"12345")
    (tmp_path / "cache/store.git").symlink_to(tmp_path / "elsewhere")
    assert stats(tmp_path / "cache").store_bytes == (tmp_path / "cache/store.git").lstat().st_size
    prune(tmp_path / "cache", PrunePolicy())
    assert not (tmp_path / "cache/store.git").is_symlink()
    assert (tmp_path / "elsewhere/file").exists()


def test_prune_removes_folders_in_place_of_records(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    place = record_path(tmp_path, keys[0])
    place.unlink()
    (place / "within").mkdir(parents=True)
    report = prune(tmp_path, PrunePolicy())
    assert (report.records_deleted, report.records_kept, len(blobs(tmp_path))) == (1, 2, 2)
    assert not place.exists()


def test_prune_does_not_run_during_a_build(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    with Cache.open(tmp_path), pytest.raises(CacheBusy) as caught:
        prune(tmp_path, PrunePolicy(max_size_bytes=0))
    assert "build" in caught.value.hint
    assert readable(tmp_path, keys) == [0, 1, 2]


def test_builds_run_concurrently_with_each_other_and_with_check(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    with Cache.open(tmp_path) as first, Cache.open(tmp_path) as second:
        assert first.lookup(keys[0]) == second.lookup(keys[0])
        assert check(tmp_path).is_clean


def test_stats_count_by_stage(tmp_path: Path) -> None:
    with Cache.open(tmp_path) as cache:
        for number in range(2):
            cache.put(key(number), {"vector": BIG}, seconds=0)
        cache.put_failure(key(2), Failure("drm", "Protected.", "permanent"))
        cache.put(key(0, "project"), {"layout": BIG}, seconds=0)
    found = stats(tmp_path)
    sizes = {
        stage: sum(path.stat().st_size for path in (tmp_path / "ac" / stage).rglob("*.json"))
        for stage in ("embed-v1", "project-v1")
    }
    assert found.stages == (
        StageStats("embed-v1", records=3, failures=1, size_bytes=sizes["embed-v1"] + len(BIG)),
        StageStats("project-v1", records=1, failures=0, size_bytes=sizes["project-v1"] + len(BIG)),
    )
    assert (found.blobs, found.size_bytes) == (1, sum(sizes.values()) + len(BIG))


def test_check_finds_an_intact_cache_clean(tmp_path: Path) -> None:
    fill(tmp_path)
    report = check(tmp_path)
    assert report.is_clean
    assert (report.records, report.blobs, report.blobs_verified) == (3, 3, 3)


def test_check_quarantines_damage_and_dependent_records(tmp_path: Path) -> None:
    keys = fill(tmp_path)
    with Cache.open(tmp_path) as cache:
        record = cache.lookup(keys[0])
    assert record is not None
    (digest,) = record.required_blobs
    blob = tmp_path / "cas" / digest[:2] / digest
    blob.write_bytes(b"!" + blob.read_bytes()[1:])
    record_path(tmp_path, keys[1]).write_bytes(b"{}")
    report = check(tmp_path)
    assert report.damaged == tuple(
        sorted(path.relative_to(tmp_path).as_posix() for path in (blob, record_path(tmp_path, keys[1])))
    )
    assert report.dangling == (record_path(tmp_path, keys[0]).relative_to(tmp_path).as_posix(),)
    assert readable(tmp_path, keys) == [2]
    assert check(tmp_path).is_clean


def test_check_of_a_subset_hashes_some_blobs_and_finds_all_missing_ones(tmp_path: Path) -> None:
    keys = fill(tmp_path, 40)
    with Cache.open(tmp_path) as cache:
        record = cache.lookup(keys[0])
    assert record is not None
    (digest,) = record.required_blobs
    (tmp_path / "cas" / digest[:2] / digest).unlink()
    report = check(tmp_path, subset=0.5, seed=1)
    assert 0 < report.blobs_verified < report.blobs == 39
    assert len(report.dangling) == 1


@pytest.mark.parametrize("act", [stats, check, lambda root: prune(root, PrunePolicy())])
def test_maintenance_of_a_missing_cache_is_an_error_and_creates_none(tmp_path: Path, act: object) -> None:
    assert callable(act)
    with pytest.raises(CacheError, match="no cache"):
        act(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
