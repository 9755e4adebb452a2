"""Run the steps of ``action.yml`` against fake services, from an empty repository to a published map."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.spotify_library import FakeLibrary, numbered_track
from tests.support.actions import ACTION, BUILD, Repository, Run
from tests.support.command import Outcome, spotmap, tree
from tests.support.music import write_library
from tests.support.patience import patience, wait_until
from tests.support.site import published_document
from tests.support.streaming import UNTHROTTLED, Services, services

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("action")]

TRACKS = 5
"""Too few for UMAP, whose layout these tests do not need."""
STEPS: dict[str, dict[str, Any]] = {
    step.get("name") or step["uses"].partition("@")[0]: step for step in ACTION["runs"]["steps"]
}
SAVE, UPLOAD = "Save the cache and the site", "Upload the site"
PUBLISH, VERDICT = "Publish the site", "Report the result"
BRANCH = "spotmap-store"


def git(folder: Path, *arguments: object) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path) -> None:
    """Commit all files of a folder and push them to ``main``."""
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "snapshot")
    git(folder, "push", "-q", "origin", "HEAD:main")


def create_repository(folder: Path) -> Path:
    """Create an empty repository and its clone in ``folder``, and return the clone."""
    home = folder / "home"
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", folder / "origin.git"], check=True)
    subprocess.run(["git", "clone", "-q", folder / "origin.git", home], check=True, capture_output=True)
    return home


@dataclass
class Person:
    """A user with a Spotify library: the folder at home, the repository, and the services."""

    repository: Repository
    running: Services
    first: Run | None = None

    @classmethod
    def at(cls, folder: Path, running: Services) -> Person:
        variables = dict(running.environment)
        del variables["SPOTMAP_AUDIO"]
        login = variables.pop("SPOTMAP_SPOTIFY_LOGIN")
        return cls(Repository(folder, {"spotify-login": login}, variables | UNTHROTTLED), running)

    @property
    def home(self) -> Path:
        return self.repository.folder / "home"

    def block_youtube(self) -> None:
        """Make YouTube refuse all downloads, and clear the recorded requests."""
        for recorded in (self.running.audio.requests, self.running.audio.served, self.running.music.requests):
            recorded.clear()
        self.running.audio.bot_check_after = 0

    def at_home(self, *arguments: str) -> Outcome:
        done = spotmap(*arguments, cwd=self.home, extra={**self.running.environment, **UNTHROTTLED})
        assert done.status == 0, done.stderr
        return done


def saved_tracks() -> FakeLibrary:
    return FakeLibrary.with_numbers(TRACKS, 1)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """A map that was built at home, pushed to the store and published by a first run. Read-only."""
    folder = tmp_path_factory.mktemp("github")
    home = create_repository(folder)
    with services(saved_tracks(), folder) as running:
        person = Person.at(folder, running)
        person.at_home("init", "--yes", "--source", "spotify", "--title", "Their map")
        with (home / "spotmap.toml").open("a") as settings:
            settings.write('embedder = "musicnn"\n')
        commit(home)
        person.at_home("build")
        assert len(running.audio.served) == TRACKS
        person.at_home("store", "push")
        assert not git(home, "status", "--porcelain"), "git ignores the files that a build creates"
        person.block_youtube()
        person.repository.has_interpreter = True
        return replace(person, first=person.repository.run())


@pytest.fixture
def person(published: Person, tmp_path: Path) -> Iterator[Person]:
    """A modifiable copy of ``published`` with its own services."""
    folder = tmp_path / "copy"
    shutil.copytree(published.repository.folder, folder, symlinks=True)
    git(folder / "home", "remote", "set-url", "origin", folder / "origin.git")
    with services(saved_tracks(), folder) as running:
        yield Person.at(folder, running)


def site(repository: Repository) -> dict[str, bytes]:
    return tree(repository.pages)


def result_of(run: Run) -> tuple[str, str, int]:
    return run.status, run.deploy, run.exit_status


SUCCESS = ("0", "true", 0)


class FailingHost(SimpleHTTPRequestHandler):
    """A host that fails for all files except the first one that a build requests."""

    def do_GET(self) -> None:
        if self.path.endswith("/spotmap-site.json"):
            super().do_GET()
        else:
            self.send_error(503)


@contextmanager
def published_at(
    person: Person, folder: Path, handler: type[SimpleHTTPRequestHandler] = SimpleHTTPRequestHandler
) -> Iterator[None]:
    """Serve a folder at the URL where the person's map is published."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as pages:
        threading.Thread(target=pages.serve_forever, args=(0.02,), daemon=True).start()
        person.repository.inputs = {**person.repository.inputs, "site-url": f"http://127.0.0.1:{pages.server_port}/"}
        yield
        pages.shutdown()


