"""The cache on disks with flipped bits, without free space, and without write permission."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotmap_build.cache import Cache, CacheFull, CorruptEntry, Key
from spotmap_build.cache.maintenance import check

OUTPUTS = {"small": b"small output" * 20, "big": bytes(range(256)) * 64}


def key(number: int) -> Key:
    return Key("embed", 1, {"track": number})


def fill(root: Path, count: int) -> None:
    with Cache.open(root) as cache:
        for number in range(count):
            cache.put(key(number), {name: data + bytes([number]) for name, data in OUTPUTS.items()}, seconds=0)


def read(cache: Cache, number: int) -> dict[str, bytes] | None:
    """Return what a build would get: all outputs, or None for any kind of miss."""
    record = cache.lookup(key(number))
    if record is None:
        return None
    try:
        return {name: cache.read(record, name) for name in record.outputs}
    except CorruptEntry:
        return None


def test_flipped_bit_is_a_counted_miss(tmp_path: Path) -> None:
    fill(tmp_path / "intact", 2)
    files = [path for folder in ("ac", "cas") for path in (tmp_path / "intact" / folder).rglob("*") if path.is_file()]
    assert len(files) == 4
    for file in files:
        size = file.stat().st_size
        for position in [*range(0, size, max(1, size // 40)), size - 1]:
            root = tmp_path / "damaged"
            shutil.copytree(tmp_path / "intact", root)
            victim = root / file.relative_to(tmp_path / "intact")
            data = bytearray(victim.read_bytes())
            data[position] ^= 1 << (position % 8)
            victim.write_bytes(data)
            with Cache.open(root) as cache:
                results = [read(cache, number) for number in range(2)]
                expected = [{name: output + bytes([number]) for name, output in OUTPUTS.items()} for number in range(2)]
                assert [result for result in results if result is not None] in ([expected[0]], [expected[1]])
                counts = cache.counters.snapshot()["embed"]
                assert (counts.hits, counts.misses, counts.corrupt) == (1, 1, 1)
            fill(root, 2)
            assert check(root).is_clean
            shutil.rmtree(root)


@pytest.mark.parametrize("keep", [0, 1, 0.5, 0.99])
def test_truncated_file_is_a_counted_miss(tmp_path: Path, keep: float) -> None:
    for folder in ("ac", "cas"):
        root = tmp_path / folder
        fill(root, 1)
        (victim,) = (path for path in (root / folder).rglob("*") if path.is_file())
        size = victim.stat().st_size
        os.truncate(victim, keep if isinstance(keep, int) else int(size * keep))
        with Cache.open(root) as cache:
            assert read(cache, 0) is None
            assert cache.counters.snapshot()["embed"].corrupt == 1


@pytest.fixture
def file_size_limit() -> Iterator[int]:
    """Limit the size of files, so that writing fails partway as on a full disk."""
    limit_bytes = 20_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    yield limit_bytes
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_failed_write_is_a_cache_full_error_without_debris(tmp_path: Path, file_size_limit: int) -> None:
    with Cache.open(tmp_path) as cache:
        with pytest.raises(CacheFull) as caught:
            cache.put(key(0), {"big": b"x" * (file_size_limit + 1)}, seconds=0)
        assert "prune" in caught.value.hint
        assert cache.lookup(key(0)) is None
        cache.put(key(1), {"big": b"x" * file_size_limit}, seconds=0)
    report = check(tmp_path)
    assert report.is_clean
    assert (report.records, report.blobs) == (1, 1)
    assert not any((tmp_path / "tmp").iterdir())


FULL_DISK = """
import sys
from pathlib import Path
from spotmap_build.cache import Cache, CacheFull, Key
from spotmap_build.cache.maintenance import check

root = Path(sys.argv[1]) / "cache"
finished = 0
with Cache.open(root) as cache:
    try:
        for number in range(1_000):
            cache.put(Key("embed", 1, {"track": number}), {"big": number.to_bytes(2, "big") * 20_000}, seconds=0)
            finished += 1
    except CacheFull:
        pass
    assert 10 < finished < 1_000, finished
    for number in range(finished):
        record = cache.lookup(Key("embed", 1, {"track": number}))
        assert record and cache.read(record, "big") == number.to_bytes(2, "big") * 20_000
report = check(root)
assert report.is_clean, report
assert not any((root / "tmp").iterdir())
print("checked")
"""


def test_full_disk_keeps_finished_entries_and_leaves_no_debris(tmp_path: Path) -> None:
    """The disk is a real file system of 2 MB in a separate mount namespace."""
    mount = 'mount -t tmpfs -o size=2m tmpfs "$1" || exit 77; exec "$2" -c "$3" "$1"'
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs the unshare command to mount a small disk")
    result = subprocess.run(
        [unshare, "--map-root-user", "--mount", "sh", "-c", mount, "sh", tmp_path, sys.executable, FULL_DISK],
        capture_output=True,
        text=True,
        check=False,
    )
    if "checked" not in result.stdout and ("unshare" in result.stderr or result.returncode == 77):
        pytest.skip(f"cannot mount a small disk: {result.stderr.strip()}")
    assert result.stdout == "checked\n", result.stderr


READ_ONLY = """
import sys
from pathlib import Path
from spotmap_build.cache import Cache, CacheReadOnly, Key
from spotmap_build.cache.maintenance import check
from spotmap_build.errors import CacheError

root = Path(sys.argv[1])
with Cache.open(root, clock=lambda: 4e9) as cache:
    record = cache.lookup(Key("embed", 1, {"track": 0}))
    assert record and len(cache.read(record, "big")) == 16_385
    for put in (
        lambda: cache.put(Key("embed", 1, {"track": 9}), {"new": b"x"}, seconds=0),
        lambda: cache.put_blob(b"new"),
        lambda: cache.write_root("build", []),
    ):
        try:
            put()
        except CacheReadOnly as error:
            assert "--cache-dir" in error.hint
        else:
            raise AssertionError("written")
assert check(root).is_clean
try:
    Cache.open(root / "cas" / "new")
except CacheReadOnly:
    print("checked")
"""


@pytest.mark.parametrize("lock_file", ["with", "without"])
def test_read_only_cache_serves_hits_and_refuses_writes(tmp_path: Path, lock_file: str) -> None:
    root = tmp_path / "cache"
    fill(root, 1)
    if lock_file == "without":
        (root / ".lock").unlink()
    folders = [path for path in [root, *root.rglob("*")] if path.is_dir()]
    for path in root.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    for folder in folders:
        folder.chmod(0o555)
    command: list[str | Path] = [sys.executable, "-c", READ_ONLY, root]
    if os.geteuid() == 0:  # root can write everywhere unless it drops capabilities
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("running as root without the setpriv command to drop capabilities")
        command = [setpriv, "--bounding-set=-dac_override,-dac_read_search", *command]
    before = sorted(root.rglob("*"))
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert result.stdout == "checked\n", result.stderr
    assert sorted(root.rglob("*")) == before
