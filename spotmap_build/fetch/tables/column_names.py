"""Identify the columns of a table or an export by name, with one list of names for all tools. Pure.

Names are compared without case, spaces, punctuation and emoji (R replaces some characters by ``.``, foobar puts ``%``
around names). The first name of each field is this program's own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from spotmap_build.fetch.covers import COVER_SUFFIXES
from spotmap_build.fetch.exports.spotify_ids import track_uri
from spotmap_build.fetch.tables.bounds import Columns
from spotmap_build.fetch.tables.cell_numbers import parse_number
from spotmap_build.fetch.tables.cells import parse_texts
from spotmap_build.fetch.tables.header_words import field_of_words

LIST_NAME: Final = "list_name"
"""One tool, the only one that writes artist URIs, has a column "Name" for the playlist."""
PERSON: Final = "person"
"""Columns with personal data, listed so that they are never put on a map or mistaken for others."""
ADDRESS: Final = "address"
ART: Final = "art"
DURATIONS: Final = {"duration_ms": 1, "duration_s": 1_000, "duration_min": 60_000, "duration": 0}
"""Columns of the duration, best first, with their unit in milliseconds; 0 if the name does not give it."""

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "id": (
        *("id", "spotify uri", "track uri", "spotify id", "spotify track id", "spotify track uri", "track id", "uri"),
        *("uri du titre", "uri de la canción", "uri della traccia", "nummer uri", "uri da faixa", "låtens uri"),
        *("parça uri", "トラックuri", "رابط الأغنية (uri)", "uri κομματιού", "曲目 uri", "歌 link"),
    ),
    ADDRESS: ("url", "link", "track url", "track link", "spotify url", "spotify track url", "spotify link", "song url"),
    "title": (
        *("title", "track name", "track title", "song title", "song name", "song", "name", "track", "sng_title"),
        *("master_metadata_track_name", "recording_name"),
        *("nom du titre", "nombre de la canción", "nome della traccia", "nummernaam", "nome da faixa"),
        *("låtens namn", "parça adı", "トラック名", "اسم الأغنية", "όνομα κομματιού", "曲目名称", "曲目名稱", "歌名"),
        *("titel", "titre", "título", "titulo", "titolo", "nom", "nombre", "nome", "naam", "namn"),
    ),
    "artist_uris": (
        *("artist uri(s)", "artist uri", "artist uris", "artist ids", "artist id(s)"),
        *("künstler-uri(s)", "uri(s) de l'artiste", "uri(s) del artista", "uri dell'artista", "artiest-uri"),
        *("uri(s) do artista", "artistens uri", "sanatçı uri", "アーティストuri", "روابط الفنانين (uri)"),
        *("uri καλλιτέχνη/ων", "艺人 uri", "藝人 uri", "artist link"),
    ),
    "artists": (
        *("artists", "artist", "artist name(s)", "artist name", "artist names", "artist(s)", "artist name 1"),
        *("track artist", "track artists", "track artist(s)", "song artist", "primary artist", "main artist"),
        *("performer", "performers", "art_name", "master_metadata_album_artist_name"),
        *("künstlername(n)", "nom(s) de l'artiste", "nombre(s) del artista", "nome dell'artista", "naam van artiest"),
        *("nome(s) do artista", "artistens namn", "sanatçı adı", "アーティスト名", "أسماء الفنانين"),
        *("όνομα/τα καλλιτέχνη", "艺人名称", "藝人名稱", "artist 名"),
        *("künstler", "interpret", "artiste", "interprète", "artista", "intérprete", "artiest", "アーティスト"),
        *("performed by", "album artist", "albumartist", "album artist(s)", "album artist name(s)"),
    ),
    "album": (
        *("album", "album name", "album title", "track album name", "track album", "alb_title"),
        *("master_metadata_album_album_name", "release name", "collection name", "release"),
        *("nom de l'album", "nombre del álbum", "álbum", "nome dell'album", "naam van album", "nome do álbum"),
        *("albumets namn", "albüm adı", "アルバム名", "اسم الألبوم", "όνομα άλμπουμ", "专辑名称", "專輯名稱", "專輯名"),
    ),
    "album_id": (
        *("album_id", "album uri", "track album id", "spotify album id", "album-uri", "uri de l'album"),
        *("uri del álbum", "uri dell'album", "uri do álbum", "albumets uri", "albüm uri"),
        *("アルバムuri", "رابط الألبوم (uri)", "uri άλμπουμ", "专辑 uri", "專輯 uri", "專輯 link"),
    ),
    "year": (
        *("year", "release year", "release date", "album release date", "track album release date", "album date"),
        "released",
        *("veröffentlichungsdatum des albums", "date de sortie de l'album", "fecha de lanzamiento del álbum"),
        *("data di rilascio dell'album", "releasedatum van het album", "data de lançamento do álbum"),
        *("albumets releasedatum", "albüm çıkış tarihi", "アルバム発売日", "تاريخ إصدار الألبوم"),
        *("ημερομηνία κυκλοφορίας άλμπουμ", "专辑发行日期", "專輯發行日期", "專輯發行日"),
        *("jahr", "erscheinungsjahr", "année", "año", "anno", "ano", "jaar", "år", "rok", "yıl", "év", "vuosi"),
        *("год", "рік", "έτος", "年", "发行年份", "發行年份", "연도", "발매일"),
    ),
    "track_number": (
        *("track_number", "track no", "track nr", "track #", "album track number", "number on album"),
        *("track-nummer", "numéro du titre", "número de la canción", "numero della traccia", "nummernummer"),
        *("número da faixa", "låtnummer", "parça numarası", "トラック番号", "رقم الأغنية", "αριθμός κομματιού"),
        *("曲目编号", "曲目編號", "曲目冧把", "track"),
    ),
    "disc_number": (
        *("disc_number", "disk number", "disc no", "disc nr", "disc #", "disc", "disc-nummer", "numéro de disque"),
        *("número de disco", "numero del disco", "schijfnummer", "número do disco", "skivnummer", "disk numarası"),
        *("ディスク番号", "رقم القرص", "αριθμός δίσκου", "光盘编号", "光碟編號", "碟片冧把"),
    ),
    "duration_ms": (
        *("duration_ms", "duration (ms)", "track duration (ms)", "track duration ms", "length (ms)", "length ms"),
        *("track-dauer (ms)", "durée du titre (ms)", "duración de la canción (ms)", "durata della traccia (ms)"),
        *("nummerduur (ms)", "duração da faixa (ms)", "låtlängd (ms)", "parça süresi (ms)"),
        *("トラックの長さ（ミリ秒）", "مدة الأغنية (بالمللي ثانية)", "διάρκεια κομματιού (ms)", "曲目时长（毫秒）"),
        *("曲目長度（毫秒）", "曲目時長（毫秒）"),
    ),
    "duration_s": (
        *("duration_s", "duration (s)", "duration sec", "duration (sec)", "duration secs", "duration seconds"),
        *("duration (seconds)", "duration in seconds", "length (s)", "length seconds", "length (seconds)", "seconds"),
    ),
    "duration_min": ("duration_min", "duration (min)", "duration mins", "duration minutes", "duration (minutes)"),
    "duration": (
        "duration",
        "track duration",
        "length",
        "track length",
        "song length",
        "time",
        "total time",
        "dauer",
        "durée",
        "duración",
        "durata",
        "duração",
        "duur",
        *("länge", "längd", "lengde", "délka", "czas trwania", "kesto", "süre", "длительность", "продолжительность"),
        *("διάρκεια", "時間", "長さ", "时长", "時長", "재생시간", "길이"),
    ),
    "explicit": (
        *("explicit", "is explicit", "track explicit", "explizit", "explicite", "explícito", "esplicito", "expliciet"),
        *("explícita", "Açık İçerik", "明示的な内容", "صريح", "ακατάλληλο", "含露骨内容", "含露骨內容", "家長指引"),
    ),
    "isrc": ("isrc", "isrc code", "track isrc"),
    "added_at": (
        *(
            "added_at",
            "added date",
            "date added",
            "added on",
            "track added at",
            "playlist added at",
            "saved at",
            "added",
        ),
        *("hinzugefügt am", "ajouté le", "añadido en", "aggiunto il", "toegevoegd op", "adicionado em", "tillagd vid"),
        *("eklenme tarihi", "追加日時", "أضيف في", "προστέθηκε στις", "添加时间", "新增時間", "加入時間"),
    ),
    "genres": (
        *("genres", "genre", "artist genres", "track genre", "track genres"),
        *("künstler-genres", "genres de l'artiste", "géneros del artista", "generi dell'artista"),
        *("genres van de artiest", "gêneros do artista", "artistens genrer", "sanatçı türleri"),
        *("アーティストジャンル", "أنواع الفنان", "είδη καλλιτέχνη", "艺人流派", "藝人曲風"),
    ),
    "play_count": (
        *("play_count", "plays", "times played", "number of plays", "wiedergaben", "lectures", "reproducciones"),
        *("riproduzioni", "reproduções", "прослушивания", "再生回数", "播放次数", "播放次數", "재생횟수"),
    ),
    "listened_at": (
        "listened_at",
        "played_at",
        "scrobbled_at",
        "uts",
        "utc_time",
        "time_played",
        "ts",
        "end_time",
        "event start timestamp",
    ),
    "ms_played": ("ms_played", "ms played", "play duration milliseconds"),
    "first_played": ("first_played", "first play", "date first played", "first listened", "first heard"),
    "last_played": ("last_played", "last play", "date last played", "last time played", "last listened", "last heard"),
    "playlists": (
        *("playlists", "playlist", "playlist name", "playlist names", "playlist title", "wiedergabeliste"),
        *("liste de lecture", "lista de reproducción", "lista de reprodução", "afspeellijst", "spellista", "плейлист"),
        *("çalma listesi", "プレイリスト", "播放列表", "播放清單", "歌单", "플레이리스트", "재생목록"),
    ),
    LIST_NAME: (
        "list name",
        "name",
        "nom",
        "nombre",
        "nome",
        "naam",
        "namn",
        "İsim",
        "名前",
        "الاسم",
        "όνομα",
        "名称",
        "名稱",
        "名",
    ),
    ART: (
        *("art", "album image url", "album art", "album art url", "album cover", "album cover url", "album image"),
        *("artwork", "artwork url", "cover", "cover art", "cover url", "cover image", "image url", "image"),
        *("thumbnail", "thumbnail url"),
        *("album-bild-url", "url de l'image de l'album", "url de la imagen del álbum", "url dell'immagine dell'album"),
        *("album afbeelding-url", "url da imagem do álbum", "albumets bild-url", "albüm resim url'si"),
        *("アルバム画像url", "رابط صورة الألبوم", "url εικόνας άλμπουμ"),
        *("专辑封面 url", "專輯封面 url", "專輯封面條 link"),
    ),
    "path": ("path",),
    "x": ("x",),
    "y": ("y",),
    "vector": ("vector", "embedding", "embeddings", "vectors", "embedding vector", "feature vector"),
}
PERSONS: Final = (
    *("added by", "hinzugefügt von", "ajouté par", "añadido por", "aggiunto da", "toegevoegd door", "adicionado por"),
    *("tillagd av", "ekleyen", "追加者", "أضيف بواسطة", "προστέθηκε από", "添加者", "新增者", "加入者"),
    *("user", "username", "owner", "playlist owner", "email", "ip", "ip addr", "ip addr decrypted", "conn country"),
    "user agent decrypted",
)
_OF_PERSONS: Final = re.compile(
    r"(?:client |user )?ip(?: ?addr.*| .*)?|.*(?:\be |e)mail.*|device ?(?:id|name|model|type)?(?: .*)?|platform model"
    r"|apple ?id.*|phone ?(?:n.*)?|user ?(?:id|name|agent.*)",
    re.IGNORECASE,
)
"""Columns about the listener, location and device."""


def fold_name(name: str) -> str:
    """Normalize a column name for comparison.

    >>> [fold_name(name) for name in ("Spotify - ID", "%spotify_id%", "Artist.Name.s.", "\N{GUITAR} Title")]
    ['spotifyid', 'spotifyid', 'artistnames', 'title']
    """
    folded = _SIGNS.sub("", unicodedata.normalize("NFKC", name.casefold()))
    return folded if folded.isascii() else "".join(sign for sign in folded if unicodedata.category(sign) != "So")


def _without_remark(name: str) -> str:
    """Return a column name without a suffix in brackets: "Duration [mm:ss]"."""
    return _REMARK.sub("", name)


_SIGNS: Final = re.compile(r"[\s_.\-%*!?\u200d\ufe0f]+")
_REMARK: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_ANOTHER_ARTIST: Final = re.compile(
    r"(?:track)?artist(?:name)?([2-9]|1[0-9])|(?:featured|featuring|feat|guest)artists?|featuring"
)
"""Columns of further artists: "Artist Name 2", "Featured Artists"."""
_DURATION: Final = re.compile(
    r"(?:track|song|media|audio|file|total)?(?:duration|length|time)(?:in)?"
    r"(?:(ms|msecs?|millis|milliseconds)|(secs?|seconds)|(mins?|minutes))"
)
_DIMENSION: Final = re.compile(
    r"(|d|dim|dimension|e|emb|embedding|f|feat|feature|v|vec|vector|component|latent)([0-9]{1,5})"
)
"""What the columns are called in which a vector stands number by number."""
MIN_DIMENSIONS: Final = 3
MIX_NAME: Final = "mixname"
_FOLDED: Final = {name: tuple(map(fold_name, names)) for name, names in NAMES.items()}
_PERSONS: Final = frozenset(map(fold_name, PERSONS))
KNOWN: Final = frozenset(name for names in _FOLDED.values() for name in names) | _PERSONS


def is_person(name: str) -> bool:
    """Return whether a column has personal data, and must not be read."""
    words = re.sub(r"[\s_.\-]+", " ", name).strip()
    return fold_name(name) in _PERSONS or _OF_PERSONS.fullmatch(words) is not None


def is_known(name: str) -> bool:
    """Return whether this may be the name of a column in a table of tracks."""
    return not KNOWN.isdisjoint((fold_name(name), fold_name(_without_remark(name)))) or bool(field_of_words(name))


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The identified columns of a table.

    ``fields``: values by known field; ``names``: their names in the file. ``others``: other columns, by name.
    ``dimensions``: columns that are the components of a vector, in order.
    """

    fields: Columns
    names: dict[str, str] = field(default_factory=dict)
    others: Columns = field(default_factory=dict)
    dimensions: tuple[str, ...] = ()


