"""Build the Dockerfile without a container engine, as root: ``python -m scripts.image_without_engine FOLDER``.

The base is a Debian of the same release, made by mmdebstrap. Each stage is a folder, in which each step runs with
chroot. The image's files end up in ``FOLDER/image``. The script supports the instructions that our Dockerfile uses,
and refuses others.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
RELEASE: Final = "trixie"
BASE_IMAGE: Final = f"debian:{RELEASE}-slim@sha256:"


@dataclass(slots=True)
class Stage:
    """A stage of the build: its files, and the settings for its steps."""

    folder: Path
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"})
    working: str = "/"
    user: str = "0:0"
    entrypoint: tuple[str, ...] = ()


def instructions(text: str) -> list[tuple[str, str]]:
    """Return a Dockerfile's instructions: name and arguments, with continued lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def build(dockerfile: Path, folder: Path) -> Stage:
    """Build all stages below a folder; return the last one, which is the image."""
    stages: dict[str, Stage] = {}
    stage = Stage(folder)
    for name, rest in instructions(dockerfile.read_text()):
        words = shlex.split(rest) if name in {"FROM", "COPY", "ENV"} else []
        match name:
            case "FROM":
                called = words[2] if len(words) == 3 else "image"
                stage = stages[called] = _begin(words[0], stages, folder / called)
            case "RUN":
                run(stage, ["sh", "-c", rest])
            case "COPY":
                _copy(stage, words, stages)
            case "ENV":
                stage.variables |= dict(word.split("=", 1) for word in words)
            case "WORKDIR":
                stage.working = rest
                (stage.folder / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "USER":
                stage.user = rest
            case "ENTRYPOINT":
                stage.entrypoint = tuple(json.loads(rest))
            case _:
                raise ValueError(f"{name} is not known here")
    return stage


def _begin(source: str, stages: dict[str, Stage], folder: Path) -> Stage:
    if source in stages:
        before = stages[source]
        subprocess.run(["cp", "--archive", "--reflink=auto", str(before.folder), str(folder)], check=True)
        return Stage(folder, dict(before.variables), before.working, before.user)
    if not source.startswith(BASE_IMAGE):
        raise ValueError(f"the base is {source}, not {BASE_IMAGE}…")
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mmdebstrap", "--variant=minbase", "--quiet", RELEASE, str(folder)], check=True)
    return Stage(folder)


def _copy(stage: Stage, words: list[str], stages: dict[str, Stage]) -> None:
    """Copy like Docker: a file into a folder, or a folder's content, except files in .dockerignore."""
    source = ROOT
    if words[0].startswith("--from="):
        source = stages[words.pop(0).removeprefix("--from=")].folder
    *names, target = words
    place = stage.folder / f"{stage.working}/{target}".lstrip("/") if target[0] != "/" else stage.folder / target[1:]
    for name in names:
        found = source / name.lstrip("/")
        if found.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc") if source == ROOT else None
            shutil.copytree(found, place, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            shutil.copy2(found, place)


def run(stage: Stage, command: list[str], *, read_only: bool = False) -> None:
    """Run a command in a stage as its user. The environment contains only the settings to reach package registries.

    ``read_only``: as ``docker run --read-only --tmpfs /tmp --tmpfs /home/spotmap --network none -v …:/map``.
    """
    for name in ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt"):
        if Path(name).is_file() and (stage.folder / name[1:]).parent.is_dir():
            shutil.copy(name, stage.folder / name[1:])
    print("+", shlex.join(command), flush=True)
    variables = [f"{name}={value}" for name, value in stage.variables.items()]
    inside = shlex.join(["env", "-i", *variables, "sh", "-c", f"cd {stage.working} && exec {shlex.join(command)}"])
    root = shlex.quote(str(stage.folder))
    mounts = [f"mount --rbind /dev {root}/dev", f"mount -t proc proc {root}/proc"]
    if read_only:
        only = [f"mount -t tmpfs -o mode=1777 tmpfs {root}{place}" for place in ("/tmp", "/home/spotmap")]
        mounts = [f"mount --bind {root} {root}", f"cd {root}", *mounts, *only, f"mount --bind {root}/map {root}/map"]
        mounts.append(f"mount -o remount,bind,ro {root}")
    script = " && ".join([*mounts, f"exec chroot --userspec={stage.user} {root} {inside}"])
    network = ["--net"] if read_only else []
    subprocess.run(["unshare", "--mount", *network, "--pid", "--fork", "sh", "-c", script], check=True)


def main() -> None:
    """Build the image, then build the demo's map with it as an unprivileged user."""
    folder = Path(sys.argv[1]).absolute()
    image = build(ROOT / "Dockerfile", folder)
    size = subprocess.run(["du", "-sm", str(image.folder)], check=True, text=True, capture_output=True).stdout.split()[
        0
    ]
    print(f"the image has {size} MB")
    run(image, [*image.entrypoint, "--version"])
    run(image, [*image.entrypoint, "doctor"])
    run(image, [*image.entrypoint, "--source", "demo"])
    run(image, [*image.entrypoint, "--source", "demo", "--seed", "1", "--fresh"], read_only=True)
    print(*sorted(path.name for path in (image.folder / "map/site").iterdir()))


if __name__ == "__main__":
    main()
