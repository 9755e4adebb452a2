"""Parsing cells as people and spreadsheets write them: numbers, durations, dates, lists, missing values."""

from __future__ import annotations

import re

import pytest

from spotmap_build.fetch.tables.artist_names import ESCAPED, WHOLE, parse_artists, split_artists
from spotmap_build.fetch.tables.bounds import Columns
from spotmap_build.fetch.tables.cell_dates import parse_dates
from spotmap_build.fetch.tables.cell_numbers import Decimal, find_decimal, parse_duration, parse_number, parse_numbers
from spotmap_build.fetch.tables.cells import is_missing, parse_list, parse_texts, parse_truth
from spotmap_build.fetch.tables.column_names import KNOWN, fold_name, is_person, name_columns


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("0.5", ".", 0.5),
        ("0,5", ".", 0.5),
        ("0.5", ",", 0.5),
        ("-0,125", ",", -0.125),
        ("\u22121,5", ",", -1.5),
        ("1,234", ".", 1234),
        ("1,234", ",", 1.234),
        ("1.234", ".", 1.234),
        ("1.234", ",", 1234),
        ("1,234", "either", 1.234),
        ("1.234", "either", 1.234),
        ("1,234,567.5", ",", 1234567.5),
        ("1.234.567,5", ".", 1234567.5),
        ("12 345,5", ",", 12345.5),
        ("12\u202f345", ".", 12345),
        ("12'345.5", ".", 12345.5),
        ("0,125", ".", 0.125),
        ("0.125", ",", 0.125),
        ("12,5 %", ".", 12.5),
        ("1e-3", ".", 0.001),
        (" 7 ", ".", 7),
        ("1,23,4", ".", None),
        ("1,2;3", ".", None),
        ("inf", ".", None),
        ("12a", ".", None),
        ("", ".", None),
        (True, ".", None),
        (5, ",", 5),
    ],
)
def test_numbers_are_parsed(text: object, decimal: Decimal, number: float | None) -> None:
    assert parse_number(text, decimal) == number


@pytest.mark.parametrize(
    ("columns", "default", "decimal"),
    [
        ([["0,5", "1,234"]], ".", ","),
        ([["1,234"], ["0,5"]], ".", ","),
        ([["1,234"], ["0.5"]], ",", "."),
        ([["1,234", "12"]], ".", "."),
        ([["1,234"]], "either", "either"),
        ([["0,125"], ["1,234"]], ".", ","),
        ([["Song, 5", 0.5, None]], ".", "."),
    ],
)
def test_decimal_separator_is_inferred_from_unambiguous_numbers(
    columns: list[list[object]], default: Decimal, decimal: Decimal
) -> None:
    assert find_decimal(columns, default) == decimal


@pytest.mark.parametrize(
    "word", ["NaN", "N/A", "NA", "#N/A", "null", "NULL", "None", "-", "", " ", "<NA>", "#DIV/0!", "inf", "."]
)
def test_placeholder_for_missing_keeps_a_column_numeric(word: str) -> None:
    assert is_missing(word)
    assert parse_numbers(["1", word, "2,5"], ".") == [1, None, 2.5]


