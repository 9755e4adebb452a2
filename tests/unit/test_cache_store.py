"""Cache lookups and writes: hits, misses, failures, damage, and the files on disk."""

from __future__ import annotations

import dataclasses
import math
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from spotmap_build.cache import Cache, CorruptEntry, Failure, Freshness, Key, StageCounters
from spotmap_build.cache.arrays import decode_array
from spotmap_build.cache.freshness import RETRY_DELAYS_S
from spotmap_build.cache.layout import CacheFolder
from spotmap_build.cache.records import INLINE_LIMIT_BYTES, seal
from spotmap_build.cache.roots import SITES_KEPT, rooted_keys
from spotmap_build.cache.store import TOUCH_AFTER_S
from spotmap_build.errors import CacheError

SMALL = b"small"
BIG = bytes(range(256)) * 100


@dataclass
class Clock:
    now_unix_s: float = 1_900_000_000.0  # later than the mtime of every file that these tests write

    def __call__(self) -> float:
        return self.now_unix_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> Iterator[Cache]:
    with Cache.open(tmp_path / "cache", clock=clock) as opened:
        yield opened


def key(number: int = 1, stage: str = "embed", version: int = 1) -> Key:
    return Key(stage, version, {"inputs": {"track": number}})


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_stored_outputs_are_found_and_read(cache: Cache) -> None:
    put = cache.put(key(), {"vector": BIG, "tags": SMALL, "nothing": b""}, seconds=2.5)
    found = cache.lookup(key())
    assert found == put
    assert found is not None
    assert {name: cache.read(found, name) for name in found.outputs} == {"vector": BIG, "tags": SMALL, "nothing": b""}
    assert found.seconds == 2.5
    assert cache.counters.snapshot() == {"embed": StageCounters(hits=1)}


@pytest.mark.parametrize("other", [key(2), key(1, stage="project"), key(1, version=2)])
def test_different_key_is_a_miss(cache: Cache, other: Key) -> None:
    cache.put(key(), {"vector": SMALL}, seconds=0)
    assert cache.lookup(other) is None
    assert cache.counters.as_dict() == {other.stage: {"hits": 0, "misses": 1, "corrupt": 0}}


def test_record_is_found_by_the_next_process(tmp_path: Path) -> None:
    with Cache.open(tmp_path) as first:
        first.put(key(), {"vector": BIG}, seconds=0)
    with Cache.open(tmp_path, create=False) as second:
        found = second.lookup(key())
        assert found is not None
        assert second.read(found, "vector") == BIG


def test_missing_output_is_damage(cache: Cache) -> None:
    record = cache.put(key(), {"vector": SMALL}, seconds=0)
    with pytest.raises(CorruptEntry, match="tags"):
        cache.read(record, "tags")
    assert cache.lookup(key()) is None
    assert cache.counters.snapshot() == {"embed": StageCounters(misses=2, corrupt=1)}


def _refuse(data: bytes) -> int:
    raise ValueError(data)


def _integer(data: bytes) -> int:
    return int(data)


@pytest.mark.parametrize(
    "decode",
    [
        _integer,
        lambda data: data.decode("utf-16"),
        lambda data: {}[data],
        lambda data: data.no_such,
        lambda data: data + 1,
        lambda data: msgspec.json.decode(data, type=tuple[str, ...]),
        lambda data: msgspec.json.decode(b"[" * 100_000),
        decode_array,
    ],
)
def test_undecodable_output_becomes_a_counted_miss(cache: Cache, decode: Callable[[bytes], object]) -> None:
    cache.put(key(), {"vector": b"small"}, seconds=0)
    found = cache.lookup(key())
    assert found is not None
    with pytest.raises(CorruptEntry, match="vector"):
        cache.decode(found, "vector", decode)
    assert cache.lookup(key()) is None
    assert cache.counters.snapshot() == {"embed": StageCounters(misses=2, corrupt=1)}
    again = cache.put(key(), {"vector": b"12"}, seconds=0)
    assert cache.decode(again, "vector", _integer) == 12


