"""Assemble the complete site in memory: data, viewer, pages and covers, by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotmap_build.core.identifiers import SPOTIFY_TRACK
from spotmap_build.core.language import AUTO
from spotmap_build.emit.page import NEARNESS_BY_SOUND, PageFacts, art_file_name, integrity, render_pages
from spotmap_build.emit.palette import DARK
from spotmap_build.emit.payload import encode
from spotmap_build.emit.picture import pictures
from spotmap_build.emit.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotmap_build.atlas import Atlas
    from spotmap_build.emit.boundaries import Boundaries
    from spotmap_build.emit.payload import Payload
    from spotmap_build.emit.template import Template


def assemble(
    atlas: Atlas,
    template: Template,
    *,
    covers: Mapping[str, bytes],
    feature_units: Mapping[str, str],
    sources: Sequence[str],
    description: str,
    built_at: str | None,
    site_url: str = "",
    is_indexed: bool = False,
    nearness: str = NEARNESS_BY_SOUND,
    paths: Mapping[str, str] | None = None,
    excerpts: Mapping[str, str] | None = None,
    language: str = AUTO,
    boundaries: Boundaries | None = None,
) -> Site:
    """Encode the atlas and render the pages around it.

    Parameters
    ----------
    atlas : Atlas
        The map to show.
    template : Template
        The page template, see :func:`spotmap_build.emit.template.read_template`.
    covers : Mapping[str, bytes]
        WebP thumbnails by digest, for every ``art_digest`` of the atlas.
    feature_units : Mapping[str, str]
        Units of the features to show, by name; other features are omitted.
    sources : Sequence[str]
        The kinds of sources of the library, for the page's note.
    description : str
        One sentence for search engines and link previews.
    built_at : str | None
        ISO 8601 time, or None for reproducible builds.
    site_url : str
        Address of the published site, with a trailing slash. Empty if it is not known; then there is no picture for
        link previews, which need an address.
    is_indexed : bool
        Whether search engines may list the page.
    nearness : str
        A sentence that says what proximity on the map means.
    paths : Mapping[str, str] | None
        Paths of the person's own files by track id, if the site should contain them.
    excerpts : Mapping[str, str] | None
        Digests of the excerpts by track id. The excerpt files are not part of the result.
    language : str
        Language of the page for all readers; ``auto`` for the preferred one of the reader's browser.
    boundaries : Boundaries | None
        Known boundaries of the last map, if any.

    Raises
    ------
    ValueError
        The layout is not finite.
    KeyError
        A cover is missing.
    """
    payload = encode(
        atlas,
        assets=template.assets,
        feature_units=feature_units,
        sources=sources,
        built_at=built_at,
        paths=paths,
        excerpts=excerpts,
        draws_icon=not template.replaced or "favicon.svg" not in template.replaced,
        boundaries=boundaries,
    )
    facts = _facts(
        atlas,
        payload,
        description=description,
        sources=tuple(sources),
        site_url=site_url,
        is_indexed=is_indexed,
        nearness=nearness,
        language=language,
        background=template.background or DARK.background,
    )
    drawn = pictures(payload.files["map.json"], has_social=bool(site_url))
    return Site(payload.generation, _art(atlas, covers) | _in_folder(payload) | drawn | render_pages(template, facts))


def _facts(atlas: Atlas, payload: Payload, **asked_for: Any) -> PageFacts:
    return PageFacts(
        title=atlas.title,
        generation=payload.generation,
        integrity=integrity(payload.files),
        track_count=len(atlas.tracks),
        cluster_count=len(atlas.clusters.clusters),
        playlist_count=len(atlas.playlists),
        has_spotify_ids=any(track.id.startswith(SPOTIFY_TRACK) for track in atlas.tracks),
        figures=atlas.insights.figures,
        **asked_for,
    )


def _art(atlas: Atlas, covers: Mapping[str, bytes]) -> dict[str, bytes]:
    digests = {track.art_digest for track in atlas.tracks if track.art_digest}
    return {f"art/{art_file_name(digest)}": covers[digest] for digest in sorted(digests)}


def _in_folder(payload: Payload) -> dict[str, bytes]:
    return {f"data/{payload.generation}/{name}": content for name, content in payload.files.items()}
