"""What the scheduled rebuild's scripts decide: is a site published, how does the run end, what is brought from home."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.ci.bring_cache import Bounds, Refused, unpack
from tests.support.patience import patience

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts/ci"
SITE = ("index.html", "spotmap-site.json")


def run_script(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable if name.endswith(".py") else "bash", str(SCRIPTS / name)]
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": path, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=patience(),
        check=False,
    )


def build(folder: Path, status: int, *, summary: str = "", log: str = "it says why\n") -> dict[str, str]:
    """build.sh with a command in place of spotmap-build that ends so; its outputs, what it printed as ``log``, and its
    page as ``page``."""
    stand_in = folder / "bin/spotmap-build"
    stand_in.parent.mkdir()
    (folder / "log").write_bytes(log.encode())
    stand_in.write_text(f"#!/bin/bash\ncat log >&2\nprintf '%s' '{summary}' >\"${{@: -1}}\"\nexit {status}\n")
    stand_in.chmod(0o755)
    files = {"GITHUB_OUTPUT": str(folder / "outputs"), "GITHUB_STEP_SUMMARY": str(folder / "page")}
    done = run_script("build.sh", folder, **files)
    assert done.returncode == 0
    outputs = dict(line.split("=") for line in (folder / "outputs").read_text().splitlines())
    return outputs | {"page": (folder / "page").read_bytes().decode(), "log": done.stdout}


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
    built = build(tmp_path, 2)
    assert "status 2" in built["page"]
    assert "    it says why\n" in built["page"]
    assert "\nit says why\n" in built["log"]


def commands(log: str) -> list[str]:
    """The commands that a runner takes from a log: whatever begins so, unless they were stopped until a word."""
    found: list[str] = []
    word = ""
    for line in map(str.lstrip, re.split(r"[\r\n]", log)):
        if word:
            word = "" if line.rstrip() == f"::{word}::" else word
        elif line.startswith("::stop-commands::"):
            word = line.removeprefix("::stop-commands::").rstrip()
        elif line.startswith(("::", "##[")):
            found.append(line)
    return [*found, "never resumed"] if word else found


@pytest.mark.parametrize(
    "log",
    [
        "::error::x\n",
        "a\n  ::add-mask::a\n##[error]x\n",
        "a\r::error::x",
        "::stop-commands::mine\n::mine::\n::error::x\n",
        "::error::x",
        "",
    ],
)
def test_nothing_that_a_build_prints_is_a_command_to_the_runner(tmp_path: Path, log: str) -> None:
    printed = build(tmp_path, 0, log=log)["log"]
    assert commands(printed + "\n::notice::of a later step\n") == ["::notice::of a later step"]
    assert log.replace("\r", "\n") in printed.replace("\r", "\n")


def test_the_word_that_ends_the_silence_cannot_be_known(tmp_path: Path) -> None:
    words = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        printed = build(tmp_path / name, 0)["log"]
        words.add(printed.splitlines()[0].removeprefix("::stop-commands::"))
    assert len(words) == 2
    assert min(map(len, words)) >= 32


def test_a_builds_last_words_stay_within_their_block_on_the_page(tmp_path: Path) -> None:
    page = build(tmp_path, 2, log=f"first\n{'x' * 200_000}\n\x1b[2Ja\r# Heading\rb\x00\x0b\x0c\n<b>\n")["page"]
    heading, _, rest = page.partition("status 2:\n\n")
    assert heading.startswith("## No new map")
    assert re.split(r"[\r\n]", rest)[-3:] == ["     [2Ja # Heading b   ", "    <b>", ""]
    assert all(line.startswith("    ") for line in rest.splitlines())
    assert len(page) < 20_000


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
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield pretended
    server.shutdown()
    server.server_close()


def blob(text: str) -> str:
    """Where a cache keeps a content."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f".spotmap/cache/cas/{digest[:2]}/{digest}"


def record(number: int) -> str:
    """Where a cache keeps a record."""
    return f".spotmap/cache/ac/embed-v3/{number:02x}/{number:02x}{number:062x}.json"


