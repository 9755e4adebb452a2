"""Emit: the files of the site, from the cache where nothing that shows on the page has changed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.emit.marker import is_generation, is_safe_path
from spotmap_build.emit.page import HEARD, art_file_name, template_digest, template_folder
from spotmap_build.emit.site import PAGE_NAME
from spotmap_build.errors import ConfigError
from spotmap_build.stages.cluster import playlist_rows

if TYPE_CHECKING:
    from spotmap_build.cache.records import Record
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.model import Atlas, Track
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.insights import Analyzed
    from spotmap_build.stages.project import Projected

EMIT_VERSION: Final = 5
"""Raise when the same map would be written otherwise (the template's own files count by themselves)."""
GENERATION: Final = "generation"


@dataclass(frozen=True, slots=True)
class Site:
    """Every file of the site by its path, and the generation that they are."""

    files: dict[str, bytes]
    generation: str


def emit(run: Run, fetched: Fetched, embedded: Embedded, projected: Projected, analyzed: Analyzed) -> Site:
    """Encode the map for the page. Nothing that names a place on this machine goes in."""
    with run.clock.stage("emit"):
        built_at = _built_at(os.environ.get("SOURCE_DATE_EPOCH", ""))
        key = Key(
            "site",
            EMIT_VERSION,
            {
                "tracks": digest_bytes(orjson.dumps([_shown(track) for track in embedded.tracks])),
                "playlists": fetched.playlists_digest,
                "sound": embedded.digest,
                "layout": projected.digest,
                "clusters": analyzed.clustered.digest,
                "insights": analyzed.digest,
                "title": fetched.title,
                "sources": fetched.loaded.kind,
                "template": template_digest(),
                "built_at": built_at,
                "site_url": run.config.site_url,
                **({"moments": embedded.moments_digest} if embedded.moments_digest else {}),
            },
        )
        run.progress.begin("emit", "writing the site")
        record = run.cache.lookup(key, outputs=(GENERATION, PAGE_NAME), may_fail=False)
        covers = _covers(run, embedded)
        if record is not None and not is_site(run, record):
            run.cache.discard(record)
            record = None
        if record is None:
            started = time.monotonic()
            atlas = _atlas(fetched, embedded, projected, analyzed)
            files = _assemble(run, fetched, atlas, covers=covers, built_at=built_at)
            record = run.cache.put(key, files, seconds=time.monotonic() - started)
        generation = run.cache.decode(record, GENERATION, _decode_generation)
        files = {name: run.cache.read(record, name) for name in record.outputs if name != GENERATION}
        art = {f"art/{art_file_name(digest)}": cover for digest, cover in covers.items()}
        return Site({**files, **art}, generation)


def is_site(run: Run, record: Record) -> bool:
    """Whether a record holds the files of one generation and nothing else: a cache may come from elsewhere.

    Raises
    ------
    CorruptEntry: it names no generation, and is set aside.
    """
    folder = f"data/{run.cache.decode(record, GENERATION, _decode_generation)}/"
    names = record.outputs.keys() - {GENERATION}
    return all(is_safe_path(name) and ("/" not in name or name.startswith(folder)) for name in names)


def _shown(track: Track) -> Track:
    """What of a track can show on the page: its recording where that is public, not where a file or cover lies."""
    recording = track.recording
    return replace(track, recording=recording if recording and recording.video_id else None, art_url="")


def _built_at(epoch: str) -> str:
    """The build's date, only where SOURCE_DATE_EPOCH gives one: equal input must give equal bytes."""
    if not epoch:
        return ""
    try:
        return datetime.fromtimestamp(int(epoch), UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"SOURCE_DATE_EPOCH is {epoch!r}.", hint="It must be a number of seconds.") from error


def _atlas(fetched: Fetched, embedded: Embedded, projected: Projected, analyzed: Analyzed) -> Atlas:
    from spotmap_build.model import Atlas

    embeddings = embedded.read()
    return Atlas(
        title=fetched.title,
        tracks=embedded.tracks,
        playlists=playlist_rows(fetched, embedded),
        layout=projected.read(),
        clusters=analyzed.clustered.read(),
        features=embeddings.features,
        feature_names=embeddings.feature_names,
        insights=analyzed.read(),
        typical_s=embeddings.typical_s,
    )


def _decode_generation(data: bytes) -> str:
    name = data.decode()
    if not is_generation(name):
        raise ValueError("not the name of a generation")
    return name


def _covers(run: Run, embedded: Embedded) -> dict[str, bytes]:
    """The cover pictures by digest. All damaged ones are set aside at once, however many there are."""
    covers, damage = {}, None
    for digest in sorted({track.art_digest for track in embedded.tracks if track.art_digest}):
        try:
            covers[digest] = run.cache.read_blob(digest, "cover")
        except CorruptEntry as error:
            damage = error
    if damage is not None:
        raise damage
    return covers


def _nearness(fetched: Fetched) -> str:
    """What it means that tracks lie close together: that they sound alike only where they were listened to."""
    if fetched.is_placed:
        return "Every track lies where a table put it."
    if fetched.loaded.vectors is not None:
        return "Tracks with vectors alike lie close together."
    return HEARD


def _assemble(run: Run, fetched: Fetched, atlas: Atlas, *, covers: dict[str, bytes], built_at: str) -> dict[str, bytes]:
    """The site's files but for the covers, which the cache holds already, and the generation's name."""
    from spotmap_build.embed.spectral import FEATURES
    from spotmap_build.emit.assemble import assemble

    nearness, count = _nearness(fetched), f"A map of {len(atlas.tracks):,} tracks"
    site = assemble(
        atlas,
        template_folder(),
        covers=covers,
        feature_units={feature.name: feature.unit for feature in FEATURES if feature.public},
        sources=fetched.loaded.kind.split("+"),
        description=f"{count}: what sounds alike lies together." if nearness == HEARD else f"{count}. {nearness}",
        built_at=built_at or None,
        site_url=run.config.site_url,
        nearness=nearness,
    )
    files = {name: content for name, content in site.files.items() if not name.startswith("art/")}
    return {**files, GENERATION: site.generation.encode()}
