"""Read tags of audio files: title, artists, album, cover. The only module that imports mutagen."""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from functools import partial
from itertools import filterfalse
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from spotmap_build.core.files import open_regular
from spotmap_build.core.identifiers import plain_isrc
from spotmap_build.core.normalize import repair
from spotmap_build.core.text import decode_guessing, fold_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

UNTITLED: Final = "Untitled"
"""Title of a track without one."""
TITLE_SEPARATOR: Final = " - "
CAPTION_SEPARATORS: Final = (TITLE_SEPARATOR, " \N{EN DASH} ", " \N{EM DASH} ")
TRACK_NUMBER: Final = re.compile(
    r"^(?i:(?:cd|dis[ck]) ?\d{1,2}(?: *[-._] *| +))?"
    r"(?:\d{1,3}(?:-\d{1,3})?\s*[-._)](?:\s+|(?=\D))|\d-\d\d\s+|0\d\s+|[\[(]\d\d[\])]\s*(?:[-._]\s*)?)(?=\S)"
)
"""A leading "07 - ", "07. ", "1-07 ", "[07] ", "CD1 - 07 " of a file name is its place on the album, not its title."""
ALBUM_IN_NAME: Final = re.compile(r"(\S.{0,99}?) - \S.{0,99}? - (?:([0-9]{1,3})(?:\.| -)|(0[0-9]{1,2})) (\S.*)")
"""With a sign after the number, or a leading zero: "Artist - Title - 7 Inch Version" names no album."""
VIDEO_ID: Final = re.compile(r"(?<=\S) \[(?=[\w-]{0,9}[a-z][\w-]{0,9}[A-Z])[A-Za-z0-9_-]{11}\]$")
"""What yt-dlp appends to the name of a file: an address of YouTube, with small letters before capitals."""
ID3_FRAMES: Final = {
    "title": "TIT2",
    "artist": "TPE1",
    "albumartist": "TPE2",
    "album": "TALB",
    "date": "TDRC",
    "isrc": "TSRC",
    "tracknumber": "TRCK",
    "discnumber": "TPOS",
}
"""For files without mutagen's "easy" tag names, such as WAV and AIFF."""
OTHER_NAMES: Final = {
    "title": ("Title",),
    "artist": ("Author",),
    "albumartist": ("WM/AlbumArtist", "album artist"),
    "album": ("WM/AlbumTitle",),
    "date": ("WM/Year", "year"),
    "isrc": ("WM/ISRC", "----:com.apple.iTunes:ISRC"),
    "originaldate": (
        "originalyear",
        "TXXX:originalyear",
        "WM/OriginalReleaseYear",
        "----:com.apple.iTunes:originalyear",
    ),
    "tracknumber": ("WM/TrackNumber", "track"),
    "discnumber": ("WM/PartOfSet", "disc"),
    "artists": ("TXXX:Artists", "TXXX:ARTISTS", "WM/ARTISTS", "----:com.apple.iTunes:ARTISTS"),
}
"""Names in Windows Media and APE tags, and of fields in which taggers list several artists separately."""
CONTAINER_NAMES: Final = {
    "title": ("track/title", "title", "name"),
    "artist": ("track/artist", "artist", "author", "performer", "album_artist", "album/artist"),
    "album": ("album/title", "album", "product"),
    "date": ("date", "track/date_released", "album/date_released", "date_released", "date_recorded", "year"),
    "isrc": ("track/isrc", "isrc", "tsrc"),
}
"""FFmpeg's names for RIFF, AIFF, CAF, Matroska (which distinguishes track and album) and others."""
JOINTS: Final = re.compile(r"[;\0\r\n\N{FULLWIDTH SEMICOLON}]|\\\\| (?:/|//|\|) ")
"""Separators between the artists of one tag. A slash without spaces is not one: AC/DC."""
PLACE: Final = re.compile(r"(\d{1,4})(?:\s*/.*|\.0+)?")
"""A track number, possibly with the total: 7, 07, 7/12."""
NO_ENCODING_OF_TAGS: Final = re.compile(r"|Mac .*|DOS code page (?:437|775|85.)")
"""Latin encodings of systems that are older than tags, and an encoding that was not guessed."""
SYMBOLS: Final = "ªºµ"
"""Characters that are letters in Unicode but used as symbols."""
YEAR: Final = re.compile(r"\b(1[89]\d\d|20\d\d)\b")

