"""Deploying a site to a folder, to a branch of a bare repository, and with s3fs to an S3 server."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from spotmap_build.cache.store import Cache
from spotmap_build.cli_storage import deploy
from spotmap_build.deploy import DeployError, open_target, read_site
from spotmap_build.deploy.built import BuiltSite
from spotmap_build.deploy.folder import FolderTarget
from spotmap_build.deploy.s3 import FOREVER, NAMED_BY_CONTENT, headers_of
from spotmap_build.deploy.target import Deployed
from spotmap_build.describe import describe_deployed
from spotmap_build.emit.marker import Marker
from spotmap_build.emit.site import publish
from spotmap_build.errors import ConfigError, OutputError, SpotmapError
from spotmap_build.registry.formats import MARKER_NAME
from spotmap_build.store.branch import Branch
from tests.fakes.http_server import Fault, serving
from tests.fakes.s3_server import S3Server, failure
from tests.support.command import spotmap

KINDS = ("folder", "branch", "s3")
HOSTING = Path(__file__).parents[2] / "docs/hosting.md"


def pages(generation: str) -> dict[str, bytes]:
    """Return a small site whose page and data differ per generation while its pictures stay the same."""
    page = f'<html data-generation="{generation}">'.encode()
    data = {f"data/{generation}/{name}": f"{name} of {generation}".encode() for name in ("map.json", "viewer.js")}
    return {"index.html": page, "sw.js": page, "icon-192.png": b"icon", "art/cover.webp": b"cover", **data}


def built(folder: Path, generation: str) -> BuiltSite:
    publish(folder, pages(generation), generation, force=False)
    return read_site(folder)


@dataclass
class Destination:
    """A deployment target and access to its files."""

    address: str
    tmp: Path
    read_files: Callable[[], Mapping[str, bytes]]
    write_file: Callable[[str, bytes], None]
    endpoint_url: str = ""

    def deploy(self, site: BuiltSite, *, force: bool = False, dry_run: bool = False) -> Deployed:
        target = open_target(self.address, self.tmp, self.tmp / "cache", self.endpoint_url)
        return target.deploy(site, force=force, dry_run=dry_run)


def git(*arguments: object, folder: Path) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *map(str, arguments)], capture_output=True, text=True, check=True
    ).stdout.strip()


def push_as_other_user(bare: Path, branch: str, name: str, content: bytes) -> None:
    """Add a file to the branch from another clone."""
    work = bare.with_name(f"clone-{name.replace('/', '-')}")
    git("clone", "--quiet", bare, work, folder=bare.parent)
    has_branch = branch in git("branch", "--remotes", folder=work)
    git("checkout", "--quiet", *(() if has_branch else ("--orphan",)), branch, folder=work)
    (work / name).parent.mkdir(parents=True, exist_ok=True)
    (work / name).write_bytes(content)
    git("add", "--all", folder=work)
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    git(*who, "commit", "--quiet", "--message", f"Add {name}", folder=work)
    git("push", "--quiet", "origin", branch, folder=work)


def bare_destination(tmp: Path) -> Destination:
    bare = tmp / "pages.git"
    git("init", "--quiet", "--bare", bare, folder=tmp)

    def read_files() -> dict[str, bytes]:
        if not git("branch", folder=bare):
            return {}
        archive = subprocess.run(["git", "-C", bare, "archive", "gh-pages"], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            read = {each.name: files.extractfile(each) for each in files if each.isfile()}
            return {name: file.read() for name, file in read.items() if file and name != ".nojekyll"}

    return Destination(
        f"git+{bare.as_uri()}",
        tmp,
        read_files,
        lambda name, content: push_as_other_user(bare, "gh-pages", name, content),
    )


def folder_destination(tmp: Path) -> Destination:
    folder = tmp / "www"

    def write_file(name: str, content: bytes) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    def read_files() -> dict[str, bytes]:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return Destination(f"folder:{folder}", tmp, read_files, write_file)


@cache
def shared_loader() -> Callable[..., object]:
    from botocore.loaders import create_loader

    return cache(create_loader)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'spotmap-build[s3]'")
    # botocore reads its service descriptions, a megabyte of JSON, once for all tests instead of once per connection.
    monkeypatch.setattr("botocore.session.create_loader", shared_loader())
    for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    server = S3Server()
    with serving(server):
        yield server


def s3_destination(tmp: Path, server: S3Server) -> Destination:
    from tests.fakes.s3_server import Stored

    bucket = server.buckets["maps"]

    def write_file(name: str, content: bytes) -> None:
        bucket[f"a/b/{name}"] = Stored(content, "text/plain", "")

    def read_files() -> dict[str, bytes]:
        return {key.removeprefix("a/b/"): stored.content for key, stored in bucket.items()}

    return Destination("s3://maps/a//b/", tmp, read_files, write_file, endpoint_url=server.url)


@pytest.fixture(params=KINDS)
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> Destination:
    if request.param == "folder":
        return folder_destination(tmp_path)
    if request.param == "branch":
        return bare_destination(tmp_path)
    return s3_destination(tmp_path, request.getfixturevalue("s3"))


def named(*generations: str) -> set[str]:
    return {*(name for each in generations for name in pages(each)), MARKER_NAME}


def test_changed_files_are_sent_and_only_the_previous_generation_is_kept(
    destination: Destination, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    first = destination.deploy(built(site, "a1"))
    assert (set(first.sent), first.removed, first.kept_count) == (set(pages("a1")), (), 0)
    assert destination.read_files().items() >= pages("a1").items()
    assert destination.deploy(built(site, "a1")) == Deployed((), (), len(pages("a1")))
    destination.write_file("data/mine.txt", b"a person's")
    second = destination.deploy(built(site, "b2"))
    assert set(second.sent) == set(pages("b2")) - {"icon-192.png", "art/cover.webp"}
    assert set(destination.read_files()) == named("a1", "b2") | {"data/mine.txt"}
    third = destination.deploy(built(site, "c3"))
    assert third.removed == ("data/a1/map.json", "data/a1/viewer.js")
    assert set(destination.read_files()) == named("b2", "c3") | {"data/mine.txt"}
    assert destination.read_files().items() >= pages("c3").items()
    marker = Marker.decode(destination.read_files()[MARKER_NAME])
    assert [generation.name for generation in marker.generations] == ["c3", "b2"]


def test_dry_run_changes_nothing(destination: Destination, tmp_path: Path) -> None:
    destination.deploy(built(tmp_path / "site", "a1"))
    before = dict(destination.read_files())
    planned = destination.deploy(built(tmp_path / "site", "b2"), dry_run=True)
    assert destination.read_files() == before
    assert planned == destination.deploy(built(tmp_path / "site", "b2"))


def test_dry_run_copies_no_site_into_the_cache(tmp_path: Path) -> None:
    bare_destination(tmp_path).deploy(built(tmp_path / "site", "a1"), dry_run=True)
    picture = git("hash-object", tmp_path / "site/icon-192.png", folder=tmp_path)
    kept = git("cat-file", "--batch-all-objects", "--batch-check", folder=tmp_path / "cache/store.git")
    assert picture not in kept


def test_foreign_files_block_a_deployment_and_survive_force(destination: Destination, tmp_path: Path) -> None:
    destination.write_file("notes.txt", b"a person's")
    site = built(tmp_path / "site", "a1")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        destination.deploy(site)
    assert dict(destination.read_files()) == {"notes.txt": b"a person's"}
    destination.deploy(site, force=True)
    assert destination.read_files().items() >= {**pages("a1"), "notes.txt": b"a person's"}.items()


def test_invalid_marker_is_refused(destination: Destination, tmp_path: Path) -> None:
    destination.write_file(MARKER_NAME, b"{}")
    with pytest.raises(OutputError, match="cannot be used"):
        destination.deploy(built(tmp_path / "site", "a1"))


def test_file_changed_at_the_target_is_sent_again(destination: Destination, tmp_path: Path) -> None:
    site = built(tmp_path / "site", "a1")
    destination.deploy(site)
    destination.write_file("data/a1/map.json", b"map.json of xx")
    assert destination.deploy(site).sent == ("data/a1/map.json",)
    assert destination.read_files()["data/a1/map.json"] == b"map.json of a1"


def test_branch_keeps_one_deployment_commit_and_all_foreign_commits(tmp_path: Path) -> None:
    destination, site = bare_destination(tmp_path), tmp_path / "site"

    def messages() -> list[str]:
        return git("log", "--format=%s", "gh-pages", folder=tmp_path / "pages.git").split("\n")

    for generation in ("a1", "b2", "c3"):
        destination.deploy(built(site, generation))
    assert messages() == ["Publish the map"]
    destination.write_file("CNAME", b"map.example.org")
    for generation in ("d4", "e5"):
        destination.deploy(built(site, generation))
    assert messages() == ["Publish the map", "Add CNAME", "Publish the map"]
    assert destination.read_files()["CNAME"] == b"map.example.org"
    assert git("cat-file", "-t", "gh-pages:.nojekyll", folder=tmp_path / "pages.git") == "blob"


def test_deploying_to_the_current_repository_leaves_its_working_tree_unchanged(tmp_path: Path) -> None:
    bare_destination(tmp_path)
    work = tmp_path / "work"
    git("clone", "--quiet", tmp_path / "pages.git", work, folder=tmp_path)
    (work / "half done.txt").write_text("not committed")
    before = git("status", "--porcelain=v2", "--branch", folder=work)
    target = open_target("branch", work, tmp_path / "cache")
    target.deploy(built(tmp_path / "site", "a1"), force=False, dry_run=False)
    assert git("status", "--porcelain=v2", "--branch", folder=work) == before
    assert "gh-pages" in git("branch", folder=tmp_path / "pages.git")


def test_concurrent_push_to_the_branch_is_preserved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = bare_destination(tmp_path)
    destination.deploy(built(tmp_path / "site", "a1"))
    fetched, is_first = Branch.fetch, [True]

    def slow(self: Branch, *, may_renew: bool = True) -> str:
        commit = fetched(self, may_renew=may_renew)
        if is_first.pop() if is_first else False:
            destination.write_file("CNAME", b"map.example.org")
        return commit

    monkeypatch.setattr(Branch, "fetch", slow)
    destination.deploy(built(tmp_path / "site", "b2"))
    assert destination.read_files().items() >= {**pages("b2"), "CNAME": b"map.example.org"}.items()


def test_unreachable_repository_is_reported_with_a_hint(tmp_path: Path) -> None:
    address = f"git+{(tmp_path / 'nowhere.git').as_uri()}"
    target = open_target(address, tmp_path, tmp_path / "cache")
    with pytest.raises(DeployError, match=re.escape(address)) as caught:
        target.deploy(built(tmp_path / "site", "a1"), force=False, dry_run=True)
    assert "git can read" in caught.value.hint


@pytest.mark.parametrize("name", ["data", "index.html/notes.txt"], ids=["a file", "a folder"])
@pytest.mark.parametrize("kind", ["folder", "branch"])
def test_conflicting_file_or_folder_is_not_removed_even_with_force(tmp_path: Path, kind: str, name: str) -> None:
    destination = folder_destination(tmp_path) if kind == "folder" else bare_destination(tmp_path)
    destination.write_file(name, b"of somebody")
    with pytest.raises(OutputError, match=rf"{name.partition('/')[0]}.* is in the way"):
        destination.deploy(built(tmp_path / "site", "a1"), force=True)
    assert destination.read_files() == {name: b"of somebody"}


def test_rejected_push_is_reported(tmp_path: Path) -> None:
    destination = bare_destination(tmp_path)
    hook = tmp_path / "pages.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(DeployError, match="not today"):
        destination.deploy(built(tmp_path / "site", "a1"))


def test_s3_uploads_the_page_last_and_sets_cache_headers(tmp_path: Path, s3: S3Server) -> None:
    destination = s3_destination(tmp_path, s3)
    destination.deploy(built(tmp_path / "site", "a1"))
    assert [s3.puts()[0], *s3.puts()[-2:]] == [f"a/b/{MARKER_NAME}", "a/b/index.html", f"a/b/{MARKER_NAME}"]
    kept = {key: (stored.content_type, stored.cache_control) for key, stored in s3.buckets["maps"].items()}
    assert kept == {key: headers_of(key.removeprefix("a/b/")) for key in kept}
    assert kept["a/b/data/a1/viewer.js"] == ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable")
    assert {kept[f"a/b/{name}"][1] for name in ("index.html", "sw.js", MARKER_NAME)} == {"no-cache"}


def test_documented_cache_headers_match_the_code() -> None:
    blocks = re.findall(r"^/(\w+)/\*\n  Cache-Control: (.+)$", HOSTING.read_text(), re.MULTILINE)
    assert blocks == [(folder, FOREVER) for folder in NAMED_BY_CONTENT]


def test_documented_commands_can_be_parsed(tmp_path: Path) -> None:
    commands = re.findall(r"^spotmap-build deploy (.*)$", HOSTING.read_text(), re.MULTILINE)
    assert len(commands) > 4
    for line in commands:
        given = deploy.make_context("deploy", shlex.split(line)).params
        if not given["address"].startswith("branch"):
            open_target(given["address"], tmp_path, tmp_path / "cache", given["endpoint_url"])


def test_documented_gitlab_job_publishes_all_files(tmp_path: Path) -> None:
    (job,) = re.findall(r"^```yaml\n(.*?)^```$", HOSTING.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / ".gitlab-ci.yml").write_text(job)
    more = dict.fromkeys(("404.html", "manifest.webmanifest", "icon-512.png"), b"x")
    publish(tmp_path, pages("a1") | more, "a1", force=True)
    script = yaml.safe_load(job)["pages"]["script"]
    subprocess.run(["sh", "-e", "-c", "\n".join(script)], cwd=tmp_path, check=True, capture_output=True)
    public = tmp_path / "public"
    published = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    assert published == {*pages("a1"), *more, MARKER_NAME}


def test_without_s3_digests_only_mutable_names_are_sent_again(tmp_path: Path, s3: S3Server) -> None:
    s3.encrypted = True
    destination = s3_destination(tmp_path, s3)
    site = built(tmp_path / "site", "a1")
    destination.deploy(site)
    assert set(destination.deploy(site).sent) == {"index.html", "sw.js", "icon-192.png"}


@pytest.mark.parametrize("after", [0, 2, 4, 6])
def test_interrupted_s3_deployment_shows_a_complete_site_and_can_be_resumed(
    tmp_path: Path, s3: S3Server, after: int
) -> None:
    destination = s3_destination(tmp_path, s3)
    destination.deploy(built(tmp_path / "site", "a1"))
    second = built(tmp_path / "site", "b2")
    s3.requests.clear()
    denied = failure("AccessDenied", 403)
    s3.faults = [Fault(status=403, body=denied.content, path="/maps/a/b/", times=1, after=2 + after)]
    with pytest.raises(DeployError):
        destination.deploy(second)
    shown = Marker.decode(destination.read_files()[MARKER_NAME])
    assert set(destination.read_files()) <= {*shown.paths, MARKER_NAME}
    shows = "b2" if b"b2" in destination.read_files()["index.html"] else "a1"
    assert {name for name in pages(shows) if name.startswith("data/")} <= set(destination.read_files())
    s3.faults.clear()
    destination.deploy(second)
    assert set(destination.read_files()) == named("a1", "b2")
    assert destination.read_files().items() >= pages("b2").items()


@pytest.mark.parametrize(
    ("code", "status", "hint"),
    [
        ("AccessDenied", 403, "s3:PutObject"),
        ("InvalidAccessKeyId", 403, "AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", 403, "AWS_SECRET_ACCESS_KEY"),
        ("ExpiredToken", 400, "expired"),
        ("AuthorizationHeaderMalformed", 400, "AWS_DEFAULT_REGION"),
        ("OddError", 400, "Try again"),
    ],
)
def test_s3_errors_are_explained_with_a_hint(tmp_path: Path, s3: S3Server, code: str, status: int, hint: str) -> None:
    answer = failure(code, status)
    s3.faults = [Fault(status=status, body=answer.content, path="/maps", times=99)]
    with pytest.raises(DeployError, match=rf"It is {code} \({code}\)") as caught:
        s3_destination(tmp_path, s3).deploy(built(tmp_path / "site", "a1"))
    assert hint in caught.value.hint


def test_missing_bucket_and_missing_credentials_get_a_hint(
    tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = built(tmp_path / "site", "a1")
    target = open_target("s3://others", tmp_path, tmp_path / "cache", s3.url)
    with pytest.raises(DeployError) as caught:
        target.deploy(site, force=False, dry_run=False)
    assert "no such bucket" in caught.value.hint
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DeployError) as caught:
        target.deploy(site, force=False, dry_run=False)
    assert "AWS_PROFILE" in caught.value.hint


@pytest.mark.parametrize(
    "address",
    ["", "folder:", "s3:", "s3://", "s3://x", "s3:///a", "ftp://host/a", "branch:", "branch:a..b", "git+http://h/r#b",
     "branch:HEAD", "branch:refs/heads/main", "gh-pages", "git@github.com:me/map.git", "me@192.0.2.1:/var/www",
     "~nobody-is-called-so/www", "https://me:secret@host/map", "git+http://secret@host/map"],
)  # fmt: skip
def test_invalid_target_is_reported_without_its_password(tmp_path: Path, address: str) -> None:
    with pytest.raises(SpotmapError) as caught:
        open_target(address, tmp_path, tmp_path / "cache")
    assert isinstance(caught.value, ConfigError)
    assert caught.value.hint
    assert "secret" not in str(caught.value)


def test_folder_named_like_the_branch_can_be_addressed(tmp_path: Path) -> None:
    for address in ("./gh-pages", "folder:gh-pages"):
        assert isinstance(open_target(address, tmp_path, tmp_path / "cache"), FolderTarget)
    (tmp_path / "gh-pages").mkdir()
    assert isinstance(open_target("gh-pages", tmp_path, tmp_path / "cache"), FolderTarget)


def test_incomplete_site_is_not_deployed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with pytest.raises(OutputError, match="There is no site"):
        read_site(site)
    built(site, "a1")
    (site / "data/a1/map.json").unlink()
    with pytest.raises(OutputError, match=r"data/a1/map\.json is missing"):
        read_site(site)
    (site / "index.html").write_bytes(b'<html data-generation="z9">')
    with pytest.raises(OutputError, match="interrupted"):
        read_site(site)


@pytest.mark.parametrize("address", [".", "site", "site/data", "site/new"])
def test_site_is_not_deployed_into_itself(tmp_path: Path, address: str) -> None:
    site = built(tmp_path / "site", "a1")
    with pytest.raises(OutputError, match="its own folder"):
        open_target(address, tmp_path, tmp_path / "cache").deploy(site, force=True, dry_run=False)


def test_site_is_not_deployed_into_a_cache(tmp_path: Path) -> None:
    site = built(tmp_path / "site", "a1")
    with Cache.open(tmp_path / "cache"):
        pass
    with pytest.raises(OutputError, match="into a cache"):
        open_target("cache/x", tmp_path, tmp_path / "other").deploy(site, force=True, dry_run=False)


def test_file_too_large_for_a_host_is_reported(tmp_path: Path) -> None:
    site = built(tmp_path / "site", "a1")
    with (tmp_path / "site/data/a1/map.json").open("wb") as file:
        file.truncate((25 << 20) + 1)
    lines = list(describe_deployed(read_site(site.folder), Deployed((), (), 6), "there", dry_run=False))
    assert lines[-1].startswith("data/a1/map.json has 26.2 MB: Cloudflare Pages accepts no files over 25 MiB")


@pytest.mark.slow
def test_command_reports_planned_and_completed_changes(tmp_path: Path) -> None:
    built(tmp_path / "site", "a1")
    planned = spotmap("deploy", "--to", "www", "--dry-run", cwd=tmp_path)
    assert "would send    index.html (27 B)" in planned.stdout
    assert not (tmp_path / "www").exists()
    done = spotmap("deploy", "--to", "www", cwd=tmp_path)
    assert done.stdout.startswith("6 files were sent to www (")
    assert (
        spotmap("deploy", "--to", "www", cwd=tmp_path).stdout == "www is up to date: it shows this version already.\n"
    )
