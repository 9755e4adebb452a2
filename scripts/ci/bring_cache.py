"""Add to the cache what was analyzed at home: the file spotmap-cache.tgz of the repository's release "cache".

YouTube refuses machines in data centers, so new tracks are analyzed at home and brought up as a file. Where there is no
such release, or no such file in it, nothing happens. Of a file that both have, the newer one stays.

The archive is read as if somebody else had packed it: the step after this one holds the login. It is unpacked beside
the cache, and only a whole archive in which every name is a cache's is moved in, file by file.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests
import urllib3

from spotmap_build.cache.layout import FORMAT, is_content, is_passing
from spotmap_build.core.documents import parse_json
from spotmap_build.core.http import Limits, make_session
from spotmap_build.core.text import printable

RELEASE: Final = "cache"
ARCHIVE: Final = "spotmap-cache.tgz"
FOLDER: Final = (".spotmap", "cache")
LIMITS: Final = Limits(silence_s=60)
CHUNK_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may hold. A library of 50,000 tracks makes half a million files, 2 GB packed."""

    members: int = 1_000_000
    member_bytes: int = 1 << 30
    packed_bytes: int = 2 << 30  # GitHub's own limit for a file of a release
    unpacked_bytes: int = 8 << 30
    header_bytes: int = 1 << 20  # of a long name or extended attributes: macOS writes some


class Refused(Exception):
    """An archive is not what a cache is packed into, or holds more than any cache does."""


class Stream(Protocol):
    """What is read forward only."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive: its place below the archive's root, its size, its time of change."""

    parts: tuple[str, ...]
    size_bytes: int
    changed_unix_s: float


def main() -> None:
    """Bring in what is there. What cannot be had today is no reason not to build: it is said, and the build goes on."""
    github = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"
    try:
        address = find_archive(github)
        if not address:
            print(f"There is no file {ARCHIVE} in a release with the tag '{RELEASE}': nothing to bring in.")
            return
        with ask(address, "application/octet-stream", stream=True) as answer:
            answer.raise_for_status()
            print(f"{unpack(answer.raw, Path())} files were new or newer in {ARCHIVE}.")
    except Refused as error:
        warn(f"{ARCHIVE} was refused, and nothing of it was taken: {error}. Pack the cache again and upload it.")
    except (OSError, ValueError, EOFError, zlib.error, tarfile.TarError, urllib3.exceptions.HTTPError) as error:
        warn(f"{ARCHIVE} could not be brought in: {error}. Upload it again if this comes back.")


def warn(sentence: str) -> None:
    """Say something on the run's page. Whatever is quoted in it stays one line, and no command of its own."""
    print(f"::warning::{printable(sentence).replace('%', '%25')}")


def find_archive(repository: str) -> str:
    """The address of the archive in a repository (an address of GitHub's interface); empty where there is none."""
    answer = ask(f"{repository}/releases/tags/{RELEASE}", "application/vnd.github+json")
    if answer.status_code == requests.codes.not_found:
        return ""
    answer.raise_for_status()
    release = parse_json(answer.content)
    assets: Any = release.get("assets") if isinstance(release, dict) else None
    if not isinstance(assets, list):
        raise ValueError("GitHub's answer names no files of the release")
    named = (asset for asset in assets if isinstance(asset, dict) and asset.get("name") == ARCHIVE)
    return next((str(asset["url"]) for asset in named if "url" in asset), "")


def ask(address: str, accept: str, *, stream: bool = False) -> requests.Response:
    """Open an address of GitHub's interface. The token goes to GitHub only, not to where its answer may redirect."""
    headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "spotmap-build"}
    token = os.environ.get("GITHUB_TOKEN")
    if token and urlsplit(address).netloc == urlsplit(os.environ["GITHUB_API_URL"]).netloc:
        headers["Authorization"] = f"Bearer {token}"
    return make_session(LIMITS, follow_redirects=True).get(address, headers=headers, stream=stream)


