"""Classes of what goes wrong for people, one pair a line: is this the track's recording, where nothing else is there?

A record is written ``title | artists | album | seconds``; artists are parted by ``;``.
"""

from __future__ import annotations

import pytest

from spotmap_build.acquire.matching import decide
from spotmap_build.model import Candidate, Track

ALBUM_AUDIO, VIDEO, UPLOAD = (f"MUSIC_VIDEO_TYPE_{sort}" for sort in ("ATV", "OMV", "UGC"))


def track(record: str) -> Track:
    title, artists, album, seconds = (field.strip() for field in record.split("|"))
    duration_ms = round(float(seconds) * 1000) if seconds else None
    return Track("t", title, tuple(filter(None, artists.split("; "))), album, duration_ms)


def candidate(record: str, sort: str = ALBUM_AUDIO, name: str = "c") -> Candidate:
    title, artists, album, seconds = (field.strip() for field in record.split("|"))
    duration_s = int(seconds) if seconds else None
    return Candidate(name, title, tuple(filter(None, artists.split("; "))), album, duration_s, sort)


def is_taken(wanted: str, offered: str, sort: str = ALBUM_AUDIO) -> bool:
    return decide(track(wanted), [candidate(offered, sort)]).candidate is not None


SCORE = "Ilo Marchetti"
"""A composer of film music."""


@pytest.mark.parametrize(
    "title",
    [
        "Main Title",
        "Main Titles",
        "Main Theme",
        "End Credits",
        "Opening Credits",
        "End Title",
        "Finale",
        "Finale and End Credits",
        "Love Theme",
        "Overture",
        "Overture (Act II)",
        "Prologue",
        "Epilogue, Pt. 2",
        "Interlude II",
        "Entr'acte",
        "Intro",
        "Title Screen",
        "Boss Battle",
        "Ouverture",
        "Ouvertüre",
        "Générique de fin",
        "Titoli di testa",
        "Tema principal",
        "Tema de amor",
        "Abspann",
        "Vorspiel",
        "Увертюра",
        "Главная тема",
        "Финальные титры",
        "オープニング",
        "メインテーマ",
        "愛のテーマ",
        "エピローグ",
        "片頭曲",
        "序曲",
        "메인 테마",
        "에필로그",
        "مقدمة",
        "Allegro",
        "Andante con moto",
        "II. Adagio",
        "III.",
        "Movement 2",
        "Scene 4",
        "No. 3",
    ],
)
def test_of_a_title_that_many_works_have_the_album_tells(title: str) -> None:
    wanted = f"{title} | {SCORE} | The Salt Road (Original Motion Picture Soundtrack) | 137"
    assert not is_taken(wanted, f"{title} | {SCORE} | Winter Harbor (Original Motion Picture Soundtrack) | 137")
    assert not is_taken(wanted, f"{title} | {SCORE} | | 137")
    assert not is_taken(wanted, f"{SCORE} - {title} | {SCORE} | | 137", UPLOAD)
    assert is_taken(wanted, f"{title} | {SCORE} | The Salt Road | 137")
    assert is_taken(wanted, f"{title} | {SCORE} | The Salt Road (Music from the Netflix Series) | 138")


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [
        (
            'Main Title (From "Salt Road") | Ilo Marchetti | Best of | 137',
            "Main Title | Ilo Marchetti | Salt Road | 137",
        ),
        (
            "Prologue | Ilo Marchetti | The Salt Road | 90",
            "Prologue | Ilo Marchetti | Saga: The Salt Road (Original Score) | 91",
        ),
        (
            "End Credits | Ilo Marchetti | Salt Road: Original Soundtrack | 90",
            "End Credits | Ilo Marchetti | Salt Road OST | 90",
        ),
        ("Intro | Ada Frayne | Coast | 61", "Intro | Ada Frayne | Coast (Super Deluxe Edition) | 61"),
        ("Intro | Ada Frayne | | 61", "Intro | Ada Frayne | Coast | 61"),
        (
            "I. Allegro | Frédéric Chopin; Tamar Gel | Chopin: Sonatas | 400",
            "I. Allegro | Tamar Gel | Chopin: Sonatas | 400",
        ),
        (
            "Prelude No. 4 | Frédéric Chopin; Tamar Gel | Chopin: Preludes | 140",
            "Prelude No. 4 | Fryderyk Chopin; Tamar Gel | Tamar Gel Plays Chopin | 140",
        ),
        ("Gloria | Patty Reel | Horses of Salt | 350", "Gloria | Patty Reel | Greatest Hits | 350"),
        ("7 | Ada Frayne | Coast | 200", "7 | Ada Frayne | Greatest Hits | 200"),
        ("Theme Park | Ada Frayne | Coast | 200", "Theme Park | Ada Frayne | Greatest Hits | 200"),
        ("Opening Night | Ada Frayne | Coast | 200", "Opening Night | Ada Frayne | Greatest Hits | 200"),
        ("Love | Ada Frayne | Coast | 200", "Love | Ada Frayne | Greatest Hits | 200"),
        ("The End | Ada Frayne | Coast | 200", "The End | Ada Frayne | Greatest Hits | 200"),
    ],
)
def test_the_work_tells_too(wanted: str, offered: str) -> None:
    assert is_taken(wanted, offered)


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [
        (
            'Main Title (From "Salt Road") | Ilo Marchetti | Film Themes | 137',
            'Main Title (From "Dune Sea") | Ilo Marchetti | Film Themes | 137',
        ),
        (
            "Main Title | Ilo Marchetti | Salt Road: Original Soundtrack | 137",
            "Main Title | Ilo Marchetti | Dune Sea: Original Soundtrack | 137",
        ),
        (
            "Main Title | Ilo Marchetti | Salt Road: Season 1 | 137",
            "Main Title | Ilo Marchetti | Salt Road: Season 2 | 137",
        ),
        (
            "Main Title | Ilo Marchetti | Saga: The Ultimate Collection | 137",
            "Main Title | Ilo Marchetti | Dune: The Ultimate Collection | 137",
        ),
        ("Overture | Original Oslo Cast | The Quay | 200", "Overture | Original Oslo Cast | The Lighthouse | 200"),
        (
            "Sonata No. 2: I. Allegro | Sergei Prokofiev; Tamar Gel | Prokofiev: Sonatas | 400",
            "Sonata No. 2: I. Allegro | Frédéric Chopin; Tamar Gel | Chopin: Sonatas | 400",
        ),
        (
            "Symphony No. 5: II. Andante | Oslo Philharmonic | Oslo Plays | 600",
            "Symphony No. 5: II. Andante | Oslo Philharmonic | Great Symphonies | 600",
        ),
        (
            "Kyrie | Choir of St Aldhelm | Byrd: Mass for Four Voices | 150",
            "Kyrie | Choir of St Aldhelm | Palestrina: Missa Papae Marcelli | 150",
        ),
        (
            "Sarabande | Johann Sebastian Bach; Aino Rautio | Cello Suite No. 1 | 150",
            "Sarabande | Johann Sebastian Bach; Aino Rautio | Cello Suite No. 2 | 150",
        ),
        ("Intro | Ada Frayne | Coast | 61", "Intro | Ada Frayne | Nest | 61"),
    ],
)
def test_another_work_is_another_recording(wanted: str, offered: str) -> None:
    assert not is_taken(wanted, offered)


