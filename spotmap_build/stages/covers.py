"""Covers stage: fetch a thumbnail of the album cover of every track, if its address is known."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.errors import CacheReadOnly
from spotmap_build.cache.freshness import Failure
from spotmap_build.cache.keys import Key
from spotmap_build.config import Config
from spotmap_build.core.image_addresses import ImageHosts
from spotmap_build.core.translation import gettext, translatable
from spotmap_build.stages.reserve import extras_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.acquire.album_covers import Missing
    from spotmap_build.model import Track
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded

ALBUM_COVER_VERSION: Final = 1
"""Raise when the same picture gives a different thumbnail."""
STILL: Final = "https://i.ytimg.com/vi/{video_id}/mqdefault.jpg"
"""YouTube's thumbnail of a recording, 320 x 180 px; for album audio, it is the cover with bars at the sides."""
REASONS: Final = {
    "elsewhere": translatable("{count} at an address that is not asked for covers"),
    "gone": translatable("{count} not there any more"),
    "unusable": translatable("{count} not a picture that can be used"),
    "unreachable": translatable("{count} not to be reached"),
    "later": translatable("{count} left for the next build"),
    "offline": translatable("{count} not asked for, to stay offline"),
}
"""Descriptions of the codes of missing covers, with their number."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The tracks of the map with their covers. ``missing``: number of missing covers by code, of ``wanted`` ones."""

    embedded: Embedded
    wanted: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def report_rows(self) -> dict[str, object]:
        """Return the part of the report about covers; empty if none were wanted."""
        return {"covers": {"wanted": self.wanted, "missing": dict(self.missing)}} if self.wanted else {}


def add_covers(run: Run, embedded: Embedded) -> Covered:
    """Fetch the covers at the addresses in the tracks, each once and only if it is not cached.

    If a cover cannot be fetched, its tracks have none.
    """
    asks_youtube = run.config.ytmusic_url == Config().ytmusic_url
    address_of = {track.id: _address(track, asks_youtube=asks_youtube) for track in embedded.tracks}
    addresses = [address for address in dict.fromkeys(address_of.values()) if address]
    if not addresses or not run.config.fetch_covers:
        return Covered(embedded)
    with run.clock.stage("covers"):
        covers = _Covers(run, len(embedded.tracks))
        covers.load_known(addresses)
        if covers.pending:
            covers.fetch()
        digests = covers.digests
        tracks = tuple(
            replace(track, art_digest=track.art_digest or digests.get(address_of[track.id], ""))
            for track in embedded.tracks
        )
        notices = (*_cover_notices(covers.missing, len(addresses)), *covers.problems)
        return Covered(replace(embedded, tracks=tracks), len(addresses), covers.missing, notices)


def _address(track: Track, *, asks_youtube: bool) -> str:
    """Return the address of a track's cover; empty if it has a cover already, or no address is known.

    For recordings chosen by hand, or by a version that did not store covers, it is YouTube's thumbnail.
    """
    if track.art_digest:
        return ""
    video_id = track.recording.video_id if track.recording and asks_youtube else None
    return track.art_url or (STILL.format(video_id=video_id) if video_id else "")


class _Covers:
    """The result for each address: the digest of its thumbnail, or a code that says why there is none."""

    def __init__(self, run: Run, track_count: int) -> None:
        self._run = run
        self._track_count = track_count
        self._hosts = ImageHosts.of_endpoints(run.config.other_endpoints)
        self._codes: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        self.pending: list[str] = []
        self.problems: tuple[str, ...] = ()

    @property
    def missing(self) -> dict[str, int]:
        return dict(Counter(self._codes.values()))

    def load_known(self, addresses: list[str]) -> None:
        """Look up cached results, and find the addresses to fetch now."""
        for address in addresses:
            record = self._run.cache.lookup(_key(address))
            failure = record.failure if record else None
            if record is not None and len(record.blobs) == 1:
                (self.digests[address],) = record.blobs
            elif not self._hosts.is_allowed(address):
                self._codes[address] = "elsewhere"
            elif failure is not None and not self._run.config.retry:
                self._codes[address] = failure.code
            elif self._run.config.offline:
                self._codes[address] = "offline"
            else:
                self.pending.append(address)

    def fetch(self) -> None:
        """Fetch the pending covers and store them."""
        from spotmap_build.acquire.album_covers import CoverFetcher

        self._codes |= dict.fromkeys(self.pending, "later")
        self._run.progress.begin("covers", gettext("fetching covers of albums"), total=len(self.pending))
        fetcher = CoverFetcher(
            self._run, self._hosts, deadline_s=extras_limit(self._run, self._track_count).last_start_s
        )
        before = len(self.digests)
        with suppress(CacheReadOnly), closing(fetcher.fetch(self.pending)) as fetched:
            for number, (address, found) in enumerate(fetched, start=1):
                self._store(address, found)
                self._run.progress.advance(number)
        self.problems = fetcher.problems
        done = gettext("{count} of {total} fetched", count=len(self.digests) - before, total=len(self.pending))
        self._run.progress.end(done)

    def _store(self, address: str, found: bytes | Missing) -> None:
        cache = self._run.cache
        if isinstance(found, bytes):
            digest = cache.put_blob(found)
            cache.put(_key(address), {}, seconds=0.0, blobs=[digest])
            self.digests[address] = digest
            del self._codes[address]
            return
        self._codes[address] = found.code
        if found.max_age_s:
            again_unix_s = int(time.time()) + found.max_age_s
            cache.put_failure(
                _key(address), Failure(found.code, REASONS[found.code].format(count=1), "retry_after", again_unix_s)
            )


def _key(address: str) -> Key:
    return Key("album-cover", ALBUM_COVER_VERSION, {"address": address})


def _cover_notices(missing: Mapping[str, int], wanted: int) -> tuple[str, ...]:
    """Say how many covers are missing and why, if any are."""
    if not missing:
        return ()
    count = sum(missing.values())
    reasons = "; ".join(REASONS[code].format(count=number) for code, number in sorted(missing.items()))
    if count == 1:
        return (translatable(f"1 of {wanted:,} covers is missing: {reasons}."),)
    return (translatable(f"{count} of {wanted:,} covers are missing: {reasons}."),)
