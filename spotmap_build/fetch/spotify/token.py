"""Storage of the login, in a file readable only by its owner or as one line for a CI secret, and its expiry.

Spotify ends a login six months after the user agreed to it, no matter how often it was refreshed.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from platformdirs import user_config_path

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.dates import DAY_S, format_date
from spotmap_build.core.files import check_regular, open_regular, write_atomically
from spotmap_build.core.text import printable
from spotmap_build.errors import LoginError

if TYPE_CHECKING:
    from collections.abc import Callable

READ_SCOPES: Final = "user-library-read playlist-read-private playlist-read-collaborative"
WRITE_SCOPE: Final = "playlist-modify-private"
"""Requested only by ``login --write``."""
SECRET_PREFIX: Final = "spotmap1."
GOOD_FOR_DAYS: Final = 183
"""Six months. Spotify counts calendar months, but a day more or less does not matter for a warning."""
WARN_BELOW_DAYS: Final = 31
"""From month five on."""
MAX_LOGIN_BYTES: Final = 1 << 16
MAX_FIELD_LENGTH: Final = 4_096
_TOKEN: Final = re.compile(r"[\x21-\x7e]{4,4096}")
"""RFC 6749 allows more characters and any length; Spotify's have 100 to 400 letters, digits, ``-`` and ``_``."""
OTHER_FILE_HINT: Final = "Make that folder writable, or name another file with SPOTMAP_TOKEN_FILE."
LOGIN_HINT: Final = "Log in: spotmap-build login"
LOGIN_AGAIN_HINT: Final = "Log in again: spotmap-build login"
LOGIN_TO_WRITE_HINT: Final = "To let it make and change private playlists: spotmap-build login --write"


