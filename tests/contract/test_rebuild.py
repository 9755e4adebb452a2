"""The scheduled rebuild: its scripts with the real command, run after run, and how the workflow puts them together."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from spotmap_build.emit.site import served_generation
from tests.fakes.spotify_library import FakeLibrary, numbered_track
from tests.support.command import environment, tree
from tests.support.music import write_library
from tests.support.patience import patience, wait_until
from tests.support.streaming import HASTE, Services, services

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rebuild")]

ROOT = Path(__file__).parents[2]
TRACKS = 5
"""Too few for UMAP, which has nothing to do with what is tested here."""
WORKFLOW: dict[str, Any] = yaml.load((ROOT / ".github/workflows/rebuild.yml").read_text(), Loader=yaml.BaseLoader)
STEPS: dict[str, dict[str, Any]] = {
    step.get("name") or step["uses"].partition("@")[0]: step for step in WORKFLOW["jobs"]["build"]["steps"]
}
BUILD, SAVE, HAND_OVER, VERDICT = "Build the map", "Save it for the next time", "Hand over the site", "Say how it went"


@dataclass(frozen=True, slots=True)
class Run:
    """How one run went: the build's status, whether a site was handed over, how the run ended, and what it showed."""

    status: str
    deploy: str
    ends: int
    printed: str
    page: str


