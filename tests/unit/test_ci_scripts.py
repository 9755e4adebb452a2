"""What the scheduled rebuild's scripts decide: is a site published, how does the run end, what is brought from home."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts/ci"
SITE = ("index.html", "spotmap-site.json")


def run_script(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable if name.endswith(".py") else "bash", str(SCRIPTS / name)]
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def build(folder: Path, status: int, *, summary: str = "") -> dict[str, str]:
    """build.sh with a command in place of spotmap-build that ends so; its outputs, and its page as ``page``."""
    stand_in = folder / "bin/spotmap-build"
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/bash\necho it says why >&2\nprintf '%s' '{summary}' >\"${{@: -1}}\"\nexit {status}\n")
    stand_in.chmod(0o755)
    files = {"GITHUB_OUTPUT": str(folder / "outputs"), "GITHUB_STEP_SUMMARY": str(folder / "page")}
    done = run_script("build.sh", folder, **files)
    assert done.returncode == 0
    assert "it says why" in done.stdout
    outputs = dict(line.split("=") for line in (folder / "outputs").read_text().splitlines())
    return outputs | {"page": (folder / "page").read_text()}


@pytest.mark.parametrize(
    ("status", "has_site", "deploy"),
    [
        *((status, True, "true") for status in (0, 3, 4, 6)),
        *((status, True, "false") for status in (1, 2, 5, 130)),
        *((status, False, "false") for status in (0, 3, 4, 6)),
    ],
)
def test_a_site_is_published_only_where_one_was_made(tmp_path: Path, status: int, has_site: bool, deploy: str) -> None:
    if has_site:
        (tmp_path / "site").mkdir()
        for name in SITE:
            (tmp_path / "site" / name).touch()
    outputs = build(tmp_path, status)
    assert (outputs["status"], outputs["deploy"]) == (str(status), deploy)


@pytest.mark.parametrize("missing", SITE)
def test_half_a_site_is_not_published(tmp_path: Path, missing: str) -> None:
    (tmp_path / "site").mkdir()
    for name in set(SITE) - {missing}:
        (tmp_path / "site" / name).touch()
    assert build(tmp_path, 0)["deploy"] == "false"


def test_the_builds_own_summary_is_on_the_page(tmp_path: Path) -> None:
    assert build(tmp_path, 0, summary="## My map\n")["page"] == "## My map\n"


def test_a_build_without_a_summary_puts_its_last_words_on_the_page(tmp_path: Path) -> None:
    page = build(tmp_path, 2)["page"]
    assert "status 2" in page
    assert "    it says why\n" in page


@pytest.mark.parametrize(
    ("status", "ends", "told"),
    [
        ("0", 0, ""),
        ("3", 0, "::warning::The map was published"),
        ("4", 4, "login --print-ci-secret"),
        ("6", 6, "::error::A service"),
        ("2", 1, "status 2"),
        ("", 1, "unknown"),
    ],
)
def test_the_run_ends_as_the_build_did(tmp_path: Path, status: str, ends: int, told: str) -> None:
    done = run_script("verdict.sh", tmp_path, STATUS=status)
    assert done.returncode == ends
    assert told in done.stdout
    assert done.stdout.count("\n") == (1 if told else 0)


@dataclass
class GitHub:
    """What a pretended GitHub answers, by path: a body, or a path on another host to go to; and what it was asked."""

    address: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, bool]] = field(default_factory=list)

    def release(self, *names: str) -> None:
        assets = [{"name": name, "url": f"{self.address}/assets/{name}"} for name in names]
        self.bodies["/repos/me/map/releases/tags/cache"] = json.dumps({"assets": assets}).encode()


@pytest.fixture
def github() -> Iterator[GitHub]:
    pretended = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = str(self.headers["Host"]).partition(":")[0]
            pretended.asked.append((host, self.path, "Authorization" in self.headers))
            body = pretended.bodies.get(self.path, b"")
            elsewhere = pretended.redirects.get(self.path)
            self.send_response(302 if elsewhere else 200 if body else 404)
            if elsewhere:
                self.send_header("Location", elsewhere)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pretended.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield pretended
    server.shutdown()
    server.server_close()


def archive(files: dict[str, tuple[str, int]]) -> bytes:
    """A compressed archive of texts, each with its time of change in seconds since 1970."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name, (text, changed_s) in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(text), changed_s
            packed.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def bring(github: GitHub, folder: Path) -> subprocess.CompletedProcess[str]:
    return run_script(
        "bring_cache.py", folder, GITHUB_API_URL=github.address, GITHUB_REPOSITORY="me/map", GITHUB_TOKEN="secret"
    )


