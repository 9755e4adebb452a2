"""What the template renders to: pages, a worker, a manifest."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from spotmap_build.atlas import Figure
from spotmap_build.core.language import AUTO, LANGUAGES, page_counted, page_message, page_text
from spotmap_build.emit.template import TEMPLATE_SUFFIX, Template
from spotmap_build.errors import ConfigError

FIRST_FILES = ("viewer.js", "style.css", "favicon.svg", "map.json", "text.json")
"""What a browser needs of a generation to show the map, and the first that it keeps for times without network."""

ART_DIGITS = 16
"""Hex digits of the digest of a cover or excerpt in its file name: 64 bits tell them apart, and all 64 digits would be
most of what a track costs to download."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; "
    "script-src 'self' 'sha256-Y6/F4dacNuQOcgwbcNRfjSa8fm10790Q0tZtPymONYQ=' "
    "'sha256-ZioDZSbGAWf8HVv9zqds3mCgCROLPrWst3I7AEwHZNY='; "
    "style-src 'self' 'sha256-7H7zKpFLv/TfNWGME+CUdBkZhzjl2rJwd4OYH3RjAR4='; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "frame-src https://www.youtube-nocookie.com; base-uri 'self'; "
    "form-action 'none'"
)
"""What the pages may load: their own files, and YouTube's player in a frame, which it asks for only once somebody
presses play. The digests are those of the script that each page has inside, and of the style of 404.html. The same
words stand in the templates, for hosts that send no headers."""

_OF_EXPRESSIONS: Final = (
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    MemoryError,
)
"""What else a template raises whose expressions are wrong."""

HEARD: Final = page_message("Tracks that sound alike lie close together.")
"""Of a map that was made by listening."""

DARK: Final = "#10131a"


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
    is_indexed: bool = False
    """Whether search engines may list the page."""
    nearness: str = HEARD
    """What it means that tracks lie close together, as a sentence."""
    figures: tuple[Figure, ...] = ()
    """How good the map is; none where a table gave the places."""
    background: str = DARK
    """What is shown while the map starts as an app; the dark map's, as its icon."""
    language: str = AUTO
    """Which language the page is in, for everybody; ``auto``: in the one that its reader's browser prefers."""


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
"""With which templates are tried before there is a map."""


def integrity(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return what a browser checks each of the first files against, by their names.

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


def render_pages(template: Template, facts: PageFacts) -> dict[str, bytes]:
    """``index.html``, ``404.html``, ``sw.js`` and ``manifest.webmanifest`` by name.

    Text is escaped; a misspelt variable is an error. Templates run in Jinja's sandbox: a folder of them may have come
    with somebody's project.

    Raises
    ------
    ConfigError
        A file that a person put in the template's place is wrong.
    jinja2.TemplateError
        The template is wrong, which is a bug.
    """
    from jinja2 import DictLoader, StrictUndefined, TemplateError, TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(template.pages), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    is_open = facts.language == AUTO
    language, languages = ("en", LANGUAGES) if is_open else (facts.language, (facts.language,))
    environment.globals.update(_words(language))
    variables, rendered = asdict(facts) | {"language": language, "languages": languages}, {}
    for name in template.pages:
        try:
            rendered[name.removesuffix(TEMPLATE_SUFFIX)] = environment.get_template(name).render(variables).encode()
        except (TemplateError, *_OF_EXPRESSIONS) as error:
            if name not in (template.replaced or {}):
                raise
            line = f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            raise ConfigError(
                f"--template: {(template.replaced or {})[name]}{line} cannot be rendered: {str(error).rstrip('.')}.",
                hint=f"The variables that there are: {', '.join(variables)}.",
            ) from error
    return rendered


def _words(language: str) -> dict[str, Callable[..., str]]:
    """Return the functions by which templates say something, which ``scripts.catalog`` knows them by.

    ``_`` and ``ngettext`` say it in English: the page's script translates it for whoever reads it. ``_now`` and
    ``_now_counted`` are for what shows where the script does not run.
    """
    from markupsafe import Markup, escape

    def filled(message: str, values: dict[str, object]) -> Markup:
        return Markup(escape(message)).format(**values) if values else escape(message)

    return {
        "_": lambda message, **values: filled(message, values),
        "ngettext": lambda one, many, count: page_counted("en", one, many, count),
        "_now": lambda message, **values: filled(page_text(language, message), values),
        "_now_counted": lambda one, many, count: page_counted(language, one, many, count),
    }
