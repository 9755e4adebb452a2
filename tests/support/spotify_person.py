"""Somebody who logged in to the fake Spotify: what its contract tests share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from spotmap_build.cache.store import Cache
from spotmap_build.fetch.source import LoadContext, Loaded
from spotmap_build.fetch.spotify.settings import RequestPolicy, SpotifySettings
from spotmap_build.fetch.spotify.source import SpotifySource
from spotmap_build.fetch.spotify.token import save_login
from tests.fakes.spotify_server import SpotifyServer

DAY_S = 86_400
QUICK = RequestPolicy(timeout_s=60.0, attempts=4, first_pause_s=0.01, longest_wait_s=5, total_wait_s=10)


def unused_probe(_path: Path) -> object:
    raise AssertionError("a streamed library has no files")


@dataclass
class Person:
    """Somebody with a cache and a login, and a clock of their own."""

    server: SpotifyServer
    folder: Path
    now_unix_s: float = field(default_factory=time.time)
    said: list[str] = field(default_factory=list)
    secret: str = ""
    patience: RequestPolicy = QUICK

    @property
    def token_file(self) -> Path:
        return self.folder / "config/spotify.json"

    def load(self, *, offline: bool = False, retry: bool = False) -> Loaded:
        """One build. What the server is asked from here on is in ``server.asked``."""
        self.server.asked.clear()
        settings = SpotifySettings(
            self.token_file,
            ci_secret=self.secret,
            api_url=self.server.api_url,
            accounts_url=self.server.accounts_url,
            offline=offline,
            retry=retry,
            request_policy=self.patience,
        )
        with Cache.open(self.folder / "cache", clock=lambda: self.now_unix_s) as cache:
            context = LoadContext(cache, unused_probe, 2, lambda _done, _total: None, self.said.append)  # type: ignore[arg-type]
            return SpotifySource(settings, clock=lambda: self.now_unix_s).load(context)


def logged_in(server: SpotifyServer, folder: Path) -> Person:
    """Somebody whose login lies in their token file, below ``folder``."""
    somebody = Person(server, folder)
    save_login(server.login(), somebody.token_file)
    return somebody


def titles(loaded: Loaded) -> list[str]:
    return [track.title for track in loaded.library.tracks]


def load_program(person: Person, *, offline: bool = False) -> str:
    """A build in a process of its own. It prints how many tracks there are, and which clients were loaded."""
    return f"""
import sys
from pathlib import Path
from spotmap_build.cache.store import Cache
from spotmap_build.fetch.source import LoadContext
from spotmap_build.fetch.spotify.settings import SpotifySettings
from spotmap_build.fetch.spotify.source import SpotifySource
settings = SpotifySettings(
    Path({str(person.token_file)!r}),
    api_url={person.server.api_url!r},
    accounts_url={person.server.accounts_url!r},
    offline={offline},
)
with Cache.open(Path({str(person.folder / "cache")!r})) as cache:
    loaded = SpotifySource(settings).load(LoadContext(cache, None, 2, lambda done, total: None))
print(len(loaded.library.tracks), [name for name in ("spotipy", "requests") if name in sys.modules])
"""


def library_requests(server: SpotifyServer) -> list[str]:
    """What was asked but tokens and artists, shortened."""
    wanted = [path for path in server.asked if path.startswith("/v1/") and "/artists/" not in path]
    return [path.removeprefix("/v1/").replace("&additional_types=track%2Cepisode", "") for path in wanted]
