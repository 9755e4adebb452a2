"""A user who is logged in to the fake Spotify, for the contract tests of its source."""

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
    """A user with a cache, a login and a clock that tests can set."""

    server: SpotifyServer
    folder: Path
    now_unix_s: float = field(default_factory=time.time)
    messages: list[str] = field(default_factory=list)
    secret: str = ""
    patience: RequestPolicy = QUICK

    @property
    def token_file(self) -> Path:
        return self.folder / "config/spotify.json"

    def load(self, *, offline: bool = False, retry: bool = False) -> Loaded:
        """Load the library as a build does; ``server.requests`` then holds the requests of this build."""
        self.server.requests.clear()
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
            context = LoadContext(cache, unused_probe, 2, lambda _done, _total: None, self.messages.append)  # type: ignore[arg-type]
            return SpotifySource(settings, clock=lambda: self.now_unix_s).load(context)


def logged_in(server: SpotifyServer, folder: Path) -> Person:
    """Return a user whose login is in a token file below ``folder``."""
    person = Person(server, folder)
    save_login(server.login(), person.token_file)
    return person


def titles(loaded: Loaded) -> list[str]:
    return [track.title for track in loaded.library.tracks]


def load_program(person: Person, *, offline: bool = False) -> str:
    """Return a program that loads the library and prints the number of tracks and the imported HTTP clients."""
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
    """Return the shortened paths of all API requests except those for artists."""
    paths = [path for path in server.requests if path.startswith("/v1/") and "/artists/" not in path]
    return [path.removeprefix("/v1/").replace("&additional_types=track%2Cepisode", "") for path in paths]
