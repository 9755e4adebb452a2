"""Compare a head's output for the mean of a track's patches with its mean output over the patches.

Discogs-EffNet's heads are not available everywhere. The last two dense layers of musicnn, from its pools to its tags,
serve as a head. ``python -m benchmarks.listening.heads --corpus DIR``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from spotmap_build.embed.decode import decode
from spotmap_build.embed.essentia_engine import load_network
from spotmap_build.embed.musicnn import INPUT, PATCH_FRAMES, PATCHES, POOLS, TAGS
from spotmap_build.embed.patches import mel_patches
from spotmap_build.embed.weights import packaged_path

SUFFIXES: Final = frozenset({".flac", ".mp3", ".ogg", ".opus", ".m4a", ".wav"})
MAX_TAGS: Final = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.listening.heads", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tracks", type=int, default=60)
    arguments = parser.parse_args()
    every = sorted(path for path in arguments.corpus.rglob("*") if path.suffix.lower() in SUFFIXES)
    chosen = [every[at] for at in np.linspace(0, len(every) - 1, min(arguments.tracks, len(every))).astype(int)]
    weights = packaged_path("msd-musicnn.pb")
    network = load_network(weights, input_name=INPUT, output_names=(POOLS, TAGS))
    head = load_network(weights, input_name=POOLS, output_names=(TAGS,))
    of_patches, of_means = [], []
    for path in chosen:
        patches = mel_patches(decode(path).samples, patch_frames=PATCH_FRAMES, max_patches=PATCHES).mel
        pools, tags = network(patches)
        of_patches.append(tags.mean(axis=0))
        of_means.append(head(pools.mean(axis=0, keepdims=True))[0][0])
    report(np.array(of_patches, dtype=np.float64), np.array(of_means, dtype=np.float64))


def report(of_patches: np.ndarray, of_means: np.ndarray) -> None:
    """Print the differences, and the rank correlation of the tracks by each tag."""
    from scipy.stats import spearmanr

    away = np.abs(of_patches - of_means)
    print(f"{len(away)} tracks, {away.shape[1]} tags")
    print(f"difference: mean {away.mean():.4f}, 95 % below {np.quantile(away, 0.95):.3f}, at most {away.max():.3f}")
    ranks = [spearmanr(one, other).statistic for one, other in zip(of_patches.T, of_means.T, strict=True)]
    print(f"order of the tracks by a tag (Spearman): median {np.median(ranks):.3f}, least {min(ranks):.3f}")
    first = [set(np.argsort(-row)[:MAX_TAGS].tolist()) for row in of_patches]
    second = [set(np.argsort(-row)[:MAX_TAGS].tolist()) for row in of_means]
    same = np.mean([len(one & other) / MAX_TAGS for one, other in zip(first, second, strict=True)])
    print(f"of a track's {MAX_TAGS} strongest tags the same: {same:.0%}")


if __name__ == "__main__":
    main()
