"""Weights of the models: part of the package, or downloaded once, verified and stored in the user's cache folder.

A file is accepted only if its SHA-256 is the expected one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.documents import parse_json
from spotmap_build.core.files import open_regular, read_bounded, write_atomically
from spotmap_build.core.text import printable
from spotmap_build.core.translation import gettext
from spotmap_build.errors import WeightsError

if TYPE_CHECKING:
    from spotmap_build.registry.embedders import EmbedderSpec, WeightsSpec
    from spotmap_build.registry.heads import HeadFile

HINT: Final = (
    "Check the connection and build again; the download continues. Or use --embedder musicnn, which needs no download."
)
LABELS_LIMIT_BYTES: Final = 1 << 20
MAX_LABEL_LENGTH: Final = 100
MAX_HEAD_BYTES: Final = 8 << 20
HEAD_HINT: Final = "The map is built without it. The next build tries again; --no-heads leaves all heads out."


def folder(models_dir: Path | None) -> Path:
    """Return the folder of downloaded weights: ``models_dir``, or one in the user's cache folder."""
    if models_dir is not None:
        return models_dir
    import platformdirs

    return Path(platformdirs.user_cache_path("spotmap-build")) / "models"


def find(spec: EmbedderSpec, models_dir: Path | None) -> Path | None:
    """Return an embedder's weights if they are on this machine and intact. Does not download."""
    if spec.weights is None:
        return packaged_path(spec.packaged)
    path = folder(models_dir) / spec.weights.file_name
    return path if _is_intact(path, spec.weights) and _stored_labels(spec.weights, models_dir) else None


def ensure_weights(
    spec: EmbedderSpec, models_url: str | None, models_dir: Path | None, *, say: Callable[[str], None]
) -> Path:
    """Return an embedder's weights, downloading them if necessary.

    Parameters
    ----------
    models_url : str | None
        Base address for :attr:`WeightsSpec.url_path`; None if downloads are not allowed.
    models_dir : Path | None
        The folder to store them in; the user's cache folder if None.
    say : Callable[[str], None]
        Called with a message about the download and the license of the weights.

    Raises
    ------
    WeightsError
        They cannot be downloaded or stored, or the downloaded file is not the expected one.
    """
    found = find(spec, models_dir)
    if found is not None:
        return found
    if models_url is None:
        raise WeightsError(
            f"The weights of {spec.name} are not on this machine, and this build may not download anything.",
            hint="Build once without --offline, or use --embedder musicnn, whose weights are in the package.",
        )
    assert spec.weights is not None
    weights = spec.weights
    size = f"{weights.size_bytes / 1e6:.0f}"
    message = gettext("Downloading the weights of {embedder} ({size} MB, once).", embedder=spec.name, size=size)
    say(f"{message} {gettext(weights.notice)}".rstrip())
    target = folder(models_dir) / weights.file_name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _is_intact(target, weights):
            _fetch_weights(weights, models_url, target)
        if not _stored_labels(weights, models_dir):
            _fetch_labels(weights, models_url, target.with_name(weights.labels_file_name))
    except OSError as error:
        raise WeightsError(
            f"The weights of {spec.name} cannot be stored in {target.parent}: {error.strerror or error}.",
            hint="Free some space, or choose another folder with SPOTMAP_MODELS_DIR.",
        ) from error
    return target


def find_head(head: HeadFile, models_dir: Path | None) -> Path | None:
    """Return a head's file if it is on this machine and intact. Does not download."""
    path = folder(models_dir) / head.file_name
    return path if _has_digest(path, head.sha256) else None


def ensure_head(head: HeadFile, models_url: str | None, models_dir: Path | None) -> Path:
    """Return a head's file, downloading it if necessary.

    Raises
    ------
    WeightsError
        It cannot be downloaded or stored, or the downloaded file is not the expected one.
    """
    found = find_head(head, models_dir)
    if found is not None:
        return found
    if models_url is None:
        raise WeightsError(
            f"{head.file_name} is not on this machine, and this build may not download anything.", hint=HEAD_HINT
        )
    from spotmap_build.embed.download import fetch_small

    url = _join(models_url, head.url_path)
    content = fetch_small(url, MAX_HEAD_BYTES, hint=HEAD_HINT)
    if digest_bytes(content) != head.sha256:
        raise WeightsError(f"{url} is not the expected file (its SHA-256 differs).", hint=HEAD_HINT)
    path = folder(models_dir) / head.file_name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise WeightsError(f"{path} cannot be stored: {error.strerror or error}.", hint=HEAD_HINT) from error
    return path


