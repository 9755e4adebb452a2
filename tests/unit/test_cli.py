"""The command line: help of every command and option, exit statuses and error messages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from spotmap_build import cli, doctor
from spotmap_build.cli import main
from spotmap_build.cli_options import OTHER_OPTIONS, USED
from spotmap_build.config import Config
from spotmap_build.config_values import parse_size
from spotmap_build.settings import SETTINGS
from tests.support.command import Outcome, environment
from tests.support.patience import patience


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")


@pytest.mark.parametrize(("name", "command"), list(commands(main)), ids=[name for name, _ in commands(main)])
def test_every_command_and_option_has_help(name: str, command: click.Command) -> None:
    assert command.help
    assert command.help.count(".") >= 1, name
    for parameter in command.get_params(click.Context(command)):
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.name}"


def test_every_build_setting_is_an_option_or_only_in_files() -> None:
    build = main.commands["build"]
    options = {parameter.name for parameter in build.get_params(click.Context(build))}
    not_options = {"models_dir", "token_file", "searches_per_s", "previews_per_s", "download_pause_s"}
    named = {setting.name for setting in SETTINGS if setting.table == "build" and not setting.secret}
    assert named - not_options <= options


def test_commands_list_only_options_that_affect_them_but_accept_those_of_a_build() -> None:
    names = {setting.name for setting in SETTINGS if setting.option}
    assert all(names.issuperset(used) for used in USED.values())
    for name in filter(None, USED):
        command = main.commands[name]
        options = {option.name: option for option in command.get_params(click.Context(command))}
        assert "poster" in options, name
        help_text = command.get_help(click.Context(command))
        assert "--source" in help_text, name
        assert "--poster" not in help_text, name
        assert OTHER_OPTIONS in help_text, name
    build = main.commands["build"]
    assert OTHER_OPTIONS not in build.get_help(click.Context(build))


def test_readme_names_every_command() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for name in main.commands:
        assert f"`{name}" in readme or f"spotmap-build {name}" in readme or name == "build", name


@pytest.mark.parametrize(
    ("text", "size_bytes"), [("500M", 500_000_000), ("2G", 2_000_000_000), ("1.5GB", 1_500_000_000), ("10", 10)]
)
def test_sizes_are_parsed(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "big", "G", "1X"])
def test_invalid_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spotmap_build", *arguments],
        cwd=folder,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=patience(),
        check=False,
    )


@pytest.fixture
def run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Return a function that runs a command in ``tmp_path`` within this process."""
    for name in set(os.environ) - set(environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["spotmap-build", *arguments])
        on_sigterm = signal.getsignal(signal.SIGTERM)
        try:
            cli.run()
        except SystemExit as stop:
            return Outcome(int(stop.code or 0), *capsys.readouterr())
        finally:
            signal.signal(signal.SIGTERM, on_sigterm)
        return Outcome(0, *capsys.readouterr())

    return call


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "No source was given"),
        (("--source", "folder:absent"), 2, "absent does not exist"),
        (("--source", "folder:file"), 2, "is a file, not a folder"),
        (("--source", "folder"), 2, "needs a path"),
        (("--source", "demo:x"), 2, "takes no path"),
        (("--source", "~/Music"), 2, "folder:~/Music"),
        (("--source", "file"), 2, "folder:file"),
        (("--source", "napster:~/Music"), 2, "no source 'napster'"),
        (("--source", r"C:\Users\me\Music"), 2, r"folder:C:\Users\me\Music"),
        (("--source", "napster"), 2, "no source 'napster'"),
        (("--source", "Music/Library.xml"), 2, "Give it as table:Music/Library.xml."),
        (("--source", "~/my_spotify_data.zip"), 2, "Give it as takeout:~/my_spotify_data.zip."),
        (("--source", "Folder:~/Music"), 2, "Did you mean folder:PATH?"),
        (("--source", "playlist:list.m3u"), 2, "a playlist, a table"),
        (("--source", "https://open.spotify.com/playlist/x"), 2, "is a web address"),
        (("--source", "table:absent.csv"), 2, "absent.csv does not exist"),
        (("--embedder", "ears"), 2, "'ears'"),
        (("--nonsense",), 2, "--nonsense"),
        (("biuld",), 2, "No such command"),
        (("~/Music",), 2, "give it as --source folder:~/Music"),
        (("file",), 2, "give it as --source folder:file"),
        (("Music/list.m3u",), 2, "give it as --source table:Music/list.m3u"),
        (("--config", "absent.toml"), 2, "absent.toml"),
        (("--source", "demo", "--cache-dir", "file/cache"), 5, "cache"),
        (("cache", "stats", "--cache-dir", "nowhere"), 5, "nowhere"),
        (("cache", "merge", "nowhere"), 5, "nowhere"),
        (("preview", "nowhere"), 2, "nowhere"),
    ],
)
def test_error_has_a_message_and_an_exit_status(
    tmp_path: Path, run_here: Callable[..., Outcome], arguments: tuple[str, ...], status: int, words: str
) -> None:
    (tmp_path / "file").write_text("")
    done = run_here(*arguments)
    assert done.status == status, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("arguments", [("export", "--out", "x.csv"), ("card", "x.json"), ("playlists", "lists")])
