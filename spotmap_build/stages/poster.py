"""The poster, of the map as the site shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.report import POSTER, write_document

if TYPE_CHECKING:
    from spotmap_build.emit.site import Site
    from spotmap_build.run import Run


def make_poster(run: Run, site: Site, nearness: str) -> None:
    """Draw the poster where one was asked for, and write it.

    Raises
    ------
    OutputError
        It cannot be written, or would replace what is no poster.
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
