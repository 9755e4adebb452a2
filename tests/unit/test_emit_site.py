"""Publishing replaces a site of ours in one step, writes nothing twice, and never touches what is not ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spotmap_build.emit.marker import Marker, SiteGeneration, is_safe_path
from spotmap_build.emit.site import STAGING_NAME, check_output, publish
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
def test_a_new_site_is_exactly_its_files(tmp_path: Path, exists: bool) -> None:
    out = tmp_path / "deep" / "site"
    if exists:
        out.mkdir(parents=True)
    result = publish(out, site_files("a1", "x"), "a1", force=False)
    assert without_marker(out) == site_files("a1", "x")
    assert (result.generation, result.written, result.removed) == ("a1", 5, 0)
    assert not (out / STAGING_NAME).exists()


def test_the_same_site_again_writes_nothing_at_all(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1", "x"), "a1", force=False)
    before = modification_times_ns(out)
    result = publish(out, site_files("a1", "x"), "a1", force=False)
    assert result.is_unchanged
    assert modification_times_ns(out) == before


def test_the_previous_version_stays_and_older_ones_go(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1", "only-a", "all"), "a1", force=False)
    publish(out, site_files("b2", "only-b", "all"), "b2", force=False)
    assert set(site_files("a1", "only-a", "all")) <= set(tree(out))
    result = publish(out, site_files("c3", "all"), "c3", force=False)
    assert set(without_marker(out)) == set(site_files("c3", "all")) | set(site_files("b2", "only-b", "all"))
    assert result.removed == 3
    assert not (out / "data" / "a1").exists()


def test_going_back_to_the_previous_version_reuses_its_files(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    publish(out, site_files("b2"), "b2", force=False)
    assert publish(out, site_files("a1"), "a1", force=False).written == 1
    assert without_marker(out) == site_files("b2") | site_files("a1")


@pytest.mark.parametrize("damaged", ["data/a1/map.json", "art/x.webp", "index.html", "404.html", MARKER_NAME])
def test_a_missing_file_is_put_back_and_nothing_else_written(tmp_path: Path, damaged: str) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1", "x"), "a1", force=False)
    whole = tree(out)
    (out / damaged).unlink()
    publish(out, site_files("a1", "x"), "a1", force=damaged == MARKER_NAME)
    assert tree(out) == whole


def test_a_truncated_file_is_put_back(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    (out / "data/a1/map.json").write_bytes(b"ma")
    assert publish(out, site_files("a1"), "a1", force=False).written == 1
    assert without_marker(out) == site_files("a1")


@pytest.mark.parametrize("damaged", ["data/a1/map.json", "data/a1/viewer.js", "art/x.webp", "404.html"])
def test_flipped_bytes_are_put_right(tmp_path: Path, damaged: str) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1", "x"), "a1", force=False)
    whole = tree(out)
    times = (out / damaged).stat()
    (out / damaged).write_bytes(bytes(byte ^ 1 for byte in whole[damaged]))
    os.utime(out / damaged, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert publish(out, site_files("a1", "x"), "a1", force=False).written == 1
    assert tree(out) == whole


def test_a_changed_page_of_the_same_version_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    changed = site_files("a1") | {"404.html": b"still nothing"}
    assert publish(out, changed, "a1", force=False).written == 1
    assert without_marker(out) == changed


def test_debris_of_an_interrupted_run_is_removed(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(out, site_files("a1"), "a1", force=False)
    (out / STAGING_NAME / "content" / "data").mkdir(parents=True)
    (out / STAGING_NAME / "content" / "half").write_bytes(b"ha")
    publish(out, site_files("a1"), "a1", force=False)
    assert not (out / STAGING_NAME).exists()


@pytest.mark.parametrize("kind", ["folder", "file", "link", "first publication"])
def test_what_a_killed_run_left_is_gone_once_the_next_one_begins(tmp_path: Path, kind: str) -> None:
    out, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    if kind == "first publication":
        out.mkdir()
    else:
        publish(out, site_files("a1"), "a1", force=False)
    if kind == "file":
        (out / STAGING_NAME).write_text("half")
    elif kind == "link":
        (out / STAGING_NAME).symlink_to(elsewhere, target_is_directory=True)
    else:
        (out / STAGING_NAME / "content").mkdir(parents=True)
    check_output(out, force=False)
    assert not os.path.lexists(out / STAGING_NAME)
    assert tree(elsewhere) == {"precious": b"mine"}


def test_what_another_publication_is_at_is_left_alone(tmp_path: Path) -> None:
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


def test_a_foreign_folder_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.tex") as caught:
        publish(tmp_path, site_files("a1"), "a1", force=False)
    assert "--force" in caught.value.hint
    assert caught.value.exit_status == 2
    assert tree(tmp_path) == {"thesis.tex": b"mine"}


def test_an_output_is_checked_early_without_touching_it(tmp_path: Path) -> None:
    check_output(tmp_path / "absent", force=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.tex"):
        check_output(tmp_path, force=False)
    check_output(tmp_path, force=True)
    assert tree(tmp_path) == {"thesis.tex": b"mine"}


def test_foreign_files_survive_force_and_every_later_version(tmp_path: Path) -> None:
    foreign = {"thesis.tex": b"mine", "data/a1/notes.txt": b"mine", "art/photo.jpg": b"mine"}
    for name, content in foreign.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    publish(tmp_path, site_files("a1", "x"), "a1", force=True)
    for generation in ("b2", "c3", "d4"):
        publish(tmp_path, site_files(generation), generation, force=False)
    assert without_marker(tmp_path) == foreign | site_files("c3") | site_files("d4")


@pytest.mark.parametrize("folder", ["data", "art", "data/a1"])
def test_a_linked_folder_is_neither_written_through_nor_deleted_through(tmp_path: Path, folder: str) -> None:
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


def test_a_staging_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    publish(out, site_files("a1"), "a1", force=False)
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    (out / STAGING_NAME).symlink_to(elsewhere, target_is_directory=True)
    publish(out, site_files("b2"), "b2", force=False)
    assert tree(elsewhere) == {"precious": b"mine"}


def test_a_linked_output_is_published_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "real", target_is_directory=True)
    publish(tmp_path / "site", site_files("a1"), "a1", force=False)
    assert without_marker(tmp_path / "real") == site_files("a1")


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(OutputError, match="that is a file"):
        publish(tmp_path / "site", site_files("a1"), "a1", force=True)


def test_an_output_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(OutputError, match="site cannot be published"):
        publish(tmp_path / "file" / "site", site_files("a1"), "a1", force=True)


def test_the_home_folder_and_what_is_above_it_are_refused_even_by_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home" / "someone"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for folder in (home, home.parent, Path("/"), Path("~")):
        with pytest.raises(OutputError, match="cannot be published"):
            publish(folder, site_files("a1"), "a1", force=True)
    assert list(home.iterdir()) == []


def test_a_folder_where_a_file_belongs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "404.html").mkdir()
    with pytest.raises(OutputError, match="in the way"):
        publish(tmp_path, site_files("a1"), "a1", force=True)
    assert tree(tmp_path) == {}


def test_a_second_publisher_is_asked_to_wait(tmp_path: Path) -> None:
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
def test_a_marker_that_cannot_be_trusted_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / MARKER_NAME).write_bytes(content)
    with pytest.raises(OutputError, match=reason):
        publish(tmp_path, site_files("a1"), "a1", force=False)


@pytest.mark.parametrize("kind", ["pipe", "folder", "endless"])
def test_a_marker_that_is_no_file_of_a_markers_size_is_refused(tmp_path: Path, kind: str) -> None:
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
def test_files_outside_the_site_are_a_bug(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="plain relative paths"):
        publish(tmp_path / "site", site_files("a1") | {path: b""}, "a1", force=False)


OLD, NOW, NEW = (SiteGeneration(name, (f"data/{name}/map.json", "index.html")) for name in ("old", "now", "new"))


@pytest.mark.parametrize(
    ("before", "served", "publishing", "after"),
    [
        pytest.param((), "", NEW, (NEW,), id="first"),
        pytest.param((NOW, OLD), "now", NEW, (NEW, NOW), id="next"),
        pytest.param((NOW, OLD), "now", NOW, (NOW, OLD), id="repair keeps the one before"),
        pytest.param((NOW, OLD), "now", OLD, (OLD, NOW), id="back to the one before"),
        pytest.param((NEW, NOW, OLD), "now", NEW, (NEW, NOW), id="after an interruption"),
        pytest.param((NOW,), "someone else's", NEW, (NEW,), id="a foreign page is served"),
    ],
)
def test_the_version_that_visitors_hold_is_the_one_that_stays(
    before: tuple[SiteGeneration, ...], served: str, publishing: SiteGeneration, after: tuple[SiteGeneration, ...]
) -> None:
    marker = Marker(before).publishing(publishing.name, publishing.files, served)
    assert marker == Marker(after)
    assert Marker.decode(marker.encode()) == marker
