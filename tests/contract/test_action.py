"""From an empty folder to a published map, by what a person does and by the steps of ``action.yml``, run after run."""

from __future__ import annotations

import json
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

from spotmap_build.emit.site import served_generation
from tests.fakes.spotify_library import FakeLibrary, numbered_track
from tests.support.actions import ACTION, BUILD, Repository, Run
from tests.support.command import Outcome, spotmap, tree
from tests.support.music import write_library
from tests.support.patience import patience, wait_until
from tests.support.streaming import UNTHROTTLED, Services, services

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("action")]

TRACKS = 5
"""Too few for UMAP, which has nothing to do with what is tested here."""
STEPS: dict[str, dict[str, Any]] = {
    step.get("name") or step["uses"].partition("@")[0]: step for step in ACTION["runs"]["steps"]
}
SAVE, HAND_OVER, PUBLISH, VERDICT = "Save it for the next time", "Hand over the site", "Publish it", "Say how it went"
BRANCH = "spotmap-store"


def git(folder: Path, *arguments: object) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path) -> None:
    """Put a folder on GitHub as it is, by the branch that is checked out there."""
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "as it is")
    git(folder, "push", "-q", "origin", "HEAD:main")


def begin(folder: Path) -> Path:
    """An empty folder whose repository on GitHub is empty too; ``folder`` holds both."""
    home = folder / "home"
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", folder / "origin.git"], check=True)
    subprocess.run(["git", "clone", "-q", folder / "origin.git", home], check=True, capture_output=True)
    return home


@dataclass
class Person:
    """Somebody whose library is on Spotify: the folder at home, the repository, and the services as they meet them."""

    repository: Repository
    running: Services
    first: Run | None = None

    @classmethod
    def at(cls, folder: Path, running: Services) -> Person:
        given = dict(running.environment)
        del given["SPOTMAP_AUDIO"]
        login = given.pop("SPOTMAP_SPOTIFY_LOGIN")
        return cls(Repository(folder, {"spotify-login": login}, given | UNTHROTTLED), running)

    @property
    def home(self) -> Path:
        return self.repository.folder / "home"

    def youtube_refuses(self) -> None:
        """From now on, YouTube gives nothing to anybody; what was asked before is forgotten."""
        for asked in (self.running.audio.requests, self.running.audio.served, self.running.music.requests):
            asked.clear()
        self.running.audio.bot_check_after = 0

    def at_home(self, *arguments: str) -> Outcome:
        done = spotmap(*arguments, cwd=self.home, extra={**self.running.environment, **UNTHROTTLED})
        assert done.status == 0, done.stderr
        return done


def saved_tracks() -> FakeLibrary:
    return FakeLibrary.with_numbers(TRACKS, 1)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Begun in an empty folder, built and pushed at home, then built by the first run. Not to be changed."""
    folder = tmp_path_factory.mktemp("github")
    home = begin(folder)
    with services(saved_tracks(), folder) as running:
        person = Person.at(folder, running)
        person.at_home("init", "--yes", "--source", "spotify", "--title", "Their map")
        with (home / "spotmap.toml").open("a") as settings:
            settings.write('embedder = "musicnn"\n')
        commit(home)
        person.at_home("build")
        assert len(running.audio.served) == TRACKS
        person.at_home("store", "push")
        assert not git(home, "status", "--porcelain"), "what a build leaves in the folder is for nobody's repository"
        person.youtube_refuses()
        person.repository.has_interpreter = True
        return replace(person, first=person.repository.run())


@pytest.fixture
def person(published: Person, tmp_path: Path) -> Iterator[Person]:
    """A copy of that, free to be changed, with services of its own."""
    folder = tmp_path / "copy"
    shutil.copytree(published.repository.folder, folder, symlinks=True)
    git(folder / "home", "remote", "set-url", "origin", folder / "origin.git")
    with services(saved_tracks(), folder) as running:
        yield Person.at(folder, running)


def site(repository: Repository) -> dict[str, bytes]:
    return tree(repository.pages)


def map_of(repository: Repository) -> dict[str, Any]:
    """The map that the published page names, beside which the one before lies for a while."""
    pages = repository.pages
    shown: dict[str, Any] = json.loads((pages / "data" / served_generation(pages) / "map.json").read_text())
    return shown


def ended(run: Run) -> tuple[str, str, int]:
    return run.status, run.deploy, run.ends


WELL = ("0", "true", 0)


class AtWork(SimpleHTTPRequestHandler):
    """A host that has trouble with all but the first file that is asked for."""

    def do_GET(self) -> None:
        if self.path.endswith("/spotmap-site.json"):
            super().do_GET()
        else:
            self.send_error(503)


@contextmanager
def published_at(
    person: Person, folder: Path, handler: type[SimpleHTTPRequestHandler] = SimpleHTTPRequestHandler
) -> Iterator[None]:
    """A host that serves a folder where the person's map is published."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as pages:
        threading.Thread(target=pages.serve_forever, args=(0.02,), daemon=True).start()
        person.repository.inputs = {**person.repository.inputs, "site-url": f"http://127.0.0.1:{pages.server_port}/"}
        yield
        pages.shutdown()


