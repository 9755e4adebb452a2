"""Look into an audio file once, and remember what it holds for as long as the file stays as it is.

The sound is named by the digest of its packets, so a file that was moved, renamed or tagged anew is still the same
recording. The look itself is remembered under the file's place, size and time of change: an unchanged library is read
without opening any of its files.
"""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.freshness import Failure
from spotmap_build.cache.keys import Key
from spotmap_build.errors import TrackError
from spotmap_build.fetch.libraries.covers import thumbnail
from spotmap_build.fetch.libraries.tags import fold_space, read_tags, title_from_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.cache.store import Cache
    from spotmap_build.fetch.libraries.source import LoadContext, Probe

IDENTIFY_VERSION: Final = 1
COVER_VERSION: Final = 1
FACTS: Final = "facts.json"
DIGEST: Final = "digest"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file holds. Texts are as its tags say them; empty where they say nothing."""

    audio_digest: str
    duration_ms: int | None
    title: str
    artists: tuple[str, ...]
    album: str
    year: int | None
    isrc: str
    art_digest: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a file cannot be a track: a code for programs and a sentence for people."""

    code: str
    detail: str


def identify_files(paths: Sequence[Path], context: LoadContext) -> list[FileFacts | Unusable]:
    """Facts of every file, in order: from the cache where the file has not changed, else by looking."""
    outcomes: list[FileFacts | Unusable | None] = [_remembered(path, context.cache) for path in paths]
    missing = [position for position, outcome in enumerate(outcomes) if outcome is None]
    if missing:
        with ThreadPoolExecutor(context.threads, thread_name_prefix="identify") as threads:
            looks = threads.map(lambda position: _look(paths[position], context.cache, context.probe), missing)
            for number, (position, outcome) in enumerate(zip(missing, looks, strict=True), start=1):
                outcomes[position] = outcome
                context.advance(number, len(missing))
    return [outcome for outcome in outcomes if outcome is not None]


def _key(path: Path, stage: str, version: int) -> Key | Unusable:
    """The key of a look: place, size and time of change. The place goes in as a digest, so no path is ever stored."""
    try:
        status = path.stat()
    except OSError as error:
        return Unusable("unreadable", f"The file cannot be read: {error.strerror or error}.")
    place = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
    return Key(stage, version, {"place": place, "size_bytes": status.st_size, "changed_ns": status.st_mtime_ns})


def _remembered(path: Path, cache: Cache) -> FileFacts | Unusable | None:
    key = _key(path, "identify", IDENTIFY_VERSION)
    if isinstance(key, Unusable):
        return key
    record = cache.lookup(key)
    if record is None:
        return None
    if record.failure is not None:
        return Unusable(record.failure.code, record.failure.detail)
    return msgspec.json.decode(cache.read(record, FACTS), type=FileFacts)


def _look(path: Path, cache: Cache, probe: Probe) -> FileFacts | Unusable:
    key = _key(path, "identify", IDENTIFY_VERSION)
    if isinstance(key, Unusable):
        return key
    started = time.monotonic()
    try:
        found = probe(path)
        tags = read_tags(path)
    except OSError as error:
        return Unusable("unreadable", f"The file cannot be read: {error.strerror or error}.")
    except TrackError as error:
        if not error.retryable:
            failure = Failure(error.track_code, error.message, "permanent")
            cache.put_failure(key, failure, seconds=time.monotonic() - started)
        return Unusable(error.track_code, error.message)
    art_digest = _store_thumbnail(tags.cover, cache)
    facts = FileFacts(
        audio_digest=found.audio_digest,
        duration_ms=found.duration_ms,
        title=tags.title,
        artists=tags.artists,
        album=tags.album,
        year=tags.year,
        isrc=tags.isrc,
        art_digest=art_digest,
    )
    outputs, blobs = {FACTS: msgspec.json.encode(facts)}, [art_digest] if art_digest else []
    cache.put(key, outputs, blobs=blobs, seconds=time.monotonic() - started)
    return facts


def _store_thumbnail(image: bytes, cache: Cache) -> str:
    """The digest of a cover's thumbnail, now in the cache; empty where there is no cover that can be read."""
    small = thumbnail(image) if image else b""
    return cache.put_blob(small) if small else ""


def folder_cover(path: Path, cache: Cache) -> str:
    """The digest of a cover picture that lies beside the music; empty where it cannot be used."""
    key = _key(path, "cover", COVER_VERSION)
    if isinstance(key, Unusable):
        return ""
    record = cache.lookup(key)
    if record is not None:
        return cache.read(record, DIGEST).decode()
    started = time.monotonic()
    try:
        art_digest = _store_thumbnail(path.read_bytes(), cache)
    except OSError:
        return ""
    blobs = [art_digest] if art_digest else []
    cache.put(key, {DIGEST: art_digest.encode()}, blobs=blobs, seconds=time.monotonic() - started)
    return art_digest


def display_facts(path: Path, facts: FileFacts | Unusable) -> tuple[str, tuple[str, ...]]:
    """Title and artists to show: the tags' words, else what the file's name says."""
    title, artists = title_from_name(path.stem)
    if isinstance(facts, Unusable):
        return title, artists
    if facts.title:
        return fold_space(facts.title), facts.artists
    return title, facts.artists or artists
