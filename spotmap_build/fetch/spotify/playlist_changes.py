"""What it takes to make a playlist on Spotify what the map says, and what a person did to it since stays done. Pure.

Three states are compared: what the map wants now, what an earlier push put there, and what is there. What an earlier
push put there and the map does not want any more goes. What the person added stays, what they took out stays out, and
so do a name and an order of theirs; ``exact`` undoes all that.
"""

from __future__ import annotations

import hashlib
import html
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from spotmap_build.core.identifiers import SPOTIFY_TRACK
from spotmap_build.core.speech import sentence

ITEMS_A_REQUEST: Final = 100
MOST_TRACKS: Final = 10_000
"""Of one playlist: Spotify takes no more."""
SAME_SHARE: Final = 0.5
"""Of the smaller of the two that a playlist and a list must have in common, or the one was not made of the other: a map
that was begun again counts its clusters from 1. (As clusters are recognized from one build to the next.)"""
DESCRIPTION: Final = "From a music map; kept up to date by spotmap-build, which knows it by this: [{mark}]"
_MARKED: Final = re.compile(r"spotmap-build.*\[([0-9a-f]{16})\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WantedList:
    """A list of the map that is to be a playlist: Spotify URIs, each once, in the order in which to play them."""

    id: str
    name: str
    tracks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A playlist that a push made, as it is remembered.

    ``put``: what it holds of the map's list, as far as pushes put it there or the person took it out since. ``trying``:
    what a push was about to put there when it was last heard of, and whose outcome is not known. ``is_unfinished``: a
    push began to change it, and was not seen to end.
    """

    playlist: str
    name: str
    put: tuple[str, ...] = ()
    trying: tuple[str, ...] = ()
    is_unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A playlist as Spotify has it: the URI of each row, empty for one that has none.

    ``version`` is another one once it has changed; empty where Spotify does not say.
    """

    id: str
    name: str
    rows: tuple[str, ...]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Rename:
    """Call the playlist otherwise."""

    name: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Take out every row of these tracks."""

    tracks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Put ``length`` rows from ``start`` on in front of the row ``before`` (counted as they lie now)."""

    start: int
    length: int
    before: int


@dataclass(frozen=True, slots=True)
class Add:
    """Insert tracks so that the first is row ``position``."""

    position: int
    tracks: tuple[str, ...]


Operation = Rename | Remove | Move | Add


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to one playlist, in this order: one request each.

    ``playlist`` is empty where it has to be made first. ``before`` is to be remembered before the first request (when
    the playlist has an id), ``after`` once the last has been answered. ``notes``: what was left as the person made it.
    ``version``: of the playlist that this was decided for.
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
        """Whether a playlist is made."""
        return not self.playlist and not self.is_left_alone

    @property
    def is_needed(self) -> bool:
        """Whether Spotify is asked to change anything."""
        return self.makes or bool(self.operations)

    @property
    def added(self) -> tuple[str, ...]:
        """Tracks that come in."""
        return tuple(track for each in self.operations if isinstance(each, Add) for track in each.tracks)

    @property
    def removed(self) -> tuple[str, ...]:
        """Tracks that go."""
        return tuple(track for each in self.operations if isinstance(each, Remove) for track in each.tracks)

    @property
    def moved_count(self) -> int:
        """How many rows change places."""
        return sum(each.length for each in self.operations if isinstance(each, Move))


def describe(list_id: str) -> str:
    """Return the description of a playlist that is made of this list; :func:`mark_in` finds it again."""
    return DESCRIPTION.format(mark=mark_of(list_id))


def mark_of(list_id: str) -> str:
    """Return what stands for a list in the description of its playlist."""
    return hashlib.sha256(f"spotmap-build list {list_id}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def mark_in(description: object) -> str:
    """Return the mark of a list in a playlist's description; empty where there is none. Spotify escapes it as HTML."""
    found = _MARKED.search(html.unescape(description)) if isinstance(description, str) else None
    return found[1] if found else ""


def is_made_of(wanted: WantedList, name: str, tracks: Iterable[str]) -> bool:
    """Whether a playlist of this name and these tracks can be an earlier state of the list."""
    held, now = set(tracks), set(wanted.tracks)
    smaller = min(len(held), len(now))
    return name == wanted.name or (smaller > 0 and len(held & now) >= SAME_SHARE * smaller)


def decide(wanted: WantedList, made: Made | None, found: Found | None, *, exact: bool = False) -> Change:
    """Say what turns the playlist on Spotify into what it is to be.

    Parameters
    ----------
    wanted : WantedList
        What the map says.
    made : Made or None
        What is remembered of the playlist; None where nothing is.
    found : Found or None
        What Spotify has; None where it has none. With nothing remembered, it is one that an earlier push made (another
        machine's perhaps), and what is in both is taken for that push's.
    exact : bool
        Undo what the person changed by hand.

    Returns
    -------
    Change
        Nothing is done twice: applied, and decided on again, it is empty.
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
    """Make the playlist, unless it was made and the person deleted it."""
    if made is not None and not exact:
        note = "was deleted on Spotify, and is not made again"
        return Change(wanted, "", (), made, made, (note,), is_left_alone=True)
    adds = _adds([], wanted.tracks)
    before = Made("", wanted.name, (), wanted.tracks, is_unfinished=True)
    return Change(wanted, "", tuple(adds), before, Made("", wanted.name, wanted.tracks))


def _notes(own: int, taken_out: int, own_name: str, is_own_order: bool) -> tuple[str, ...]:
    """Return what stays as the person made it, as the end of a sentence that begins with the playlist's name."""
    notes = []
    if own_name:
        notes.append(sentence(f"keeps the name that you gave it, “{own_name}”"))
    if own:
        notes.append(
            sentence(f"keeps {own:,} tracks that you added") if own != 1 else sentence("keeps 1 track that you added")
        )
    if taken_out:
        notes.append(
            sentence(f"stays without {taken_out:,} tracks that you took out")
            if taken_out != 1
            else sentence("stays without 1 track that you took out")
        )
    if is_own_order:
        notes.append(sentence("keeps your order; new tracks come at its end"))
    return tuple(notes)


def _is_rearranged(rows: Sequence[str], put: Sequence[str]) -> bool:
    """Whether what was put there lies in another order now."""
    known = set(put)
    now = [row for row in dict.fromkeys(rows) if row in known]
    there = set(now)
    return now != [track for track in put if track in there]


def _moves(rows: list[str], target: Sequence[str]) -> list[Move]:
    """Bring those of ``rows`` that are in ``target`` into its order, ``rows`` included: as few of them as can be move.

    Tracks that are there more than once, and rows that are not in ``target``, stay where they are.
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
    """Names of a longest rising subsequence of their numbers."""
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
    """Insert what ``rows`` lack of ``target``, each behind what it follows there (``rows`` included)."""
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
    return [Add(position + number * ITEMS_A_REQUEST, part) for number, part in enumerate(_parts(tracks))]


def _parts(tracks: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(tracks[at : at + ITEMS_A_REQUEST]) for at in range(0, len(tracks), ITEMS_A_REQUEST)]
