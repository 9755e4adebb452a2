"""Parse playlists: M3U and M3U8, and formats of other players. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.identifiers import ID_DIGITS
from spotmap_build.core.text import decode_text, fold_space, guess_together, is_binary, unescape
from spotmap_build.core.translation import translatable
from spotmap_build.fetch.exports.spotify_ids import track_uri
from spotmap_build.fetch.folders import other_lists
from spotmap_build.fetch.folders.other_lists import read_other_list
from spotmap_build.fetch.tags import TITLE_SEPARATOR, split_caption

if TYPE_CHECKING:
    from spotmap_build.core.encodings import Encoding

PLAYLIST_SUFFIXES: Final = (".m3u", ".m3u8", *other_lists.SUFFIXES)
FOOBAR_SUFFIX: Final = ".fpl"
"""Of playlists in the undocumented format of foobar2000, which are reported."""
MAX_M3U_BYTES: Final = 16 << 20
"""A playlist of 100,000 files with long names."""
EXTINF: Final = re.compile(
    r"""#EXTINF:\s*(-?[0-9]{1,9})?[0-9.]*(?:\s+[\w-]+=(?:"[^"]*"|'[^']*'|[^\s,"']*))*\s*,(.*)""", re.I
)
"""``#EXTINF:217,Artist - Title``; some programs put attributes before the comma."""
OF_ALBUM: Final = re.compile(r"#EXT(ART|ALB):(.*)", re.I)
"""The album of the entries below, and its artist."""
WEB_PAGE: Final = re.compile(r"\s*<(?:!doctype html|html)\b", re.I)
PLAYLIST: Final = re.compile(r"(?:^|[\r\n])[ \t\ufeff]*#PLAYLIST:([^\r\n]*)", re.I)
FOOBAR: Final = bytes.fromhex("e1a09c91f83c7742852c3bcc1401d3f2")
"""Beginning of a file in the format of foobar2000."""
HLS: Final = re.compile(r"(?:^|[\r\n])[ \t\ufeff]*#EXT-X-")
"""Streaming directives (HLS): the other lines of such a file are segments of one recording."""
MAX_ENTRIES: Final = 200_000