def test_only_the_damaged_optional_output_is_dropped(cache: Cache) -> None:
    cache.put(key(), {"vector": BIG, "moods": b"calm", "voice": b"7"}, seconds=2)
    found = cache.lookup(key())
    assert found is not None
    assert cache.decode(found, "voice", _integer, is_optional=True) == 7
    with pytest.raises(CorruptEntry, match="moods"):
        cache.decode(found, "moods", _integer, is_optional=True)
    assert cache.counters.snapshot() == {"embed": StageCounters(misses=1, corrupt=1)}
    again = cache.lookup(key())
    assert again == dataclasses.replace(found, outputs={name: found.outputs[name] for name in ("vector", "voice")})
    assert cache.read(again, "vector") == BIG
    with pytest.raises(CorruptEntry, match="vector"):
        cache.decode(again, "vector", _integer)
    with pytest.raises(CorruptEntry, match="voice"):
        cache.decode(again, "voice", _refuse, is_optional=True)
    assert cache.lookup(key()) is None


def test_record_without_the_expected_outputs_is_a_counted_miss(cache: Cache) -> None:
    cache.put(key(1), {"vector": SMALL}, seconds=0)
    cache.put_failure(key(2), Failure("drm", "Protected.", "permanent"))
    assert cache.lookup(key(1), outputs=("vector",), may_fail=False) is not None
    assert cache.lookup(key(2), outputs=("vector",)) is not None
    assert cache.lookup(key(1), outputs=("vector", "tags")) is None
    assert cache.lookup(key(2), may_fail=False) is None
    assert cache.counters.snapshot() == {"embed": StageCounters(hits=2, misses=2, corrupt=2)}
    assert cache.lookup(key(1)) is None


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "something").write_bytes(b"other")


def _loop(path: Path) -> None:
    path.symlink_to(path)


OBSTACLES = [_folder, _loop, os.mkfifo]


@pytest.mark.parametrize("put_there", OBSTACLES)
@pytest.mark.parametrize("pattern", ["ac/*/*/*.json", "cas/*/*"])
def test_special_file_in_place_of_a_record_or_blob_is_a_counted_miss(
    cache: Cache, tmp_path: Path, put_there: Callable[[Path], None], pattern: str
) -> None:
    for times in (1, 2):  # the second time, quarantine has an entry of that name
        record = cache.put(key(), {"vector": BIG}, seconds=0)
        (path,) = tmp_path.glob(f"cache/{pattern}")
        path.unlink()
        put_there(path)
        assert cache.lookup(key()) is None
        assert cache.counters.snapshot()["embed"] == StageCounters(misses=times, corrupt=times)
        assert not os.path.lexists(path)
    put = cache.put(key(), {"vector": BIG}, seconds=0)
    assert put == record
    assert cache.read(put, "vector") == BIG


@pytest.mark.parametrize("put_there", OBSTACLES)
def test_special_file_in_place_of_a_blob_is_replaced(
    cache: Cache, tmp_path: Path, put_there: Callable[[Path], None]
) -> None:
    digest = cache.put_blob(BIG)
    (path,) = tmp_path.glob("cache/cas/*/*")
    path.unlink()
    put_there(path)
    with pytest.raises(CorruptEntry):
        cache.put(key(), {}, seconds=0, blobs=[digest])
    cache.put_blob(BIG)
    assert cache.read_blob(digest) == BIG


@pytest.mark.parametrize("pattern", ["ac/*", "ac/*/*", "cas/*"])
def test_file_in_place_of_a_folder_is_quarantined(tmp_path: Path, pattern: str) -> None:
    with Cache.open(tmp_path) as cache:
        cache.put(key(), {"vector": BIG}, seconds=0)
    (path,) = tmp_path.glob(pattern)
    path.rename(tmp_path / "tmp/away")
    path.write_bytes(b"other")
    with Cache.open(tmp_path) as cache:
        assert cache.lookup(key()) is None
        assert cache.counters.snapshot()["embed"] == StageCounters(misses=1, corrupt=1)
        assert cache.read(cache.put(key(), {"vector": BIG}, seconds=0), "vector") == BIG