def test_the_first_run_takes_from_the_store_what_youtube_would_refuse(published: Person) -> None:
    run = published.first
    assert run is not None
    assert ended(run) == WELL, run.printed
    assert "results were added from the branch spotmap-store; 0 were already here." in run.printed
    assert "Their map" in run.page
    assert f"**{TRACKS} of {TRACKS}** tracks" in run.page
    assert "The map changed last on " in run.page
    assert map_of(published.repository)["count"] == TRACKS
    assert site(published.repository) == tree(published.home / "site"), "what travels to the bit makes the same site"
    assert published.running.audio.requests == published.running.music.requests == []


def test_a_second_run_with_nothing_new_listens_to_nothing_and_changes_nothing(person: Person) -> None:
    before = site(person.repository)
    run = person.repository.run()
    assert ended(run) == WELL, run.printed
    assert "The site is unchanged." in run.page
    assert site(person.repository) == before
    assert person.running.audio.requests == person.running.music.requests == []


def test_without_its_cache_a_run_continues_the_published_map_from_the_store(person: Person) -> None:
    before = map_of(person.repository)
    shutil.rmtree(person.repository.cache)
    with published_at(person, person.repository.pages):
        run = person.repository.run()
    assert ended(run) == WELL, run.printed
    after = map_of(person.repository)
    assert after["count"] == TRACKS
    for axis in ("x", "y"):  # a published place is a whole number, and what is fitted to it may be rounded to the next
        assert after[axis] == pytest.approx(before[axis], abs=1)
    assert person.running.audio.requests == []


def test_a_published_page_that_is_no_map_does_not_keep_one_from_being_made(person: Person, tmp_path: Path) -> None:
    shutil.rmtree(person.repository.cache)
    (tmp_path / "page").mkdir()
    (tmp_path / "page/spotmap-site.json").write_text("another's")
    with published_at(person, tmp_path / "page"):
        run = person.repository.run()
    assert ended(run) == WELL, run.printed
    before, _, after = run.printed.partition("error: There is no map at ")
    assert ("fetch" in before, "fetch" in after) == (False, True), "it is known before anything is listened to"
    assert map_of(person.repository)["count"] == TRACKS


def test_a_published_map_that_cannot_be_reached_is_not_replaced_by_one_where_every_track_is_elsewhere(
    person: Person,
) -> None:
    before = site(person.repository)
    shutil.rmtree(person.repository.cache)
    with published_at(person, person.repository.pages, AtWork):
        run = person.repository.run()
    assert (run.status, run.deploy, run.ends) == ("6", "false", 6), run.printed
    assert "cannot be reached" in run.page
    assert "status 503" in run.page
    assert run.printed.count("error: ") == 1
    assert site(person.repository) == before


def test_while_youtube_refuses_the_map_is_made_of_what_was_heard_until_somebody_pushes(person: Person) -> None:
    person.running.add(numbered_track(TRACKS))
    person.at_home("build")
    person.youtube_refuses()
    person.repository.inputs = {**person.repository.inputs, "audio": "youtube"}
    run = person.repository.run()
    assert ended(run) == WELL, run.printed
    assert f"**{TRACKS} of {TRACKS + 1}** tracks" in run.page
    assert "waiting until the service accepts requests again" in run.page
    assert map_of(person.repository)["count"] == TRACKS

    assert "2 results were sent to the branch spotmap-store" in person.at_home("store", "push").stdout
    assert ended(person.repository.run()) == WELL
    assert map_of(person.repository)["count"] == TRACKS + 1


@pytest.mark.parametrize("cache_is_gone", [False, True])
def test_a_damaged_store_is_reported_and_what_is_published_stays(person: Person, cache_is_gone: bool) -> None:
    before = site(person.repository)
    clone = person.repository.folder / "by-hand"
    subprocess.run(["git", "clone", "-q", "-b", BRANCH, person.repository.origin, clone], check=True)
    (pack,) = (clone / "packs").iterdir()
    pack.write_bytes(pack.read_bytes()[:-9])
    git(clone, "commit", "-qam", "damage")
    git(clone, "push", "-q")
    if cache_is_gone:
        shutil.rmtree(person.repository.cache)
    run = person.repository.run()
    assert "::warning::What was analyzed at home could not be brought in" in run.printed
    assert f"damaged and not used: packs/{pack.name}" in run.printed
    assert site(person.repository) == before
    if not cache_is_gone:
        assert ended(run) == WELL, run.printed
        assert "The site is unchanged." in run.page
        return
    assert run.deploy == "false"
    person.at_home("build")  # their folder was copied, so the cache knows of no build there
    person.at_home("store", "push")
    mended = person.repository.run()
    assert ended(mended) == WELL, mended.printed
    assert "could not be brought in" not in mended.printed
    assert map_of(person.repository)["count"] == TRACKS


