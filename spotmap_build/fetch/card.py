"""Cards: a file with the tracks of a map that a user gives to a friend, and a friend's card as a source.

A card holds the name of each track and a quantized embedding (8 bits per dimension). It holds no full embeddings, no
playlists, dates, play counts or file paths. It is readable JSON with one track per line, and is validated completely
before any of it is used.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import read_bounded
from spotmap_build.core.identifiers import ID_DIGITS, plain_isrc
from spotmap_build.core.text import fold_space, printable
from spotmap_build.errors import ConfigError, SourceError
from spotmap_build.fetch.source import CardSounds, Loaded
from spotmap_build.fetch.tags import UNTITLED
from spotmap_build.model import Library, SharedSound, Track
from spotmap_build.registry.sources import CARD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.fetch.source import LoadContext

SCHEMA: Final = "spotmap.card/1"
DIMENSIONS: Final = 128
"""Dimensions of ``project.shared_space``, repeated here because importing that module would load NumPy."""
MAX_FILE_BYTES: Final = 1 << 26
MAX_TRACKS: Final = 150_000
MAX_ARTISTS: Final = 100
MAX_TEXT_LENGTH: Final = 2_000
MAX_TRACK_MS: Final = 86_400_000
LAST_YEAR: Final = 9_999
SPOTIFY_ID: Final = re.compile(r"spotify:track:[0-9A-Za-z]{22}")
DIGEST_ID: Final = re.compile(r"folder:[0-9a-f]{16}(~[0-9]+)?")
"""Derived from the audio of a file, so two people with the same file have the same id."""

Text = Annotated[str, Meta(max_length=MAX_TEXT_LENGTH)]
Coordinate = Annotated[float, Meta(ge=-1e6, le=1e6)]
Step = Annotated[float, Meta(gt=0, le=1e6)]


class _Row(msgspec.Struct, array_like=True, frozen=True):
    id: Annotated[str, Meta(pattern=r"\A[!-~]{1,200}\Z")]
    title: Text
    artists: Annotated[tuple[Text, ...], Meta(max_length=MAX_ARTISTS)]
    album: Text
    duration_ms: Annotated[int, Meta(ge=0, le=MAX_TRACK_MS)] | None
    isrc: Annotated[str, Meta(max_length=20)]
    year: Annotated[int, Meta(ge=0, le=LAST_YEAR)] | None
    explicit: bool | None
    codes: Annotated[str, Meta(max_length=2 * DIMENSIONS)]


class _Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    embedder: Annotated[str, Meta(max_length=300)]
    offsets: Annotated[tuple[Coordinate, ...], Meta(min_length=DIMENSIONS, max_length=DIMENSIONS)]
    steps: Annotated[tuple[Step, ...], Meta(min_length=DIMENSIONS, max_length=DIMENSIONS)]
    tracks: Annotated[tuple[_Row, ...], Meta(min_length=1, max_length=MAX_TRACKS)]
    sha256: str = ""


class _Schema(msgspec.Struct):
    schema: str


def encode_card(tracks: Sequence[Track], sounds: Sequence[SharedSound], embedder: str) -> bytes:
    """Encode a card, one track per line.

    Parameters
    ----------
    tracks : Sequence[Track]
        At least one.
    sounds : Sequence[SharedSound]
        One for each track; offsets and steps are the same for all.
    embedder : str
        The embedder of the vectors, see :func:`spotmap_build.registry.embedders.identity`.

    Raises
    ------
    ConfigError
        The card would exceed the limits for reading it.
    """
    rows = (_row(track, sound) for track, sound in zip(tracks, sounds, strict=True))
    by_id = {row.id: row for row in rows}
    card = _Card(SCHEMA, embedder, sounds[0].offsets, sounds[0].steps, tuple(by_id.values()))
    head = msgspec.structs.asdict(card) | {"sha256": _checksum(card)}
    lines = b",\n".join(map(msgspec.json.encode, head.pop("tracks")))
    content = msgspec.json.encode(head)[:-1] + b',"tracks":[\n' + lines + b"\n]}\n"
    if len(by_id) > MAX_TRACKS or len(content) > MAX_FILE_BYTES:
        raise ConfigError(
            f"A card is limited to {MAX_TRACKS:,} tracks and {MAX_FILE_BYTES:,} bytes, and this one would have "
            f"{len(by_id):,} tracks and {len(content):,} bytes.",
            hint="Make a card of a part of your music: name fewer sources.",
        )
    return content


def _row(track: Track, sound: SharedSound) -> _Row:
    return _Row(
        id=_public_id(track),
        title=_line(track.title),
        artists=tuple(_line(name) for name in track.artists[:MAX_ARTISTS]),
        album=_line(track.album),
        duration_ms=track.duration_ms if (track.duration_ms or 0) <= MAX_TRACK_MS else None,
        isrc=plain_isrc(track.isrc),
        year=track.year if track.year is not None and 0 <= track.year <= LAST_YEAR else None,
        explicit=track.explicit,
        codes=base64.b64encode(sound.codes).decode(),
    )


def _public_id(track: Track) -> str:
    """Return an id that reveals nothing private: an id from a table's column may be the path of a file."""
    if SPOTIFY_ID.fullmatch(track.id) or DIGEST_ID.fullmatch(track.id):
        return track.id
    digest = digest_bytes(track.id.encode("utf-8", "surrogatepass"))
    return f"{CARD}:{digest[:ID_DIGITS]}"