def tag_names(spec: EmbedderSpec, models_dir: Path | None) -> tuple[str, ...]:
    """Return the names of an embedder's tags, ``spec.tag_count`` of them: "Electronic---House" or "electronic".

    Raises
    ------
    WeightsError
        The weights that the names belong to are not on this machine.
    """
    if spec.weights is not None:
        return read_labels(spec.weights, models_dir)
    if not spec.tag_count:
        return ()
    names = packaged_path(spec.packaged).with_suffix(".tags.txt").read_text(encoding="utf-8")
    return tuple(names.split("\n")[: spec.tag_count])


def read_labels(weights: WeightsSpec, models_dir: Path | None) -> tuple[str, ...]:
    """Return the names of the classes ("Electronic---House") in the order of the model's output.

    Raises
    ------
    WeightsError
        The file of class names is missing or invalid.
    """
    labels = _stored_labels(weights, models_dir)
    if not labels:
        raise WeightsError(
            f"The names of the model's classes ({weights.labels_file_name}) are not in {folder(models_dir)}.", hint=HINT
        )
    return labels


def packaged_path(name: str) -> Path:
    """Return a data file of this package, or of another one (``package:file``)."""
    package, colon, file = name.partition(":")
    folder = resources.files(package) if colon else resources.files("spotmap_build.embed") / "data"
    return Path(str(folder / (file if colon else name)))


def parse_labels(content: bytes, class_count: int, sha256: str) -> tuple[str, ...]:
    """Return the class names in a model's description; empty if they are not ``class_count`` names of styles.

    ``sha256``: expected digest of the names, one per line; empty if it is not known.
    """
    try:
        classes = parse_json(content)["classes"]
    except (ValueError, KeyError, TypeError):
        return ()
    if not isinstance(classes, list) or len(classes) != class_count or not all(map(_is_label, classes)):
        return ()
    has_digest = not sha256 or digest_bytes("\n".join(classes).encode()) == sha256
    return tuple(classes) if has_digest and len(set(classes)) == class_count else ()


def _is_label(name: object) -> bool:
    return (
        isinstance(name, str)
        and len(name) <= MAX_LABEL_LENGTH
        and printable(name) == name
        and "\ufffd" not in name
        and re.fullmatch(r".+---.+", name) is not None
    )


def _stored_labels(weights: WeightsSpec, models_dir: Path | None) -> tuple[str, ...]:
    """Return the class names in the file on this machine; empty if it is missing or invalid."""
    try:
        content = read_bounded(folder(models_dir) / weights.labels_file_name, LABELS_LIMIT_BYTES)
    except OSError:
        return ()
    return parse_labels(content, weights.class_count, weights.classes_sha256)


def _is_intact(path: Path, weights: WeightsSpec) -> bool:
    try:
        return path.stat().st_size == weights.size_bytes and _has_digest(path, weights.sha256)
    except OSError:
        return False


def _has_digest(path: Path, sha256: str) -> bool:
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _fetch_weights(weights: WeightsSpec, models_url: str, target: Path) -> None:
    from spotmap_build.embed.download import download

    # The name contains the digest, so that a partial download is never continued with another version.
    part = target.with_name(f"{target.name}.{weights.sha256[:12]}.part")
    url = _join(models_url, weights.url_path)
    download(url, part, weights.size_bytes, hint=HINT)
    if not _is_intact(part, weights):
        part.unlink(missing_ok=True)
        raise WeightsError(
            f"{url} is not the expected file (its SHA-256 differs); it was deleted.",
            hint="If you set SPOTMAP_MODELS, check that the address is an exact mirror. Or use --embedder musicnn.",
        )
    part.replace(target)


def _fetch_labels(weights: WeightsSpec, models_url: str, target: Path) -> None:
    from spotmap_build.embed.download import fetch_small

    url = _join(models_url, weights.labels_url_path)
    content = fetch_small(url, LABELS_LIMIT_BYTES, hint=HINT)
    if not parse_labels(content, weights.class_count, weights.classes_sha256):
        raise WeightsError(
            f"{url} does not name the model's {weights.class_count} classes.",
            hint="If you set SPOTMAP_MODELS, check that the address is an exact mirror. Or use --embedder musicnn.",
        )
    write_atomically(target, content)


def _join(models_url: str, url_path: str) -> str:
    return f"{models_url.rstrip('/')}/{url_path}"
