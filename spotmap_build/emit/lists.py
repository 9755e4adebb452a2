"""Encode lists of tracks as playlist files for other players: M3U8 and JSPF. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from spotmap_build.core.identifiers import SPOTIFY_TRACK
from spotmap_build.core.text import caption, one_line

if TYPE_CHECKING:
    from spotmap_build.model import Track

ListFormat = Literal["m3u8", "jspf"]
WATCH: Final = "https://music.youtube.com/watch?v="
OPEN: Final = "https://open.spotify.com/track/"


@dataclass(frozen=True, slots=True)
class TrackList:
    """A list to write. ``id`` is stable across builds; ``kind`` names its folder."""

    id: str
    kind: str
    name: str
    tracks: tuple[Track, ...]


def encode_list(track_list: TrackList, list_format: ListFormat, folder: Path | None = None) -> bytes:
    """Encode a list in UTF-8.

    Parameters
    ----------
    track_list : TrackList
        The list, in playing order.
    list_format : {"m3u8", "jspf"}
        M3U8 contains playable tracks only; JSPF (https://www.xspf.org/jspf) all tracks with all known metadata.
    folder : Path, optional
        The folder of the file, to which paths are then relative. By default they are absolute.

    Returns
    -------
    bytes
        In M3U8, tracks without a file or an address are comments, because players cannot handle anything else.
    """
    return _m3u8(track_list, folder) if list_format == "m3u8" else _jspf(track_list, folder)


def _m3u8(track_list: TrackList, folder: Path | None) -> bytes:
    lines = ["#EXTM3U", f"#PLAYLIST:{one_line(track_list.name)}"]
    for track in track_list.tracks:
        name = one_line(caption(track.artists, track.title))
        place = file_of(track, folder) or _address(track)
        seconds = -1 if track.duration_ms is None else round(track.duration_ms / 1000)
        lines += [f"#EXTINF:{seconds},{name}", place] if place else [f"# no address: {name}"]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def _jspf(track_list: TrackList, folder: Path | None) -> bytes:
    playlist = {
        "title": one_line(track_list.name),
        "track": [_jspf_track(track, folder) for track in track_list.tracks],
    }
    return orjson.dumps({"playlist": playlist}, option=orjson.OPT_INDENT_2)


def _jspf_track(track: Track, folder: Path | None) -> dict[str, Any]:
    file = file_of(track, None)
    locations = [Path(file).as_uri()] if file and folder is None else []
    if file and folder is not None:
        locations = [_as_relative_uri(file_of(track, folder))]
    known: dict[str, Any] = {
        "title": one_line(track.title),
        "creator": one_line(", ".join(track.artists)),
        "album": one_line(track.album),
        "duration": track.duration_ms,
        "location": [*locations, *filter(None, [_address(track)])],
        "identifier": [track.id] if track.id.startswith(SPOTIFY_TRACK) else [],
    }
    return {name: value for name, value in known.items() if value not in ("", None, [])}


def _as_relative_uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path.replace(os.sep, "/").encode("utf-8", "surrogateescape"))


def file_of(track: Track, folder: Path | None) -> str:
    """Return the path of the track's file; empty if it has none, or the path contains line breaks.

    The path is relative to ``folder`` if one is given and the file can be reached from there, otherwise absolute.
    """
    path = track.recording.path if track.recording is not None else None
    if path is None or "\n" in path or "\r" in path:
        return ""
    absolute = str(Path(path).absolute())
    if folder is None:
        return absolute
    try:
        relative = os.path.relpath(absolute, folder)
    except ValueError:  # on another drive
        return absolute
    return f".{os.sep}{relative}" if relative.startswith("#") else relative


def _address(track: Track) -> str:
    """Return the address of the track on the web; empty if it is not known."""
    if track.recording is not None and track.recording.video_id is not None:
        return f"{WATCH}{track.recording.video_id}"
    return f"{OPEN}{track.id.removeprefix(SPOTIFY_TRACK)}" if track.id.startswith(SPOTIFY_TRACK) else ""
