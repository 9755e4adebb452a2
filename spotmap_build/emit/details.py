"""The details files: columns of facts about tracks, which the page fetches when the reader opens a track. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from spotmap_build.emit.columns import NumberColumn, WordColumn, clean, day_number, pack_ids, pack_texts
from spotmap_build.emit.facets import facet_columns, facet_names
from spotmap_build.emit.listening import ListeningColumns
from spotmap_build.emit.page import art_file_name, excerpt_file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from spotmap_build.atlas import Atlas, PublicFacts
    from spotmap_build.model import Track

    Int64Array = npt.NDArray[np.int64]

DETAILS_SCHEMA = "spotmap.details/2"
DETAILS_CHUNK = 2048


class Details:
    """Details of all tracks of an atlas in the site's ``order``, in files of ``DETAILS_CHUNK`` tracks.

    ``order``: int64 ``[n]``, the row in the atlas of each of the site's tracks.
    """

    def __init__(self, atlas: Atlas, order: Int64Array, facts: PublicFacts) -> None:
        rows = order.tolist()
        self.tracks = [atlas.tracks[row] for row in rows]
        self._features = {
            name: NumberColumn(atlas.features[order, column].astype(np.float64))
            for column, name in enumerate(atlas.feature_names)
            if name in facts.feature_units
        }
        self._units = {name: facts.feature_units[name] for name in self._features}
        self._moments_s = [atlas.typical_s[row] for row in rows] if atlas.typical_s else []
        self._styles = WordColumn([atlas.styles[row] for row in rows]) if atlas.styles else None
        self._listening = ListeningColumns(self.tracks)
        self._texts = {
            "paths": facts.paths,
            "excerpts": {track_id: excerpt_file_name(digest) for track_id, digest in facts.excerpts.items()},
        }
        self._since = atlas.insights.since

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the files, so that the page can offer them before it fetches the files."""
        facts = {
            "year": any(track.year is not None for track in self.tracks),
            "added_at": any(track.added_at for track in self.tracks),
            "duration_ms": any(track.duration_ms is not None for track in self.tracks),
        }
        has_since = self._since is not None and (self._since.new or self._since.moved)
        return {
            "features": self._units,
            "facets": facet_names(self.tracks),
            "facts": [*(name for name, known in facts.items() if known), *self._listening.facts],
            **self._listening.years,
            **({"since": True} if has_since else {}),
            **({"excerpts": True} if self._texts["excerpts"] else {}),
            **({"styles": self._styles.words} if self._styles else {}),
        }

    def files(self) -> dict[str, bytes]:
        """Encode the files, by name."""
        starts = range(0, len(self.tracks), DETAILS_CHUNK)
        return {f"details-{number:03d}.json": orjson.dumps(self._part(first)) for number, first in enumerate(starts)}

    def _part(self, first: int) -> dict[str, Any]:
        tracks = self.tracks[first : first + DETAILS_CHUNK]
        end = first + len(tracks)
        video_ids = [(track.recording and track.recording.video_id) or "" for track in tracks]
        moments = [None if math.isnan(moment_s) else round(moment_s) for moment_s in self._moments_s[first:end]]
        return {
            "schema": DETAILS_SCHEMA,
            "first": first,
            **_facts(tracks),
            **self._listening.encode_range(first, end),
            "features": {name: column.encode_range(first, end) for name, column in self._features.items()},
            "feature_units": self._units,
            "facets": facet_columns(tracks),
            **_album_places(tracks),
            **({"video_ids": pack_texts(video_ids)} if any(video_ids) else {}),
            **({"typical_s": moments} if any(moment is not None for moment in moments) else {}),
            **({"styles": self._styles.encode_range(first, end)} if self._styles else {}),
            **self._texts_of(tracks),
        }

    def _texts_of(self, tracks: Sequence[Track]) -> dict[str, Any]:
        columns = {name: [texts.get(track.id, "") for track in tracks] for name, texts in self._texts.items()}
        return {name: pack_texts(column) for name, column in columns.items() if any(column)}


def _facts(tracks: Sequence[Track]) -> dict[str, Any]:
    """Return the facts about tracks, as columns."""
    art_numbers: dict[str, int] = {}
    art = [art_file_name(track.art_digest) if track.art_digest else "" for track in tracks]
    return {
        "ids": pack_ids([clean(track.id) for track in tracks]),
        "duration_s": [None if track.duration_ms is None else round(track.duration_ms / 1000) for track in tracks],
        "year": [track.year for track in tracks],
        "added_on": [day_number(track.added_at) for track in tracks],
        "art": [art_numbers.setdefault(name, len(art_numbers)) if name else -1 for name in art],
        "art_files": list(art_numbers),
    }


def _album_places(tracks: Sequence[Track]) -> dict[str, list[int | None]]:
    """Return the track numbers, if any are known, and the disc numbers, if there are several discs."""
    numbers, discs = [track.track_number for track in tracks], [track.disc_number for track in tracks]
    if all(number is None for number in numbers):
        return {}
    has_discs = any(disc is not None and disc > 1 for disc in discs)
    return {"numbers": numbers, **({"discs": discs} if has_discs else {})}
