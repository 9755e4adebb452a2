"""The container image: pinned, minimal, and run without privileges."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.image_without_engine import instructions

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
STEPS = instructions(DOCKERFILE.read_text())


def all_of(name: str) -> list[str]:
    return [rest for each, rest in STEPS if each == name]


def test_hadolint_finds_nothing() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("hadolint has no wheel for this machine")
    done = subprocess.run([program, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_base_image_is_pinned_by_digest() -> None:
    sources = [rest.split()[0] for rest in all_of("FROM")]
    stages = {rest.split()[2] for rest in all_of("FROM") if " AS " in rest}
    (base,) = {source for source in sources if source not in stages}
    assert re.fullmatch(r"[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}", base)
    assert len(sources) == 3


def test_container_runs_unprivileged_and_starts_the_command() -> None:
    last = STEPS[max(at for at, (name, _) in enumerate(STEPS) if name == "FROM") :]
    (user,) = (rest for name, rest in last if name == "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), "`runAsNonRoot` needs a numeric user"
    assert all(name not in {"RUN", "COPY"} for name, _ in last[last.index(("USER", user)) :])
    assert last[-1] == ("ENTRYPOINT", '["spotmap-build"]')


def test_packages_are_installed_by_hash_without_leaving_a_cache() -> None:
    installs = [step for run in all_of("RUN") for step in run.split("&&") if "pip install" in step]
    assert len(installs) == 2
    for step in installs:
        assert "--no-cache-dir" in step
        assert "--require-hashes --only-binary :all:" in step or "--no-deps --no-index" in step
    for run in all_of("RUN"):
        assert "apt-get install" not in run or run.endswith("rm -rf /var/lib/apt/lists/*")
    assert not all_of("ADD")
    assert not [
        rest for name in ("RUN", "ENV", "ARG") for rest in all_of(name) if re.search("(?i)token|password|secret", rest)
    ]


def test_build_context_contains_only_copied_files() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    copied = {name for rest in all_of("COPY") if not rest.startswith("--from") for name in rest.split()[:-1]}
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_image_is_built_for_two_platforms_and_tested_unprivileged_without_network() -> None:
    workflow = yaml.load((ROOT / ".github/workflows/container.yml").read_text(), Loader=yaml.BaseLoader)
    (build,) = (step for step in workflow["jobs"]["publish"]["steps"] if "build-push" in step.get("uses", ""))
    assert build["with"]["platforms"] == "linux/amd64,linux/arm64"
    tried = " ".join(step.get("run", "") for step in workflow["jobs"]["try"]["steps"])
    assert {"--read-only", "--user", "--cap-drop", "--network"} <= set(tried.split())


@pytest.mark.parametrize("line", ["VOLUME /x", "ADD a b", "FROM alpine:3"])
def test_instruction_that_cannot_be_simulated_is_refused(tmp_path: Path, line: str) -> None:
    from scripts.image_without_engine import build

    (tmp_path / "Dockerfile").write_text(f"{line}\n")
    with pytest.raises(ValueError, match=line.split()[1 if line.startswith("FROM") else 0]):
        build(tmp_path / "Dockerfile", tmp_path / "root")
