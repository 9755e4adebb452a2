"""Limits of texts in libraries of all sources. Checks of other packages' libraries: ``test_registry_plugins.py``."""

from __future__ import annotations

from dataclasses import replace

from spotmap_build.fetch.source import Loaded
from spotmap_build.fetch.validation import MAX_NAMES, MAX_TEXT_LENGTH, cut_long_texts
from spotmap_build.model import Library, Playlist, Track

TRACK = Track("a", "Song", ("One",), "Album", genres=("rock",))
LONG = "x" * (MAX_TEXT_LENGTH + 1)


def test_usual_library_is_unchanged() -> None:
    full = replace(TRACK, title=LONG[1:], artists=("y",) * MAX_NAMES, genres=("z",) * MAX_NAMES)
    loaded = Loaded("folder", Library((TRACK, full), (Playlist("p", LONG[1:], ("a",)),)))
    assert cut_long_texts(loaded) is loaded


def test_long_texts_are_cut_and_counted() -> None:
    long = Track("b", LONG, (LONG,) * 20_000, LONG, genres=("g",) * 20_000, duration_ms=5)
    library = Library((TRACK, long), (Playlist("p", LONG, ("a", "b")), Playlist("q", "Short", ())))
    cut = cut_long_texts(Loaded("folder", library, notices=("Earlier.",)))
    text = LONG[1:]
    assert cut.library.tracks == (
        TRACK,
        Track("b", text, (text,) * MAX_NAMES, text, genres=("g",) * MAX_NAMES, duration_ms=5),
    )
    assert [playlist.name for playlist in cut.library.playlists] == [text, "Short"]
    assert cut.notices[0] == "Earlier."
    assert cut.notices[1].startswith("2 tracks or playlists had texts of more than 1,000 characters")
    one = cut_long_texts(Loaded("folder", Library((long,), ())))
    assert one.notices[0].startswith("A track or playlist had texts of more than 1,000 characters")