def unpack(packed: Stream, root: Path, bounds: Bounds | None = None) -> int:
    """Move the archive's files of the cache below ``root``, all of them or none. Returns how many were new or newer.

    Raises
    ------
    Refused: the archive holds something that no cache holds, or too much; nothing below ``root`` has changed.
    OSError, EOFError, ValueError, zlib.error, tarfile.TarError: it is damaged, or came in part; likewise.
    """
    cache = root.joinpath(*FOLDER)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent, prefix="bring-") as folder:
        staged = Path(folder)
        names = list(stage(packed, staged, cache, bounds or Bounds()))
        # Contents go in before the records that name them, so that no moment has a record without its content.
        for name in sorted(names, key=lambda name: (not name.startswith("cas/"), not name.startswith("ac/"), name)):
            target = cache / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (staged / name).replace(target)
    return len(names)


def stage(packed: Stream, staged: Path, cache: Path, bounds: Bounds) -> Iterator[str]:
    """Write below ``staged`` what the cache lacks or has older, naming each; the rest of the archive is judged too."""
    archive = Forward(packed, bounds)
    seen: set[str] = set()
    for member in read_members(archive, bounds):
        name = judge(member)
        if name in seen:
            raise Refused(f"it holds {name!r} twice")
        if name:
            seen.add(name)
        if name == "FORMAT":
            text = archive.take(min(member.size_bytes, 64)).decode("ascii", errors="replace").strip()
            if text != str(FORMAT):
                raise Refused(f"its cache has format {text!r}; this program knows format {FORMAT}")
        elif is_content(name) and is_newer(member, cache / name) and write(archive, member, staged / name):
            yield name


def judge(member: Member) -> str:
    """A member's name below the cache's root; empty for what the computer that packed it adds by itself.

    Raises
    ------
    Refused: it is no name that a cache has.
    """
    name = "/".join(member.parts)
    if member.parts[-1].startswith("._") or member.parts[-1] == ".DS_Store":
        return ""
    below = "/".join(member.parts[len(FOLDER) :])
    if member.parts[: len(FOLDER)] != FOLDER or not (is_content(below) or is_passing(below)):
        raise Refused(f"{name!r} is no file that a cache in {'/'.join(FOLDER)} has")
    return below


def is_newer(member: Member, ours: Path) -> bool:
    """Whether the archive's file is newer than ours, or we have none."""
    return not ours.exists() or ours.stat().st_mtime < member.changed_unix_s


def write(archive: Forward, member: Member, target: Path) -> bool:
    """Write a member. Of contents, which are named by their digest, a damaged one is left out."""
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        for piece in archive.pieces(member.size_bytes):
            digest.update(piece)
            file.write(piece)
    # A time in the future would let this file win against every later one.
    changed_unix_s = min(member.changed_unix_s, time.time())
    os.utime(target, (changed_unix_s, changed_unix_s))
    return target.parent.parent.name != "cas" or digest.hexdigest() == target.name