@pytest.mark.parametrize(("size", "file_count"), [(0, 0), (INLINE_LIMIT_BYTES, 0), (INLINE_LIMIT_BYTES + 1, 1)])
def test_small_outputs_are_stored_inside_the_record(cache: Cache, tmp_path: Path, size: int, file_count: int) -> None:
    record = cache.put(key(), {"vector": b"v" * size}, seconds=0)
    assert len(list(tmp_path.glob("cache/cas/*/*"))) == file_count
    assert cache.read(record, "vector") == b"v" * size


def test_identical_content_is_stored_once(cache: Cache, tmp_path: Path) -> None:
    for number in range(3):
        cache.put(key(number), {"vector": BIG, "copy": BIG}, seconds=0)
    assert len(list(tmp_path.glob("cache/cas/*/*"))) == 1


def test_identical_results_produce_identical_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with Cache.open(tmp_path / name) as cache:
            cache.put(key(1), {"b": SMALL, "a": BIG} if name == "one" else {"a": BIG, "b": SMALL}, seconds=1)
            cache.put_failure(key(2), Failure("drm", "Protected.", "permanent"))
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_cache_files_contain_no_path_or_host_name(cache: Cache, tmp_path: Path) -> None:
    cache.put(key(), {"vector": BIG, "tags": SMALL}, seconds=0)
    cache.write_root("build-1", [key().digest])
    everything = b"".join(files(tmp_path).values())
    assert str(tmp_path).encode() not in everything
    assert os.uname().nodename.encode() not in everything


def test_two_caches_copied_over_each_other_form_their_union(tmp_path: Path) -> None:
    for name, numbers in (("one", (1, 2)), ("two", (2, 3))):
        with Cache.open(tmp_path / name) as cache:
            for number in numbers:
                cache.put(key(number), {"vector": BIG + bytes([number])}, seconds=number)
    for relative, data in files(tmp_path / "two").items():
        target = tmp_path / "one" / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    with Cache.open(tmp_path / "one") as merged:
        for number in (1, 2, 3):
            found = merged.lookup(key(number))
            assert found is not None
            assert merged.read(found, "vector") == BIG + bytes([number])


def test_cached_failure_is_a_hit_with_a_reason(cache: Cache) -> None:
    failure = Failure("drm", "Protected.", "permanent")
    cache.put_failure(key(), failure)
    found = cache.lookup(key())
    assert found is not None
    assert (found.failure, dict(found.outputs)) == (failure, {})


def test_due_failure_is_a_miss_but_available_as_expired(cache: Cache, clock: Clock) -> None:
    due_at = int(clock.now_unix_s) + 100
    cache.put_failure(key(), Failure("timeout", "No answer.", "retry_after", due_at, attempts=2))
    assert cache.lookup(key()) is not None
    clock.now_unix_s = due_at
    assert cache.lookup(key()) is None
    expired = cache.lookup(key(), allow_expired=True)
    assert expired is not None
    assert expired.failure is not None
    assert expired.failure.attempts == 2


def test_transient_failure_is_retried_after_growing_delays(cache: Cache, clock: Clock) -> None:
    waits = []
    for _ in range(2):
        failure = cache.put_transient_failure(key(), "timeout", "No answer.")
        assert failure.retry_at_unix_s is not None
        waits.append(failure.retry_at_unix_s - int(clock.now_unix_s))
        clock.now_unix_s = failure.retry_at_unix_s
    assert waits == list(RETRY_DELAYS_S[:2])


def test_record_with_a_maximum_age_expires(cache: Cache, clock: Clock) -> None:
    cache.put(key(), {"library": SMALL}, seconds=0, freshness=Freshness(int(clock.now_unix_s), max_age_s=60))
    assert cache.lookup(key()) is not None
    clock.now_unix_s += 61
    assert cache.lookup(key()) is None
    assert cache.lookup(key(), allow_expired=True) is not None


def test_success_replaces_a_failure(cache: Cache) -> None:
    cache.put_failure(key(), Failure("drm", "Protected.", "permanent"))
    cache.put(key(), {"vector": SMALL}, seconds=0)
    found = cache.lookup(key())
    assert found is not None
    assert found.failure is None