MAX_TAGS_BYTES: Final = 64 << 20
"""Maximum bytes read for the tags of a file, most of which are covers."""
DAMAGED_TAGS: Final = (
    *(ValueError, TypeError, AttributeError, AssertionError, ArithmeticError, NotImplementedError),
    *(LookupError, EOFError, MemoryError, RecursionError, struct.error),
)
"""Exceptions besides mutagen's own that it raises for invalid tags."""


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags of a file; empty where missing. ``cover``: the bytes of an image file."""

    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    year: int | None = None
    isrc: str = ""
    cover: bytes = b""
    track_number: int | None = None
    disc_number: int | None = None


def read_tags(path: Path) -> Tags:
    """Read the tags of an audio file in any container; empty if there are none or they are damaged.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    from mutagen.apev2 import APEv2
    from mutagen.id3 import ID3

    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size == 0:  # possibly a kernel file, whose read could block
            return Tags()
        tags = _attempt(path, partial(_usual_tags, file, path))
        for kind in (ID3, APEv2):  # also in unusual places: APEv2 in an MP3, either of them in ADTS
            if not (tags.title and tags.artists):
                tags = _first_of(tags, _attempt(path, partial(_only_tags, file, kind)))
        return tags


def _attempt(path: Path, read: Callable[[], Tags]) -> Tags:
    import mutagen

    try:
        return read()
    except DAMAGED_TAGS:
        return Tags()
    except mutagen.MutagenError as error:
        if isinstance(error.__cause__, OSError) and not path.is_file():
            raise error.__cause__ from error
        return Tags()


def _usual_tags(file: BinaryIO, path: Path) -> Tags:
    """Return the tags of a container that mutagen supports."""
    import mutagen
    from mutagen.apev2 import APEv2

    easy = mutagen.File(_Bounded(file), filename=os.fspath(path), easy=True)
    full = mutagen.File(_Bounded(file), filename=os.fspath(path))
    if easy is None or full is None:
        return Tags()
    tags = _tags(easy, full.tags, _cover(full))
    if getattr(full.tags, "version", (2,))[0] == 1:  # ID3v1 is limited to 30 characters, unlike APEv2 in the same file
        tags = _first_of(_attempt(path, partial(_only_tags, file, APEv2)), tags)
    return tags


def _only_tags(file: BinaryIO, kind: Callable[[_Bounded], Any]) -> Tags:
    """Return the tags of one kind in any container."""
    tags = kind(_Bounded(file))
    return _tags(tags, tags)


def with_container_words(tags: Tags, words: Mapping[str, str]) -> Tags:
    """Fill missing tags from the container's metadata (by lower-case names)."""
    said = {
        name: next((text for alias in aliases if (text := fold_space(words.get(alias, "")))), "")
        for name, aliases in CONTAINER_NAMES.items()
    }
    isrc = plain_isrc(said["isrc"])
    artists = split_artists([said["artist"]])
    return _first_of(tags, Tags(said["title"], artists, said["album"], parse_year(said["date"]), isrc))


def _first_of(tags: Tags, other: Tags) -> Tags:
    return Tags(*(getattr(tags, name) or getattr(other, name) for name in Tags.__slots__))


