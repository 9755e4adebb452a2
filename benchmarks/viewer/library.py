"""A synthetic library of any size as a table with positions, with realistic strings and clusters.

Titles, artists and albums have the lengths and repetitions of a streaming library (about nine tracks per album, about
three albums per artist). Identifiers are random, as in reality. The map has clusters of uneven size and shape over a
thin background. Equal arguments give equal bytes.
"""

from __future__ import annotations

import csv
import random
import string
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.model import Track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotmap_build.model import Float32Array

COLUMNS: Final = (
    *("id", "title", "artists", "album", "duration_ms", "year", "added_at", "genres", "playlists", "x", "y"),
)
ALBUM_TRACKS, ARTIST_ALBUMS = 9, 3
LUMPS: Final = 56
HAZE: Final = 0.12
"""Share of tracks between the clusters."""
ON_ITS_OWN: Final = 0.25
"""Share of tracks that sound unlike the rest of their album."""
PLAYLIST_SHARE: Final = 0.22
"""Share of tracks that are in a playlist."""

_SYLLABLES: Final = (
    *("ba", "be", "ci", "da", "do", "el", "fa", "go", "ha", "in", "ja", "ka", "ki", "la", "le", "lo", "ma", "mi"),
    *("na", "no", "or", "pa", "pe", "qui", "ra", "ri", "ro", "sa", "se", "so", "ta", "ti", "to", "u", "va", "ve"),
    *("win", "xa", "ya", "zo", "ster", "ling", "ber", "mond", "tain", "dris", "sel", "vor", "lund", "mar"),
)
_COMMON: Final = (
    *("the", "of", "my", "in", "you", "a", "love", "to", "and", "on", "night", "me", "is", "for", "song", "time"),
    *("blue", "heart", "all", "day", "home", "down", "light", "world", "life", "one", "away", "girl", "rain", "sun"),
)
_TAILS: Final = (" - Remastered 2011", " (Live)", " - Radio Edit", " (feat. {guest})", " - Remix", " Pt. 2", "")
_TAIL_CHANCE: Final = 0.16
_STYLES: Final = (
    *("ambient", "dub techno", "deep house", "indie folk", "dream pop", "bossa nova", "hard bop", "shoegaze"),
    *("drum and bass", "boom bap", "neo soul", "post-rock", "afrobeat", "synth-pop", "chanson", "bluegrass"),
    *("black metal", "math rock", "trip hop", "disco", "minimal", "cumbia", "baroque", "city pop", "grime"),
)
_PLAYLISTS: Final = (
    *("Sunday morning", "Running", "Deep focus", "Kitchen disco", "Night drive", "Rainy days", "Gym", "Starred"),
    *("Dinner for eight", "Long train rides", "Songs my father played", "Headphones only", "Discovered in Lisbon"),
)


def write_table(path: Path, tracks: int, seed: int = 7) -> None:
    """Write a CSV for ``--source table:PATH``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_rows(tracks, seed))


def library_tracks(tracks: int, seed: int = 7) -> list[Track]:
    """Return the same library as ``Track`` objects, without positions."""
    return [
        Track(
            id=row[0],
            title=row[1],
            artists=(row[2],),
            album=row[3],
            duration_ms=int(row[4]),
            year=int(row[5]),
            added_at=row[6],
            genres=(row[7],),
        )
        for row in _rows(tracks, seed)
    ]


def places(tracks: int, seed: int) -> tuple[Float32Array, list[int]]:
    """Return coordinates, float32 ``[tracks, 2]``, and the cluster of each track (-1: background)."""
    generator = np.random.default_rng(seed)
    sizes = generator.pareto(1.4, LUMPS) + 0.25
    albums = generator.choice(LUMPS, size=-(-tracks // ALBUM_TRACKS), p=sizes / sizes.sum())
    alone = generator.choice(LUMPS, size=tracks, p=sizes / sizes.sum())
    lump = np.where(generator.random(tracks) < ON_ITS_OWN, alone, np.repeat(albums, ALBUM_TRACKS)[:tracks])
    centers = generator.normal(0, 10, (LUMPS, 2))
    spreads = 0.55 * np.sqrt(sizes)[:, None] * generator.uniform(0.45, 1.3, (LUMPS, 2))
    turns = generator.uniform(0, np.pi, LUMPS)
    along = generator.normal(size=(tracks, 2)) * spreads[lump]
    # Bend the clusters into crescents, which resemble UMAP's more than ellipses do.
    along[:, 1] += 0.35 * along[:, 0] ** 2 / spreads[lump][:, 0]
    cosine, sine = np.cos(turns[lump]), np.sin(turns[lump])
    turned = np.stack([along[:, 0] * cosine - along[:, 1] * sine, along[:, 0] * sine + along[:, 1] * cosine], axis=1)
    coordinates = centers[lump] + turned
    hazy = generator.random(tracks) < HAZE
    coordinates[hazy] = generator.normal(0, 11, (int(hazy.sum()), 2))
    return coordinates.astype(np.float32), np.where(hazy, -1, lump).tolist()


def _rows(tracks: int, seed: int) -> Iterator[list[str]]:
    words = random.Random(seed)
    coordinates, lumps = places(tracks, seed)
    vocabulary = [_word(words) for _ in range(6000)]
    artist, album, left = "", "", 0
    year, albums_left = 2000, 0
    for row in range(tracks):
        if left == 0:
            left = words.randint(1, 2 * ALBUM_TRACKS - 1)
            album, year = _phrase(words, vocabulary, 3), words.randint(1962, 2025)
            albums_left -= 1
            if albums_left < 0:
                artist, albums_left = _artist(words, vocabulary), words.randint(0, 2 * ARTIST_ALBUMS - 2)
        left -= 1
        tail = words.choice(_TAILS) if words.random() < _TAIL_CHANCE else ""
        title = _phrase(words, vocabulary, 4) + tail.format(guest=_artist(words, vocabulary))
        x, y = coordinates[row].tolist()
        yield [
            "spotify:track:" + "".join(words.choices(string.ascii_letters + string.digits, k=22)),
            title,
            artist,
            album,
            str(int(words.gauss(228_000, 62_000)) if words.random() < 0.97 else 431_000),
            str(year),
            f"{words.randint(2012, 2025)}-{words.randint(1, 12):02d}-{words.randint(1, 28):02d}",
            _STYLES[(lumps[row] + words.randint(0, 1)) % len(_STYLES)],
            _PLAYLISTS[(lumps[row] + words.randint(0, 2)) % len(_PLAYLISTS)] if words.random() < PLAYLIST_SHARE else "",
            f"{x:.4f}",
            f"{y:.4f}",
        ]


def _word(words: random.Random) -> str:
    return "".join(words.choices(_SYLLABLES, k=words.choice((2, 2, 3, 3, 4))))


def _phrase(words: random.Random, vocabulary: list[str], longest: int) -> str:
    """Return a title of some common and some rare words."""
    count = words.randint(1, longest)
    chosen = [words.choice(_COMMON) if words.random() < 0.45 else words.choice(vocabulary) for _ in range(count)]
    return " ".join(chosen).title()


def _artist(words: random.Random, vocabulary: list[str]) -> str:
    return " ".join(words.choice(vocabulary).title() for _ in range(words.choice((1, 2, 2, 2, 3))))
