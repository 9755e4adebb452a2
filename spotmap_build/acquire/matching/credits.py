"""Compare the artists of a candidate, from its credits and title, with those of the track. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.acquire.matching.albums import share_a_work
from spotmap_build.acquire.matching.artists import Agreement, compare_artists, listed_singly, names_in
from spotmap_build.acquire.matching.case import ALBUM_AUDIO, CLOSE_S, RefusedError
from spotmap_build.acquire.matching.classical import is_composer, is_played_by_ensemble, performers, read_work
from spotmap_build.acquire.matching.common_titles import works_agree
from spotmap_build.acquire.matching.people import is_impostor, is_label, is_nobody, is_various, words_of
from spotmap_build.acquire.matching.transliteration import is_east_asian_reading
from spotmap_build.core.normalize import is_latin

if TYPE_CHECKING:
    from spotmap_build.acquire.matching.case import Case
    from spotmap_build.acquire.matching.titles import Title


def weigh_artists(case: Case) -> None:
    """Compare the credited artists.

    Raises
    ------
    RefusedError
        The artists differ, or there is no evidence that they are the same.
    """
    offered = _offered_artists(case)
    agreement = _compare_people(case, offered)
    level, is_isrc = agreement.level, case.candidate.from_isrc
    if case.naming == "translated" and level not in {"same", "alike"}:
        raise RefusedError(f"the title is in another language, and {agreement.sentence}")
    accepted: dict[str, tuple[bool, float]] = {
        "same": (True, 1.0),
        "alike": (True, 0.95),
        "turned": (is_isrc or (case.same_album and case.naming == "same"), 0.85),
        "fewer": (_is_loosely_credited(case, case.wanted.title), 0.69),
        "fewer, not the first": (_is_without_composer(case, offered), 0.69),
        "more": (_is_loosely_credited(case, case.title), 0.69),
        "various": (_is_self_evident(case), 0.75),
        "missing": (_is_self_evident(case), 0.7),
        "label": (_is_self_evident(case) and case.wanted.album.is_soundtrack <= case.album.is_soundtrack, 0.7),
        "unreadable": (case.is_exact and case.naming != "translated" and _is_backed_across(case, offered), 0.75),
        "half heard": (case.is_exact and case.naming in {"same", "alike"} and (is_isrc or case.same_album), 0.85),
        "half unreadable": (case.is_exact and case.naming in {"same", "alike"}, 0.85),
        "related": (_is_renamed(case, offered), 0.7),
        "different": (_is_renamed(case, offered), 0.6),
        "other guests": (False, 0.0),
    }
    is_accepted, factor = accepted[level]
    if not is_accepted:
        raise RefusedError(agreement.sentence)
    if level in {"various", "missing", "label"} and case.album.kinds & {"cover", "karaoke"}:
        raise RefusedError("from an album of covers")
    case.add(agreement.sentence, factor)


def _is_self_evident(case: Case) -> bool:
    """Return whether title, album and length suffice without the artist's name."""
    if case.wanted.is_common:
        return False
    if case.candidate.from_isrc:
        return case.is_exact and not case.is_upload
    return case.album_tells and case.is_within(CLOSE_S)


def _is_backed_across(case: Case, offered: tuple[str, ...]) -> bool:
    """Return whether other evidence connects two artist names in different scripts that sound different.

    An album named after the song counts only if the title is in the artist's own script and the Latin name is not a
    transliteration but a stage name: "G.E.M." may be "鄧紫棋".
    """
    if case.candidate.from_isrc or case.album_tells:
        return True
    names = [name for name in (*case.wanted.artists, *offered) if is_latin(name)]
    return case.same_album and not is_latin(case.wanted.title.core) and not any(map(is_east_asian_reading, names))


def _is_renamed(case: Case, offered: tuple[str, ...]) -> bool:
    """Return whether everything except the name indicates the same artist under a new name."""
    is_same_otherwise = case.candidate.from_isrc and case.is_exact and case.album_tells
    return is_same_otherwise and not any(map(is_impostor, offered)) and read_work(case.wanted.track.title) is None


def _is_loosely_credited(case: Case, naming_more: Title) -> bool:
    """Return whether the credits are just incomplete, rather than of a recording with or without a guest.

    A guest named in the title is on only one of two recordings, unless the ISRC says that they are the same.
    """
    if case.candidate.from_isrc:
        return case.is_exact
    if case.is_exact and not naming_more.guests and _is_from_same_film(case):
        return True
    return case.same_album and not naming_more.guests and (case.is_exact or case.longer_s is None)


def _is_from_same_film(case: Case) -> bool:
    """Return whether a single and a soundtrack name the same film, so that only their credits differ in length."""
    mine, theirs = case.wanted.album, case.album
    if works_agree(case.wanted.title.works, [theirs.name]) or works_agree(case.title.works, [mine.name]):
        return True  # 'Salt (From "The Sea")', and "Salt" on "The Sea"
    return mine.is_soundtrack and theirs.is_soundtrack and share_a_work(mine, theirs)


def _is_without_composer(case: Case, offered: tuple[str, ...]) -> bool:
    """Return whether the first artists may be missing because they only wrote the song.

    The song is then on a soundtrack, or an ensemble performs it.
    """
    is_of_film = case.wanted.album.is_soundtrack or case.album.is_soundtrack
    is_exact = case.is_exact and case.album_tells and not case.wanted.title.guests
    return is_exact and (is_of_film or is_played_by_ensemble(offered) or case.candidate.from_isrc)


def _is_no_performer(credit: str) -> bool:
    return is_nobody(credit) or is_various(credit) or is_label([credit])


def _offered_artists(case: Case) -> tuple[str, ...]:
    """Return the candidate's artists: from the title if it names them, as uploads do, else the credits; plus guests."""
    title, candidate = case.title, case.candidate
    is_performed = candidate.video_type == ALBUM_AUDIO and not all(map(_is_no_performer, candidate.artists))
    if title.credited and not is_performed and not names_in(candidate.artists) & names_in(title.credited):
        return (*title.credited, *title.guests)
    return (*candidate.artists, *title.guests)


def _is_composed(case: Case, offered: tuple[str, ...]) -> bool:
    """Return whether the track's first artist is its composer and not a performer: the title or an ensemble tells."""
    artists = case.wanted.artists
    if not (artists and performers(offered) and is_composer(artists[0])):
        return False
    is_said = any(": " in title for title in (case.wanted.track.title, case.candidate.title))
    return is_said or is_played_by_ensemble(performers(artists))


def _compare_people(case: Case, offered: tuple[str, ...]) -> Agreement:
    wanted, offered = listed_singly(case.wanted.artists, offered), listed_singly(offered, case.wanted.artists)
    remixers = [mark.names for mark in case.title.marks]
    works = [words_of(work) for title in (case.wanted.title, case.title) for work in title.works]
    is_work = any(read_work(title) is not None for title in (case.wanted.track.title, case.candidate.title))
    is_on_it = case.same_album and case.is_exact
    is_classical = case.wanted.is_by_composer or is_work or (is_on_it and _is_composed(case, offered))
    if is_classical and performers(wanted):
        return compare_artists(performers(wanted), performers(offered) or offered, remixers, works)
    return compare_artists(wanted, offered, remixers, works)
