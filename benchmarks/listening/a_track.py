"""Measure the cost of a full track and of 30 seconds in a worker; ``plan`` uses these figures."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Final

from spotmap_build.embed import engines
from spotmap_build.embed.decode import open_audio, stated_duration_ms
from spotmap_build.embed.excerpts import ExcerptJob, cut_excerpt
from spotmap_build.embed.weights import packaged_path
from spotmap_build.embed.workers import EmbedJob, embed_file
from spotmap_build.model import Done
from spotmap_build.registry import embedders

PREVIEW_S: Final = 30


def report_a_track(paths: list[Path]) -> None:
    """Print processor seconds with musicnn, the more expensive embedder, whose weights are in the package."""
    with tempfile.TemporaryDirectory() as folder:
        pieces = [piece for number, path in enumerate(paths) if (piece := _piece(path, Path(folder, f"{number}.mp4")))]
        for name, files in (("a full track", paths), (f"{PREVIEW_S} seconds of one", pieces)):
            embed_file(_job(files[0], folder))  # warm up: lazy imports happen once per process
            started = time.process_time()
            done = sum(isinstance(embed_file(_job(file, folder)), Done) for file in files)
            seconds = (time.process_time() - started) / len(files)
            minutes = sum(map(_minutes, files)) / len(files)
            print(
                f"{name}: {seconds:.2f} processor seconds ({done} of {len(files)} analyzed, {minutes:.1f} minutes each)"
            )


def _minutes(path: Path) -> float:
    with open_audio(path) as (container, _):
        return stated_duration_ms(container) / 60_000


def _piece(path: Path, place: Path) -> Path | None:
    cut = cut_excerpt(ExcerptJob(path.name, str(path), None, str(place.parent), None, PREVIEW_S))
    if not isinstance(cut, Done):
        return None
    place.write_bytes(cut.value)
    return place


def _job(path: Path, temp_folder: str) -> EmbedJob:
    engine = engines.choose("")
    weights = packaged_path(f"msd-musicnn{engines.SUFFIXES[engine]}")
    return EmbedJob(path.name, str(path), None, embedders.find("musicnn").model, str(weights), engine, temp_folder)