@pytest.mark.parametrize(
    ("text", "unit_ms", "duration_ms"),
    [
        ("213000", 1, 213_000),
        ("213.000", 1, 213_000),
        ("213,000", 1, 213_000),
        ("213000.0", 1, 213_000),
        ("213.456", 1000, 213_456),
        ("213", 1000, 213_000),
        ("213,5", 1000, 213_500),
        ("3.5", 60_000, 210_000),
        ("3:45", 1, 225_000),
        ("03:45", 1000, 225_000),
        ("0:03:45", 1000, 225_000),
        ("1:02:03", 1, 3_723_000),
        ("63:45", 1, 3_825_000),
        ("3:45.5", 1, 225_500),
        ("3:45,5", 1, 225_500),
        ("225s", 1, 225_000),
        ("3m45s", 1, 225_000),
        ("3 min 45 sec", 1, 225_000),
        ("PT3M45S", 1, 225_000),
        ("1 h 2 min", 1, 3_720_000),
        ("3 Min. 45 Sek.", 1, 225_000),
        ("3 minutes and 45 seconds", 1, 225_000),
        ("1 Std. 2 Min.", 1, 3_720_000),
        ("3 мин 45 сек", 1, 225_000),
        ("3分45秒", 1, 225_000),
        ("3분 45초", 1, 225_000),
        ("12:03:45 AM", 1, 225_000),
        ("0 days 00:03:45", 1, 225_000),
        ("P0DT0H3M45S", 1, 225_000),
        ("225 000 ms", 1, 225_000),
        ("225.000 ms", 1, 225_000),
        ("\uff13\uff1a\uff14\uff15", 1, 225_000),
        ("\u0663:\u0664\u0665", 1, 225_000),
        ("12:03:45 PM", 1, None),
        ("1:03:45 AM", 1, None),
        ("225000 ms", 1000, 225_000),
        ("3:75", 1, None),
        ("soon", 1, None),
        ("min", 1, None),
        ("", 1, None),
        ("3'45\"", 1_000, 225_000),
        ("3\u203245\u2033", 1_000, 225_000),
        ("3:45 min", 1_000, 225_000),
        ("3 : 45", 1_000, 225_000),
    ],
)
def test_durations_are_parsed(text: str, unit_ms: int, duration_ms: int | None) -> None:
    assert parse_duration(text, unit_ms) == duration_ms


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-03-04", "2021-03-04"),
        ("2021-03-04T05:06:07Z", "2021-03-04T05:06:07Z"),
        ("2021-03-04 05:06:07+02:00", "2021-03-04 05:06:07+02:00"),
        ("20210304", "2021-03-04"),
        ("44259", "2021-03-04"),
        ("44259.5", "2021-03-04"),
        ("2021/3/4 05:06", "2021-03-04"),
        ("4.3.2021", "2021-03-04"),
        ("04.03.21, 5:06", "2021-03-04"),
        ("04-03-2021", "2021-03-04"),
        ("3/14/2021 5:06 PM", "2021-03-14"),
        ("14/3/2021", "2021-03-14"),
        ("4 March 2021", "2021-03-04"),
        ("04-Mar-21", "2021-03-04"),
        ("Mar 4, 2021, 5:06 AM", "2021-03-04"),
        ("Thu, 4 Mar 2021 05:06:07 GMT", "2021-03-04"),
        ("4. März 2021, 05:06", "2021-03-04"),
        ("4 août 2021", "2021-08-04"),
        ("4 de marzo de 2021", "2021-03-04"),
        ("4-dic-21", "2021-12-04"),
        ("2021年3月4日", "2021-03-04"),
        ("2021年3月4日15:04", "2021-03-04"),
        ("Mar 4, 2021 at 3:04 PM", "2021-03-04"),
        ("Thursday, March 4, 2021 at 3:04:05 PM", "2021-03-04"),
        ("4. März 2021 um 15:04", "2021-03-04"),
        ("4 mars 2021 à 15h04", "2021-03-04"),
        ("4 de março de 2021 às 15:04", "2021-03-04"),
        ("Thu Mar 4 15:04:05 2021", "2021-03-04"),
        ("Thu Mar 04 15:04:05 UTC 2021", "2021-03-04"),
        ("20210304T150405Z", "2021-03-04"),
        ("2021-Mar-04", "2021-03-04"),
        ("4th of March 2021", "2021-03-04"),
        ("4 maaliskuuta 2021", "2021-03-04"),
        ("4 marraskuuta 2021", "2021-11-04"),
        ("4. července 2021", "2021-07-04"),
        ("4. června 2021", "2021-06-04"),
        ("2021. március 4.", "2021-03-04"),
        ("4 марта 2021 г.", "2021-03-04"),
        ("04.03.2021 г. 15:04", "2021-03-04"),
        ("4 Μαρτίου 2021", "2021-03-04"),
        ("4 مارس 2021", "2021-03-04"),
        ("2021년 3월 4일", "2021-03-04"),
        ("2021. 3. 4.", "2021-03-04"),
        ("٢٠٢١-٠٣-٠٤", "2021-03-04"),
        ("4 марта 2021", "2021-03-04"),
        ("4 maja 2021", "2021-05-04"),
        ("4 kwietnia 2021", "2021-04-04"),
        ("4 Ağustos 2021", "2021-08-04"),
        ("1614834367", "2021-03-04"),
        ("1614834367000", "2021-03-04"),
        ("1614834367000000", "2021-03-04"),
        ("/Date(1614834367000+0100)/", "2021-03-04"),
        ("2021. 3. 4. 오후 3:04:05", "2021-03-04"),
        ("2021/03/04 午後3:04", "2021-03-04"),
        ("14/3/2564", "2021-03-14"),
        ("2021_03_04", "2021-03-04"),
        ("'2021-03-04", "2021-03-04"),
    ],
)
def test_dates_are_parsed(text: str, day: str) -> None:
    dates = parse_dates([text, None], is_day_first=False)
    assert (dates.values, dates.misread, dates.unclear) == ([day, ""], [], "")