@dataclass(frozen=True, slots=True)
class Login:
    """The credentials for one user's library. Never shown, never in the cache.

    ``user_digest``: a digest of the user's Spotify id (which is not stored). Snapshots are stored under it, so that
    those of different users are separate, and are found again offline and after a new login.
    """

    client_id: str
    refresh_token: str = field(repr=False)
    authorized_at_unix_s: int
    scope: str
    user_digest: str

    @property
    def may_write(self) -> bool:
        """Whether it allows creating and changing private playlists."""
        return WRITE_SCOPE in self.scope.split()

    @property
    def expires_at_unix_s(self) -> int:
        """When Spotify ends this login."""
        return self.authorized_at_unix_s + GOOD_FOR_DAYS * DAY_S

    def days_left(self, now_unix_s: float) -> int:
        """Return the whole days until it ends; negative afterwards."""
        return int((self.expires_at_unix_s - now_unix_s) // DAY_S)

    def is_ending(self, now_unix_s: float) -> bool:
        """Return whether it should be renewed: from month five on."""
        return self.days_left(now_unix_s) < WARN_BELOW_DAYS


def is_token(value: object) -> bool:
    """Return whether a value may be an access or refresh token: allowed characters, limited length."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def digest_of_user(user_id: str) -> str:
    """Return a digest of a Spotify user id, from which the id cannot be recovered."""
    return digest_bytes(f"spotmap-build user {user_id}".encode("utf-8", "replace"))[:32]


def default_token_file() -> Path:
    """Return the default path of the token file."""
    return user_config_path("spotmap-build") / "spotify.json"


def again_hint(login: Login) -> str:
    """Return how to log in again with the same permissions."""
    return f"{LOGIN_AGAIN_HINT} --write" if login.may_write else LOGIN_AGAIN_HINT


def remaining(login: Login, now_unix_s: float) -> str:
    """Return a message on the remaining validity of the login; from month five on with the advice to renew it."""
    days = login.days_left(now_unix_s)
    day = format_date(login.expires_at_unix_s)
    if days < 0:
        return f"The Spotify login ended on {day}, six months after it was made. {again_hint(login)}"
    number = "1 more day" if days == 1 else f"{days} more days"
    advice = f" {again_hint(login)}" if login.is_ending(now_unix_s) else ""
    return f"The Spotify login is valid for {number}, until {day}.{advice}"


def login_ended(login: Login, now_unix_s: float) -> LoginError:
    """Return the error for a rejected login: the six months are over, or access was revoked."""
    if login.days_left(now_unix_s) < 0:
        reason = "The Spotify login has ended: six months have passed since it was made."
    else:
        day = format_date(login.authorized_at_unix_s)
        reason = (
            f"Spotify no longer accepts the login of {day}, though its six months are not over: "
            "access was taken back (on Spotify's page of apps, or by a changed password)."
        )
    return LoginError(reason, hint=f"{again_hint(login)} (for CI with --print-ci-secret)")


def check_may_write(login: Login) -> None:
    """Check that a login allows creating and changing playlists.

    Raises
    ------
    LoginError
        It only allows reading.
    """
    if not login.may_write:
        raise LoginError("The Spotify login only allows reading your library.", hint=LOGIN_TO_WRITE_HINT)


def ci_secret(login: Login) -> str:
    """Encode the login as one line, for a secret of a CI service."""
    return SECRET_PREFIX + base64.urlsafe_b64encode(orjson.dumps(asdict(login))).decode("ascii").rstrip("=")


def parse_ci_secret(text: str) -> Login:
    """Decode a login from :func:`ci_secret`; white space around and inside (a wrapped line) is ignored.

    Raises
    ------
    LoginError
        It is invalid or incomplete. The text is not shown.
    """
    compact = "".join(text.split())
    try:
        if not compact.startswith(SECRET_PREFIX):
            raise ValueError("no such prefix")
        encoded = compact.removeprefix(SECRET_PREFIX)
        return _login(orjson.loads(base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)))
    except (ValueError, binascii.Error) as error:
        raise LoginError(
            "SPOTMAP_SPOTIFY_LOGIN does not contain a complete login.",
            hint="Copy the whole line that `spotmap-build login --print-ci-secret` prints into the secret.",
        ) from error


def save_login(login: Login, file: Path) -> None:
    """Write the login to ``file`` atomically, readable only by its owner from the first byte on.

    If ``file`` is a symbolic link, its target is written.

    Raises
    ------
    LoginError
        The file cannot be written, or the path is not a file.
    """
    try:
        with suppress(FileNotFoundError):
            check_regular(file)
        target = Path(os.path.realpath(file))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(target, orjson.dumps(asdict(login), option=orjson.OPT_APPEND_NEWLINE), is_private=True)
        _flush_folder(target.parent)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise LoginError(f"The login cannot be stored in {file}: {reason}.", hint=OTHER_FILE_HINT) from error


def load_login(file: Path, *, say: Callable[[str], object]) -> Login:
    """Return the login in ``file``.

    If other users can read it, its permissions are corrected with a message. A folder that others can write to is
    reported.

    Raises
    ------
    LoginError
        There is none, it is damaged, or its permissions cannot be corrected.
    """
    _tell_shared_folders(file, say)
    try:
        with open_regular(file) as open_file:
            # A longer file is not a login; its truncated content then fails to parse.
            content = open_file.read(min(os.fstat(open_file.fileno()).st_size, MAX_LOGIN_BYTES))
            _keep_private(open_file.fileno(), file, say)
    except FileNotFoundError as error:
        raise LoginError("You are not logged in to Spotify.", hint=LOGIN_HINT) from error
    except OSError as error:
        raise LoginError(
            f"The login in {file} cannot be read: {error.strerror or error}.", hint=LOGIN_AGAIN_HINT
        ) from error
    try:
        return _login(orjson.loads(content))
    except ValueError as error:
        raise LoginError(f"The login in {file} is damaged.", hint=LOGIN_AGAIN_HINT) from error


def _keep_private(descriptor: int, file: Path, say: Callable[[str], object]) -> None:
    if os.name != "posix" or not stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
        return
    try:
        os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise LoginError(
            f"Other users of this machine can read the login in {file}, and it cannot be made private.",
            hint=f"Move it to a folder of your own (SPOTMAP_TOKEN_FILE). {LOGIN_AGAIN_HINT}",
        ) from error
    say(f"Other users of this machine could read the login in {file}; now only you can.")


def _tell_shared_folders(file: Path, say: Callable[[str], object]) -> None:
    """Report folders in which other users could replace the login, without changing their permissions.

    This excludes folders like /tmp, in which only owners can replace their files.
    """
    if os.name != "posix":
        return
    with suppress(OSError, ValueError):  # no such folder, or a name that none can have: reading the file will tell
        for folder in dict.fromkeys((file.parent, Path(os.path.realpath(file)).parent)):
            mode = folder.stat().st_mode
            if mode & 0o022 and not mode & stat.S_ISVTX:
                say(
                    f"Other users of this machine can replace the login in {folder}: they can write to that folder "
                    f"(mode {stat.S_IMODE(mode):04o}). To prevent that: chmod go-w {folder}"
                )


def _login(content: Any) -> Login:
    """Decode a login; raise ``ValueError`` if a field is missing or invalid."""
    texts = ("client_id", "refresh_token", "scope", "user_digest")
    if not isinstance(content, dict) or not all(_is_field(content.get(name)) for name in texts):
        raise ValueError("a field is missing, or no text")
    if not is_token(content["refresh_token"]):
        raise ValueError("no refresh token")
    authorized_at_unix_s = content.get("authorized_at_unix_s")
    if type(authorized_at_unix_s) is not int or not 0 <= authorized_at_unix_s < 2**35:
        raise ValueError("not a time")
    return Login(authorized_at_unix_s=authorized_at_unix_s, **{name: content[name] for name in texts})


def _is_field(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_FIELD_LENGTH and printable(value) == value


def _flush_folder(folder: Path) -> None:
    """So that the file's new name survives a power cut; where a file system does not know that, it goes without."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
