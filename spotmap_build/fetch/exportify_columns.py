"""Which column of an Exportify file is which: by its name in one of many versions and languages, else by what it holds.

Two tools are called Exportify. One has had three sets of headers, and writes them in the language of its page; the
other has had two. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from spotmap_build.core.identifiers import ISRC, SPOTIFY_LOCAL
from spotmap_build.fetch.collection import iso_date
from spotmap_build.fetch.spotify_ids import is_episode, track_uri

if TYPE_CHECKING:
    from spotmap_build.fetch.table_files import Columns

PRIVATE: Final = "added_by"
"""The name of a person: known only so that it is never taken for something else."""
NAMES: Final = {
    "uri": (
        *("track uri", "spotify uri", "spotify id", "track id", "uri"),
        *("track-uri", "uri du titre", "uri de la canción", "uri della traccia", "nummer uri", "uri da faixa"),
        *("låtens uri", "parça uri", "トラックuri", "رابط الأغنية (uri)", "uri κομματιού", "曲目 uri", "歌 link"),
    ),
    "title": (
        *("track name", "title", "track"),
        *("track-name", "nom du titre", "nombre de la canción", "nome della traccia", "nummernaam", "nome da faixa"),
        *("låtens namn", "parça adı", "トラック名", "اسم الأغنية", "όνομα κομματιού", "曲目名称", "曲目名稱", "歌名"),
    ),
    "artist_uris": (
        *("artist uri(s)", "artist uri", "artist ids", "artist id(s)"),
        *("künstler-uri(s)", "uri(s) de l'artiste", "uri(s) del artista", "uri dell'artista", "artiest-uri"),
        *("uri(s) do artista", "artistens uri", "sanatçı uri", "アーティストuri", "روابط الفنانين (uri)"),
        *("uri καλλιτέχνη/ων", "艺人 uri", "藝人 uri", "artist link"),
    ),
    "artists": (
        *("artist name(s)", "artist name", "artists", "artist"),
        *("künstlername(n)", "nom(s) de l'artiste", "nombre(s) del artista", "nome dell'artista", "naam van artiest"),
        *("nome(s) do artista", "artistens namn", "sanatçı adı", "アーティスト名", "أسماء الفنانين"),
        *("όνομα/τα καλλιτέχνη", "艺人名称", "藝人名稱", "artist 名"),
    ),
    "album": (
        *("album name", "album"),
        *("album-name", "nom de l'album", "nombre del álbum", "nome dell'album", "naam van album", "nome do álbum"),
        *("albumets namn", "albüm adı", "アルバム名", "اسم الألبوم", "όνομα άλμπουμ", "专辑名称", "專輯名稱", "專輯名"),
    ),
    "released": (
        *("album release date", "release date"),
        *("veröffentlichungsdatum des albums", "date de sortie de l'album", "fecha de lanzamiento del álbum"),
        *("data di rilascio dell'album", "releasedatum van het album", "data de lançamento do álbum"),
        *("albumets releasedatum", "albüm çıkış tarihi", "アルバム発売日", "تاريخ إصدار الألبوم"),
        *("ημερομηνία κυκλοφορίας άλμπουμ", "专辑发行日期", "專輯發行日期", "專輯發行日"),
    ),
    "duration_ms": (
        *("track duration (ms)", "duration (ms)", "duration_ms"),
        *("track-dauer (ms)", "durée du titre (ms)", "duración de la canción (ms)", "durata della traccia (ms)"),
        *("nummerduur (ms)", "duração da faixa (ms)", "låtlängd (ms)", "parça süresi (ms)"),
        *("トラックの長さ（ミリ秒）", "مدة الأغنية (بالمللي ثانية)", "διάρκεια κομματιού (ms)", "曲目时长（毫秒）"),
        *("曲目長度（毫秒）", "曲目時長（毫秒）"),
    ),
    "explicit": (
        *("explicit", "explizit", "explicite", "explícito", "esplicito", "expliciet", "explícita", "Açık İçerik"),
        *("明示的な内容", "صريح", "ακατάλληλο", "含露骨内容", "含露骨內容", "家長指引"),
    ),
    "isrc": ("isrc",),
    "added_at": (
        *("added at", "added_at"),
        *("hinzugefügt am", "ajouté le", "añadido en", "aggiunto il", "toegevoegd op", "adicionado em"),
        *(
            "tillagd vid",
            "eklenme tarihi",
            "追加日時",
            "أضيف في",
            "προστέθηκε στις",
            "添加时间",
            "新增時間",
            "加入時間",
        ),
    ),
    "genres": (
        *("artist genres", "genres"),
        *("künstler-genres", "genres de l'artiste", "géneros del artista", "generi dell'artista"),
        *("genres van de artiest", "gêneros do artista", "artistens genrer", "sanatçı türleri"),
        *("アーティストジャンル", "أنواع الفنان", "είδη καλλιτέχνη", "艺人流派", "藝人曲風"),
    ),
    PRIVATE: (
        *("added by", "hinzugefügt von", "ajouté par", "añadido por", "aggiunto da", "toegevoegd door"),
        *(
            "adicionado por",
            "tillagd av",
            "ekleyen",
            "追加者",
            "أضيف بواسطة",
            "προστέθηκε από",
            "添加者",
            "新增者",
            "加入者",
        ),
    ),
    "playlist": (
        *("playlist name", "playlist"),
        *("name", "nom", "nombre", "nome", "naam", "namn", "İsim", "名前", "الاسم", "όνομα", "名称", "名稱", "名"),
    ),
}
"""Of each field, the names that stand for it; the case does not matter."""
FIELD_OF: Final = {name.lower(): field for field, names in NAMES.items() for name in names}
SAMPLE: Final = 200
LEAST_DURATION_MS: Final = 10_000


def known_columns(columns: Columns) -> Columns:
    """The columns by field. Empty where the file is no list of tracks: it has no titles, even by what it holds."""
    fields: Columns = {}
    for name, values in columns.items():
        if name in FIELD_OF:
            fields.setdefault(FIELD_OF[name], values)
    if "title" not in fields:
        _add_by_content(fields, [values for name, values in columns.items() if name not in FIELD_OF])
    fields.pop(PRIVATE, None)
    return fields if "title" in fields else {}


def _add_by_content(fields: Columns, unknown: list[list[Any]]) -> None:
    """Fields by what they look like, in a file that lists tracks of Spotify.

    Titles, artists and albums look alike: they are the first three columns of plain words after the track's URI.
    """
    missing = [field for field in ("title", "artists", "album") if field not in fields]
    for values in unknown:
        sample = [str(value) for value in values if value][:SAMPLE]
        kind = next((kind for kind, looks in LOOKS if sample and all(map(looks, sample))), "")
        if kind == "words" and "uri" in fields and missing:
            fields[missing.pop(0)] = values
        elif kind not in {"", "words"}:
            fields.setdefault(kind, values)


def _is_track(text: str) -> bool:
    return bool(track_uri(text)) or text.startswith(SPOTIFY_LOCAL) or is_episode(text)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.I)
    return lambda text: compiled.fullmatch(text.strip()) is not None


LOOKS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("uri", _is_track),
    ("artist_uris", _matches(r"spotify:artist:\w+(?:, ?spotify:artist:\w+)*")),
    ("isrc", lambda text: ISRC.fullmatch(text) is not None),
    ("explicit", _matches("true|false")),
    ("released", _matches(r"[12][0-9]{3}(?:-[0-9]{2}){0,2}")),
    ("added_at", lambda text: "T" in text and bool(iso_date(text))),
    ("duration_ms", lambda text: text.isascii() and text.isdigit() and int(text[:12]) > LEAST_DURATION_MS),
    ("words", lambda text: _is_no_number(text) and not text.startswith(("spotify:", "http://", "https://"))),
)


def _is_no_number(text: str) -> bool:
    return re.fullmatch(r"[-+0-9.eE]+", text) is None