class Forward:
    """The unpacked archive, read forward only, piece by piece and within bounds; damage is told before its end."""

    def __init__(self, packed: Stream, bounds: Bounds) -> None:
        self._file = gzip.GzipFile(fileobj=_Counted(packed, bounds.packed_bytes))  # type: ignore[call-overload]
        self._bounds = bounds
        self._passed_bytes = 0
        self._next_header = 0

    def header(self) -> bytes:
        """The next block that is not a member's content; zeros at the end."""
        for _ in self.pieces(self._next_header - self._passed_bytes):
            pass
        first = self._read(tarfile.BLOCKSIZE)
        if not first:
            raise EOFError("it ends without saying so")
        self._next_header = self._passed_bytes + tarfile.BLOCKSIZE - len(first)
        return first + self.take(tarfile.BLOCKSIZE - len(first))

    def expect(self, size_bytes: int) -> None:
        """Know that so many bytes of content come before the next header."""
        self._next_header = self._passed_bytes + -(-size_bytes // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE

    def take(self, size_bytes: int) -> bytes:
        """So many bytes, whole."""
        return b"".join(self.pieces(size_bytes))

    def pieces(self, size_bytes: int) -> Iterator[bytes]:
        """So many bytes, in pieces that fit into memory."""
        missing = size_bytes
        while missing:
            piece = self._read(missing)
            if not piece:
                raise EOFError("it ends in the middle of a file")
            missing -= len(piece)
            yield piece

    def drain(self) -> None:
        """Read to the end of what was packed, where its checksum lies."""
        while self._read(CHUNK_BYTES):
            pass

    def _read(self, size_bytes: int) -> bytes:
        piece: bytes = self._file.read(min(CHUNK_BYTES, size_bytes))
        self._passed_bytes += len(piece)
        if self._passed_bytes > self._bounds.unpacked_bytes:
            raise Refused(f"it holds more than {self._bounds.unpacked_bytes:,} bytes")
        return piece


class _Counted:
    """The packed stream, up to a number of bytes."""

    def __init__(self, packed: Stream, limit_bytes: int) -> None:
        self._packed = packed
        self._limit_bytes = limit_bytes
        self._passed_bytes = 0

    def read(self, size: int) -> bytes:
        piece = self._packed.read(size)
        self._passed_bytes += len(piece)
        if self._passed_bytes > self._limit_bytes:
            raise Refused(f"it is larger than {self._limit_bytes:,} bytes")
        return piece


def read_members(archive: Forward, bounds: Bounds) -> Iterator[Member]:
    """The archive's files in its order. Folders are passed over; they are made where a file wants one.

    Python's own reader keeps a note of every member, reads extended headers of any size, and calls itself for each.

    Raises
    ------
    Refused: a name leads out of the archive's root, or something is neither a file nor a folder.
    """
    extended: dict[str, str] = {}
    count = 0
    while (block := archive.header()).strip(b"\0"):
        count += 1
        if count > bounds.members:
            raise Refused(f"it holds more than {bounds.members:,} files")
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
            extended |= read_extension(archive, info, bounds)
            continue
        name = extended.get("path", info.name)
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) or "sparse" in extended:
            raise Refused(f"{name!r} is neither a file nor a folder")
        size_bytes = check_size(name, info, extended, bounds)
        parts = split_name(name)
        archive.expect(size_bytes)
        if parts and info.type != tarfile.DIRTYPE:
            yield Member(parts, size_bytes, read_time(extended.get("mtime", info.mtime)))
        extended = {}
    archive.drain()


def read_extension(archive: Forward, info: tarfile.TarInfo, bounds: Bounds) -> dict[str, str]:
    """What a header of its own says about the next member: its name, size and time, and whether it is ``sparse``."""
    if not 0 <= info.size <= bounds.header_bytes:
        raise Refused(f"it has a header of {info.size:,} bytes")
    archive.expect(info.size)
    content = archive.take(info.size)
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": content.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    # A global header speaks of all members; nothing that is asked for here can be said of all of them.
    return dict(parse_records(content)) if info.type == tarfile.XHDTYPE else {}


def parse_records(content: bytes) -> Iterator[tuple[str, str]]:
    """What matters here of the records ("LENGTH key=value" and a line end) of an extended header."""
    start = 0
    while start < len(content):
        length = re.compile(rb"([1-9][0-9]{0,6}) ").match(content, start)
        end = start + int(length[1]) if length else start
        if length is None or not length.end() < end <= len(content) or content[end - 1 : end] != b"\n":
            raise ValueError("an extended header is damaged")
        key, _, value = content[length.end() : end - 1].partition(b"=")
        if key in (b"path", b"size", b"mtime"):
            yield key.decode(), value.decode("utf-8", "surrogateescape")
        elif key.startswith(b"GNU.sparse"):
            yield "sparse", ""
        start = end


def check_size(name: str, info: tarfile.TarInfo, extended: dict[str, str], bounds: Bounds) -> int:
    """A member's size, if it is one that a file of a cache has."""
    if info.type == tarfile.DIRTYPE:
        return 0
    if extended.get("size", str(info.size)) != str(info.size) or not 0 <= info.size <= bounds.member_bytes:
        raise Refused(f"{name!r} is larger than {bounds.member_bytes:,} bytes, or has no clear size")
    return info.size


def split_name(name: str) -> tuple[str, ...]:
    """The parts of a member's name, without those that mean nothing."""
    parts = name.split("/")
    if not name or name.startswith("/") or ".." in parts or "\\" in name or ":" in name or not name.isprintable():
        raise Refused(f"{name!r} is no name below the archive's root")
    return tuple(part for part in parts if part not in ("", "."))


def read_time(stated: str | float) -> float:
    """A time of change in seconds since 1970; 0 where it makes no sense."""
    try:
        seconds = float(stated)
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1 << 33 else 0.0


if __name__ == "__main__":
    main()
