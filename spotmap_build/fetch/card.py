"""A card: what a person gives a friend of their map, as one file; and a friend's card as a source of tracks.

It says of each track what it is called, and in 8 bits a direction how it sounds: no embedding, no playlist, no date, no
number of plays, no place of a file. Everybody can read it (it is JSON, a track a line), and whoever gets one checks it
whole before any of it is used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
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
from spotmap_build.core.text import printable
from spotmap_build.errors import ConfigError, SourceError
from spotmap_build.fetch.source import CardSounds, Loaded
from spotmap_build.fetch.tags import UNTITLED, fold_space
from spotmap_build.model import Library, SharedSound, Track
from spotmap_build.registry.sources import CARD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.fetch.source import LoadContext

SCHEMA: Final = "spotmap.card/1"
DIMENSIONS: Final = 128
"""As many as ``project.shared_space`` has, which is not loaded to read a card: that takes numpy."""
LARGEST_FILE_BYTES: Final = 1 << 26
MOST_TRACKS: Final = 150_000
MOST_ARTISTS: Final = 100
LONGEST_TEXT: Final = 2_000
LONGEST_TRACK_MS: Final = 86_400_000
LAST_YEAR: Final = 9_999
SPOTIFY_ID: Final = re.compile(r"spotify:track:[0-9A-Za-z]{22}")
DIGEST_ID: Final = re.compile(r"folder:[0-9a-f]{16}(~[0-9]+)?")
"""Made of a file's sound: two people that have the same file know it by that."""

Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
Coordinate = Annotated[float, Meta(ge=-1e6, le=1e6)]
Step = Annotated[float, Meta(gt=0, le=1e6)]


class _Row(msgspec.Struct, array_like=True, frozen=True):
    id: Annotated[str, Meta(pattern=r"\A[!-~]{1,200}\Z")]
    title: Text
    artists: Annotated[tuple[Text, ...], Meta(max_length=MOST_ARTISTS)]
    album: Text
    duration_ms: Annotated[int, Meta(ge=0, le=LONGEST_TRACK_MS)] | None
    isrc: Annotated[str, Meta(max_length=20)]
    year: Annotated[int, Meta(ge=0, le=LAST_YEAR)] | None
    explicit: bool | None
    codes: Annotated[str, Meta(max_length=2 * DIMENSIONS)]


class _Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    embedder: Annotated[str, Meta(max_length=300)]
    offsets: Annotated[tuple[Coordinate, ...], Meta(min_length=DIMENSIONS, max_length=DIMENSIONS)]
    steps: Annotated[tuple[Step, ...], Meta(min_length=DIMENSIONS, max_length=DIMENSIONS)]
    tracks: Annotated[tuple[_Row, ...], Meta(min_length=1, max_length=MOST_TRACKS)]
    sha256: str = ""


class _Schema(msgspec.Struct):
    schema: str


def encode_card(tracks: Sequence[Track], sounds: Sequence[SharedSound], embedder: str) -> bytes:
    """Write a card down, a track a line.

    Parameters
    ----------
    tracks : Sequence[Track]
        At least one.
    sounds : Sequence[SharedSound]
        Of each track; offsets and steps are the same for all.
    embedder : str
        Which made the vectors, see :func:`spotmap_build.registry.embedders.identity`.

    Raises
    ------
    ConfigError
        There are more of them, or of their texts, than who reads a card takes.
    """
    rows = (_row(track, sound) for track, sound in zip(tracks, sounds, strict=True))
    by_id = {row.id: row for row in rows}
    card = _Card(SCHEMA, embedder, sounds[0].offsets, sounds[0].steps, tuple(by_id.values()))
    head = msgspec.structs.asdict(card) | {"sha256": _checksum(card)}
    lines = b",\n".join(map(msgspec.json.encode, head.pop("tracks")))
    content = msgspec.json.encode(head)[:-1] + b',"tracks":[\n' + lines + b"\n]}\n"
    if len(by_id) > MOST_TRACKS or len(content) > LARGEST_FILE_BYTES:
        raise ConfigError(
            f"A card has room for {MOST_TRACKS:,} tracks and {LARGEST_FILE_BYTES:,} bytes, and this one would have "
            f"{len(by_id):,} tracks and {len(content):,} bytes.",
            hint="Make one of a part of your music: name fewer sources.",
        )
    return content


def _row(track: Track, sound: SharedSound) -> _Row:
    return _Row(
        id=_public_id(track),
        title=_line(track.title),
        artists=tuple(_line(name) for name in track.artists[:MOST_ARTISTS]),
        album=_line(track.album),
        duration_ms=track.duration_ms if (track.duration_ms or 0) <= LONGEST_TRACK_MS else None,
        isrc=plain_isrc(track.isrc),
        year=track.year if track.year is not None and 0 <= track.year <= LAST_YEAR else None,
        explicit=track.explicit,
        codes=base64.b64encode(sound.codes).decode(),
    )


def _public_id(track: Track) -> str:
    """Return an id that says nothing of the person: that of a table's own column may be the place of a file."""
    if SPOTIFY_ID.fullmatch(track.id) or DIGEST_ID.fullmatch(track.id):
        return track.id
    digest = digest_bytes(track.id.encode("utf-8", "surrogatepass"))
    return f"{CARD}:{digest[:ID_DIGITS]}"


def _line(text: str) -> str:
    return fold_space(printable(text))[:LONGEST_TEXT]


def _checksum(card: _Card) -> str:
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(card, sha256=""))).hexdigest()


def decode_card(content: bytes) -> tuple[tuple[Track, ...], CardSounds]:
    """Read a card: its tracks, and how they sound.

    Raises
    ------
    ValueError
        It is none that this version can read, or damaged; the message says how.
    """
    schema = decode_json(content, _Schema).schema
    if schema != SCHEMA:
        raise ValueError(f"its format is {schema[:100]!r}, and this version reads {SCHEMA!r}")
    card = decode_json(content, _Card)
    if _checksum(card) != card.sha256:
        raise ValueError("its checksum does not fit its content: it was changed or damaged on the way")
    tracks = tuple(map(_track, card.tracks))
    sounds = {row.id: SharedSound(_codes(row), card.offsets, card.steps) for row in card.tracks}
    if len(sounds) != len(tracks):
        raise ValueError("two of its tracks have one id")
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
    """``--source card:FILE``: what a friend wrote by ``spotmap-build card FILE``."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:  # noqa: ARG002 - there is nothing to look into
        """Return the friend's tracks, and how each sounds.

        Raises
        ------
        SourceError
            There is no such file, or it is no card that this version can read.
        """
        try:
            tracks, sounds = decode_card(read_bounded(self.path, LARGEST_FILE_BYTES))
        except (OSError, ValueError) as error:
            reason = printable(getattr(error, "strerror", "") or str(error))[:300]
            raise SourceError(
                f"{self.path} cannot be read as a card ({reason}).",
                hint="Ask your friend for another one, which this makes: spotmap-build card FILE.",
            ) from error
        owner = fold_space(printable(self.path.stem)) or "friend"
        return Loaded(CARD, Library(tracks), card=replace(sounds, owner=owner))
