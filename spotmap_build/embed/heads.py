"""Classifier heads on an embedding: run on the patches of a recording while it is listened to, or on vectors later."""

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
    """A head's file on this machine, and what comes out of it. Can be pickled."""

    path: str
    output_node: str
    class_count: int


class Heads:
    """The loaded heads; see :class:`~spotmap_build.embed.engines.Engine` for what can go wrong while loading."""

    def __init__(self, heads: Sequence[Head], engine: Engine) -> None:
        self._heads = heads
        self._networks = [
            engine.load_network(Path(head.path), input_name=INPUT, output_names=(head.output_node,)) for head in heads
        ]

    def __call__(self, embeddings: Float32Array) -> tuple[Float32Array, ...]:
        """Return what each head says of each embedding: float32 ``[n, classes]`` in 0..1.

        Raises
        ------
        WeightsError
            A head has another number of classes.
        """
        found = []
        for head, network in zip(self._heads, self._networks, strict=True):
            (activations,) = network(embeddings)
            if activations.shape != (len(embeddings), head.class_count):
                raise WeightsError(
                    f"{head.path} has {activations.shape[1]} classes, not {head.class_count}.",
                    hint="Delete the file; the next build fetches it again. Or leave heads out: --no-heads.",
                )
            found.append(activations)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class VectorsJob:
    """Vectors of recordings that were listened to without these heads: float32 ``[n, d]``. Can be pickled.

    ``track_id``: what tells it from other jobs; they are of many tracks each.
    """

    track_id: str
    vectors: Float32Array
    heads: tuple[Head, ...]
    engine: EngineName
    duration_ms: int | None = None


def apply_heads(job: VectorsJob) -> Done[Float32Array] | Failed:
    """Say of each vector what the heads say: float32 ``[n, all their classes]``, side by side. For worker processes.

    Raises
    ------
    ConfigError, WeightsError
        It cannot be done on this machine, or with these files.
    """
    return Done(np.hstack(Heads(job.heads, engines.load(job.engine))(job.vectors)))
