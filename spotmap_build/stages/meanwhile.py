"""While workers listen this process waits: it loads what the map will be made with, and reads what it is made of."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLL_S: Final = 0.1


@contextmanager
def loading_for_the_map(
    read_ahead: Callable[[Callable[[], bool]], None], *, new_share: float, has_heard: Callable[[], bool]
) -> Iterator[None]:
    """Load the packages that the map needs in a thread of their own, until what is done inside is done.

    UMAP only where so large a share of the tracks is new that the map is laid out, and once one can be on it
    (``has_heard``): the first time on a machine it takes half a minute to compile, which nobody waits for whose build
    comes to nothing. Then ``read_ahead`` has the rest of the time; it is given what says that there is no more.
    """
    is_over = threading.Event()

    def prepare() -> None:
        _load()
        with suppress(Exception):  # whoever needs it says so
            if _comes_true(has_heard, is_over):
                _load_umap(new_share)
            read_ahead(is_over.is_set)

    thread = _start(prepare)
    try:
        yield
    except Exception:
        is_over.set()
        thread.join()  # a build that starts over loads the same, and two at once get in each other's way
        raise
    finally:
        is_over.set()
    thread.join()


def start_loading() -> threading.Thread:
    """Load the packages that every map needs, and return the thread that does.

    It is to be joined before they are used. UMAP is not among them.
    """
    return _start(_load)


def _start(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="load", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    with suppress(Exception):  # whoever needs it says so
        import numpy as np

        from spotmap_build.cluster.hdbscan import load_hdbscan
        from spotmap_build.emit import assemble  # noqa: F401 - for what it imports
        from spotmap_build.emit.page import EXAMPLE, render_pages
        from spotmap_build.emit.template import read_template
        from spotmap_build.project.neighbors import find_neighbors

        render_pages(read_template(), EXAMPLE)  # loads Jinja
        find_neighbors(np.eye(3, dtype=np.float32), 1, seed=0)  # loads the compiled code as well
        load_hdbscan()


def _comes_true(is_so: Callable[[], bool], is_over: threading.Event) -> bool:
    """Wait until it is so; return false where that is over first."""
    while not is_so():
        if is_over.wait(POLL_S):
            return False
    return True


def _load_umap(new_share: float) -> None:
    import numpy as np

    from spotmap_build.project.anchoring import FEW_CHANGED_SHARE
    from spotmap_build.project.layout import SMALLEST_FOR_UMAP
    from spotmap_build.project.neighbors import find_neighbors
    from spotmap_build.project.umap_layout import fit_umap

    if new_share > FEW_CHANGED_SHARE:
        few = np.eye(SMALLEST_FOR_UMAP, dtype=np.float32)
        fit_umap(few, find_neighbors(few, 2, seed=0), few[:, :2].copy(), min_dist=0.1, n_epochs=2, random_state=0)
