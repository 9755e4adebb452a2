"""What this room needs to know of the configuration, and how patient it is with Spotify."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from spotmap_build.core.retry import RetryPolicy
from spotmap_build.fetch.spotify.token import Login, default_token_file, load_login, parse_ci_secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spotmap_build.config import Config


@dataclass(frozen=True, slots=True)
class RequestPolicy(RetryPolicy):
    """How long to wait for Spotify, in seconds.

    ``timeout_s``: for a connection, and between two pieces of an answer. ``total_s``: for a whole answer, which holds
    at most ``body_bytes``. ``attempts``: how often a request that brings nothing of use is made.
    ``longest_wait_s``: a rate limit that asks for a longer wait ends the fetch. ``total_wait_s``: so much of such
    waiting in one build, and no more.
    """

    attempts: int = 5
    first_pause_s: float = 1.0
    timeout_s: float = 15.0
    total_s: float = 30.0
    body_bytes: int = 4 << 20
    longest_wait_s: float = 60.0
    total_wait_s: float = 600.0


@dataclass(frozen=True, slots=True)
class SpotifySettings:
    """Where Spotify is and who logs in: with ``ci_secret`` where there is one, else with ``token_file``."""

    token_file: Path
    ci_secret: str = field(default="", repr=False)
    api_url: str = "https://api.spotify.com/v1/"
    accounts_url: str = "https://accounts.spotify.com/"
    offline: bool = False
    retry: bool = False
    """Ask Spotify even if it wanted to be left alone for longer."""
    request_policy: RequestPolicy = RequestPolicy()

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Return the settings that a build's or a login's configuration means."""
        return cls(
            token_file=config.token_file or default_token_file(),
            ci_secret=config.spotify_login,
            api_url=config.spotify_api_url,
            accounts_url=config.spotify_accounts_url,
            offline=config.offline,
            retry=config.retry,
        )

    def known_login(self, say: Callable[[str], object]) -> Login:
        """Return the login that a build uses: the CI secret's where there is one, else this machine's.

        Raises
        ------
        LoginError
            There is none, or it cannot be read.
        """
        if self.ci_secret:
            return parse_ci_secret(self.ci_secret)
        return load_login(self.token_file, say=say)