def name_columns(columns: Columns) -> NamedColumns:
    """Identify the known fields among the columns.

    Of several candidates for a field, the one with our own name is chosen, then the first in ``NAMES``; empty columns
    are chosen only if all are empty. Unneeded columns stay among the others.
    """
    by_name: dict[str, str] = {}
    of_persons = set(filter(is_person, columns))
    for write in (str, _without_remark):
        for name in columns:
            if name not in of_persons:
                by_name.setdefault(fold_name(write(name)), name)
    names: dict[str, str] = {}
    for known, folded in _FOLDED.items():
        exact = [known] if known in columns else []
        called = (*exact, *(by_name[one] for one in folded if one in by_name))
        free = [name for name in called if name not in names.values()]
        if free:
            names[known] = next((name for name in free if any(columns[name])), free[0])
    if not names.keys() & DURATIONS.keys():
        names.update(_duration_by_words(columns))
    for unneeded in _unneeded(names, columns):
        del names[unneeded]
    for known in ("title", "artists", "album"):
        by_words = (name for name in columns if name not in names.values() and field_of_words(name) == known)
        if known not in names and (found := next(by_words, None)) is not None:
            names[known] = found
    if LIST_NAME in names:
        names["playlists"] = names.pop(LIST_NAME)
    fields = {known: columns[name] for known, name in names.items()}
    taken = set(names.values())
    taken |= _join_columns(fields, {name: values for name, values in columns.items() if name not in taken})
    others = {name: values for name, values in columns.items() if name not in taken and name not in {*of_persons, ""}}
    dimensions = _dimensions(others) if fields.keys().isdisjoint(("vector", "x", "y")) else []
    if dimensions:
        fields["vector"] = list(map(list, zip(*(others.pop(name) for name in dimensions), strict=True)))
    return NamedColumns(fields, names, others, tuple(dimensions))


