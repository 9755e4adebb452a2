"""The metric setting determines how vectors of a table are preprocessed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from spotmap_build.cache.memo import Cached
from spotmap_build.config import Config
from spotmap_build.settings import METRICS
from spotmap_build.stages.embed import PREPROCESSING, embed


@pytest.mark.parametrize(
    ("config", "preprocessing"),
    [
        (Config(), "center"),
        (Config(metric="centered"), "center"),
        (Config(metric="cosine"), "none"),
        (Config(metric="standardized"), "zscore"),
    ],
)
def test_metric_determines_the_preprocessing(config: Config, preprocessing: str) -> None:
    vectors = Cached("digest", lambda: np.ones((0, 3), np.float32))
    fetched = SimpleNamespace(
        is_placed=False,
        usable_tracks=(),
        loaded=SimpleNamespace(vectors=vectors),
        library=SimpleNamespace(failures=()),
    )
    (embedded,) = embed(cast("Any", SimpleNamespace(config=config)), cast("Any", fetched))
    assert embedded.preprocessing == preprocessing
    assert embedded.embeddings.value.vectors.shape == (0, 3)


def test_every_metric_has_a_preprocessing() -> None:
    assert set(PREPROCESSING) == set(METRICS)