def test_a_map_is_needed_before_it_can_be_exported(
    tmp_path: Path, run_here: Callable[..., Outcome], arguments: tuple[str, ...]
) -> None:
    (tmp_path / "tracks.csv").write_text("title,artists\nA,B\n")
    done = run_here(*arguments, "--source", "table:tracks.csv")
    assert done.status == 2, done.stderr
    assert "No track of this library has been analyzed yet.\nBuild the map first" in done.stderr


@pytest.mark.parametrize(
    ("key", "is_told"), [("A", True), ("https://open.spotify.com/track/x", True), ("table:gone", False)]
)
def test_choice_for_something_that_is_no_id_of_a_track_is_reported(
    tmp_path: Path, run_here: Callable[..., Outcome], key: str, is_told: bool
) -> None:
    (tmp_path / "tracks.csv").write_text("id,title\n7,A\n")
    (tmp_path / "overrides.toml").write_text(f'[track."7"]\nexclude = true\n[track."{key}"]\nexclude = true\n')
    done = run_here("match", "--offline", "--source", "table:tracks.csv")
    assert done.status == 0, done.stderr
    assert (f"overrides.toml: '{key}' is not the id of a track" in done.stderr) is is_told
    assert "'7'" not in done.stderr


WITH_A_BUG = """
from spotmap_build import cli
def main(**_):
    raise KeyError("style.css")
cli.main = main
cli.run()
"""


def test_bug_ends_with_where_it_is_and_what_to_do() -> None:
    done = subprocess.run([sys.executable, "-c", WITH_A_BUG], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2:] == [
        "error: spotmap-build failed unexpectedly, KeyError: 'style.css'.",
        "This is a bug; report it, with the lines above in the terminal.",
    ]


def test_help_after_a_build_option_is_that_of_build(run_here: Callable[..., Outcome]) -> None:
    done = run_here("--source", "demo", "--help")
    assert done.status == 0
    assert "--max-failures" in done.stdout


