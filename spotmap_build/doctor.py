"""The ``doctor`` command: check that this machine has everything that a build needs, with hints for what is missing."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from spotmap_build.config import CONFIG_FILE
from spotmap_build.core.files import nearest_folder, resolve_path
from spotmap_build.core.text import display_width, pad_to_width, printable, printable_json
from spotmap_build.core.translation import gettext, translate
from spotmap_build.errors import LoginError

if TYPE_CHECKING:
    from spotmap_build.config import Config

Level = Literal["ok", "warning", "error"]
MARKS: Final = {"ok": "✓", "warning": "!", "error": "✗"}
ROOM_BYTES: Final = 1 << 30
"""A library of 5,000 tracks needs about 0.1 GB in the cache and some hundred MB of temporary files."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. ``hint`` says how to fix a problem."""

    name: str
    level: Level
    detail: str
    hint: str = ""


def examine(config: Config) -> tuple[Finding, ...]:
    """Check everything that a build needs, without changing anything or loading a heavy library."""
    return (
        _python(),
        _engine(config),
        _package(gettext("PyAV (decoding)"), "av", "av"),
        _package(gettext("Numba (layout)"), "numba", "numba"),
        _package(gettext("HDBSCAN (regions)"), "hdbscan", "hdbscan"),
        _weights(config),
        _package(gettext("yt-dlp (downloading)"), "yt_dlp", "yt-dlp"),
        _javascript(),
        _spotify(config),
        _template(),
        *_plugins(),
        _folder(gettext("Cache"), config.cache_dir),
        _folder(gettext("Output"), config.out),
        _room(config.cache_dir),
        _settings(),
    )