def test_first_run_uses_the_store_instead_of_youtube(published: Person) -> None:
    run = published.first
    assert run is not None
    assert result_of(run) == SUCCESS, run.output
    assert "results were added from the branch spotmap-store; 0 were already here." in run.output
    assert "Their map" in run.summary
    assert f"**{TRACKS} of {TRACKS}** tracks" in run.summary
    assert "The map changed last on " in run.summary
    assert published_document(published.repository.pages)["count"] == TRACKS
    assert site(published.repository) == tree(published.home / "site"), "identical results make an identical site"
    assert published.running.audio.requests == published.running.music.requests == []


def test_second_run_without_changes_sends_no_requests_and_keeps_the_site(person: Person) -> None:
    before = site(person.repository)
    run = person.repository.run()
    assert result_of(run) == SUCCESS, run.output
    assert "The site is unchanged." in run.summary
    assert site(person.repository) == before
    assert person.running.audio.requests == person.running.music.requests == []


def test_run_without_cache_continues_the_published_map_from_the_store(person: Person) -> None:
    before = published_document(person.repository.pages)
    shutil.rmtree(person.repository.cache)
    with published_at(person, person.repository.pages):
        run = person.repository.run()
    assert result_of(run) == SUCCESS, run.output
    after = published_document(person.repository.pages)
    assert after["count"] == TRACKS
    for axis in ("x", "y"):  # published positions are integers, so a position fitted to them may differ by one
        assert after[axis] == pytest.approx(before[axis], abs=1)
    assert person.running.audio.requests == []


def test_run_builds_a_new_map_if_the_published_page_is_not_a_map(person: Person, tmp_path: Path) -> None:
    shutil.rmtree(person.repository.cache)
    (tmp_path / "page").mkdir()
    (tmp_path / "page/spotmap-site.json").write_text("another's")
    with published_at(person, tmp_path / "page"):
        run = person.repository.run()
    assert result_of(run) == SUCCESS, run.output
    before, _, after = run.output.partition("error: There is no map at ")
    assert ("fetch" in before, "fetch" in after) == (False, True), "the error is found before any analysis"
    assert published_document(person.repository.pages)["count"] == TRACKS


def test_unreachable_published_map_is_not_replaced_by_a_new_layout(
    person: Person,
) -> None:
    before = site(person.repository)
    shutil.rmtree(person.repository.cache)
    with published_at(person, person.repository.pages, FailingHost):
        run = person.repository.run()
    assert (run.status, run.deploy, run.exit_status) == ("6", "false", 6), run.output
    assert "cannot be reached" in run.summary
    assert "status 503" in run.summary
    assert run.output.count("error: ") == 1
    assert site(person.repository) == before


def test_while_youtube_refuses_the_map_contains_the_analyzed_tracks(person: Person) -> None:
    person.running.add(numbered_track(TRACKS))
    person.at_home("build")
    person.block_youtube()
    person.repository.inputs = {**person.repository.inputs, "audio": "youtube"}
    run = person.repository.run()
    assert result_of(run) == SUCCESS, run.output
    assert f"**{TRACKS} of {TRACKS + 1}** tracks" in run.summary
    assert "waiting until the service accepts requests again" in run.summary
    assert published_document(person.repository.pages)["count"] == TRACKS

    assert "2 results were sent to the branch spotmap-store" in person.at_home("store", "push").stdout
    assert result_of(person.repository.run()) == SUCCESS
    assert published_document(person.repository.pages)["count"] == TRACKS + 1


@pytest.mark.parametrize("cache_is_lost", [False, True])
def test_damaged_store_is_reported_and_the_published_map_stays(person: Person, cache_is_lost: bool) -> None:
    before = site(person.repository)
    clone = person.repository.folder / "by-hand"
    subprocess.run(["git", "clone", "-q", "-b", BRANCH, person.repository.origin, clone], check=True)
    (pack,) = (clone / "packs").iterdir()
    pack.write_bytes(pack.read_bytes()[:-9])
    git(clone, "commit", "-qam", "damage")
    git(clone, "push", "-q")
    if cache_is_lost:
        shutil.rmtree(person.repository.cache)
    run = person.repository.run()
    assert "::warning::Results that were analyzed at home could not be loaded" in run.output
    assert f"damaged and not used: packs/{pack.name}" in run.output
    assert site(person.repository) == before
    if not cache_is_lost:
        assert result_of(run) == SUCCESS, run.output
        assert "The site is unchanged." in run.summary
        return
    assert run.deploy == "false"
    person.at_home("build")  # the folder is a copy, for which the cache has no build
    person.at_home("store", "push")
    repaired = person.repository.run()
    assert result_of(repaired) == SUCCESS, repaired.output
    assert "could not be loaded" not in repaired.output
    assert published_document(person.repository.pages)["count"] == TRACKS


