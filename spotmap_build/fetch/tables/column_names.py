"""Identify the columns of a table or an export by name, with one list of names for all tools. Pure.

Names are compared without case, spaces, punctuation and emoji (R replaces some characters by ``.``, foobar puts ``%``
around names).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from spotmap_build.fetch.covers import COVER_SUFFIXES
from spotmap_build.fetch.exports.history import MIN_PLAYS
from spotmap_build.fetch.exports.spotify_ids import track_uri
from spotmap_build.fetch.tables.bounds import Columns
from spotmap_build.fetch.tables.cell_numbers import parse_number
from spotmap_build.fetch.tables.cells import parse_texts
from spotmap_build.fetch.tables.field_names import ADDRESS, ART, LIST_NAME, NAMES, PERSONS
from spotmap_build.fetch.tables.header_words import field_of_words

DURATIONS: Final = {"duration_ms": 1, "duration_s": 1_000, "duration_min": 60_000, "duration": 0}
"""Columns of the duration, best first, with their unit in milliseconds; 0 if the name does not give it."""

_OF_PERSONS: Final = re.compile(
    r"(?:client |user )?ip(?: ?addr.*| .*)?|.*(?:\be |e)mail.*|device ?(?:id|name|model|type)?(?: .*)?|platform model"
    r"|apple ?id.*|phone ?(?:n.*)?|user ?(?:id|name|agent.*)",
    re.IGNORECASE,
)
"""Columns about the listener, location and device."""


def fold_name(name: str) -> str:
    """Normalize a column name for comparison.

    >>> [fold_name(name) for name in ("Spotify - ID", "%spotify_id%", "Artist.Name.s.", "\N{GUITAR} Title")]
    ['spotifyid', 'spotifyid', 'artistnames', 'title']
    """
    folded = _SIGNS.sub("", unicodedata.normalize("NFKC", name.casefold()))
    return folded if folded.isascii() else "".join(sign for sign in folded if unicodedata.category(sign) != "So")


def _without_remark(name: str) -> str:
    """Return a column name without a suffix in brackets or a person's name: "Duration [mm:ss]", "Date#me"."""
    return _REMARK.sub("", name)


_SIGNS: Final = re.compile(r"[\s_.\-%*!?\u200d\ufe0f]+")
_REMARK: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$|#[\w-]+$")
_ANOTHER_ARTIST: Final = re.compile(
    r"(?:track)?artist(?:name)?([2-9]|1[0-9])|(?:featured|featuring|feat|guest)artists?|featuring"
)
"""Columns of further artists: "Artist Name 2", "Featured Artists"."""
_DURATION: Final = re.compile(
    r"(?:track|song|media|audio|file|total)?(?:duration|length|time)(?:in)?"
    r"(?:(ms|msecs?|millis|milliseconds)|(secs?|seconds)|(mins?|minutes)|us|microseconds|ns|nanoseconds)|runtime(?:ticks)?"
)
_DIMENSION: Final = re.compile(
    r"(|d|dim|dimension|e|emb|embedding|f|feat|feature|v|vec|vector|component|latent)([0-9]{1,5})"
)
"""What the columns are called in which a vector stands number by number."""
MIN_DIMENSIONS: Final = 3
_DATES: Final = frozenset(("date", "datetime", "timestamp"))
_RANKS: Final = frozenset(("rank", "position", "chartposition"))
_YEAR: Final = re.compile(r"1[89][0-9]{2}|20[0-9]{2}")
MIX_NAME: Final = "mixname"
_FOLDED: Final = {name: tuple(map(fold_name, names)) for name, names in NAMES.items()}
_PERSONS: Final = frozenset(map(fold_name, PERSONS))
KNOWN: Final = frozenset(name for names in _FOLDED.values() for name in names) | _PERSONS


def is_person(name: str) -> bool:
    """Return whether a column has personal data, and must not be read."""
    words = re.sub(r"[\s_.\-]+", " ", name).strip()
    return fold_name(name) in _PERSONS or _OF_PERSONS.fullmatch(words) is not None


def is_known(name: str) -> bool:
    """Return whether this may be the name of a column in a table of tracks."""
    return not KNOWN.isdisjoint((fold_name(name), fold_name(_without_remark(name)))) or bool(field_of_words(name))


