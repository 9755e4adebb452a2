"""The scripts of the GitHub action: whether a site is deployed, the job's exit status, and pulling a store."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.patience import patience

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts/ci"
NO_MAP = "error: There is no map at "
SITE = ("index.html", "spotmap-site.json")


def run_script(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(SCRIPTS / name)],
        cwd=folder,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=patience(),
        check=False,
    )


def build(folder: Path, status: int, *, summary: str = "", log: str = "it says why\n", **given: str) -> dict[str, str]:
    """Run build.sh with a stub for spotmap-build and return its outputs, with its log as ``log`` and its page as
    ``page``."""
    stub = folder / "bin/spotmap-build"
    stub.parent.mkdir(exist_ok=True)
    (folder / "log").write_bytes(log.encode())
    stub.write_text(
        '#!/bin/bash\necho "anchor: $SPOTMAP_ANCHOR"\ncat log >&2\n'
        f"printf '%s' '{summary}' >\"${{@: -1}}\"\nexit {status}\n"
    )
    stub.chmod(0o755)
    files = {"GITHUB_OUTPUT": str(folder / "outputs"), "GITHUB_STEP_SUMMARY": str(folder / "page")}
    done = run_script("build.sh", folder, **files, **given)
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
def test_site_is_deployed_only_if_the_build_made_one(tmp_path: Path, status: int, has_site: bool, deploy: str) -> None:
    if has_site:
        (tmp_path / "site").mkdir()
        for name in SITE:
            (tmp_path / "site" / name).touch()
    outputs = build(tmp_path, status)
    assert (outputs["status"], outputs["deploy"]) == (str(status), deploy)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"GITHUB_REPOSITORY": "Me/map"}, "https://Me.github.io/map/"),
        ({"GITHUB_REPOSITORY": "Me/me.github.io"}, "https://Me.github.io/"),
        ({"GITHUB_REPOSITORY": "Me/map", "SITE_URL": "https://map.example"}, "https://map.example/"),
        ({}, ""),
    ],
)
@pytest.mark.parametrize(
    ("status", "log"),
    [
        (0, ""),
        (2, f"{NO_MAP}https://a/ that can be continued (b).\nGive the folder.\n"),
        (2, "error: The disk is full.\nMake room.\n"),
        (
            2,
            "a title of lines\nerror: There is no map at all\nin it\nerror: No source was given.\nGive one.\n",
        ),
        (6, "error: The map at https://a/ cannot be reached (b).\nTry again later.\n"),
    ],
)
def test_map_missing_from_the_cache_is_continued_from_its_published_site(
    tmp_path: Path, given: dict[str, str], asked: str, status: int, log: str
) -> None:
    (tmp_path / "bin").mkdir()
    curl = tmp_path / "bin/curl"
    curl.write_text('#!/bin/bash\necho "${@: -1}" >asked\n[ "${@: -1}" != /spotmap-site.json ]\n')
    curl.chmod(0o755)
    built = build(tmp_path, status, log=log, **given)
    assert (tmp_path / "asked").read_text() == f"{asked or '/'}spotmap-site.json\n"
    anchors = [line.removeprefix("anchor: ") for line in built["log"].splitlines() if line.startswith("anchor: ")]
    if not asked:
        assert anchors == [""]
    else:
        assert anchors == [given.get("SITE_URL", asked), *([""] if log.startswith(NO_MAP) else [])]


@pytest.mark.parametrize("missing", SITE)
def test_incomplete_site_is_not_deployed(tmp_path: Path, missing: str) -> None:
    (tmp_path / "site").mkdir()
    for name in set(SITE) - {missing}:
        (tmp_path / "site" / name).touch()
    assert build(tmp_path, 0)["deploy"] == "false"


def test_summary_of_the_build_is_on_the_page(tmp_path: Path) -> None:
    assert build(tmp_path, 0, summary="## My map\n")["page"] == "## My map\n"


def test_build_without_a_summary_shows_the_end_of_its_log_on_the_page(tmp_path: Path) -> None:
    built = build(tmp_path, 2)
    assert "status 2" in built["page"]
    assert "    it says why\n" in built["page"]
    assert "\nit says why\n" in built["log"]


def commands(log: str) -> list[str]:
    """Return the workflow commands that a runner would execute, honoring stop-commands."""
    found: list[str] = []
    token = ""
    for line in map(str.lstrip, re.split(r"[\r\n]", log)):
        if token:
            token = "" if line.rstrip() == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::").rstrip()
        elif line.startswith(("::", "##[")):
            found.append(line)
    return [*found, "never resumed"] if token else found


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
def test_output_of_a_build_is_never_a_workflow_command(tmp_path: Path, log: str) -> None:
    printed = build(tmp_path, 0, log=log)["log"]
    assert commands(printed + "\n::notice::of a later step\n") == ["::notice::of a later step"]
    assert log.replace("\r", "\n") in printed.replace("\r", "\n")


def test_token_that_resumes_commands_is_unpredictable(tmp_path: Path) -> None:
    tokens = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        printed = build(tmp_path / name, 0)["log"]
        tokens.add(printed.splitlines()[0].removeprefix("::stop-commands::"))
    assert len(tokens) == 2
    assert min(map(len, tokens)) >= 32


def test_log_on_the_page_stays_within_its_code_block(tmp_path: Path) -> None:
    page = build(tmp_path, 2, log=f"first\n{'x' * 200_000}\n\x1b[2Ja\r# Heading\rb\x00\x0b\x0c\n<b>\n")["page"]
    heading, _, rest = page.partition("status 2:\n\n")
    assert heading.startswith("## No new map")
    assert re.split(r"[\r\n]", rest)[-3:] == ["     [2Ja # Heading b   ", "    <b>", ""]
    assert all(line.startswith("    ") for line in rest.splitlines())
    assert len(page) < 20_000


@pytest.mark.parametrize(
    ("status", "exit_status", "output"),
    [
        ("0", 0, ""),
        ("3", 0, "::warning::The map was published"),
        ("4", 4, "login --print-ci-secret"),
        ("6", 6, "::error::A service"),
        ("2", 1, "status 2"),
        ("", 1, "unknown"),
    ],
)
def test_exit_status_of_the_job_follows_the_build(tmp_path: Path, status: str, exit_status: int, output: str) -> None:
    done = run_script("verdict.sh", tmp_path, STATUS=status)
    assert done.returncode == exit_status
    assert output in done.stdout
    assert done.stdout.count("\n") == (1 if output else 0)


def pull(folder: Path, status: int = 0, log: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pull.sh with a stub for spotmap-build that records its arguments."""
    stub = folder / "bin/spotmap-build"
    stub.parent.mkdir()
    (folder / "log").write_text(log)
    stub.write_text(f'#!/bin/bash\necho "$@" >args\nenv >env\ncat log\nexit {status}\n')
    stub.chmod(0o755)
    done = run_script("pull.sh", folder, STORE="branch:kept", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "args").read_text() == "store pull branch:kept --cache-dir .spotmap/cache\n"
    return done