def test_folder_without_audio_is_reported(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    done = run(tmp_path, "--source", "folder:music")
    assert done.returncode == 2
    assert "contains no audio file" in done.stderr


@pytest.mark.parametrize(
    ("config", "module", "level", "detail"),
    [
        (Config(), "onnxruntime", "ok", "onnxruntime "),
        (Config(), "essentia", "ok", "Essentia "),
        (Config(engine="onnx"), "onnxruntime", "ok", "onnxruntime "),
        (Config(engine="essentia"), "", "error", "Essentia not installed"),
        (Config(), "", "error", "onnxruntime not installed"),
    ],
)
def test_doctor_reports_the_engine_in_use(
    monkeypatch: pytest.MonkeyPatch, config: Config, module: str, level: str, detail: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name == module else None)
    monkeypatch.setattr(doctor, "version", lambda name: "1.0")
    found = doctor._engine(config)
    assert (found.level, found.detail.startswith(detail)) == (level, True)


def test_doctor_checks_everything_a_build_needs(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", SPOTMAP_MODELS_DIR=str(tmp_path / "models"))
    for name in (
        "Python",
        "onnxruntime",
        "Numba",
        "HDBSCAN",
        "JavaScript",
        "Spotify login",
        "Weights",
        "Cache",
        "Disk",
    ):
        assert name in done.stdout
    assert "--embedder musicnn" in done.stdout
    assert not (tmp_path / ".spotmap").exists()


HOSTILE_NAME = "a\n::error::b\x1b]0;t\x07##[error]c\udcff"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--source", f"folder:{HOSTILE_NAME}"),
        ("--source", f"table:{HOSTILE_NAME}"),
        ("--source", HOSTILE_NAME),
        ("--source", "demo", "--out", f"file/{HOSTILE_NAME}"),
        ("--source", "demo", "--as", HOSTILE_NAME),
        ("--source", "demo", "--title", HOSTILE_NAME),
        ("--source", "demo", "--anchor", HOSTILE_NAME),
        ("--config", HOSTILE_NAME),
        ("preview", HOSTILE_NAME),
        ("review", "--report", HOSTILE_NAME),
        ("cache", "stats", "--cache-dir", HOSTILE_NAME),
        ("cache", "merge", HOSTILE_NAME),
        ("cache", "prune", "--cache-dir", HOSTILE_NAME, "--max-age-days", "1"),
    ],
)
def test_names_in_errors_cannot_inject_terminal_or_workflow_commands(
    tmp_path: Path, run_here: Callable[..., Outcome], arguments: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("")
    done = run_here(*arguments)
    assert done.status in {2, 5}
    output = done.stderr + done.stdout
    assert "Traceback" not in output
    assert "\x1b" not in output
    assert not [line for line in output.splitlines() if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_doctor_accepts_any_name(tmp_path: Path, form: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")
    places = {"SPOTMAP_CACHE_DIR": "file/x", "SPOTMAP_OUT": f"x/{HOSTILE_NAME}", "SPOTMAP_MODELS_DIR": str(tmp_path)}
    done = run(tmp_path, "doctor", *form, **places)
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
    assert "\x1b" not in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    if form:
        detail = next(finding["detail"] for finding in json.loads(done.stdout) if finding["name"] == "Output")
        assert HOSTILE_NAME.replace("\udcff", "\ufffd") in detail


@pytest.mark.parametrize("arguments", [("--source", "demo"), ("doctor",), ("cache", "stats"), ("review",), ("plan",)])
def test_missing_working_folder_is_reported(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = "import os, sys; os.rmdir(os.getcwd()); from spotmap_build.cli import run; run()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *arguments],
        cwd=gone,
        env=environment({"PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))}),
        capture_output=True,
        text=True,
        timeout=patience(),
        check=False,
    )
    assert done.returncode == 2
    assert "The working folder cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_imports_no_unneeded_modules() -> None:
    unneeded = {"email", "importlib.metadata", "json", "orjson", "msgspec", "numpy", "requests", "rich", "tomllib"}
    unneeded |= {"dataclasses", "spotmap_build.config", "spotmap_build.settings"}
    unneeded |= {"av", "essentia", "onnxruntime", "umap", "hdbscan", "mutagen"}
    program = f"""
import sys
from spotmap_build.cli import main
main(["--help"], standalone_mode=False)
sys.exit(repr({unneeded!r} & sys.modules.keys()))
"""
    # Coverage measurement would import some of them.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run([sys.executable, "-c", program], env=bare, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "set()"
