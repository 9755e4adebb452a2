"""The configuration of this package, and the retry policy for Spotify."""

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
    """Timeouts, limits and retries for requests to Spotify.

    ``timeout_s``: for a connection, and between two chunks of a response. ``total_s``: for a complete response of at
    most ``body_bytes``. ``attempts``: for a request that fails. ``longest_wait_s``: a rate limit with a longer wait
    ends the fetch. ``total_wait_s``: limit of all rate-limit waits in a build.
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
    """Endpoints of Spotify and source of the login: ``ci_secret`` if set, else ``token_file``."""

    token_file: Path
    ci_secret: str = field(default="", repr=False)
    api_url: str = "https://api.spotify.com/v1/"
    accounts_url: str = "https://accounts.spotify.com/"
    offline: bool = False
    retry: bool = False
    """Send requests even if an earlier refusal has not expired."""
    request_policy: RequestPolicy = RequestPolicy()

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Return the settings from the configuration of a build or a login."""
        return cls(
            token_file=config.token_file or default_token_file(),
            ci_secret=config.spotify_login,
            api_url=config.spotify_api_url,
            accounts_url=config.spotify_accounts_url,
            offline=config.offline,
            retry=config.retry,
        )

    def known_login(self, say: Callable[[str], object]) -> Login:
        """Return the login of a build: from the CI secret if set, else from the token file.

        Raises
        ------
        LoginError
            There is none, or it cannot be read.
        """
        if self.ci_secret:
            return parse_ci_secret(self.ci_secret)
        return load_login(self.token_file, say=say)