LINE: Final = re.compile(r"[^\r\n]+")
_ADDRESS: Final = re.compile(r"(?:[a-z][a-z0-9+.-]+://|(?:spotify|data|urn|magnet|mailto):)(?!\s)", re.I)
_FILE_URL: Final = re.compile(r"file:(?://(?:localhost(?=/))?)?(?=/)|file:(?=//)|file://", re.I)
_SHARE_URL: Final = re.compile(r"(?:smb|cifs|nfs|afp|s?ftp|webdavs?|davs?|special):(?=//)", re.I)
"""URLs of network shares; the files may also exist below the music folder."""
_FRAGMENT: Final = re.compile(r"(\.[a-z]\w{1,4})[?#][\w=&:.,;-]+(?=\"?$)", re.I)
"""The suffix of a file, and the query or fragment of its URL, such as the position to start at."""
_DRIVE_OF_URL: Final = re.compile(r"/(?=[a-z][:|]/)", re.I)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a playlist: its line (empty if it has only a name), and its metadata.

    ``name``: the title; if ``artist`` is empty, it may begin with the artist.
    """

    line: str
    name: str = ""
    duration_s: int | None = None
    artist: str = ""
    album: str = ""

    @property
    def is_address(self) -> bool:
        """Whether it is a URL of the web or a service rather than a file."""
        return _ADDRESS.match(self.line) is not None and _file_url(self.line) is None

    @property
    def words(self) -> tuple[str, str]:
        """Title and artist."""
        return (self.name, self.artist) if self.artist else split_caption(self.name)


@dataclass(frozen=True)
class M3u:
    """The content of a playlist. ``name``: its own name; may be empty."""

    entries: tuple[Entry, ...]
    name: str = ""
    fault: str = ""
    """Why it is not a usable playlist; empty if it is."""

    @cached_property
    def encoding(self) -> Encoding | None:
        """The encoding of percent-encoded lines that are not UTF-8; None if all are."""
        lines = (entry.line for entry in self.entries if "%" in entry.line and not entry.is_address)
        return guess_together(map(unquote_to_bytes, lines))


def _fault(text: str) -> str:
    """Return why a text is no playlist; empty if it may be one in M3U."""
    if WEB_PAGE.match(text):
        return translatable("it is a web page (HTML), not a playlist")
    if other_lists.JSPF.match(text):
        return translatable("it is a damaged JSPF playlist: export it again")
    if HLS.search(text):
        return translatable("it describes the stream of a single recording (HLS) and is not a playlist")
    return translatable("it is not text") if is_binary(text) else ""


def parse_m3u(content: bytes, is_file: Callable[[str], bool] = lambda _line: False) -> M3u:
    """Parse a playlist: M3U, or another format that is recognized by its beginning.

    Parameters
    ----------
    content
        Decoded by :func:`~spotmap_build.core.text.decode_text`.
    is_file
        Whether a line that begins with ``#`` is the name of an existing file; otherwise it is a comment.
    """
    if content.startswith(FOOBAR):
        return M3u((), fault=translatable("only foobar2000 can read its .fpl files: save the playlist there as .m3u8"))
    text = decode_text(content)
    other = read_other_list(text)
    if other is not None:
        return _bounded((Entry(*astuple(item)) for item in other.items), other.name)
    fault = _fault(text)
    if fault:
        return M3u((), fault=fault)
    lines = (line for found in LINE.finditer(text) if (line := found[0].strip(" \t\ufeff\0\x1a")))
    entries = (line for line in lines if not line.startswith("#") or _is_entry(line, is_file))
    named = PLAYLIST.search(text)
    return _bounded(_entries(entries), fold_space(named[1]) if named else "")


def _bounded(entries: Iterator[Entry], name: str) -> M3u:
    kept = tuple(islice(entries, MAX_ENTRIES + 1))
    if len(kept) > MAX_ENTRIES:
        return M3u((), fault=translatable(f"it has more than {MAX_ENTRIES:,} entries"))
    return M3u(kept, name)


def _is_entry(line: str, is_file: Callable[[str], bool]) -> bool:
    return EXTINF.fullmatch(line) is not None or OF_ALBUM.fullmatch(line) is not None or is_file(line)


def _entries(lines: Iterator[str]) -> Iterator[Entry]:
    """Yield entries. A name precedes its line; a name without a line is an entry without a file."""
    named: Entry | None = None
    of_album = {"art": "", "alb": ""}
    for line in lines:
        if found := OF_ALBUM.fullmatch(line):
            of_album[found[1].lower()] = fold_space(found[2])
            continue
        found = EXTINF.fullmatch(line)
        if found and named:
            yield _on_album(named, of_album)
        elif not found:
            yield _on_album(replace(named, line=line) if named else Entry(line), of_album)
        named = _named(found) if found else None
    if named:
        yield _on_album(named, of_album)


def _named(found: re.Match[str]) -> Entry | None:
    seconds = int(found[1] or 0)
    name = fold_space(found[2])
    return Entry("", name, seconds if seconds > 0 else None) if name else None


def _on_album(entry: Entry, of_album: Mapping[str, str]) -> Entry:
    """Add the album above an entry, and the album's artist if the entry has none."""
    artist = of_album["art"] if entry.name and not entry.words[1] else ""
    return replace(entry, artist=artist, album=of_album["alb"])


def is_share(line: str) -> bool:
    """Return whether a line is the URL of a file on a network share."""
    return _SHARE_URL.match(line) is not None


def _file_url(line: str) -> re.Match[str] | None:
    return _FILE_URL.match(line) or _SHARE_URL.match(line)


