"""Classifier heads on an embedding: run on the patches of a recording during analysis, or on cached vectors later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed import engines
from spotmap_build.errors import WeightsError
from spotmap_build.model import Done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.embed.engines import Engine
    from spotmap_build.model import Failed, Float32Array
    from spotmap_build.registry.embedders import EngineName

INPUT: Final = "model/Placeholder"


@dataclass(frozen=True, slots=True)
class Head:
    """The file of a head on this machine, and its output. Can be pickled."""

    path: str
    output_node: str
    class_count: int


class Heads:
    """The loaded heads. Raises the errors of :class:`~spotmap_build.embed.engines.Engine` while loading."""

    def __init__(self, heads: Sequence[Head], engine: Engine) -> None:
        self._heads = heads
        self._networks = [
            engine.load_network(Path(head.path), input_name=INPUT, output_names=(head.output_node,)) for head in heads
        ]

    def __call__(self, embeddings: Float32Array) -> tuple[Float32Array, ...]:
        """Return the activations of each head for each embedding: float32 ``[n, classes]`` in 0..1.

        Raises
        ------
        WeightsError
            A head has another number of classes.
        """
        outputs = []
        for head, network in zip(self._heads, self._networks, strict=True):
            (activations,) = network(embeddings)
            if activations.shape != (len(embeddings), head.class_count):
                raise WeightsError(
                    f"{head.path} has {activations.shape[1]} classes, not {head.class_count}.",
                    hint="Delete the file; the next build downloads it again. Or leave heads out: --no-heads.",
                )
            outputs.append(activations)
        return tuple(outputs)


@dataclass(frozen=True, slots=True)
class VectorsJob:
    """Vectors of recordings that were embedded without these heads: float32 ``[n, d]``. Can be pickled.

    ``track_id``: identifies the job, which covers many tracks.
    """

    track_id: str
    vectors: Float32Array
    heads: tuple[Head, ...]
    engine: EngineName
    duration_ms: int | None = None


def apply_heads(job: VectorsJob) -> Done[Float32Array] | Failed:
    """Return the activations of all heads for each vector: float32 ``[n, total classes]``. For worker processes.

    Raises
    ------
    ConfigError, WeightsError
        The engine or a head cannot be loaded.
    """
    return Done(np.hstack(Heads(job.heads, engines.load(job.engine))(job.vectors)))
