"""Parsing titles, albums and artists, and comparing them across notations and scripts."""

from __future__ import annotations

import pytest

from spotmap_build.acquire.matching.albums import read_album
from spotmap_build.acquire.matching.artists import compare_artists
from spotmap_build.acquire.matching.classical import same_movement
from spotmap_build.acquire.matching.titles import canonical, name_key, take_apart
from spotmap_build.acquire.matching.transliteration import sound_alike
from spotmap_build.acquire.matching.versions import read_segment


@pytest.mark.parametrize(
    ("segment", "kinds"),
    [
        ("Live at Red Rocks", {"live"}),
        ("Ao Vivo", {"live"}),
        ("ライブ", {"live"}),
        ("Концерт в Перми", {"live"}),
        ("Live Acoustic Session", {"live", "acoustic"}),
        ("Otto Lind Remix", {"remix"}),
        ("Otto Lind Extended Remix", {"remix", "extended"}),
        ("Otto Lind Mix", {"remix"}),
        ("Radio Edit", {"edit"}),
        ("Single Edit", {"edit"}),
        ("Inst.", {"instrumental"}),
        ("伴奏版", {"instrumental"}),
        ("Karaoke Version", {"karaoke"}),
        ("Made Famous by Dani Cole", {"karaoke"}),
        ("歌ってみた", {"cover"}),
        ("Take 2", {"demo"}),
        ("Anja's Version", {"re-recording"}),
        ("2019 Version", {"re-recording"}),
        ("Slowed + Reverb", {"slowed", "reverb"}),
        ("10 hours", {"loop"}),
        ("Spanish Version", {"Spanish version"}),
        ("일본어 버전", {"Japanese version"}),
        ("Choir of the Valleys Version", {"arrangement"}),
        ("Tall Hat Version", {"another version"}),
        ("Edited", {"clean"}),
        ("Official Live Video", {"live"}),
        ("デモ", {"demo"}),
        ("MR", {"instrumental"}),
        ("גרסה קצרה", {"edit"}),
        ("גרסת רדיו", {"edit"}),
        ("Полная версия", {"extended"}),
        ("새 버전", {"re-recording"}),
        ("10 часов", {"loop"}),
    ],
)
def test_version_marks_are_recognized(segment: str, kinds: set[str]) -> None:
    reading = read_segment(segment)
    assert reading.sense == "version"
    assert reading.mark.kinds == kinds


@pytest.mark.parametrize(
    "segment",
    [
        "Remastered 2009",
        "2015 Remaster",
        "Album Version",
        "Official Video",
        "From the Motion Picture",
        "Bonus Track",
        "HD",
        "24 Bit Remastered 05",
        "50th Anniversary Remaster",
        "From A Star Was Lost Soundtrack",
    ],
)
def test_marks_without_influence_on_the_recording_are_neutral(segment: str) -> None:
    assert read_segment(segment).sense == "neutral"


@pytest.mark.parametrize("segment", ["Come Back", "Da Ba Dee", "Alive", "Discovery", "Olive Grove", "Demonstration"])
def test_words_that_contain_a_mark_are_not_marks(segment: str) -> None:
    assert read_segment(segment).sense == "unknown"


@pytest.mark.parametrize(
    ("title", "core"),
    [
        ("Salt (Live)", "Salt"),
        ("Salt - Live", "Salt"),
        ("Ada Frayne - Salt (Official Video)", "Salt"),
        ("Salt - Ada Frayne", "Salt"),
        ("Ada Frayne「Salt」MV", "Salt"),
        ("Salt feat. Bo", "Salt"),
        ("Salt [feat. Bo] (Remix)", "Salt"),
        ("(I Can't Get No) Salt", "I Can't Get No Salt"),
        ("Live", "Live"),
        ("Live and Learn", "Live and Learn"),
        ("!", "!"),
        ("...", "..."),
        ("(...)", "..."),
    ],
)
def test_song_name_is_separated_from_marks(title: str, core: str) -> None:
    assert take_apart(title, frozenset({name_key("Ada Frayne")})).core == core


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("River, Part One", "River, Pt. 1"),
        ("River, Pt. II", "River (Part 2)"),
        ("Study No. 4", "Study #4"),
        ("Train II", "Train 2"),
        ("Seven Doors", "7 Doors"),
        ("Rock 'n' Roll", "Rock & Roll"),
        ("Runnin'", "Running"),
        ("Тёмная ночь", "Темная Ночь"),
        ("雲與風", "云与风"),
    ],
)
def test_equivalent_names_are_equal(left: str, right: str) -> None:
    assert take_apart(left).full == take_apart(right).full


@pytest.mark.parametrize(
    ("left", "right"),
    [("Train", "Train II"), ("!", "!!"), ("海邊的信", "海边的心"), ("Clown", "Crown"), ("No. 9", "No. 6")],
)
def test_different_names_are_not_equal(left: str, right: str) -> None:
    assert canonical(left) != canonical(right)


@pytest.mark.parametrize("title", ['Ada Frayne "Salt" M/V', "Ada Frayne(에이다) 'Salt' MV", "Ada Frayne: Salt"])
def test_song_of_an_upload_is_found_in_quotation_marks_or_after_a_colon(title: str) -> None:
    assert take_apart(title, frozenset({name_key("Ada Frayne")}), is_upload=True).core == "Salt"


