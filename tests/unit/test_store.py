"""A store transfers results between caches, in small packs; nothing in a store can damage a cache."""

from __future__ import annotations

import lzma
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from spotmap_build.acquire.decisions import decision_key
from spotmap_build.cache import Cache, Failure, Freshness, Key, canonical_json, digest_bytes
from spotmap_build.cache.arrays import decode_array, encode_array
from spotmap_build.cache.freshness import MAX_UNIX_S
from spotmap_build.cache.maintenance import check, records_of
from spotmap_build.cache.roots import site_name
from spotmap_build.describe import describe_pulled
from spotmap_build.errors import ConfigError, OutputError
from spotmap_build.model import Candidate, Considered, Match, Track
from spotmap_build.registry.formats import MARKER_NAME
from spotmap_build.registry.heads import OF_EFFNET
from spotmap_build.store import Pulled, Pushed, keys_of_map, open_store, packs, pull, push
from spotmap_build.store.files import FORMAT, StoreError
from spotmap_build.store.sync import STAGES, Store
from tests.support.command import spotmap

NOW_UNIX_S = 1_900_000_000.0
BIG = bytes(range(256)) * 100
"""Too large to be stored inside a record."""


def git(*arguments: object) -> str:
    return subprocess.run(["git", *map(str, arguments)], capture_output=True, text=True, check=True).stdout.strip()


