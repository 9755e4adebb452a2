"""A synthetic library with plausible YouTube Music results: one right answer among a dozen similar ones.

Every track is a case. The right answer comes from the album, a deluxe edition, a remaster or a compilation, with
guests in the title or the artist field, and a rounded length. The other results are other versions, other songs of
the artist, and songs of the same name by other artists. About one track in fifty has no right answer.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from benchmarks.matching.cases import Case
from spotmap_build.model import Candidate, Track

if TYPE_CHECKING:
    from collections.abc import Iterator

ABSENT: Final = 0.02
ALBUM_AUDIO: Final = "MUSIC_VIDEO_TYPE_ATV"
VIDEO: Final = "MUSIC_VIDEO_TYPE_OMV"
UPLOAD: Final = "MUSIC_VIDEO_TYPE_UGC"

_ADJECTIVES: Final = (
    "Silver", "Quiet", "Hollow", "Golden", "Broken", "Electric", "Distant", "Paper", "Velvet", "Frozen", "Crimson",
    "Wooden", "Little", "Wild", "Northern", "Midnight", "Empty", "Burning", "Gentle", "Glass", "Lonely", "Sunday",
    "Plastic", "Secret", "Holy", "Rusty", "Pale", "Second", "Last", "Blue", "Live", "Demo", "Radio", "Alive",
)  # fmt: skip
_NOUNS: Final = (
    "River", "Harbour", "Engine", "Garden", "Letter", "Window", "Summer", "Ghost", "Parade", "Mountain", "Mirror",
    "Ocean", "Street", "Lantern", "Orchard", "Winter", "Signal", "Motel", "Train", "Fever", "Machine", "Kingdom",
    "Thunder", "Sparrow", "Cathedral", "Kitchen", "Satellite", "Island", "Daughter", "Riot", "Discovery",
    "Delivery", "Session", "Cover", "Stage", "Ceiling", "Diamond", "Compass", "Avenue", "Feather",
)  # fmt: skip
_TAILS: Final = (
    "",
    "",
    "",
    "",
    " Tonight",
    " in June",
    " of Mine",
    " & Me",
    ", Pt. 2",
    " No. 9",
    "?",
    " (Come Back)",
    " Again",
    " II",
)
_FIRST: Final = (
    "Ada", "Bruno", "Celia", "Dmitri", "Elif", "Farah", "Gustav", "Hana", "Ivo", "Jana", "Kofi", "Lena", "Milo",
    "Nadia", "Otto", "Pilar", "Quinn", "Rosa", "Sami", "Tova", "Uma", "Vera", "Wim", "Yara", "Zeno",
)  # fmt: skip
_LAST: Final = (
    "Aldous", "Brandt", "Castell", "Dorn", "Ekholm", "Farrow", "Grell", "Hale", "Imber", "Jansen", "Kovic", "Lund",
    "Marsh", "Nolan", "Okoro", "Pryce", "Quist", "Rye", "Sorel", "Thorne", "Ueda", "Varga", "West", "Yilmaz", "Zorn",
)  # fmt: skip
_BANDS: Final = (
    "The {noun}s",
    "{adjective} {noun}",
    "{noun} & the {noun2}s",
    "The {adjective} {noun2}s",
    "{noun2} Club",
    "DJ {noun}",
)
_CYRILLIC: Final = ("Ночной", "Белый", "Зелёный", "Тихий", "Последний", "Новый", "Старый", "Дальний", "Чёрный", "Синий")
_CYRILLIC_NOUNS: Final = ("поезд", "город", "берег", "дождь", "огонь", "вокзал", "рассвет", "корабль", "ветер", "снег")
_KANJI: Final = ("夜の", "青い", "白い", "遠い", "春の", "夏の", "冬の", "最後の", "小さな", "光る")
_KANJI_NOUNS: Final = ("駅", "海", "花", "手紙", "空", "雨", "街", "月", "窓", "歌")
_HANGUL: Final = ("푸른", "하얀", "작은", "마지막", "조용한", "여름", "겨울", "오래된", "깊은", "붉은")
_HANGUL_NOUNS: Final = ("바다", "편지", "거리", "나무", "별", "비", "창문", "기차", "노래", "꽃")
_FOREIGN: Final = (
    (_CYRILLIC, _CYRILLIC_NOUNS, " ", ("Анна Крылова", "Семён Рощин", "Вера Ясная", "Олег Дёмин", "Юлия Чайка")),
    (_KANJI, _KANJI_NOUNS, "", ("水沢レン", "春野ミオ", "ミナモ座", "遠山ひかり", "篠崎あや")),
    (_HANGUL, _HANGUL_NOUNS, " ", ("한소라", "문채아", "서하늘", "강민", "이수현")),
)


@dataclass(frozen=True, slots=True)
class _Song:
    """A synthetic song. ``guest`` is empty for most songs."""

    title: str
    artist: str
    guest: str
    album: str
    duration_ms: int
    explicit: bool


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def song(self, *, foreign: bool) -> _Song:
        if foreign:
            adjectives, nouns, joint, names = self.random.choice(_FOREIGN)
            title, album = (self.random.choice(adjectives) + joint + self.random.choice(nouns) for _ in range(2))
            return _Song(title, self.random.choice(names), "", album, self.length_ms(), False)
        title = f"{self.random.choice(_ADJECTIVES)} {self.random.choice(_NOUNS)}{self.random.choice(_TAILS)}"
        if self.chance(0.1):
            title = self.random.choice(_NOUNS)
        album = title if self.chance(0.3) else f"{self.random.choice(_NOUNS)} {self.random.choice(_NOUNS)}s"
        guest = self.artist() if self.chance(0.15) else ""
        return _Song(title, self.artist(), guest, album, self.length_ms(), self.chance(0.12))

    def other_title(self, song: _Song) -> str:
        title = self.song(foreign=False).title
        return title if title != song.title else f"Not {title}"

    def other_artist(self, song: _Song) -> str:
        name = self.artist()
        return name if name != song.artist else f"{name} Jr"

    def artist(self) -> str:
        if self.chance(0.5):
            return f"{self.random.choice(_FIRST)} {self.random.choice(_LAST)}"
        pattern = self.random.choice(_BANDS)
        adjective, noun, noun2 = self.random.choice(_ADJECTIVES), self.random.choice(_NOUNS), self.random.choice(_NOUNS)
        return pattern.format(adjective=adjective, noun=noun, noun2=noun2)

    def length_ms(self) -> int:
        return self.random.randint(95_000, 420_000)

    def video_id(self) -> str:
        return "".join(self.random.choices(string.ascii_letters + string.digits + "-_", k=11))

    def duration_s(self, duration_ms: int) -> int:
        """Return the rounded duration, for some recordings with a little more or less silence."""
        jitter = self.random.choice((0, 0, 0, 0, 0, 0, 1, -1, 2, -2))
        return round(duration_ms / 1000) + jitter


def library(tracks: int, seed: int = 1) -> Iterator[Case]:
    """Generate a library of ``tracks`` tracks; equal seeds give equal libraries."""
    maker = _Maker(seed)
    for number in range(tracks):
        yield _case(maker, f"l{number:06}")


def _case(maker: _Maker, identity: str) -> Case:
    foreign = maker.chance(0.12)
    song = maker.song(foreign=foreign)
    wanted_mark = (
        maker.random.choice(("Live at the Barn", "Acoustic", "Instrumental", "Kestrel Remix", "Radio Edit", "Demo"))
        if maker.chance(0.08)
        else ""
    )
    isrc = "" if maker.chance(0.3) else f"QZ{maker.random.randint(10**9, 10**10 - 1)}"
    is_absent = maker.chance(ABSENT)
    right = [] if is_absent else _right(maker, song, wanted_mark, returned=bool(isrc) and maker.chance(0.7))
    others = _others(maker, song, wanted_mark)
    candidates = right + others
    maker.random.shuffle(candidates)
    sort = (
        "absent"
        if is_absent
        else "version wanted"
        if wanted_mark
        else "other script"
        if foreign
        else "guest"
        if song.guest
        else "plain"
    )
    expected = frozenset(candidate.video_id for candidate in right)
    return Case(
        identity, sort, _track(maker, identity, song, wanted_mark, isrc), tuple(candidates), expected, "made up"
    )


def _track(maker: _Maker, identity: str, song: _Song, mark: str, isrc: str) -> Track:
    title = f"{song.title} - {mark}" if mark else song.title
    artists: tuple[str, ...] = (song.artist,)
    if song.guest:
        artists = (song.artist, song.guest)
        title = f"{title} (feat. {song.guest})" if maker.chance(0.5) else title
    if not mark and maker.chance(0.08):
        title += f" - {maker.random.randint(1995, 2024)} Remaster"
    return Track(
        id=identity,
        title=title,
        artists=artists,
        album=song.album + (" (Deluxe)" if maker.chance(0.1) else ""),
        duration_ms=None if maker.chance(0.005) else song.duration_ms,
        isrc=isrc,
        explicit=song.explicit if maker.chance(0.95) else None,
    )


def _right(maker: _Maker, song: _Song, mark: str, *, returned: bool) -> list[Candidate]:
    title = f"{song.title} ({mark})" if mark else song.title
    artists: tuple[str, ...] = (song.artist,)
    if song.guest:
        if maker.chance(0.5):
            title += f" (feat. {song.guest})"
        else:
            artists = (song.artist, song.guest) if maker.chance(0.7) else (f"{song.artist} & {song.guest}",)
    duration_s = maker.duration_s(song.duration_ms)
    first = Candidate(maker.video_id(), title, artists, song.album, duration_s, ALBUM_AUDIO, song.explicit, returned)
    if maker.chance(0.1):
        first = replace(first, album=f"{song.album} (Deluxe Edition)")
    elif maker.chance(0.05):
        first = replace(first, album="The Very Best of " + song.artist)
    if maker.chance(0.01):
        first = replace(first, album=song.album, duration_s=None)
    found = [first]
    if not mark and maker.chance(0.15):
        year = maker.random.randint(1995, 2024)
        found.append(replace(first, video_id=maker.video_id(), title=f"{title} ({year} Remaster)", from_isrc=False))
    return found


def _others(maker: _Maker, song: _Song, mark: str) -> list[Candidate]:
    """Generate wrong answers: other versions, other songs of the artist, songs of other artists."""
    duration_s = round(song.duration_ms / 1000)

    def near() -> int:
        return duration_s + maker.random.randint(-3, 3)

    def version(said: str, album: str, length_s: int | None = None) -> Candidate:
        length_s = near() if length_s is None else length_s
        return Candidate(
            maker.video_id(), f"{song.title} ({said})", (song.artist,), album, length_s, ALBUM_AUDIO, False
        )

    def other(title: str, artist: str, album: str, sort: str = ALBUM_AUDIO) -> Candidate:
        return Candidate(maker.video_id(), title, (artist,), album, near(), sort, False)

    pool = [
        version("Live at Wembley", "Live at Wembley"),
        version("Live", f"{song.album} (Live)"),
        version("Acoustic Version", f"{song.album} (Acoustic)"),
        version("Moth Remix", f"{song.title} (Remixes)"),
        version("Extended Mix", song.title, duration_s + 120),
        version("Instrumental Version", song.album),
        version("Sped Up", f"{song.title} (Sped Up)", duration_s * 4 // 5),
        version("Early Demo", f"{song.album} (Deluxe)"),
        other(f"{song.title} (Karaoke Version)", "Sing Kings", "Karaoke Hits"),
        other(song.title, f"{song.artist} Tribute Band", f"A Tribute to {song.artist}"),
        other(f"{song.title} ({song.artist} Cover)", maker.artist(), "", UPLOAD),
        other(song.title, maker.other_artist(song), song.title),
        other(song.title, maker.other_artist(song), maker.song(foreign=False).album),
        other(maker.other_title(song), song.artist, song.album),
        other(maker.other_title(song), song.artist, song.album),
        other(f"{song.title}s", song.artist, song.album)
        if song.title[-1].isalpha()
        else other("Intro", song.artist, song.album),
        other(f"{song.artist} - {song.title} (Live Session)", "Radio Nord", "", UPLOAD),
        other(f"{song.title} (1 Hour)", "Loop Land", "", UPLOAD),
    ]
    if mark in {"Acoustic", "Instrumental", "Demo"}:  # the wanted version must not be among the wrong answers
        pool = [candidate for candidate in pool if mark not in candidate.title.removeprefix(song.title)]
    count = maker.random.randint(8, len(pool))
    return maker.random.sample(pool, count)
