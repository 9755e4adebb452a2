"""The whole site in memory: data, viewer, pages and covers, by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotmap_build.core.identifiers import SPOTIFY_TRACK
from spotmap_build.core.language import AUTO
from spotmap_build.emit.page import DARK, HEARD, PageFacts, art_file_name, integrity, render_pages
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
    nearness: str = HEARD,
    paths: Mapping[str, str] | None = None,
    excerpts: Mapping[str, str] | None = None,
    language: str = AUTO,
    boundaries: Boundaries | None = None,
) -> Site:
    """Encode the atlas and render the pages around it.

    Parameters
    ----------
    atlas : Atlas
        What is shown.
    template : Template
        What the pages are made of, see :func:`spotmap_build.emit.template.read_template`.
    covers : Mapping[str, bytes]
        WebP thumbnails by digest; has every ``art_digest`` of the atlas.
    feature_units : Mapping[str, str]
        Unit by name of the features to show; others are left out.
    sources : Sequence[str]
        The kinds of library that the map is made of, for the page's note.
    description : str
        One sentence for search engines and link previews.
    built_at : str | None
        ISO 8601 time, or None where builds are to be reproducible.
    site_url : str
        Where the site is published, with a slash at the end; empty where that is not known, and then there is no
        picture for link previews, which need an address.
    is_indexed : bool
        Whether search engines may list the page.
    nearness : str
        What it means that tracks lie close together, as a sentence.
    paths : Mapping[str, str] | None
        Where the listener's own files lie, by track id, if the site is to tell.
    excerpts : Mapping[str, str] | None
        Digests of the excerpts of tracks, by track id; their files are not among those that are returned.
    language : str
        In which the page is for everybody; ``auto``: in the one that its reader's browser prefers.
    boundaries : Boundaries | None
        Those that are known from the last map, if there are.

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
        background=template.background or DARK,
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
