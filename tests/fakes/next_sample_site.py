"""Publish the sample site again, as the next build would."""

from __future__ import annotations

import os
import time
from pathlib import Path

from spotmap_build.emit.page import integrity
from tests.fakes.sample_site import GENERATION

NEXT_GENERATION = "sample9876543210"


def republish(folder: Path, *, has_worker: bool = True) -> None:
    """Publish the same map as a new generation; like after a build, the old data stay for a while."""
    new = folder / "data" / NEXT_GENERATION
    new.mkdir()
    before = {path.name: path.read_bytes() for path in (folder / "data" / GENERATION).iterdir()}
    after = {name: content.replace(GENERATION.encode(), NEXT_GENERATION.encode()) for name, content in before.items()}
    for name, content in after.items():
        new.joinpath(name).write_bytes(content)
    for name in ("sw.js", "index.html") if has_worker else ("index.html",):
        text = (folder / name).read_text(encoding="utf-8").replace(GENERATION, NEXT_GENERATION)
        for first, digest in integrity(before).items():
            text = text.replace(digest, integrity(after)[first])
        folder.joinpath(name).write_text(text.replace("A sample library", "A newer library"), encoding="utf-8")
        # Last-Modified has a resolution of one second: within the same second, the new file would count as unchanged.
        later_s = time.time() + 5
        os.utime(folder / name, (later_s, later_s))
