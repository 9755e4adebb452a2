"""The search queries for a track at YouTube Music and their order."""

from __future__ import annotations

import pytest

from spotmap_build.acquire.queries import MAX_QUERIES, MAX_QUERY_LENGTH, Query, queries
from spotmap_build.model import Track


def queries_for(title: str, *artists: str, album: str = "", isrc: str = "") -> list[Query]:
    return list(queries(Track("id", title, artists, album, isrc=isrc)))


def test_isrc_comes_first_and_videos_last() -> None:
    assert queries_for("Salt", "Ada Frayne", album="Coast", isrc="gb-xc3-10-19149") == [
        Query("GBXC31019149", is_isrc=True),
        Query("Salt Ada Frayne"),
        Query("Salt Ada Frayne Coast"),
        Query("Salt Ada Frayne", "videos"),
    ]


@pytest.mark.parametrize("isrc", ["", "unknown", "GBXC3101914", "GBXC31019149X"])
def test_invalid_isrc_is_not_searched(isrc: str) -> None:
    assert not any(query.is_isrc for query in queries_for("Salt", "Ada Frayne", isrc=isrc))


def test_title_in_another_script_is_also_searched_in_latin_letters() -> None:
    texts = [query.text for query in queries_for("Ветер знает", "Ирина Лескова")]
    assert texts[:2] == ["Ветер знает Ирина Лескова", "Veter znaet Irina Leskova"]


def test_album_is_searched_only_if_it_differs_from_the_title() -> None:
    assert len(queries_for("Salt", "Ada Frayne", album="SALT")) == 2


def test_remaster_is_searched_without_its_mark() -> None:
    assert queries_for("Salt - 2009 Remaster", "Ada Frayne")[0].text == "Salt Ada Frayne"
    assert queries_for("Salt (Remastered 2015)", "Ada Frayne")[0].text == "Salt Ada Frayne"


def test_version_mark_stays_in_the_query() -> None:
    assert queries_for("Salt - Live at the Mill", "Ada Frayne")[0].text == "Salt - Live at the Mill Ada Frayne"


def test_guest_named_in_the_title_is_not_repeated() -> None:
    assert queries_for("Salt (feat. Bas Noor)", "Ada Frayne", "Bas Noor")[0].text == "Salt (feat. Bas Noor) Ada Frayne"


def test_mojibake_is_repaired_before_searching() -> None:
    assert queries_for("Ã‰toile", "ThÃ©o &amp; Co")[0].text == "Étoile Théo & Co"


def test_track_without_a_title_is_not_searched() -> None:
    assert queries_for("  ", "Ada Frayne") == []


def test_queries_are_limited_and_unique() -> None:
    found = queries_for("月の舟", "遠山ひかり", "ミナモ座", album="夏休み", isrc="JPK652201290")
    assert len(found) == len(set(found)) == MAX_QUERIES
    assert found[-1].kind == "videos"


@pytest.mark.parametrize("fragment", ["a ", " ", "(", "Ветер ", "漢", "half \ud800 \x1b"])
def test_query_length_is_limited(fragment: str) -> None:
    text = fragment * 20_000
    for query in queries_for(f"Salt {text}", text, album=text):
        assert 4 <= len(query.text) <= MAX_QUERY_LENGTH
        query.text.encode()
