"""How closely musicnn's vector of a few patches agrees with that of the full track, by the number of patches."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.listening.agreement import cosines, kept_neighbors, musicnn_vector, nearest
from spotmap_build.embed import engines
from spotmap_build.embed.decode import decode
from spotmap_build.embed.mel import HOP_SAMPLES, mel_frames
from spotmap_build.embed.musicnn import INPUT, PATCH_FRAMES, POOLS
from spotmap_build.embed.patches import loop_to, patch_starts
from spotmap_build.embed.weights import packaged_path
from spotmap_build.errors import TrackError
from spotmap_build.project.preprocessing import fit_preparation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from benchmarks.listening.agreement import FloatArray

FULL_HOP_FRAMES: Final = 93
"""The spacing of patches in Essentia's predictor of musicnn."""
MAX_DURATION_S: Final = 330
"""Longer tracks are skipped: they have hundreds of patches."""
SAMPLE_RATE_HZ: Final = 16_000
CLASSIFYING_NEIGHBORS: Final = 5
ALL: Final = 0
"""Stands for all patches in place of a number."""


def report_patch_counts(paths: Sequence[Path], counts: Sequence[int]) -> None:
    """Print the agreement with full tracks in the space in which a build compares tracks, and what a patch costs."""
    name = engines.choose("")
    weights = packaged_path(f"msd-musicnn{engines.SUFFIXES[name]}")
    network = engines.load(name).load_network(weights, input_name=INPUT, output_names=(POOLS,))
    vectors: dict[int, list[FloatArray]] = {count: [] for count in (ALL, *counts)}
    folders, patch_count, seconds = [], 0, 0.0
    for path in paths:
        try:
            samples = loop_to(decode(path).samples, PATCH_FRAMES * HOP_SAMPLES)
        except TrackError as error:
            print(f"skipped {path.name}: {error.message}")
            continue
        if len(samples) > MAX_DURATION_S * SAMPLE_RATE_HZ:
            continue
        frame_count = len(samples) // HOP_SAMPLES
        mel = mel_frames(samples, np.arange(frame_count))
        starts = {count: patch_starts(frame_count, PATCH_FRAMES, count) for count in counts}
        starts[ALL] = np.arange(0, frame_count - PATCH_FRAMES + 1, FULL_HOP_FRAMES)
        began_s = time.process_time()
        every = np.unique(np.concatenate(list(starts.values()))).tolist()
        pools = {start: network(mel[None, start : start + PATCH_FRAMES])[0] for start in every}
        seconds, patch_count = seconds + time.process_time() - began_s, patch_count + len(pools)
        for count, chosen in starts.items():
            vectors[count].append(musicnn_vector(np.concatenate([pools[start] for start in chosen.tolist()])))
        folders.append(path.parent.name)
        print(f"analyzed {path.name}", flush=True)
    print(f"\n{len(folders)} tracks; a patch takes {seconds / patch_count:.3f} s of processor")
    _report({count: np.stack(rows).astype(np.float32) for count, rows in vectors.items()}, folders)


def _report(vectors: dict[int, npt.NDArray[np.float32]], folders: Sequence[str]) -> None:
    preparation = fit_preparation(vectors[ALL], "zscore")
    prepared = {count: preparation.transform(rows).astype(np.float64) for count, rows in vectors.items()}
    print("patches  cosine: mean  5 %    nearest kept  same folder")
    for count, rows in sorted(prepared.items(), key=lambda item: (item[0] == ALL, item[0])):
        agreement = cosines(rows, prepared[ALL])
        kept = kept_neighbors(rows, prepared[ALL])
        print(
            f"{count or 'all':>7}  {agreement.mean():12.4f}  {np.quantile(agreement, 0.05):.3f}  {kept:12.3f}"
            f"  {_same_folder(rows, folders):11.3f}"
        )


def _same_folder(rows: FloatArray, folders: Sequence[str]) -> float:
    """Return the share of tracks whose folder most of their nearest neighbors are in."""
    found = nearest(rows, CLASSIFYING_NEIGHBORS)
    majority = (Counter(folders[row] for row in some).most_common(1)[0][0] for some in found)
    return float(np.mean([folder == own for folder, own in zip(majority, folders, strict=True)]))
