"""Identify the columns of an Exportify file, by name or else by content. Pure.

Two tools are called Exportify. One has had three sets of headers, which it writes in the language of its page; the
other has had two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spotmap_build.core.identifiers import ISRC, SPOTIFY_LOCAL
from spotmap_build.fetch.exports.collection import iso_date
from spotmap_build.fetch.exports.spotify_ids import is_episode, track_uri
from spotmap_build.fetch.tables.column_names import KNOWN, NamedColumns, fold_name, name_columns
from spotmap_build.fetch.tables.field_names import ART

if TYPE_CHECKING:
    from spotmap_build.fetch.tables.bounds import Columns

SAMPLE: Final = 200
MIN_DURATION_MS: Final = 10_000


def known_columns(columns: Columns) -> NamedColumns:
    """Return the columns by field. Without a title column, the file is not a list of tracks."""
    named = name_columns(columns)
    if "title" in named.fields:
        return replace(named, others={})
    unknown = {name: values for name, values in named.others.items() if fold_name(name) not in KNOWN}
    added = _by_content(named.fields, unknown)
    fields = named.fields | {field: columns[name] for field, name in added.items()}
    return NamedColumns(fields, named.names | added)


def _by_content(known: Columns, unknown: Columns) -> dict[str, str]:
    """Guess the fields of columns by their content, in a file that lists Spotify tracks.

    Titles, artists and albums look alike; they are the first three columns of plain text after the track's URI.
    """
    found: dict[str, str] = {}
    missing = [field for field in ("title", "artists", "album") if field not in known]
    for name, values in unknown.items():
        sample = [str(value) for value in values if value][:SAMPLE]
        kind = next((kind for kind, looks in LOOKS if sample and all(map(looks, sample))), "")
        if kind == "words" and ("id" in known or "id" in found) and missing:
            found[missing.pop(0)] = name
        elif kind not in {"", "words", *known}:
            found.setdefault(kind, name)
    return found


def _is_track(text: str) -> bool:
    return bool(track_uri(text)) or text.startswith(SPOTIFY_LOCAL) or is_episode(text)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.I)
    return lambda text: compiled.fullmatch(text.strip()) is not None


LOOKS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("id", _is_track),
    ("artist_uris", _matches(r"spotify:artist:\w+(?:, ?spotify:artist:\w+)*")),
    (ART, _matches(r"https://[\w.-]+\.scdn\.co/image/\w+")),
    ("isrc", lambda text: ISRC.fullmatch(text) is not None),
    ("explicit", _matches("true|false")),
    ("year", _matches(r"[12][0-9]{3}(?:-[0-9]{2}){0,2}")),
    ("added_at", lambda text: "T" in text and bool(iso_date(text))),
    ("duration_ms", lambda text: text.isascii() and text.isdigit() and int(text[:12]) > MIN_DURATION_MS),
    ("words", lambda text: _is_no_number(text) and not text.startswith(("spotify:", "http://", "https://"))),
)


def _is_no_number(text: str) -> bool:
    return re.fullmatch(r"[-+0-9.eE]+", text) is None