def test_expired_login_fails_the_run_and_the_published_map_stays(person: Person) -> None:
    before = site(person.repository)
    person.running.spotify.revoke()
    run = person.repository.run()
    assert result_of(run) == ("4", "true", 4), run.output
    assert "::error::Spotify wants you to log in again" in run.output
    assert "log in" in run.summary.lower()
    assert site(person.repository) == before


def test_two_simultaneous_runs_both_succeed(person: Person) -> None:
    before = site(person.repository)
    runs: dict[str, Run] = {}

    def run(name: str) -> None:
        runs[name] = person.repository.run(name)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("first", "second")]
    kept = person.repository.cache.rename(person.repository.folder / "kept")
    shutil.copytree(kept, person.repository.cache)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result_of(run) for run in runs.values()] == [SUCCESS, SUCCESS], [run.output for run in runs.values()]
    assert site(person.repository) == before


def test_first_run_without_a_store_publishes_nothing_if_youtube_refuses(tmp_path: Path) -> None:
    home = create_repository(tmp_path)
    (home / "spotmap.toml").write_text('[build]\nsources = ["spotify"]\nembedder = "musicnn"\n')
    commit(home)
    with services(saved_tracks(), tmp_path) as running:
        running.audio.bot_check_after = 0
        person = Person.at(tmp_path, running)
        person.repository.inputs = {**person.repository.inputs, "audio": "youtube"}
        run = person.repository.run()
    assert run.deploy == "false"
    assert run.exit_status != 0
    assert "There is no store at the branch spotmap-store yet." in run.output
    assert "warning" not in run.output.partition("spotmap-build build")[0]
    assert "Nothing was published" in run.summary
    assert not person.repository.pages.exists()


def test_failed_build_keeps_the_published_map_and_the_cache(person: Person) -> None:
    before = site(person.repository)
    variables = person.repository.variables
    person.repository.variables = {**variables, "SPOTMAP_SOURCES": "folder:absent"}
    failed = person.repository.run()
    assert (failed.deploy, failed.exit_status) == ("false", 1)
    assert "absent" in failed.summary
    assert site(person.repository) == before
    person.repository.variables = variables
    assert "The site is unchanged." in person.repository.run().summary


def test_cancelled_run_keeps_finished_analyses_and_publishes_nothing(tmp_path: Path) -> None:
    home = create_repository(tmp_path)
    write_library(home / "tunes", 12)
    (home / "spotmap.toml").write_text('[build]\nsources = ["folder:tunes"]\nembedder = "musicnn"\n')
    commit(home)
    with Repository(tmp_path, has_interpreter=True).runner() as runner:
        runner.use(STEPS["actions/checkout"])
        with runner.start(STEPS[BUILD]) as building:

            def has_embedding() -> bool:
                return any(runner.workspace.glob(".spotmap/cache/ac/embed-v*/*/*.json"))

            wait_until(lambda: has_embedding() or building.poll() is not None, "a recording is analyzed")
            os.killpg(building.pid, signal.SIGINT)
            building.communicate(timeout=patience())
        assert has_embedding()
        assert not (runner.workspace / "site").exists()
        outputs = runner.folder / "outputs-build"
        assert not outputs.exists() or "deploy=true" not in outputs.read_text()


def test_run_without_a_source_fails_with_status_2(tmp_path: Path) -> None:
    home = create_repository(tmp_path)
    (home / "README.md").write_text("no settings")
    commit(home)
    run = Repository(tmp_path).run()
    assert result_of(run) == ("2", "false", 1)
    assert "status 2" in run.summary
    assert "status 2" in run.output


def test_action_always_saves_its_cache_and_publishes_before_reporting_failure() -> None:
    restore = next(step for step in STEPS.values() if step.get("uses", "").startswith("actions/cache/restore@"))
    assert STEPS[SAVE]["if"] == "always()"
    assert STEPS[SAVE]["with"].items() <= restore["with"].items()
    assert restore["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert restore["with"]["path"].split() == [".spotmap/cache", "site"]
    for name in (UPLOAD, PUBLISH):
        assert STEPS[name]["if"] == "steps.build.outputs.deploy == 'true'"
    assert STEPS[UPLOAD]["with"]["path"] == "site"
    order = [BUILD, SAVE, UPLOAD, PUBLISH, VERDICT]
    assert [name for name in STEPS if name in order] == order
    assert STEPS[BUILD]["id"] == "build"
    assert STEPS[VERDICT]["env"] == {"STATUS": "${{ steps.build.outputs.status }}"}
