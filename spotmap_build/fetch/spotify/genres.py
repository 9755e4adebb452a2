"""Genres of artists, if Spotify still provides them: one request per artist, a limited number per build."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.freshness import Freshness
from spotmap_build.cache.keys import Key
from spotmap_build.core.dates import DAY_S
from spotmap_build.fetch.spotify.rows import Text, read_genres
from spotmap_build.fetch.spotify.snapshot import read_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from spotmap_build.cache.store import Cache
    from spotmap_build.fetch.spotify.api import SpotifyApi

GENRES_VERSION: Final = 1
ARTIST_AGE_S: Final = 90 * DAY_S
BUDGET: Final = 200
"""Requests per build. Artists with the most tracks come first; a large library is complete after several builds."""
PROBES: Final = 5
"""If this many responses and all known artists have no genres, Spotify does not provide them."""
PAUSE_S: Final = 30 * DAY_S
CONTENT: Final = "genres.json"


class Genres:
    """Genres of artists in the cache. They are public data, the same for every user."""

    def __init__(self, cache: Cache, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._clock = clock
        self._pause_key = Key("spotify-genres", GENRES_VERSION, {"asked": "whether Spotify tells genres"})

    def known(self, artist_ids: Iterable[str], *, any_age: bool) -> dict[str, tuple[str, ...]]:
        """Return cached genres by artist; an artist without genres has an empty entry."""
        found = {artist_id: self._read(artist_id, any_age=any_age) for artist_id in artist_ids}
        return {artist_id: genres for artist_id, genres in found.items() if genres is not None}

    def fetch(self, api: SpotifyApi, artist_ids: Sequence[str]) -> None:
        """Fetch missing and outdated artists within the budget; ``artist_ids`` in order of importance.

        Raises
        ------
        LoginError, ServiceError
            Spotify cannot be contacted; results so far are kept.
        CacheError
            The disk fails.
        """
        from spotmap_build.fetch.spotify.api import NotReadable
        from spotmap_build.fetch.spotify.requesting import IN_FLIGHT

        if self._cache.lookup(self._pause_key) is not None:
            return
        known = self.known(artist_ids, any_age=False)
        missing = [artist_id for artist_id in artist_ids if artist_id not in known][:BUDGET]

        def ask(artist_id: str) -> tuple[str, ...]:
            try:
                genres = read_genres(api.artist(artist_id))
            except NotReadable:
                genres = ()
            self._write(self._artist_key(artist_id), genres, ARTIST_AGE_S)
            return genres

        probed = [ask(artist_id) for artist_id in missing[:PROBES]]
        if len(probed) == PROBES and not any(probed) and not any(known.values()):
            self._write(self._pause_key, (), PAUSE_S)
            return
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="spotify") as threads:
            list(threads.map(ask, missing[PROBES:]))

    def _artist_key(self, artist_id: str) -> Key:
        return Key("spotify-artist", GENRES_VERSION, {"artist": artist_id})

    def _read(self, artist_id: str, *, any_age: bool) -> tuple[str, ...] | None:
        record = self._cache.lookup(self._artist_key(artist_id), allow_expired=any_age)
        if record is None or record.failure is not None:
            return None
        return read_content(self._cache, record, CONTENT, tuple[Text, ...])

    def _write(self, key: Key, genres: tuple[str, ...], max_age_s: int) -> None:
        freshness = Freshness(int(self._clock()), max_age_s)
        self._cache.put(key, {CONTENT: msgspec.json.encode(genres)}, seconds=0.0, freshness=freshness)
