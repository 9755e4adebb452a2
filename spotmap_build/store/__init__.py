"""The store: what was heard and matched, kept where it lasts and where other machines of the same person find it.

``push`` sends to it what the cache knows and it does not, ``pull`` the other way round (``exchange``). A store is a
folder (``folder``) or a branch of a git repository (``git``), which ``addresses`` tells apart; what lies in it are
packs (``packs``).
"""

from __future__ import annotations

from spotmap_build.store.addresses import DEFAULT_ADDRESS, open_store
from spotmap_build.store.sync import Pulled, Pushed, keys_of_map, pull, push

__all__ = ["DEFAULT_ADDRESS", "Pulled", "Pushed", "keys_of_map", "open_store", "pull", "push"]