def _tags(easy: Any, full: Any, cover: bytes = b"") -> Tags:
    listed = split_artists(_values(full, "artists"))
    titles, albums = _values(easy, "title"), _values(easy, "album")
    artists = _values(easy, "artist") or _values(easy, "albumartist")
    texts = [*titles, *artists, *albums]
    meant = _read_again(list(filterfalse(_has_symbols_only, texts)) if _is_unicode(full) else texts)
    return Tags(
        title=_first_text(meant.get(title, title) for title in titles),
        artists=listed if len(listed) > 1 else split_artists(meant.get(name, name) for name in artists),
        album=_first_text(meant.get(album, album) for album in albums),
        year=parse_year(_first(easy, "originaldate") or _first(full, "originaldate") or _first(easy, "date")),
        isrc=plain_isrc(_first(easy, "isrc") or _first(full, "isrc")),
        cover=cover,
        track_number=parse_place(_first(easy, "tracknumber")),
        disc_number=parse_place(_first(easy, "discnumber")),
    )


def split_artists(values: Iterable[str]) -> tuple[str, ...]:
    """Split artists that taggers joined in one tag."""
    parts = (part for value in values for whole in JOINTS.split(value) for part in _by_slash(whole))
    return tuple(dict.fromkeys(name for part in parts if (name := fold_space(part))))


def _by_slash(text: str) -> list[str]:
    """Split at slashes, as ID3v2.3 joins artists, if all parts have several words (unlike AC/DC)."""
    parts = text.split("/")
    return parts if all(" " in part.strip() for part in parts) else [text]


