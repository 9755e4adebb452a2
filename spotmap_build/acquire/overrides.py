"""``overrides.toml``: the user's decisions on single tracks, which take precedence over the matcher.

# Nina Simone - Sinnerman
[track."spotify:track:6kzeIXPYwlw3bLF0FIpf6m"]
video_id = "QH3Fx41Jpl4"        # or: exclude = true, or: file = "sinnerman.flac"

[names]
region-2 = "Evenings at home"    # a region or cluster, by the id that the report gives it
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from spotmap_build.acquire.youtube.video_ids import is_video_id
from spotmap_build.cache.files import write_durably
from spotmap_build.core.documents import parse_toml, toml_advice
from spotmap_build.core.files import read_bounded
from spotmap_build.core.text import fold_space, one_line
from spotmap_build.errors import ConfigError

MAX_BYTES: Final = 32 << 20
"""Enough for several hundred thousand choices, each with a title above it."""
_VIDEO_HOSTS: Final = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be"))
_CHOICES: Final = ("video_id", "exclude", "file")
_EXAMPLE: Final = 'A choice looks like this: [track."the track\'s id"], and below it video_id = "QH3Fx41Jpl4".'


@dataclass(frozen=True, slots=True)
class Override:
    """The decision on one track; exactly one of the three is set.

    ``video_id``: use this recording on YouTube (11 characters). ``exclude``: leave the track out of the map.
    ``file``: use this local audio file (an absolute path; not checked for existence here).
    """

    video_id: str = ""
    exclude: bool = False
    file: Path | None = None


Overrides = Mapping[str, Override]
"""Decisions by track id."""


def parse_video_id(text: str) -> str:
    """Return the id of a recording on YouTube, given as such or in a URL of YouTube or YouTube Music.

    Raises
    ------
    ValueError
        The text is neither; the message quotes it.
    """
    given = text.strip()
    if is_video_id(given):
        return given
    try:
        address = urlsplit(given if "://" in given else f"https://{given}")
        if address.hostname in _VIDEO_HOSTS:
            last_part = address.path.rstrip("/").rpartition("/")[2]
            for candidate in (*parse_qs(address.query).get("v", []), last_part):
                if is_video_id(candidate):
                    return candidate
    except ValueError:
        pass  # an invalid URL, such as brackets without an IP address
    raise ValueError(f"{text!r} is neither the id of a recording (11 letters, digits, - or _) nor a YouTube address")


def read_overrides(path: Path) -> Overrides:
    """Read the decisions of the file; none if it does not exist.

    Raises
    ------
    ConfigError
        The file cannot be read or is invalid; the message names the file, and the line or the track.
    """
    return _parse(_read_text(path), path)


def mistaken_ids(overrides: Overrides, known: Container[str]) -> list[str]:
    """Return the keys that are no ids of tracks, but titles or addresses.

    An id that is not ``known`` may be that of a track which has left the library, and is no mistake.
    """
    return [key for key in overrides if key not in known and (":" not in key or "://" in key)]


def read_names(path: Path) -> Mapping[str, str]:
    """Return the user's names for regions and clusters, by id; none if the file does not exist.

    Raises
    ------
    ConfigError
        As :func:`read_overrides`.
    """
    text = _read_text(path)
    _parse(text, path)
    return MappingProxyType(_names(text, path))


def _names(text: str, path: Path) -> dict[str, str]:
    names = _document(text, path).get("names", {})
    shown = (
        {key: fold_space(name) for key, name in names.items() if isinstance(name, str)}
        if isinstance(names, dict)
        else {}
    )
    if not isinstance(names, dict) or len(shown) < len(names) or not all(shown.values()):
        hint = 'A name looks like this: [names], and below it region-2 = "Evenings at home".'
        raise ConfigError(f"{path}: [names] must give a text in quotes to each id.", hint=hint)
    return shown


def write_override(path: Path, track_id: str, override: Override, comment: str) -> None:
    """Write the decision on one track to the file, atomically; comments and order are preserved.

    A new track is appended at the end, below ``comment`` ("Artist - Title"). The path of an audio file inside the
    folder of ``path`` is written as relative, so that both can be moved together.

    Raises
    ------
    ConfigError
        The existing file is invalid (see :func:`read_overrides`), or it cannot be written.
    """
    text = _read_text(path)
    expected = {**_parse(text, path), track_id: override}
    changed = _with_override(text, track_id, *_choice(override, path.parent), comment)
    # The user may write TOML in any style. Parse the new text before writing it, so that nothing is lost.
    if not _parses_to(changed, expected, path):
        raise ConfigError(
            f"{path} has a format that cannot be extended, so it was left unchanged.",
            hint=f"Write each choice as a separate table. {_EXAMPLE}",
        )
    target = path.resolve()  # write to the target of a symbolic link
    try:
        write_durably(target, changed.encode(), target.parent)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}.",
            hint="With --overrides, name a file in a folder that you can write to.",
        ) from error


def _parses_to(text: str, expected: Overrides, path: Path) -> bool:
    try:
        text.encode()
        return _parse(text, path) == expected
    except (ConfigError, UnicodeEncodeError):
        return False


def _read_text(path: Path) -> str:
    try:
        return read_bounded(path, MAX_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8 text.", hint="Save the file as UTF-8.") from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}.",
            hint="Fix that, or name another file with --overrides.",
        ) from error


def _document(text: str, path: Path) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except ValueError as error:
        advice = toml_advice(text, error) or "Fix that line, or move the file away."
        raise ConfigError(f"{path} is not TOML: {error}.", hint=" ".join((advice, _EXAMPLE))) from error


def _parse(text: str, path: Path) -> Overrides:
    document = _document(text, path)
    tables = document.pop("track", {})
    if document.pop("names", None) is not None:
        _names(text, path)
    if document or not isinstance(tables, dict):
        stray = next(iter(document), "track")
        raise ConfigError(
            f"{path}: '{stray}' does not belong here; the file may only contain tracks and names.", hint=_EXAMPLE
        )
    folder = path.absolute().parent
    return MappingProxyType(
        {track_id: _override(table, folder, f"{path}, track {track_id!r}") for track_id, table in tables.items()}
    )


def _override(table: object, folder: Path, where: str) -> Override:
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: this is not a table.", hint=_EXAMPLE)
    unknown = [key for key in table if key not in _CHOICES]
    if unknown:
        raise ConfigError(f"{where}: unknown key '{unknown[0]}'.", hint=f"The keys are {', '.join(_CHOICES)}.")
    if len(table) != 1:
        given = ", ".join(table)
        raise ConfigError(
            f"{where}: it gives {given}." if given else f"{where}: it gives nothing.",
            hint=f"It needs exactly one of {', '.join(_CHOICES)}.",
        )
    ((key, value),) = table.items()
    return _chosen(key, value, folder, where)


def _chosen(key: str, value: object, folder: Path, where: str) -> Override:
    if key == "exclude":
        if value is not True:
            raise ConfigError(
                f"{where}: exclude can only be true.", hint="To have the track on the map, delete the whole table."
            )
        return Override(exclude=True)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ConfigError(f"{where}: {key} must be a text in quotes.", hint=_EXAMPLE)
    if key == "file":
        return Override(file=folder / _expand_home(value))
    try:
        return Override(video_id=parse_video_id(value))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}.", hint="Copy the recording's address from the browser.") from error


def _expand_home(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # "~name" of an unknown user: may be the name of a folder
        return Path(path)


def _choice(override: Override, folder: Path) -> tuple[str, str | bool]:
    if override.exclude:
        return "exclude", True
    if override.file is None:
        return "video_id", override.video_id
    folder, file = folder.absolute(), override.file.absolute()
    return "file", (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()


def _with_override(text: str, track_id: str, key: str, value: str | bool, comment: str) -> str:
    if track_id in tomllib.loads(text).get("track", {}):
        return _with_choice_replaced(text, track_id, key, value)
    # A new table is valid at the end, whatever the order of the existing ones.
    shown = "true" if value is True else _quoted(str(value))
    added = f"# {one_line(comment)}\n[track.{_quoted(track_id)}]\n{key} = {shown}\n"
    gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
    return text + (gap + added).replace("\n", "\r\n" if "\r\n" in text else "\n")


def _with_choice_replaced(text: str, track_id: str, key: str, value: str | bool) -> str:
    """Replace the choice in an existing table.

    The line is replaced in place, because in TOML a comment above the next table belongs to this one.
    """
    import tomlkit

    document = tomlkit.parse(text)
    lines = document["track"][track_id].value.body
    for number, (old_key, old_value) in enumerate(lines):
        if old_key is not None and old_key.key in _CHOICES:
            new_value = tomlkit.item(value)
            for part in ("indent", "comment_ws", "comment", "trail"):
                setattr(new_value.trivia, part, getattr(old_value.trivia, part))
            lines[number] = (tomlkit.key(key), new_value)
    return document.as_string()


def _quoted(text: str) -> str:
    """Return a text as a TOML basic string, which differs from JSON in only one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