class StoreUnderTest:
    """A store and direct access to its files, without the code under test."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.folder = address, folder

    def opened(self, cache_dir: Path) -> Store:
        return open_store(self.address, self.folder, cache_dir)

    @property
    def is_git(self) -> bool:
        return self.address.startswith("git+")

    def packs(self, here: Path) -> set[str]:
        return set(self.opened(here).names() or ())

    def read(self, name: str) -> bytes:
        """Return the bytes of a pack."""
        if not self.is_git:
            return (self.folder / f"store/packs/{name}.pack").read_bytes()
        show = ["git", "--git-dir", str(self.folder / "map.git"), "show", f"kept:packs/{name}.pack"]
        return subprocess.run(show, capture_output=True, check=True).stdout

    def put(self, files: dict[str, bytes]) -> None:
        """Write files into the store as a person would by hand."""
        root = self.folder / "by-hand" if self.is_git else self.folder / "store"
        if self.is_git and not root.exists():
            git("clone", "-q", self.folder / "map.git", root)
            git("-C", root, "checkout", "-q", "-B", "kept", *(("origin/kept",) if has_branch(root) else ()))
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        if self.is_git:
            git("-C", root, "add", "--all")
            git("-C", root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "by hand")
            git("-C", root, "push", "-q", "origin", "kept")


def has_branch(clone: Path) -> bool:
    return "origin/kept" in git("-C", clone, "branch", "-r")


def make_store(kind: str, folder: Path) -> StoreUnderTest:
    if kind == "folder":
        return StoreUnderTest("store", folder)
    git("init", "-q", "--bare", folder / "map.git")
    return StoreUnderTest(f"git+file://{folder}/map.git#kept", folder)


@pytest.fixture(params=["folder", "git"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> StoreUnderTest:
    return make_store(request.param, tmp_path)


@contextmanager
def opened(root: Path) -> Iterator[Cache]:
    with Cache.open(root, clock=lambda: NOW_UNIX_S) as cache:
        yield cache


def embed_key(number: int, stage: str = "embed", embedder: str = "discogs-effnet") -> Key:
    return Key(stage, 3, {"recording": number, "embedder": embedder})


def vector(number: int, length: int = 200) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(number).standard_normal(length).astype(np.float32)


def put_embeddings(root: Path, *numbers: int) -> None:
    with opened(root) as cache:
        for number in numbers:
            arrays = {"vector.npy": vector(number), "tags.npy": abs(vector(number, 50)), "features.npy": vector(9, 41)}
            outputs = {name: encode_array(array) for name, array in arrays.items()}
            cache.put(embed_key(number), outputs | {"typical.json": b"12.5"}, seconds=2.5)


def push_from(root: Path, store: StoreUnderTest) -> Pushed:
    with opened(root) as cache:
        return push(cache, root, store.opened(root), NOW_UNIX_S)


def pull_into(root: Path, store: StoreUnderTest) -> Pulled:
    with opened(root) as cache:
        return pull(cache, store.opened(root), NOW_UNIX_S)


def transferable(root: Path) -> dict[str, object]:
    """Return the results of a cache that a store transfers, by key."""
    with opened(root) as cache:
        return {
            key.digest: (record.failure, record.freshness, {name: cache.read(record, name) for name in record.outputs})
            for key, record in records_of(root, STAGES)
        }


def test_pushed_results_arrive_and_are_not_transferred_again(store: StoreUnderTest, tmp_path: Path) -> None:
    home, host = tmp_path / "home", tmp_path / "host"
    put_embeddings(home, 1, 2)
    failure = Failure("unavailable", "This video is gone.", "permanent")
    with opened(home) as cache:
        cache.put(embed_key(1, "match"), {"match.json": BIG}, 1.0)
        cache.put(embed_key(2, "match"), {"match.json": b"{}"}, 1.0, freshness=Freshness(int(NOW_UNIX_S) - 5, 100))
        cache.put_failure(embed_key(3, "download"), failure, producer="of old")
        cache.put(embed_key(4, "spotify-list"), {"content.json": b"private"}, 1.0)
        cache.put(embed_key(5, "excerpt"), {"audio": BIG}, 1.0)
    assert pull_into(host, store) == Pulled(False, 0, 0, ())

    pushed = push_from(home, store)
    assert (pushed.new_count, pushed.known_count, pushed.damaged) == (5, 0, ())
    assert pull_into(host, store) == Pulled(True, 5, 0, ())
    assert check(host).is_clean
    sent, received = transferable(home), transferable(host)
    assert received.keys() == sent.keys()
    exact = [key for key in sent if key not in {embed_key(1).digest, embed_key(2).digest}]
    assert [received[key] for key in exact] == [sent[key] for key in exact]
    with opened(host) as cache:
        record = cache.lookup(embed_key(1))
        assert record is not None
        arrays = {name: decode_array(cache.read(record, f"{name}.npy")) for name in ("vector", "tags", "features")}
        assert cache.lookup(embed_key(4, "spotify-list")) is None
    assert all(array.dtype == np.float32 for array in arrays.values())
    np.testing.assert_allclose(arrays["vector"], vector(1), rtol=2**-11, atol=1e-7)
    np.testing.assert_allclose(arrays["tags"], abs(vector(1, 50)), rtol=2**-11, atol=1e-7)
    np.testing.assert_array_equal(arrays["features"], vector(9, 41))

    for root in (home, host):
        assert push_from(root, store) == Pushed(0, 5, 0, 0, ())
        assert pull_into(root, store) == Pulled(True, 0, 5, ())
    assert transferable(home) == sent, "rounded values from the store replaced exact ones"


def test_only_new_results_are_sent_and_existing_files_stay_unchanged(store: StoreUnderTest, tmp_path: Path) -> None:
    home = tmp_path / "home"
    put_embeddings(home, 1, 2)
    push_from(home, store)
    before = store.packs(tmp_path / "look")
    store.put({"README.md": b"a note of mine"})
    put_embeddings(home, 3)
    assert push_from(home, store).new_count == 1
    assert len(before) == 1
    assert store.packs(tmp_path / "look") > before
    assert pull_into(tmp_path / "host", store).new_count == 3
    if store.is_git:
        assert git("--git-dir", tmp_path / "map.git", "show", "kept:README.md") == "a note of mine"


def test_damaged_clone_of_the_repository_is_fetched_again(tmp_path: Path) -> None:
    store, home, host = make_store("git", tmp_path), tmp_path / "home", tmp_path / "host"
    put_embeddings(home, 1)
    push_from(home, store)
    pull_into(host, store)
    for path in (host / "store.git/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"x" * 9)
    put_embeddings(home, 2)
    push_from(home, store)
    assert pull_into(host, store) == Pulled(True, 1, 1, ())


def test_unreachable_repository_leaves_the_clone_intact(tmp_path: Path) -> None:
    store, home = make_store("git", tmp_path), tmp_path / "home"
    put_embeddings(home, 1)
    push_from(home, store)
    before = sorted(path for path in (home / "store.git").rglob("*") if path.is_file())
    (tmp_path / "map.git").rename(tmp_path / "away")
    for transfer in (pull_into, push_from):
        with pytest.raises(StoreError):
            transfer(home, store)
    assert sorted(path for path in (home / "store.git").rglob("*") if path.is_file()) == before
    (tmp_path / "away").rename(tmp_path / "map.git")
    put_embeddings(home, 2)
    assert push_from(home, store).new_count == 1


def test_only_results_of_the_maps_last_build_are_sent(store: StoreUnderTest, tmp_path: Path) -> None:
    """Tracks that were removed from the library, or belong to another map, stay private."""
    home, site = tmp_path / "home", tmp_path / "site"
    put_embeddings(home, 1, 2, 3, 4)
    with pytest.raises(ConfigError):
        keys_of_map(home, site)
    with Cache.open(home, clock=lambda: NOW_UNIX_S - 60) as cache:
        cache.write_root("1", [embed_key(1).digest, embed_key(2).digest], site_name(site))
        cache.write_root("3", [embed_key(4).digest], site_name(tmp_path / "another"))
    with opened(home) as cache:
        cache.write_root("2", [embed_key(1).digest, embed_key(3).digest], site_name(site))
        pushed = push(cache, home, store.opened(home), NOW_UNIX_S, keys_of_map(home, site))
    assert (pushed.new_count, pushed.known_count, pushed.other_count) == (2, 0, 2)
    assert pull_into(tmp_path / "host", store).new_count == 2
    assert transferable(tmp_path / "host").keys() == {embed_key(1).digest, embed_key(3).digest}


def test_packs_are_made_without_holding_more_results_than_one_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "MAX_RESULTS", 2)
    taken: list[int] = []

    def results() -> Iterator[packs.Result]:
        for number in range(5):
            taken.append(number)
            yield packs.Result(embed_key(number), {"typical.json": b"1"}, None, None, "", 0.0)

    made = packs.make_packs(results())
    for count in (2, 4, 5):
        name, packed = next(made)
        assert (len(taken), name) == (count, digest_bytes(packed))


@pytest.mark.parametrize("kind", ["folder", "git"])
def test_concurrent_pushes_lose_nothing(tmp_path: Path, kind: str) -> None:
    store, count = make_store(kind, tmp_path), 4
    for number in range(count):
        put_embeddings(tmp_path / f"home{number}", number)
    gate = threading.Barrier(count)
    failed: list[BaseException] = []

    def run(number: int) -> None:
        gate.wait()
        try:
            push_from(tmp_path / f"home{number}", store)
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert pull_into(tmp_path / "host", store) == Pulled(True, count, 0, ())


def test_store_created_by_a_concurrent_push_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store("folder", tmp_path).opened(tmp_path / "home")
    (tmp_path / "store").mkdir()
    listed = Path.iterdir

    def made_meanwhile(folder: Path) -> Iterator[Path]:
        monkeypatch.setattr(Path, "iterdir", listed)
        store.add([])
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", made_meanwhile)
    assert store.names() == ()


SOON = int(NOW_UNIX_S)
Known = Failure | tuple[dict[str, bytes], Freshness | None]
FOUND: Known = ({"match.json": b"found"}, None)
NONE_FOUND = ({"match.json": b"none"}, Freshness(SOON - 50, 1000))
NONE_FOUND_LATER = ({"match.json": b"none, later"}, Freshness(SOON - 10, 1000))
FROM_THE_FUTURE = ({"match.json": b"future"}, Freshness(SOON + 500, 1000))
EXPIRED = ({"match.json": b"old"}, Freshness(SOON - 5000, 1000))
FAILED = Failure("service", "no answer", "retry_after", SOON + 3600, 1)
FAILED_TWICE = Failure("service", "no answer", "retry_after", SOON + 7200, 2)
BEST_FIRST: list[Known] = [FOUND, NONE_FOUND_LATER, NONE_FOUND, FROM_THE_FUTURE, EXPIRED, FAILED_TWICE, FAILED]
PAIRS = list(pairwise(BEST_FIRST))


@pytest.mark.parametrize("first_pusher", [0, 1])
def test_better_of_two_results_wins_in_any_push_order(tmp_path: Path, first_pusher: int) -> None:
    homes = tmp_path / "a", tmp_path / "b"
    store = make_store("folder", tmp_path)
    for number, pair in enumerate(PAIRS):
        for root, result in zip(homes, pair, strict=True):
            with opened(root) as cache:
                if isinstance(result, Failure):
                    cache.put_failure(embed_key(number, "match"), result)
                else:
                    cache.put(embed_key(number, "match"), result[0], 0.0, freshness=result[1])
    best = transferable(homes[0])
    for root in (homes[first_pusher], homes[1 - first_pusher]):
        push_from(root, store)
    for root in (*homes, tmp_path / "host"):
        pull_into(root, store)
        assert transferable(root) == best


def damaged(pack: bytes) -> dict[str, bytes]:
    return {
        "a bit": bytes([*pack[:99], pack[99] ^ 1, *pack[100:]]),
        "half of it": pack[: len(pack) // 2],
        "nothing": b"",
        "more": pack + b"x",
    }


@pytest.mark.parametrize(
    ("kind", "how"), [("git", "a bit"), *(("folder", how) for how in ("a bit", "half of it", "nothing", "more"))]
)
def test_damaged_pack_is_reported_and_others_are_used(tmp_path: Path, kind: str, how: str) -> None:
    store = make_store(kind, tmp_path)
    home, host = tmp_path / "home", tmp_path / "host"
    put_embeddings(home, 1)
    push_from(home, store)
    (name,) = store.packs(home)
    put_embeddings(home, 2)
    push_from(home, store)
    store.put({f"packs/{name}.pack": damaged(store.read(name))[how]})
    assert pull_into(host, store) == Pulled(True, 1, 0, (name,))
    assert transferable(host).keys() == {embed_key(2).digest}
    assert check(host).is_clean
    assert push_from(host, store) == Pushed(0, 1, 0, 0, (name,))
    again = push_from(home, store)
    assert (again.new_count, again.known_count, again.damaged) == (1, 1, ()), (
        "results lost in the damaged pack are sent again"
    )
    assert pull_into(host, store) == Pulled(True, 1, 1, ())


def pack_of(heads: object, body: bytes = b"", *, magic: bytes = b"spotmap.store.pack/1\n") -> bytes:
    return lzma.compress(magic + (heads if isinstance(heads, bytes) else canonical_json(heads)) + b"\n" + body)


def head(key: Mapping[str, object] | None = None, **changed: object) -> dict[str, object]:
    whole = {"stage": "embed", "stage_version": 3, "preimage": {"recording": 1}, **(key or {})}
    rest = {"failure": None, "freshness": None, "producer": "", "seconds": 1.0}
    return {"key": whole, "outputs": [["typical.json", "bytes", 1]], **rest, **changed}


HOSTILE: dict[str, Callable[[], bytes]] = {
    "not an archive": lambda: b"not an archive",
    "another format": lambda: pack_of([], magic=b"spotmap.store.pack/2\n"),
    "not a list": lambda: pack_of(b"{}"),
    "deep": lambda: pack_of(b"[" * 100_000),
    "a stage that is a path": lambda: pack_of([head(key={"stage": "../../../x"})], b"1"),
    "a version that is a path": lambda: pack_of([head(key={"stage_version": "/../x"})], b"1"),
    "an invalid version": lambda: pack_of([head(key={"stage_version": -1})], b"1"),
    "an extra key field": lambda: pack_of([head(key={"place": "/x"})], b"1"),
    "a negative output size": lambda: pack_of([head(outputs=[["x", "bytes", -5]])], b"1"),
    "an output beyond the end": lambda: pack_of([head(outputs=[["x", "bytes", 1 << 40]])], b"1"),
    "an unknown encoding": lambda: pack_of([head(outputs=[["x", "pickle", 1]])], b"1"),
    "a truncated number": lambda: pack_of([head(outputs=[["x", "float16", 1]])], b"1"),
    "an inconsistent failure": lambda: pack_of(
        [head(failure={"code": "x", "detail": "", "kind": "retry_after", "retry_at_unix_s": None, "attempts": 1})], b"1"
    ),
    "a deeply nested key": lambda: pack_of(
        canonical_json([head()]).replace(b'"recording":1', b'"a":' + b"[" * 100_000 + b"]" * 100_000)
    ),
    "a date after the year 9999": lambda: pack_of(
        [head(freshness={"fetched_at_unix_s": MAX_UNIX_S + 1, "max_age_s": 1})], b"1"
    ),
    "a retry time after the year 9999": lambda: pack_of(
        [
            head(
                failure={
                    **{"code": "x", "detail": "", "kind": "retry_after", "attempts": 1},
                    "retry_at_unix_s": MAX_UNIX_S + 1,
                }
            )
        ],
        b"1",
    ),
    "a negative number of attempts": lambda: pack_of(
        [head(failure={"code": "x", "detail": "", "kind": "permanent", "retry_at_unix_s": None, "attempts": -1})], b"1"
    ),
    "a list that is too long": lambda: pack_of(b"[" + b" " * (packs.MAX_LIST_BYTES + 1) + b"]"),
    "too many results": lambda: pack_of([head(outputs=[])] * (packs.MAX_RESULTS + 1)),
    "too large": lambda: pack_of([], bytes((16 << 20) + 1)),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_malicious_pack_is_refused(attack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "MAX_UNPACKED_BYTES", 16 << 20)
    content = HOSTILE[attack]()
    with pytest.raises(ValueError, match=r".") as caught:
        packs.read_pack(digest_bytes(content), content)
    assert not isinstance(caught.value, UnicodeError)


def test_results_of_stages_that_are_not_shared_are_ignored(tmp_path: Path) -> None:
    store, host = make_store("folder", tmp_path), tmp_path / "host"
    put_embeddings(tmp_path / "home", 1)
    push_from(tmp_path / "home", store)
    content = pack_of([head(key={"stage": "site"}), head(key={"preimage": {"recording": 7}})], b"12")
    store.put({f"packs/{digest_bytes(content)}.pack": content, "packs/../x.pack": b"", "packs/notes.txt": b"mine"})
    assert pull_into(host, store) == Pulled(True, 2, 0, ())
    assert {path.parent.parent.name for path in host.glob("ac/*/*/*.json")} == {"embed-v3"}


@pytest.mark.slow
def test_commands_report_results_and_exit_with_6_for_a_damaged_store(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = spotmap("store", *arguments, cwd=tmp_path)
        return done.status, done.stdout + done.stderr

    assert run("pull", "kept") == (0, "There is no store at kept yet. `spotmap-build store push` creates one.\n")
    status, output = run("push", "kept")
    assert (status, "no record of a build of the map at" in output) == (2, True)
    assert run("push", "kept", "--all") == (0, "The cache has nothing to send yet: no track was analyzed.\n")
    put_embeddings(tmp_path / ".spotmap/cache", 1)
    status, output = run("push", "kept", "--all")
    assert status == 0
    assert re.sub(r"[\d.]+ k?B", "N B", output) == "1 result was sent to kept (N B); 0 were already there.\n"
    assert run("push", "kept", "--all") == (0, "kept is up to date: it has 1 result already.\n")
    assert run("pull", "kept", "--cache-dir", "other") == (0, "1 result was added from kept; 0 were already here.\n")
    (pack,) = (tmp_path / "kept/packs").iterdir()
    pack.write_bytes(b"damage")
    status, output = run("pull", "kept", "--cache-dir", "another")
    assert (status, f"damaged and not used: packs/{pack.name}" in output) == (6, True)
    assert run("pull")[0] == 6, "there is no repository here"
    assert run("pull", "s3://x")[0] == 2


@pytest.mark.parametrize("target", ["/dev/zero", "pipe", "folder", "itself"])
def test_special_file_in_a_store_is_reported_as_damage(tmp_path: Path, target: str) -> None:
    store, name = make_store("folder", tmp_path), "0" * 64
    put_embeddings(tmp_path / "home", 1)
    push_from(tmp_path / "home", store)
    odd = tmp_path / f"store/packs/{name}.pack"
    if target == "pipe":
        os.mkfifo(odd)
    elif target == "folder":
        odd.mkdir()
    else:
        odd.symlink_to(odd.name if target == "itself" else target)
    assert pull_into(tmp_path / "host", store) == Pulled(True, 1, 0, (name,))


def test_file_in_place_of_the_folder_of_packs_is_reported(tmp_path: Path) -> None:
    put_embeddings(tmp_path / "home", 1)
    (tmp_path / "store").mkdir()
    (tmp_path / "store/FORMAT").write_bytes(FORMAT)
    (tmp_path / "store/packs").write_bytes(b"mine")
    store = make_store("folder", tmp_path)
    for transfer in (push_from, pull_into):
        with pytest.raises(StoreError, match="Not a directory"):
            transfer(tmp_path / "home", store)
    assert (tmp_path / "store/packs").read_bytes() == b"mine"


def test_folder_in_place_of_a_pack_is_named(tmp_path: Path) -> None:
    store = make_store("folder", tmp_path)
    put_embeddings(tmp_path / "home", 1)
    push_from(tmp_path / "home", store)
    (pack,) = (tmp_path / "store/packs").iterdir()
    pack.unlink()
    pack.mkdir()
    with pytest.raises(StoreError, match=f"{pack.name} is a folder"):
        push_from(tmp_path / "home", store)


@pytest.mark.parametrize("place", ["site/store", "home/store", "link/store"])
def test_store_is_kept_out_of_sites_and_caches(tmp_path: Path, place: str) -> None:
    put_embeddings(tmp_path / "home", 1)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / MARKER_NAME).write_text("{}")
    (tmp_path / "link").symlink_to("site")
    with pytest.raises(OutputError, match="would be inside"), opened(tmp_path / "home") as cache:
        push(cache, tmp_path / "home", open_store(place, tmp_path, tmp_path / "home"), NOW_UNIX_S)
    assert not (tmp_path / place).exists()


def test_long_list_of_damaged_packs_is_cut() -> None:
    lines = list(describe_pulled(Pulled(True, 0, 0, tuple(f"{n:064}" for n in range(3_000))), "kept"))
    assert len(lines) < 20
    assert "2,990 more" in lines


@pytest.mark.parametrize(
    ("files", "message"),
    [({"notes.txt": b"mine"}, "not a store"), ({"FORMAT": b"spotmap.store/9\n"}, "format 'spotmap.store/9'")],
)
def test_foreign_folder_or_branch_is_refused_and_left_unchanged(
    store: StoreUnderTest, tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    store.put(files)
    put_embeddings(tmp_path / "home", 1)
    for transfer in (push_from, pull_into):
        with pytest.raises(StoreError, match=message):
            transfer(tmp_path / "home", store)
    if store.is_git:
        assert git("--git-dir", tmp_path / "map.git", "ls-tree", "-r", "--name-only", "kept") == "".join(files)
    else:
        assert [path.name for path in (tmp_path / "store").iterdir()] == [*files]


def test_unreachable_or_read_only_repository_is_reported(tmp_path: Path) -> None:
    put_embeddings(tmp_path / "home", 1)
    absent = StoreUnderTest(f"git+file://{tmp_path}/absent.git", tmp_path)
    for transfer in (push_from, pull_into):
        with pytest.raises(StoreError, match=r"absent\.git cannot be used: fatal: "):
            transfer(tmp_path / "home", absent)
    refusing = make_store("git", tmp_path)
    hook = tmp_path / "map.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(StoreError, match="not today"):
        push_from(tmp_path / "home", refusing)


def test_branch_address_uses_the_origin_of_the_current_repository(tmp_path: Path) -> None:
    git("init", "-q", "--bare", tmp_path / "map.git")
    git("clone", "-q", tmp_path / "map.git", tmp_path / "clone")
    put_embeddings(tmp_path / "home", 1)
    (tmp_path / "clone/below").mkdir()
    push_from(tmp_path / "home", StoreUnderTest("branch:kept", tmp_path / "clone/below"))
    assert git("--git-dir", tmp_path / "map.git", "log", "--format=%an", "kept") == "spotmap-build"
    git("init", "-q", tmp_path / "alone")
    push_from(tmp_path / "home", StoreUnderTest("branch:kept", tmp_path / "alone"))
    assert git("-C", tmp_path / "alone", "rev-parse", "--verify", "kept")
    with pytest.raises(StoreError, match="no git repository"):
        StoreUnderTest("branch:kept", tmp_path / "home").opened(tmp_path / "home")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "s3://bucket/x",
        "http://example.org/x",
        "branch:",
        "branch:-x",
        "branch:a..b",
        "branch:a.lock",
        "git+ext::sh -c x#y",
        "git+http://example.org/x",
        "git+--upload-pack=x",
        "git+https://me:geheim@example.org/x.git",
        "git+https://geheim@example.org/x.git",
        "git+https://example.org",
        "git+https://example.org/x#-b",
        "git+https://[/x",
    ],
)
def test_invalid_store_address_is_reported_without_its_password(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(address, tmp_path, tmp_path)
    assert "geheim" not in f"{caught.value}{caught.value.hint}"


def test_track_takes_less_than_four_kilobytes() -> None:
    """Worst case: the longest vectors, all tags and heads with random bits, and a match with candidates."""
    count, results = 200, []
    chance = np.random.default_rng(1)
    for number in range(count):
        arrays = {
            "vector.npy": chance.standard_normal(1280),
            "tags.npy": np.exp(chance.uniform(-12, 0, 400)),
            "features.npy": chance.standard_normal(41),
            **{head.output: np.exp(chance.uniform(-12, 0, len(head.classes))) for head in OF_EFFNET},
        }
        outputs = {name: encode_array(array.astype(np.float32)) for name, array in arrays.items()}
        sound = {"recording": chance.bytes(32).hex(), "embedder": "discogs-effnet", "weights": "3" * 64}
        results.append(packs.Result(Key("embed", 3, sound), outputs, None, None, "spotmap-build", chance.random()))
        track = Track(f"t{number}", f"Song {chance.bytes(9).hex()}", (f"Band {number}",), f"Album {number}", 200_000)
        found = [candidate(track, chance) for _ in range(6)]
        others = tuple(Considered(each, float(chance.random()), "a live version") for each in found[1:])
        match = Match(found[0], 0.97, ("the title agrees", "the artists agree"), others)
        outputs = {"match.json": msgspec.json.encode(match)}
        results.append(packs.Result(decision_key(track), outputs, None, None, "spotmap-build", chance.random()))
    size_bytes = sum(len(packed) for _, packed in packs.make_packs(results))
    assert size_bytes / count < 4_000


def candidate(track: Track, chance: np.random.Generator) -> Candidate:
    picture = f"https://lh3.googleusercontent.com/{chance.bytes(8).hex()}=w60-h60-l90-rj"
    return Candidate(chance.bytes(6).hex()[:11], track.title, track.artists, track.album, 200, thumbnail=picture)


def test_short_vectors_are_transferred_exactly() -> None:
    outputs = {"vector.npy": encode_array(vector(1)), "tags.npy": encode_array(vector(2))}
    ((name, packed),) = packs.make_packs([packs.Result(embed_key(1, embedder="musicnn"), outputs, None, None, "", 0.0)])
    assert packs.read_pack(name, packed)[0].outputs == outputs


@pytest.mark.parametrize(
    "odd",
    [
        np.array([1e9, 1], np.float32),
        np.array([np.nan], np.float32),
        np.array([np.inf], np.float32),
        np.array([1.5], np.float64),
        np.array([[1]], np.float32),
    ],
    ids=["large", "not a number", "infinite", "double", "a matrix"],
)
def test_arrays_that_float16_cannot_represent_are_transferred_exactly(odd: np.ndarray[Any, Any]) -> None:
    outputs = {"vector.npy": encode_array(odd), "tags.npy": b"no array"}
    ((name, packed),) = packs.make_packs([packs.Result(embed_key(1), outputs, None, None, "", 0.0)])
    assert packs.read_pack(name, packed)[0].outputs == outputs