class _Bounded:
    """A file from which at most ``MAX_TAGS_BYTES`` are read in total."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self.seek: Callable[..., int] = file.seek
        self.tell: Callable[[], int] = file.tell
        self._file = file
        self._left_bytes = MAX_TAGS_BYTES

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(min(size, self._left_bytes + 1) if size >= 0 else self._left_bytes + 1)
        self._left_bytes -= len(content)
        if self._left_bytes < 0:
            raise ValueError(f"the tags take more than {MAX_TAGS_BYTES:,} bytes")
        return content


def _values(tags: Any, name: str) -> list[str]:
    """Return the values of a field, under any of its names in the different kinds of tags."""
    for key in (name, ID3_FRAMES.get(name, name), *OTHER_NAMES.get(name, ())):
        found = [
            value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in _get(tags, key)
        ]
        if any(map(fold_space, found)):
            return found
    return []


def _first(tags: Any, name: str) -> str:
    return _first_text(_values(tags, name))


def _first_text(values: Iterable[str]) -> str:
    return next((text for value in values if (text := fold_space(value))), "")


def _is_unicode(tags: Any) -> bool:
    """Return whether the non-ASCII texts are stored as Unicode. ID3 frames may be Latin-1, or labeled so by mistake."""
    from mutagen.id3 import ID3, Encoding

    names = [ID3_FRAMES[name] for name in ("title", "artist", "albumartist", "album")]
    frames = filter(None, map(tags.get, names)) if isinstance(tags, ID3) else ()
    return not any(frame.encoding == Encoding.LATIN1 and not str(frame).isascii() for frame in frames)


def _has_symbols_only(text: str) -> bool:
    """Return whether all non-ASCII characters are symbols. In Unicode, they are no sign of a wrong encoding."""
    others = [letter for letter in text if not letter.isascii()]
    return bool(others) and not any(letter.isalpha() and letter not in SYMBOLS for letter in others)


def _read_again(texts: list[str]) -> dict[str, str]:
    """Decode texts again that a program wrote in its system encoding but declared as Latin-1.

    Returns the corrected texts by their wrong reading; empty if they are Latin-1.
    """
    read = {text: meant for text in texts if (meant := repair(text)) != text}
    joined = "\n".join(text for text in texts if text not in read)
    if max(joined, default="") > "\xff":
        return read
    meant, encoding = decode_guessing(joined.encode("latin-1"))
    is_another = NO_ENCODING_OF_TAGS.fullmatch(encoding) is None and meant.count("\n") == joined.count("\n")
    return read | dict(zip(joined.split("\n"), meant.split("\n"), strict=True)) if is_another else read


def parse_year(text: str) -> int | None:
    """Return the year in a date of any format; None if there is none."""
    found = YEAR.search(text)
    return int(found.group()) if found else None


def parse_place(text: str) -> int | None:
    """Return a track or disc number; None if there is none, or it is of another kind (A1).

    Examples
    --------
    >>> parse_place("07/12"), parse_place("3.0"), parse_place("A1"), parse_place("0")
    (7, 3, None, None)
    """
    found = PLACE.fullmatch(text.strip())
    return (int(found[1]) or None) if found else None


def _cover(file: Any) -> bytes:
    """Return the embedded front cover, or else the first image, from FLAC, Ogg, ID3 (APIC) or MP4 (covr)."""
    pictures = list(getattr(file, "pictures", None) or [])
    tags = file.tags
    if tags is not None and hasattr(tags, "getall"):
        pictures += tags.getall("APIC")
    if tags is not None and not pictures:
        pictures += [_Picture(bytes(data)) for data in _get(tags, "covr")]
        pictures += _ogg_pictures(tags)
    pictures.sort(key=lambda one: (not bytes(one.data).startswith(IMAGES), getattr(one, "type", 0) != FRONT_COVER))
    return bytes(pictures[0].data) if pictures else b""


IMAGES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*", b"MM\0*")
"""Beginnings of JPEG, PNG, GIF, WebP, BMP and TIFF."""
FRONT_COVER: Final = 3
"""Type of the front cover in the picture types of ID3 and FLAC."""


@dataclass(frozen=True, slots=True)
class _Picture:
    data: bytes
    type: int = FRONT_COVER


def _get(tags: Any, name: str) -> list[Any]:
    """Return the values of a name; empty if this kind of tag does not support the name."""
    try:
        found = [] if tags is None else tags.get(name) or []
    except (KeyError, ValueError, TypeError):
        return []
    return [found] if isinstance(found, str) else list(getattr(found, "text", found))


def _ogg_pictures(tags: Any) -> list[Any]:
    import base64
    import binascii

    from mutagen.flac import Picture, error

    pictures: list[Any] = []
    for name, make in (("metadata_block_picture", Picture), ("coverart", _Picture)):
        for encoded in _get(tags, name):
            try:
                pictures.append(make(base64.b64decode(encoded)))
            except (binascii.Error, error, TypeError, ValueError):
                continue  # ignore a damaged image; the music is unaffected
    return pictures


def title_from_name(stem: str) -> tuple[str, tuple[str, ...]]:
    """Return title and artists from a file name: "07 - Artist - Title", "Artist - Album - 07 - Title", "Title"."""
    text = _text_of_name(stem)
    without_number = TRACK_NUMBER.sub("", text)
    if without_number == text and (found := ALBUM_IN_NAME.fullmatch(text)):
        return found[4], (found[1],)
    title, artist = split_caption(without_number)
    return title or text or UNTITLED, (artist,) if artist else ()


def _text_of_name(stem: str) -> str:
    """Return a file name as text, with spaces for underscores and without the address that yt-dlp appends."""
    text = stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return VIDEO_ID.sub("", fold_space(text.replace("_", " ")))


def split_caption(text: str) -> tuple[str, str]:
    """Split "Artist - Title", with a hyphen or else a dash, into title and artist; the artist may be empty.

    >>> split_caption("Artist - Title – Live"), split_caption("Artist – Title"), split_caption("Title -")
    (('Title – Live', 'Artist'), ('Title', 'Artist'), ('Title -', ''))
    """
    for separator in CAPTION_SEPARATORS:
        artist, _, title = text.partition(separator)
        if artist.strip() and title.strip():
            return title.strip(), artist.strip()
    return text, ""


def place_from_name(stem: str) -> tuple[int | None, int | None]:
    """Return disc and track number at the beginning of a file name: "07 - Title", "1-07 Title"."""
    found = TRACK_NUMBER.match(stem)
    if not found and (in_name := ALBUM_IN_NAME.fullmatch(_text_of_name(stem))):
        return None, int(in_name[2] or in_name[3]) or None
    numbers = [int(digits) for digits in re.findall(r"\d+", found.group())] if found else []
    return (numbers[0] if len(numbers) > 1 else None), (numbers[-1] or None if numbers else None)