def archive(files: dict[str, tuple[str, int]], *more: tarfile.TarInfo, layout: int = tarfile.GNU_FORMAT) -> bytes:
    """A compressed archive of texts, each with its time of change in seconds since 1970; ``more`` are empty members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=layout) as packed:
        for name, (text, changed_s) in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(text), changed_s
            packed.addfile(info, io.BytesIO(text.encode()))
        for info in more:
            packed.addfile(info)
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, **given: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mtime = kind, 9000
    for key, value in given.items():
        setattr(info, key, value)
    return info


def files_below(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def bring(github: GitHub, folder: Path) -> subprocess.CompletedProcess[str]:
    return run_script(
        "bring_cache.py", folder, GITHUB_API_URL=github.address, GITHUB_REPOSITORY="me/map", GITHUB_TOKEN="secret"
    )


@pytest.mark.parametrize("layout", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_the_cache_of_home_is_added_and_the_newer_file_stays(github: GitHub, tmp_path: Path, layout: int) -> None:
    for number in (1, 2):
        ours = tmp_path / record(number)
        ours.parent.mkdir(parents=True)
        ours.write_text("ours")
        os.utime(ours, (2000, 2000))
    github.release("notes.txt", "spotmap-cache.tgz")
    long_stage = ".spotmap/cache/ac/" + "a" * 50 + f"-v12/ab/ab{'0' * 62}.json"
    github.bodies["/assets/spotmap-cache.tgz"] = archive(
        {
            ".spotmap/cache/FORMAT": ("1\n", 9000),
            ".spotmap/cache/.lock": ("theirs", 9000),
            ".spotmap/cache/CACHEDIR.TAG": ("theirs", 9000),
            ".spotmap/cache/tmp/0123": ("theirs", 9000),
            ".spotmap/cache/quarantine/0123": ("theirs", 9000),
            ".spotmap/cache/cas/ab/._0123": ("macOS", 9000),
            f"./{record(1)}": ("theirs", 3000),
            record(2): ("theirs", 1000),
            long_stage: ("theirs", 3000),
            ".spotmap/cache/roots/2026-11-01T10.json": ("theirs", 3000),
            f"./{blob('theirs')}": ("theirs", 1000),
            blob("damaged"): ("theirs", 9000),
        },
        member(".spotmap/cache/cas/", tarfile.DIRTYPE),
        layout=layout,
    )
    done = bring(github, tmp_path)
    assert done.stdout == "4 files were new or newer in spotmap-cache.tgz.\n"
    assert files_below(tmp_path / ".spotmap") == {
        name.removeprefix(".spotmap/"): text
        for name, text in {
            record(1): "theirs",
            record(2): "ours",
            long_stage: "theirs",
            ".spotmap/cache/roots/2026-11-01T10.json": "theirs",
            blob("theirs"): "theirs",
        }.items()
    }
    assert (tmp_path / record(1)).stat().st_mtime == 3000


@pytest.mark.parametrize(
    "hostile",
    [
        *(
            member(name)
            for name in (
                ".spotmap/cache/../../scripts/ci/build.sh",
                ".spotmap/cache/cas/../../../scripts/ci/build.sh",
                "../scripts/ci/build.sh",
                "/tmp/x",
                "//tmp/x",
                ".spotmap/cache/cas/ab/..",
                "scripts/ci/build.sh",
                "site/index.html",
                "overrides.toml",
                ".spotmap/cache",
                ".spotmap/cache/cas/ab",
                ".spotmap/cache/cas/ab/0123",
                f".spotmap/cache/cas/00/{'1' * 64}",
                f".spotmap/cache/cas/ab/cd/{'a' * 64}",
                f".spotmap/cache/ac/Embed-v1/ab/ab{'0' * 62}.json",
                f".spotmap/cache/ac/embed-v1/ab/ab{'0' * 62}.py",
                ".spotmap/cache/roots/.json",
                ".spotmap/cache/roots/a b.json",
                ".spotmap/cache/FORMAT/x",
                ".spotmap/cache/tmp",
                ".spotmap\\cache\\x",
                "C:x",
                ".spotmap/cache/tmp/a\n::error::b",
                ".spotmap/cache/tmp/\x1b[2J",
                ".spotmap/./cache//../x",
            )
        ),
        member("..", tarfile.DIRTYPE),
        member("/", tarfile.DIRTYPE),
        member(".spotmap/cache/cas/../..", tarfile.DIRTYPE),
        *(
            member(record(7), kind, linkname="../../../../scripts/ci/build.sh")
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"Z")
        ),
        member(".spotmap/cache/cas", tarfile.SYMTYPE, linkname="../../scripts"),
        member(record(7), tarfile.GNUTYPE_SPARSE),
        member(record(7), pax_headers={"GNU.sparse.major": "1"}),
        member(record(7), pax_headers={"size": "99"}),
        member("harmless", pax_headers={"path": ".spotmap/cache/../../scripts/ci/build.sh"}),
        member(record(1)),
        member(f"./.spotmap//cache/./{record(1).removeprefix('.spotmap/cache/')}"),
    ],
    ids=lambda info: f"{info.type.decode()} {info.name!r}"[:60],
)
@pytest.mark.parametrize("layout", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_an_archive_with_anything_but_a_caches_files_is_refused_whole(
    tmp_path: Path, hostile: tarfile.TarInfo, layout: int
) -> None:
    script = tmp_path / "scripts/ci/build.sh"
    script.parent.mkdir(parents=True)
    script.write_text("ours")
    layout = tarfile.PAX_FORMAT if hostile.pax_headers else layout  # another has no such headers
    content = archive({record(1): ("theirs", 3000), blob("theirs"): ("theirs", 3000)}, hostile, layout=layout)
    with pytest.raises(Refused):
        unpack(io.BytesIO(content), tmp_path)
    assert files_below(tmp_path) == {"scripts/ci/build.sh": "ours"}


@pytest.mark.parametrize("format_", ["99\n", "", "1 2", "\xb9", "1" * 999])
@pytest.mark.parametrize("comes_first", [True, False])
def test_a_cache_of_another_format_is_refused_whole(tmp_path: Path, format_: str, comes_first: bool) -> None:
    ours = tmp_path / ".spotmap/cache/FORMAT"
    ours.parent.mkdir(parents=True)
    ours.write_text("1\n")
    members = [(".spotmap/cache/FORMAT", (format_, 9000)), (record(1), ("theirs", 9000))]
    content = archive(dict(members if comes_first else reversed(members)))
    with pytest.raises(Refused, match="format"):
        unpack(io.BytesIO(content), tmp_path)
    assert files_below(tmp_path) == {".spotmap/cache/FORMAT": "1\n"}


TIGHT = Bounds(members=20, member_bytes=5000, packed_bytes=20_000, unpacked_bytes=50_000, header_bytes=2000)


@pytest.mark.parametrize(
    "content",
    [
        archive({record(number): ("x", 1) for number in range(21)}),
        archive({record(1): ("x" * 5001, 1)}),
        archive({record(number): ("x" * 5000, 1) for number in range(12)}),
        archive({}) + gzip.compress(bytes(60_000)),
        archive({record(1): (os.urandom(9000).hex(), 1), record(2): (os.urandom(9000).hex(), 1)}),
        archive({"x" * 2001: ("x", 1)}),
        archive({}, member(record(1), pax_headers={"comment": "x" * 3000}), layout=tarfile.PAX_FORMAT),
    ],
    ids=["members", "a member", "all members", "what comes after the end", "packed", "a long name", "a header"],
)
def test_what_an_archive_may_hold_is_bounded(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Refused):
        unpack(io.BytesIO(content), tmp_path, TIGHT)
    assert files_below(tmp_path) == {}


def test_a_download_that_breaks_off_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    ours = tmp_path / record(2)
    ours.parent.mkdir(parents=True)
    ours.write_text("o" * 300_000)
    os.utime(ours, (2000, 2000))
    content = archive({record(1): ("theirs", 3000), record(2): (os.urandom(150_000).hex(), 3000)})
    for length in (*range(0, len(content), len(content) // 40), len(content) - 1):
        with pytest.raises((EOFError, OSError)):
            unpack(io.BytesIO(content[:length]), tmp_path)
        assert files_below(tmp_path) == {record(2): "o" * 300_000}
    assert unpack(io.BytesIO(content), tmp_path) == 2


def test_a_change_of_the_distant_future_does_not_win_for_ever(tmp_path: Path) -> None:
    assert unpack(io.BytesIO(archive({record(1): ("theirs", 8_000_000_000)})), tmp_path) == 1
    assert unpack(io.BytesIO(archive({record(1): ("newer", int(time.time()) + 60)})), tmp_path) == 1
    assert (tmp_path / record(1)).read_text() == "newer"


@pytest.mark.parametrize("when", ["nan", "inf", "-1", "1e300", "soon"])
def test_a_time_of_change_that_makes_no_sense_is_the_oldest(tmp_path: Path, when: str) -> None:
    content = archive({}, member(record(1), pax_headers={"mtime": when}), layout=tarfile.PAX_FORMAT)
    assert unpack(io.BytesIO(content), tmp_path) == 1
    assert (tmp_path / record(1)).stat().st_mtime == 0


@pytest.mark.parametrize("records", ["x", "5 a=b\n", "999 a=b\n", "0 a=b\n", "6 a=bcc", "99999999 a=b\n", "2 "])
def test_a_damaged_header_is_told(tmp_path: Path, records: str) -> None:
    header = member("x", tarfile.XHDTYPE, size=len(records)).tobuf(tarfile.USTAR_FORMAT)
    content = gzip.compress(header + records.encode().ljust(512, b"\0") + bytes(1024))
    with pytest.raises(ValueError, match="damaged"):
        unpack(io.BytesIO(content), tmp_path)


def test_what_is_said_of_a_refused_archive_is_one_line_and_no_command(github: GitHub, tmp_path: Path) -> None:
    github.release("spotmap-cache.tgz")
    hostile = member("a\r\n::set-env name=PATH::b\x1b[2J%0A::error::c")
    github.bodies["/assets/spotmap-cache.tgz"] = archive({record(1): ("theirs", 1)}, hostile)
    done = bring(github, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("::warning::spotmap-cache.tgz was refused, and nothing of it was taken: ")
    assert done.stdout.count("\n") == 1
    assert not {"\r", "\x1b"} & set(done.stdout)
    assert "%0A" not in done.stdout


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
    "content", [b"no archive", archive({record(1): ("x" * 999, 1)})[:60]], ids=["no archive", "cut short"]
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


@pytest.mark.parametrize(
    "answer",
    [b"[]", b"{}", b'{"assets": 1}', b'{"assets": [1, {"name": 1}]}', b"[" * 100_000, b"\xff"],
    ids=["list", "no assets", "a number", "no address", "deep", "no text"],
)
def test_an_answer_of_another_shape_is_told_and_the_build_goes_on(
    github: GitHub, tmp_path: Path, answer: bytes
) -> None:
    github.bodies["/repos/me/map/releases/tags/cache"] = answer
    done = bring(github, tmp_path)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)


def test_the_token_does_not_follow_an_asset_to_another_host(github: GitHub, tmp_path: Path) -> None:
    elsewhere = github.address.replace("127.0.0.1", "localhost") + "/storage"
    assets = [{"name": "spotmap-cache.tgz", "url": elsewhere}]
    github.bodies["/repos/me/map/releases/tags/cache"] = json.dumps({"assets": assets}).encode()
    github.bodies["/storage"] = archive({})
    assert bring(github, tmp_path).returncode == 0
    assert github.asked[-1] == ("localhost", "/storage", False)
