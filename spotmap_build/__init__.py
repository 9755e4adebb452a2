"""A music library as a map: tracks that sound alike lie together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spotmap_build.emit.read_map import read_map

__all__ = ["read_map"]


def __getattr__(name: str) -> Any:
    """Load an attribute on first access, so that the command starts quickly."""
    if name == "read_map":
        from spotmap_build.emit.read_map import read_map

        return read_map
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