@pytest.mark.parametrize(
    ("album", "is_live"),
    [
        ("Live at the Mill", True),
        ("Unplugged in Ghent", True),
        ("Threads (Live)", True),
        ("Colours Live", True),
        ("Ao Vivo em Lisboa", True),
        ("Long Live", False),
        ("Lives", False),
        ("How to Live", False),
        ("Live Forever", False),
        ("Delivery", False),
        ("Steam: Live & Remastered", True),
        ("Steam – Live", True),
        ("Steam: Live to Tell", False),
    ],
)
def test_live_albums_are_recognized(album: str, is_live: bool) -> None:
    assert ("live" in read_album(album).kinds) == is_live


def test_edition_is_not_part_of_an_albums_name() -> None:
    albums = (
        *("Coast", "Coast (Deluxe Edition)", "COAST - EP", "Coast (Remastered)"),
        *("Coast Spanish Edition", "Coast - Edición Española", "Coast (Édition Limitée)", "Coast - Edizione Speciale"),
    )
    assert {read_album(album).name for album in albums} == {"coast"}


@pytest.mark.parametrize(
    ("wanted", "offered", "level"),
    [
        (["A Lund", "Bo"], ["Bo", "A Lund"], "same"),
        (["A Lund", "Bo"], ["A Lund & Bo"], "same"),
        (["The Heron"], ["Heron - Topic"], "same"),
        (["AC/Delta"], ["ACDelta"], "same"),
        (["Jörg Böhm"], ["Joerg Boehm"], "same"),
        (["Sable & Finch"], ["Finch"], "related"),
        (["Kira Noble"], ["The Kira Noble Tribute Band"], "different"),
        (["Ely Cross"], ["Ella Crosse"], "different"),
        (["Ирина Лескова"], ["Irina Leskova"], "alike"),
        (["Ирина Лескова"], ["Irina Leskovich"], "different"),
        (["遠山ひかり"], ["Hikari Toyama"], "alike"),
        (["A Lund"], ["A Lund", "Bo"], "more"),
        (["A Lund", "Bo"], ["A Lund"], "fewer"),
        (["A Lund", "Bo"], ["Bo"], "fewer, not the first"),
        (["Dixie Chicks"], ["The Chicks"], "turned"),
        (["A Lund"], ["Various Artists"], "various"),
        (["A Lund"], [], "missing"),
        (["A Lund"], ["Arctic Records"], "label"),
        (["Original Cast of Salt Mill"], ["Salt Mill Original Cast"], "turned"),
        (["Heron UK"], ["Heron"], "turned"),
        (["Heron (UK)"], ["Heron (US)"], "related"),
        (["New Heron (formerly Old Heron)"], ["Old Heron"], "same"),
    ],
)
def test_artists_are_compared(wanted: list[str], offered: list[str], level: str) -> None:
    assert compare_artists(wanted, offered).level == level


@pytest.mark.parametrize(
    ("foreign", "latin", "are_alike"),
    [
        ("Ветер знает", "Veter znaet", True),
        ("Город", "Goroda", False),
        ("雨宿り", "Amayadori", True),
        ("雨宿り", "Niwaka Ame", False),
        ("여름밤", "Yeoreumbam", True),
        ("何以晴", "Ho Yiching", True),
        ("يا قمر الليل", "Ya Amar El Leil", True),
        ("يا قمر الليل", "Ya Amar", False),
        ("גשם ראשון", "Geshem Rishon", True),
        ("גשם אחרון", "Geshem Rishon", False),
        ("Αγάπη", "Agapi", True),
        ("さよならの長い夜の駅", "Sayonara no Nagai Yoru no Machi", False),
        ("Оксана Гай", "Oksana Hai", True),
        ("אבא", "Abba", True),
        ("مدينة النور", "Madinat El Nour", True),
    ],
)
def test_transliterated_names_are_compared_by_sound(foreign: str, latin: str, are_alike: bool) -> None:
    assert sound_alike(foreign, latin) == are_alike


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [
        ("Suite No. 1 in G Major, BWV 1007: I. Prélude", "Suite for Solo Cello No. 1 in G, BWV 1007: Prelude", True),
        ("Suite No. 1 in G Major, BWV 1007: I. Prélude", "Suite No. 1 in G Major, BWV 1007: III. Courante", False),
        ("Suite No. 1 in G Major, BWV 1007: I. Prélude", "Suite No. 2 in D Minor, BWV 1008: I. Prélude", False),
        ("Nocturne No. 2 in E-Flat Major, Op. 9 No. 2", "Nocturnes, Op. 9: No. 2 in E-Flat Major", True),
        ("Nocturne No. 2 in E-Flat Major, Op. 9 No. 2", "Nocturnes, Op. 9: No. 1 in B-Flat Minor", False),
        ("Salt", "Salt", False),
        ("Opus 12 (Part One)", "Opus 12 (Part Two)", False),
        ("Op. 1: Paper Crown", "Op. 1: Paper Clown", False),
        ("Prelude in C Minor, BWV 847", "Fugue in C Minor, BWV 847", False),
        ("Präludium c-Moll, BWV 847", "Prelude in C Minor, BWV 847", True),
        ("Für Elise, WoO 59", 'Bagatelle No. 25 in A Minor, WoO 59 "Für Elise"', True),
        ("Prelude in G Minor, Op. 23 No. 5", "10 Preludes, Op. 23: V. Alla marcia in G Minor", True),
        ("Winterreise, D. 911: No. 5, Lindenbaum", "Winterreise, Op. 89, D. 911: V. Lindenbaum", True),
        ("Requiem, K. 626: Lacrimosa", "Requiem, K. 626: III. Sequenz: f. Lacrimosa", True),
        ("Goldberg Variations, BWV 988: Var. 7", "Goldberg Variations, BWV 988: Var. 17", False),
    ],
)
def test_movements_of_works_are_compared(left: str, right: str, is_same: bool) -> None:
    assert same_movement(left, right) == is_same
