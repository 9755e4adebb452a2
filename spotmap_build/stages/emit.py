"""Emit stage: create the files of the site, or read them from the cache if nothing visible has changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.acquire.state import PENDING_CODES
from spotmap_build.atlas import Atlas, Layout, PublicFacts
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import Codec
from spotmap_build.core.language import AUTO, page_gettext, page_message, page_ngettext
from spotmap_build.core.text import is_text
from spotmap_build.core.translation import gettext
from spotmap_build.emit.marker import is_generation, is_safe_path
from spotmap_build.emit.page import (
    EXAMPLE,
    NEARNESS_BY_SOUND,
    PageOptions,
    art_file_name,
    excerpt_file_name,
    render_pages,
)
from spotmap_build.emit.site import PAGE_NAME, Site
from spotmap_build.emit.template import read_template
from spotmap_build.errors import ConfigError
from spotmap_build.model import Track
from spotmap_build.registry import themes
from spotmap_build.registry.features import public_units
from spotmap_build.stages.boundaries import load_boundaries, save_boundaries
from spotmap_build.stages.cluster import playlist_rows
from spotmap_build.stages.people import compare_libraries, with_guests

if TYPE_CHECKING:
    from spotmap_build.atlas import Clusters, Insights
    from spotmap_build.cache.memo import Cached, Outputs
    from spotmap_build.cache.store import Cache
    from spotmap_build.config import Config
    from spotmap_build.emit.template import Template
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.people import Compared
    from spotmap_build.stages.project import Projected

EMIT_VERSION: Final = 8
"""Raise when the same map gives different files (changes of the template's files are detected separately)."""
GENERATION: Final = "generation"


def emit(
    run: Run,
    fetched: Fetched,
    embedded: Embedded,
    projected: Projected,
    *,
    clusters: Cached[Clusters],
    insights: Cached[Insights],
    excerpts: Mapping[str, str],
) -> Site:
    """Encode the map for the page. Local paths are included only with ``--paths``.

    ``excerpts``: digests of the cached excerpts by track id.
    """
    compared = compare_libraries(run, fetched, embedded, projected, clusters)
    with run.clock.stage("emit"):
        built_at = _built_at(os.environ.get("SOURCE_DATE_EPOCH", ""))
        paths = public_paths(run, embedded)
        template = _template(run.config)
        key = Key(
            "site",
            EMIT_VERSION,
            {
                **_of_the_library(fetched, embedded),
                "layout": projected.digest,
                "clusters": clusters.digest,
                "insights": insights.digest,
                **(_of_people(fetched, compared) if compared else {}),
                "template": template.digest,
                "built_at": built_at,
                **_output_settings(run),
                **({"paths": digest_bytes(orjson.dumps(paths))} if paths else {}),
                **({"excerpts": digest_bytes(orjson.dumps(excerpts))} if excerpts else {}),
            },
        )
        run.progress.begin("emit", gettext("writing the site"))
        covers = _covers(run, embedded)

        def make() -> Site:
            atlas = _atlas(fetched, embedded, projected, clusters.value, insights.value)
            if compared:
                atlas = with_guests(atlas, fetched.library.guests, compared.value)
            facts = PublicFacts(public_units(), fetched.loaded.kind.split("+"), built_at or None, paths, excerpts)
            return _assemble(run, atlas, facts, template, covers=covers, nearness=describe_nearness(fetched))

        site = run.cached(key, make, SITE_CODEC).value
        art = {f"art/{art_file_name(digest)}": cover for digest, cover in covers.items()}
        return replace(site, files=WithExcerpts({**site.files, **art}, run.cache, excerpts))


def check_page(config: Config) -> None:
    """Validate the theme and the files of ``--template`` before the analysis begins.

    Raises
    ------
    ConfigError
        A file cannot be used.
    PluginError
        The theme cannot.
    """
    if config.template or config.theme:
        render_pages(_template(config), EXAMPLE)


def _template(config: Config) -> Template:
    return read_template(replacing=config.template, theme=themes.find(config.theme) if config.theme else None)


def _output_settings(run: Run) -> dict[str, str | bool]:
    """Return the settings that affect the pages, as part of the key."""
    return {
        "site_url": run.config.site_url,
        **({"indexed": True} if run.config.indexed else {}),
        **({"language": run.config.language} if run.config.language != AUTO else {}),
    }


def _of_the_library(fetched: Fetched, embedded: Embedded) -> dict[str, str]:
    """Return the parts of the library that are visible on the page, as part of the key."""
    return {
        "title": fetched.title,
        "sources": fetched.loaded.kind,
        "tracks": digest_bytes(orjson.dumps([_displayed_fields(track) for track in embedded.tracks])),
        "playlists": fetched.playlists_digest,
        **embedded.sound_key,
        **({"moments": embedded.moments_digest} if embedded.moments_digest else {}),
        **({"waiting": str(waiting_count)} if (waiting_count := _waiting_count(embedded)) else {}),
    }


def _of_people(fetched: Fetched, compared: Cached[Compared]) -> dict[str, str]:
    """Return the facts about several people that are visible on the page, as part of the key."""
    guests = [guest.track for guest in fetched.library.guests]
    return {"people": compared.digest, "guests": digest_bytes(orjson.dumps(guests))}


class WithExcerpts(Mapping[str, bytes]):
    """The files of a site. Excerpts are read lazily, because all of them can take a gigabyte."""

    def __init__(self, files: Mapping[str, bytes], cache: Cache, excerpts: Mapping[str, str]) -> None:
        self._files = files
        self._cache = cache
        self._digests = {f"audio/{excerpt_file_name(digest)}": digest for digest in excerpts.values()}

    def __getitem__(self, path: str) -> bytes:
        digest = self._digests.get(path)
        if digest is None:
            return self._files[path]
        try:
            return self._cache.read_blob(digest, "excerpt")
        except CorruptEntry:
            self._set_damaged_aside({*self._digests.values()} - {digest})
            raise

    def _set_damaged_aside(self, digests: Iterable[str]) -> None:
        """Set aside all damaged excerpts in one pass, because the build restarts only a limited number of times."""
        for digest in digests:
            with suppress(CorruptEntry):
                self._cache.read_blob(digest, "excerpt")

    def __iter__(self) -> Iterator[str]:
        return chain(self._files, self._digests)

    def __len__(self) -> int:
        return len(self._files) + len(self._digests)


def _encode(site: Site) -> dict[str, bytes]:
    """Encode all files except covers, which are cached already, and the name of the generation."""
    files = {name: content for name, content in site.files.items() if not name.startswith("art/")}
    return {**files, GENERATION: site.generation.encode()}


def _decode(outputs: Outputs) -> Site:
    generation = outputs.read(GENERATION, _decode_generation)
    return Site(generation, {name: outputs.read(name, bytes) for name in outputs.names if name != GENERATION})


def is_site(outputs: Outputs) -> bool:
    """Return whether these are exactly the files of one generation, since a cache may come from elsewhere.

    Raises
    ------
    CorruptEntry
        They name no generation. The record is set aside.
    """
    folder = f"data/{outputs.read(GENERATION, _decode_generation)}/"
    names = outputs.names - {GENERATION}
    return all(is_safe_path(name) and ("/" not in name or name.startswith(folder)) for name in names)


SITE_CODEC: Final = Codec((GENERATION, PAGE_NAME), _encode, _decode, accepts=is_site)


_FIELDS: Final = attrgetter(*(each.name for each in fields(Track) if each.name not in {"recording", "art_url"}))


def _displayed_fields(track: Track) -> tuple[object, ...]:
    """Return what can be visible of a track on the page: its fields and its public recording, but no local paths."""
    recording = track.recording
    return _FIELDS(track), recording if recording is not None and recording.video_id else None


def _built_at(epoch: str) -> str:
    """Return the build date if SOURCE_DATE_EPOCH is set; empty otherwise, because equal input must give equal bytes."""
    if not epoch:
        return ""
    try:
        return datetime.fromtimestamp(int(epoch), UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"SOURCE_DATE_EPOCH is {epoch!r}.", hint="It must be a number of seconds.") from error


def _atlas(fetched: Fetched, embedded: Embedded, projected: Projected, clusters: Clusters, insights: Insights) -> Atlas:
    from spotmap_build.insights.styles import find_styles

    embeddings = embedded.embeddings.value
    return Atlas(
        title=fetched.title,
        tracks=embedded.tracks,
        playlists=playlist_rows(fetched, embedded),
        layout=Layout(projected.layout.value.coordinates),
        clusters=clusters,
        features=embeddings.features,
        feature_names=embeddings.feature_names,
        insights=insights,
        typical_s=embeddings.typical_s,
        styles=find_styles(embeddings.tags, embeddings.tag_names),
        waiting_count=_waiting_count(embedded),
    )


def _waiting_count(embedded: Embedded) -> int:
    return sum(failure.code in PENDING_CODES for failure in embedded.failures)


def _decode_generation(data: bytes) -> str:
    name = data.decode()
    if not is_generation(name):
        raise ValueError("not the name of a generation")
    return name


def _covers(run: Run, embedded: Embedded) -> dict[str, bytes]:
    """Return the covers by digest. All damaged ones are set aside in one pass."""
    covers, damage = {}, None
    for digest in sorted({track.art_digest for track in embedded.tracks if track.art_digest}):
        try:
            covers[digest] = run.cache.read_blob(digest, "cover")
        except CorruptEntry as error:
            damage = error
    if damage is not None:
        raise damage
    return covers


def describe_nearness(fetched: Fetched) -> str:
    """Return a sentence on the meaning of proximity on the map; tracks sound alike only if their audio was analyzed."""
    if fetched.is_placed:
        return page_message("Each track's position comes from a table.")
    if fetched.loaded.vectors is not None:
        return page_message("Tracks with similar vectors lie close together.")
    return NEARNESS_BY_SOUND


def public_paths(run: Run, embedded: Embedded) -> dict[str, str]:
    """Return the paths of the person's own files by track id, if the site should contain them.

    Names that are not valid text are omitted. Relative paths that lead out of the library's folder are omitted as well,
    because they would reveal more than requested.
    """
    if not run.config.paths:
        return {}
    from spotmap_build.emit.lists import file_of

    is_relative, folder = run.config.paths == "relative", run.config.library_folder
    if is_relative and folder is None:
        return {}
    paths = {track.id: file_of(track, folder if is_relative else None) for track in embedded.tracks}
    if is_relative:  # relative paths are also read on other systems
        paths = {track_id: path.replace(os.sep, "/") for track_id, path in paths.items() if _stays_within(path)}
    return {track_id: path for track_id, path in paths.items() if path and is_text(path)}


def _stays_within(path: str) -> bool:
    return not Path(path).is_absolute() and Path(path).parts[:1] != ("..",)


def _assemble(
    run: Run, atlas: Atlas, facts: PublicFacts, template: Template, *, covers: Mapping[str, bytes], nearness: str
) -> Site:
    from spotmap_build.emit.assemble import assemble

    options = PageOptions(
        description=_description(run.config.language, len(atlas.tracks), nearness),
        site_url=run.config.site_url,
        is_indexed=run.config.indexed,
        nearness=nearness,
        language=run.config.language,
    )
    boundaries = load_boundaries(run)
    site = assemble(atlas, facts, template, options, covers=covers, boundaries=boundaries)
    save_boundaries(run, boundaries, site.generation)
    return site


def _description(language: str, count: int, nearness: str) -> str:
    """Describe the page in a sentence, for search engines, link previews, and browsers without scripts."""
    said = page_ngettext(language, "A map of {count} track", "A map of {count} tracks", count)
    if nearness == NEARNESS_BY_SOUND:
        return page_gettext(language, "{map}: what sounds alike lies together.").format(map=said)
    return page_gettext(language, "{map}. {sentence}").format(map=said, sentence=page_gettext(language, nearness))
