"""Distinct names for the playlists of a library, because programs and folders allow several of one name. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from spotmap_build.model import Playlist

SEPARATOR: Final = " / "
MAX_FOLDERS: Final = 8
"""Maximum number of folders in a name."""


def distinct_names(places: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the names of playlists, preceded by folders or followed by a number where they are not the only ones.

    Parameters
    ----------
    places
        Of each playlist, the folders from the outermost on, and its name.

    Examples
    --------
    >>> distinct_names([("Sets", "Evening"), ("Old", "Evening"), ("Sets", "Morning"), ("Sets", "Morning")])
    ['Sets / Evening', 'Old / Evening', 'Morning', 'Morning (2)']
    """
    places = [place[-MAX_FOLDERS - 1 :] for place in places]
    lengths = [1] * len(places)
    while True:
        names = [SEPARATOR.join(place[-length:]) for place, length in zip(places, lengths, strict=True)]
        places_of: dict[str, set[tuple[str, ...]]] = {}
        for name, place in zip(names, places, strict=True):
            places_of.setdefault(name, set()).add(place)
        longer = [
            index
            for index, name in enumerate(names)
            if len(places_of[name]) > 1 and lengths[index] < len(places[index])
        ]
        if not longer:
            return _numbered(names)
        for index in longer:
            lengths[index] += 1


def _numbered(names: Sequence[str]) -> list[str]:
    """Add numbers to the second and further occurrences of a name."""
    taken = set(names)
    last: dict[str, int] = {}
    numbered = []
    for name in names:
        shown, number = name, last.get(name, 0) + 1
        if number > 1:
            while (shown := f"{name} ({number})") in taken:
                number += 1
            taken.add(shown)
        last[name] = number
        numbered.append(shown)
    return numbered


def distinct_playlists(playlists: Sequence[Playlist], folders: Sequence[tuple[str, ...]] = ()) -> list[Playlist]:
    """Make the names and the ids of playlists distinct.

    Parameters
    ----------
    folders
        Those that each playlist is in; without any, numbers distinguish the names.
    """
    places = [
        (*above, playlist.name) for above, playlist in zip(folders or [()] * len(playlists), playlists, strict=True)
    ]
    seen = Counter[str]()
    distinct = []
    for playlist, name in zip(playlists, distinct_names(places), strict=True):
        seen[playlist.id] += 1
        number = seen[playlist.id]
        distinct.append(replace(playlist, name=name, id=playlist.id if number == 1 else f"{playlist.id}~{number}"))
    return distinct
