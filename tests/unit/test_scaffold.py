"""``init`` writes a valid folder for a new map and changes nothing that exists."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Any

import pytest
import yaml

from spotmap_build.config import load_config
from spotmap_build.errors import ConfigError, OutputError
from spotmap_build.registry.sources import SOURCES
from spotmap_build.scaffold import Choices, choose, describe_result, make_files, write_files
from spotmap_build.scaffold.action import action_of
from spotmap_build.scaffold.files import WORKFLOW, Completed, ScaffoldResult
from tests.support.command import environment, spotmap
from tests.support.patience import patience

ROOT = Path(__file__).parents[2]
ACTION = "somebody/spotmap-build@v9.8.7"
NAMES = {"spotmap.toml", ".github/workflows/map.yml", ".gitignore", "README.md"}
ODD_TITLES = ['A "b" \\c [d] *e* #f', "二\u2028つ", "'''", "a\nb = 1", "@ACTION@", "\x7f\x1b[2J", ""]


def folder_files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_empty_folder_is_filled_without_a_question(tmp_path: Path) -> None:
    done = spotmap("init", "--yes", cwd=tmp_path)
    assert done.status == 0, done.stderr
    assert folder_files(tmp_path).keys() == NAMES
    assert load_config({}, {}, tmp_path).sources == ("demo",)
    assert "Next: spotmap-build." in done.stdout


@pytest.mark.parametrize("title", ODD_TITLES)
def test_any_title_and_source_are_escaped_in_every_file(tmp_path: Path, title: str) -> None:
    sources = ('folder:my "music"', "spotify")
    made = make_files(Choices(sources, title), ACTION)
    write_files(tmp_path, made)
    config = load_config({}, {}, tmp_path)
    assert config.sources == (f'folder:{tmp_path}/my "music"', "spotify")
    assert config.title.split() == re.sub(r"[\x00-\x1f\x7f\u2028]+", " ", title).split() or not title.isprintable()
    assert made["README.md"].startswith("# ")
    assert made["README.md"].count("\n") == make_files(Choices(("demo",), "x"), ACTION)["README.md"].count("\n")


def test_readme_describes_the_workflow_only_if_there_is_one() -> None:
    with_workflow, without = (make_files(Choices(("demo",), "A", has), ACTION) for has in (True, False))
    assert WORKFLOW in with_workflow["README.md"]
    assert WORKFLOW not in without["README.md"]
    assert "spotmap-build deploy" in without["README.md"]


def test_commented_out_settings_are_valid(tmp_path: Path) -> None:
    text = make_files(Choices(("demo",), "A"), ACTION)["spotmap.toml"]
    (tmp_path / "spotmap.toml").write_text(re.sub(r"(?m)^# (?=\w+ = )", "", text))
    config = load_config({}, {}, tmp_path)
    assert (config.layers, config.audio, config.excerpts) == (("me", "friend"), "auto", 12)
    assert [kind.name for kind in SOURCES if f'"{kind.usage}'.partition(":")[0] not in text] == []


def test_workflow_is_valid_short_and_has_minimal_permissions(tmp_path: Path) -> None:
    text = make_files(Choices(("demo",)), ACTION)[".github/workflows/map.yml"]
    path = tmp_path / "map.yml"
    path.write_text(text)
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert text.count("\n") <= 20
    workflow: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    (step,) = job["steps"]
    assert step["uses"] == ACTION
    assert step["with"].keys() <= yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].keys()


@pytest.mark.parametrize("name", sorted(NAMES - {".gitignore"}))
def test_existing_files_are_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("mine")
    made = write_files(tmp_path, make_files(Choices(("demo",)), ACTION))
    assert (set(made.written), made.kept) == (NAMES - {name}, (name,))
    assert (tmp_path / name).read_text() == "mine"


IGNORED = (".spotmap/", "/site/", "/site.*")


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        (b"mine", b"mine\n.spotmap/\n/site/\n/site.*\n", IGNORED),
        (b"mine\n/site/ \n", b"mine\n/site/ \n.spotmap/\n/site.*\n", (".spotmap/", "/site.*")),
        (b"a\r\nb", b"a\r\nb\r\n.spotmap/\r\n/site/\r\n/site.*\r\n", IGNORED),
        (b"", b".spotmap/\n/site/\n/site.*\n", IGNORED),
        (b"/site.*\n/site/\n.spotmap/", b"/site.*\n/site/\n.spotmap/", ()),
        (b"!/site/\n", b"!/site/\n.spotmap/\n/site/\n/site.*\n", IGNORED),
    ],
)
def test_existing_gitignore_gets_the_missing_lines(
    tmp_path: Path, before: bytes, after: bytes, added: tuple[str, ...]
) -> None:
    (tmp_path / ".gitignore").write_bytes(before)
    choices = Choices(("demo",))
    made = write_files(tmp_path, make_files(choices, ACTION))
    assert (tmp_path / ".gitignore").read_bytes() == after
    assert (made.ignored, made.kept) == (Completed(added), () if added else (".gitignore",))
    lines = [line for line in describe_result(made, choices, ACTION, tmp_path) if ".gitignore" in line]
    assert lines == [f"added to .gitignore: {', '.join(added)}" if added else "unchanged: .gitignore"]


@pytest.mark.parametrize("kind", ["link", "folder", "UTF-16"])
def test_lines_that_cannot_be_added_to_gitignore_are_shown(tmp_path: Path, kind: str) -> None:
    folder, elsewhere = tmp_path / "map", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.write_bytes("mine\n".encode("utf-16"))
    path = folder / ".gitignore"
    if kind == "link":
        path.symlink_to(elsewhere)
    elif kind == "folder":
        path.mkdir()
    else:
        elsewhere.rename(path)
    before = b"" if kind == "folder" else path.read_bytes()
    choices = Choices(("demo",))
    made = write_files(folder, make_files(choices, ACTION))
    assert (made.ignored, made.kept) == (Completed(lacking=IGNORED), (".gitignore",))
    assert kind == "folder" or path.read_bytes() == before
    assert any(line.startswith("Add these lines to .gitignore") for line in describe_result(made, choices, "", folder))


def test_output_of_a_build_is_ignored_by_git(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.pyc")
    assert spotmap("init", "--yes", cwd=tmp_path).status == 0
    for name in (".spotmap/cache/x", "site/index.html", "site.audio.json", "site.report.json", "site.spotify.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for arguments in (["init", "-q"], ["add", "--all"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    tracked = subprocess.run(["git", "ls-files"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert set(tracked.split()) == NAMES


def test_symlinks_are_not_written_through(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "map", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "README.md").symlink_to(elsewhere / "README.md")
    made = write_files(folder, {"README.md": "x"})
    assert made == ScaffoldResult((), ("README.md",))
    (folder / ".github").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="leads out"):
        write_files(folder, {".github/workflows/map.yml": "x"})
    assert list(elsewhere.iterdir()) == []


def test_questions_are_repeated_after_an_invalid_answer() -> None:
    asked: list[str] = []

    def answering(*answers: str) -> Choices:
        left = list(answers)
        asked.clear()

        def ask(question: str) -> str:
            asked.append(question)
            return left.pop(0)

        return choose((), None, None, ask)

    assert answering("\n", "\n", "\n") == Choices(("demo",), "My music", True)
    assert len(asked) == 3
    assert answering("music\n", "~/Music\n", "folder\n", "folder:~/Music\n", " Mine \n", "No\n") == Choices(
        ("folder:~/Music",), "Mine", False
    )
    assert "There is no source 'music'." in asked[1]
    assert "Give it as folder:~/Music." in asked[2]
    assert "Give it as folder:PATH." in asked[3]
    assert choose(("spotify",), "A", True, ask=None) == Choices(("spotify",), "A", True)


@pytest.mark.parametrize("source", ["music", "folder", "folder:", "spotify:x", ""])
def test_invalid_source_is_reported_before_anything_is_written(source: str) -> None:
    with pytest.raises(ConfigError):
        choose((source,), None, None)


def installed(folder: Path, direct_url: str = "", *addresses: str) -> Distribution:
    about = folder / "spotmap_build-9.8.7.dist-info"
    about.mkdir()
    urls = "".join(f"Project-URL: {address}\n" for address in addresses)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: spotmap-build\nVersion: 9.8.7\n{urls}")
    if direct_url:
        (about / "direct_url.json").write_text(direct_url)
    return PathDistribution(about)


COMMIT = "0123456789abcdef0123456789abcdef01234567"
UNKNOWN = "__OWNER__/spotmap-build@v9.8.7"


@pytest.mark.parametrize(
    ("direct_url", "addresses", "action"),
    [
        ("", (), UNKNOWN),
        ("", ("Repository, https://github.com/a/spotmap-build",), "a/spotmap-build@v9.8.7"),
        ("", ("Repository, https://evil.example/github.com/a/b", "Homepage, https://github.com/c/d"), UNKNOWN),
        (
            f'{{"url": "https://github.com/a/b.c.git", "vcs_info": {{"vcs": "git", "commit_id": "{COMMIT}"}}}}',
            ("Repository, https://github.com/c/d",),
            f"a/b.c@{COMMIT} # v9.8.7",
        ),
        ('{"url": "file:///home/me/spotmap-build", "dir_info": {"editable": true}}', (), UNKNOWN),
        ('{"url": "https://github.com/a/b", "vcs_info": {"commit_id": "main # x"}}', (), UNKNOWN),
        ("{", (), UNKNOWN),
    ],
)
def test_workflow_uses_the_version_that_wrote_it(
    tmp_path: Path, direct_url: str, addresses: tuple[str, ...], action: str
) -> None:
    assert action_of(installed(tmp_path, direct_url, *addresses)) == action


def test_sources_that_github_cannot_read_are_reported(tmp_path: Path) -> None:
    made = ScaffoldResult((".github/workflows/map.yml",), ())
    folder = tmp_path / "map"
    (tmp_path / "elsewhere").mkdir()
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    places = ("~/Music", "here", "../music", "here/../also", "../map/here", "link", f"{folder}/there", "~nobody-x/a")
    sources = (*(f"folder:{place}" for place in places), "spotify")
    output = [*describe_result(made, Choices(sources), UNKNOWN, folder)]
    assert [line for line in output if line.startswith("GitHub cannot read")] == [
        f"GitHub cannot read {place}: build on your machine, and publish the folder site."
        for place in ("~/Music", "../music", "link", "~nobody-x/a")
    ]
    assert "replace __OWNER__" in output[1]
    assert "spotmap-build login" in output[-1]


def on_a_terminal(folder: Path, *arguments: str, typed: str) -> str:
    """Run the command on a pseudo-terminal with typed input and return its output."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "spotmap_build", *arguments]
    given = environment({"PYTHONPATH": str(ROOT)})
    with subprocess.Popen(
        command, cwd=folder, env=given, stdin=terminal, stdout=-1, stderr=subprocess.STDOUT
    ) as running:
        os.write(controller, typed.encode())
        output, _ = running.communicate(timeout=patience())
    os.close(controller)
    os.close(terminal)
    return str(output.decode())


def test_command_without_a_source_offers_to_run_init(tmp_path: Path) -> None:
    assert "No source was given." in on_a_terminal(tmp_path, typed="n\n")
    assert not (tmp_path / "spotmap.toml").exists()
    output = on_a_terminal(tmp_path, typed="y\n\nOurs\n\n")
    assert "written: spotmap.toml" in output, output
    assert load_config({}, {}, tmp_path).title == "Ours"
    refused = spotmap(cwd=tmp_path / ".github")
    assert (refused.status, "spotmap-build init" in refused.stderr) == (2, True), "there is no terminal to ask on"
