"""The store: what is pushed arrives, small and whole; nothing that lies in one can harm a cache."""

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
from spotmap_build.cache.maintenance import check, records_of
from spotmap_build.cache.roots import site_name
from spotmap_build.errors import ConfigError
from spotmap_build.model import Candidate, Considered, Match, Track
from spotmap_build.registry.heads import OF_EFFNET
from spotmap_build.store import Pulled, Pushed, keys_of_map, open_store, packs, pull, push
from spotmap_build.store.files import StoreError
from spotmap_build.store.sync import STAGES, Store
from tests.support.command import spotmap

NOW_UNIX_S = 1_900_000_000.0
BIG = bytes(range(256)) * 100
"""More than a record has room for."""


def git(*arguments: object) -> str:
    return subprocess.run(["git", *map(str, arguments)], capture_output=True, text=True, check=True).stdout.strip()


class Place:
    """A store, and how a test gets at what lies in it."""

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
        """The bytes of a pack, read without our code."""
        if not self.is_git:
            return (self.folder / f"store/packs/{name}.pack").read_bytes()
        show = ["git", "--git-dir", str(self.folder / "map.git"), "show", f"kept:packs/{name}.pack"]
        return subprocess.run(show, capture_output=True, check=True).stdout

    def put(self, files: dict[str, bytes]) -> None:
        """Put files in it as somebody does who writes to it by hand."""
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


def place(kind: str, folder: Path) -> Place:
    if kind == "folder":
        return Place("store", folder)
    git("init", "-q", "--bare", folder / "map.git")
    return Place(f"git+file://{folder}/map.git#kept", folder)


