"""A complete site of made-up tracks in the documented format, for the viewer's tests and for manual inspection.

    python -m tests.fakes.sample_site OUT --tracks 5000

The page is rendered from the real template. The data is made here, not by ``spotmap_build.emit``, so that the viewer
is tested against docs/site-data.md. Equal arguments give equal bytes.
"""

from __future__ import annotations

import argparse
import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spotmap_build.atlas import Figure
from spotmap_build.core.language import LANGUAGES
from spotmap_build.emit.page import PageFacts, integrity, render_pages
from spotmap_build.emit.template import read_template
from tests.fakes.sample_insights import NEW_EVERY, insight_documents

TEMPLATE = Path(__file__).resolve().parents[2] / "site_template"
VIEWER_FILES = {
    "viewer.bundle.js": "viewer.js",
    "describe.bundle.js": "describe.js",
    "collections.bundle.js": "collections.js",
    "journeys.bundle.js": "journeys.js",
    "table.bundle.js": "table.js",
    "listening.bundle.js": "listening.js",
    "tools.bundle.js": "tools.js",
    "picture.bundle.js": "picture.js",
    "translate.bundle.js": "translate.js",
    "style.css": "style.css",
    "favicon.svg": "favicon.svg",
}
LAYERS = ("me", "Mara")
LIKED = 12
"""Number of the other person's tracks that each of two people would like."""
SOURCES = ("spotify", "folder")
FEATURE_UNITS = {
    "tempo": "BPM",
    "loudness": "LUFS",
    "brightness": "Hz",
    "danceability": "%",
    "key": "pitch class",
    "mode": "",
}
GENERATION = "sample0123456789"
MAP_SIZE = 65535
DETAILS_CHUNK = 2048
ALPHABET = [code for code in range(35, 2000) if code != 92 and not 127 <= code < 161]
"""Characters that encode numbers: two for each step, one up and one down."""

YEARS_PLAYED = (2020, 2021, 2022, 2023, 2024)
"""Years in which tracks were played, in rotation (only in the sample with a history)."""

Document = dict[str, Any]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

STYLES = (
    "Ambient", "Dub Techno", "Deep House", "Indie Folk", "Dream Pop", "Bossa Nova", "Hard Bop", "Modern Classical",
    "Drum and Bass", "Boom Bap", "Neo Soul", "Post-Rock", "Shoegaze", "Afrobeat", "Synth-pop", "Chanson",
    "Bluegrass", "Black Metal", "Math Rock", "Trip Hop", "Disco", "Minimal", "Cumbia", "Baroque", "City Pop", "Grime",
    "Psychedelic Rock", "UK Garage", "Delta Blues", "Footwork", "Qawwali", "Surf", "Klezmer", "Dancehall", "Italo",
    "Free Jazz", "Vaporwave", "Opera", "Samba", "Emo", "Krautrock", "Lo-fi",
)  # fmt: skip
PLAYLISTS = (
    "Sunday morning", "Running", "Deep focus", "Kitchen disco", "Night drive", "With Mara", "Rainy days",
    "2019 in one list", "Discovered in Lisbon", "Dinner for eight", "Gym", "Songs my father played", "Long train rides",
    "Headphones only", "Starred",
)  # fmt: skip
WORDS = (
    "amber", "river", "glass", "winter", "motor", "garden", "hollow", "signal", "northern", "velvet", "paper",
    "ocean", "static", "silver", "lantern", "quiet", "harbour", "orchard", "echo", "marble", "copper", "drifting",
    "summer", "parallel", "canyon", "feather", "mirror", "distant", "golden", "thunder", "meadow", "island",
    "electric", "morning", "shadow", "satellite", "crystal", "wander", "letters", "violet", "machine",
)  # fmt: skip
FIRST_NAMES = (
    "Mara", "Otis", "Lena", "Jun", "Amara", "Pål", "Björk", "Zoë", "Nils", "Inés", "Kofi", "Yuki", "Dana", "Émile",
    "Ravi", "Chiara", "Tomasz", "Aoife",
)  # fmt: skip
LAST_NAMES = (
    "Okafor", "Lindqvist", "Moreau", "Tanaka", "Silva", "Novák", "Håkansson", "Beaumont", "Reyes", "Ó'Sullivan",
    "Kowalska", "Adeyemi",
)  # fmt: skip
CURIOUS_TITLES = (
    "Café del Mar — Déjà Vu (Remastered 2011)", "夜に駆ける", "Песня о Родине", "Ça plane pour moi",
    "🎷 Night 🌙 Train",
    '<script>document.title = "broken"</script>',
    "A title that goes on and on, through every movement of a symphony in C",
)  # fmt: skip