def path_readings(line: str, encoding: Encoding | None = None) -> Iterator[str]:
    """Yield the possible paths of a line in a playlist, the most likely first.

    A path is tried unchanged, then percent-decoded, because some programs encode it; for a ``file://`` URL, in the
    opposite order. Backslashes are also tried as Windows path separators. ``encoding``: see :attr:`M3u.encoding`.
    """
    if line[:1] == line[-1:] == '"' and len(line) > 2:
        yield line
        line = line[1:-1]
    url = _file_url(line)
    texts = [line]
    if url is not None:
        plain = line[url.end() :]
        plain = plain if plain.startswith("/") else f"//{plain}"  # on another machine
        texts = [_DRIVE_OF_URL.sub("", plain, count=1) if _DRIVE_OF_URL.match(plain) else plain]
    elif line.count(":") > 1 and not re.search(r"[/\\]", line):  # of an old Mac
        texts.append(line.replace(":", "/"))
    decoded = decode_text(unquote_to_bytes(texts[0]), encoding) if "%" in texts[0] else texts[0]
    texts = [decoded, texts[0]] if url is not None else [*texts, decoded]
    texts += [unescape(text) for text in texts if "&" in text]
    for text in dict.fromkeys(texts):
        yield text
        if "\\" in text:
            yield text.replace("\\", "/")


def without_fragment(line: str) -> str:
    """Return a line without the query or fragment after its file name ("a.mp3#t=10"); empty if it has none."""
    shorter = _FRAGMENT.sub(r"\1", line)
    return shorter if shorter != line else ""


def likely_path(line: str, encoding: Encoding | None = None) -> str:
    """Return the most likely path of a line, without checking for existence."""
    first, *others = path_readings(line, encoding)
    return others[0] if "\\" in first and "/" not in first else first


def m3u_columns(
    content: bytes,
    name: str,
    find: Callable[[str], Iterable[str]] | None = None,
    is_file: Callable[[str], bool] = lambda _line: False,
) -> dict[str, list[Any]]:
    """Return the distinct entries of a playlist as the columns of a table.

    Parameters
    ----------
    content
        Decoded by :func:`~spotmap_build.core.text.decode_text`.
    name
        Name of the playlist if it does not contain one.
    find
        Returns the paths of a line; several if it is a folder, none if the track can only be searched by name. By
        default, the most likely path.
    is_file
        As for :func:`parse_m3u`.
    """
    m3u = parse_m3u(content, is_file)
    paths_of = find or (lambda line: (likely_path(line, m3u.encoding),))
    rows = [row for entry in dict.fromkeys(m3u.entries) for row in _rows(entry, paths_of)]
    return {
        "id": [track_uri(entry.line) or _id(entry) for entry, _ in rows],
        "title": [entry.words[0] or None for entry, _ in rows],
        "artists": [entry.words[1] or None for entry, _ in rows],
        "album": [entry.album or None for entry, _ in rows],
        "duration_ms": [entry.duration_s and entry.duration_s * 1000 for entry, _ in rows],
        "path": [path for _, path in rows],
        "playlists": [[m3u.name or name] for _ in rows],
    }


def _rows(entry: Entry, find: Callable[[str], Iterable[str]]) -> Iterator[tuple[Entry, str | None]]:
    """Yield an entry with its path; if it is a folder, an entry for each file."""
    if not entry.line or entry.is_address:
        yield entry, None
        return
    paths = list(find(entry.line))
    if not paths:
        yield entry, None
    for path in paths:
        yield entry if len(paths) == 1 else Entry(f"{entry.line}/{PurePath(path).name}"), path


def _id(entry: Entry) -> str:
    said = entry.line or TITLE_SEPARATOR.join(filter(None, (entry.artist, entry.name)))
    return "m3u:" + digest_bytes(said.encode("utf-8", "replace"))[:ID_DIGITS]
