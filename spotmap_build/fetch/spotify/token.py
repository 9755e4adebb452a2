"""The login as it is kept: a file that only its owner can read, or one line for a CI secret. And how long it is good.

Spotify ends a login six months after the person agreed to it, however often it was refreshed in between.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from platformdirs import user_config_path

from spotmap_build.core.dates import DAY_S, format_date
from spotmap_build.core.files import check_regular, open_regular, write_atomically
from spotmap_build.core.text import printable
from spotmap_build.errors import LoginError

if TYPE_CHECKING:
    from collections.abc import Callable

READ_SCOPES: Final = "user-library-read playlist-read-private playlist-read-collaborative"
WRITE_SCOPE: Final = "playlist-modify-private"
"""Asked for only by ``login --write``."""
SECRET_PREFIX: Final = "spotmap1."
GOOD_FOR_DAYS: Final = 183
"""Six months. Spotify counts calendar months; a day more or less does not matter to a warning."""
WARN_BELOW_DAYS: Final = 31
"""From month five on."""
LONGEST_LOGIN_BYTES: Final = 1 << 16
LONGEST_FIELD: Final = 4_096
_TOKEN: Final = re.compile(r"[\x21-\x7e]{4,4096}")
"""RFC 6749 allows more, and no length; what Spotify gives out has 100 to 400 letters, digits, ``-`` and ``_``."""
OTHER_FILE_HINT: Final = "Make that folder writable, or name another file with SPOTMAP_TOKEN_FILE."
LOGIN_HINT: Final = "Log in: spotmap-build login"
LOGIN_AGAIN_HINT: Final = "Log in again: spotmap-build login"
LOGIN_TO_WRITE_HINT: Final = "To let it make and change private playlists: spotmap-build login --write"


@dataclass(frozen=True, slots=True)
class Login:
    """What it takes to read one person's library. Never shown, never in the cache.

    ``user_digest`` stands for the person's Spotify id (which is not kept): snapshots are kept under it, so that two
    people's do not mix and one is found again without a network, and after another login.
    """

    client_id: str
    refresh_token: str = field(repr=False)
    authorized_at_unix_s: int
    scope: str
    user_digest: str

    @property
    def may_write(self) -> bool:
        """Whether it allows to make and change private playlists."""
        return WRITE_SCOPE in self.scope.split()

    @property
    def expires_at_unix_s(self) -> int:
        """When Spotify ends this login."""
        return self.authorized_at_unix_s + GOOD_FOR_DAYS * DAY_S

    def days_left(self, now_unix_s: float) -> int:
        """Whole days until it ends; negative afterwards."""
        return int((self.expires_at_unix_s - now_unix_s) // DAY_S)

    def is_ending(self, now_unix_s: float) -> bool:
        """Whether it is time to log in again: from month five on."""
        return self.days_left(now_unix_s) < WARN_BELOW_DAYS


def is_token(value: object) -> bool:
    """Tell whether a value can be an access or refresh token: no white space, no control characters, a length."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def digest_of_user(user_id: str) -> str:
    """Return what stands for a Spotify user's id: of no use to anybody who does not know the id already."""
    return hashlib.sha256(f"spotmap-build user {user_id}".encode("utf-8", "replace")).hexdigest()[:32]


def default_token_file() -> Path:
    """Where the login of this machine's user lies."""
    return user_config_path("spotmap-build") / "spotify.json"


def again_hint(login: Login) -> str:
    """How to log in again so that the new login allows what this one does."""
    return f"{LOGIN_AGAIN_HINT} --write" if login.may_write else LOGIN_AGAIN_HINT


def remaining(login: Login, now_unix_s: float) -> str:
    """How long the login is still good, as a sentence; from month five on with the advice to renew it."""
    days = login.days_left(now_unix_s)
    day = format_date(login.expires_at_unix_s)
    if days < 0:
        return f"The Spotify login ended on {day}, six months after it was made. {again_hint(login)}"
    number = "1 more day" if days == 1 else f"{days} more days"
    advice = f" {again_hint(login)}" if login.is_ending(now_unix_s) else ""
    return f"The Spotify login is good for {number}, until {day}.{advice}"