FIGURES = (
    Figure(
        "trustworthiness",
        "trustworthiness",
        0.91,
        "How far you can trust that tracks side by side on the map sound alike: 1 is fully, 0.5 is a map drawn at "
        "random.",
        0.5,
    ),
    Figure(
        "continuity",
        "continuity",
        0.88,
        "How far tracks that sound alike are also side by side: 1 is always, 0.5 is a map drawn at random.",
        0.5,
    ),
)
SOUNDS = ["electronic", "ambient", "instrumental", "rock", "jazz", "folk", "chill", "female voice"]
GENRES = ("ambient, dub", None, "house", "ambient", "folk, chanson", "jazz")


@dataclass(frozen=True, slots=True)
class Blob:
    """A made-up cluster: an elongated normal distribution."""

    center: tuple[float, float]
    spread: tuple[float, float]
    angle: float

    def sample(self, random: np.random.Generator, count: int) -> FloatArray:
        """Draw points float64 ``[count, 2]``."""
        along = random.normal(size=(count, 2)) * self.spread
        bend = 0.35 * along[:, 0] ** 2 / self.spread[0]
        along[:, 1] += bend - bend.mean()
        turn = np.array([[np.cos(self.angle), -np.sin(self.angle)], [np.sin(self.angle), np.cos(self.angle)]])
        return np.asarray(along @ turn.T + self.center)


def write_sample_site(
    out: Path,
    *,
    tracks: int,
    seed: int = 7,
    title: str = "A sample library",
    site_url: str = "",
    has_history: bool = False,
) -> Path:
    """Write a site of ``tracks`` made-up tracks into ``out`` and return the path of its page."""
    random = np.random.default_rng(seed)
    documents = sample_documents(random, tracks, title)
    if has_history:
        add_history(documents)
    folder = out / "data" / GENERATION
    folder.mkdir(parents=True, exist_ok=True)
    write_generation(folder, documents)
    art = out / "art"
    art.mkdir(exist_ok=True)
    for number, name in enumerate(art_names()):
        art.joinpath(name).write_bytes(gradient_png(number))
    facts = PageFacts(
        title=title,
        description=f"A map of {tracks} tracks, placed by how they sound.",
        generation=GENERATION,
        integrity=integrity({path.name: path.read_bytes() for path in folder.iterdir()}),
        track_count=tracks,
        cluster_count=len(documents["map.json"]["clusters"]),
        playlist_count=len(documents["map.json"]["playlists"]),
        sources=SOURCES,
        site_url=site_url,
        figures=FIGURES,
    )
    for name, content in render_pages(read_template(TEMPLATE), facts).items():
        out.joinpath(name).write_bytes(content)
    return out / "index.html"


def write_generation(folder: Path, documents: dict[str, Document]) -> None:
    """Write the documents, those of the template, and the viewer's scripts."""
    languages = (f"language.{language}.json" for language in LANGUAGES[1:])
    for file in ("words.json", "words.de.json", "words.es.json", *languages):
        documents[file] = json.loads((TEMPLATE / file).read_text(encoding="utf-8"))
    for name, document in documents.items():
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        folder.joinpath(name).write_text(text, encoding="utf-8")
        twin = f"spotmapReceive({json.dumps(name)}, {json.dumps(text)});\n"
        folder.joinpath(f"{name}.js").write_text(twin, encoding="utf-8")
    for source, name in VIEWER_FILES.items():
        folder.joinpath(name).write_bytes((TEMPLATE / source).read_bytes())


