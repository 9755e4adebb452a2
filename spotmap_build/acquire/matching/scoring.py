"""Score one candidate against the track, with reasons. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz

from spotmap_build.acquire.matching.albums import (
    is_part_of,
    is_same_album,
    is_same_live_album,
    read_album,
    share_a_work,
)
from spotmap_build.acquire.matching.artists import names_in
from spotmap_build.acquire.matching.case import (
    ALBUM_AUDIO,
    CLOSE_S,
    EXACT_S,
    OFFICIAL_VIDEO,
    Case,
    RefusedError,
    Verdict,
    Wanted,
)
from spotmap_build.acquire.matching.classical import (
    composers,
    is_filed_by_composer,
    is_played_by_ensemble,
    read_work,
    share_a_composer,
    year_of_recording,
)
from spotmap_build.acquire.matching.common_titles import is_common, is_common_name, is_counted_work, works_agree
from spotmap_build.acquire.matching.credits import weigh_artists
from spotmap_build.acquire.matching.people import is_impostor, is_label, words_of
from spotmap_build.acquire.matching.pieces import is_on_same_album, names_same_work, without_piece
from spotmap_build.acquire.matching.title_similarity import Named, compare_names, is_written_alike, may_be_translation
from spotmap_build.acquire.matching.titles import canonical, take_apart
from spotmap_build.acquire.matching.transliteration import comparable
from spotmap_build.acquire.matching.version_markers import compare_versions, side_of
from spotmap_build.core.normalize import native

if TYPE_CHECKING:
    from spotmap_build.acquire.matching.albums import Album
    from spotmap_build.acquire.matching.case import Addition
    from spotmap_build.acquire.matching.titles import Title
    from spotmap_build.model import Candidate, Track

USUAL_DIFFERENCE_S: Final = 3.5
MAX_DIFFERENCE_S: Final = 5.5
"""Silence at the end may differ by this much; accepted only if the album or the ISRC agrees as well."""
MIN_DIFFERENCE_S: Final = 1.0
"""Services round to whole seconds: a short track may differ by this much plus a quarter of its length."""
VIDEO_LONGER_S: Final = 20.0
"""How much longer than the song an official video may be, for example because of an intro scene or credits."""
_WORDS_OF_A_PHRASE: Final = 3
_YEAR_AFTER_NAME: Final = re.compile(r" (?:19|20)\d\d")
_OTHER_LYRICS: Final = "other lyrics"


def prepare(track: Track) -> Wanted:
    """Parse a track for comparison with its candidates."""
    title = take_apart(track.title, names_in(track.artists))
    artists = (*track.artists, *title.guests)
    album = read_album(track.album, title.full)
    names, is_common_title = names_in(artists), is_common(title, artists)
    return Wanted(track, title, artists, names, album, is_filed_by_composer(track), is_common_title)


def judge(wanted: Wanted, candidate: Candidate) -> Verdict:
    """Decide whether a candidate fits the track, and how well."""
    case = Case(wanted, candidate)
    try:
        for weigh in _STEPS:
            weigh(case)
    except RefusedError as refusal:
        return Verdict(candidate, False, _nearness(case), (str(refusal),), addition=case.addition)
    if candidate.from_isrc:
        case.score = 1 - (1 - case.score) / 2
        case.reasons.append("the ISRC returned it")
    is_translated = case.naming == "translated"
    return Verdict(
        candidate, True, round(case.score, 3), tuple(case.reasons), is_translated, case.same_album, case.addition
    )


def _weigh_title_and_version(case: Case) -> None:
    named = _compare_titles(case)
    if named.naming == "different":
        raise RefusedError("the title differs")
    case.naming = named.naming
    case.same_album = is_same_album(case.wanted.album, case.album) or _are_live_on_it(case, named)
    case.addition = _read_addition(case, named)
    _compare_marks(case, named)
    case.title = named.offered
    if named.naming == "same":
        case.add("the title is the same")
    elif named.naming == "alike":
        case.add("the title is the same, read aloud", 0.93)
    elif named.naming == "subtitle":
        if case.is_exact and case.album_tells and _is_phrase(named):
            case.add("the title is the same but for a subtitle", 0.69)
            return
        if not (case.candidate.from_isrc and case.is_exact):
            raise RefusedError("one of the titles has an addition that may mean another version")
        case.add("the title is the same but for an addition", 0.7)
    else:
        _weigh_translation(case, named)


def _is_phrase(named: Named) -> bool:
    """Return whether only the track has an addition, too long to be words for a version: "(In Other Words)"."""
    mine, theirs = named.wanted, named.offered
    is_same_name = canonical(mine.core) == canonical(theirs.core) and not theirs.extras
    return is_same_name and all(len(extra.split()) >= _WORDS_OF_A_PHRASE for extra in mine.extras)


def _compare_titles(case: Case) -> Named:
    mine, theirs = case.wanted.title, case.title
    named = compare_names(mine, theirs)
    if named.naming == "same":
        return named
    if named.naming in {"different", "subtitle"} and case.is_exact:
        named = _compare_without_works(case) or named
    if named.naming == "different" and is_on_same_album(case) and is_written_alike(mine, theirs):
        return Named("alike", mine, theirs)
    if not names_same_work(case):
        return named
    if is_on_same_album(case):
        mine, theirs = without_piece(mine), without_piece(theirs)
    return Named("same", mine, theirs)


def _are_live_on_it(case: Case, named: Named) -> bool:
    """Return whether both titles are live, of the same place, and the albums are the same but for such a mark."""
    marks = (named.wanted.marks, named.offered.marks)
    are_live = all(any("live" in mark.kinds for mark in each) for each in marks)
    places = [frozenset[str]().union(*(mark.names for mark in each)) for each in marks]
    return are_live and places[0] == places[1] and case.is_exact and is_same_live_album(case.wanted.album, case.album)


def _read_addition(case: Case, named: Named) -> Addition:
    """Return the kind of addition that the track's own album has to the title of a recording of the same length.

    Some libraries omit additions that distinguish two lyrics of a song ("Don't Cry (Alt. Lyrics)").
    """
    is_theirs = bool(names_in(case.candidate.artists) & case.wanted.names)
    if not (case.same_album and case.is_exact and is_theirs) or named.wanted.extras or named.wanted.marks:
        return ""
    kinds = frozenset[str]().union(*(mark.kinds for mark in named.offered.marks))
    if kinds == {_OTHER_LYRICS}:
        return "other lyrics"
    is_unknown = named.naming == "subtitle" and bool(named.offered.extras)
    return "unknown" if is_unknown or kinds & {"alternate", "another version"} else ""


def _compare_without_works(case: Case) -> Named | None:
    """Compare again if one title names the other's album or film: "Sunflower - Into the Spider-Verse"."""
    wanted, candidate = case.wanted, case.candidate
    names = wanted.names | names_in(candidate.artists)
    mine = take_apart(
        wanted.track.title, wanted.names, works=_works(wanted.title, wanted.album, case.title, case.album)
    )
    theirs = take_apart(candidate.title, names, works=_works(case.title, case.album, wanted.title, wanted.album))
    if (mine, theirs) == (wanted.title, case.title):
        return None
    named = compare_names(mine, theirs)
    if named.naming != "same":
        return None
    case.wanted = replace(wanted, title=mine, is_common=is_common(mine, wanted.artists))
    return named


