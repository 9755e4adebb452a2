"""Titles of classical works and names of orchestras, which services write in several languages."""

from __future__ import annotations

import pytest

from spotmap_build.acquire.matching.classical import has_same_number, same_movement
from spotmap_build.acquire.matching.ensembles import is_nearly_same_ensemble, is_same_ensemble
from spotmap_build.acquire.matching.keys import read_key, without_key
from spotmap_build.acquire.matching.pieces import is_same_piece
from spotmap_build.core.normalize import native


@pytest.mark.parametrize(
    ("title", "tonic", "mode"),
    [
        ("Sonata No. 14 in C-Sharp Minor", "c sharp", "minor"),
        ("Sonate Nr. 14 cis-Moll", "c sharp", "minor"),
        ("Sonate en do dièse mineur", "c sharp", "minor"),
        ("Sonata in do diesis minore", "c sharp", "minor"),
        ("Konzert Es-Dur", "e flat", "major"),
        ("Concerto in mi bemolle maggiore", "e flat", "major"),
        ("Symphonie h-Moll", "b", "minor"),
        ("Quartett B-Dur", "b flat", "major"),
        ("Konzert As-Dur", "a flat", "major"),
        ("Waltz in D", "d", ""),
        ("Lost in a Dream", "", ""),
        ("Für Elise", "", ""),
    ],
)
def test_keys_are_read_in_several_languages(title: str, tonic: str, mode: str) -> None:
    assert read_key(native(title)) == (tonic, mode)


def test_nothing_is_left_of_a_key() -> None:
    assert without_key(native("Prelude in C-Sharp Minor")) == "prelude"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wiener Philharmoniker", "Vienna Philharmonic"),
        ("Orchestre Symphonique de Montréal", "Montreal Symphony Orchestra"),
        ("Göteborgs Symfoniker", "Gothenburg Symphony Orchestra"),
        ("Symphonieorchester des Bayerischen Rundfunks", "Bavarian Radio Symphony Orchestra"),
        ("Gewandhausorchester Leipzig", "Leipzig Gewandhaus Orchestra"),
        ("Quatuor Alban Berg", "Alban Berg Quartett"),
        ("Česká filharmonie", "Czech Philharmonic"),
        ("Coro e Orchestra del Teatro alla Scala di Milano", "Orchestra del Teatro alla Scala, Milano"),
    ],
)
def test_an_ensemble_has_names_in_several_languages(one: str, other: str) -> None:
    assert is_same_ensemble(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wiener Philharmoniker", "Wiener Symphoniker"),
        ("London Symphony Orchestra", "London Philharmonic Orchestra"),
        ("London Symphony Orchestra", "London Symphony Chorus"),
        ("Berlin Symphony Orchestra", "Rundfunk-Sinfonieorchester Berlin"),
        ("Royal Philharmonic Orchestra", "Royal Liverpool Philharmonic"),
        ("The Radio Company", "Radiohead"),
    ],
)
def test_ensembles_of_similar_names_are_others(one: str, other: str) -> None:
    assert not is_same_ensemble(one, other)
    assert not is_nearly_same_ensemble(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Warsaw Philharmonic Orchestra", "Warsaw National Philharmonic Orchestra"),
        ("Concertgebouworkest", "Royal Concertgebouw Orchestra"),
        ("Staatskapelle Dresden", "Sächsische Staatskapelle Dresden"),
    ],
)
def test_names_of_ensembles_leave_attributes_out(one: str, other: str) -> None:
    assert is_nearly_same_ensemble(one, other)
    assert not is_same_ensemble(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "La traviata, Act I: Libiamo ne' lieti calici (Brindisi)",
            "Verdi: La Traviata / Act 1 - Libiamo ne'lieti calici",
        ),
        ("Carmen, Act I: Habanera (L'amour est un oiseau rebelle)", 'Carmen, Act 1: "L\'amour est un oiseau rebelle"'),
        ("Gianni Schicchi: O mio babbino caro", '"O mio babbino caro" (from Gianni Schicchi)'),
        ("Vocalise, Op. 34 No. 14", "14 Romances, Op. 34: No. 14, Vocalise"),
        ("Boléro, M. 81", "Boléro"),
    ],
)
def test_a_piece_is_recognized_however_its_work_is_named(one: str, other: str) -> None:
    assert is_same_piece(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rigoletto, Act III: La donna è mobile", 'Rigoletto / Act 1: "Questa o quella"'),
        (
            'Die Zauberflöte: "Der Hölle Rache" (Königin der Nacht)',
            'Die Zauberflöte: "O zittre nicht" (Königin der Nacht)',
        ),
        ("Hungarian Dance No. 5 in G Minor", "Hungarian Dance No. 15 in B-Flat Major"),
        ("Mass in B Minor: Kyrie eleison (I)", "Mass in B Minor: III. Kyrie eleison"),
        ("Spring Sonata: I. Allegro", "Spring Sonata: II. Adagio"),
        ("Tosca, Act I: Te Deum laudamus", "Tosca, Act III: Te Deum laudamus"),
    ],
)
def test_another_piece_of_a_work_is_another(one: str, other: str) -> None:
    assert not is_same_piece(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Peer Gynt Suite No. 1, Op. 46: IV. In the Hall of the Mountain King",
            "Peer-Gynt-Suite Nr. 1, Op. 46: 4. In der Halle",
        ),
        ("Symphony No. 9 in D Minor, Op. 125: IV. Finale", "Symphonie Nr. 9 d-Moll, Op. 125: 4. Presto"),
        ("Má vlast: II. Vltava", "Má vlast: 2. Die Moldau"),
    ],
)
def test_a_number_identifies_a_movement_in_another_language(one: str, other: str) -> None:
    assert has_same_number(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Suite, Op. 46: IV. Hall", "Suite, Op. 46: 3. Tanz"),
        ("Suite, Op. 46: IV. Hall", "Suite, Op. 55: 4. Lied"),
        ("Sonata in C Minor, Op. 10: II. Adagio", "Sonata in C Minor, Op. 10: II. Presto"),
        ("Requiem, K. 626: III. Sequenz: 6. Lacrimosa", "Requiem, K. 626: III. Sequenz: 1. Dies irae"),
        ("Symphony No. 5 in C Minor, Op. 67: I. Allegro", "Symphonie Nr. 5 C-Dur, Op. 67: 1. Satz"),
        ("Má vlast: II. Vltava", "Slavonic Dances: 2. Die Moldau"),
    ],
)
def test_a_number_identifies_no_movement_of_another_work(one: str, other: str) -> None:
    assert not has_same_number(one, other)


def test_a_range_of_catalog_numbers_names_a_collection() -> None:
    wanted = "The Well-Tempered Clavier, Book 1: Prelude No. 1 in C Major, BWV 846"
    assert same_movement(wanted, "The Well-Tempered Clavier: Book 1, BWV 846-869: Prelude in C Major, BWV 846")
    assert not same_movement(wanted, "The Well-Tempered Clavier: Book 1, BWV 846-869: Prelude in C Minor, BWV 847")
