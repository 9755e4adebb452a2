"""Poster stage: draw a poster of the published map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.companion_files import POSTER, write_document

if TYPE_CHECKING:
    from spotmap_build.emit.site import Site
    from spotmap_build.run import Run


def make_poster(run: Run, site: Site, nearness: str) -> None:
    """Draw the poster if requested, and write it.

    Raises
    ------
    OutputError
        It cannot be written, or would replace a file that is not a poster.
    """
    place = run.config.poster
    if place is None:
        return
    from spotmap_build.emit.poster import draw_poster

    poster = draw_poster(site.files[f"data/{site.generation}/map.json"], run.config.poster_size, nearness)
    if place.suffix.lower() == ".png":
        from spotmap_build.emit.poster_png import png_of

        poster = png_of(poster)
    write_document(place, poster, POSTER, force=run.config.force)