def _works(title: Title, album: Album, other_title: Title, other_album: Album) -> frozenset[str]:
    """Return names that an addition to a title may have without being another version: the other side's album or film.

    Also the title's own album if it is a soundtrack: "Salt (Late Show)" on "Late Show" is from that show.
    """
    own = album.works if album.is_soundtrack else ()
    named = frozenset(map(canonical, (*other_title.works, *other_album.works, *own)))
    return frozenset(name for name in named - {canonical(title.core), ""} if not is_common_name(name))


def _weigh_translation(case: Case, named: Named) -> None:
    """Weigh titles in two languages, which cannot be compared, so everything else has to agree."""
    track, candidate = case.wanted.title, named.offered
    if not case.candidate.from_isrc:
        raise RefusedError("the title is in another language, and no ISRC says that it is the same")
    if not case.is_exact:
        raise RefusedError("the title is in another language, and the length differs")
    if track.extras or candidate.extras:
        raise RefusedError("the title is in another language, with an addition")
    if not may_be_translation(track.core, candidate.core):
        raise RefusedError("the title is read otherwise")
    mine, theirs = case.wanted.album.name, case.album.name
    if (
        mine
        and theirs
        and (mine == canonical(track.core)) != (theirs == canonical(candidate.core))
        and not case.same_album
    ):
        raise RefusedError("the title differs: only one of them gives its album the name")
    case.add("the title is in another language", 0.7)


