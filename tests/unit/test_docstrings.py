"""Examples in docstrings are run as doctests."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_EXAMPLES = [path for path in sorted((ROOT / "spotmap_build").rglob("*.py")) if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_of_a_module_are_correct(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    results = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (results.failed, results.attempted > 0) == (0, True)
