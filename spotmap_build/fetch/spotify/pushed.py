"""Records of the Spotify playlists created by ``push``: a file next to the site, readable only by its owner.

It is not in the cache, which may be deleted, nor in the site, which may be published. If the file is lost, playlists
are recognized by their description, but the user's changes to them are unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import read_bounded, write_atomically
from spotmap_build.errors import OutputError
from spotmap_build.fetch.spotify.playlist_changes import Made

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: Final = "spotmap.pushed/1"
MAX_BYTES: Final = 1 << 28


class _File(msgspec.Struct, frozen=True):
    schema: str
    users: dict[str, dict[str, Made]]


class PushedLists:
    """Records of one user's playlists, by list id.

    Raises
    ------
    OutputError
        The file exists but is invalid. It is not changed.
    """

    def __init__(self, file: Path, user_digest: str) -> None:
        self._file = file
        self._user = user_digest
        self._users = _read(file)

    @property
    def known(self) -> dict[str, Made]:
        """Return a copy of the records."""
        return dict(self._users.get(self._user, {}))

    def save(self, list_id: str, made: Made) -> None:
        """Store the record of a playlist durably, replacing the previous one.

        Raises
        ------
        OutputError
            It cannot be written, or the file has become invalid.
        """
        self._users = _read(self._file)  # another push may have changed the file
        self._users.setdefault(self._user, {})[list_id] = made
        try:
            write_atomically(self._file, msgspec.json.encode(_File(SCHEMA, self._users)), is_private=True)
        except OSError as error:
            raise OutputError(
                f"The state of the push cannot be stored in {self._file}: {error.strerror or error}.",
                hint="Make that folder writable, or name another --out, and push again to continue.",
            ) from error


def _read(file: Path) -> dict[str, dict[str, Made]]:
    try:
        content = decode_json(read_bounded(file, MAX_BYTES), _File)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise OutputError(f"{file} cannot be read: {reason}.", hint=_MOVE_HINT) from error
    if content.schema != SCHEMA:
        raise OutputError(f"{file} was not written by this version's push.", hint=_MOVE_HINT)
    return content.users


_MOVE_HINT: Final = "Move it away: playlists are then found again by their description on Spotify."