def test_unavailable_store_is_a_warning_and_the_build_continues(tmp_path: Path) -> None:
    done = pull(tmp_path, 6, log="error: ::error::x\n::error::y\n")
    assert commands(done.stdout) == [
        line for line in done.stdout.splitlines() if line.startswith("::warning::Results that")
    ]


def test_pulled_store_causes_no_warning(tmp_path: Path) -> None:
    assert "warning" not in pull(tmp_path).stdout


def test_git_sends_the_token_only_to_the_github_server(tmp_path: Path) -> None:
    done = pull(tmp_path, GITHUB_TOKEN="geheim", GITHUB_SERVER_URL="https://github.example")
    given = dict(line.partition("=")[::2] for line in (tmp_path / "env").read_text().splitlines())
    ask = ["git", "config", "--get-urlmatch", "http.extraheader"]
    asked = {
        url: subprocess.run([*ask, url], env=given, capture_output=True, text=True, check=False).stdout.strip()
        for url in (
            "https://github.example/me/map",
            "https://github.example.org/me/map",
            "http://github.example/me/map",
        )
    }
    login = base64.b64encode(b"x-access-token:geheim").decode()
    assert list(asked.values()) == [f"AUTHORIZATION: basic {login}", "", ""]
    assert "GITHUB_TOKEN" not in given
    assert "geheim" not in done.stdout
