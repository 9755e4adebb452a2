"""Keep the code that numba compiles for functions of other packages, which they do not cache themselves."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@cache
def keep_compiled_code(compiled_functions: Callable[[], Iterable[Any]]) -> None:
    """Let numba cache these functions, next to their modules or in the user's cache folder."""
    # A read-only system without a home has no place for the cache, and other versions may use other names.
    with suppress(RuntimeError, AttributeError, ImportError):
        for function in compiled_functions():
            function.enable_caching()
