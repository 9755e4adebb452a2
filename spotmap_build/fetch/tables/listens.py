"""Tables with one row per play, such as exports of Last.fm: extract tracks and listening dates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from spotmap_build.core.text import fold_space
from spotmap_build.fetch.exports.history import DAY, MIN_PLAYED_MS, MIN_PLAYS, PlayCounts
from spotmap_build.fetch.tables.bounds import Columns
from spotmap_build.fetch.tables.cells import is_missing, parse_truth
from spotmap_build.fetch.tables.column_names import fold_name
from spotmap_build.fetch.tables.typed_columns import TypedColumns
from spotmap_build.model import Listening

Key = str | tuple[str, ...]
"""Key of a track: an id, or its names."""
LISTENED: Final = "listened_at"
MS_PLAYED: Final = "ms_played"
LISTENING: Final = "listening"
NAME_COLUMNS: Final = ("title", "artists", "album")
TRACK_COLUMNS: Final = frozenset(("x", "y", "path", "vector"))
"""Columns of which a row for each listen has none."""
PRIVATE: Final = "incognitomode"
PLAY_COLUMNS: Final = frozenset(
    (
        *("platform", "reasonstart", "reasonend", "shuffle", "skipped", "offline", "offlinetimestamp", PRIVATE),
        *("city", "region", "metrocode", "latitude", "longitude"),
    )
)
"""Columns of Spotify's history that say on what, where and how one track was heard once: they are of no track."""


def with_listening(typed: TypedColumns, place: str, *, may_be_listens: bool) -> TypedColumns:
    """Add a column ``listening``, converting a table with one row per play to one row per track.

    Rows with a play time are plays if some track has several of them.

    Parameters
    ----------
    place
        Name of the table in messages.
    may_be_listens
        False if rows have their own vectors.
    """
    fields = typed.fields
    if may_be_listens and LISTENED in fields and fields.keys().isdisjoint(TRACK_COLUMNS):
        first_rows, plays = _count_plays(typed)
        frequent = {first_rows[key]: counts for key, counts in plays.items() if counts.count >= MIN_PLAYS}
        if frequent:
            return _one_row_per_track(typed, place, frequent, left_out=len(plays) - len(frequent))
    unknown = [""] * len(fields["title"])
    days = (fields.get("first_played", unknown), fields.get("last_played") or fields.get(LISTENED, unknown))
    listening = [_listening(first or "", last or "") for first, last in zip(*days, strict=True)]
    facets = _without_play_columns(typed.facets) if MS_PLAYED in fields else typed.facets
    return replace(typed, fields={**fields, LISTENING: listening}, facets=facets)


def _listening(first: str, last: str) -> Listening | None:
    """Return the listening dates; if only one day is known, it is both the first and the last."""
    return Listening((first or last)[:DAY], (last or first)[:DAY]) if first or last else None


def _count_plays(typed: TypedColumns) -> tuple[dict[Key, int], dict[Key, PlayCounts]]:
    """Return the first row of each track, and its plays.

    Plays shorter than 30 seconds (if durations are given), in private sessions, and of spoken content (which has no
    track title) do not count.
    """
    fields, private = typed.fields, _private_rows(typed)
    moments, lengths_ms = fields[LISTENED], fields.get(MS_PLAYED)
    first_rows: dict[Key, int] = {}
    plays: dict[Key, PlayCounts] = {}
    for row, key in enumerate(_keys(fields)):
        if not any(key) or row in private:
            continue
        if lengths_ms is None or (lengths_ms[row] or 0) >= MIN_PLAYED_MS:
            first_rows.setdefault(key, row)
            plays.setdefault(key, PlayCounts()).add(moments[row] or "")
    return first_rows, plays


def _private_rows(typed: TypedColumns) -> frozenset[int]:
    columns = (values for name, values in typed.facets.items() if fold_name(name) == PRIVATE)
    return frozenset(row for values in columns for row, value in enumerate(values) if parse_truth(value))


def _without_play_columns(facets: Mapping[str, list[str | float | None]]) -> dict[str, list[str | float | None]]:
    return {name: values for name, values in facets.items() if fold_name(name) not in PLAY_COLUMNS}


def _one_row_per_track(
    typed: TypedColumns, place: str, frequent: Mapping[int, PlayCounts], *, left_out: int
) -> TypedColumns:
    """Return a table of the frequently played tracks."""
    fields = {
        **_rows(typed.fields, frequent),
        "play_count": [counts.count for counts in frequent.values()],
        LISTENING: [counts.listening for counts in frequent.values()],
    }
    fields.setdefault("added_at", [counts.first_on for counts in frequent.values()])
    about = f"{place} has one row per play: its {len(frequent):,} tracks that were played {MIN_PLAYS} times or more"
    notice = f"{about} are the library, and {left_out:,} others are left out."
    facets = _rows(_without_play_columns(typed.facets), frequent)
    return replace(typed, fields=fields, facets=facets, notices=(*typed.notices, notice))


def _rows(columns: Columns, rows: Mapping[int, PlayCounts]) -> Columns:
    return {
        name: [values[row] for row in rows] for name, values in columns.items() if name not in {LISTENED, MS_PLAYED}
    }


def _keys(fields: Columns) -> list[Key]:
    """Return the key of each row: its id, or else its names."""
    named = zip(*(fields[name] for name in NAME_COLUMNS if name in fields), strict=True)
    keys: list[Key] = [tuple(fold_space(str(value or "")).casefold() for value in row) for row in named]
    if "id" not in fields:
        return keys
    return [key if is_missing(own) else str(own) for own, key in zip(fields["id"], keys, strict=True)]
