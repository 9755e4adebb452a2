"""The words by which a name says that it is no performer of its own. Data."""

from __future__ import annotations

from typing import Final

from spotmap_build.acquire.matching.words import listed

IMPOSTORS: Final = listed("""
    karaoke | tribute | tributes | cover | covers | coverband | nightcore | backing track | backing tracks |
    sing along | instrumental | instrumentals | 8d | lullaby | renditions | hits | all stars | string quartet |
    workout | sped up | slowed | lofi | lo fi | piano covers | made famous | originally performed | reaction |
    reactions | loops | in the style of | revival | salute | type beat
    """)
"""Words in the name of an artist or uploader that lives on other people's songs."""

VARIOUS: Final[frozenset[str]] = frozenset(
    listed("""
    artistes divers | artistes varies | artisti vari | cesitli sanatcilar | compilation | diverse |
    diverse artiesten | diverse artister | original soundtrack | rozni wykonawcy | soundtrack | v a | va |
    vari artisti | varios | varios artistas | varios interpretes | various | various artists |
    verschiedene interpreten | verschiedene kunstler | разные артисты | разные исполнители | сборник |
    אמנים שונים | فنانون متنوعون | おむにばす | ゔぁりあす あーてぃすと | 合辑 | 群星 | 여러 아티스트
    """)
)
"""Names that stand for many artists."""

NOBODY: Final[frozenset[str]] = frozenset(
    listed("""
    artist | artista desconhecido | artista desconocido | artista sconosciuto | artiste inconnu | desconocido |
    n a | no artist | none | null | okand artist | onbekend | ukjent | unbekannt | unbekannter kunstler |
    unknown | unknown artist | untitled artist | неизвестен | неизвестный исполнитель | 不明なあーてぃすと |
    未知艺术家 | 알 수 없는 아티스트
    """)
)
"""Names that say that the artist is not known."""

COUNTRIES: Final[frozenset[str]] = frozenset(listed("au | aus | ca | canada | de | fr | ie | nz | uk | us | usa"))
"""What is set behind a band's name where another band has it too."""

LABELS: Final[frozenset[str]] = frozenset(
    listed("""
    channel | discos | disques | distribution | edizioni | entertainment | label | labels | media | music |
    musica | musik | productions | publishing | rec | recording | recordings | records | tv
    """)
)
"""Words in the name of a company that publishes others' music."""

GENRES: Final[dict[str, tuple[str, ...]]] = {
    genre: listed(stems)
    for genre, stems in {
        "ballade": "ballade",
        "concerto": "concert | konzert | klavierkonzert | violinkonzert | cellokonzert",
        "etude": "etud | estud | stud(?:y|ies)",
        "fantasia": "fantas | phantas | fantais",
        "fugue": "fug(?:a|e|ue|ues|en)\\b",
        "impromptu": "impromptu",
        "mass": "mass\\b | messe\\b | missa\\b | misa\\b",
        "mazurka": "mazur",
        "nocturne": "noct | nott",
        "overture": "overt | ouvert",
        "partita": "partit",
        "polonaise": "polon",
        "prelude": "prelud | praelud | pralud",
        "quartet": "quartet | quatuor | quartett | streichquartett | cuarteto",
        "quintet": "quintet | quintett | klavierquintett",
        "requiem": "requiem",
        "rhapsody": "rhaps | raps",
        "rondo": "rond",
        "scherzo": "scherz",
        "sonata": "sonat | klaviersonat | violinsonat",
        "suite": "suit",
        "symphony": "symphon | sinfon",
        "toccata": "toccat",
        "trio": "trio | klaviertrio",
        "variations": "variat | variaz",
        "waltz": "waltz | valse | walzer | vals\\b",
    }.items()
}
"""How the names of sorts of works begin, in the languages of their titles."""

TEMPI: Final[frozenset[str]] = frozenset(
    listed("""
    a | adagio | agitato | allegretto | allegro | andante | andantino | animato | appassionato | assai | brio |
    cantabile | con | doloroso | e | energico | espressivo | feroce | fuoco | grave | grazioso | il | larghetto |
    largo | lento | ma | maestoso | marcato | meno | mesto | misterioso | moderato | molto | mosso | moto | non |
    per | piu | poco | presto | prestissimo | quasi | rubato | scherzando | semplice | sostenuto | spirito | tempo |
    tranquillo | troppo | un | vivace | vivo
    """)
)
"""Words for how fast a piece is played, which stand in its title or do not."""

COMPOSERS: Final[frozenset[str]] = frozenset(
    listed("""
    adams | albeniz | albinoni | bach | barber | bartok | beethoven | bellini | berg | berio | berlioz |
    bernstein | biber | bizet | boccherini | borodin | boulez | brahms | britten | bruch | bruckner | buxtehude |
    byrd | cage | chaikovsky | chopin | clementi | copland | corelli | couperin | czerny | debussy | delius |
    donizetti | dowland | dvorak | elgar | falla | faure | feldman | finzi | franck | froberger | gershwin |
    gesualdo | glass | glazunov | gluck | gorecki | gounod | granados | grieg | haendel | handel | haydn |
    hildegard | hindemith | holst | hummel | ives | janacek | khachaturian | kodaly | korsakov | kreisler |
    ligeti | liszt | lully | lutoslawski | mahler | massenet | medtner | mendelssohn | messiaen | milhaud |
    monteverdi | mozart | mussorgsky | myaskovsky | nielsen | nono | offenbach | pachelbel | paganini |
    palestrina | part | penderecki | pergolesi | piazzolla | poulenc | prokofiev | puccini | purcell |
    rachmaninoff | rachmaninov | rameau | ravel | reger | reich | rodrigo | rossini | saens | sarasate | satie |
    scarlatti | schoenberg | schonberg | schostakowitsch | schubert | schumann | schutz | scriabin |
    shostakovich | sibelius | smetana | stockhausen | strauss | stravinsky | szymanowski | tallis | tavener |
    tchaikovsky | telemann | tschaikowsky | verdi | villa lobos | vivaldi | wagner | walton | weber | webern |
    williams | xenakis
    """)
)
"""Family names: a work of theirs is told by who plays it."""
