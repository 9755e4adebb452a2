"""Adds to the cache what was found and heard at home: the file spotmap-cache.tgz of the repository's release "cache".

YouTube refuses machines in data centres, so new tracks are heard at home and brought up as a file. Where there is no
such release, or no such file in it, nothing happens. Of a file that both have, the newer one stays.
"""

from __future__ import annotations

import json
import os
import tarfile
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import IO, Any

RELEASE = "cache"
ARCHIVE = "spotmap-cache.tgz"
FOLDER = ".spotmap/cache"
TIMEOUT_S = 60


def main() -> None:
    """Bring in what is there. What cannot be had today is no reason not to build: it is said, and the build goes on."""
    try:
        address = find_archive(f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}")
        if not address:
            print(f"There is no file {ARCHIVE} in a release with the tag '{RELEASE}': nothing to bring in.")
            return
        with ask(address, "application/octet-stream") as archive:
            print(f"{unpack(archive, Path())} files were new or newer in {ARCHIVE}.")
    except (OSError, ValueError, tarfile.TarError, EOFError, zlib.error) as error:
        print(f"::warning::{ARCHIVE} could not be brought in: {error}. Upload it again if this comes back.")


def find_archive(repository: str) -> str:
    """The address of the archive in a repository (an address of GitHub's interface); empty where there is none."""
    try:
        with ask(f"{repository}/releases/tags/{RELEASE}", "application/vnd.github+json") as answer:
            release: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return ""
        raise
    return next((str(asset["url"]) for asset in release["assets"] if asset["name"] == ARCHIVE), "")


def ask(address: str, accept: str) -> IO[bytes]:
    """Open an address of GitHub's interface. The token goes to GitHub only, not to where its answer may redirect."""
    request = urllib.request.Request(address, headers={"Accept": accept, "User-Agent": "spotmap-build"})
    if token := os.environ.get("GITHUB_TOKEN"):
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    opened: IO[bytes] = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    return opened


def unpack(archive: IO[bytes], root: Path) -> int:
    """Write the archive's files of the cache, and nothing else, below ``root``. Returns how many."""
    written = 0
    with tarfile.open(fileobj=archive, mode="r|gz") as members:
        for member in members:
            path = root / member.name
            is_ours = Path(member.name).as_posix().startswith(f"{FOLDER}/")
            if not member.isfile() or not is_ours or (path.exists() and path.stat().st_mtime >= member.mtime):
                continue
            members.extract(member, root, filter="data")
            written += 1
    return written


if __name__ == "__main__":
    main()