def test_the_cache_of_home_is_added_and_the_newer_file_stays(github: GitHub, tmp_path: Path) -> None:
    ours = tmp_path / ".spotmap/cache/ac"
    ours.mkdir(parents=True)
    for name in ("older", "newer"):
        (ours / name).write_text("ours")
        os.utime(ours / name, (2000, 2000))
    github.release("notes.txt", "spotmap-cache.tgz")
    github.bodies["/assets/spotmap-cache.tgz"] = archive(
        {
            "./.spotmap/cache/cas/ab/new": ("theirs", 1000),
            ".spotmap/cache/ac/older": ("theirs", 3000),
            ".spotmap/cache/ac/newer": ("theirs", 1000),
            "overrides.toml": ("theirs", 9000),
        }
    )
    done = bring(github, tmp_path)
    assert done.stdout == "2 files were new or newer in spotmap-cache.tgz.\n"
    assert [(ours / name).read_text() for name in ("older", "newer")] == ["theirs", "ours"]
    assert (tmp_path / ".spotmap/cache/cas/ab/new").read_text() == "theirs"
    assert not (tmp_path / "overrides.toml").exists()


def test_the_token_stays_at_github(github: GitHub, tmp_path: Path) -> None:
    github.release("spotmap-cache.tgz")
    github.redirects["/assets/spotmap-cache.tgz"] = github.address.replace("127.0.0.1", "localhost") + "/storage"
    github.bodies["/storage"] = archive({})
    assert bring(github, tmp_path).returncode == 0
    assert [(host, has_token) for host, _, has_token in github.asked] == [
        *(("127.0.0.1", True), ("127.0.0.1", True)),
        ("localhost", False),
    ]


@pytest.mark.parametrize("assets", [None, [], ["notes.txt"]])
def test_nothing_from_home_is_no_mistake(github: GitHub, tmp_path: Path, assets: list[str] | None) -> None:
    if assets is not None:
        github.release(*assets)
    done = bring(github, tmp_path)
    assert (done.returncode, done.stdout.endswith("nothing to bring in.\n")) == (0, True)


@pytest.mark.parametrize(
    "content", [b"no archive", archive({".spotmap/cache/a": ("x" * 999, 1)})[:60]], ids=["no archive", "cut short"]
)
def test_a_damaged_archive_is_told_and_the_build_goes_on(github: GitHub, tmp_path: Path, content: bytes) -> None:
    github.release("spotmap-cache.tgz")
    github.bodies["/assets/spotmap-cache.tgz"] = content
    done = bring(github, tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("::warning::spotmap-cache.tgz could not be brought in")


def test_a_github_that_does_not_answer_is_told_and_the_build_goes_on(tmp_path: Path) -> None:
    done = bring(GitHub("http://127.0.0.1:9"), tmp_path)
    assert (done.returncode, done.stdout.startswith("::warning::")) == (0, True)


def test_a_path_that_leads_out_of_the_cache_is_refused(github: GitHub, tmp_path: Path) -> None:
    github.release("spotmap-cache.tgz")
    github.bodies["/assets/spotmap-cache.tgz"] = archive({".spotmap/cache/../../../out": ("x", 1)})
    folder = tmp_path / "a"
    folder.mkdir()
    assert "::warning::" in bring(github, folder).stdout
    assert not (tmp_path / "out").exists()