def can_name_files(name: str) -> bool:
    """Return whether the values of a column may be paths, which must be kept unchanged: a file may have any name."""
    folded = {fold_name(name), fold_name(_without_remark(name))}
    return any(not folded.isdisjoint(_FOLDED[known]) for known in ("path", ART))


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The identified columns of a table.

    ``fields``: values by known field; ``names``: their names in the file. ``others``: other columns, by name.
    ``dimensions``: columns that are the components of a vector, in order.
    """

    fields: Columns
    names: dict[str, str] = field(default_factory=dict)
    others: Columns = field(default_factory=dict)
    dimensions: tuple[str, ...] = ()


def name_columns(columns: Columns) -> NamedColumns:
    """Identify the known fields among the columns.

    Of several candidates for a field, the one with our own name is chosen, then the first in ``NAMES``; empty columns
    are chosen only if all are empty. Unneeded columns stay among the others.
    """
    by_name: dict[str, str] = {}
    of_persons = set(filter(is_person, columns))
    for write in (str, _without_remark):
        for name in columns:
            if name not in of_persons:
                by_name.setdefault(fold_name(write(name)), name)
    names: dict[str, str] = {}
    for known, folded in _FOLDED.items():
        exact = [known] if known in columns else []
        called = (*exact, *(by_name[one] for one in folded if one in by_name))
        free = [name for name in called if name not in names.values()]
        if free:
            names[known] = next((name for name in free if any(columns[name])), free[0])
    if not names.keys() & DURATIONS.keys():
        names.update(_duration_by_words(columns))
    names.update(_date(columns, names))
    for unneeded in _unneeded(names, columns):
        del names[unneeded]
    for known in ("title", "artists", "album"):
        by_words = (name for name in columns if name not in names.values() and field_of_words(name) == known)
        if known not in names and (found := next(by_words, None)) is not None:
            names[known] = found
    if LIST_NAME in names:
        names["playlists"] = names.pop(LIST_NAME)
    fields = {known: columns[name] for known, name in names.items()}
    taken = set(names.values())
    taken |= _join_columns(fields, {name: values for name, values in columns.items() if name not in taken})
    others = {name: values for name, values in columns.items() if name not in taken and name not in {*of_persons, ""}}
    dimensions = _dimensions(others) if fields.keys().isdisjoint(("vector", "x", "y")) else []
    if dimensions:
        fields["vector"] = list(map(list, zip(*(others.pop(name) for name in dimensions), strict=True)))
    return NamedColumns(fields, names, others, tuple(dimensions))


def _duration_by_words(columns: Columns) -> dict[str, str]:
    """Return a column of durations whose name contains the unit: "trackTimeMillis"."""
    for name in columns:
        if found := _DURATION.fullmatch(fold_name(name)):
            fields = ("duration_ms", "duration_s", "duration_min")
            return {next((one for one, unit in zip(fields, found.groups(), strict=True) if unit), "duration"): name}
    return {}


def _date(columns: Columns, names: dict[str, str]) -> dict[str, str]:
    """Return what a column "date" means: plays if most rows are of tracks with several dates, or years.

    In a list of playlists or a chart, a track can have several dates as well.
    """
    found = (name for name in columns if fold_name(_without_remark(name)) in _DATES and name not in names.values())
    name = next(found, None)
    if name is None or "title" not in names:
        return {}
    given = [value for value in columns[name] if value is not None]
    if given and "year" not in names and all(_YEAR.fullmatch(str(value)) for value in given):
        return {"year": name}
    keys = [columns[names[field]] for field in ("title", "artists") if field in names]
    if not names.keys().isdisjoint(("listened_at", "playlists")) or any(fold_name(one) in _RANKS for one in columns):
        return {}
    dates = Counter(row[:-1] for row in {*zip(*(map(str, key) for key in keys), map(str, columns[name]), strict=True)})
    repeated = sum(count for count in dates.values() if count >= MIN_PLAYS)
    return {"listened_at": name} if 2 * repeated >= max(1, dates.total()) else {}


def _dimensions(others: Columns) -> list[str]:
    """Return the columns that are components of a vector: "dim_0" and so on, from 0 or 1, none empty."""
    counted: dict[str, dict[int, str]] = {}
    for name, values in others.items():
        found = _DIMENSION.fullmatch(fold_name(name))
        if found and not any(value is None or parse_number(value, "either") is None for value in values):
            counted.setdefault(found[1], {})[int(found[2])] = name
    longest = max(counted.values(), key=len, default={})
    is_whole = sorted(longest) == list(range(first := min(longest, default=0), first + len(longest))) and first < 2
    return [longest[number] for number in sorted(longest)] if is_whole and len(longest) >= MIN_DIMENSIONS else []


def _join_columns(fields: Columns, others: Columns) -> set[str]:
    """Merge separate columns of further artists and mix names into artists and titles; return their names."""
    artists = [name for name in others if _is_another_artist(name)] if "artists" in fields else []
    if artists:
        rows = zip(fields["artists"], *(others[name] for name in artists), strict=True)
        fields["artists"] = [_joined(row) for row in rows]
    mixes = [name for name in others if fold_name(name) == MIX_NAME][:1] if "title" in fields else []
    for name in mixes:
        fields["title"] = [_with_mix(*row) for row in zip(fields["title"], others[name], strict=True)]
    return {*artists, *mixes}


def _with_mix(title: object, mix: object) -> object:
    """Append the name of the mix, which DJ shops have in a separate column, to a title."""
    if not isinstance(title, str) or not isinstance(mix, str) or mix.strip().lower() in title.lower():
        return title
    return f"{title} ({mix.strip()})"


def _is_another_artist(name: str) -> bool:
    folded = fold_name(name)
    is_counted = folded[-1:].isdecimal() and field_of_words(name) == "artists"
    return is_counted or _ANOTHER_ARTIST.fullmatch(folded) is not None


def _joined(cells: tuple[object, ...]) -> object:
    """Join the nonempty cells of several columns; a single one is kept unchanged."""
    filled = [cell for cell in cells if cell not in (None, "")]
    if len(filled) < 2:
        return filled[0] if filled else None
    return ";".join(name for cell in filled for name in parse_texts(cell))


def _unneeded(names: dict[str, str], columns: Columns) -> list[str]:
    """Return fields that are redundant, or do not contain what their name says."""
    lengths = [one for one in DURATIONS if one in names]
    unneeded = lengths[1:]
    if ADDRESS in names and ("id" in names or not any(map(_is_track, columns[names[ADDRESS]]))):
        unneeded.append(ADDRESS)
    if ART in names and not any(map(_is_picture, columns[names[ART]])):
        unneeded.append(ART)
    if LIST_NAME in names and ("playlists" in names or "artist_uris" not in names):
        unneeded.append(LIST_NAME)
    return unneeded


def _is_picture(value: object) -> bool:
    text = value.strip().lower() if isinstance(value, str) else ""
    return text.startswith(("https://", "http://")) or text.endswith(COVER_SUFFIXES)


def _is_track(value: object) -> bool:
    return isinstance(value, str) and bool(track_uri(value))