def _duration_by_words(columns: Columns) -> dict[str, str]:
    """Return a column of durations whose name contains the unit: "trackTimeMillis"."""
    for name in columns:
        if found := _DURATION.fullmatch(fold_name(name)):
            field = "duration_ms" if found[1] else "duration_s" if found[2] else "duration_min"
            return {field: name}
    return {}


def _dimensions(others: Columns) -> list[str]:
    """Return the columns that are components of a vector: "dim_0" and so on, from 0 or 1, none empty."""
    counted: dict[str, dict[int, str]] = {}
    for name, values in others.items():
        found = _DIMENSION.fullmatch(fold_name(name))
        if found and not any(value is None or parse_number(value, "either") is None for value in values):
            counted.setdefault(found[1], {})[int(found[2])] = name
    longest = max(counted.values(), key=len, default={})
    is_whole = sorted(longest) == list(range(first := min(longest, default=0), first + len(longest))) and first < 2
    return [longest[number] for number in sorted(longest)] if is_whole and len(longest) >= MIN_DIMENSIONS else []


def _join_columns(fields: Columns, others: Columns) -> set[str]:
    """Merge separate columns of further artists and mix names into artists and titles; return their names."""
    artists = [name for name in others if _is_another_artist(name)] if "artists" in fields else []
    if artists:
        rows = zip(fields["artists"], *(others[name] for name in artists), strict=True)
        fields["artists"] = [_joined(row) for row in rows]
    mixes = [name for name in others if fold_name(name) == MIX_NAME][:1] if "title" in fields else []
    for name in mixes:
        fields["title"] = [_with_mix(*row) for row in zip(fields["title"], others[name], strict=True)]
    return {*artists, *mixes}