@pytest.fixture(params=["folder", "git"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return place(request.param, tmp_path)


@contextmanager
def opened(root: Path) -> Iterator[Cache]:
    with Cache.open(root, clock=lambda: NOW_UNIX_S) as cache:
        yield cache


def heard(number: int, stage: str = "embed", embedder: str = "discogs-effnet") -> Key:
    return Key(stage, 3, {"recording": number, "embedder": embedder})


def vector(number: int, length: int = 200) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(number).standard_normal(length).astype(np.float32)


def put_heard(root: Path, *numbers: int) -> None:
    with opened(root) as cache:
        for number in numbers:
            arrays = {"vector.npy": vector(number), "tags.npy": abs(vector(number, 50)), "features.npy": vector(9, 41)}
            outputs = {name: encode_array(array) for name, array in arrays.items()}
            cache.put(heard(number), outputs | {"typical.json": b"12.5"}, seconds=2.5)


def push_from(root: Path, store: Place) -> Pushed:
    with opened(root) as cache:
        return push(cache, root, store.opened(root), NOW_UNIX_S)


def pull_into(root: Path, store: Place) -> Pulled:
    with opened(root) as cache:
        return pull(cache, store.opened(root), NOW_UNIX_S)


def known(root: Path) -> dict[str, object]:
    """What a cache knows of what travels: by key, the outputs or the failure, and how long it holds."""
    with opened(root) as cache:
        return {
            key.digest: (record.failure, record.freshness, {name: cache.read(record, name) for name in record.outputs})
            for key, record in records_of(root, STAGES)
        }


def test_what_was_heard_and_matched_arrives_and_is_then_known_to_both(store: Place, tmp_path: Path) -> None:
    home, host = tmp_path / "home", tmp_path / "host"
    put_heard(home, 1, 2)
    failure = Failure("unavailable", "This video is gone.", "permanent")
    with opened(home) as cache:
        cache.put(heard(1, "match"), {"match.json": BIG}, 1.0)
        cache.put(heard(2, "match"), {"match.json": b"{}"}, 1.0, freshness=Freshness(int(NOW_UNIX_S) - 5, 100))
        cache.put_failure(heard(3, "download"), failure, producer="of old")
        cache.put(heard(4, "spotify-list"), {"content.json": b"private"}, 1.0)
        cache.put(heard(5, "excerpt"), {"audio": BIG}, 1.0)
    assert pull_into(host, store) == Pulled(False, 0, 0, ())

    pushed = push_from(home, store)
    assert (pushed.new_count, pushed.known_count, pushed.damaged) == (5, 0, ())
    assert pull_into(host, store) == Pulled(True, 5, 0, ())
    assert check(host).is_clean
    ours, theirs = known(home), known(host)
    assert theirs.keys() == ours.keys()
    exact = [key for key in ours if key not in {heard(1).digest, heard(2).digest}]
    assert [theirs[key] for key in exact] == [ours[key] for key in exact]
    with opened(host) as cache:
        record = cache.lookup(heard(1))
        assert record is not None
        arrays = {name: decode_array(cache.read(record, f"{name}.npy")) for name in ("vector", "tags", "features")}
        assert cache.lookup(heard(4, "spotify-list")) is None
    assert all(array.dtype == np.float32 for array in arrays.values())
    np.testing.assert_allclose(arrays["vector"], vector(1), rtol=2**-11, atol=1e-7)
    np.testing.assert_allclose(arrays["tags"], abs(vector(1, 50)), rtol=2**-11, atol=1e-7)
    np.testing.assert_array_equal(arrays["features"], vector(9, 41))

    for root in (home, host):
        assert push_from(root, store) == Pushed(0, 5, 0, 0, ())
        assert pull_into(root, store) == Pulled(True, 0, 5, ())
    assert known(home) == ours, "what was rounded on its way replaced what was not"


def test_only_what_is_new_travels_and_what_is_there_is_never_changed(store: Place, tmp_path: Path) -> None:
    home = tmp_path / "home"
    put_heard(home, 1, 2)
    push_from(home, store)
    before = store.packs(tmp_path / "look")
    store.put({"README.md": b"a note of mine"})
    put_heard(home, 3)
    assert push_from(home, store).new_count == 1
    assert len(before) == 1
    assert store.packs(tmp_path / "look") > before
    assert pull_into(tmp_path / "host", store).new_count == 3
    if store.is_git:
        assert git("--git-dir", tmp_path / "map.git", "show", "kept:README.md") == "a note of mine"


def test_a_copy_of_the_repository_that_is_damaged_or_gone_is_fetched_again(tmp_path: Path) -> None:
    store, home, host = place("git", tmp_path), tmp_path / "home", tmp_path / "host"
    put_heard(home, 1)
    push_from(home, store)
    pull_into(host, store)
    for path in (host / "store.git/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"x" * 9)
    put_heard(home, 2)
    push_from(home, store)
    assert pull_into(host, store) == Pulled(True, 1, 1, ())


def test_a_repository_that_cannot_be_asked_for_a_while_costs_no_copy(tmp_path: Path) -> None:
    store, home = place("git", tmp_path), tmp_path / "home"
    put_heard(home, 1)
    push_from(home, store)
    before = sorted(path for path in (home / "store.git").rglob("*") if path.is_file())
    (tmp_path / "map.git").rename(tmp_path / "away")
    for act in (pull_into, push_from):
        with pytest.raises(StoreError):
            act(home, store)
    assert sorted(path for path in (home / "store.git").rglob("*") if path.is_file()) == before
    (tmp_path / "away").rename(tmp_path / "map.git")
    put_heard(home, 2)
    assert push_from(home, store).new_count == 1


def test_only_what_the_last_build_of_the_map_used_travels(store: Place, tmp_path: Path) -> None:
    """A track that was taken from the library, or that is on another map, is nobody's business."""
    home, site = tmp_path / "home", tmp_path / "site"
    put_heard(home, 1, 2, 3, 4)
    with pytest.raises(ConfigError):
        keys_of_map(home, site)
    with Cache.open(home, clock=lambda: NOW_UNIX_S - 60) as cache:
        cache.write_root("1", [heard(1).digest, heard(2).digest], site_name(site))
        cache.write_root("3", [heard(4).digest], site_name(tmp_path / "another"))
    with opened(home) as cache:
        cache.write_root("2", [heard(1).digest, heard(3).digest], site_name(site))
        pushed = push(cache, home, store.opened(home), NOW_UNIX_S, keys_of_map(home, site))
    assert (pushed.new_count, pushed.known_count, pushed.other_count) == (2, 0, 2)
    assert pull_into(tmp_path / "host", store).new_count == 2
    assert known(tmp_path / "host").keys() == {heard(1).digest, heard(3).digest}


def test_no_more_results_are_held_at_once_than_a_pack_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "MOST_RESULTS", 2)
    taken: list[int] = []

    def results() -> Iterator[packs.Result]:
        for number in range(5):
            taken.append(number)
            yield packs.Result(heard(number), {"typical.json": b"1"}, None, None, "", 0.0)

    made = packs.make_packs(results())
    for count in (2, 4, 5):
        name, packed = next(made)
        assert (len(taken), name) == (count, digest_bytes(packed))


@pytest.mark.parametrize("kind", ["folder", "git"])
def test_pushes_at_once_lose_nothing(tmp_path: Path, kind: str) -> None:
    store, count = place(kind, tmp_path), 4
    for number in range(count):
        put_heard(tmp_path / f"home{number}", number)
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


def test_a_store_that_another_push_is_making_holds_no_other_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = place("folder", tmp_path).opened(tmp_path / "home")
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


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_that_know_one_key_the_better_stays_in_any_order(tmp_path: Path, first: int) -> None:
    homes = tmp_path / "a", tmp_path / "b"
    store = place("folder", tmp_path)
    for number, pair in enumerate(PAIRS):
        for root, one in zip(homes, pair, strict=True):
            with opened(root) as cache:
                if isinstance(one, Failure):
                    cache.put_failure(heard(number, "match"), one)
                else:
                    cache.put(heard(number, "match"), one[0], 0.0, freshness=one[1])
    best = known(homes[0])
    for root in (homes[first], homes[1 - first]):
        push_from(root, store)
    for root in (*homes, tmp_path / "host"):
        pull_into(root, store)
        assert known(root) == best


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
def test_a_damaged_pack_is_reported_and_the_others_are_used(tmp_path: Path, kind: str, how: str) -> None:
    store = place(kind, tmp_path)
    home, host = tmp_path / "home", tmp_path / "host"
    put_heard(home, 1)
    push_from(home, store)
    (name,) = store.packs(home)
    put_heard(home, 2)
    push_from(home, store)
    store.put({f"packs/{name}.pack": damaged(store.read(name))[how]})
    assert pull_into(host, store) == Pulled(True, 1, 0, (name,))
    assert known(host).keys() == {heard(2).digest}
    assert check(host).is_clean
    assert push_from(host, store) == Pushed(0, 1, 0, 0, (name,))
    again = push_from(home, store)
    assert (again.new_count, again.known_count, again.damaged) == (1, 1, ()), "what the damage cost is sent again"
    assert pull_into(host, store) == Pulled(True, 1, 1, ())


def pack_of(heads: object, body: bytes = b"", *, magic: bytes = b"spotmap.store.pack/1\n") -> bytes:
    return lzma.compress(magic + (heads if isinstance(heads, bytes) else canonical_json(heads)) + b"\n" + body)


def head(key: Mapping[str, object] | None = None, **changed: object) -> dict[str, object]:
    whole = {"stage": "embed", "stage_version": 3, "preimage": {"recording": 1}, **(key or {})}
    known = {"failure": None, "freshness": None, "producer": "", "seconds": 1.0}
    return {"key": whole, "outputs": [["typical.json", "bytes", 1]], **known, **changed}


HOSTILE: dict[str, Callable[[], bytes]] = {
    "no archive": lambda: b"no archive",
    "another format": lambda: pack_of([], magic=b"spotmap.store.pack/2\n"),
    "no list": lambda: pack_of(b"{}"),
    "deep": lambda: pack_of(b"[" * 100_000),
    "a stage that is a path": lambda: pack_of([head(key={"stage": "../../../x"})], b"1"),
    "a version that is a path": lambda: pack_of([head(key={"stage_version": "/../x"})], b"1"),
    "no version": lambda: pack_of([head(key={"stage_version": -1})], b"1"),
    "a key with more": lambda: pack_of([head(key={"place": "/x"})], b"1"),
    "an output of no size": lambda: pack_of([head(outputs=[["x", "bytes", -5]])], b"1"),
    "an output beyond the end": lambda: pack_of([head(outputs=[["x", "bytes", 1 << 40]])], b"1"),
    "an unknown way of writing": lambda: pack_of([head(outputs=[["x", "pickle", 1]])], b"1"),
    "half a number": lambda: pack_of([head(outputs=[["x", "float16", 1]])], b"1"),
    "a failure that makes no sense": lambda: pack_of(
        [head(failure={"code": "x", "detail": "", "kind": "retry_after", "retry_at_unix_s": None, "attempts": 1})], b"1"
    ),
    "a key that is deep": lambda: pack_of(
        canonical_json([head()]).replace(b'"recording":1', b'"a":' + b"[" * 100_000 + b"]" * 100_000)
    ),
    "an answer of no time": lambda: pack_of([head(freshness={"fetched_at_unix_s": 2**63 - 1, "max_age_s": 1})], b"1"),
    "a wait that never ends": lambda: pack_of(
        [head(failure={"code": "x", "detail": "", "kind": "retry_after", "retry_at_unix_s": 2**63 - 1, "attempts": 1})],
        b"1",
    ),
    "fewer than no attempts": lambda: pack_of(
        [head(failure={"code": "x", "detail": "", "kind": "permanent", "retry_at_unix_s": None, "attempts": -1})], b"1"
    ),
    "a list that is too long": lambda: pack_of(b"[" + b" " * (packs.LARGEST_LIST_BYTES + 1) + b"]"),
    "too many results": lambda: pack_of([head(outputs=[])] * (packs.MOST_RESULTS + 1)),
    "too large": lambda: pack_of([], bytes((16 << 20) + 1)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_pack_that_was_made_to_do_harm_does_none(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "LARGEST_UNPACKED_BYTES", 16 << 20)
    content = HOSTILE[what]()
    with pytest.raises(ValueError, match=r".") as caught:
        packs.read_pack(digest_bytes(content), content)
    assert not isinstance(caught.value, UnicodeError)


def test_results_of_stages_that_do_not_travel_are_left_where_they_are(tmp_path: Path) -> None:
    store, host = place("folder", tmp_path), tmp_path / "host"
    put_heard(tmp_path / "home", 1)
    push_from(tmp_path / "home", store)
    content = pack_of([head(key={"stage": "site"}), head(key={"preimage": {"recording": 7}})], b"12")
    store.put({f"packs/{digest_bytes(content)}.pack": content, "packs/../x.pack": b"", "packs/notes.txt": b"mine"})
    assert pull_into(host, store) == Pulled(True, 2, 0, ())
    assert {path.parent.parent.name for path in host.glob("ac/*/*/*.json")} == {"embed-v3"}


@pytest.mark.slow
def test_the_commands_say_what_came_of_it_and_end_with_6_where_a_store_is_damaged(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = spotmap("store", *arguments, cwd=tmp_path)
        return done.status, done.stdout + done.stderr

    assert run("pull", "kept") == (0, "There is no store at kept yet. `spotmap-build store push` creates one.\n")
    status, said = run("push", "kept")
    assert (status, "No build of the map at" in said) == (2, True)
    assert run("push", "kept", "--all") == (0, "The cache has nothing to send yet: no track was analyzed.\n")
    put_heard(tmp_path / ".spotmap/cache", 1)
    status, said = run("push", "kept", "--all")
    assert status == 0
    assert re.sub(r"[\d.]+ k?B", "N B", said) == "1 result was sent to kept (N B); 0 were already there.\n"
    assert run("push", "kept", "--all") == (0, "kept is up to date: it has 1 result already.\n")
    assert run("pull", "kept", "--cache-dir", "other") == (0, "1 result was added from kept; 0 were already here.\n")
    (pack,) = (tmp_path / "kept/packs").iterdir()
    pack.write_bytes(b"damage")
    status, said = run("pull", "kept", "--cache-dir", "another")
    assert (status, f"damaged and not used: packs/{pack.name}" in said) == (6, True)
    assert run("pull")[0] == 6, "there is no repository here"
    assert run("pull", "s3://x")[0] == 2


@pytest.mark.parametrize("target", ["/dev/zero", "pipe", "folder"])
def test_what_is_no_file_in_a_store_is_damage(tmp_path: Path, target: str) -> None:
    store, name = place("folder", tmp_path), "0" * 64
    put_heard(tmp_path / "home", 1)
    push_from(tmp_path / "home", store)
    odd = tmp_path / f"store/packs/{name}.pack"
    if target == "pipe":
        os.mkfifo(odd)
    elif target == "folder":
        odd.mkdir()
    else:
        odd.symlink_to(target)
    assert pull_into(tmp_path / "host", store) == Pulled(True, 1, 0, (name,))


@pytest.mark.parametrize(
    ("files", "said"),
    [({"notes.txt": b"mine"}, "not a store"), ({"FORMAT": b"spotmap.store/9\n"}, "format 'spotmap.store/9'")],
)
def test_what_is_no_store_of_ours_is_refused_and_stays_as_it_is(
    store: Place, tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    store.put(files)
    put_heard(tmp_path / "home", 1)
    for act in (push_from, pull_into):
        with pytest.raises(StoreError, match=said):
            act(tmp_path / "home", store)
    if store.is_git:
        assert git("--git-dir", tmp_path / "map.git", "ls-tree", "-r", "--name-only", "kept") == "".join(files)
    else:
        assert [path.name for path in (tmp_path / "store").iterdir()] == [*files]


def test_a_repository_that_cannot_be_reached_or_written_is_reported(tmp_path: Path) -> None:
    put_heard(tmp_path / "home", 1)
    absent = Place(f"git+file://{tmp_path}/absent.git", tmp_path)
    for act in (push_from, pull_into):
        with pytest.raises(StoreError, match=r"absent\.git cannot be used: fatal: "):
            act(tmp_path / "home", absent)
    refusing = place("git", tmp_path)
    hook = tmp_path / "map.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(StoreError, match="not today"):
        push_from(tmp_path / "home", refusing)


def test_a_branch_is_that_of_the_repository_one_is_in_at_its_origin(tmp_path: Path) -> None:
    git("init", "-q", "--bare", tmp_path / "map.git")
    git("clone", "-q", tmp_path / "map.git", tmp_path / "clone")
    put_heard(tmp_path / "home", 1)
    (tmp_path / "clone/below").mkdir()
    push_from(tmp_path / "home", Place("branch:kept", tmp_path / "clone/below"))
    assert git("--git-dir", tmp_path / "map.git", "log", "--format=%an", "kept") == "spotmap-build"
    git("init", "-q", tmp_path / "alone")
    push_from(tmp_path / "home", Place("branch:kept", tmp_path / "alone"))
    assert git("-C", tmp_path / "alone", "rev-parse", "--verify", "kept")
    with pytest.raises(StoreError, match="no git repository"):
        Place("branch:kept", tmp_path / "home").opened(tmp_path / "home")


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
def test_what_is_no_address_of_a_store_is_reported_without_a_password(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(address, tmp_path, tmp_path)
    assert "geheim" not in f"{caught.value}{caught.value.hint}"


def test_a_track_takes_less_than_four_kilobytes_whatever_it_sounds_like() -> None:
    """The longest vectors, most tags and all heads, of random bits, and a decision with all that was considered."""
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


def test_what_is_short_enough_travels_to_the_bit() -> None:
    outputs = {"vector.npy": encode_array(vector(1)), "tags.npy": encode_array(vector(2))}
    ((name, packed),) = packs.make_packs([packs.Result(heard(1, embedder="musicnn"), outputs, None, None, "", 0.0)])
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
def test_numbers_that_float16_cannot_hold_travel_as_they_are(odd: np.ndarray[Any, Any]) -> None:
    outputs = {"vector.npy": encode_array(odd), "tags.npy": b"no array"}
    ((name, packed),) = packs.make_packs([packs.Result(heard(1), outputs, None, None, "", 0.0)])
    assert packs.read_pack(name, packed)[0].outputs == outputs