@pytest.mark.parametrize(
    "text",
    [
        *("1970-01-01", "1970-01-01T00:00:00Z", "01/01/1970", "1.1.1970", "1969-12-31T16:00:00-08:00", "0"),
        *("0000-00-00", "0001-01-01T00:00:00", "1899-12-30", "1900-01-00", "1904-01-01", "9999-12-31", "N/A", "null"),
    ],
)
def test_placeholder_dates_are_empty(text: str) -> None:
    dates = parse_dates([text], is_day_first=False)
    assert dates.values == [""]
    assert text == "0" or dates.misread == []


def test_invalid_date_is_reported() -> None:
    assert parse_dates(["soon", "2021-02-30", "2021-02-03"], is_day_first=False).misread == [0, 1]
    assert parse_dates(["5 Zzz 2020", "Zzz 5, 2020", "5 Mai 2020"], is_day_first=True).misread == [0, 1]


@pytest.mark.parametrize(
    ("texts", "is_day_first", "days", "unclear"),
    [
        (["3/4/2021", "14/3/2021"], False, ["2021-04-03", "2021-03-14"], ""),
        (["3/4/2021", "3/14/2021"], True, ["2021-03-04", "2021-03-14"], ""),
        (["3/4/2021"], True, ["2021-04-03"], "3/4/2021"),
        (["3/4/2021"], False, ["2021-03-04"], "3/4/2021"),
        (["3/3/2021"], False, ["2021-03-03"], ""),
        (["03-14-2021", "03-04-2021"], True, ["2021-03-14", "2021-03-04"], ""),
    ],
)
def test_day_and_month_order_is_inferred_from_the_column(
    texts: list[str], is_day_first: bool, days: list[str], unclear: str
) -> None:
    dates = parse_dates(texts, is_day_first=is_day_first)
    assert (dates.values, dates.unclear) == (days, unclear)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("""['Artist', "Guest D'Or"]""", ["Artist", "Guest D'Or"]),
        (r"""['It\'s', 'b\\c']""", ["It's", r"b\c"]),
        ('["A", "B\\u00e9"]', ["A", "Bé"]),
        ("['a' 'b']", ["a", "b"]),
        ("('a',)", ["a"]),
        ("{'a', 'b'}", ["a", "b"]),
        ("[]", []),
        ("[ingenting]", None),
        ("[:SITD:]", None),
        ("()", None),
        ("(What's the Story) Morning Glory?", None),
        ("['a', b]", None),
        ("[1, 2]", None),
        ("[" * 9_000 + "]", None),
        ("plain", None),
    ],
)
def test_list_literal_in_a_cell_is_parsed(text: str, items: list[str] | None) -> None:
    assert parse_list(text) == items


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("A; B ;", ("A", "B")),
        ("['A', 'B']", ("A", "B")),
        (["A", 1, " "], ("A", "1")),
        ("N/A", ("N/A",)),
        (None, ()),
        (0, ()),
        (7, ("7",)),
    ],
)
def test_texts_of_a_cell_are_split(value: object, texts: tuple[str, ...]) -> None:
    assert parse_texts(value) == texts


@pytest.mark.parametrize(
    ("value", "truth"),
    [("TRUE", True), (True, True), ("WAHR", True), ("Explicit", True), ("faux", False), (0, False), ("maybe", None)],
)
def test_boolean_is_parsed_in_several_languages(value: object, truth: bool | None) -> None:
    assert parse_truth(value) is truth