def login_ended(login: Login, now_unix_s: float) -> LoginError:
    """Return what it means that Spotify no longer takes this login.

    The six months are over, or access was taken back.
    """
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
    """Check that a login allows to make and change playlists.

    Raises
    ------
    LoginError
        It allows to read only.
    """
    if not login.may_write:
        raise LoginError("The Spotify login allows to read your library, and nothing else.", hint=LOGIN_TO_WRITE_HINT)


def ci_secret(login: Login) -> str:
    """Return the login as one line, for a secret of a CI service."""
    return SECRET_PREFIX + base64.urlsafe_b64encode(orjson.dumps(asdict(login))).decode("ascii").rstrip("=")


def parse_ci_secret(text: str) -> Login:
    """Return the login in what :func:`ci_secret` wrote; white space around and inside (a wrapped line) does no harm.

    Raises
    ------
    LoginError
        It is none, or not whole. The text is not shown.
    """
    compact = "".join(text.split())
    try:
        if not compact.startswith(SECRET_PREFIX):
            raise ValueError("no such prefix")
        encoded = compact.removeprefix(SECRET_PREFIX)
        return _login(orjson.loads(base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)))
    except (ValueError, binascii.Error) as error:
        raise LoginError(
            "SPOTMAP_SPOTIFY_LOGIN holds no whole login.",
            hint="Copy the whole line that `spotmap-build login --print-ci-secret` prints into the secret.",
        ) from error


def save_login(login: Login, file: Path) -> None:
    """Keep the login in ``file``, readable for its owner only from the first byte on; whole or not at all.

    Where ``file`` is a link, it stays one, and the login goes to where it leads.

    Raises
    ------
    LoginError
        The file cannot be written, or there is something that is no file.
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
        raise LoginError(f"The login cannot be kept in {file}: {reason}.", hint=OTHER_FILE_HINT) from error


def load_login(file: Path, *, say: Callable[[str], object]) -> Login:
    """Return the login in ``file``.

    Where others could read it, that is corrected, and said; so is a folder that others write to.

    Raises
    ------
    LoginError
        There is none, it is damaged, or others can read it and that cannot be changed.
    """
    _tell_shared_folders(file, say)
    try:
        with open_regular(file) as open_file:
            # What is longer is no login, and its beginning is none either.
            content = open_file.read(min(os.fstat(open_file.fileno()).st_size, LONGEST_LOGIN_BYTES))
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
            f"Others on this machine can read the login in {file}, and it cannot be made private.",
            hint=f"Move it to a folder of your own (SPOTMAP_TOKEN_FILE). {LOGIN_AGAIN_HINT}",
        ) from error
    say(f"Others on this machine could read the login in {file}; now only you can.")


def _tell_shared_folders(file: Path, say: Callable[[str], object]) -> None:
    """Say in which folders others could put another login in the place of this one; changing that is up to the person.

    In a folder like /tmp, whose files only their owners can replace, they cannot.
    """
    if os.name != "posix":
        return
    with suppress(OSError, ValueError):  # no such folder, or a name that none can have: reading the file will tell
        for folder in dict.fromkeys((file.parent, Path(os.path.realpath(file)).parent)):
            mode = folder.stat().st_mode
            if mode & 0o022 and not mode & stat.S_ISVTX:
                say(
                    f"Others on this machine can exchange the login in {folder}: they may write to that folder (mode "
                    f"{stat.S_IMODE(mode):04o}). Take that away: chmod go-w {folder}"
                )


def _login(content: Any) -> Login:
    """Read a login; raises ValueError unless it has every field as it should be."""
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
    return isinstance(value, str) and 0 < len(value) <= LONGEST_FIELD and printable(value) == value


def _flush_folder(folder: Path) -> None:
    """So that the file's new name survives a power cut; where a file system does not know that, it goes without."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