def test_blob_can_be_stored_without_a_record(cache: Cache) -> None:
    digest = cache.put_blob(SMALL)
    assert cache.read_blob(digest) == SMALL
    with pytest.raises(CorruptEntry):
        cache.read_blob("0" * 64)


def test_record_with_a_missing_blob_is_a_miss(cache: Cache, tmp_path: Path) -> None:
    cover = cache.put_blob(b"cover picture")
    cache.put(key(), {"library": SMALL}, seconds=0, blobs=[cover])
    assert cache.lookup(key()) is not None
    (tmp_path / "cache/cas" / cover[:2] / cover).unlink()
    assert cache.lookup(key()) is None
    with pytest.raises(CorruptEntry):
        cache.put(key(), {"library": SMALL}, seconds=0, blobs=[cover])


@pytest.mark.parametrize("digest", ["../../etc/passwd", "AB" * 32, "", "ab"])
def test_invalid_digest_is_never_used_as_a_path(cache: Cache, digest: str) -> None:
    with pytest.raises(CacheError, match="Not a SHA-256"):
        cache.read_blob(digest)


def test_damaged_blob_is_counted_and_removed(cache: Cache, tmp_path: Path) -> None:
    digest = cache.put_blob(BIG)
    (blob,) = tmp_path.glob("cache/cas/*/*")
    blob.write_bytes(b"!" + BIG[1:])
    with pytest.raises(CorruptEntry):
        cache.read_blob(digest, "cover")
    assert cache.counters.snapshot() == {"cover": StageCounters(misses=1, corrupt=1)}
    assert not blob.exists()


def test_damaged_blob_is_detected_on_read_and_repaired_by_the_next_put(cache: Cache, tmp_path: Path) -> None:
    record = cache.put(key(), {"vector": BIG}, seconds=0)
    (blob,) = tmp_path.glob("cache/cas/*/*")
    blob.write_bytes(b"!" + BIG[1:])
    assert cache.lookup(key()) == record
    with pytest.raises(CorruptEntry, match="vector"):
        cache.read(record, "vector")
    assert cache.counters.snapshot() == {"embed": StageCounters(hits=0, misses=1, corrupt=1)}
    assert cache.lookup(key()) is None
    assert cache.read(cache.put(key(), {"vector": BIG}, seconds=0), "vector") == BIG


def test_putting_a_blob_repairs_a_damaged_copy(cache: Cache, tmp_path: Path) -> None:
    digest = cache.put_blob(BIG)
    (blob,) = tmp_path.glob("cache/cas/*/*")
    blob.write_bytes(b"!" + BIG[1:])
    assert cache.put_blob(BIG) == digest
    assert cache.read_blob(digest) == BIG


def test_lookup_detects_a_blob_of_the_wrong_size(cache: Cache, tmp_path: Path) -> None:
    cache.put(key(), {"vector": BIG}, seconds=0)
    (blob,) = tmp_path.glob("cache/cas/*/*")
    blob.write_bytes(BIG[:-1])
    assert cache.lookup(key()) is None
    assert cache.counters.snapshot() == {"embed": StageCounters(misses=1, corrupt=1)}
    assert len(list(tmp_path.glob("cache/quarantine/*"))) == 2


def test_record_under_the_wrong_key_is_damage(cache: Cache, tmp_path: Path) -> None:
    cache.put(key(1), {"vector": b"one"}, seconds=0)
    (original,) = tmp_path.glob("cache/ac/*/*/*.json")
    digest = key(2).digest
    path = original.parent.parent / digest[:2] / f"{digest}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(original.read_bytes())
    assert cache.lookup(key(2)) is None
    assert cache.counters.snapshot() == {"embed": StageCounters(misses=1, corrupt=1)}


def test_hit_updates_the_modification_time_once_a_day(cache: Cache, tmp_path: Path, clock: Clock) -> None:
    cache.put(key(), {"vector": SMALL}, seconds=0)
    (path,) = tmp_path.glob("cache/ac/*/*/*.json")
    for moved_s, noted in ((-86_401, True), (-3_600, False)):
        os.utime(path, (clock.now_unix_s + moved_s,) * 2)
        cache.lookup(key())
        assert (path.stat().st_mtime == clock.now_unix_s) is noted