@dataclass
class Checkout:
    """The folder of the runs of one repository. What the workflow's cache brings back (.spotmap, site) stays in it."""

    folder: Path
    variables: Mapping[str, str]
    services: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""

    def start(self) -> subprocess.Popen[str]:
        """Start the step that builds, with the workflow's own command; a variable that nobody has set is empty."""
        for name in ("outputs", "page.md"):
            (self.folder / name).unlink(missing_ok=True)
        command = self.folder / "bin/spotmap-build"
        command.parent.mkdir(exist_ok=True)
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m spotmap_build "$@"\n')
        command.chmod(0o755)
        given = {name: self.variables.get(name, "") for name in STEPS[BUILD]["env"]}
        given["SPOTMAP_SPOTIFY_LOGIN"] = self.secret
        return subprocess.Popen(
            ["bash", "-e", "-c", in_this_folder(STEPS[BUILD]["run"])],
            cwd=self.folder,
            env=self.environment({**self.services, **given}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def rebuild(self) -> Run:
        """Build, then say how it went, as the two steps do. Whatever happens, the login is nowhere to be read."""
        with self.start() as building:
            built, _ = building.communicate(timeout=patience(300))
        assert building.returncode == 0, built
        outputs = dict(line.split("=") for line in (self.folder / "outputs").read_text().splitlines())
        said = subprocess.run(
            ["bash", "-e", "-c", in_this_folder(STEPS[VERDICT]["run"])],
            cwd=self.folder,
            env=self.environment({"STATUS": outputs["status"]}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=patience(),
            check=False,
        )
        page = (self.folder / "page.md").read_text()
        assert not self.secret or self.secret not in built + said.stdout + page
        return Run(outputs["status"], outputs["deploy"], said.returncode, built + said.stdout, page)

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        files = {"GITHUB_OUTPUT": str(self.folder / "outputs"), "GITHUB_STEP_SUMMARY": str(self.folder / "page.md")}
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return environment({**files, "PATH": path, "PYTHONPATH": str(ROOT), **more})

    @property
    def site(self) -> dict[str, bytes]:
        """What would be published."""
        return tree(self.folder / "site")

    @property
    def count(self) -> int:
        """Tracks on the map that the page names, beside which the one before lies for a while."""
        site = self.folder / "site"
        count: int = json.loads((site / "data" / served_generation(site) / "map.json").read_text())["count"]
        return count

    @property
    def embedded(self) -> list[Path]:
        """The records of what was listened to."""
        return list(self.folder.glob(".spotmap/cache/ac/embed-v*/*/*.json"))


def in_this_folder(command: str) -> str:
    """A step's command, ``bash scripts/ci/NAME``, with the script of this project."""
    assert command.startswith("bash scripts/ci/")
    return command.replace("scripts/ci/", f"'{ROOT}'/scripts/ci/")


@pytest.fixture(scope="module")
def first_of_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, Run]:
    """Somebody's library is a folder of tunes: the first run. Not to be changed."""
    folder = tmp_path_factory.mktemp("folder")
    write_library(folder / "tunes", TRACKS)
    variables = {"SPOTMAP_SOURCES": "folder:tunes", "SPOTMAP_TITLE": "Their map", "SPOTMAP_EMBEDDER": "musicnn"}
    checkout = Checkout(folder, variables)
    return checkout, checkout.rebuild()


@pytest.fixture
def of_folder(first_of_folder: tuple[Checkout, Run], tmp_path: Path) -> Checkout:
    """A copy of that, free to be changed."""
    first, _ = first_of_folder
    shutil.copytree(first.folder, tmp_path / "copy", symlinks=True)
    return Checkout(tmp_path / "copy", first.variables)


def test_a_map_is_published_and_the_next_run_has_nothing_to_do(
    first_of_folder: tuple[Checkout, Run], of_folder: Checkout
) -> None:
    first, run = first_of_folder
    assert (run.status, run.deploy, run.ends) == ("0", "true", 0), run.printed
    assert "Their map" in run.page
    assert {"index.html", "spotmap-site.json"} <= set(first.site)

    second = of_folder.rebuild()
    assert (second.status, second.deploy, second.ends) == ("0", "true", 0), second.printed
    assert "The site is unchanged." in second.page
    assert of_folder.site == first.site


def test_a_build_that_fails_leaves_what_is_published_and_keeps_the_cache(of_folder: Checkout) -> None:
    published, variables = of_folder.site, of_folder.variables
    of_folder.variables = {"SPOTMAP_SOURCES": "folder:absent"}
    failed = of_folder.rebuild()
    assert (failed.deploy, failed.ends) == ("false", 1)
    assert "absent" in failed.page
    assert of_folder.site == published
    of_folder.variables = variables
    assert "The site is unchanged." in of_folder.rebuild().page


def test_a_run_that_is_cancelled_keeps_what_was_heard_and_publishes_nothing(tmp_path: Path) -> None:
    write_library(tmp_path / "tunes", 12)
    checkout = Checkout(tmp_path, {"SPOTMAP_SOURCES": "folder:tunes", "SPOTMAP_EMBEDDER": "musicnn"})
    with checkout.start() as building:
        wait_until(lambda: checkout.embedded or building.poll() is not None, "something was listened to")
        os.killpg(building.pid, signal.SIGINT)
        building.communicate(timeout=patience())
    assert checkout.embedded
    assert not (tmp_path / "site").exists()
    outputs = tmp_path / "outputs"
    assert not outputs.exists() or "deploy=true" not in outputs.read_text()


def test_a_run_that_is_told_of_no_source_is_red_and_says_so(tmp_path: Path) -> None:
    run = Checkout(tmp_path, {}).rebuild()
    assert (run.status, run.deploy, run.ends) == ("2", "false", 1)
    assert "status 2" in run.page
    assert "status 2" in run.printed


@dataclass
class Person:
    """Somebody's repository whose library is on Spotify, and the services as it meets them."""

    checkout: Checkout
    running: Services

    @classmethod
    def with_services(cls, running: Services) -> Person:
        given = dict(running.environment)
        secret = given.pop("SPOTMAP_SPOTIFY_LOGIN")
        variables = {"SPOTMAP_SOURCES": "spotify", "SPOTMAP_EMBEDDER": "musicnn"}
        return cls(Checkout(running.folder, variables, given | HASTE, secret), running)


def saved_tracks() -> FakeLibrary:
    return FakeLibrary.with_numbers(TRACKS, 1)


@pytest.fixture(scope="module")
def first_of_person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """The first run of somebody whose library is on Spotify. Not to be changed."""
    with services(saved_tracks(), tmp_path_factory.mktemp("spotify")) as running:
        person = Person.with_services(running)
        run = person.checkout.rebuild()
        assert (run.status, run.deploy, run.ends) == ("0", "true", 0), run.printed
        assert person.checkout.count == len(running.audio.given) == TRACKS
        return person


@pytest.fixture
def person(first_of_person: Person, tmp_path: Path) -> Iterator[Person]:
    """A copy of that, free to be changed, with services of its own."""
    shutil.copytree(first_of_person.checkout.folder, tmp_path / "copy", symlinks=True)
    with services(saved_tracks(), tmp_path / "copy") as running:
        yield Person.with_services(running)


def test_a_second_run_with_nothing_new_listens_to_nothing(person: Person) -> None:
    published = person.checkout.site
    run = person.checkout.rebuild()
    assert (run.status, run.deploy, run.ends) == ("0", "true", 0), run.printed
    assert person.checkout.site == published
    assert person.running.audio.asked == []


def test_while_youtube_refuses_the_map_is_made_of_what_was_heard(person: Person) -> None:
    person.running.audio.bot_check_after = 0
    person.running.add(numbered_track(TRACKS))
    run = person.checkout.rebuild()
    assert (run.status, run.deploy, run.ends) == ("0", "true", 0), run.printed
    assert f"**{TRACKS} of {TRACKS + 1}** tracks" in run.page
    assert person.checkout.count == TRACKS


def test_a_first_run_that_youtube_refuses_publishes_nothing_and_says_so(tmp_path: Path) -> None:
    with services(saved_tracks(), tmp_path) as running:
        running.audio.bot_check_after = 0
        run = Person.with_services(running).checkout.rebuild()
    assert run.deploy == "false"
    assert run.ends != 0
    assert "Nothing was published" in run.page
    assert not (tmp_path / "site").exists()


def test_an_ended_login_makes_the_run_red_and_the_map_stays(person: Person) -> None:
    published = person.checkout.site
    person.running.spotify.revoke()
    run = person.checkout.rebuild()
    assert (run.status, run.deploy, run.ends) == ("4", "true", 4), run.printed
    assert "::error::Spotify wants you to log in again" in run.printed
    assert "log in" in run.page.lower()
    assert person.checkout.site == published


def test_the_workflow_keeps_what_was_done_whatever_happens_and_publishes_before_it_ends_red() -> None:
    restore = next(step for step in STEPS.values() if step.get("uses", "").startswith("actions/cache/restore@"))
    assert STEPS[SAVE]["if"] == "always()"
    assert STEPS[SAVE]["with"].items() <= restore["with"].items()
    assert restore["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert restore["with"]["path"].split() == [".spotmap/cache", "site"]
    assert STEPS[HAND_OVER]["if"] == "steps.build.outputs.deploy == 'true'"
    assert STEPS[HAND_OVER]["with"]["path"] == "site"
    assert [name for name in STEPS if name in {BUILD, SAVE, HAND_OVER, VERDICT}] == [BUILD, SAVE, HAND_OVER, VERDICT]
    assert STEPS[BUILD]["id"] == "build"
    assert STEPS[VERDICT]["env"] == {"STATUS": "${{ steps.build.outputs.status }}"}
    assert float(STEPS[BUILD]["timeout-minutes"]) < float(WORKFLOW["jobs"]["build"]["timeout-minutes"])


def test_the_workflow_deploys_a_site_that_was_handed_over_also_from_a_red_run() -> None:
    build, deploy = WORKFLOW["jobs"]["build"], WORKFLOW["jobs"]["deploy"]
    assert build["outputs"] == {"deploy": "${{ steps.build.outputs.deploy }}"}
    assert deploy["needs"] == "build"
    assert deploy["if"] == "${{ !cancelled() && needs.build.outputs.deploy == 'true' }}"
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}


DEFAULTS = {"SPOTMAP_AUDIO": " || 'previews'", "SPOTMAP_TIME_LIMIT": "4h 30m"}
"""YouTube refuses hosted runners; a build ends by itself before its step is ended."""


def test_the_workflow_gives_the_build_the_repositorys_settings_and_runs_on_schedule_only_where_there_are_some() -> None:
    for name, value in STEPS[BUILD]["env"].items():
        kept_in = "secrets" if name == "SPOTMAP_SPOTIFY_LOGIN" else "vars"
        default = DEFAULTS.get(name, "")
        assert value in (f"${{{{ {kept_in}.{name}{default} }}}}", default)
    started = "github.event_name == 'workflow_dispatch' || vars.SPOTMAP_SOURCES != ''"
    assert WORKFLOW["jobs"]["build"]["if"] == started
