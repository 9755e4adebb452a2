"""Assemble the complete site in memory: data, viewer, pages and covers, by path."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from spotmap_build.core.identifiers import SPOTIFY_TRACK
from spotmap_build.emit.page import PageFacts, art_file_name, integrity, render_pages
from spotmap_build.emit.palette import DARK
from spotmap_build.emit.payload import encode
from spotmap_build.emit.picture import pictures
from spotmap_build.emit.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.atlas import Atlas, PublicFacts
    from spotmap_build.emit.boundaries import Boundaries
    from spotmap_build.emit.page import PageOptions
    from spotmap_build.emit.payload import Payload
    from spotmap_build.emit.template import Template


def assemble(
    atlas: Atlas,
    facts: PublicFacts,
    template: Template,
    options: PageOptions,
    *,
    covers: Mapping[str, bytes],
    boundaries: Boundaries,
) -> Site:
    """Encode the atlas and render the pages around it.

    Parameters
    ----------
    atlas : Atlas
        The map to show.
    facts : PublicFacts
        What to publish besides the map.
    template : Template
        The page template, see :func:`spotmap_build.emit.template.read_template`.
    options : PageOptions
        How the page presents the map.
    covers : Mapping[str, bytes]
        WebP thumbnails by digest, for every ``art_digest`` of the atlas.
    boundaries : Boundaries
        Known boundaries of the last map.

    Raises
    ------
    ValueError
        The layout is not finite.
    KeyError
        A cover is missing.
    """
    payload = encode(
        atlas,
        facts,
        assets=template.assets,
        draws_icon=not template.replaced or "favicon.svg" not in template.replaced,
        boundaries=boundaries,
    )
    page = PageFacts(
        **asdict(options),
        title=atlas.title,
        generation=payload.generation,
        integrity=integrity(payload.files),
        track_count=len(atlas.tracks),
        cluster_count=len(atlas.clusters.clusters),
        playlist_count=len(atlas.playlists),
        sources=tuple(facts.sources),
        has_spotify_ids=any(track.id.startswith(SPOTIFY_TRACK) for track in atlas.tracks),
        figures=atlas.insights.figures,
        background=template.background or DARK.background,
    )
    drawn = pictures(payload.files["map.json"], has_social=bool(options.site_url))
    return Site(payload.generation, _art(atlas, covers) | _in_folder(payload) | drawn | render_pages(template, page))


def _art(atlas: Atlas, covers: Mapping[str, bytes]) -> dict[str, bytes]:
    digests = {track.art_digest for track in atlas.tracks if track.art_digest}
    return {f"art/{art_file_name(digest)}": covers[digest] for digest in sorted(digests)}


def _in_folder(payload: Payload) -> dict[str, bytes]:
    return {f"data/{payload.generation}/{name}": content for name, content in payload.files.items()}
