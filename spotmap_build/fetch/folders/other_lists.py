"""Read the playlists of other players than those that write M3U: PLS, XSPF, WPL and ASX. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from spotmap_build.fetch.tags import TITLE_SEPARATOR, fold_space

SUFFIXES: Final = (".pls", ".xspf", ".wpl", ".asx")
_PLS: Final = re.compile(r"\s*\[playlist\]", re.I)
_FIELD: Final = re.compile(r"(file|title|length)([0-9]{1,9})[ \t]*=([^\r\n]*)", re.I)
_MARKUP: Final = re.compile(r"\s*<(?:[?!].{0,2000}?<)?(?:playlist|smil|asx)\b", re.I | re.S)
"""There may be declarations and remarks before the element that holds everything."""
_ARTIST: Final = ("creator", "author")
_TEXTS: Final = ("location", "title", "duration", *_ARTIST)
_MS_OF_S: Final = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: its path or address (empty where only a name is given), what it is called, and how long it is."""

    line: str
    name: str
    duration_s: int | None


@dataclass(frozen=True, slots=True)
class OtherList:
    """What a list holds. ``name``: what it calls itself; may be empty."""

    items: tuple[Item, ...]
    name: str = ""


def read_other_list(text: str) -> OtherList | None:
    """Read a list, whichever of the four it is by its beginning; None where it is none of them."""
    if _PLS.match(text):
        return OtherList(tuple(_pls_items(text)))
    if not _MARKUP.match(text):
        return None
    # Not by a parser of XML: what players write is often none, and such a parser would expand entities.
    reader = _Markup()
    reader.feed(text)
    reader.close()
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


@dataclass(slots=True)
class _Open:
    """An entry that has not ended yet."""

    texts: dict[str, str] = field(default_factory=dict)

    def finished(self) -> Item:
        artist = next((self.texts[tag] for tag in _ARTIST if self.texts.get(tag)), "")
        names = [name for name in (fold_space(artist), fold_space(self.texts.get("title", ""))) if name]
        seconds = _seconds(self.texts.get("duration", ""), _MS_OF_S)
        return Item(self.texts.get("location", "").strip(), TITLE_SEPARATOR.join(names), seconds)


class _Markup(HTMLParser):
    """Collects ``track`` (XSPF), ``entry`` (ASX) and ``media`` (WPL); names of elements come in lower case."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.items: list[Item] = []
        self.name = ""
        self._open: _Open | None = None
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in ("track", "entry", "media"):
            self.end_item()
            self._open = _Open()
        place = attributes.get("src") if tag == "media" else attributes.get("href") if tag == "ref" else None
        if place and self._open:
            self._open.texts.setdefault("location", place)
        # A list may name several places of one track; the first is the best.
        is_given = self._open is not None and tag in self._open.texts
        self._text = tag if tag in _TEXTS and not is_given else None

    def handle_endtag(self, tag: str) -> None:
        self._text = None
        if tag in ("track", "entry", "media"):
            self.end_item()

    def handle_data(self, data: str) -> None:
        if self._text is None:
            return
        if self._open:
            self._open.texts[self._text] = self._open.texts.get(self._text, "") + data
        elif self._text == "title":
            self.name = fold_space(f"{self.name}{data}")

    def unknown_decl(self, data: str) -> None:
        if data.startswith("CDATA["):
            self.handle_data(data.removeprefix("CDATA["))

    def end_item(self) -> None:
        """Keep the entry that was read last, if it says anything."""
        if self._open:
            item = self._open.finished()
            if item.line or item.name:
                self.items.append(item)
        self._open = None


def _seconds(text: str, units: int) -> int | None:
    """Return a whole number of seconds; None where it is missing, or given as not known (-1)."""
    return round(int(text) / units) or None if re.fullmatch(r"[0-9]{1,12}", text.strip()) else None
