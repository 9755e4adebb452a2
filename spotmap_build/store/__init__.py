"""The store: durable storage for analysis results and matches, shared between the machines of one person.

``push`` copies missing results from the cache to the store, ``pull`` from the store to the cache (``sync``). A
store is a folder (``folder``) or a branch of a git repository (``git``); ``addresses`` decides which. Results are
stored in packs (``packs``).
"""

from __future__ import annotations

from spotmap_build.store.addresses import DEFAULT_ADDRESS, open_store
from spotmap_build.store.sync import Pulled, Pushed, keys_of_map, pull, push

__all__ = ["DEFAULT_ADDRESS", "Pulled", "Pushed", "keys_of_map", "open_store", "pull", "push"]
