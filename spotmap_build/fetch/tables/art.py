"""Cover images named in a table: files become thumbnails immediately, URLs are fetched later."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spotmap_build.core.text import unescape
from spotmap_build.fetch.identify import cover_notices, folder_covers
from spotmap_build.fetch.tables.cells import is_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spotmap_build.cache.store import Cache
    from spotmap_build.model import Track

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
"""Start of a URL; a single letter before the colon is a drive."""


def with_art(
    tracks: Sequence[Track], values: Sequence[object], place: Callable[[str], Path], cache: Cache
) -> tuple[list[Track], tuple[str, ...]]:
    """Set the cover of each track from its row, and return notices about unreadable files.

    Parameters
    ----------
    tracks, values
        The track of each row, and its value in the column ``art``.
    place
        Returns the path for a text.
    cache
        Stores the thumbnails.
    """
    texts = ["" if is_missing(value) else str(value).strip() for value in values]
    files = {text: place(text) for text in dict.fromkeys(texts) if text and not _ADDRESS.match(text)}
    covers = folder_covers({path: path for path in files.values()}, cache)
    shown = [
        replace(track, art_digest=covers[files[text]].art_digest)
        if text in files
        else replace(track, art_url=unescape(text))
        for track, text in zip(tracks, texts, strict=True)
    ]
    return shown, cover_notices(path for path, cover in covers.items() if cover.is_unreadable)
