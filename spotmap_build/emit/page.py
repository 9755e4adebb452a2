"""Render the template: pages, the service worker, and the web app manifest."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from spotmap_build.atlas import Figure
from spotmap_build.core.language import AUTO, LANGUAGES, page_message
from spotmap_build.emit.palette import DARK
from spotmap_build.emit.rendering import Fault, render, render_in_process
from spotmap_build.emit.template import TEMPLATE_SUFFIX, Template
from spotmap_build.errors import ConfigError

FIRST_FILES = ("viewer.js", "style.css", "favicon.svg", "map.json", "text.json")
"""The files of a generation that a browser needs to show the map. They are the first to be cached for offline use."""

ART_DIGITS = 16
"""Hex digits of the digest in the file name of a cover or excerpt. 64 bits are enough to distinguish them, and all 64
digits would make up most of a track's download size."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; "
    "script-src 'self' 'sha256-Y6/F4dacNuQOcgwbcNRfjSa8fm10790Q0tZtPymONYQ=' "
    "'sha256-ZioDZSbGAWf8HVv9zqds3mCgCROLPrWst3I7AEwHZNY='; "
    "style-src 'self' 'sha256-7H7zKpFLv/TfNWGME+CUdBkZhzjl2rJwd4OYH3RjAR4='; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "frame-src https://www.youtube-nocookie.com; base-uri 'self'; "
    "form-action 'none'"
)
"""What the pages may load: their own files, and YouTube's player in a frame, which is loaded only when the reader
presses play. The digests are those of the inline script of each page and of the inline style of 404.html. The templates
contain the same policy, for hosts that send no headers."""

_SCRIPT_OR_STYLE: Final = re.compile(r"(<(?:script|style)\b.*?</(?:script|style)>)", re.DOTALL | re.IGNORECASE)

NEARNESS_BY_SOUND: Final = page_message("Tracks that sound alike lie close together.")
"""The meaning of nearness on a map made from audio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """How a page presents its map."""

    description: str
    """One sentence for search engines and link previews."""
    site_url: str = ""
    """Address of the published site with a trailing slash. Empty if it is not known; then there is no picture for link
    previews, which need an address."""
    is_indexed: bool = False
    """Whether search engines may list the page."""
    nearness: str = NEARNESS_BY_SOUND
    """A sentence that says what proximity on the map means."""
    language: str = AUTO
    """Language of the page for all readers; ``auto`` for the preferred one of the reader's browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts(PageOptions):
    """The variables of the template. The viewer fetches all other data."""

    title: str
    generation: str
    integrity: Mapping[str, str]
    """:func:`integrity` of each of the first files, by name."""
    track_count: int
    cluster_count: int
    playlist_count: int
    sources: tuple[str, ...]
    has_spotify_ids: bool = False
    """Whether tracks have Spotify ids, that is, titles and artists are from Spotify."""
    figures: tuple[Figure, ...] = ()
    """Quality figures of the map; none if a table provided the positions."""
    background: str = DARK.background
    """Background color while the map starts as an app: that of the dark map, as in its icon."""


EXAMPLE: Final = PageFacts(
    title="A map",
    description="One track.",
    generation="0",
    integrity=dict.fromkeys(FIRST_FILES, ""),
    track_count=1,
    cluster_count=1,
    playlist_count=1,
    sources=("folder",),
    figures=(Figure("neighbors", "Neighbors kept", 0.5, "Half of the nearest tracks are near on the map.", 0.1),),
)
"""Example values, with which templates are checked before there is a map."""


def integrity(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the integrity value (W3C, Subresource Integrity) of each of the first files, by name."""
    digests = {name: hashlib.sha256(files[name]).digest() for name in FIRST_FILES}
    return {name: f"sha256-{b64encode(digest).decode()}" for name, digest in digests.items()}


def art_file_name(digest: str) -> str:
    """Return the name below ``art/`` of the cover thumbnail with this SHA-256."""
    return f"{digest[:ART_DIGITS]}.webp"


def excerpt_file_name(digest: str) -> str:
    """Return the name below ``audio/`` of the excerpt with this SHA-256."""
    return f"{digest[:ART_DIGITS]}.m4a"


def as_script(name: str, document: bytes) -> bytes:
    """Wrap a JSON document in a script, because a page opened from disk can load scripts but not fetch files."""
    return b"spotmapReceive(" + orjson.dumps(name) + b"," + orjson.dumps(document.decode()) + b");\n"


def render_pages(template: Template, facts: PageFacts) -> dict[str, bytes]:
    """Render ``index.html``, ``404.html``, ``sw.js`` and ``manifest.webmanifest``, and return them by name.

    Text is escaped, and an undefined variable is an error. Templates run in Jinja's sandbox, because a folder of them
    may come from an untrusted project; pages that it replaces are rendered in a process with limits.

    Raises
    ------
    ConfigError
        A file of ``--template`` is invalid.
    jinja2.TemplateError
        Our own template is invalid, which is a bug.
    """
    is_open = facts.language == AUTO
    language, languages = ("en", LANGUAGES) if is_open else (facts.language, (facts.language,))
    variables = asdict(facts) | {"language": language, "languages": languages}
    replaced = {name: path for name, path in (template.replaced or {}).items() if name in template.pages}
    rendered = {}
    for name, text in (render_in_process if replaced else render)(template.pages, variables).items():
        if isinstance(text, Fault):
            if name not in replaced and text.error is not None:
                raise text.error
            place = replaced.get(name) or ", ".join(map(str, replaced.values()))
            line = f", line {text.line}" if text.line else ""
            raise ConfigError(
                f"--template: {place}{line} cannot be rendered: {text.reason}.",
                hint=f"Available variables: {', '.join(sorted(variables))}.",
            ) from text.error
        target = name.removesuffix(TEMPLATE_SUFFIX)
        rendered[target] = _for_any_charset(text) if target.endswith(".html") else text.encode()
    return rendered


def _for_any_charset(page: str) -> bytes:
    """Encode a page with references for all but ASCII: a host's ``charset`` overrides the page's own."""
    parts = _SCRIPT_OR_STYLE.split(page)
    # Within these elements, a reference is not replaced.
    return b"".join(
        part.encode() if place % 2 else part.encode("ascii", "xmlcharrefreplace") for place, part in enumerate(parts)
    )
