"""Ways to make a vector of a sound. To add one, add an entry to :data:`EMBEDDERS`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from spotmap_build.errors import ConfigError
from spotmap_build.registry import plugins
from spotmap_build.registry.features import FEATURES_VERSION
from spotmap_build.registry.heads import NOTICE, OF_EFFNET, HeadSpec

EngineName = Literal["essentia", "onnx"]
"""What runs networks, see ``embed.engines``."""


@dataclass(frozen=True, slots=True)
class WeightsSpec:
    """A file of weights that has to be fetched.

    ``url_path``: below the address of the models. ``labels_url_path``: of the ``.json`` file with the names of its
    classes, of which there are several versions that say the same: not the file is checked, but the names in it
    (``classes_sha256``).
    ``notice``: the terms under which its makers give it, shown to the person when it is fetched.
    """

    url_path: str
    labels_url_path: str
    size_bytes: int
    sha256: str
    class_count: int
    notice: str

    @property
    def classes_sha256(self) -> str:
        """Digest of the names of the classes, one a line; empty for weights of which they are not known."""
        return _CLASSES_SHA256.get(self.sha256, "")

    @property
    def file_name(self) -> str:
        """What the file is called in the folder of the models."""
        return self.url_path.rsplit("/", 1)[-1]

    @property
    def labels_file_name(self) -> str:
        """What the file with the names of the classes is called there."""
        return self.labels_url_path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """One way to make a vector of a sound.

    ``model``: what it is, as ``module:attribute``: called with the path of the weights and an
    :class:`~spotmap_build.embed.engines.Engine`, it gives a function from samples (float32 ``[n]``, mono, 16 kHz) to a
    :class:`~spotmap_build.embed.patches.Heard`. ``summary``: what ``--help`` says of it, after its name.
    ``dimensions``: length of its vectors. ``tag_count``: of its tags.
    ``own_version``: to be raised whenever our code gives other numbers for the same sound (any of decoding, patches,
    pooling), so that the cache notices.
    ``preprocessing``: how vectors of a library are made comparable by angle, see ``project.preprocessing``.
    ``weights``: what has to be fetched, or None where they are in a package: in this one as ``data/<packaged>``, in
    another one as ``package:file``. The names of the tags lie beside them, one a line, as ``NAME.tags.txt``. An
    embedder without weights has neither, nor tags, and the path that its model is given means nothing.
    ``weights_sha256``: the digest of the weights that Essentia runs. It names what the network has learned, whichever
    engine runs it.
    ``onnx_weights``, ``onnx_packaged``: the same network for onnxruntime.
    ``heads``: what else can be read out of its vectors; its model is then called with those that there are, too.
    ``package``: which installed package adds it; empty for what is ours.
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
        """The version of everything of ours that decides what is kept of a track: the embedder and the features."""
        return self.own_version + FEATURES_VERSION

    def on(self, engine: EngineName) -> EmbedderSpec:
        """Return the same embedder, with the weights that this engine reads."""
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
"""Its weights are in the package, so that the demo needs no network."""
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
    """Return what ``--embedder`` can be: our own, and what installed packages add."""
    return (*EMBEDDERS, *plugins.announced("embedders"))


def get(name: str) -> EmbedderSpec:
    """Return the embedder of that name: one of :data:`EMBEDDERS`, else what an installed package adds.

    Raises
    ------
    ConfigError
        There is none, or more than one package adds it.
    PluginError
        A package adds it, and it cannot be imported.
    """
    if name in EMBEDDERS:
        return EMBEDDERS[name]
    try:
        return plugins.load_row("embedders", name, EmbedderSpec)
    except KeyError:
        raise ConfigError(f"There is no embedder '{name}'.", hint=f"There are: {', '.join(names())}.") from None


def environment(spec: EmbedderSpec) -> dict[str, str]:
    """Return what, besides the sound and our own code, an embedding depends on: a part of its cache key.

    Not the versions of engines or the machine, which change the last bits only: listening to a library once more is too
    dear for that (docs/decisions/0001). A test with recorded results tells when they change more. Two packages may call
    what they add alike.
    """
    ours = {"embedder": spec.name, "weights": spec.weights_sha256}
    return {**ours, "package": spec.package} if spec.package else ours


def identity(spec: EmbedderSpec) -> str:
    """Return what a card names an embedder by: equal where vectors of two people can be compared.

    Examples
    --------
    >>> identity(EMBEDDERS["musicnn"])
    'musicnn 2 7d24e07e9601'
    """
    package = f" of {spec.package}" if spec.package else ""
    return f"{spec.name} {spec.own_version} {spec.weights_sha256[:12]}{package}"
