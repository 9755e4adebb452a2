"""Keep the identity of clusters across builds, by the overlap of their tracks. Pure.

People remember a map: the violet region of slow strings has to keep its color and name after fifty tracks were added.
The labels of a clustering are arbitrary numbers, so identities are matched by overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from spotmap_build.core.language import page_message

MIN_SHARE: Final = 0.5
"""Minimum share of the smaller one that an old and a new cluster must have in common to be the same cluster, counting
only tracks on both maps."""
NOTABLE_SHARE: Final = 0.2
"""Minimum share of an old cluster's tracks for a target, or of a new cluster's tracks for a source."""

EventKind = Literal["split", "merged", "new", "gone"]


@dataclass(frozen=True, slots=True)
class KnownCluster:
    """A cluster of the last map. ``members``: ids of tracks; ``color``: index in the palette, 0.."""

    id: str
    name: str
    color: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of a cluster. ``kept``: number of its tracks that were in it before.

    ``name``: its old name; empty if it is new, or if more than half of its tracks are, which the old name does not
    describe.
    """

    id: str
    color: int
    name: str = ""
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """Tracks that moved from the old cluster ``source`` to the new cluster ``target`` (ids)."""

    source: str
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a cluster (``id``). ``flows``: sorted by decreasing number of tracks."""

    kind: EventKind
    id: str
    flows: tuple[Flow, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchedClusters:
    """``identities`` in the order of the new clusters; ``next_number`` must be passed to the next build."""

    identities: tuple[Identity, ...]
    events: tuple[Event, ...]
    next_number: int


def match_clusters(
    previous: Sequence[KnownCluster],
    members: Sequence[Sequence[str]],
    *,
    next_number: int = 1,
    prefix: str = "region",
) -> MatchedClusters:
    """Give every new cluster the identity of the matching old one, or a new identity.

    Old and new clusters are matched so that as many tracks as possible stay in a cluster with the same id (an
    assignment problem, solved by the Hungarian method). Pairs with less than half of the smaller one in common do not
    match.

    Parameters
    ----------
    previous : sequence of KnownCluster
        The clusters of the last map; empty for the first build.
    members : sequence of sequences of str
        Ids of the tracks of every new cluster, largest cluster first (new colors are assigned in this order).
    next_number : int
        The number returned by the last build. Ids are ``<prefix>-<number>`` and never reused.
    prefix : str
        Prefix of ids.

    Returns
    -------
    MatchedClusters
        The identity of each new cluster, the changes of the old ones, and the next number.

    Examples
    --------
    >>> last = [KnownCluster("region-1", "Jazz", 0, ("a", "b", "c"))]
    >>> matched = match_clusters(last, [["x", "y", "z"], ["b", "c", "d"]], next_number=2)
    >>> [identity.id for identity in matched.identities]
    ['region-2', 'region-1']
    """
    overlaps = _overlaps(previous, members)
    pairs = _pair(previous, members, overlaps)
    used = [int(old.id.rpartition("-")[2]) for old in previous if old.id.rpartition("-")[2].isdecimal()]
    number = max([next_number, *(value + 1 for value in used)])
    colors = {previous[old].color for old in pairs.values()}
    identities = []
    for new in range(len(members)):
        if new in pairs:
            old = previous[pairs[new]]
            kept = overlaps[pairs[new], new]
            name = old.name if 2 * kept >= len(members[new]) else ""
            identities.append(Identity(old.id, old.color, name, kept))
        else:
            color = next(value for value in range(len(colors) + 1) if value not in colors)
            colors.add(color)
            identities.append(Identity(f"{prefix}-{number}", color))
            number += 1
    return MatchedClusters(tuple(identities), _events(previous, identities, overlaps, members), number)


def describe_events(events: Sequence[Event], names: dict[str, str]) -> tuple[str, ...]:
    """Describe events in words. ``names``: names of old and new clusters by id; the new name if both have the id."""
    return tuple(_describe(event, names) for event in events)


def _overlaps(previous: Sequence[KnownCluster], members: Sequence[Sequence[str]]) -> Counter[tuple[int, int]]:
    """Return the number of common tracks of each pair of old (first index) and new cluster (second index)."""
    old_of = {track: number for number, old in enumerate(previous) for track in old.members}
    return Counter(
        (old_of[track], number) for number, tracks in enumerate(members) for track in tracks if track in old_of
    )


def _pair(
    previous: Sequence[KnownCluster], members: Sequence[Sequence[str]], overlaps: Counter[tuple[int, int]]
) -> dict[int, int]:
    """Match new clusters with old ones."""
    if not overlaps:
        return {}
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    now = {track for tracks in members for track in tracks}
    surviving = [sum(track in now for track in old.members) for old in previous]
    before = {track for old in previous for track in old.members}
    known = [sum(track in before for track in tracks) for tracks in members]
    worth = np.zeros((len(previous), len(members)))
    for (old, new), count in overlaps.items():
        if count >= MIN_SHARE * min(surviving[old], known[new]):
            # Break ties in favor of the more similar pair: the sum of all these terms is below one track.
            alike = count / (surviving[old] + known[new] - count)
            worth[old, new] = count + alike / (len(members) + 1)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return {int(new): int(old) for old, new in zip(rows, columns, strict=True) if worth[old, new] > 0}


def _events(
    previous: Sequence[KnownCluster],
    identities: Sequence[Identity],
    overlaps: Counter[tuple[int, int]],
    members: Sequence[Sequence[str]],
) -> tuple[Event, ...]:
    if not previous:
        return ()
    flows = [
        (old, new, Flow(previous[old].id, identities[new].id, count))
        for (old, new), count in sorted(overlaps.items(), key=lambda item: (-item[1], item[0]))
    ]
    now = {identity.id for identity in identities}
    events = []
    for number, old in enumerate(previous):
        parts = [flow for source, _, flow in flows if source == number and _notable(flow, len(old.members))]
        if len(parts) > 1:
            events.append(Event("split", old.id, tuple(parts)))
        elif old.id not in now:
            events.append(Event("gone", old.id, tuple(parts)))
    before = {old.id for old in previous}
    for number, identity in enumerate(identities):
        sources = [flow for _, target, flow in flows if target == number and _notable(flow, len(members[number]))]
        # A few tracks of a neighbor are no merger: a source must have contributed a notable part of itself.
        given = [flow for flow in sources if _notable(flow, _size(previous, flow.source))]
        if len(given) > 1:
            events.append(Event("merged", identity.id, tuple(given)))
        elif identity.id not in before and not any(event.kind == "split" and _has(event, identity) for event in events):
            events.append(Event("new", identity.id, tuple(sources)))
    return tuple(events)


def _notable(flow: Flow, total: int) -> bool:
    return flow.count >= NOTABLE_SHARE * total


def _size(previous: Sequence[KnownCluster], cluster_id: str) -> int:
    return next(len(old.members) for old in previous if old.id == cluster_id)


def _has(event: Event, identity: Identity) -> bool:
    return any(flow.target == identity.id for flow in event.flows)


def _describe(event: Event, names: dict[str, str]) -> str:
    name = f"“{names.get(event.id, event.id)}”"
    to, of = page_message("{count} tracks to {cluster}"), page_message("{count} tracks of {cluster}")
    targets = ", ".join(
        to.format(count=flow.count, cluster=f"“{names.get(flow.target, flow.target)}”") for flow in event.flows
    )
    sources = " and ".join(
        of.format(count=flow.count, cluster=f"“{names.get(flow.source, flow.source)}”") for flow in event.flows
    )
    if event.kind == "split":
        return page_message("{cluster} split: {targets}.").format(cluster=name, targets=targets)
    if event.kind == "merged":
        return page_message("{cluster} now holds {sources}.").format(cluster=name, sources=sources)
    if event.kind == "gone":
        if targets:
            sentence = page_message("{cluster} is no longer a region of its own: {targets}.")
            return sentence.format(cluster=name, targets=targets)
        return page_message("{cluster} is no longer a region of its own.").format(cluster=name)
    if sources:
        return page_message("{cluster} is new, with {sources}.").format(cluster=name, sources=sources)
    return page_message("{cluster} is new.").format(cluster=name)