def as_text(findings: tuple[Finding, ...]) -> str:
    """Return one line per finding, followed by its hint if something is wrong."""
    width = max(display_width(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{MARKS[finding.level]} {pad_to_width(finding.name, width)}  {finding.detail}")
        if finding.hint and finding.level != "ok":
            lines.append(f"  {'':<{width}}  {finding.hint}")
    return "\n".join(map(printable, lines))


def as_json(findings: tuple[Finding, ...]) -> str:
    """Return the findings as a JSON list, for programs."""
    document = json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2)
    return printable_json(document)


def _python() -> Finding:
    system = f"{platform.system()} {platform.machine()}"
    found = gettext("{version} on {system}", version=platform.python_version(), system=system)
    good = (3, 11) <= sys.version_info[:2] < (3, 15)
    return Finding("Python", "ok" if good else "error", found, gettext("Use Python 3.11, 3.12, 3.13 or 3.14."))


def _package(name: str, module: str, distribution: str, hint: str = "") -> Finding:
    command = f"pip install {distribution}"
    hint = hint or gettext("Install it: {command}", command=command)
    if importlib.util.find_spec(module) is None:
        return Finding(name, "error", gettext("not installed"), hint)
    try:
        return Finding(name, "ok", version(distribution))
    except PackageNotFoundError:
        return Finding(name, "ok", gettext("installed, version unknown"))


def _engine(config: Config) -> Finding:
    """Check that the chosen inference engine is installed."""
    from spotmap_build.embed import engines

    if engines.choose(config.engine) == "onnx":
        found = _package(gettext("Engine (analysis)"), "onnxruntime", "onnxruntime")
        return replace(found, detail=f"onnxruntime {found.detail}")
    hint = gettext(
        "There are wheels for Linux x86_64 (Python 3.11 to 3.13) and macOS (arm64: 3.11, 3.12; x86_64: 3.11). "
        "Elsewhere use --engine onnx."
    )
    found = _package(gettext("Engine (analysis)"), "essentia", "essentia-tensorflow", hint)
    return replace(found, detail=f"Essentia {found.detail}")


def _weights(config: Config) -> Finding:
    from spotmap_build.embed import engines, weights
    from spotmap_build.registry import embedders

    engine = engines.choose(config.engine)
    spec = embedders.find(embedders.DEFAULT).on(engine)
    path = weights.find(spec, config.models_dir)
    if path is not None:
        here = sum(weights.find_head(head.file_on(engine), config.models_dir) is not None for head in spec.heads)
        found = gettext(
            "{name} and {here} of its {heads} heads in {folder}",
            name=spec.name,
            here=here,
            heads=len(spec.heads),
            folder=path.parent,
        )
        return Finding(gettext("Weights"), "ok", found)
    hint = gettext("The first build that needs them downloads them (18 MB); --embedder musicnn needs no download.")
    return Finding(gettext("Weights"), "warning", gettext("{name} is not downloaded yet", name=spec.name), hint)


def _javascript() -> Finding:
    from spotmap_build.acquire.youtube.javascript import find_runtime

    runtime = find_runtime()
    if runtime is None:
        hint = gettext("Downloads from YouTube need one: pip install deno, or install Deno or Node 22 yourself.")
        return Finding("JavaScript", "warning", gettext("no runtime was found"), hint)
    return Finding("JavaScript", "ok", f"{runtime.name} {runtime.version}")


def _spotify(config: Config) -> Finding:
    from spotmap_build.fetch.spotify.settings import SpotifySettings
    from spotmap_build.fetch.spotify.token import remaining

    try:
        login = SpotifySettings.from_config(config).known_login(lambda _text: None)
    except LoginError as error:
        return Finding(gettext("Spotify login"), "warning", translate(error.message), translate(error.hint))
    now_unix_s = time.time()
    level: Level = "warning" if login.is_ending(now_unix_s) else "ok"
    return Finding(
        gettext("Spotify login"),
        level,
        translate(remaining(login, now_unix_s)),
        gettext("Only --source spotify needs it."),
    )


def _template() -> Finding:
    from spotmap_build.emit.template import read_template

    return Finding(gettext("Page template"), "ok", read_template().digest[:12])


def _plugins() -> tuple[Finding, ...]:
    """Check the plugins; no findings if there are none."""
    from spotmap_build.registry import plugins
    from spotmap_build.registry.embedders import EMBEDDERS, EmbedderSpec
    from spotmap_build.registry.sources import SOURCES, SourceKind
    from spotmap_build.registry.themes import THEMES, Theme

    tables: tuple[tuple[plugins.Group, type[plugins.Row], frozenset[str]], ...] = (
        ("sources", SourceKind, frozenset(kind.name for kind in SOURCES)),
        ("embedders", EmbedderSpec, frozenset(EMBEDDERS)),
        ("themes", Theme, frozenset(theme.name for theme in THEMES)),
    )
    findings = []
    for group, row_type, ours in tables:
        added = [
            f"{name} ({plugins.package_of(points[0])})" for name, points in plugins.entry_points_by_name(group).items()
        ]
        problems = [
            Finding(f"Added {group}", "warning", translate(each.message), translate(each.hint))
            for each in plugins.plugin_errors(group, row_type, ours)
        ]
        findings += problems or ([Finding(f"Added {group}", "ok", ", ".join(added))] if added else [])
    return tuple(findings)


def _folder(name: str, folder: Path) -> Finding:
    """Check that files can be created in a folder, or in its nearest existing parent."""
    try:
        with tempfile.TemporaryFile(dir=nearest_folder(resolve_path(folder))):
            pass
        is_there = folder.is_dir()
    except OSError as error:
        detail = gettext("{folder} cannot be written: {reason}", folder=folder, reason=error.strerror)
        return Finding(name, "error", detail, gettext("Choose another place with --out or --cache-dir."))
    return Finding(name, "ok", str(folder) if is_there else gettext("{folder} (will be created)", folder=folder))


def _room(folder: Path) -> Finding:
    try:
        free_bytes = shutil.disk_usage(nearest_folder(resolve_path(folder))).free
    except OSError as error:
        unknown = gettext("free space of {folder} is unknown: {reason}", folder=folder, reason=error.strerror)
        return Finding(gettext("Disk"), "warning", unknown, gettext("Choose another place."))
    level: Level = "ok" if free_bytes >= ROOM_BYTES else "warning"
    size = f"{free_bytes / 1e9:.1f}"
    hint = gettext("Free some space, or choose another disk.")
    return Finding(gettext("Disk"), level, gettext("{size} GB free", size=size), hint)


def _settings() -> Finding:
    given = sorted(name for name in os.environ if name.startswith("SPOTMAP_"))
    file = CONFIG_FILE if Path(CONFIG_FILE).exists() else gettext("no spotmap.toml")
    return Finding(gettext("Settings"), "ok", ", ".join([file, *given]))