def _compare_marks(case: Case, named: Named) -> None:
    mine, theirs = side_of(named.wanted.marks, case.wanted.album), side_of(named.offered.marks, case.album)
    track, candidate = case.wanted.track, case.candidate
    if "clean" in theirs.kinds - mine.kinds and track.explicit is False:
        mine = replace(mine, kinds=mine.kinds | {"clean"})
        case.add("the clean version", 0.9)
    if "clean" in (mine.kinds | mine.album_kinds) - theirs.kinds and candidate.is_explicit is False:
        theirs = replace(theirs, kinds=theirs.kinds | {"clean"})
        case.score *= 0.85
    if "/" in case.wanted.title.core:  # "Medley: One / Other" is called a medley by its name as well
        mine, theirs = (replace(side, kinds=side.kinds - {"medley"}) for side in (mine, theirs))
    if case.addition == "other lyrics" and native(candidate.album) == native(track.album):
        theirs = replace(theirs, kinds=theirs.kinds - {_OTHER_LYRICS})
        case.add("with other words, as the album has it", 0.69)
    if theirs.kinds and native(candidate.album) == native(candidate.title):  # it says no more than the title
        theirs = replace(theirs, album_kinds=theirs.kinds)
    difference = compare_versions(mine, theirs, same_album=case.same_album)
    if difference is None:
        case.score *= 1.0 if mine.names == theirs.names else 0.97
        return
    is_whole = named.wanted is case.wanted.title and named.offered is case.title
    is_cut = is_whole and not case.album_tells and mine.kinds ^ theirs.kinds == {"edit"} and mine.names == theirs.names
    is_called_otherwise = {*mine.kinds, *theirs.kinds} == {"edit", "single"} and mine.names == theirs.names
    is_said_single = mine.kinds ^ theirs.kinds == {"single"} and mine.names == theirs.names
    is_same_single = case.same_album and (is_cut or is_called_otherwise or is_said_single)
    is_unsaid = difference.may_be_unsaid and (candidate.from_isrc or is_same_single)
    is_said_once = mine.kinds ^ theirs.kinds == {"live"} and case.same_album and case.wanted.album.may_be_live
    if not (case.is_exact and (is_unsaid or is_said_once)):
        raise RefusedError(difference.sentence)
    case.add(f"marked differently ({difference.sentence})", 0.65)


def is_as_long(track: Track, candidate: Candidate) -> bool:
    """Return whether the lengths differ by no more than silence may; True if one is unknown."""
    if track.duration_ms is None or candidate.duration_s is None:
        return True
    return abs(candidate.duration_s - track.duration_ms / 1000) <= MAX_DIFFERENCE_S


def _weigh_length(case: Case) -> None:
    longer_s = case.longer_s
    is_backed = case.same_album or case.candidate.from_isrc
    if longer_s is None:
        if case.wanted.track.duration_ms is None:
            case.add("the library does not give the length", 0.8 if is_backed else 0.7)
        elif is_backed:
            case.add("its length is not given", 0.75)
        else:
            raise RefusedError("its length is not given, and neither album nor ISRC supports it")
        return
    difference_s = abs(longer_s)
    said = f"{difference_s:.0f} s {'longer' if longer_s > 0 else 'shorter'}"
    if difference_s > MIN_DIFFERENCE_S + (case.wanted.track.duration_ms or 0) / 4_000:
        raise RefusedError(said)
    if difference_s <= EXACT_S:
        case.add("as long")
    elif difference_s <= CLOSE_S:
        case.add(said, 0.97)
    elif difference_s <= max(USUAL_DIFFERENCE_S, 0.004 * (case.wanted.track.duration_ms or 0) / 1000):
        case.add(said, 0.88)
    elif difference_s <= MAX_DIFFERENCE_S and is_backed and not case.is_upload:
        case.add(said, 0.75)
    elif case.candidate.video_type == OFFICIAL_VIDEO and 0 < longer_s <= VIDEO_LONGER_S:
        case.add(f"{said}, as a video may be", 0.8)
    else:
        raise RefusedError(said)