def test_cache_reports_until_when_its_lookups_stay_the_same(cache: Cache, clock: Clock) -> None:
    """Until a use has to be recorded, an answer expires, or a failure is due."""
    now = int(clock.now_unix_s)
    cache.put(key(1), {"vector": SMALL}, seconds=0)
    cache.put(key(2), {"vector": SMALL}, seconds=0, freshness=Freshness(now, 5_000))
    cache.put_failure(key(3), Failure("gone", "It is gone.", "retry_after", now + 3_000))
    assert cache.steady_until_unix_s == math.inf
    for number, lasts_s in ((1, TOUCH_AFTER_S), (2, 5_000), (3, 3_000), (1, 3_000)):
        assert cache.lookup(key(number)) is not None
        assert cache.steady_until_unix_s == now + lasts_s


@pytest.mark.parametrize(
    ("text", "advice"),
    [("2\n", "Update"), ("999", "Update"), ("9" * 5_000, "Update"), ("banana", "Delete"), ("", "Delete")],
)
def test_unknown_format_is_refused_and_left_unchanged(tmp_path: Path, text: str, advice: str) -> None:
    (tmp_path / "FORMAT").write_text(text)
    with pytest.raises(CacheError, match="format") as caught:
        Cache.open(tmp_path)
    assert advice in caught.value.hint
    assert files(tmp_path) == {"FORMAT": text.encode()}


def test_only_the_beginning_of_a_huge_format_file_is_read(tmp_path: Path) -> None:
    with (tmp_path / "FORMAT").open("wb") as file:
        file.write(b"1")
        file.truncate(2**40)  # 1 TB, sparse
    with pytest.raises(CacheError, match="format"):
        Cache.open(tmp_path)


@pytest.mark.parametrize("put_there", OBSTACLES)
def test_special_file_in_place_of_the_format_file_is_a_cache_error(
    tmp_path: Path, put_there: Callable[[Path], None]
) -> None:
    put_there(tmp_path / "FORMAT")
    with pytest.raises(CacheError):
        Cache.open(tmp_path)


def _modes(root: Path) -> tuple[set[int], set[int]]:
    """Return the permissions of all folders and of all files."""
    paths = [root, *root.rglob("*")]
    return tuple(
        {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir() is is_dir} for is_dir in (True, False)
    )  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("before", "folder_mode", "file_mode"), [(None, 0o700, 0o600), (0o755, 0o755, 0o644), (0o700, 0o700, 0o600)]
)
def test_new_cache_is_private_and_existing_permissions_are_kept(
    tmp_path: Path, before: int | None, folder_mode: int, file_mode: int
) -> None:
    root = tmp_path / "above/cache"
    umask = os.umask(0o022)
    try:
        if before is not None:
            root.mkdir(parents=True)
            root.chmod(before)
        with Cache.open(root) as cache:
            cache.put(key(), {"vector": BIG}, seconds=0)
            cache.write_root("build-1", [key().digest])
        assert _modes(root) == ({folder_mode}, {file_mode})
        assert stat.S_IMODE(root.parent.stat().st_mode) == 0o755
    finally:
        os.umask(umask)


def test_folder_with_other_files_is_refused_and_left_unchanged(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"music")
    with pytest.raises(CacheError, match=r"song\.mp3") as caught:
        Cache.open(tmp_path)
    assert "--cache-dir" in caught.value.hint
    assert files(tmp_path) == {"song.mp3": b"music"}


def test_file_in_place_of_the_cache_is_a_cache_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(CacheError):
        Cache.open(tmp_path / "cache")


def test_opening_without_create_requires_a_cache(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="no cache"):
        Cache.open(tmp_path / "cache", create=False)
    assert not (tmp_path / "cache").exists()


def test_cache_whose_creation_was_interrupted_is_completed(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "0123").write_bytes(b"1")
    (tmp_path / ".gitignore").write_text("*\n")
    with Cache.open(tmp_path) as cache:
        cache.put(key(), {"vector": SMALL}, seconds=0)
        assert cache.lookup(key()) is not None


