"""Read the metadata of audio files, and cache it as long as the file is unchanged.

A recording is identified by the digest of its audio packets, so it stays the same when the file is moved, renamed or
retagged. Results are cached by path, size and modification time of the file, so an unchanged library is loaded without
opening any of its files.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.decoding import decoder, is_worth_another_try
from spotmap_build.cache.errors import CacheFull, CacheReadOnly, CorruptEntry
from spotmap_build.cache.freshness import Failure
from spotmap_build.cache.keys import Key, digest_bytes, is_digest
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import absolute_path, read_bounded
from spotmap_build.core.text import fold_space, printable
from spotmap_build.errors import TrackError
from spotmap_build.fetch.covers import MAX_SOURCE_BYTES
from spotmap_build.fetch.tags import read_tags, split_artists, title_from_name, with_container_words
from spotmap_build.fetch.thumbnails import Thumbnails, UnreadablePicture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spotmap_build.cache.records import Record
    from spotmap_build.cache.store import Cache
    from spotmap_build.fetch.source import LoadContext

IDENTIFY_VERSION: Final = 1
COVER_VERSION: Final = 1
FACTS: Final = "facts.json"
DIGEST: Final = "digest"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Metadata of an audio file. Texts are as in its tags; empty if missing."""

    audio_digest: str
    duration_ms: int | None
    title: str
    artists: tuple[str, ...]
    album: str
    year: int | None
    isrc: str
    art_digest: str
    is_cover_unreadable: bool = False
    """It has a cover image that cannot be used."""
    track_number: int | None = None
    """0 if the tags have none; None if stored by an earlier version, which did not read it."""
    disc_number: int | None = None
    is_all_told: bool = False
    """Title or artists are missing in all kinds of tags. Earlier versions read fewer kinds and did not store this."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The result for a cover image. ``art_digest``: digest of its thumbnail in the cache; empty if there is none.

    ``is_final``: whether another attempt with the same image would give the same result.
    """

    art_digest: str = ""
    is_unreadable: bool = False
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a file cannot be a track: a code for programs and a sentence for people."""

    code: str
    detail: str


def identify_files(paths: Sequence[Path], context: LoadContext) -> list[FileFacts | Unusable]:
    """Return the metadata of every file, in order, from the cache if the file is unchanged."""
    outcomes: list[FileFacts | Unusable | None] = [_cached_facts(path, context.cache) for path in paths]
    missing = [position for position, outcome in enumerate(outcomes) if outcome is None or _lacks_place(outcome)]
    if missing:
        with ExitStack() as stack:
            threads = stack.enter_context(ThreadPoolExecutor(context.threads, thread_name_prefix="identify"))
            thumbnails = stack.enter_context(Thumbnails())  # closed first, so that no thread waits for a thumbnail
            looks = threads.map(lambda at: _read_facts(paths[at], context, thumbnails, outcomes[at]), missing)
            for number, (position, outcome) in enumerate(zip(missing, looks, strict=True), start=1):
                outcomes[position] = outcome
                context.advance(number, len(missing))
    return [outcome for outcome in outcomes if outcome is not None]


def _key(path: Path, stage: str, version: int) -> Key | Unusable:
    """Return the cache key for a file: path, size and modification time. Only a digest of the path is stored."""
    try:
        status = path.stat()
    except OSError as error:
        return Unusable("unreadable", f"The file cannot be read: {error.strerror or error}.")
    place = digest_bytes(os.fsencode(absolute_path(path)))
    return Key(stage, version, {"place": place, "size_bytes": status.st_size, "changed_ns": status.st_mtime_ns})


def _cached_facts(path: Path, cache: Cache) -> FileFacts | Unusable | None:
    key = _key(path, "identify", IDENTIFY_VERSION)
    if isinstance(key, Unusable):
        return key
    record = cache.lookup(key)
    if record is None or is_worth_another_try(record, retry=False):
        return None
    if record.failure is not None:
        return Unusable(record.failure.code, record.failure.detail)
    try:
        facts = cache.decode(record, FACTS, partial(_decode_facts, record))
    except CorruptEntry:
        return None
    return facts if (facts.title and facts.artists) or facts.is_all_told else None


def _decode_facts(record: Record, content: bytes) -> FileFacts:
    facts = decode_json(content, FileFacts)
    if not is_digest(facts.audio_digest) or facts.art_digest not in ("", *record.blobs):
        raise ValueError("not the digests of a sound and of a cover that is kept")
    artists = split_artists(facts.artists)  # earlier versions stored them unsplit
    return facts if artists == facts.artists else replace(facts, artists=artists)


def _decode_digest(record: Record, content: bytes) -> str:
    art_digest = content.decode()
    if art_digest not in ("", *record.blobs):
        raise ValueError("not the digest of a cover that is kept")
    return art_digest


def _lacks_place(outcome: FileFacts | Unusable) -> bool:
    return isinstance(outcome, FileFacts) and bool(outcome.album) and outcome.track_number is None


def _with_place(path: Path, facts: FileFacts, cache: Cache) -> FileFacts:
    """Add the track and disc number, which earlier versions did not read."""
    key, started = _key(path, "identify", IDENTIFY_VERSION), time.monotonic()
    try:
        tags = read_tags(path)
    except OSError:
        return facts
    placed = replace(facts, track_number=tags.track_number or 0, disc_number=tags.disc_number)
    if isinstance(key, Key):
        with suppress(CacheReadOnly, CacheFull):  # if it cannot be stored, the next build reads it again
            blobs = [facts.art_digest] if facts.art_digest else []
            cache.put(key, {FACTS: _encode(placed)}, blobs=blobs, seconds=time.monotonic() - started)
    return placed


def _read_facts(
    path: Path, context: LoadContext, thumbnails: Thumbnails, known: FileFacts | Unusable | None
) -> FileFacts | Unusable:
    cache = context.cache
    if isinstance(known, FileFacts):
        return _with_place(path, known, cache)
    key = _key(path, "identify", IDENTIFY_VERSION)
    if isinstance(key, Unusable):
        return key
    started = time.monotonic()
    try:
        found = context.probe(path)
        tags = read_tags(path)
        if not (tags.title and tags.artists):
            tags = with_container_words(tags, context.read_metadata(path))
    except OSError as error:
        return Unusable("unreadable", f"The file cannot be read: {error.strerror or error}.")
    except TrackError as error:
        detail = printable(error.message)
        if not error.retryable:
            failure = Failure(error.track_code, detail, "permanent")
            cache.put_failure(key, failure, seconds=time.monotonic() - started, producer=decoder())
        return Unusable(error.track_code, detail)
    cover = _store_thumbnail(tags.cover, cache, thumbnails) if tags.cover else Cover()
    facts = FileFacts(
        audio_digest=found.audio_digest,
        duration_ms=found.duration_ms,
        title=tags.title,
        artists=tags.artists,
        album=tags.album,
        year=tags.year,
        isrc=tags.isrc,
        track_number=tags.track_number or 0,
        disc_number=tags.disc_number,
        art_digest=cover.art_digest,
        is_cover_unreadable=cover.is_unreadable,
        is_all_told=not (tags.title and tags.artists),
    )
    if cover.is_final:
        outputs, blobs = {FACTS: _encode(facts)}, [cover.art_digest] if cover.art_digest else []
        cache.put(key, outputs, blobs=blobs, seconds=time.monotonic() - started)
    return facts


def _encode(facts: FileFacts) -> bytes:
    row = asdict(facts)
    for name in ("is_cover_unreadable", "is_all_told", "disc_number"):
        if not row[name]:
            del row[name]
    return msgspec.json.encode(row)


def _store_thumbnail(image: bytes, cache: Cache, thumbnails: Thumbnails) -> Cover:
    try:
        return Cover(cache.put_blob(thumbnails.make(image)))
    except UnreadablePicture as error:
        return Cover(is_unreadable=True, is_final=error.is_final)


def folder_covers(covers: Mapping[Path, Path], cache: Cache) -> dict[Path, Cover]:
    """Create thumbnails of the cover images in the folders of the music; return the results by folder."""
    with Thumbnails() as thumbnails:
        return {folder: _folder_cover(path, cache, thumbnails) for folder, path in covers.items()}


def _folder_cover(path: Path, cache: Cache, thumbnails: Thumbnails) -> Cover:
    key = _key(path, "cover", COVER_VERSION)
    if isinstance(key, Unusable):
        return Cover(is_unreadable=True)
    record = cache.lookup(key)
    with suppress(CorruptEntry):
        if record is not None:
            art_digest = cache.decode(record, DIGEST, partial(_decode_digest, record))
            return Cover(art_digest, is_unreadable=not art_digest)
    started = time.monotonic()
    try:
        image = read_bounded(path, MAX_SOURCE_BYTES)
    except OSError:
        return Cover(is_unreadable=True)
    cover = _store_thumbnail(image, cache, thumbnails)
    if cover.is_final:
        blobs = [cover.art_digest] if cover.art_digest else []
        cache.put(key, {DIGEST: cover.art_digest.encode()}, blobs=blobs, seconds=time.monotonic() - started)
    return cover


def cover_notices(unreadable: Iterable[Path]) -> tuple[str, ...]:
    """Return a notice about unusable cover images, if any. ``unreadable``: the files that contain them."""
    names = [printable(path.name) for path in unreadable]
    if not names:
        return ()
    if len(names) == 1:
        return (f"The cover picture in {names[0]} cannot be read and was left out.",)
    return (f"{len(names)} cover pictures cannot be read and were left out: in {names[0]}, {names[1]}…",)


def display_facts(path: PurePath, facts: FileFacts | Unusable) -> tuple[str, tuple[str, ...]]:
    """Return title and artists from the tags or, if missing, from the file name."""
    if isinstance(facts, FileFacts) and facts.title:
        return fold_space(facts.title), facts.artists
    title, artists = title_from_name(path.stem)
    return title, (facts.artists if isinstance(facts, FileFacts) else ()) or artists