def _line(text: str) -> str:
    return fold_space(printable(text))[:MAX_TEXT_LENGTH]


def _checksum(card: _Card) -> str:
    return digest_bytes(msgspec.json.encode(msgspec.structs.replace(card, sha256="")))


def decode_card(content: bytes) -> tuple[tuple[Track, ...], CardSounds]:
    """Decode a card into its tracks and their sounds.

    Raises
    ------
    ValueError
        The card is damaged or has an unknown format; the message gives the reason.
    """
    schema = decode_json(content, _Schema).schema
    if schema != SCHEMA:
        raise ValueError(f"its format is {schema[:100]!r}, but this version reads {SCHEMA!r}")
    card = decode_json(content, _Card)
    if _checksum(card) != card.sha256:
        raise ValueError("its checksum does not match its content: it was changed or damaged")
    tracks = tuple(map(_track, card.tracks))
    sounds = {row.id: SharedSound(_codes(row), card.offsets, card.steps) for row in card.tracks}
    if len(sounds) != len(tracks):
        raise ValueError("two of its tracks have the same id")
    return tracks, CardSounds(frozenset({card.embedder}), sounds)


def _codes(row: _Row) -> bytes:
    try:
        codes = base64.b64decode(row.codes, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"the sound of {row.id[:100]!r} is not in base64") from error
    if len(codes) != DIMENSIONS:
        raise ValueError(f"the sound of {row.id[:100]!r} has {len(codes)} numbers, not {DIMENSIONS}")
    return codes


def _track(row: _Row) -> Track:
    return Track(
        id=row.id,
        title=_line(row.title) or UNTITLED,
        artists=tuple(filter(None, map(_line, row.artists))),
        album=_line(row.album),
        duration_ms=row.duration_ms,
        isrc=plain_isrc(row.isrc),
        year=row.year,
        explicit=row.explicit,
    )


@dataclass(frozen=True, slots=True)
class CardSource:
    """``--source card:FILE``: a card that a friend made with ``spotmap-build card FILE``."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:  # noqa: ARG002 - not needed for a single file
        """Return the friend's tracks and their sounds.

        Raises
        ------
        SourceError
            The file does not exist, or is not a card that this version can read.
        """
        try:
            tracks, sounds = decode_card(read_bounded(self.path, MAX_FILE_BYTES))
        except (OSError, ValueError) as error:
            reason = printable(getattr(error, "strerror", "") or str(error))[:300]
            raise SourceError(
                f"{self.path} cannot be read as a card ({reason}).",
                hint="Ask your friend for a new one, made with: spotmap-build card FILE.",
            ) from error
        owner = fold_space(printable(self.path.stem)) or "friend"
        return Loaded(CARD, Library(tracks), card=replace(sounds, owner=owner))