def test_cache_is_marked_to_be_excluded_from_backups_and_repositories(cache: Cache, tmp_path: Path) -> None:
    assert (tmp_path / "cache/CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
    assert (tmp_path / "cache/.gitignore").read_text() == "*\n"


def test_only_the_last_ten_builds_are_recorded(cache: Cache, tmp_path: Path, clock: Clock) -> None:
    for number in range(12):
        clock.now_unix_s += 1
        cache.write_root(f"build-{number:02}", [key(number).digest])
    kept = sorted(path.stem for path in tmp_path.glob("cache/roots/*.json"))
    assert kept == [f"build-{number:02}" for number in range(2, 12)]


def test_last_ten_builds_of_each_site_are_recorded(cache: Cache, tmp_path: Path, clock: Clock) -> None:
    cache.write_root("older", [key(99).digest])  # the name that earlier versions gave
    cache.write_root("other-1", [key(98).digest], "b" * 16)
    for number in range(12):
        clock.now_unix_s += 1
        cache.write_root(f"build-{number:02}", [key(number).digest], "a" * 16)
    kept = sorted(path.stem for path in tmp_path.glob("cache/roots/*.json"))
    assert kept == [*(f"build-{number:02}.{'a' * 16}" for number in range(2, 12)), "older", f"other-1.{'b' * 16}"]
    used = rooted_keys(CacheFolder(tmp_path / "cache"))
    assert used == frozenset(key(number).digest for number in (98, 99, *range(2, 12)))


def test_recorded_sites_are_those_built_most_recently(cache: Cache, tmp_path: Path, clock: Clock) -> None:
    for number in range(SITES_KEPT + 2):
        clock.now_unix_s += 1
        cache.write_root("build", [key(number).digest], f"{number:016x}")
    kept = sorted(path.stem for path in tmp_path.glob("cache/roots/*.json"))
    assert kept == [f"build.{number:016x}" for number in range(2, SITES_KEPT + 2)]


@pytest.mark.parametrize("content", [{}, {"keys": [1], "written_at_unix_s": 1}, {"keys": [], "written_at_unix_s": "x"}])
def test_malformed_build_record_counts_as_the_oldest_and_blocks_pruning(
    cache: Cache, tmp_path: Path, content: dict[str, object]
) -> None:
    (tmp_path / "cache/roots/odd.json").write_bytes(seal(content))
    (tmp_path / "cache/roots/folder.json").mkdir()
    with pytest.raises(CacheError, match=r"\.json"):
        rooted_keys(CacheFolder(tmp_path / "cache"))
    for number in range(10):
        cache.write_root(f"build-{number}", [])
    assert len(list(tmp_path.glob("cache/roots/*.json"))) == 10
    assert rooted_keys(CacheFolder(tmp_path / "cache")) == frozenset()


@pytest.mark.parametrize("site", ["x", "../../etc/passwd", "A" * 16])
def test_invalid_site_name_is_refused(cache: Cache, site: str) -> None:
    with pytest.raises(ValueError, match="name of a site"):
        cache.write_root("build", [], site)


@pytest.mark.parametrize("build_id", ["", "../x", ".hidden", "a/b"])
def test_build_id_must_be_a_file_name(cache: Cache, build_id: str) -> None:
    with pytest.raises(ValueError, match="build id"):
        cache.write_root(build_id, [])


def test_reading_a_cached_result_imports_no_heavy_packages(tmp_path: Path) -> None:
    with Cache.open(tmp_path) as cache:
        cache.put(key(), {"vector": BIG}, seconds=0)
    program = (
        "import sys\nfrom pathlib import Path\nfrom spotmap_build.cache import Cache, Key\n"
        "with Cache.open(Path(sys.argv[1])) as cache:\n"
        "    record = cache.lookup(Key('embed', 1, {'inputs': {'track': 1}}))\n"
        "    assert record is not None and cache.read(record, 'vector')\n"
        "print(*sys.modules)"
    )
    # Coverage measurement would import most of these itself.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    result = subprocess.run(
        [sys.executable, "-c", program, tmp_path], env=variables, capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert not loaded & {"numpy", "pickle", "tempfile", "shutil", "subprocess", "asyncio"}
