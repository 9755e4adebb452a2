"""Invented musicians, albums and titles of the demo, in several scripts to show that the page supports them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Album:
    """An invented album. A demo track is one of its titles, rendered in the album's style."""

    style: str
    artists: tuple[str, ...]
    name: str
    year: int
    titles: tuple[str, ...]
    guest: str = ""
    """A second style that plays at the same time, for albums that lie between two islands of the map."""


ALBUMS = (
    Album(
        "ambient",
        ("Halvard Lysning",),
        "Snow Over Slow Water",
        2011,
        ("Isbre", "Nine Degrees of Grey", "The Lighthouse Forgets", "Blåtime"),
    ),
    Album(
        "ambient",
        ("Moss Cathedral",),
        "Tide Tables",
        2018,
        ("Low Water, 04:12", "Fog Signal", "A Room Made of Wind", "Where the Map Ends"),
    ),
    Album(
        "piano",
        ("Élise Varnaçon",),
        "Lettres non envoyées",
        2014,
        ("Chère Odile", "Le parapluie oublié", "Post-scriptum", "Valse pour un chat distrait"),
    ),
    Album("piano", ("灯台守の娘",), "雨のち雨", 2020, ("雨傘", "夜行列車", "珈琲と猫", "おやすみ、信号機")),
    Album(
        "strings",
        ("Quartetto Sottolume",),
        "Four Chairs, One Lamp",
        2009,
        ("Allegro ma non sempre", "Scherzo for Lost Keys", "Lento, con pioggia", "Finale (Almost)"),
    ),
    Album(
        "strings",
        ("Hrušňové kvarteto",),
        "Zahrada v listopadu",
        2016,
        ("Hrušeň", "Po dešti", "Večerní vlak", "Jinovatka"),
    ),
    Album(
        "folk",
        ("Wren & Alderbrook",),
        "Barn Songs",
        2013,
        ("Kettle on the Hob", "The Ferryman's Second Daughter", "Three Gates Down", "Hay Before Rain"),
    ),
    Album(
        "folk",
        ("Brídín na Tráighe",),
        "Cois Locha",
        2017,
        ("Bóithrín", "Slán leis an Samhradh", "The Goose at the Crossroads", "Turf Smoke"),
    ),
    Album(
        "organ",
        ("Capella Nubilosa",),
        "Vespers for a Small Town",
        2006,
        ("Introitus: Rain on the Roof", "Kyrie of the Night Shift", "Sanctus, Softly", "Amen, and Mind the Step"),
    ),
    Album(
        "organ",
        ("Хор «Тихая пристань»",),
        "Колокольня",
        2012,
        ("Утро", "Снег идёт третий день", "Ёлка у реки", "Тишина"),
    ),
    Album(
        "bossa",
        ("Trio Maré Mansinha",),
        "Janela Aberta",
        2008,
        ("Chinelo Novo", "Domingo sem Relógio", "A Moça do Bonde", "Café às Três"),
    ),
    Album(
        "bossa",
        ("Nilo Caramujo",),
        "Quase Verão",
        2019,
        ("Guarda-sol", "Saudade Portátil", "O Gato do Vizinho", "Até Logo, Maré"),
    ),
    Album("techno", ("Schaltraum 9",), "Nachtbetrieb", 2015, ("Umspannwerk", "Gleis 14", "Prüfstand", "Kühlturm")),
    Album("techno", ("Ohmwerk",), "Overcurrent", 2021, ("Fuse Box", "Phase Angle", "Ground Fault", "Three-Phase Love")),
    Album(
        "drum_and_bass",
        ("Subfloor Theorem",),
        "Undertow",
        2004,
        ("Rolling Blackout", "Night Bus to Nowhere", "Concrete Heron", "Flyover"),
    ),
    Album(
        "drum_and_bass",
        ("Kestrel & Vapourware",),
        "Half-Life Crisis",
        2022,
        ("Escape Velocity", "Amber Light", "Twelve Missed Calls", "Sunrise, Unfortunately"),
    ),
    Album(
        "chiptune",
        ("8ビット商店街",),
        "Continue?",
        2010,
        ("レベル1の朝", "コイン!", "Boss Has a Day Off", "セーブポイント"),
    ),
    Album(
        "chiptune",
        ("Señor Píxelito",),
        "Inserte Moneda, Por Favor",
        2016,
        ("¡Otra vida!", "El castillo de 16 KB", "Game Over (pero no)", "Sprite Cha-Cha"),
    ),
    Album(
        "funk",
        ("The Gravy Committee",),
        "Minutes of the Last Meeting",
        1976,
        ("Motion Carried", "Any Other Business", "Second the Groove", "Point of Order"),
    ),
    Album(
        "funk",
        ("Dr. Lavender & the Elbows",),
        "Elbow Room",
        1979,
        ("Put Some Mustard on It", "Left Shoe Blues (Right Shoe Funk)", "Who Let the Bass In?", "Sidewalk Gymnastics"),
    ),
    Album(
        "dub",
        ("King Teapot",),
        "Kettle Meets the Downstairs Neighbours",
        1978,
        ("Steam Dub", "Sugar Lump Version", "Second Pot", "Saucer in the Sky"),
    ),
    Album(
        "dub",
        ("Harbour Wall Sound",),
        "Low Tide Version",
        1983,
        ("Anchor Chain", "Gull Rock Steady", "Salt Echo", "Tugboat Conference"),
    ),
    Album("industrial", ("Rostfabrikat",), "Schichtende", 1991, ("Stechuhr", "Hochofen III", "Störfall", "Feierabend")),
    Album("industrial", ("Цех № 77",), "Вторая смена", 1994, ("Пресс", "Конвейер", "Искры", "Перекур")),
    Album("ambient", ("Ηχώ του Βράχου",), "Θάλασσα χωρίς όνομα", 2015, ("Γαλάζιο", "Νησί που φεύγει"), "strings"),
    Album("piano", ("نافذة على البحر",), "ضوء آخر الليل", 2019, ("قهوة الفجر",), "ambient"),
    Album("folk", ("Wren & Alderbrook", "Nilo Caramujo"), "Two Porches", 2020, ("Varanda / Veranda",), "bossa"),
    Album("organ", ("서리꽃 합창단",), "겨울 편지", 2021, ("서리",), "strings"),
    Album(
        "funk", ("The Gravy Committee", "King Teapot"), "Gravy in the Teapot", 1980, ("Pass the Biscuits Dub",), "dub"
    ),
    Album("techno", ("Schaltraum 9", "Rostfabrikat"), "Werkstor", 2016, ("Werkstor 3", "Lastabwurf"), "industrial"),
    Album("chiptune", ("8ビット商店街", "Ohmwerk"), "Turbo Mode", 2022, ("Overclocked Arcade",), "techno"),
)
