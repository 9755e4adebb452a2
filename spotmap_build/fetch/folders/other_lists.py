"""Parse playlist formats other than M3U: PLS, XSPF, JSPF, WPL, ZPL, ASX and B4S. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from spotmap_build.core.documents import parse_json
from spotmap_build.core.text import fold_space
from spotmap_build.fetch.exports.spotify_ids import track_uri
from spotmap_build.fetch.folders.markup import Tag, read_markup

SUFFIXES: Final = (".pls", ".xspf", ".jspf", ".wpl", ".zpl", ".asx", ".b4s")
_PLS: Final = re.compile(r"\s*(?:;[^\r\n]*\s+)*\[playlist\]", re.I)
_FIELD: Final = re.compile(r"(file|title|length)([0-9]{1,9})[ \t]*=([^\r\n]*)", re.I)
_MARKUP: Final = re.compile(r"\s*<(?:[?!].{0,2000}?<)?(?:\w{1,40}:)?(?:playlist|smil|asx|winampxml)\b", re.I | re.S)
"""Declarations and comments may precede the root element, and a namespace prefix its name."""
JSPF: Final = re.compile(r'\s*\{\s*"playlist"\s*:')
_ITEMS: Final = frozenset({"track", "entry", "media"})
_ARTIST: Final = ("creator", "author")
_TEXTS: Final = ("location", "title", "duration", "album", "identifier", *_ARTIST)
_OF_MEDIA: Final = {
    "src": "location",
    "tracktitle": "title",
    "trackartist": "creator",
    "albumtitle": "album",
    "duration": "duration",
}
"""Attributes of WPL and ZPL."""
_OF_OTHERS: Final = {
    ("ref", "href"): "location",
    ("duration", "value"): "duration",
    ("entry", "playstring"): "location",
}
"""Attributes of ASX and B4S."""
_NAMES: Final = {"name": "title", "length": "duration"}
"""Elements of B4S by their usual names."""
_FILE: Final = re.compile(r"file:(?=\w:|\\)", re.I)
"""What B4S puts before a Windows path."""
_MS_OF_S: Final = 1000
_NUMBER: Final = re.compile(r"([0-9]{1,12})(?:\.[0-9]*)?")
_CLOCK: Final = re.compile(r"([0-9]{1,3}):([0-5]?[0-9]):([0-5]?[0-9])(?:\.[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: its path or URL (empty if it has only a name), and its metadata.

    ``name``: the title, preceded by the artist if the format does not separate them.
    """

    line: str
    name: str
    duration_s: int | None
    artist: str = ""
    album: str = ""


@dataclass(frozen=True, slots=True)
class OtherList:
    """The content of a playlist. ``name``: its own name; may be empty."""

    items: tuple[Item, ...]
    name: str = ""


def read_other_list(text: str) -> OtherList | None:
    """Parse a playlist of any of these formats, recognized by its beginning; None if it is none of them."""
    if _PLS.match(text):
        return OtherList(tuple(_pls_items(text)))
    if JSPF.match(text):
        return _read_jspf(text)
    if not _MARKUP.match(text):
        return None
    reader = _Reader()
    for token in read_markup(text):
        reader.read(token)
    reader.end_item()
    return OtherList(tuple(reader.items), reader.name)


def _pls_items(text: str) -> Iterator[Item]:
    fields: dict[int, dict[str, str]] = {}
    for line in re.split(r"[\r\n]+", text):
        if found := _FIELD.fullmatch(line.strip()):
            fields.setdefault(int(found[2]), {})[found[1].lower()] = found[3].strip()
    for _, entry in sorted(fields.items()):
        if entry.get("file") or entry.get("title"):
            yield Item(entry.get("file", ""), fold_space(entry.get("title", "")), _seconds(entry.get("length", ""), 1))


def _read_jspf(text: str) -> OtherList | None:
    """Parse XSPF in JSON; None if it is not such a document."""
    try:
        playlist = parse_json(text)["playlist"]
    except (ValueError, TypeError):
        return None
    if not isinstance(playlist, dict):
        return None
    listed = playlist.get("track")
    tracks = [track for track in listed if isinstance(track, dict)] if isinstance(listed, list) else []
    items = (_item({tag: _first_text(track.get(tag)) for tag in _TEXTS}) for track in tracks)
    return OtherList(
        tuple(item for item in items if item.line or item.name), fold_space(_first_text(playlist.get("title")))
    )


def _first_text(value: Any) -> str:
    """Return a text, or the first of a list: JSPF has lists for repeated elements of XSPF."""
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value) if isinstance(value, (str, int, float)) else ""


def _item(texts: dict[str, str]) -> Item:
    """Return the entry for the texts of its elements."""
    artist = next((texts[tag] for tag in _ARTIST if texts.get(tag)), "")
    line = _FILE.sub("", texts.get("location", "").strip()) or track_uri(texts.get("identifier", ""))
    seconds = _seconds(texts.get("duration", ""), _MS_OF_S)
    title, album = (fold_space(texts.get(tag, "")) for tag in ("title", "album"))
    return Item(line, title, seconds, fold_space(artist), album)


class _Reader:
    """Collects ``track`` (XSPF), ``entry`` (ASX, B4S) and ``media`` (WPL, ZPL) elements."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._name: list[str] = []
        self._item: dict[str, list[str]] | None = None
        """The parts of the texts of the item whose element is open."""
        self._reading = ""
        """The name of the text that is being read."""

    @property
    def name(self) -> str:
        """The name of the playlist; may be empty."""
        return fold_space("".join(self._name))

    def read(self, token: Tag | str) -> None:
        """Read the next tag or text."""
        if isinstance(token, str):
            self._read_text(token)
            return
        if token.opens:
            self._open(token)
        if token.closes:
            self._reading = ""
            if token.name in _ITEMS:
                self.end_item()

    def _open(self, tag: Tag) -> None:
        if tag.name in _ITEMS:
            self.end_item()
            self._item = {}
        if self._item is not None:
            for name, value in tag.attributes:
                text = _OF_MEDIA.get(name) if tag.name == "media" else _OF_OTHERS.get((tag.name, name))
                if text and value:
                    self._item.setdefault(text, [value])
        elif tag.name == "playlist":
            self._name += [value for name, value in tag.attributes if name == "label"]
        # A playlist may have several locations of a track; the first is preferred.
        text = _NAMES.get(tag.name, tag.name)
        is_given = self._item is not None and text in self._item
        self._reading = text if text in _TEXTS and not is_given else ""

    def _read_text(self, text: str) -> None:
        if not self._reading:
            return
        if self._item is not None:
            self._item.setdefault(self._reading, []).append(text)
        elif self._reading == "title":
            self._name.append(text)

    def end_item(self) -> None:
        """Keep the item that was read last, if it says anything."""
        if self._item is not None:
            item = _item({name: "".join(parts) for name, parts in self._item.items()})
            if item.line or item.name:
                self.items.append(item)
        self._item = None


def _seconds(text: str, units: int) -> int | None:
    """Return a whole number of seconds; None where it is missing, or given as not known (-1)."""
    if clock := _CLOCK.fullmatch(text.strip()):
        hours, minutes, seconds = map(int, clock.groups())
        return hours * 3600 + minutes * 60 + seconds or None
    number = _NUMBER.fullmatch(text.strip())
    return round(int(number[1]) / units) or None if number else None
