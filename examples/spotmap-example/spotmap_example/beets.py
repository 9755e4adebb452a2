"""``--source beets:FILE``: the library of beets, as ``beet export --format json --output FILE`` writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotmap_build.core.documents import parse_json
from spotmap_build.core.files import read_bounded
from spotmap_build.errors import SourceError
from spotmap_build.fetch.identify import FileFacts, identify_files
from spotmap_build.fetch.source import LoadContext, Loaded
from spotmap_build.model import Failed, Library, Playlist, Recording, Track

MAX_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class BeetsSource:
    """An export of beets: a list of tracks, of which each has the path of its file."""

    path: Path

    def load(self, context: LoadContext) -> Loaded:
        """Load it. A track whose file is gone stays in the library, as one that failed."""
        rows = self._read()
        paths = [self.path.parent / str(row["path"]) for row in rows]
        tracks, failures = [], []
        # Remembered in the cache: a file that did not change since is not opened again.
        for row, path, facts in zip(rows, paths, identify_files(paths, context), strict=True):
            track_id = f"beets:{row.get('id', path)}"
            if isinstance(facts, FileFacts):
                recording, duration_ms = Recording(facts.audio_digest, path=str(path)), facts.duration_ms
            else:
                recording, duration_ms = None, None
                failures.append(Failed(track_id, "fetch", facts.code, facts.detail))
            tracks.append(
                Track(
                    id=track_id,
                    title=str(row.get("title") or path.stem),
                    artists=(str(row["artist"]),) if row.get("artist") else (),
                    album=str(row.get("album") or ""),
                    duration_ms=duration_ms,
                    genres=(str(row["genre"]),) if row.get("genre") else (),
                    recording=recording,
                )
            )
        return Loaded("beets", Library(tuple(tracks), _albums(tracks), tuple(failures)))

    def _read(self) -> list[dict[str, Any]]:
        hint = "Make it with: beet export --format json --output FILE"
        try:
            rows = parse_json(read_bounded(self.path, MAX_BYTES))
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.path} cannot be read: {error}.", hint=hint) from error
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("path") for row in rows) or not rows:
            raise SourceError(f"{self.path} is no export of beets: it is no list of tracks with paths.", hint=hint)
        return rows


def _albums(tracks: list[Track]) -> tuple[Playlist, ...]:
    """Return a playlist for each album."""
    albums: dict[str, list[str]] = {}
    for track in tracks:
        if track.album:
            albums.setdefault(track.album, []).append(track.id)
    return tuple(Playlist(f"beets:{name}", name, tuple(ids)) for name, ids in albums.items())
