"""What is asked of YouTube Music for a track, and in which order."""

from __future__ import annotations

import pytest

from spotmap_build.acquire.queries import MAX_QUERIES, MAX_QUERY_LENGTH, Query, queries
from spotmap_build.model import Track


def asked(title: str, *artists: str, album: str = "", isrc: str = "") -> list[Query]:
    return list(queries(Track("id", title, artists, album, isrc=isrc)))


def test_the_isrc_is_asked_first_and_videos_last() -> None:
    assert asked("Salt", "Ada Frayne", album="Coast", isrc="gb-xc3-10-19149") == [
        Query("GBXC31019149", is_isrc=True),
        Query("Salt Ada Frayne"),
        Query("Salt Ada Frayne Coast"),
        Query("Salt Ada Frayne", "videos"),
    ]


@pytest.mark.parametrize("isrc", ["", "unknown", "GBXC3101914", "GBXC31019149X"])
def test_what_is_no_isrc_is_not_asked(isrc: str) -> None:
    assert not any(query.is_isrc for query in asked("Salt", "Ada Frayne", isrc=isrc))


def test_a_title_in_another_script_is_asked_in_latin_letters_too() -> None:
    texts = [query.text for query in asked("Ветер знает", "Ирина Лескова")]
    assert texts[:2] == ["Ветер знает Ирина Лескова", "Veter znaet Irina Leskova"]


def test_the_album_is_asked_only_where_it_says_more_than_the_title() -> None:
    assert len(asked("Salt", "Ada Frayne", album="SALT")) == 2


def test_a_remaster_is_looked_for_under_the_songs_name() -> None:
    assert asked("Salt - 2009 Remaster", "Ada Frayne")[0].text == "Salt Ada Frayne"
    assert asked("Salt (Remastered 2015)", "Ada Frayne")[0].text == "Salt Ada Frayne"


def test_which_version_it_is_stays_in_the_query() -> None:
    assert asked("Salt - Live at the Mill", "Ada Frayne")[0].text == "Salt - Live at the Mill Ada Frayne"


def test_a_guest_whom_the_title_names_is_not_said_twice() -> None:
    assert asked("Salt (feat. Bas Noor)", "Ada Frayne", "Bas Noor")[0].text == "Salt (feat. Bas Noor) Ada Frayne"


def test_broken_letters_are_mended_before_they_are_asked() -> None:
    assert asked("Ã‰toile", "ThÃ©o &amp; Co")[0].text == "Étoile Théo & Co"


def test_a_track_without_a_title_is_not_asked_for() -> None:
    assert asked("  ", "Ada Frayne") == []


def test_there_are_never_many_questions_and_none_twice() -> None:
    every = asked("月の舟", "遠山ひかり", "ミナモ座", album="夏休み", isrc="JPK652201290")
    assert len(every) == len(set(every)) == MAX_QUERIES
    assert every[-1].kind == "videos"


@pytest.mark.parametrize("piece", ["a ", " ", "(", "Ветер ", "漢", "half \ud800 \x1b"])
def test_a_query_is_no_longer_than_a_service_takes(piece: str) -> None:
    text = piece * 20_000
    for query in asked(f"Salt {text}", text, album=text):
        assert 4 <= len(query.text) <= MAX_QUERY_LENGTH
        query.text.encode()
