"""Publishing a site is atomic, writes only what changed, and never touches foreign files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spotmap_build.emit.marker import Marker, SiteGeneration, is_safe_path
from spotmap_build.emit.site import check_output, publish, remove_debris
from spotmap_build.emit.staging import STAGING_NAME
from spotmap_build.errors import OutputError
from spotmap_build.registry.formats import MARKER_NAME
from tests.support.command import tree


def site_files(generation: str, *art: str) -> dict[str, bytes]:
    return {
        "index.html": f'<html data-generation="{generation}">'.encode(),
        "404.html": b"nothing here",
        f"data/{generation}/map.json": f"map of {generation}".encode(),
        f"data/{generation}/viewer.js": b"run()",
        **{f"art/{name}.webp": f"cover {name}".encode() for name in art},
    }


def without_marker(folder: Path) -> dict[str, bytes]:
    return {path: data for path, data in tree(folder).items() if path != MARKER_NAME}


def modification_times_ns(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


@pytest.mark.parametrize("exists", [False, True], ids=["absent", "empty"])
def test_new_site_contains_exactly_its_files(tmp_path: Path, exists: bool) -> None:
    out = tmp_path / "deep" / "site"
    if exists:
        out.mkdir(parents=True)
    result = publish(out, site_files("a1", "x"), "a1", force=False)
    assert without_marker(out) == site_files("a1", "x")
    assert (result.generation, result.written, result.removed) == ("a1", 5, 0)
    assert not (out / STAGING_NAME).exists()


def test_publishing_the_same_site_again_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1", "x"), "a1", force=False)
    before = modification_times_ns(out)
    result = publish(out, site_files("a1", "x"), "a1", force=False)
    assert result.is_unchanged
    assert modification_times_ns(out) == before


def test_previous_generation_is_kept_and_older_ones_are_removed(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1", "only-a", "all"), "a1", force=False)
    publish(out, site_files("b2", "only-b", "all"), "b2", force=False)
    assert set(site_files("a1", "only-a", "all")) <= set(tree(out))
    result = publish(out, site_files("c3", "all"), "c3", force=False)
    assert set(without_marker(out)) == set(site_files("c3", "all")) | set(site_files("b2", "only-b", "all"))
    assert result.removed == 3
    assert not (out / "data" / "a1").exists()


def test_going_back_to_the_previous_generation_reuses_its_files(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    publish(out, site_files("b2"), "b2", force=False)
    assert publish(out, site_files("a1"), "a1", force=False).written == 1
    assert without_marker(out) == site_files("b2") | site_files("a1")


@pytest.mark.parametrize("damaged", ["data/a1/map.json", "art/x.webp", "index.html", "404.html", MARKER_NAME])
def test_missing_file_is_restored_and_nothing_else_is_written(tmp_path: Path, damaged: str) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1", "x"), "a1", force=False)
    complete = tree(out)
    (out / damaged).unlink()
    publish(out, site_files("a1", "x"), "a1", force=damaged == MARKER_NAME)
    assert tree(out) == complete


def test_truncated_file_is_restored(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    (out / "data/a1/map.json").write_bytes(b"ma")
    assert publish(out, site_files("a1"), "a1", force=False).written == 1
    assert without_marker(out) == site_files("a1")


@pytest.mark.parametrize("damaged", ["data/a1/map.json", "data/a1/viewer.js", "art/x.webp", "404.html"])
def test_file_with_flipped_bits_is_restored(tmp_path: Path, damaged: str) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1", "x"), "a1", force=False)
    complete = tree(out)
    times = (out / damaged).stat()
    (out / damaged).write_bytes(bytes(byte ^ 1 for byte in complete[damaged]))
    os.utime(out / damaged, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert publish(out, site_files("a1", "x"), "a1", force=False).written == 1
    assert tree(out) == complete


def test_changed_page_of_the_same_generation_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    changed = site_files("a1") | {"404.html": b"still nothing"}
    assert publish(out, changed, "a1", force=False).written == 1
    assert without_marker(out) == changed


def test_debris_of_an_interrupted_run_is_removed(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    for path in ("content/data/b2/half.bin", "markers/before", "markers/after", "index.html"):
        (out / STAGING_NAME / path).parent.mkdir(parents=True, exist_ok=True)
        (out / STAGING_NAME / path).write_bytes(b"ha")
    publish(out, site_files("a1"), "a1", force=False)
    assert not (out / STAGING_NAME).exists()


@pytest.mark.parametrize("is_first", [False, True])
def test_staging_folder_of_a_killed_run_is_removed_at_the_start_of_the_next(tmp_path: Path, is_first: bool) -> None:
    out = tmp_path / "site"
    if not is_first:
        publish(out, site_files("a1"), "a1", force=False)
    (out / STAGING_NAME / "content").mkdir(parents=True)
    check_output(out, force=False)
    assert not os.path.lexists(out / STAGING_NAME)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("kind", ["file", "link", "file in it", "file in its content", "link in its content"])
def test_staging_folder_with_anything_else_is_refused_and_left_unchanged(
    tmp_path: Path, kind: str, force: bool
) -> None:
    out, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    publish(out, site_files("a1"), "a1", force=False)
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    staging = out / STAGING_NAME
    if "in it" in kind:
        (staging / "content/data").mkdir(parents=True)
        (staging / "markers").mkdir()
        (staging / "markers/before").write_bytes(b"ha")
    if kind == "file":
        staging.write_text("mine")
    elif kind == "link":
        staging.symlink_to(elsewhere, target_is_directory=True)
    elif kind == "link in its content":
        (staging / "content/data/a1").symlink_to(elsewhere, target_is_directory=True)
    else:
        (staging / ("notes.txt" if kind == "file in it" else "content/.git")).write_text("mine")
    before = tree(tmp_path)
    remove_debris(out)
    with pytest.raises(OutputError, match="did not write it"):
        check_output(out, force=force)
    with pytest.raises(OutputError, match="did not write it"):
        publish(out, site_files("b2"), "b2", force=force)
    assert tree(tmp_path) == before


def test_staging_folder_of_a_concurrent_publication_is_kept(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    (out / STAGING_NAME).mkdir()
    descriptor = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        check_output(out, force=False)
        assert (out / STAGING_NAME).is_dir()
    finally:
        os.close(descriptor)


def test_foreign_folder_is_refused_and_left_unchanged(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.tex") as caught:
        publish(tmp_path, site_files("a1"), "a1", force=False)
    assert "--force" in caught.value.hint
    assert caught.value.exit_status == 2
    assert tree(tmp_path) == {"thesis.tex": b"mine"}


def test_output_check_changes_nothing(tmp_path: Path) -> None:
    check_output(tmp_path / "absent", force=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.tex"):
        check_output(tmp_path, force=False)
    check_output(tmp_path, force=True)
    assert tree(tmp_path) == {"thesis.tex": b"mine"}


def test_foreign_files_survive_force_and_later_generations(tmp_path: Path) -> None:
    foreign = {"thesis.tex": b"mine", "data/a1/notes.txt": b"mine", "art/photo.jpg": b"mine"}
    for name, content in foreign.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    publish(tmp_path, site_files("a1", "x"), "a1", force=True)
    for generation in ("b2", "c3", "d4"):
        publish(tmp_path, site_files(generation), generation, force=False)
    assert without_marker(tmp_path) == foreign | site_files("c3") | site_files("d4")


@pytest.mark.parametrize("folder", ["data", "art", "data/a1"])
def test_symlinked_folder_is_neither_written_nor_deleted_through(tmp_path: Path, folder: str) -> None:
    out, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    publish(out, site_files("a1", "x"), "a1", force=False)
    (out / folder).rename(elsewhere)
    (out / folder).symlink_to(elsewhere, target_is_directory=True)
    before = tree(elsewhere)
    if folder == "data/a1":
        publish(out, site_files("b2"), "b2", force=False)
        publish(out, site_files("c3"), "c3", force=False)
    else:
        with pytest.raises(OutputError, match="symbolic link"):
            publish(out, site_files("b2", "y"), "b2", force=False)
    assert tree(elsewhere) == before


def test_symlinked_output_is_published_to_its_target(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "real", target_is_directory=True)
    publish(tmp_path / "site", site_files("a1"), "a1", force=False)
    assert without_marker(tmp_path / "real") == site_files("a1")


def test_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(OutputError, match="that is a file"):
        publish(tmp_path / "site", site_files("a1"), "a1", force=True)


def test_output_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(OutputError, match="site cannot be published"):
        publish(tmp_path / "file" / "site", site_files("a1"), "a1", force=True)


def test_home_folder_and_its_parents_are_refused_even_with_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home" / "someone"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for folder in (home, home.parent, Path("/"), Path("~")):
        with pytest.raises(OutputError, match="cannot be published"):
            publish(folder, site_files("a1"), "a1", force=True)
    assert list(home.iterdir()) == []


def test_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "404.html").mkdir()
    with pytest.raises(OutputError, match="in the way"):
        publish(tmp_path, site_files("a1"), "a1", force=True)
    assert tree(tmp_path) == {}


def test_concurrent_publisher_is_refused(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    descriptor = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before = tree(out)
        with pytest.raises(OutputError, match="Another build is publishing"):
            publish(out, site_files("b2"), "b2", force=False)
        assert tree(out) == before
    finally:
        os.close(descriptor)
    publish(out, site_files("b2"), "b2", force=False)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "cannot be used"),
        (b"[]", "damaged"),
        (b'{"schema": "spotmap.site/9", "generations": []}', "spotmap.site/9"),
        (b'{"schema": "spotmap.site/1", "generations": [{"name": "a", "files": ["../../x"]}]}', "outside the site"),
        (b'{"schema": "spotmap.site/1", "generations": [{"name": "a", "files": [".git/config"]}]}', "outside the site"),
        (b'{"schema": "spotmap.site/1", "generations": [{"name": "a", "files": "index.html"}]}', "damaged"),
        (b'{"schema": "spotmap.site/1", "generations": [{"name": "a", "files": [7]}]}', "damaged"),
        (b'{"schema": "spotmap.site/1", "generations": [{"name": 7, "files": []}]}', "damaged"),
        (b'{"schema": "spotmap.site/1", "generations": [{"name": "../..", "files": []}]}', "generation"),
        (b'{"schema": "spotmap.site/1", "generations": [null]}', "damaged"),
        (b'{"schema": "spotmap.site/1", "generations": {}}', "damaged"),
        (b'{"schema": "spotmap.site/1"}', "damaged"),
        (b'{"schema": ["spotmap.site/1"]}', "damaged"),
        (b"null", "damaged"),
        (b"7" * 10_000, "cannot be used"),
        (b"[" * 1_000_000, "too deeply"),
        (b'{"schema": ' + b'{"a":' * 100_000, "too deeply"),
        (b"\xff\xfe", "cannot be used"),
    ],
)
def test_untrustworthy_marker_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / MARKER_NAME).write_bytes(content)
    with pytest.raises(OutputError, match=reason):
        publish(tmp_path, site_files("a1"), "a1", force=False)


@pytest.mark.parametrize("kind", ["pipe", "folder", "endless"])
def test_marker_of_a_wrong_kind_or_size_is_refused(tmp_path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / MARKER_NAME)
    elif kind == "folder":
        (tmp_path / MARKER_NAME).mkdir()
    else:
        with (tmp_path / MARKER_NAME).open("wb") as file:
            file.truncate(1 << 40)
    with pytest.raises(OutputError, match=f"{MARKER_NAME} cannot be used"):
        check_output(tmp_path, force=False)


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("index.html", True),
        ("404.html", True),
        ("sw.js", True),
        ("art/0123456789abcdef.webp", True),
        ("data/a1/map.json", True),
        ("data/a1/details-000.json.js", True),
        (".git/hooks/post-checkout", False),
        (".github/workflows/build.yml", False),
        ("CNAME", False),
        ("_headers", False),
        ("build.sh", False),
        ("art/.htaccess", False),
        ("art/a/b.webp", False),
        ("data/map.json", False),
        ("data/a1/.map.json", False),
        ("data/a1/b/map.json", False),
        ("data/.git/config", False),
        ("data/a1/map.json\n", False),
        ("index.html\n", False),
        ("INDEX.HTML", False),
        ("art/" + "x" * 300, False),
        ("spotmap-site.json", False),
        (".spotmap-staging", False),
        ("/etc/passwd", False),
        ("../x", False),
        ("data/../../x", False),
        ("data//x", False),
        ("data/./x", False),
        ("C:x", False),
        ("a\\b", False),
        ("", False),
    ],
)
def test_paths_stay_inside_the_site(path: str, safe: bool) -> None:
    assert is_safe_path(path) is safe


@pytest.mark.parametrize("path", ["../x", MARKER_NAME, ".git/hooks/post-checkout"])
def test_paths_outside_the_site_are_a_value_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="plain relative paths"):
        publish(tmp_path / "site", site_files("a1") | {path: b""}, "a1", force=False)


OLD, CURRENT, NEW = (SiteGeneration(name, (f"data/{name}/map.json", "index.html")) for name in ("old", "now", "new"))


@pytest.mark.parametrize(
    ("before", "served", "publishing", "after"),
    [
        pytest.param((), "", NEW, (NEW,), id="first"),
        pytest.param((CURRENT, OLD), "now", NEW, (NEW, CURRENT), id="next"),
        pytest.param((CURRENT, OLD), "now", CURRENT, (CURRENT, OLD), id="repair keeps the previous generation"),
        pytest.param((CURRENT, OLD), "now", OLD, (OLD, CURRENT), id="back to the previous generation"),
        pytest.param((NEW, CURRENT, OLD), "now", NEW, (NEW, CURRENT), id="after an interruption"),
        pytest.param((CURRENT,), "someone else's", NEW, (NEW,), id="a foreign page is served"),
    ],
)
def test_generation_that_visitors_have_loaded_is_kept(
    before: tuple[SiteGeneration, ...], served: str, publishing: SiteGeneration, after: tuple[SiteGeneration, ...]
) -> None:
    marker = Marker(before).publishing(publishing.name, publishing.files, served)
    assert marker == Marker(after)
    assert Marker.decode(marker.encode()) == marker