def test_an_ended_login_makes_the_run_red_and_the_map_stays(person: Person) -> None:
    before = site(person.repository)
    person.running.spotify.revoke()
    run = person.repository.run()
    assert ended(run) == ("4", "true", 4), run.printed
    assert "::error::Spotify wants you to log in again" in run.printed
    assert "log in" in run.page.lower()
    assert site(person.repository) == before


def test_two_runs_at_once_both_make_the_map(person: Person) -> None:
    before = site(person.repository)
    runs: dict[str, Run] = {}

    def run(name: str) -> None:
        runs[name] = person.repository.run(name)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "other")]
    kept = person.repository.cache.rename(person.repository.folder / "kept")
    shutil.copytree(kept, person.repository.cache)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [ended(run) for run in runs.values()] == [WELL, WELL], [run.printed for run in runs.values()]
    assert site(person.repository) == before


def test_a_first_run_that_youtube_refuses_without_a_store_publishes_nothing_and_says_so(tmp_path: Path) -> None:
    home = begin(tmp_path)
    (home / "spotmap.toml").write_text('[build]\nsources = ["spotify"]\nembedder = "musicnn"\n')
    commit(home)
    with services(saved_tracks(), tmp_path) as running:
        running.audio.bot_check_after = 0
        person = Person.at(tmp_path, running)
        person.repository.inputs = {**person.repository.inputs, "audio": "youtube"}
        run = person.repository.run()
    assert run.deploy == "false"
    assert run.ends != 0
    assert "There is no store at the branch spotmap-store yet." in run.printed
    assert "warning" not in run.printed.partition("spotmap-build build")[0]
    assert "Nothing was published" in run.page
    assert not person.repository.pages.exists()


def test_a_build_that_fails_leaves_what_is_published_and_keeps_the_cache(person: Person) -> None:
    before = site(person.repository)
    variables = person.repository.variables
    person.repository.variables = {**variables, "SPOTMAP_SOURCES": "folder:absent"}
    failed = person.repository.run()
    assert (failed.deploy, failed.ends) == ("false", 1)
    assert "absent" in failed.page
    assert site(person.repository) == before
    person.repository.variables = variables
    assert "The site is unchanged." in person.repository.run().page


def test_a_run_that_is_cancelled_keeps_what_was_heard_and_publishes_nothing(tmp_path: Path) -> None:
    home = begin(tmp_path)
    write_library(home / "tunes", 12)
    (home / "spotmap.toml").write_text('[build]\nsources = ["folder:tunes"]\nembedder = "musicnn"\n')
    commit(home)
    with Repository(tmp_path, has_interpreter=True).runner() as runner:
        runner.use(STEPS["actions/checkout"])
        with runner.start(STEPS[BUILD]) as building:

            def was_heard() -> bool:
                return any(runner.workspace.glob(".spotmap/cache/ac/embed-v*/*/*.json"))

            wait_until(lambda: was_heard() or building.poll() is not None, "something was listened to")
            os.killpg(building.pid, signal.SIGINT)
            building.communicate(timeout=patience())
        assert was_heard()
        assert not (runner.workspace / "site").exists()
        outputs = runner.folder / "outputs-build"
        assert not outputs.exists() or "deploy=true" not in outputs.read_text()


def test_a_run_that_has_no_source_is_red_and_says_so(tmp_path: Path) -> None:
    commit_nothing = begin(tmp_path)
    (commit_nothing / "README.md").write_text("no settings")
    commit(commit_nothing)
    run = Repository(tmp_path).run()
    assert ended(run) == ("2", "false", 1)
    assert "status 2" in run.page
    assert "status 2" in run.printed


def test_the_action_keeps_what_was_done_whatever_happens_and_publishes_before_it_ends_red() -> None:
    restore = next(step for step in STEPS.values() if step.get("uses", "").startswith("actions/cache/restore@"))
    assert STEPS[SAVE]["if"] == "always()"
    assert STEPS[SAVE]["with"].items() <= restore["with"].items()
    assert restore["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert restore["with"]["path"].split() == [".spotmap/cache", "site"]
    for name in (HAND_OVER, PUBLISH):
        assert STEPS[name]["if"] == "steps.build.outputs.deploy == 'true'"
    assert STEPS[HAND_OVER]["with"]["path"] == "site"
    order = [BUILD, SAVE, HAND_OVER, PUBLISH, VERDICT]
    assert [name for name in STEPS if name in order] == order
    assert STEPS[BUILD]["id"] == "build"
    assert STEPS[VERDICT]["env"] == {"STATUS": "${{ steps.build.outputs.status }}"}