def _weigh_work(case: Case) -> None:
    """Require for a common title that the album, or the work named in the title, identifies the recording."""
    wanted, offered = case.wanted, case.title
    mine, theirs = (composers(each.artists, each.album) for each in (wanted.track, case.candidate))
    is_work = wanted.is_common or read_work(wanted.track.title) is not None
    is_classical = is_work or is_played_by_ensemble(wanted.artists)
    if is_classical and mine and theirs and not share_a_composer(mine, theirs):
        raise RefusedError(f"it was written by {', '.join(theirs)}")
    years = {year_of_recording(each.album) for each in (wanted.track, case.candidate)} - {""}
    if is_classical and len(years) > 1:
        raise RefusedError(f"recorded in another year: {' and '.join(sorted(years))}")
    is_other = bool(wanted.title.works and offered.works) and not works_agree(wanted.title.works, offered.works)
    if is_other and (wanted.is_common or _are_other_works(case)):
        raise RefusedError(f"it is from {', '.join(offered.works)}")
    if not wanted.is_common:
        return
    if case.same_album or case.candidate.from_isrc:
        return
    albums = (
        replace(album, works=(*title.works, *album.works))
        for title, album in ((wanted.title, wanted.album), (offered, case.album))
    )
    is_same_work = share_a_work(*albums)
    is_counted = is_counted_work(wanted.title) and share_a_composer(mine, theirs)
    is_open = not wanted.album.name and not wanted.title.works and bool(case.album.name)
    if not (case.is_exact and (is_same_work or is_counted or is_open)):
        raise RefusedError("many songs have that title, and neither album nor work says that it is this one")


def _are_other_works(case: Case) -> bool:
    """Return whether the titles name different films or series: comparable names without a common word."""
    if case.same_album or case.candidate.from_isrc:
        return False
    mine, theirs = case.wanted.title.works, case.title.works
    return all(comparable(one, other) and not words_of(one) & words_of(other) for one in mine for other in theirs)


def _weigh_album(case: Case) -> None:
    mine, theirs = case.wanted.album, case.album
    if case.same_album:
        case.reasons.append("the album is the same")
    elif _is_of_a_year(mine.name, theirs.name) and not case.candidate.from_isrc:
        raise RefusedError("from an album of the same name and another year")
    elif mine.is_soundtrack and theirs.is_soundtrack and not case.candidate.from_isrc and not is_part_of(mine, theirs):
        raise RefusedError("from another soundtrack")
    elif case.wanted.album.name and case.album.name:
        case.add("on another album", 0.96)


def _is_of_a_year(mine: str, theirs: str) -> bool:
    """Return whether one album is named like the other, with a year: "Tubular Bells 2003" is another recording."""
    short, long = sorted((mine, theirs), key=len)
    return bool(short) and long.startswith(short) and _YEAR_AFTER_NAME.fullmatch(long, len(short)) is not None


def _weigh_source(case: Case) -> None:
    candidate = case.candidate
    if candidate.video_type == OFFICIAL_VIDEO:
        case.add("a video, not the album's sound", 0.85)
    if not case.is_upload:
        return
    if any(map(is_impostor, candidate.artists)) and not any(is_impostor(name) for name in case.wanted.artists):
        raise RefusedError(f"uploaded by {', '.join(candidate.artists)}")
    if case.longer_s is None and not candidate.from_isrc:
        raise RefusedError("an upload of unknown length")
    by_itself = names_in(candidate.artists) & case.wanted.names or is_label(candidate.artists)
    case.add("an upload, not the album's sound", 0.75 if by_itself else 0.65)


def _weigh_explicit(case: Case) -> None:
    """Compare the flags for explicit lyrics.

    An explicit and a clean version are different recordings, so the flags have to agree if both are known. Videos are
    rarely flagged, so for them only "explicit" counts.
    """
    wanted, offered = case.wanted.track.explicit, case.candidate.is_explicit
    if wanted is None and any("explicit" in mark.kinds for mark in case.wanted.title.marks):
        wanted = True
    if wanted is None or offered is None or wanted == offered:
        return
    if not offered and case.candidate.video_type not in {"", ALBUM_AUDIO}:
        return
    sentence = f"{'explicit' if offered else 'clean'}, and the library's is {'explicit' if wanted else 'clean'}"
    marks = (*case.wanted.title.marks, *case.title.marks)
    is_said = "clean" in case.wanted.album.kinds or any(mark.kinds & {"clean", "explicit"} for mark in marks)
    if is_said or not case.candidate.from_isrc:
        raise RefusedError(sentence)
    case.add(sentence, 0.4)


def _nearness(case: Case) -> float:
    """Return how close a rejected candidate comes (0..0.6), to show the closest first."""
    title = fuzz.ratio(case.wanted.title.full, case.title.full) / 100
    artist = 1.0 if names_in(case.candidate.artists) & case.wanted.names else 0.4
    length = 0.6 if case.longer_s is None else max(0.2, 1 - abs(case.longer_s) / 30)
    return round(0.6 * title * artist * length, 3)


_STEPS: Final = (
    _weigh_title_and_version,
    _weigh_length,
    weigh_artists,
    _weigh_work,
    _weigh_album,
    _weigh_source,
    _weigh_explicit,
)