PLAIN = "Salt | Ada Frayne | Coast | 200"


@pytest.mark.parametrize(
    "album",
    [
        "Coast (Drumless Edition)",
        "Coast (Without Drums)",
        "Coast (Sin Batería)",
        "コースト (ドラムレス)",
        "Coast (Sped Up)",
        "Coast - Sped Up Version",
        "Salt (Sped Up)",
        "Salt (Slowed + Reverb)",
        "Coast (Chopped & Screwed)",
        "Coast (Nightcore Version)",
        "Coast (8D)",
        "Salt (Instrumental)",
        "Coast (Instrumentals)",
        "Coast: The Instrumentals",
        "Coast (Acapellas)",
        "Coast (A Cappella Version)",
        "Coast (Piano Versions)",
        "Coast (Lofi Edition)",
        "Coast (Orchestral Version)",
        "Coast Sinfónico",
        "Coast (Acoustic)",
        "Coast (Acústico)",
        "Coast Stripped",
        "Coast (Stripped)",
        "Coast (Ada's Version)",
        "Coast (Re-Recorded)",
        "Coast (Demos)",
        "Coast (Live)",
        "MTV Unplugged",
        "Spotify Singles",
        "Spotify Singles - Live",
        "Apple Music Home Session: Ada Frayne",
        "Amazon Original",
        "Deezer Sessions",
        "The Living Room Sessions",
        "Electric Lady Sessions",
        "Like a Version",
        "A COLORS SHOW",
        "BBC Radio 1's Live Lounge 2014",
        "Coast (Spanish Version)",
        "Coast (En Español)",
        "Coast in Mono",
        "Coast Remixed",
        "Coast (Karaoke)",
        "コースト (インストゥルメンタル)",
        "Coast (伴奏版)",
        "Coast (加速版)",
        "Coast (라이브)",
    ],
)
def test_what_only_the_album_tells_counts(album: str) -> None:
    assert not is_taken(PLAIN, f"Salt | Ada Frayne | {album} | 200")
    assert is_taken(f"Salt | Ada Frayne | {album} | 200", f"Salt | Ada Frayne | {album} | 200")
    assert not is_taken(f"Salt | Ada Frayne | {album} | 200", PLAIN)


@pytest.mark.parametrize(
    "album",
    [
        "Coast (Deluxe)",
        "Coast (Super Deluxe Edition)",
        "Coast (Japanese Edition)",
        "Coast (10th Anniversary Edition)",
        "Coast (Tour Edition)",
        "Coast (Luxe Editie)",
        "Coast - The Second Album",
        "Greatest Hits",
        "Live Your Life",
        "Stripped",
        "The Sun Sessions",
        "Salt",
        "Salt - Single",
        "Salt (Remixes)",
        "Now That's What I Call Music",
        "Cover Story",
        "Demolition",
    ],
)
def test_an_edition_or_a_compilation_has_the_same_recording(album: str) -> None:
    assert is_taken(PLAIN, f"Salt | Ada Frayne | {album} | 200")
