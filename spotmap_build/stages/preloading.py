"""Preloading: while workers analyze audio, this process imports what the map needs and prefetches cached rows."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLL_S: Final = 0.1


@contextmanager
def preload_for_map(
    prefetch: Callable[[Callable[[], bool]], None], *, new_share: float, has_embeddings: Callable[[], bool]
) -> Iterator[None]:
    """Import the packages that the map needs in a background thread, for the duration of the ``with`` block.

    Parameters
    ----------
    prefetch
        Called after the imports with a function that returns true once it has to stop.
    new_share
        Share of the tracks that are new. UMAP is compiled only if it is large enough for a new layout.
    has_embeddings
        Whether at least one track can be on the map. UMAP is compiled only after that: the first compilation on a
        machine takes half a minute, and a build without any usable track must not wait for it.
    """
    stop = threading.Event()

    def prepare() -> None:
        _import_packages()
        with suppress(Exception):  # raised again where it is needed
            if _wait_until(has_embeddings, stop):
                _compile_umap(new_share)
            prefetch(stop.is_set)

    thread = _start(prepare)
    try:
        yield
    except Exception:
        stop.set()
        thread.join()  # a restarted build imports the same packages; two threads would block each other
        raise
    finally:
        stop.set()
    thread.join()


def start_preloading() -> threading.Thread:
    """Start to import the packages that every map needs, without UMAP, and return the thread.

    Join it before using them.
    """
    return _start(_import_packages)


def _start(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="preload", daemon=True)
    thread.start()
    return thread


def _import_packages() -> None:
    with suppress(Exception):  # raised again where it is needed
        import numpy as np

        from spotmap_build.cluster.hdbscan import load_hdbscan
        from spotmap_build.emit import assemble  # noqa: F401 - for its imports
        from spotmap_build.emit.page import EXAMPLE, render_pages
        from spotmap_build.emit.template import read_template
        from spotmap_build.project.neighbors import find_neighbors

        render_pages(read_template(), EXAMPLE)  # loads Jinja
        find_neighbors(np.eye(3, dtype=np.float32), 1, seed=0)  # also loads the compiled code
        load_hdbscan()


def _wait_until(condition: Callable[[], bool], stop: threading.Event) -> bool:
    """Wait until the condition holds; return false if ``stop`` is set first."""
    while not condition():
        if stop.wait(POLL_S):
            return False
    return True


def _compile_umap(new_share: float) -> None:
    import numpy as np

    from spotmap_build.project.anchoring import MAX_SHARE_TO_STAY
    from spotmap_build.project.layout import MIN_TRACKS_FOR_UMAP
    from spotmap_build.project.neighbors import find_neighbors
    from spotmap_build.project.umap_layout import fit_umap

    if new_share > MAX_SHARE_TO_STAY:
        few = np.eye(MIN_TRACKS_FOR_UMAP, dtype=np.float32)
        fit_umap(few, find_neighbors(few, 2, seed=0), few[:, :2].copy(), min_dist=0.1, n_epochs=2, random_state=0)
