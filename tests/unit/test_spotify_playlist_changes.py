"""What a push to a Spotify playlist changes, and which changes of the user it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotmap_build.fetch.spotify.playlist_changes import (
    ITEMS_PER_REQUEST,
    Add,
    Change,
    Found,
    Made,
    Move,
    Operation,
    Remove,
    Rename,
    WantedList,
    decide,
    describe,
    is_made_of,
    mark_in,
    mark_of,
)
from tests.support.properties import PATIENT


def uris(letters: str) -> tuple[str, ...]:
    """Return a track URI per letter; a digit stands for a row that is not a Spotify track."""
    return tuple(f"spotify:local:{letter}" if letter.isdigit() else f"spotify:track:{letter}" for letter in letters)


def letters(tracks: Sequence[str]) -> str:
    return "".join(track.rpartition(":")[2] for track in tracks)


def wanted(tracks: str, name: str = "Calm") -> WantedList:
    return WantedList("c1", name, uris(tracks))


def made(put: str, name: str = "Calm", trying: str = "", *, is_unfinished: bool = False) -> Made:
    return Made("p1", name, uris(put), uris(trying), is_unfinished)


def found(rows: str, name: str = "Calm") -> Found:
    return Found("p1", name, uris(rows))


def applied(rows: Sequence[str], operations: Sequence[Operation]) -> list[str]:
    """Return the rows after Spotify has applied the operations."""
    now = list(rows)
    for operation in operations:
        match operation:
            case Remove(tracks):
                assert set(tracks) <= set(now)
                now = [row for row in now if row not in tracks]
            case Move(start, length, before):
                assert 0 <= start < start + length <= len(now)
                assert not start < before < start + length
                rest = now[:start] + now[start + length :]
                at = before if before <= start else before - length
                now = rest[:at] + now[start : start + length] + rest[at:]
            case Add(position, tracks):
                assert 0 <= position <= len(now)
                assert len(tracks) <= ITEMS_PER_REQUEST
                now[position:position] = tracks
            case Rename():
                pass
    return now


def result(change: Change, rows: str) -> str:
    return letters(applied(uris(rows), change.operations))


@pytest.mark.parametrize(
    ("want", "put", "there", "after", "note"),
    [
        ("abc", "abc", "abc", "abc", ""),
        ("abcd", "abc", "abc", "abcd", ""),
        ("xabc", "abc", "abc", "xabc", ""),
        ("axbyc", "abc", "abc", "axbyc", ""),
        ("ac", "abc", "abc", "ac", ""),
        ("cab", "abc", "abc", "cab", ""),
        ("abc", "abc", "abcz", "abcz", "keeps 1 track that you added"),
        ("abd", "abc", "azbc", "azbd", "keeps 1 track that you added"),
        ("abc", "abc", "a1bc", "a1bc", ""),
        ("abc", "abc", "ac", "ac", "omits 1 track that you removed"),
        ("abcd", "abc", "cba", "cbad", "keeps your order; new tracks are added at the end"),
        ("xyz", "abc", "abc", "xyz", ""),
        ("abc", "abc", "", "", "omits 3 tracks that you removed"),
        ("abz", "ab", "abz", "abz", ""),
        ("abc", "abc", "abbc", "abbc", ""),
    ],
)
def test_changes_of_the_map_are_applied_and_those_of_the_user_kept(
    want: str, put: str, there: str, after: str, note: str
) -> None:
    change = decide(wanted(want), made(put), found(there))
    assert result(change, there) == after
    assert "; ".join(change.notes) == note
    again = decide(wanted(want), change.after, found(after))
    assert (again.is_needed, again.notes, again.after) == (False, change.notes, change.after)


def test_track_added_by_the_user_stays_even_if_the_map_wanted_it_meanwhile() -> None:
    change = decide(wanted("abz"), made("ab"), found("abz"))
    assert letters(change.after.put) == "ab"
    assert result(decide(wanted("ab"), change.after, found("abz")), "abz") == "abz"


@pytest.mark.parametrize(
    ("want", "put", "there", "after"),
    [("abc", "abc", "acz1", "abc1"), ("abc", "abc", "cba", "abc"), ("abc", "abc", "", "abc")],
)
def test_exact_reverts_changes_of_the_user(want: str, put: str, there: str, after: str) -> None:
    change = decide(wanted(want), made(put), found(there, "Mine"), exact=True)
    assert result(change, there) == after
    assert change.notes == ()
    assert change.operations[0] == Rename("Calm")


def test_playlist_is_created_once_and_stays_deleted() -> None:
    first = decide(wanted("abc"), None, None)
    assert (first.makes, letters(first.added)) == (True, "abc")
    deleted = decide(wanted("abc"), first.after, None)
    assert (deleted.is_needed, deleted.notes) == (False, ("was deleted on Spotify and is not created again",))
    assert decide(wanted("abc"), first.after, None, exact=True).makes


@pytest.mark.parametrize(
    ("made_name", "found_name", "wanted_name", "renamed", "note"),
    [
        ("Calm", "Calm", "Calmer", True, ""),
        ("Calm", "Mine", "Calm", False, "keeps the name that you gave it, “Mine”"),
        ("Calm", "Mine", "Calmer", False, "keeps the name that you gave it, “Mine”"),
        ("Calm", "Calmer", "Calmer", False, ""),
    ],
)
def test_name_given_by_the_user_is_kept(
    made_name: str, found_name: str, wanted_name: str, renamed: bool, note: str
) -> None:
    change = decide(wanted("a", wanted_name), made("a", made_name), found("a", found_name))
    assert (change.operations == (Rename(wanted_name),), "".join(change.notes)) == (renamed, note)


@pytest.mark.parametrize("arrived", ["", "a", "ab", "abc"])
def test_interrupted_push_is_continued(arrived: str) -> None:
    """Then it is unknown whether the tracks of the last request arrived."""
    first = decide(wanted("abc"), None, None)
    change = decide(wanted("abc"), replace(first.before, playlist="p1"), found(arrived))
    assert result(change, arrived) == "abc"
    assert (change.notes, letters(change.after.put)) == ((), "abc")


def test_partially_applied_order_is_not_taken_for_the_users() -> None:
    change = decide(wanted("cba"), made("abc"), found("abc"))
    assert result(decide(wanted("cba"), change.before, found("bac")), "bac") == "cba"


def test_playlist_recovered_by_its_mark_keeps_all_its_tracks() -> None:
    change = decide(wanted("abcd"), None, found("zbac", "Mine"))
    assert sorted(result(change, "zbac")) == sorted("zabcd")
    assert change.notes == ("keeps the name that you gave it, “Mine”", "keeps 1 track that you added")
    assert letters(change.after.put) == "abcd"


def test_tracks_are_added_in_batches_of_a_hundred() -> None:
    tracks = tuple(f"spotify:track:{number}" for number in range(1_050))
    change = decide(WantedList("c1", "Calm", tracks), None, None)
    assert [len(each.tracks) for each in change.operations if isinstance(each, Add)] == [100] * 10 + [50]
    assert applied([], change.operations) == list(tracks)


def test_moved_block_is_one_request() -> None:
    change = decide(wanted("efgabcd"), made("abcdefg"), found("abcdefg"))
    assert len(change.operations) == 1
    assert result(change, "abcdefg") == "efgabcd"


SOME = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=10).map("".join)


@PATIENT
@given(SOME, SOME, st.text("abcdefghij12", max_size=12), st.booleans())
def test_second_push_changes_nothing(want: str, put: str, there: str, exact: bool) -> None:
    change = decide(wanted(want), made(put), found(there), exact=exact)
    after = result(change, there)
    again = decide(wanted(want), change.after, found(after), exact=exact)
    assert not again.is_needed
    is_once = len(set(there)) == len(there)
    if not exact:
        added, taken_out = set(there) - set(put), (set(put) - set(there)) & set(want)
        assert added <= set(after)
        assert set(after) - added == set(want) - taken_out - added
    elif is_once:
        assert [letter for letter in after if letter.isalpha()] == list(want)


@PATIENT
@given(SOME, SOME, SOME, st.data())
def test_push_interrupted_anywhere_reaches_the_same_result(
    want: str, put: str, there: str, data: st.DataObject
) -> None:
    change = decide(wanted(want), made(put), found(there))
    done = data.draw(st.integers(0, len(change.operations)))
    halfway = letters(applied(uris(there), change.operations[:done]))
    resumed = decide(wanted(want), change.before, found(halfway))
    assert set(result(resumed, halfway)) == set(result(change, there))
    assert set(resumed.after.put) == set(change.after.put)


def test_mark_is_found_in_an_escaped_description() -> None:
    description = describe("misfits-spotify:playlist:1")
    assert mark_in(description) == mark_in(description.replace(";", "&#x3B;")) == mark_of("misfits-spotify:playlist:1")
    assert [mark_in(other) for other in (None, "", "My spotmap-build list", "[0123456789abcdef]")] == [""] * 4


@pytest.mark.parametrize(
    ("name", "tracks", "same"),
    [("Calm", "", True), ("Calm", "xyz", True), ("Loud", "abx", True), ("Loud", "axyz", False)],
)
def test_list_of_another_map_with_the_same_key_is_not_matched(name: str, tracks: str, same: bool) -> None:
    assert is_made_of(wanted("abcd"), name, uris(tracks)) is same
