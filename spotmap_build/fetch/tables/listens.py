"""A table with a row for each listen, as exports of Last.fm are: the tracks in it, and when each was played. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from spotmap_build.fetch.exports.history import DAY, HEARD_MS, LEAST_PLAYS, Heard
from spotmap_build.fetch.tables.bounds import Columns
from spotmap_build.fetch.tables.cells import is_missing, parse_truth
from spotmap_build.fetch.tables.column_names import fold_name
from spotmap_build.fetch.tables.typed_columns import TypedColumns
from spotmap_build.fetch.tags import fold_space
from spotmap_build.model import Listening

Key = str | tuple[str, ...]
"""What tells tracks apart: an id, or what they are called."""
LISTENED: Final = "listened_at"
MS_PLAYED: Final = "ms_played"
LISTENING: Final = "listening"
NAMED: Final = ("title", "artists", "album")
OF_A_TRACK: Final = frozenset(("x", "y", "path", "vector"))
"""Columns of which a row for each listen has none."""
PRIVATE: Final = "incognitomode"
OF_A_LISTEN: Final = frozenset(
    (
        *("platform", "reasonstart", "reasonend", "shuffle", "skipped", "offline", "offlinetimestamp", PRIVATE),
        *("city", "region", "metrocode", "latitude", "longitude"),
    )
)
"""Columns of Spotify's history that say on what, where and how one track was heard once: they are of no track."""


def with_listening(typed: TypedColumns, place: str, *, may_be_listens: bool) -> TypedColumns:
    """Add a column ``listening``; of a table with a row for each listen, return one with a row for each track.

    Rows that say when they were heard are listens where some track has several of them.

    Parameters
    ----------
    place
        Names the table in sentences.
    may_be_listens
        Not where rows have vectors of their own.
    """
    fields = typed.fields
    if may_be_listens and LISTENED in fields and fields.keys().isdisjoint(OF_A_TRACK):
        first_rows, heard = _heard(typed)
        often = {first_rows[key]: one for key, one in heard.items() if one.count >= LEAST_PLAYS}
        if often:
            return _one_row_a_track(typed, place, often, left_out=len(heard) - len(often))
    unknown = [""] * len(fields["title"])
    days = (fields.get("first_played", unknown), fields.get("last_played") or fields.get(LISTENED, unknown))
    listening = [_listening(first or "", last or "") for first, last in zip(*days, strict=True)]
    facets = _of_tracks(typed.facets) if MS_PLAYED in fields else typed.facets
    return replace(typed, fields={**fields, LISTENING: listening}, facets=facets)


def _listening(first: str, last: str) -> Listening | None:
    """Return the days of the first and the last play; one that alone is known stands for both."""
    return Listening((first or last)[:DAY], (last or first)[:DAY]) if first or last else None


def _heard(typed: TypedColumns) -> tuple[dict[Key, int], dict[Key, Heard]]:
    """Return the row that names each track first, and how the track was heard.

    A listen shorter than 30 seconds is no play, where the table says how long they were; nor is one in a private
    session, nor speech, which has no title of a track.
    """
    fields, private = typed.fields, _private_rows(typed)
    moments, lengths_ms = fields[LISTENED], fields.get(MS_PLAYED)
    first_rows: dict[Key, int] = {}
    heard: dict[Key, Heard] = {}
    for row, key in enumerate(_keys(fields)):
        if not any(key) or row in private:
            continue
        if lengths_ms is None or (lengths_ms[row] or 0) >= HEARD_MS:
            first_rows.setdefault(key, row)
            heard.setdefault(key, Heard()).add(moments[row] or "")
    return first_rows, heard


def _private_rows(typed: TypedColumns) -> frozenset[int]:
    columns = (values for name, values in typed.facets.items() if fold_name(name) == PRIVATE)
    return frozenset(row for values in columns for row, value in enumerate(values) if parse_truth(value))


def _of_tracks(facets: Mapping[str, list[str | float | None]]) -> dict[str, list[str | float | None]]:
    return {name: values for name, values in facets.items() if fold_name(name) not in OF_A_LISTEN}


def _one_row_a_track(typed: TypedColumns, place: str, often: Mapping[int, Heard], *, left_out: int) -> TypedColumns:
    """Return the tracks that were played often, by their rows."""
    fields = {
        **_rows(typed.fields, often),
        "play_count": [one.count for one in often.values()],
        LISTENING: [one.listening for one in often.values()],
    }
    fields.setdefault("added_at", [one.first_on for one in often.values()])
    about = f"{place} has a row for each listen: its {len(often):,} tracks that were played {LEAST_PLAYS} times or more"
    notice = f"{about} are the library, and {left_out:,} others are left out."
    facets = _rows(_of_tracks(typed.facets), often)
    return replace(typed, fields=fields, facets=facets, notices=(*typed.notices, notice))


def _rows(columns: Columns, rows: Mapping[int, Heard]) -> Columns:
    return {
        name: [values[row] for row in rows] for name, values in columns.items() if name not in {LISTENED, MS_PLAYED}
    }


def _keys(fields: Columns) -> list[Key]:
    """Return what tells tracks apart: an id where there is one, else what they are called."""
    named = zip(*(fields[name] for name in NAMED if name in fields), strict=True)
    keys: list[Key] = [tuple(fold_space(str(value or "")).casefold() for value in row) for row in named]
    if "id" not in fields:
        return keys
    return [key if is_missing(own) else str(own) for own, key in zip(fields["id"], keys, strict=True)]
