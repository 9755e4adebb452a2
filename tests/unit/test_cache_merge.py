"""Merging another cache into this one: a union to which the other cache can do no damage."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spotmap_build.cache import Cache, Failure, Freshness, Key
from spotmap_build.cache.maintenance import check
from spotmap_build.cache.merge import MergeReport, merge
from spotmap_build.cache.records import seal, unseal
from spotmap_build.cache.writing import Writer
from spotmap_build.errors import CacheError

BIG = bytes(range(256)) * 100
SMALL = b"a vector"
NOW = 1_900_000_000


def key(number: int) -> Key:
    return Key("embed", 1, {"inputs": {"track": number}})


def record_path(root: Path, number: int) -> Path:
    digest = key(number).digest
    return root / f"ac/embed-v1/{digest[:2]}/{digest}.json"


def fill(root: Path, *numbers: int) -> None:
    """Make records with two outputs each: one inside the record, one in its own file."""
    with Cache.open(root, clock=lambda: NOW) as cache:
        for number in numbers:
            cache.put(key(number), {"small": SMALL, "big": BIG + bytes([number])}, seconds=0)


def readable(root: Path) -> list[int]:
    with Cache.open(root, create=False, clock=lambda: NOW) as cache:
        records = {number: cache.lookup(key(number)) for number in range(10)}
        return [
            number
            for number, record in records.items()
            if record and cache.read(record, "small") == SMALL and cache.read(record, "big") == BIG + bytes([number])
        ]


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def counts(report: MergeReport) -> tuple[int, int, int, int]:
    return report.added, report.replaced, report.known, report.damaged


def test_merge_forms_the_union_and_is_idempotent(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    fill(ours, 1, 2)
    fill(theirs, 2, 3, 4)
    before = files(theirs)

    assert counts(merge(ours, theirs)) == (2, 0, 1, 0)
    assert readable(ours) == [1, 2, 3, 4]
    assert files(theirs) == before
    assert merge(ours, theirs) == MergeReport(known=3)
    assert check(ours).is_clean


def test_merge_into_a_missing_cache_creates_it(tmp_path: Path) -> None:
    fill(tmp_path / "theirs", 1)
    merge(tmp_path / "new/cache", tmp_path / "theirs")
    assert readable(tmp_path / "new/cache") == [1]


PERMANENT = Failure("undecodable", "It is no audio.", "permanent")
LATER = Failure("refused", "Too many requests.", "retry_after", NOW + 3600)
DUE = Failure("refused", "Too many requests.", "retry_after", NOW - 3600)


@pytest.mark.parametrize(
    ("ours", "theirs", "is_taken"),
    [
        (PERMANENT, b"result", True),
        (b"result", PERMANENT, False),
        (b"ours", b"theirs", False),
        (Freshness(NOW - 900, 60), Freshness(NOW - 30, 60), True),
        (Freshness(NOW - 30, 60), Freshness(NOW - 40, 60), False),
        (Freshness(NOW - 30, 60), Freshness(NOW + 30, 60), False),  # dated in the future
        (DUE, LATER, True),
        (LATER, PERMANENT, False),
    ],
)
def test_better_of_two_entries_for_one_key_wins(tmp_path: Path, ours: object, theirs: object, is_taken: bool) -> None:
    for name, content in (("ours", ours), ("theirs", theirs)):
        with Cache.open(tmp_path / name, clock=lambda: NOW) as cache:
            if isinstance(content, Failure):
                cache.put_failure(key(1), content)
            elif isinstance(content, Freshness):
                cache.put(key(1), {"answer": name.encode()}, 0, freshness=content)
            else:
                assert isinstance(content, bytes)
                cache.put(key(1), {"answer": content}, 0)
    expected = record_path(tmp_path / ("theirs" if is_taken else "ours"), 1).read_bytes()

    report = merge(tmp_path / "ours", tmp_path / "theirs", clock=lambda: NOW)

    assert counts(report) == ((0, 1, 0, 0) if is_taken else (0, 0, 1, 0))
    assert record_path(tmp_path / "ours", 1).read_bytes() == expected


def blob_of(root: Path) -> Path:
    return next(root.glob("cas/*/*"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5] + b"other")


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def forge(path: Path, **changes: object) -> None:
    """Rewrite a record with other content and a valid checksum."""
    path.write_bytes(seal({**unseal(path.read_bytes()), **changes}))


def name_another_stage(path: Path) -> None:
    forge(path, key={"preimage": {}, "stage": "../../../escaped", "stage_version": 1})


def claim_another_size(path: Path) -> None:
    content = unseal(path.read_bytes())
    content["outputs"]["big"]["size_bytes"] = 2**50
    path.write_bytes(seal(content))


def claim_another_small_output(path: Path) -> None:
    content = unseal(path.read_bytes())
    content["outputs"]["small"]["inline"] = "b3RoZXI="
    path.write_bytes(seal(content))


def name_a_missing_blob(path: Path) -> None:
    forge(path, blobs={"ab" * 32: 5})


@pytest.mark.parametrize("is_record", [True, False])
@pytest.mark.parametrize("damage", [cut, change, replace_by_folder, replace_by_pipe, Path.unlink])
def test_damaged_file_is_skipped_and_the_others_are_merged(
    tmp_path: Path, damage: Callable[[Path], None], is_record: bool
) -> None:
    fill(tmp_path / "theirs", 1)
    damage(record_path(tmp_path / "theirs", 1) if is_record else blob_of(tmp_path / "theirs"))
    fill(tmp_path / "theirs", 2)

    report = merge(tmp_path / "ours", tmp_path / "theirs")

    assert counts(report) == (1, 0, 0, 0 if is_record and damage is Path.unlink else 1)
    assert readable(tmp_path / "ours") == [2]
    assert check(tmp_path / "ours").is_clean


@pytest.mark.parametrize(
    "forgery", [name_another_stage, claim_another_size, claim_another_small_output, name_a_missing_blob]
)
def test_forged_record_is_skipped(tmp_path: Path, forgery: Callable[[Path], None]) -> None:
    fill(tmp_path / "theirs", 1, 2)
    forgery(record_path(tmp_path / "theirs", 1))

    assert counts(merge(tmp_path / "ours", tmp_path / "theirs")) == (1, 0, 0, 1)
    assert readable(tmp_path / "ours") == [2]
    assert check(tmp_path / "ours").is_clean
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "theirs"]


def test_invalid_names_are_skipped(tmp_path: Path) -> None:
    fill(tmp_path / "theirs", 1)
    odd = tmp_path / "theirs/ac/Embed x-v1"
    record_path(tmp_path / "theirs", 1).parent.parent.rename(odd)
    (tmp_path / "theirs/roots/-x.json").write_bytes(b"")

    assert counts(merge(tmp_path / "ours", tmp_path / "theirs")) == (0, 0, 0, 1)
    assert list((tmp_path / "ours/ac").iterdir()) == []
    assert list((tmp_path / "ours/roots").iterdir()) == []


def test_damage_in_this_cache_is_repaired_from_the_other(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for root in (ours, theirs):
        fill(root, 1, 2, 3)
    cut(record_path(ours, 1))
    with Cache.open(ours) as cache:
        record = cache.lookup(key(2))
    assert record is not None
    digest = record.outputs["big"].digest
    (ours / "cas" / digest[:2] / digest).unlink()

    assert counts(merge(ours, theirs)) == (2, 0, 1, 0)
    assert readable(ours) == [1, 2, 3]


def test_interrupted_merge_leaves_only_complete_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    fill(theirs, 1, 2, 3)
    write = Writer.write
    written: list[Path] = []

    def interrupted(self: Writer, path: Path, data: bytes) -> None:
        if written:
            raise KeyboardInterrupt
        write(self, path, data)
        written.append(path)

    monkeypatch.setattr(Writer, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        merge(ours, theirs)
    monkeypatch.undo()

    assert len(readable(ours)) == 1
    assert check(ours).is_clean
    merge(ours, theirs)
    assert readable(ours) == [1, 2, 3]


def test_time_of_last_use_is_kept_unless_it_is_in_the_future(tmp_path: Path) -> None:
    fill(tmp_path / "theirs", 1, 2)
    for number, when in ((1, NOW - 5_000), (2, NOW + 10**8)):
        os.utime(record_path(tmp_path / "theirs", number), (when, when))

    merge(tmp_path / "ours", tmp_path / "theirs", clock=lambda: NOW)

    assert [record_path(tmp_path / "ours", number).stat().st_mtime for number in (1, 2)] == [NOW - 5_000, NOW]


def test_build_records_of_the_other_cache_are_merged(tmp_path: Path) -> None:
    with Cache.open(tmp_path / "theirs", clock=lambda: NOW) as cache:
        cache.write_root("build-1", [key(1).digest])
    (tmp_path / "theirs/roots/build-2.json").write_bytes(b"half a f")

    merge(tmp_path / "ours", tmp_path / "theirs", clock=lambda: NOW)

    assert [path.name for path in (tmp_path / "ours/roots").iterdir()] == ["build-1.json"]


def make_other_folder(place: Path) -> None:
    place.mkdir()
    (place / "photo.jpg").write_bytes(b"")


def make_newer_cache(place: Path) -> None:
    fill(place, 1)
    (place / "FORMAT").write_text("2\n")


def make_folder_as_format(place: Path) -> None:
    (place / "FORMAT").mkdir(parents=True)


@pytest.mark.parametrize(
    "make",
    [make_other_folder, make_newer_cache, make_folder_as_format, Path.mkdir, Path.touch, lambda _place: None],
)
def test_folder_that_is_not_a_cache_is_refused_and_none_is_created(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "theirs")
    with pytest.raises(CacheError, match="theirs"):
        merge(tmp_path / "ours", tmp_path / "theirs")
    assert not (tmp_path / "ours").exists()


def test_cache_is_not_merged_with_itself(tmp_path: Path) -> None:
    fill(tmp_path / "ours", 1)
    (tmp_path / "link").symlink_to("ours")
    with pytest.raises(CacheError, match="itself"):
        merge(tmp_path / "ours", tmp_path / "link")
