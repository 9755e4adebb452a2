"""The size of a site's downloads, compressed with gzip, for a library as large and varied as real ones."""

from __future__ import annotations

import gzip
import hashlib
import random
import string
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.viewer.library import library_tracks, places
from spotmap_build.atlas import Atlas, Cluster, Clusters, Layout, PublicFacts
from spotmap_build.core.language import LANGUAGES
from spotmap_build.emit.payload import encode
from spotmap_build.emit.template import read_template
from spotmap_build.model import Playlist, Recording, Track
from spotmap_build.registry.features import FEATURES, public_units

TRACKS = 20_000
FIRST_PAINT_BYTES_A_TRACK = 7
ALL_BYTES_A_TRACK = 75
CODE_BYTES = 77_000
DESCRIBING_BYTES = 18_000
"""The script and words for searching by description."""
WORDS_BYTES = 3_000
"""The words for descriptions in another language."""
COLLECTIONS_BYTES = 10_000
"""The script for albums and artists."""
LISTENING_BYTES = 5_000
"""The script for the listening history."""
TOOLS_BYTES = 8_000
"""The script for the tools: two people and alchemy."""
TABLE_BYTES = 6_000
"""The script for the table of tracks."""
JOURNEYS_BYTES = 4_500
"""The script for paths and journeys."""
PICTURE_BYTES = 9_000
"""The script for saving a picture of the map."""
TRANSLATING_BYTES = 18_000
"""The script and catalog for a language other than English."""
STYLES = 400

IntArray = npt.NDArray[np.int32]


def gzipped(data: bytes) -> int:
    return len(gzip.compress(data, 6))


def streamed(track: Track, words: random.Random) -> Track:
    """Return the track with a recording on YouTube and its album's cover."""
    video_id = "".join(words.choices(string.ascii_letters + string.digits + "-_", k=11))
    digest = hashlib.sha256(f"{track.artists}{track.album}".encode()).hexdigest()
    return replace(track, recording=Recording(digest="ab" * 32, video_id=video_id), art_digest=digest)


def realistic_atlas() -> Atlas:
    words, numbers = random.Random(3), np.random.default_rng(3)
    coordinates, lumps = places(TRACKS, 7)
    labels = np.array(lumps, dtype=np.int32)
    groups = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    clusters = tuple(
        Cluster(f"c{i:02d}", f"Style {i}", tuple(rows.tolist()), tuple(rows[:5].tolist()))
        for i, rows in enumerate(groups)
    )
    tracks = tuple(streamed(track, words) for track in library_tracks(TRACKS, 7))
    playlists = []
    for i in range(40):
        rows = np.flatnonzero(np.isin(labels, numbers.choice(len(groups), 3)) & (numbers.random(TRACKS) < 0.12))
        playlist = Playlist(f"p{i}", f"Playlist {i}", tuple(tracks[row].id for row in rows))
        playlists.append((playlist, tuple(rows.tolist())))
    public = [feature.name for feature in FEATURES if feature.public]
    features = numbers.normal(50, 12, (TRACKS, len(public)))
    features[:, public.index("key")] = numbers.integers(0, 12, TRACKS)
    features[:, public.index("mode")] = numbers.integers(0, 2, TRACKS)
    return Atlas(
        title="Twenty thousand",
        tracks=tracks,
        playlists=tuple(playlists),
        layout=Layout(coordinates),
        clusters=Clusters(clusters, regions=()),
        features=features.astype(np.float32),
        feature_names=tuple(public),
        styles=styles_by_group(labels, numbers),
    )


def styles_by_group(labels: IntArray, numbers: np.random.Generator) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Return two to six of 400 styles per track, mostly those of its group, as neighbors on real maps share styles."""
    frequency, within = 1 / np.arange(1, STYLES + 1) ** 0.7, 1 / np.arange(1, 15)
    own = {
        label: numbers.choice(STYLES, 14, replace=False, p=frequency / frequency.sum())
        for label in sorted(set(labels.tolist()))
    }
    rows = []
    for label in labels.tolist():
        usual = numbers.choice(own[label], numbers.integers(2, 7), replace=False, p=within / within.sum())
        odd = numbers.random(len(usual)) < 0.15
        places = np.where(odd, numbers.integers(0, STYLES, len(usual)), usual).tolist()
        rows.append(tuple((f"style {place}", int(numbers.integers(1, 10))) for place in dict.fromkeys(places)))
    return tuple(rows)


@pytest.mark.slow
def test_size_per_track_is_limited() -> None:
    units = public_units()
    atlas = realistic_atlas()
    sizes = document_sizes(atlas, units)
    assert sizes["map.json"] / TRACKS <= FIRST_PAINT_BYTES_A_TRACK
    assert sum(sizes.values()) / TRACKS <= ALL_BYTES_A_TRACK


def document_sizes(atlas: Atlas, feature_units: Mapping[str, str]) -> dict[str, int]:
    payload = encode(atlas, PublicFacts(feature_units, ["spotify"]), assets={})
    return {name: gzipped(data) for name, data in payload.files.items() if name.endswith(".json")}


def test_size_of_scripts_is_limited() -> None:
    assets = read_template().assets
    for language in LANGUAGES[1:]:
        catalog = assets[f"language.{language}.json"]
        assert gzipped(assets["translate.js"]) + gzipped(catalog) < TRANSLATING_BYTES
    scripts = sum(gzipped(data) for name, data in assets.items() if name.endswith(".js"))
    on_demand = (
        DESCRIBING_BYTES
        + COLLECTIONS_BYTES
        + LISTENING_BYTES
        + TOOLS_BYTES
        + PICTURE_BYTES
        + TABLE_BYTES
        + JOURNEYS_BYTES
        + gzipped(assets["translate.js"])
    )
    assert scripts < CODE_BYTES + on_demand
    assert gzipped(assets["tools.js"]) < TOOLS_BYTES
    assert gzipped(assets["picture.js"]) < PICTURE_BYTES
    assert gzipped(assets["table.js"]) < TABLE_BYTES
    assert gzipped(assets["journeys.js"]) < JOURNEYS_BYTES
    assert gzipped(assets["viewer.js"]) < CODE_BYTES
    assert gzipped(assets["collections.js"]) < COLLECTIONS_BYTES
    assert gzipped(assets["describe.js"]) + gzipped(assets["words.json"]) < DESCRIBING_BYTES
    assert gzipped(assets["words.de.json"]) < WORDS_BYTES
    assert gzipped(assets["words.es.json"]) < WORDS_BYTES
    assert gzipped(assets["listening.js"]) < LISTENING_BYTES


def test_every_document_has_a_script_for_pages_opened_from_disk() -> None:
    atlas = atlas_of_one()
    payload = encode(atlas, PublicFacts({}, ["folder"]), assets={})
    documents = [name for name in payload.files if name.endswith(".json")]
    assert {f"{name}.js" for name in documents} <= set(payload.files)
    script = payload.files["text.json.js"].decode()
    assert script.startswith('spotmapReceive("text.json",')
    assert '\\"titles\\":\\"</script>' in script


def atlas_of_one() -> Atlas:
    return Atlas(
        title="One",
        tracks=(Track(id="one", title="</script>"),),
        playlists=(),
        layout=Layout(np.zeros((1, 2), np.float32)),
        clusters=Clusters((), ()),
        features=np.empty((1, 0), np.float32),
        feature_names=(),
    )
