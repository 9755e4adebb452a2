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


@pytest.mark.parametrize("key", ["in C-Sharp Minor", "in cis-Moll", "cis-Moll", "en do dièse mineur"])
def test_key_is_removed_completely(key: str) -> None:
    assert without_key(native(f"Prelude {key}")) == "prelude"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Wiener Philharmoniker", "Vienna Philharmonic"),
        ("Orchestre Symphonique de Montréal", "Montreal Symphony Orchestra"),
        ("Göteborgs Symfoniker", "Gothenburg Symphony Orchestra"),
        ("Symphonieorchester des Bayerischen Rundfunks", "Bavarian Radio Symphony Orchestra"),
        ("Gewandhausorchester Leipzig", "Leipzig Gewandhaus Orchestra"),
        ("Quatuor Alban Berg", "Alban Berg Quartett"),
        ("Česká filharmonie", "Czech Philharmonic"),
        ("Rundfunkchor Berlin", "Berlin Radio Choir"),
        ("Cuarteto Casals", "Casals Quartet"),
        ("Coro e Orchestra del Teatro alla Scala di Milano", "Orchestra del Teatro alla Scala, Milano"),
    ],
)
def test_ensemble_is_recognized_in_several_languages(left: str, right: str) -> None:
    assert is_same_ensemble(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Wiener Philharmoniker", "Wiener Symphoniker"),
        ("London Symphony Orchestra", "London Philharmonic Orchestra"),
        ("London Symphony Orchestra", "London Symphony Chorus"),
        ("Berlin Symphony Orchestra", "Rundfunk-Sinfonieorchester Berlin"),
        ("Royal Philharmonic Orchestra", "Royal Liverpool Philharmonic"),
        ("The Radio Company", "Radiohead"),
        ("London Symphony Orchestra", "London Sinfonietta"),
        ("National Symphony Orchestra of Oslo", "International Symphony Orchestra of Oslo"),
        ("Alice Opera Orchestra", "Alice Cooper Orchestra"),
        ("Royal Danish Orchestra", "Danish National Orchestra"),
    ],
)
def test_ensembles_with_similar_names_are_different(left: str, right: str) -> None:
    assert not is_same_ensemble(left, right)
    assert not is_nearly_same_ensemble(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Warsaw Philharmonic Orchestra", "Warsaw National Philharmonic Orchestra"),
        ("Concertgebouworkest", "Royal Concertgebouw Orchestra"),
        ("Staatskapelle Dresden", "Sächsische Staatskapelle Dresden"),
    ],
)
def test_ensemble_names_may_omit_attributes(left: str, right: str) -> None:
    assert is_nearly_same_ensemble(left, right)
    assert not is_same_ensemble(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
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
def test_piece_is_recognized_in_any_notation_of_its_work(left: str, right: str) -> None:
    assert is_same_piece(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
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
def test_different_pieces_of_a_work_are_distinguished(left: str, right: str) -> None:
    assert not is_same_piece(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (
            "Peer Gynt Suite No. 1, Op. 46: IV. In the Hall of the Mountain King",
            "Peer-Gynt-Suite Nr. 1, Op. 46: 4. In der Halle",
        ),
        ("Symphony No. 9 in D Minor, Op. 125: IV. Finale", "Symphonie Nr. 9 d-Moll, Op. 125: 4. Presto"),
        ("Má vlast: II. Vltava", "Má vlast: 2. Die Moldau"),
    ],
)
def test_number_identifies_a_movement_in_another_language(left: str, right: str) -> None:
    assert has_same_number(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Suite, Op. 46: IV. Hall", "Suite, Op. 46: 3. Tanz"),
        ("Suite, Op. 46: IV. Hall", "Suite, Op. 55: 4. Lied"),
        ("Sonata in C Minor, Op. 10: II. Adagio", "Sonata in C Minor, Op. 10: II. Presto"),
        ("Requiem, K. 626: III. Sequenz: 6. Lacrimosa", "Requiem, K. 626: III. Sequenz: 1. Dies irae"),
        ("Symphony No. 5 in C Minor, Op. 67: I. Allegro", "Symphonie Nr. 5 C-Dur, Op. 67: 1. Satz"),
        ("Má vlast: II. Vltava", "Slavonic Dances: 2. Die Moldau"),
    ],
)
def test_number_does_not_match_a_movement_of_another_work(left: str, right: str) -> None:
    assert not has_same_number(left, right)


def test_a_range_of_catalog_numbers_names_a_collection() -> None:
    wanted = "The Well-Tempered Clavier, Book 1: Prelude No. 1 in C Major, BWV 846"
    assert same_movement(wanted, "The Well-Tempered Clavier: Book 1, BWV 846-869: Prelude in C Major, BWV 846")
    assert not same_movement(wanted, "The Well-Tempered Clavier: Book 1, BWV 846-869: Prelude in C Minor, BWV 847")
