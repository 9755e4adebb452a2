"""Describe tracks whose given positions are far from all others. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

NAMED: Final = 3


def describe_strays(titles: Sequence[str], track_count: int) -> str:
    """Return a sentence that names the first of them; empty if there are none."""
    if not titles:
        return ""
    names = ", ".join(f"“{title}”" for title in titles[:NAMED])
    more = f" and {len(titles) - NAMED:,} more" if len(titles) > NAMED else ""
    verb, whose = ("lies", "It is") if len(titles) == 1 else ("lie", "They are")
    return (
        f"{len(titles):,} of {track_count:,} tracks {verb} so far from all others that these would be a dot: "
        f"{names}{more}. {whose} shown at the rim, in the right direction but not at the right distance."
    )