@pytest.mark.parametrize(
    ("text", "uris", "escaped", "whole"),
    [
        ("One, Two\\, Too", "", ("One", "Two, Too"), ("One", "Two, Too")),
        ("One, Two", "", ("One", "Two"), ("One, Two")),
        ("One;Two, Too", "a,b", ("One;Two", "Too"), ("One", "Two, Too")),
        ("One,Two, Too", "", ("One,Two", "Too"), ("One", "Two, Too")),
        ("10,000 Maniacs", "", ("10,000 Maniacs",), ("10,000 Maniacs",)),
        ("10,000 Maniacs;Zaz", "", ("10,000 Maniacs", "Zaz"), ("10,000 Maniacs", "Zaz")),
        ("10,000 Maniacs,Zaz", "", ("10,000 Maniacs", "Zaz"), ("10,000 Maniacs", "Zaz")),
        ("10,000 Maniacs, Zaz", "a, b", ("10,000 Maniacs", "Zaz"), ("10,000 Maniacs", "Zaz")),
        ("Tyler, The Creator", "a", ("Tyler, The Creator",), ("Tyler, The Creator",)),
        ("['One', 'Two, Too']", "", ("One", "Two, Too"), ("One", "Two, Too")),
    ],
)
def test_artist_separator_is_determined_per_row(
    text: str, uris: str, escaped: tuple[str, ...], whole: tuple[str, ...] | str
) -> None:
    assert split_artists(text, uris, ESCAPED) == escaped
    assert split_artists(text, uris, WHOLE) == ((whole,) if isinstance(whole, str) else whole)


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id",
            {"title": "track name", "artists": "artist name", "playlists": "playlist name", "id": "spotify - id"},
        ),
        (
            "title;artist;album;isrc;addedDate;addedBy;duration;url",
            {"title": "title", "artists": "artist", "added_at": "addeddate", "duration": "duration", "address": "url"},
        ),
        (
            ",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,track_genre",
            {"id": "track_id", "title": "track_name", "album": "album_name", "genres": "track_genre"},
        ),
        (
            "track_id,track_name,track_artist,track_album_name,track_album_release_date,playlist_name,duration_ms",
            {"artists": "track_artist", "album": "track_album_name", "year": "track_album_release_date"},
        ),
        ("id,name,artists,duration_ms,year,release_date", {"id": "id", "title": "name", "year": "year"}),
        ("Track URI,Track Name,Artist Name(s),Album Name,Duration (ms),Added At,Genres", {"id": "track uri"}),
        ("Name,Track URI,Track Name,Artist URI(s),Artist Name(s)", {"title": "track name", "playlists": "name"}),
        ("title,name", {"title": "title", "playlists": None}),
        ("Name\tKünstler\tAlbum\tDauer\tJahr", {"title": "name", "artists": "künstler", "year": "jahr"}),
        (",Track.Name,Artist.Name.s.,Duration..ms.", {"title": "track.name", "artists": "artist.name.s."}),
        ("Título de la canción,Título del álbum,Nombre del artista 1", {"title": "título de la canción"}),
        ("Songtitel,Albumtitel,Name des Künstlers 1", {"title": "songtitel", "artists": "name des künstlers 1"}),
        ("ID du titre,Titre de la chanson,Titre de l'album", {"title": "titre de la chanson"}),
        ("Название;Исполнитель;Альбом;Год", {"title": "название", "artists": "исполнитель", "year": "год"}),
        ("Tytuł;Wykonawca;Album;Czas trwania", {"title": "tytuł", "artists": "wykonawca", "duration": "czas trwania"}),
        ("曲名,アーティスト,アルバム,再生回数", {"title": "曲名", "artists": "アーティスト", "play_count": "再生回数"}),
        ("歌曲,歌手,专辑", {"title": "歌曲", "artists": "歌手", "album": "专辑"}),
        ("제목,가수,앨범", {"title": "제목", "artists": "가수", "album": "앨범"}),
        ("Τίτλος,Καλλιτέχνης,Άλμπουμ", {"title": "τίτλος", "artists": "καλλιτέχνης"}),
        ("Album Artist,Album,Title", {"artists": "album artist", "album": "album"}),
        ("Song,Album Artist,Band", {"title": "song", "artists": "album artist"}),
        ("Titel der Single;Künstler/Band", {"title": "titel der single", "artists": "künstler/band"}),
        (
            "動画 ID,曲のタイトル,アルバムのタイトル,アーティスト名 1",
            {"title": "曲のタイトル", "artists": "アーティスト名 1"},
        ),
        ("item_title,band_name,album_title", {"title": "item_title", "artists": "band_name", "album": "album_title"}),
        ("Title,Artist Title,Album Title", {"title": "title", "artists": "artist title"}),
        (
            "Name\tInterpret\tHinzugefügt\tZuletzt gespielt",
            {"added_at": "hinzugefügt", "last_played": "zuletzt gespielt"},
        ),
        ("Name,Artist,RunTimeTicks,ProductionYear", {"duration": "runtimeticks", "year": "productionyear"}),
        ("title_x,artist_x", {"title": "title_x", "artists": "artist_x"}),
        ('{"title":"A";"artist":"B"}', {"title": None, "artists": None}),
        ("Song Title,Artist,IP Address,Device Identifier,User Email", {"title": "song title"}),
        ("TITLE,Track-Artist,Duration MS", {"title": "title", "artists": "track-artist", "duration_ms": "duration ms"}),
    ],
)
def test_columns_of_many_tools_are_recognized_by_name(header: str, fields: dict[str, str | None]) -> None:
    address = "https://open.spotify.com/track/5SuOikwiRyPMVoIQDJUgS0"
    columns = {name.lower(): [address] for name in re.split("[,;\t]", header)}
    names = name_columns(columns).names
    assert {field: names.get(field) for field in fields} == fields
    assert not any(map(is_person, [*names.values(), *name_columns(columns).others]))


