"""Which playlists on Spotify were made of which list of the map: a file beside the site, readable by its owner only.

Not in the cache, which may be deleted, and not in the site, which may be published. Where the file is lost, a playlist
is found again by its description; what the person changed in it is not known then.
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
LARGEST_BYTES: Final = 1 << 28


class _File(msgspec.Struct, frozen=True):
    schema: str
    users: dict[str, dict[str, Made]]


class PushedLists:
    """What is remembered of one user's playlists, by the id of the list.

    Raises
    ------
    OutputError
        The file is there and cannot be used. It is left as it is.
    """

    def __init__(self, file: Path, user_digest: str) -> None:
        self._file = file
        self._user = user_digest
        self._users = _read(file)

    @property
    def known(self) -> dict[str, Made]:
        """A copy."""
        return dict(self._users.get(self._user, {}))

    def keep(self, list_id: str, made: Made) -> None:
        """Remember a playlist in the place of the one before. On the disk when this returns.

        Raises
        ------
        OutputError
            It cannot be written, or what is there by now cannot be used.
        """
        self._users = _read(self._file)  # another push may have noted something since
        self._users.setdefault(self._user, {})[list_id] = made
        try:
            write_atomically(self._file, msgspec.json.encode(_File(SCHEMA, self._users)), is_private=True)
        except OSError as error:
            raise OutputError(
                f"What was pushed cannot be noted in {self._file}: {error.strerror or error}.",
                hint="Make that folder writable, or name another --out, and push again: it goes on from there.",
            ) from error


def _read(file: Path) -> dict[str, dict[str, Made]]:
    try:
        content = decode_json(read_bounded(file, LARGEST_BYTES), _File)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise OutputError(f"{file} cannot be read: {reason}.", hint=_MOVE_HINT) from error
    if content.schema != SCHEMA:
        raise OutputError(f"{file} was not written by this version's push.", hint=_MOVE_HINT)
    return content.users


_MOVE_HINT: Final = "Move it away: playlists are then found again by their description on Spotify."