def sample_documents(random: np.random.Generator, count: int, title: str) -> dict[str, Document]:
    """Return the JSON documents of the site by file name."""
    cluster_count = 0 if count < 30 else int(np.clip(np.sqrt(count) / 3, 4, len(STYLES)))
    points, labels = sample_points(random, count, cluster_count)
    order = np.argsort(hilbert_index(points), kind="stable")
    points, labels = points[order], labels[order]
    details = [f"details-{number:03d}.json" for number in range(-(-count // DETAILS_CHUNK))]
    documents: dict[str, Document] = {
        "map.json": map_document(random, points, labels, title, details),
        "text.json": text_document(random, count),
    }
    found = insight_documents(documents["map.json"], points, DETAILS_CHUNK)
    neighbors = [name for name in found if name != "insights.json"]
    documents["map.json"]["files"] |= {"insights": "insights.json", "neighbors": neighbors}
    documents |= found
    if count > 2 * LIKED:
        documents["people.json"] = people_document(documents["map.json"])
        documents["map.json"]["files"]["people"] = "people.json"
    for number, name in enumerate(details):
        first = number * DETAILS_CHUNK
        documents[name] = details_document(random, first, min(DETAILS_CHUNK, count - first))
    return documents


def add_history(documents: dict[str, Document]) -> None:
    """Add the dates on which tracks were played; the years move across the map from one end to the other."""
    columns = documents["map.json"]["columns"]
    columns["facts"] = [*columns["facts"], "first_played", "last_played"]
    columns["years_played"] = list(YEARS_PLAYED)
    for details in (document for name, document in documents.items() if name.startswith("details-")):
        plays = details["facets"]["plays"]
        rows = range(details["first"], details["first"] + len(plays))
        listening = [played(row) if count else None for row, count in zip(rows, plays, strict=True)]
        details["first_played_on"] = [days[0] if days else None for days in listening]
        details["last_played_on"] = [days[1] if days else None for days in listening]
        details["plays_by_year"] = {
            str(year): {
                "middle": 1,
                "step": 1,
                "codes": "".join(
                    chr(ALPHABET[2 * (count - 1)]) if count and year == YEARS_PLAYED[row % len(YEARS_PLAYED)] else " "
                    for row, count in zip(rows, plays, strict=True)
                ),
            }
            for year in YEARS_PLAYED
        }


def played(track: int) -> tuple[int, int]:
    """Return the first and last day (since 1970) on which a track was played, in one of ``YEARS_PLAYED``."""
    first_day = (YEARS_PLAYED[track % len(YEARS_PLAYED)] - 1970) * 365 + 20
    return first_day + track % 100, first_day + 200 + track % 100


def sample_points(random: np.random.Generator, count: int, cluster_count: int) -> tuple[IntArray, IntArray]:
    """Return coordinates int ``[count, 2]`` in 0..65535 and labels int ``[count]`` with -1 for noise."""
    shares = random.dirichlet(np.full(max(1, cluster_count), 2.5))
    noise = random.random(count) < (0.12 if cluster_count else 1.0)
    labels = np.where(noise, -1, random.choice(max(1, cluster_count), size=count, p=shares))
    angle, radius = random.uniform(0, 2 * np.pi, size=count), 0.46 * np.sqrt(random.random(count))
    points = 0.5 + np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]
    for label, blob in enumerate(sample_blobs(random, cluster_count, shares)):
        inside = labels == label
        points[inside] = blob.sample(random, int(inside.sum()))
    if count > 1:
        points = (points - points.min()) / np.ptp(points)
    return np.rint(points * MAP_SIZE).astype(np.int64), labels.astype(np.int64)


def sample_blobs(random: np.random.Generator, count: int, shares: FloatArray) -> list[Blob]:
    """Return well-separated blobs: each center is the best of 60 candidates."""
    blobs: list[Blob] = []
    for label in range(count):
        candidates = random.uniform(0.12, 0.88, size=(60, 2))
        candidates = candidates[np.hypot(*(candidates - 0.5).T) < 0.4]
        if blobs:
            others = np.array([blob.center for blob in blobs])
            nearest = np.hypot(
                candidates[:, None, 0] - others[None, :, 0], candidates[:, None, 1] - others[None, :, 1]
            ).min(axis=1)
            center = candidates[int(nearest.argmax())]
        else:
            center = candidates[0]
        size = 0.17 * float(np.sqrt(shares[label]))
        stretch = float(random.uniform(1.0, 1.7))
        spread = (size * stretch, size / stretch)
        blobs.append(Blob((float(center[0]), float(center[1])), spread, float(random.uniform(0, np.pi))))
    return blobs


def hilbert_index(points: IntArray, bits: int = 16) -> IntArray:
    """Return the position of each point on the Hilbert curve of a ``2**bits`` grid (vectorized xy2d algorithm)."""
    x, y = points[:, 0].copy(), points[:, 1].copy()
    index = np.zeros(len(points), dtype=np.int64)
    for level in range(bits - 1, -1, -1):
        side = 1 << level
        right, up = (x & side) > 0, (y & side) > 0
        index += side * side * ((3 * right) ^ up)
        flip = ~up & right
        x, y = np.where(flip, MAP_SIZE - x, x), np.where(flip, MAP_SIZE - y, y)
        x, y = np.where(up, x, y), np.where(up, y, x)
    return index


def map_document(
    random: np.random.Generator, points: IntArray, labels: IntArray, title: str, details: list[str]
) -> Document:
    """Return map.json."""
    count = len(points)
    clusters = [cluster_entry(points, labels, label) for label in range(int(labels.max(initial=-1)) + 1)]
    low, high = np.percentile(points, [1, 99], axis=0) if count else (np.zeros(2), np.full(2, MAP_SIZE))
    return {
        "schema": "spotmap.map/1",
        "generation": GENERATION,
        "title": title,
        "built_at": None,
        "count": count,
        "x": delta(points[:, 0]),
        "y": delta(points[:, 1]),
        "view": [round(float(value)) for value in (*low, *high)],
        "cluster": labels.tolist(),
        "clusters": clusters,
        "larger_regions": larger_regions(clusters),
        "playlists": playlist_entries(random, points, labels),
        "layers": layer_entries(count),
        "columns": {
            "features": FEATURE_UNITS,
            "facets": ["genres", "plays"],
            "facts": ["year", "added_at", "duration_ms"],
            "since": count > NEW_EVERY,
            "styles": SOUNDS,
        },
        "files": {"text": "text.json", "words": "words.json", "details": details, "details_chunk": DETAILS_CHUNK},
        "sources": SOURCES,
    }


def cluster_entry(points: IntArray, labels: IntArray, label: int) -> Document:
    """Return one row of ``clusters``."""
    members = np.flatnonzero(labels == label)
    return {
        "id": f"c{label:02d}",
        "name": STYLES[label % len(STYLES)],
        "count": len(members),
        "color": label,
        "region": label // 3,
        "peak": np.rint(np.median(points[members], axis=0)).astype(int).tolist(),
        "core": members[:5].tolist(),
        "regions": [ring(points[members], 2.1)],
    }


def larger_regions(clusters: list[Document]) -> list[Document]:
    """Return the regions, of three clusters each."""
    groups = [clusters[first : first + 3] for first in range(0, len(clusters), 3)]
    return [
        {
            "id": f"r{number:02d}",
            "name": f"{group[0]['name']} country",
            "count": sum(cluster["count"] for cluster in group),
            "color": group[0]["color"],
            "peak": group[0]["peak"],
        }
        for number, group in enumerate(groups)
    ]


def playlist_entries(random: np.random.Generator, points: IntArray, labels: IntArray) -> list[Document]:
    """Return playlists that draw mostly on two clusters and a little on all others."""
    count = len(points)
    entries: list[Document] = []
    for number, name in enumerate(PLAYLISTS[: min(len(PLAYLISTS), count // 12)]):
        taste = random.choice(max(1, int(labels.max(initial=0)) + 1), size=2)
        chance = np.where(np.isin(labels, taste), 0.55, 0.015)
        tracks = np.flatnonzero(random.random(count) < chance)
        regions = [ring(points[tracks[labels[tracks] == label]], 1.7) for label in sorted(set(taste.tolist()))]
        entries.append(
            {
                "id": f"p{number:02d}",
                "name": name,
                "count": len(tracks),
                "color": number,
                "tracks": delta(tracks),
                "regions": [region for region in regions if region],
            }
        )
    return entries


def layer_entries(count: int) -> list[Document]:
    """Return two people's libraries: each has two thirds of the tracks, a third is in both."""
    thirds = np.arange(count) % 3
    entries = []
    for number, name in enumerate(LAYERS):
        tracks = np.flatnonzero(thirds != number)
        entries.append({"id": name, "name": name, "count": len(tracks), "color": number, "tracks": delta(tracks)})
    return entries


def people_document(map_document: Document) -> Document:
    """Return people.json: each person would like the other's first tracks that they do not have."""
    rows = [np.cumsum(layer["tracks"]) for layer in map_document["layers"]]
    only = [np.setdiff1d(rows[1 - number], rows[number])[:LIKED].tolist() for number in range(2)]
    both = np.intersect1d(rows[0], rows[1])
    sentence = (
        f"{len(both)} tracks are in both libraries. Of the 10 tracks that sound most like a track of one person only, "
        "31% are the other person's; with the same tracks divided at random, it would be 48%."
    )
    pair = {"people": LAYERS, "sentence": sentence, "mixing": 0.31, "chance": 0.48}
    pair |= {"would_like": only, "centers": [only[1][0], int(rows[1][-1])]}
    return {"schema": "spotmap.people/1", "pairs": [pair]}


def ring(points: IntArray, max_displacement: float, corners: int = 48) -> list[int]:
    """Return a closed ring around points: x, y, x, y, ...; empty for fewer than four points.

    ``max_displacement`` is its radius in standard deviations.
    """
    if len(points) < 4:
        return []
    middle = points.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.sqrt(np.maximum(values, 1)) * max_displacement
    wobble = 1 + 0.06 * np.sin(3 * angle + middle[0])
    outline = np.clip(circle * wobble[:, None] @ vectors.T + middle, 0, MAP_SIZE)
    return [int(value) for value in np.rint(outline).ravel()]


def text_document(random: np.random.Generator, count: int) -> Document:
    """Return text.json."""
    artists = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    albums = ["", *(f"{a.title()} {b.title()}" for a in WORDS[::2] for b in WORDS[1::2])]
    titles = [" ".join(random.choice(WORDS, size=int(random.integers(1, 4)))).title() for _ in range(count)]
    if count > len(CURIOUS_TITLES):
        titles[: len(CURIOUS_TITLES)] = CURIOUS_TITLES
    counts = np.where(random.random(count) < 0.15, 2, 1)
    return {
        "schema": "spotmap.text/2",
        "titles": "\n".join(titles),
        "artist_names": artists,
        "artists": random.integers(len(artists), size=counts.sum()).tolist(),
        "artist_counts": counts.tolist(),
        "album_names": albums,
        "albums": random.integers(len(albums), size=count).tolist(),
    }


def details_document(random: np.random.Generator, first: int, count: int) -> Document:
    """Return details-NNN.json."""
    names = art_names()
    numbers = range(first, first + count)
    return {
        "schema": "spotmap.details/2",
        "first": first,
        "ids": {
            "prefix": "spotify:track:",
            "width": 0,
            "text": "\n".join(f"{row:022d}" if is_streamed(row) else f"=t{row:07d}" for row in numbers),
        },
        "video_ids": {"width": 0, "text": "\n".join(f"v{row:010d}" if is_streamed(row) else "" for row in numbers)},
        "duration_s": random.integers(95, 520, size=count).tolist(),
        "year": [None if random.random() < 0.1 else int(year) for year in random.integers(1959, 2026, size=count)],
        "added_on": [added_on(row) for row in numbers],
        "art": [int(random.integers(len(names))) if random.random() < 0.5 else -1 for _ in range(count)],
        "art_files": names,
        "features": {
            "tempo": packed(random.normal(118, 24, size=count), middle=118, step=1),
            "loudness": packed(random.normal(-14, 4, size=count), middle=-14, step=0.2),
            "brightness": packed(random.normal(1900, 600, size=count), middle=1900, step=20),
            "danceability": packed(random.uniform(5, 90, size=count), middle=48, step=1),
            "key": packed(np.arange(first, first + count) * 7 % 12, middle=0, step=1),
            "mode": packed(np.arange(first, first + count) // 12 % 2, middle=0, step=1),
        },
        "feature_units": FEATURE_UNITS,
        "styles": {
            "codes": " ".join("".join(chr(ALPHABET[place]) for place, _ in sounds_of(row)) for row in numbers),
            "strengths": "".join(str(strength) for row in numbers for _, strength in sounds_of(row)),
        },
        "facets": {
            "genres": [GENRES[row % len(GENRES)] for row in numbers],
            "plays": [row % 50 if row % 3 else None for row in numbers],
        },
    }


def packed(values: npt.NDArray[np.floating | np.integer], *, middle: float, step: float) -> Document:
    """Encode numbers as steps from ``middle``, one character each."""
    steps = np.rint((values - middle) / step).astype(int)
    codes = (chr(ALPHABET[2 * count if count >= 0 else -2 * count - 1]) for count in steps.tolist())
    return {"middle": middle, "step": step, "codes": "".join(codes)}


def unpacked(column: Document) -> list[float]:
    """Decode the output of ``packed``."""
    places = [ALPHABET.index(ord(code)) for code in column["codes"]]
    steps = [place // 2 if place % 2 == 0 else -(place + 1) // 2 for place in places]
    return [column["middle"] + count * column["step"] for count in steps]


def added_on(track: int) -> int | None:
    """Return a day in 2012 to 2024; unknown for every tenth track."""
    return None if track % 10 == 9 else 15340 + track * 7919 % 4700


def sounds_of(track: int) -> list[tuple[int, int]]:
    """Return zero to three styles as (index in ``SOUNDS``, strength)."""
    first = track * 7919 % len(SOUNDS)
    return [((first + 2 * place) % len(SOUNDS), 1 + (track + 4 * place) % 9) for place in range((track + 1) % 4)]


def is_streamed(track: int) -> bool:
    """Return whether a track is from Spotify with a recording on YouTube (every second); the others are files."""
    return track % 2 == 0


def delta(values: IntArray) -> list[int]:
    """Return the first value, then differences."""
    return [int(value) for value in np.diff(values, prepend=0)]


def art_names() -> list[str]:
    """Return the names of the covers in ``art/``. They are PNG files: browsers detect the format by content."""
    return [f"{number:016x}.webp" for number in range(12)]


def gradient_png(number: int) -> bytes:
    """Return a small PNG (RGB, 8 bit) whose colors depend on ``number``."""
    side = 96
    ramp = np.linspace(0.0, 1.0, side)
    across, down = np.meshgrid(ramp, ramp)
    phase = number * 0.9
    channels = [
        0.5 + 0.38 * np.sin(phase + shift + 2.4 * across * np.cos(phase) + 2.0 * down) for shift in (0.0, 2.1, 4.2)
    ]
    pixels = np.rint(np.stack(channels, axis=-1) * 255).astype(np.uint8)
    rows = b"".join(b"\x00" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a site of made-up tracks.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--tracks", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    print(write_sample_site(arguments.out, tracks=arguments.tracks, seed=arguments.seed))
