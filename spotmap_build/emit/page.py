"""The template folder: what it renders to (pages, a worker, a manifest), and the viewer's files, copied as they are."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import orjson

from spotmap_build.errors import OutputError
from spotmap_build.model import Figure

TEMPLATE_SUFFIX = ".j2"
RENAMED = {"viewer.bundle.js": "viewer.js"}
ASSET_SUFFIXES = frozenset({".css", ".js", ".svg", ".png", ".ico", ".webp", ".woff2", ".webmanifest"})
"""What lands in a site; the folder's modules, licenses and notes stay behind."""

FIRST_FILES = ("viewer.js", "style.css", "favicon.svg", "map.json", "text.json")
"""What a browser needs of a generation to show the map, and the first that it keeps for times without network."""

ART_DIGITS = 16
"""Hex digits of the digest of a cover or excerpt in its file name: 64 bits tell them apart, and all 64 digits would be
most of what a track costs to download."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; "
    "script-src 'self' 'sha256-KxpzmrwFEV+yyOqGjNN0qW4LpOmEMkSMs+1kwF9VyjE=' "
    "'sha256-ZioDZSbGAWf8HVv9zqds3mCgCROLPrWst3I7AEwHZNY='; "
    "style-src 'self' 'sha256-7H7zKpFLv/TfNWGME+CUdBkZhzjl2rJwd4OYH3RjAR4='; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "frame-src https://www.youtube-nocookie.com; base-uri 'self'; "
    "form-action 'none'"
)
"""What the pages may load: their own files, and YouTube's player in a frame, which it asks for only once somebody
presses play. The digests are those of the script that each page has inside, and of the style of 404.html. The same
words stand in the templates, for hosts that send no headers."""

HEARD: Final = "Tracks that sound alike lie close together."
"""Of a map that was made by listening."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the pages say themselves; the viewer fetches everything else. The fields are the template's variables."""

    title: str
    description: str
    generation: str
    integrity: Mapping[str, str]
    """:func:`integrity` of each of the first files, by name."""
    track_count: int
    cluster_count: int
    playlist_count: int
    sources: tuple[str, ...]
    has_spotify_ids: bool = False
    """Whether tracks are known by their addresses at Spotify: so their titles and artists are from there."""
    site_url: str = ""
    """Where the site is published, with a slash at the end; empty where that is not known."""
    nearness: str = HEARD
    """What it means that tracks lie close together, as a sentence."""
    figures: tuple[Figure, ...] = ()
    """How good the map is; none where a table gave the places."""


def integrity(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return what a browser is told to check each of the first files by, by their names.

    See W3C, Subresource Integrity.
    """
    digests = {name: hashlib.sha256(files[name]).digest() for name in FIRST_FILES}
    return {name: f"sha256-{b64encode(digest).decode()}" for name, digest in digests.items()}


def art_file_name(digest: str) -> str:
    """Return the name below ``art/`` of the cover thumbnail with this SHA-256."""
    return f"{digest[:ART_DIGITS]}.webp"


def excerpt_file_name(digest: str) -> str:
    """Return the name below ``audio/`` of the excerpt with this SHA-256."""
    return f"{digest[:ART_DIGITS]}.m4a"


def as_script(name: str, document: bytes) -> bytes:
    """Return the same document as a script: browsers let a page opened from disk load scripts, but fetch nothing."""
    return b"spotmapReceive(" + orjson.dumps(name) + b"," + orjson.dumps(document.decode()) + b");\n"


def template_folder() -> Path:
    """Where the template lies: in the installed package, or beside it in a source checkout.

    Raises
    ------
    OutputError
        It is in neither place.
    """
    package = Path(str(resources.files("spotmap_build")))
    for folder in (package / "site_template", package.parent / "site_template"):
        if (folder / f"index.html{TEMPLATE_SUFFIX}").is_file():
            return folder
    raise OutputError(
        f"The site's template is missing: there is no site_template in or beside {package}.",
        hint="Install spotmap-build again; in a source checkout, restore the folder site_template.",
    )


def template_digest(folder: Path | None = None) -> str:
    """SHA-256 (hex) over every template file that makes the site what it is. Reads about 100 KB and renders nothing.

    Raises
    ------
    OutputError
        No folder was given, and there is no template.
    """
    digest = hashlib.sha256()
    for path in _template_files(folder or template_folder()):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def template_assets(folder: Path) -> dict[str, bytes]:
    """Return the files that go to ``data/<generation>/`` unchanged, by the name they have there."""
    return {
        RENAMED.get(path.name, path.name): path.read_bytes()
        for path in _template_files(folder)
        if not path.name.endswith(TEMPLATE_SUFFIX)
    }


def render_pages(folder: Path, facts: PageFacts) -> dict[str, bytes]:
    """``index.html``, ``404.html``, ``sw.js`` and ``manifest.webmanifest`` by name.

    Text is escaped; a misspelt variable is an error.

    Raises
    ------
    jinja2.TemplateError
        The template is wrong, which is a bug.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return {
        path.name.removesuffix(TEMPLATE_SUFFIX): environment.get_template(path.name).render(asdict(facts)).encode()
        for path in _template_files(folder)
        if path.name.endswith(TEMPLATE_SUFFIX)
    }


def _template_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and (path.name.endswith(TEMPLATE_SUFFIX) or path.suffix in ASSET_SUFFIXES)
    )