def _with_mix(title: object, mix: object) -> object:
    """Append the name of the mix, which DJ shops have in a separate column, to a title."""
    if not isinstance(title, str) or not isinstance(mix, str) or mix.strip().lower() in title.lower():
        return title
    return f"{title} ({mix.strip()})"


def _is_another_artist(name: str) -> bool:
    folded = fold_name(name)
    is_counted = folded[-1:].isdecimal() and field_of_words(name) == "artists"
    return is_counted or _ANOTHER_ARTIST.fullmatch(folded) is not None


def _joined(cells: tuple[object, ...]) -> object:
    """Join the nonempty cells of several columns; a single one is kept unchanged."""
    filled = [cell for cell in cells if cell not in (None, "")]
    if len(filled) < 2:
        return filled[0] if filled else None
    return ";".join(name for cell in filled for name in parse_texts(cell))


def _unneeded(names: dict[str, str], columns: Columns) -> list[str]:
    """Return fields that are redundant, or do not contain what their name says."""
    lengths = [one for one in DURATIONS if one in names]
    unneeded = lengths[1:]
    if ADDRESS in names and ("id" in names or not any(map(_is_track, columns[names[ADDRESS]]))):
        unneeded.append(ADDRESS)
    if ART in names and not any(map(_is_picture, columns[names[ART]])):
        unneeded.append(ART)
    if LIST_NAME in names and ("playlists" in names or "artist_uris" not in names):
        unneeded.append(LIST_NAME)
    return unneeded


def _is_picture(value: object) -> bool:
    text = value.strip().lower() if isinstance(value, str) else ""
    return text.startswith(("https://", "http://")) or text.endswith(COVER_SUFFIXES)


def _is_track(value: object) -> bool:
    return isinstance(value, str) and bool(track_uri(value))
