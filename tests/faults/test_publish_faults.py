"""If publishing is killed or the disk is full, the served site is either the old one or the new one, and complete."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spotmap_build.emit.site import publish
from spotmap_build.emit.staging import STAGING_NAME
from tests.support.command import tree
from tests.support.patience import patience

KILLS = 20
ROOT = Path(__file__).parents[2]

PREAMBLE = """
import os, resource, signal, sys
from pathlib import Path
from spotmap_build.emit.site import publish
from spotmap_build.errors import OutputError
from tests.faults.test_publish_faults import site_files
out = Path(sys.argv[1])
"""

KILL_BEFORE_OPERATION = f"""{PREAMBLE}
kill_at, count = int(sys.argv[2]), 0
def before_each(event, arguments):
    global count
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"):
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
files = site_files("c3")
sys.addaudithook(before_each)
publish(out, files, "c3", force=False)
print(count)
"""

PUBLISH_WHEN_READY = f"""{PREAMBLE}
files = site_files("c3")
print("ready", flush=True)
publish(out, files, "c3", force=False)
"""

PUBLISH_WITH_SIZE_LIMIT = f"""{PREAMBLE}
files = site_files("c3") | {{"data/c3/big.json": bytes(200_000)}}
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    publish(out, files, "c3", force=False)
except OutputError as error:
    print(error.message, error.hint)
    sys.exit(error.exit_status)
"""


def site_files(generation: str) -> dict[str, bytes]:
    """Return a site with enough files that publishing takes many steps."""
    return {
        "index.html": f'<html data-generation="{generation}">'.encode(),
        "404.html": f"404 of {generation}".encode(),
        **{f"data/{generation}/details-{i:03d}.json": f"{generation} {i} ".encode() * 2000 for i in range(8)},
        **{f"art/{generation}-{i}.webp": f"cover {generation} {i}".encode() * 500 for i in range(6)},
        "art/shared.webp": b"a cover of every version",
    }


def publish_two_versions(out: Path) -> None:
    publish(out, site_files("a1"), "a1", force=False)
    publish(out, site_files("b2"), "b2", force=False)


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=patience(), check=False)


def served_generation(out: Path) -> str:
    found = re.search(r'data-generation="(\w+)"', (out / "index.html").read_text())
    assert found
    return found[1]


def assert_serves_one_complete_version(out: Path) -> str:
    """Assert that the page and all files that it may request are of one version; return the version."""
    generation = served_generation(out)
    present = tree(out)
    for path, content in site_files(generation).items():
        if path != "404.html":  # no page asks for it
            assert present.get(path) == content, path
    return generation


def assert_next_run_completes(out: Path, reference: dict[str, bytes]) -> None:
    publish(out, site_files("c3"), "c3", force=False)
    present = tree(out)
    assert {path: present.get(path) for path in site_files("c3")} == site_files("c3")
    assert {path.split("/")[1] for path in present if path.startswith("data/")} <= {"b2", "c3"}
    assert not (out / STAGING_NAME).exists()
    publish(out, site_files("c3"), "c3", force=False)
    assert set(present) == set(reference)


@pytest.mark.slow
def test_publication_killed_before_any_operation_is_completed_by_the_next_run(tmp_path: Path) -> None:
    complete = tmp_path / "whole"
    publish_two_versions(complete)
    operations = int(run(KILL_BEFORE_OPERATION, complete, 0).stdout)
    reference = tree(complete)
    assert operations > KILLS
    outcomes = set()
    # The last operations change what is served; the others are sampled.
    moments = {*random.Random(5).sample(range(1, operations), KILLS - 6), *range(operations - 28, operations, 5)}
    for moment in sorted(moments):
        out = tmp_path / f"killed-{moment}"
        publish_two_versions(out)
        assert run(KILL_BEFORE_OPERATION, out, moment).returncode == -signal.SIGKILL
        outcomes.add(assert_serves_one_complete_version(out))
        assert_next_run_completes(out, reference)
    assert outcomes == {"b2", "c3"}


def test_publication_killed_at_a_random_time_leaves_a_complete_site(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish_two_versions(out)
    generator = random.Random(6)
    for _ in range(5):
        command = [sys.executable, "-c", PUBLISH_WHEN_READY, str(out)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout
            running.stdout.readline()
            try:
                running.wait(generator.uniform(0, 0.02))
            except subprocess.TimeoutExpired:
                running.kill()
        assert assert_serves_one_complete_version(out) in {"b2", "c3"}


def test_killed_first_publication_can_be_repeated_without_force(tmp_path: Path) -> None:
    operations = int(run(KILL_BEFORE_OPERATION, tmp_path / "whole", 0).stdout)
    for moment in (2, operations // 2, operations - 20, operations - 8):
        out = tmp_path / f"killed-{moment}"
        assert run(KILL_BEFORE_OPERATION, out, moment).returncode == -signal.SIGKILL
        publish(out, site_files("c3"), "c3", force=False)
        assert tree(out) == tree(tmp_path / "whole")


def test_full_disk_is_reported_and_leaves_the_old_site(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish_two_versions(out)
    before = tree(out)
    done = run(PUBLISH_WITH_SIZE_LIMIT, out)
    assert done.returncode == 2, done.stderr
    assert "File too large" in done.stdout
    assert "Free some space" in done.stdout
    assert tree(out) == before
    assert not (out / STAGING_NAME).exists()


def test_full_disk_leaves_no_new_folder(tmp_path: Path) -> None:
    assert run(PUBLISH_WITH_SIZE_LIMIT, tmp_path / "site").returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_is_reported(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish_two_versions(out)
    before = tree(out)
    out.chmod(0o555)
    try:
        probe = out / "probe"
        try:
            probe.touch()
        except PermissionError:
            done = run(PUBLISH_WITH_SIZE_LIMIT, out)
        else:
            probe.unlink()
            pytest.skip("this user can write everywhere")
    finally:
        out.chmod(0o755)
    assert done.returncode == 2
    assert "writable" in done.stdout
    assert tree(out) == before
