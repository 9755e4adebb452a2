"""What Python spends on its own memory."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SELDOM: Final = (500_000, 20, 50)
"""Instead of 700, 10 and 10: new objects until the youngest are looked through, and how seldom older ones are."""


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look seldom for cycles of objects that nobody needs any more, for as long as the context is.

    A build makes millions of objects that stay, and hardly any cycles: looking for these again and again took a sixth
    of the time of a map of 100,000 tracks with places of their own.
    """
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
