"""The scheduled rebuild, from a fresh checkout to the published pages, with the real command and the real shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import tree
from tests.support.music import write_library
from tests.support.workflow import JobResult, Repository

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github/workflows/rebuild.yml"
BUILD = "Build the map"
SAVE = "Save it for the next time"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """This project, as somebody has it whose library is a folder of tunes."""
    write_library(tmp_path / "tunes", 8)
    variables = {"SPOTMAP_SOURCES": f"folder:{tmp_path / 'tunes'}", "SPOTMAP_TITLE": "Their map"}
    (tmp_path / "github").mkdir()
    return Repository(ROOT, tmp_path / "github", variables | {"SPOTMAP_EMBEDDER": "musicnn"})


def rebuild(repository: Repository) -> dict[str, JobResult]:
    return repository.run(WORKFLOW)


def test_a_map_is_published_and_the_next_run_has_nothing_to_do(repository: Repository) -> None:
    first = rebuild(repository)
    assert [job.conclusion for job in first.values()] == ["success", "success"], first["build"].printed
    assert "Their map" in first["build"].summary
    published = tree(repository.pages)
    assert {"index.html", "spotmap-site.json"} <= set(published)

    second = rebuild(repository)
    assert [job.conclusion for job in second.values()] == ["success", "success"]
    assert "The site is as it was." in second["build"].summary
    assert tree(repository.pages) == published


def test_a_build_that_fails_leaves_what_is_published_and_keeps_the_cache(repository: Repository) -> None:
    rebuild(repository)
    published = tree(repository.pages)
    settings = repository.variables
    repository.variables = {"SPOTMAP_SOURCES": "folder:absent"}
    jobs = rebuild(repository)
    assert [job.conclusion for job in jobs.values()] == ["failure", "skipped"]
    assert jobs["build"].step(SAVE).outcome == "success"
    assert "absent" in jobs["build"].summary
    assert tree(repository.pages) == published
    repository.variables = settings
    assert "The site is as it was." in rebuild(repository)["build"].summary


def test_a_run_that_is_cancelled_keeps_what_was_heard_and_publishes_nothing(repository: Repository) -> None:
    jobs = repository.run(WORKFLOW, cancel_when=lambda workspace: bool(embedded(workspace)))
    assert [job.conclusion for job in jobs.values()] == ["cancelled", "skipped"]
    assert jobs["build"].step(BUILD).outcome == "cancelled"
    assert jobs["build"].step(SAVE).outcome == "success"
    assert not repository.pages.exists()
    (saved,) = (repository.home / "caches").iterdir()
    assert embedded(saved / "files")


def embedded(folder: Path) -> list[Path]:
    """The records of what was listened to."""
    return list(folder.glob(".spotmap/cache/ac/embed-v*/*/*.json"))


def test_a_repository_that_says_nothing_to_build_stays_quiet(tmp_path: Path) -> None:
    jobs = rebuild(Repository(ROOT, tmp_path))
    assert [job.conclusion for job in jobs.values()] == ["skipped", "skipped"]
    asked = Repository(ROOT, tmp_path / "asked")
    asked.home.mkdir()
    jobs = asked.run(WORKFLOW, event="workflow_dispatch")
    assert jobs["build"].conclusion == "failure"
    assert "status 2" in jobs["build"].printed
