"""Identify a column by the words in its name, in many languages: "Título de la canción". Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SONGS: Final = """
    song songs single track tracks canción tema pista chanson morceau piste lied stück titel titre song brano
    canzone traccia
    música musica canção faixa nummer låt spår sang kappale biisi utwór piosenka piosenki utworu skladba píseň skladby
    dal zeneszám песня песни трек трека композиция композиции пісня şarkı şarkının parça τραγούδι τραγουδιού κομμάτι
    שיר השיר أغنية الأغنية गीत गाना เพลง bài hát lagu
"""
_TITLES: Final = """
    title titel titre título titolo tittel nimike tytuł názov název cím назва название τίτλος כותרת عنوان العنوان başlık
    शीर्षक ชื่อ judul tên
"""
_NAMES: Final = """
    name names namen nom noms nombre nome nomi nomes naam namn navn nimi nazwa jméno název név имя название ім'я назва
    adı ad isim όνομα שם اسم नाम nama
"""
_ARTISTS: Final = """
    artist artists band singer singers artiste artistes artista artisti artistas artiest artiesten artista kunstnere
    kunstner künstler
    künstlers interpret interpreten interprète intérprete interprete utøver esittäjä artisti wykonawca wykonawcy artysta
    umělec interpreta előadó исполнитель исполнителя артист артиста виконавець sanatçı sanatçının καλλιτέχνης
    καλλιτέχνη אמן האמן זמר فنان الفنان المطرب कलाकार ศิลปิน penyanyi artis nghệ sĩ
"""
_ALBUMS: Final = """
    album albums álbum albumet albumi albumtitel albumu альбом альбома альбому albüm albümün άλμπουμ אלבום האלבום ألبوم
    الألبوم एल्बम อัลบั้ม
"""
_BETWEEN: Final = """
    of the de del della dello dell do da du des l la le el il der die das des dem von van het en av i a s in x
"""
_WHOLE: Final = {
    "title": """
        曲名 楽曲名 曲 タイトル 歌曲 歌曲名 歌曲名称 歌曲名稱 标题 標題 曲目 曲目标题 曲目標題 单曲
        ชื่อเพลง 曲のタイトル 곡 곡명 곡제목 노래 노래제목 제목 트랙
        songtitel songtitle tracktitle liedtitel musiktitel tracktitel titelname låttitel
    """,
    "artists": """
        歌手 歌手名 艺术家 艺人 藝人 演出者 演唱者 アーティスト アーティスト名 가수 가수명 아티스트 아티스트명
        artistname artistnavn artistnamn artiestnaam künstlername interpretenname
    """,
    "album": """
        アルバムのタイトル 专辑 專輯 专辑名 アルバム アルバム名 앨범 앨범명
        albumtitel albumname albumtitle albumnaam albumnamn albumnavn
    """,
}
"""Names in one word: languages that write no spaces, or join their words."""
_NO_NAME: Final = re.compile(r'[{}<>"=]')
"""What is in no name, but in JSON and HTML."""
_WORD: Final = re.compile(r"[^\W\d_]+")


def field_of_words(name: str) -> str:
    """Return ``title``, ``artists`` or ``album`` if the words of a column's name mean exactly that; else ``""``.

    >>> [field_of_words(name) for name in ("Título de la canción", "Name des Künstlers 1", "Album Artist")]
    ['title', 'artists', '']
    """
    if _NO_NAME.search(name):
        return ""
    words = {word for word in _WORD.findall(_plain(name)) if word not in _words(_BETWEEN)}
    if len(words) == 1:
        whole = next((field for field, names in _WHOLE.items() if words <= _words(names)), "")
        if whole:
            return whole
    of_song, of_artist, of_album = (words & _words(names) for names in (_SONGS, _ARTISTS, _ALBUMS))
    named, titled = words & _words(_NAMES), words & _words(_TITLES)
    if of_artist:
        return "artists" if words <= of_artist | named | of_song and not of_album else ""
    if of_album:
        return "album" if words <= of_album | named | titled else ""
    return "title" if of_song | titled and words <= of_song | named | titled else ""


@lru_cache(maxsize=8)
def _words(listed: str) -> frozenset[str]:
    return frozenset(_plain(listed).split())


def _plain(text: str) -> str:
    """Return a text in lower case, without accents and without what is not seen."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if unicodedata.category(letter) not in {"Mn", "Cf"})
