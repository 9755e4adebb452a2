"""While workers listen this process waits: it loads what the map will be made with, which takes two seconds."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def loading_for_the_map() -> Iterator[None]:
    """Load the packages that every map needs in a thread of their own, until what is done inside is done.

    All but UMAP: where few tracks are new, nothing is laid out.
    """
    thread = start_loading()
    try:
        yield
    except Exception:
        thread.join()  # a build that starts over loads the same, and two at once get in each other's way
        raise
    thread.join()


def start_loading() -> threading.Thread:
    """Load the packages that every map needs, and return the thread that does: to be joined before they are used."""
    thread = threading.Thread(target=_load, name="load", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    with suppress(Exception):  # whoever needs it says so
        import numpy as np

        from spotmap_build.cluster.hdbscan import load_hdbscan
        from spotmap_build.emit import assemble  # noqa: F401 - for what it imports
        from spotmap_build.project.neighbors import find_neighbors

        find_neighbors(np.eye(3, dtype=np.float32), 1, seed=0)  # loads the compiled code as well
        load_hdbscan()
