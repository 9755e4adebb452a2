"""Load the library of a music program as a table, with the paths of existing files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.folders.file_finder import is_there
from spotmap_build.fetch.folders.m3u import M3u
from spotmap_build.fetch.tables.bounds import check_shape
from spotmap_build.fetch.tables.delimited import Table
from spotmap_build.fetch.tables.m3u import NearFiles
from spotmap_build.fetch.tables.music_libraries import MAX_TRACKS, TooManyTracks, read_music_library

END: Final = re.compile(r"</(?:plist|dj_playlists|nml)\s*>", re.IGNORECASE)
"""The end of a complete library."""
END_LENGTH: Final = 1_000


def music_library_table(text: str, path: Path) -> Table:
    """Return the tracks of a library in XML as a table.

    Raises
    ------
    SourceError
        It is another kind of document, or too large.
    """
    try:
        library = read_music_library(text)
    except TooManyTracks as error:
        raise SourceError(
            f"{path} has more than {MAX_TRACKS:,} tracks.", hint="Export playlists from that program instead."
        ) from error
    if library is None:
        raise SourceError(
            f"{path} is not the library of Apple Music, Rekordbox or Traktor.",
            hint="Export a library there as XML, or a playlist as text (.txt), CSV or M3U.",
        )
    left_out = _about_left_out(library.left_out, path.name)
    if not library.rows:
        raise SourceError(f"{path} contains no music.", hint=" ".join(("Export the library again as XML.", *left_out)))
    names = list(dict.fromkeys(name for row in library.rows for name in row if name != "paths"))
    check_shape(str(path), rows=len(library.rows), columns=len(names) + 1)
    near = NearFiles(path.parent, M3u(()))
    columns = {name: [row.get(name) for row in library.rows] for name in ("title", *names)}
    columns["path"] = [_file(row["paths"], near) for row in library.rows]
    cut_off = translatable(f"{path.name} ends in the middle, so tracks or playlists are missing. Export it again.")
    return Table(columns, left_out if END.search(text[-END_LENGTH:]) else (cut_off, *left_out))


def _about_left_out(count: int, name: str) -> tuple[str, ...]:
    """Return a notice about entries of a library that are no music, if any."""
    if count > 1:
        return (translatable(f"{name}: {count:,} podcasts, films, radio stations and the like are left out."),)
    return (translatable(f"{name}: a podcast, film, radio station or the like is left out."),) if count else ()


def _file(lines: tuple[str, ...], near: NearFiles) -> str | None:
    """Return the path of the file that one of the lines names; of a missing file, the likeliest."""
    if not lines:
        return None
    line = next((line for line in lines if is_there(Path(line))), lines[0])
    return next(iter(near.find(line)), None)
