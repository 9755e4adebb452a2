"""Compute the changes that update a Spotify playlist to a list of the map, preserving the user's changes. Pure.

This is a three-way merge of the map's current list, the tracks added by earlier pushes, and the playlist on Spotify.
Tracks that an earlier push added and the list no longer has are removed. Tracks that the user added are kept, tracks
that they removed are not added again, and their name and order are preserved; ``exact`` undoes these changes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.identifiers import SPOTIFY_TRACK
from spotmap_build.core.text import unescape
from spotmap_build.core.translation import translatable

ITEMS_PER_REQUEST: Final = 100
MAX_TRACKS: Final = 10_000
"""Spotify's limit for one playlist."""
SAME_SHARE: Final = 0.5
"""Minimum fraction of the smaller of playlist and list that both must share for the playlist to belong to the list,
because the cluster ids of a map that was started over begin at 1 again. Clusters are matched across builds in the same
way."""
DESCRIPTION: Final = "From a music map; kept up to date by spotmap-build, which knows it by this: [{mark}]"
_MARKED: Final = re.compile(r"spotmap-build.*\[([0-9a-f]{16})\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WantedList:
    """A list of the map to push as a playlist: distinct Spotify URIs in playing order."""

    id: str
    name: str
    tracks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """The stored record of a playlist that a push created.

    ``put``: tracks of the map's list that pushes added, including those the user removed since. ``trying``: tracks that
    an interrupted push was about to add, with unknown outcome. ``is_unfinished``: a push started to change the playlist
    and did not finish.
    """

    playlist: str
    name: str
    put: tuple[str, ...] = ()
    trying: tuple[str, ...] = ()
    is_unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A playlist on Spotify: the URI of each row, empty for a row without one.

    ``version`` changes with the content; empty if Spotify does not provide it.
    """

    id: str
    name: str
    rows: tuple[str, ...]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Rename:
    """Rename the playlist."""

    name: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove all rows of these tracks."""

    tracks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Move ``length`` rows, beginning at ``start``, in front of the row ``before`` (index before the move)."""

    start: int
    length: int
    before: int


@dataclass(frozen=True, slots=True)
class Add:
    """Insert tracks at row ``position``."""

    position: int
    tracks: tuple[str, ...]


Operation = Rename | Remove | Move | Add


@dataclass(frozen=True, slots=True)
class Change:
    """The operations on one playlist, in order, one request each.

    ``playlist``: its id; empty if it has to be created first. ``before``: the record to store before the first request
    (once the playlist has an id). ``after``: the record to store after the last response. ``notes``: changes of the
    user that are preserved. ``version``: the version of the playlist for which this was computed.
    """

    wanted: WantedList
    playlist: str
    operations: tuple[Operation, ...]
    before: Made
    after: Made
    notes: tuple[str, ...] = ()
    is_left_alone: bool = False
    version: str = ""

    @property
    def makes(self) -> bool:
        """Whether a playlist is created."""
        return not self.playlist and not self.is_left_alone

    @property
    def is_needed(self) -> bool:
        """Whether anything changes on Spotify."""
        return self.makes or bool(self.operations)

    @property
    def added(self) -> tuple[str, ...]:
        """Tracks that are added."""
        return tuple(track for each in self.operations if isinstance(each, Add) for track in each.tracks)

    @property
    def removed(self) -> tuple[str, ...]:
        """Tracks that are removed."""
        return tuple(track for each in self.operations if isinstance(each, Remove) for track in each.tracks)

    @property
    def moved_count(self) -> int:
        """Number of rows that are moved."""
        return sum(each.length for each in self.operations if isinstance(each, Move))


def describe(list_id: str) -> str:
    """Return the description of the playlist for a list; :func:`mark_in` recognizes it."""
    return DESCRIPTION.format(mark=mark_of(list_id))


def mark_of(list_id: str) -> str:
    """Return the mark of a list in the description of its playlist."""
    return digest_bytes(f"spotmap-build list {list_id}".encode("utf-8", "surrogatepass"))[:16]


def mark_in(description: object) -> str:
    """Return the mark in a playlist's description, which Spotify returns HTML-escaped; empty if there is none."""
    found = _MARKED.search(unescape(description)) if isinstance(description, str) else None
    return found[1] if found else ""


def is_made_of(wanted: WantedList, name: str, tracks: Iterable[str]) -> bool:
    """Return whether a playlist with this name and these tracks may be an earlier state of the list."""
    held, now = set(tracks), set(wanted.tracks)
    smaller = min(len(held), len(now))
    return name == wanted.name or (smaller > 0 and len(held & now) >= SAME_SHARE * smaller)


def decide(wanted: WantedList, made: Made | None, found: Found | None, *, exact: bool = False) -> Change:
    """Compute the change that updates the playlist on Spotify.

    Parameters
    ----------
    wanted : WantedList
        The list of the map.
    made : Made or None
        The stored record of the playlist, if any.
    found : Found or None
        The playlist on Spotify, if it exists. Without a stored record, it was created by another push (perhaps on
        another machine), and tracks in both are assumed to have been added by it.
    exact : bool
        Undo the user's manual changes.

    Returns
    -------
    Change
        Idempotent: after it is applied, the next computed change is empty.
    """
    if found is None:
        return _from_nothing(wanted, made, exact=exact)
    there = set(found.rows)
    if made is None:
        put = tuple(track for track in wanted.tracks if track in there)
    else:
        put = (*made.put, *(track for track in made.trying if track in there and track not in made.put))
    ours, want = set(put), set(wanted.tracks)
    taken_out = set() if exact else {track for track in put if track in want and track not in there}
    own = {row for row in there if row.startswith(SPOTIFY_TRACK) and row not in ours and row not in want}
    gone = {row for row in there if row in ours and row not in want} | (own if exact else set())
    rows = [row for row in found.rows if row not in gone]
    target = [track for track in wanted.tracks if track not in taken_out]
    is_known_order = made is not None and not made.is_unfinished
    is_own_order = is_known_order and not exact and _is_rearranged(rows, put)
    moves = [] if is_own_order else _moves(rows, target)
    adds = _adds(rows, target, at_end=is_own_order)
    name = made.name if made else wanted.name
    is_own_name = not exact and found.name not in {name, wanted.name}
    rename = [Rename(wanted.name)] if found.name != wanted.name and not is_own_name else []
    removes = [Remove(part) for part in _parts(tuple(dict.fromkeys(row for row in found.rows if row in gone)))]
    added = {track for add in adds for track in add.tracks}
    after = Made(found.id, wanted.name, tuple(track for track in wanted.tracks if track in ours | added))
    before = Made(found.id, name, put, tuple(track for track in target if track in added), is_unfinished=True)
    notes = _notes(len(own) if not exact else 0, len(taken_out), found.name if is_own_name else "", is_own_order)
    operations: tuple[Operation, ...] = (*rename, *removes, *moves, *adds)
    return Change(wanted, found.id, operations, before, after, notes, version=found.version)


def _from_nothing(wanted: WantedList, made: Made | None, *, exact: bool) -> Change:
    """Create the playlist, unless it was created before and the user deleted it."""
    if made is not None and not exact:
        note = "was deleted on Spotify and is not created again"
        return Change(wanted, "", (), made, made, (note,), is_left_alone=True)
    adds = _adds([], wanted.tracks)
    before = Made("", wanted.name, (), wanted.tracks, is_unfinished=True)
    return Change(wanted, "", tuple(adds), before, Made("", wanted.name, wanted.tracks))


def _notes(own: int, taken_out: int, own_name: str, is_own_order: bool) -> tuple[str, ...]:
    """Return the preserved changes of the user, as ends of sentences that begin with the playlist's name."""
    notes = []
    if own_name:
        notes.append(translatable(f"keeps the name that you gave it, “{own_name}”"))
    if own:
        notes.append(
            translatable(f"keeps {own:,} tracks that you added")
            if own != 1
            else translatable("keeps 1 track that you added")
        )
    if taken_out:
        notes.append(
            translatable(f"omits {taken_out:,} tracks that you removed")
            if taken_out != 1
            else translatable("omits 1 track that you removed")
        )
    if is_own_order:
        notes.append(translatable("keeps your order; new tracks are added at the end"))
    return tuple(notes)


def _is_rearranged(rows: Sequence[str], put: Sequence[str]) -> bool:
    """Return whether the tracks added by pushes are in a different order now."""
    known = set(put)
    now = [row for row in dict.fromkeys(rows) if row in known]
    there = set(now)
    return now != [track for track in put if track in there]


def _moves(rows: list[str], target: Sequence[str]) -> list[Move]:
    """Reorder ``rows`` in place like ``target``, with the smallest number of moved tracks.

    Repeated tracks, and rows that are not in ``target``, are not moved.
    """
    count = Counter(rows)
    rank = {track: number for number, track in enumerate(target) if count[track] == 1}
    present = [row for row in rows if row in rank]
    staying = _longest_rising(present, [rank[row] for row in present])
    order = sorted(present, key=rank.__getitem__)
    moves: list[Move] = []
    at = 0
    while at < len(order):
        if order[at] in staying:
            at += 1
            continue
        start, length = rows.index(order[at]), 1
        while at + length < len(order) and _follows(rows, start + length, order[at + length], staying):
            length += 1
        before = rows.index(order[at - 1]) + 1 if at else rows.index(next(row for row in rows if row in rank))
        if start != before:
            moves.append(Move(start, length, before))
            _move(rows, moves[-1])
        at += length
    return moves


def _follows(rows: Sequence[str], place: int, track: str, staying: set[str]) -> bool:
    return place < len(rows) and rows[place] == track and track not in staying


def _move(rows: list[str], move: Move) -> None:
    block = rows[move.start : move.start + move.length]
    del rows[move.start : move.start + move.length]
    at = move.before if move.before <= move.start else move.before - move.length
    rows[at:at] = block


def _longest_rising(names: Sequence[str], numbers: Sequence[int]) -> set[str]:
    """Return the names of a longest increasing subsequence of their numbers."""
    ends: list[int] = []
    end_at: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(end_at[length - 1] if length else -1)
        ends[length : length + 1] = [number]
        end_at[length : length + 1] = [place]
    found = set()
    place = end_at[-1] if end_at else -1
    while place >= 0:
        found.add(names[place])
        place = before[place]
    return found


def _adds(rows: list[str], target: Sequence[str], *, at_end: bool = False) -> list[Add]:
    """Insert the tracks of ``target`` missing in ``rows`` (in place), each after its predecessor in ``target``."""
    count = Counter(rows)
    if at_end:
        return _inserted(rows, len(rows), [track for track in target if not count[track]])
    adds: list[Add] = []
    wanted = set(target)
    position = next((place for place, row in enumerate(rows) if row in wanted and count[row] == 1), len(rows))
    run: list[str] = []
    for track in target:
        if not count[track]:
            run.append(track)
        elif count[track] == 1:  # a track that is there twice says nothing of where another one goes
            adds += _inserted(rows, position, run)
            position, run = rows.index(track) + 1, []
    return adds + _inserted(rows, position, run)


def _inserted(rows: list[str], position: int, tracks: Sequence[str]) -> list[Add]:
    rows[position:position] = tracks
    return [Add(position + number * ITEMS_PER_REQUEST, part) for number, part in enumerate(_parts(tracks))]


def _parts(tracks: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(tracks[at : at + ITEMS_PER_REQUEST]) for at in range(0, len(tracks), ITEMS_PER_REQUEST)]
