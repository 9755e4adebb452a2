"""The files of a new map's folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.config import CONFIG_FILE
from spotmap_build.core.files import is_inside, read_bounded, resolve_path
from spotmap_build.core.text import printable
from spotmap_build.core.translation import gettext
from spotmap_build.errors import OutputError
from spotmap_build.scaffold.action import UNKNOWN_OWNER
from spotmap_build.summary import inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spotmap_build.scaffold.choices import Choices

WORKFLOW: Final = ".github/workflows/map.yml"
IGNORED: Final = ".gitignore"
TEMPLATES: Final = {
    CONFIG_FILE: "spotmap.toml",
    WORKFLOW: "map.yml",
    IGNORED: "gitignore",
    "README.md": "README.md",
}
"""The template of each file."""
MAX_IGNORED_BYTES: Final = 1 << 20
_FIELD: Final = re.compile(r"@([A-Z]+)@")


@dataclass(frozen=True, slots=True)
class Completed:
    """Lines added to an existing file, and lines that are missing because they could not be added."""

    added: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScaffoldResult:
    """Files that were written, existing files that were kept, and lines added to an existing ``.gitignore``."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    ignored: Completed = field(default_factory=Completed)


def make_files(choices: Choices, action: str) -> dict[str, str]:
    """Return the text of each file by name.

    ``action``: value of ``uses`` in the workflow, see :func:`~spotmap_build.scaffold.action.find_action`.
    """
    folder = files(__package__) / "templates"
    publish = "publish_by_workflow.md" if choices.has_workflow else "publish_by_hand.md"
    fields = {
        "SOURCES": ", ".join(map(_toml_text, choices.sources)),
        "TITLE": _toml_text(choices.title),
        "HEADING": inert(choices.title),
        "ACTION": action,
        "PUBLISH": (folder / publish).read_text("utf-8"),
    }
    names = [name for name in TEMPLATES if name != WORKFLOW or choices.has_workflow]
    texts = {name: (folder / TEMPLATES[name]).read_text("utf-8") for name in names}
    return {name: _FIELD.sub(lambda found: fields[found[1]], text) for name, text in texts.items()}


def write_files(folder: Path, made: Mapping[str, str]) -> ScaffoldResult:
    """Write the files that do not exist yet, and add the lines of ours that an existing ``.gitignore`` lacks.

    Raises
    ------
    OutputError
        A file cannot be written, or would be outside of the folder.
    """
    written, kept = [], []
    ignored = Completed()
    for name, text in made.items():
        path = folder / name
        try:
            if not is_inside(resolve_path(path.parent), resolve_path(folder)):
                raise OutputError(f"{path.parent} leads out of the folder.", hint="Remove that link, and try again.")
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("x", encoding="utf-8", newline="\n") as file:  # "x" follows no link and replaces no file
                    file.write(text)
                written.append(name)
            except FileExistsError:
                if name == IGNORED:
                    ignored = _complete(path, text)
                if not ignored.added or name != IGNORED:
                    kept.append(name)
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written: {error.strerror or error}.", hint="Choose a folder that you can write to."
            ) from error
    return ScaffoldResult(tuple(written), tuple(kept), ignored)


def _complete(path: Path, ours: str) -> Completed:
    """Append the lines that a ``.gitignore`` lacks; at the end they take precedence. Raises ``OSError``."""
    wanted = [line for line in ours.splitlines() if not line.startswith("#")]
    if path.is_symlink() or not path.is_file():  # git follows no link here either
        return Completed(lacking=tuple(wanted))
    content = read_bounded(path, MAX_IGNORED_BYTES)
    if b"\0" in content:  # UTF-16, which git does not read
        return Completed(lacking=tuple(wanted))
    present = {line.rstrip() for line in content.splitlines()}
    missing = [line for line in wanted if line.encode() not in present]
    if missing:
        end = b"\r\n" if b"\r\n" in content else b"\n"
        start = b"" if not content or content.endswith(b"\n") else end
        with path.open("ab") as file:
            file.write(start + b"".join(line.encode() + end for line in missing))
    return Completed(added=tuple(missing))


def describe_result(made: ScaffoldResult, choices: Choices, action: str, folder: Path) -> Iterator[str]:
    """Yield messages about the files that were written or kept, and about the next steps."""
    yield from (gettext("written: {file}", file=name) for name in made.written)
    yield from (gettext("unchanged: {file}", file=name) for name in made.kept)
    if made.ignored.added:
        yield gettext("added to {file}: {lines}", file=IGNORED, lines=", ".join(made.ignored.added))
    if made.ignored.lacking:
        lines = ", ".join(made.ignored.lacking)
        yield gettext(
            "Add these lines to {file}, or git will include the files of builds: {lines}", file=IGNORED, lines=lines
        )
    if WORKFLOW in made.written:
        if action.startswith(UNKNOWN_OWNER):
            yield gettext(
                "In {file}, replace {name} by the GitHub account that hosts spotmap-build.",
                file=WORKFLOW,
                name=UNKNOWN_OWNER,
            )
        for place in (place for source in choices.sources if (place := source.partition(":")[2])):
            if not _lies_in(folder, place):
                yield gettext(
                    "GitHub cannot read {place}: build on your machine, and publish the folder site.",
                    place=printable(place),
                )
    if "spotify" in choices.sources:
        yield gettext("Next: spotmap-build login, then spotmap-build. README.md explains how to publish the map.")
    else:
        yield gettext("Next: spotmap-build. README.md explains how to publish the map.")


def _lies_in(folder: Path, place: str) -> bool:
    try:
        return is_inside(resolve_path(folder / Path(place).expanduser()), resolve_path(folder))
    except (OSError, RuntimeError):  # an impossible path, or an unknown home directory
        return False


def _toml_text(text: str) -> str:
    """Return a text as a TOML string on one line."""
    return json.dumps(printable(text), ensure_ascii=False)
