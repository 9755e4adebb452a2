"""The measured pages: sites by the real command, and peer pages; built once in the working folder."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.viewer.library import write_table
from spotmap_build.emit.template import read_template

PEERS_SOURCE: Final = Path(__file__).parent / "peers"
CHECKOUT: Final = Path(__file__).parents[2]
PEERS: Final = {"plain": "D3, one arc per point", "regl": "regl-scatterplot (WebGL)"}
_GENERATION = re.compile(r'data-generation="([0-9a-zA-Z]+)"')


def site(work: Path, tracks: int) -> str:
    """Build the site with ``tracks`` tracks, unless it exists with the viewer of this checkout.

    Returns its path below ``work``, with a trailing slash.
    """
    folder = work / str(tracks)
    folder.mkdir(parents=True, exist_ok=True)
    built_with = folder / "built-with.txt"
    viewer = read_template().digest
    if not built_with.is_file() or built_with.read_text(encoding="ascii") != viewer:
        if not (folder / "library.csv").is_file():
            write_table(folder / "library.csv", tracks)
        command = [sys.executable, "-m", "spotmap_build", "--source", "table:library.csv", "--out", "site"]
        subprocess.run([*command, "--log", "plain"], cwd=folder, check=True)
        built_with.write_text(viewer, encoding="ascii")
    return f"{tracks}/site/"


def data_path(work: Path, tracks: int) -> str:
    """Return the path of a site's data below ``work``, with a trailing slash."""
    page = (work / str(tracks) / "site" / "index.html").read_text(encoding="utf-8")
    found = _GENERATION.search(page)
    if not found:
        raise ValueError(f"the page of {tracks} tracks names no generation")
    return f"{tracks}/site/data/{found[1]}/"


def peers(work: Path) -> dict[str, str]:
    """Install and bundle missing peers; return the paths of their pages below ``work``, by name."""
    folder = work / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    for source in PEERS_SOURCE.iterdir():
        shutil.copyfile(source, folder / source.name)
    if not (folder / "node_modules").is_dir():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    template = (folder / "peer.html").read_text(encoding="utf-8")
    for name in PEERS:
        bundler = CHECKOUT / "node_modules" / ".bin" / "esbuild"
        options = ["--bundle", "--format=esm", "--target=es2022", "--minify", "--log-level=warning"]
        subprocess.run([bundler, f"{name}.js", *options, f"--outfile={name}.bundle.js"], cwd=folder, check=True)
        folder.joinpath(f"{name}.html").write_text(template.replace("%SCRIPT%", f"{name}.bundle.js"), encoding="utf-8")
    return {name: f"peers/{name}.html" for name in PEERS}
