"""The files of a new map's folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.config import CONFIG_FILE
from spotmap_build.core.files import is_inside, read_bounded, resolve_place
from spotmap_build.core.speech import gettext
from spotmap_build.core.text import printable
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
"""Which file is made of which template."""
LARGEST_IGNORED_BYTES: Final = 1 << 20
_FIELD: Final = re.compile(r"@([A-Z]+)@")


@dataclass(frozen=True, slots=True)
class Completed:
    """Lines that were added to a file that was there, and those that it lacks and could not be given."""

    added: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """Which files were written, which were there and are as they were, and what a ``.gitignore`` of theirs got."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    ignored: Completed = field(default_factory=Completed)


def make_files(choices: Choices, action: str) -> dict[str, str]:
    """Return the text of each file by its name.

    ``action``: what the workflow ``uses``, see :func:`~spotmap_build.scaffold.action.find_action`.
    """
    fields = {
        "SOURCES": ", ".join(map(_toml_text, choices.sources)),
        "TITLE": _toml_text(choices.title),
        "HEADING": inert(choices.title),
        "ACTION": action,
    }
    folder = files(__package__) / "templates"
    names = [name for name in TEMPLATES if name != WORKFLOW or choices.has_workflow]
    texts = {name: (folder / TEMPLATES[name]).read_text("utf-8") for name in names}
    return {name: _FIELD.sub(lambda found: fields[found[1]], text) for name, text in texts.items()}


def write_files(folder: Path, made: Mapping[str, str]) -> Made:
    """Write those files that are not there yet, and add to a ``.gitignore`` what keeps a build's files out of git.

    Raises
    ------
    OutputError
        One cannot be written, or would lie outside of the folder.
    """
    written, kept = [], []
    ignored = Completed()
    for name, text in made.items():
        path = folder / name
        try:
            if not is_inside(resolve_place(path.parent), resolve_place(folder)):
                raise OutputError(f"{path.parent} leads out of the folder.", hint="Take that link away, and try again.")
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("x", encoding="utf-8", newline="\n") as file:  # follows no link, and replaces nothing
                    file.write(text)
                written.append(name)
            except FileExistsError:
                if name == IGNORED:
                    ignored = _complete(path, text)
                if not ignored.added or name != IGNORED:
                    kept.append(name)
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written: {error.strerror or error}.", hint="Choose a folder that you may write to."
            ) from error
    return Made(tuple(written), tuple(kept), ignored)


def _complete(path: Path, ours: str) -> Completed:
    """Add the lines of ours that a ``.gitignore`` lacks at its end, where they win. Raises ``OSError``."""
    wanted = [line for line in ours.splitlines() if not line.startswith("#")]
    if path.is_symlink() or not path.is_file():  # git follows no link here either
        return Completed(lacking=tuple(wanted))
    content = read_bounded(path, LARGEST_IGNORED_BYTES)
    if b"\0" in content:  # UTF-16, of which git reads nothing
        return Completed(lacking=tuple(wanted))
    present = {line.rstrip() for line in content.splitlines()}
    missing = [line for line in wanted if line.encode() not in present]
    if missing:
        end = b"\r\n" if b"\r\n" in content else b"\n"
        start = b"" if not content or content.endswith(b"\n") else end
        with path.open("ab") as file:
            file.write(start + b"".join(line.encode() + end for line in missing))
    return Completed(added=tuple(missing))


def what_was_made(made: Made, choices: Choices, action: str, folder: Path) -> Iterator[str]:
    """Yield what was written, what was not, and what is to be done next."""
    yield from (gettext("written: {file}", file=name) for name in made.written)
    yield from (gettext("kept as it is: {file}", file=name) for name in made.kept)
    if made.ignored.added:
        yield gettext("added to {file}: {lines}", file=IGNORED, lines=", ".join(made.ignored.added))
    if made.ignored.lacking:
        lines = ", ".join(made.ignored.lacking)
        yield gettext(
            "Put these lines into {file}, or git takes what a build leaves here: {lines}", file=IGNORED, lines=lines
        )
    if WORKFLOW in made.written:
        if action.startswith(UNKNOWN_OWNER):
            yield gettext(
                "In {file}, put the account on GitHub where spotmap-build lies in the place of {name}.",
                file=WORKFLOW,
                name=UNKNOWN_OWNER,
            )
        for place in (place for source in choices.sources if (place := source.partition(":")[2])):
            if not _lies_in(folder, place):
                yield gettext(
                    "GitHub cannot read {place}: build at home, and publish the folder site.", place=printable(place)
                )
    if "spotify" in choices.sources:
        yield gettext("Next: spotmap-build login, then spotmap-build. README.md says how the map gets onto the web.")
    else:
        yield gettext("Next: spotmap-build. README.md says how the map gets onto the web.")


def _lies_in(folder: Path, place: str) -> bool:
    try:
        return is_inside(resolve_place(folder / Path(place).expanduser()), resolve_place(folder))
    except (OSError, RuntimeError):  # nothing can be there; or it is in the home of nobody
        return False


def _toml_text(text: str) -> str:
    """Return a text as TOML writes it, on one line."""
    return json.dumps(printable(text), ensure_ascii=False)
