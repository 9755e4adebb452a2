"""Embedders, which compute a vector from audio. To add one, add an entry to :data:`EMBEDDERS`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from spotmap_build.errors import ConfigError
from spotmap_build.registry import plugins
from spotmap_build.registry.features import FEATURES_VERSION
from spotmap_build.registry.heads import NOTICE, OF_EFFNET, HeadSpec

EngineName = Literal["essentia", "onnx"]
"""An inference engine, see ``embed.engines``."""


@dataclass(frozen=True, slots=True)
class WeightsSpec:
    """A file of weights that has to be downloaded.

    ``url_path``: path below the base address of the models. ``labels_url_path``: path of the ``.json`` file with the
    class names. There are several versions of that file with the same names, so the digest of the names is checked
    (``classes_sha256``) rather than that of the file.
    ``notice``: the license terms, shown to the person before the download.
    """

    url_path: str
    labels_url_path: str
    size_bytes: int
    sha256: str
    class_count: int
    notice: str

    @property
    def classes_sha256(self) -> str:
        """Digest of the class names, one per line; empty if it is not known for these weights."""
        return _CLASSES_SHA256.get(self.sha256, "")

    @property
    def file_name(self) -> str:
        """Name of the file in the folder of the models."""
        return self.url_path.rsplit("/", 1)[-1]

    @property
    def labels_file_name(self) -> str:
        """Name of the file of class names in the folder of the models."""
        return self.labels_url_path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """One embedder.

    ``model``: the code as ``module:attribute``. Called with the path of the weights and an
    :class:`~spotmap_build.embed.engines.Engine`, it returns a function from samples (float32 ``[n]``, mono, 16 kHz) to
    a :class:`~spotmap_build.embed.patches.Embedding`. ``summary``: text after its name in ``--help``.
    ``dimensions``: length of its vectors. ``tag_count``: number of its tags.
    ``own_version``: raise it whenever our code gives different numbers for the same audio (by decoding, patches or
    pooling), so that cached results are not used any more.
    ``preprocessing``: how the vectors of a library are made comparable by angle, see ``project.preprocessing``.
    ``weights``: weights to download, or None if they are in a package: in this one as ``data/<packaged>``, in another
    one as ``package:file``. The tag names are next to them in ``NAME.tags.txt``, one per line. An embedder without
    weights has neither, nor tags, and its model ignores the path.
    ``weights_sha256``: digest of the weights for Essentia. It identifies the network for both engines.
    ``onnx_weights``, ``onnx_packaged``: the same network for onnxruntime.
    ``heads``: classifier heads on its vectors. The model is also called with those that are available.
    ``package``: the installed package that adds it; empty for our own.
    """

    name: str
    model: str
    summary: str
    dimensions: int
    tag_count: int
    own_version: int
    preprocessing: Literal["center", "zscore"]
    weights_sha256: str
    weights: WeightsSpec | None = None
    packaged: str = ""
    onnx_weights: WeightsSpec | None = None
    onnx_packaged: str = ""
    heads: tuple[HeadSpec, ...] = ()
    package: str = ""

    @property
    def code_version(self) -> int:
        """Version of all code that determines the cached results of a track: of the embedder and of the features."""
        return self.own_version + FEATURES_VERSION

    def on(self, engine: EngineName) -> EmbedderSpec:
        """Return the same embedder with the weights for this engine."""
        if engine == "essentia":
            return self
        return replace(self, weights=self.onnx_weights, packaged=self.onnx_packaged)


_EFFNET_SHA256: Final = "3ed9af50d5367c0b9c795b294b00e7599e4943244f4cbd376869f3bfc87721b1"
_EFFNET_ONNX_SHA256: Final = "a280825b334797cf677939db8cd5762c0392aedd0ca6415dbc1cd083f045e43c"
_EFFNET_FOLDER: Final = "feature-extractors/discogs-effnet"
_EFFNET_LABELS: Final = f"{_EFFNET_FOLDER}/discogs-effnet-bs64-1.json"
_CLASSES_SHA256: Final = dict.fromkeys(
    (_EFFNET_SHA256, _EFFNET_ONNX_SHA256), "42aacd08bc46fc7c0894d7007a78e2ac9b2c35ce1a267079d2616c09130f8a89"
)

DEFAULT: Final = "discogs-effnet"
DEMO_DEFAULT: Final = "musicnn"
"""Its weights are in the package, so the demo needs no network."""
EMBEDDERS: Final[dict[str, EmbedderSpec]] = {
    spec.name: spec
    for spec in (
        EmbedderSpec(
            name="discogs-effnet",
            model="spotmap_build.embed.discogs_effnet:DiscogsEffnet",
            summary="knows most styles (18 MB of weights are downloaded once)",
            dimensions=1280,
            tag_count=400,
            own_version=1,
            preprocessing="center",
            weights_sha256=_EFFNET_SHA256,
            weights=WeightsSpec(
                url_path=f"{_EFFNET_FOLDER}/discogs-effnet-bs64-1.pb",
                labels_url_path=_EFFNET_LABELS,
                size_bytes=18_366_619,
                sha256=_EFFNET_SHA256,
                class_count=400,
                notice=NOTICE,
            ),
            onnx_weights=WeightsSpec(
                url_path=f"{_EFFNET_FOLDER}/discogs-effnet-bsdynamic-1.onnx",
                labels_url_path=_EFFNET_LABELS,
                size_bytes=18_027_718,
                sha256=_EFFNET_ONNX_SHA256,
                class_count=400,
                notice=NOTICE,
            ),
            heads=OF_EFFNET,
        ),
        EmbedderSpec(
            name="musicnn",
            model="spotmap_build.embed.musicnn:Musicnn",
            summary="is built in",
            dimensions=1506,
            tag_count=50,
            own_version=2,
            preprocessing="zscore",
            weights_sha256="7d24e07e96015baa7a2a0226c4bf5e6d99cab1a77d5b947bc924c99d217cc833",
            packaged="msd-musicnn.pb",
            onnx_packaged="msd-musicnn.onnx",
        ),
    )
}


def names() -> tuple[str, ...]:
    """Return the values of ``--embedder``: our own embedders, and those of installed packages."""
    return (*EMBEDDERS, *plugins.entry_points_by_name("embedders"))


def find(name: str) -> EmbedderSpec:
    """Return the embedder with this name: one of :data:`EMBEDDERS`, or one of an installed package.

    Raises
    ------
    ConfigError
        There is none, or more than one package adds it.
    PluginError
        A package adds it, but it cannot be imported.
    """
    if name in EMBEDDERS:
        return EMBEDDERS[name]
    try:
        return plugins.load_row("embedders", name, EmbedderSpec)
    except KeyError:
        raise ConfigError(f"There is no embedder '{name}'.", hint=f"Embedders are: {', '.join(names())}.") from None


def environment(spec: EmbedderSpec) -> dict[str, str]:
    """Return what an embedding depends on besides the audio and our code, as part of its cache key.

    Versions of engines and the machine are not included: they change the last bits only, which does not justify
    analyzing a library again (docs/decisions/0001). A test with recorded results fails if they change more. The package
    is included, because two packages may use the same name.
    """
    ours = {"embedder": spec.name, "weights": spec.weights_sha256}
    return {**ours, "package": spec.package} if spec.package else ours


def identity(spec: EmbedderSpec) -> str:
    """Return the identity of an embedder on a card. Vectors of two people are comparable if it is equal.

    Examples
    --------
    >>> identity(EMBEDDERS["musicnn"])
    'musicnn 2 7d24e07e9601'
    """
    package = f" of {spec.package}" if spec.package else ""
    return f"{spec.name} {spec.own_version} {spec.weights_sha256[:12]}{package}"