def test_column_names_are_compared_without_case_and_separators() -> None:
    assert fold_name("Spotify - ID") == fold_name("spotify_id") == fold_name("SpotifyId")
    assert all(fold_name(name) == name for name in KNOWN)
    assert is_person("addedBy")


@pytest.mark.parametrize(
    "name",
    [
        *("email", "e-mail", "email_address", "user_email", "emailaddress", "user e-mail address", "contact.emails"),
        *("ip_address", "client_ip", "ipaddress", "device_id", "device name", "deviceid", "user_id", "user-agent"),
        *("phone", "phone_number", "phonenumber", "apple_id", "apple id number"),
    ],
)
def test_columns_of_personal_data_are_recognized_with_any_separators(name: str) -> None:
    assert is_person(name)


@pytest.mark.parametrize("name", ["female vocals", "the mail", "phonetic", "ipa", "devices of style", "deviceful"])
def test_similar_column_names_are_not_personal_data(name: str) -> None:
    assert not is_person(name)


@pytest.mark.parametrize("joint", [";", "; ", "\uff1b", " / ", " | ", "\n", "\\\\", "\0"])
def test_artists_are_split_as_in_tags(joint: str) -> None:
    assert parse_artists(f"AC/DC{joint}Tyler, The Creator", None) == ("AC/DC", "Tyler, The Creator")


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        (["1999", "2001", None], "year"),
        (["2020-01-02", "2020-01-03", "2020-01-04"], None),
        (["2020-01-02 10:00", "2020-01-02 10:05", "2020-01-02 10:09", "2020-01-02 10:09"], "listened_at"),
    ],
)
def test_meaning_of_a_date_column_is_inferred_from_its_values(cells: list[str | None], field: str | None) -> None:
    titles = ["Song"] * 4 if field == "listened_at" else [f"Song {number}" for number in range(len(cells))]
    assert name_columns({"title": list(titles), "Date#me": list(cells)}).names.get(field or "listened_at") == (
        "Date#me" if field else None
    )


def test_artists_are_combined_from_several_columns() -> None:
    columns: Columns = {
        "Song Title": ["Salt", "Pepper", "Sugar", "Mint", "Sage", "Lime"],
        "Artist Name 1": ["Ada", "Ada", None, "Ada; Cy", "['Ada', 'Cy']", "Tyler, The Creator"],
        "Artist Name 2": ["Bo", None, None, "Bo", "Bo", None],
        "Artist 3": ["", None, None, None, "", None],
    }
    named = name_columns(columns)
    assert [parse_artists(cell, None) for cell in named.fields["artists"]] == [
        ("Ada", "Bo"),
        ("Ada",),
        (),
        ("Ada", "Cy", "Bo"),
        ("Ada", "Cy", "Bo"),
        ("Tyler, The Creator",),
    ]
    assert not named.others
