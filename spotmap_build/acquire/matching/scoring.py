"""One candidate against the track: does it fit, how well, and why. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz

from spotmap_build.acquire.matching.albums import Album, is_same_album, read_album
from spotmap_build.acquire.matching.artists import Agreement, compare_artists, is_impostor, is_label, names_in
from spotmap_build.acquire.matching.classical import (
    is_filed_by_composer,
    performers,
    read_work,
    same_ending,
    same_movement,
)
from spotmap_build.acquire.matching.title_similarity import Named, Naming, compare_names, may_be_translation
from spotmap_build.acquire.matching.titles import Title, canonical, take_apart
from spotmap_build.acquire.matching.version_markers import compare_versions, side_of
from spotmap_build.core.vocabulary import title_words

if TYPE_CHECKING:
    from spotmap_build.model import Candidate, Track

EXACT_S: Final = 1.6
"""Both services round, and one may cut half a second of silence."""
CLOSE_S: Final = 2.6
USUAL_S: Final = 3.5
WIDEST_S: Final = 5.5
"""Silence at the end differs by as much; taken only where the album or the ISRC speaks for it too."""
VIDEO_LONGER_S: Final = 20.0
"""By how much an official video may be longer than the song: a scene before, credits after."""
_NUMBERED: Final = re.compile(r"(?:part|vol|chapter|act|track|scene|interlude|skit|episode|side|movement) \d+")
_ALBUM_AUDIO: Final = "MUSIC_VIDEO_TYPE_ATV"
_OFFICIAL_VIDEO: Final = "MUSIC_VIDEO_TYPE_OMV"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``score`` 0..1: how well it fits; of a refused one, how near it comes. ``reasons`` in words."""

    candidate: Candidate
    fits: bool
    score: float
    reasons: tuple[str, ...]
    is_translated: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A track, taken apart once for all candidates."""

    track: Track
    title: Title
    artists: tuple[str, ...]
    names: frozenset[str]
    album: Album
    is_by_composer: bool


class _RefusedError(Exception):
    """Why a candidate is not it."""


class _Case:
    """One candidate's evidence: each piece multiplies the score by how sure it leaves us."""

    def __init__(self, wanted: Wanted, candidate: Candidate) -> None:
        self.wanted = wanted
        self.candidate = candidate
        names = wanted.names | names_in(candidate.artists)
        self.title = take_apart(candidate.title, names, is_upload=candidate.video_type not in {"", _ALBUM_AUDIO})
        self.album = read_album(candidate.album, self.title.full)
        self.naming: Naming = "different"
        self.same_album = False
        self.score = 1.0
        self.reasons: list[str] = []

    @property
    def longer_s(self) -> float | None:
        """By how many seconds the candidate is longer; None where a duration is not known."""
        if self.candidate.duration_s is None or self.wanted.track.duration_ms is None:
            return None
        return self.candidate.duration_s - self.wanted.track.duration_ms / 1000

    @property
    def is_exact(self) -> bool:
        """Whether both are as long, as far as whole seconds can tell."""
        return self.longer_s is not None and abs(self.longer_s) <= EXACT_S

    @property
    def album_tells(self) -> bool:
        """Whether the album is the same and is not merely named after the song."""
        return self.same_album and self.album.name != canonical(self.wanted.title.core)

    def add(self, reason: str, factor: float = 1.0) -> None:
        self.score *= factor
        self.reasons.append(reason)


def prepare(track: Track) -> Wanted:
    """Take a track apart."""
    title = take_apart(track.title, names_in(track.artists))
    artists = (*track.artists, *title.guests)
    album = read_album(track.album, title.full)
    return Wanted(track, title, artists, names_in(artists), album, is_filed_by_composer(track))


def judge(wanted: Wanted, candidate: Candidate) -> Verdict:
    """Does this candidate fit the track?"""
    case = _Case(wanted, candidate)
    try:
        for weigh in (_weigh_title_and_version, _weigh_length, _weigh_artists, _weigh_source, _weigh_explicit):
            weigh(case)
    except _RefusedError as refusal:
        return Verdict(candidate, False, _nearness(case), (str(refusal),))
    if candidate.from_isrc:
        case.score = 1 - (1 - case.score) / 2
        case.reasons.append("the ISRC returned it")
    return Verdict(candidate, True, round(case.score, 3), tuple(case.reasons), case.naming == "translated")


def _weigh_title_and_version(case: _Case) -> None:
    named = _compare_titles(case)
    if named.naming == "different":
        raise _RefusedError("the title differs")
    case.naming, case.title = named.naming, named.offered
    case.same_album = is_same_album(case.wanted.album, case.album)
    _compare_marks(case, named)
    if named.naming == "same":
        case.add("the title is the same")
    elif named.naming == "alike":
        case.add("the title is the same, read aloud", 0.93)
    elif named.naming == "subtitle":
        if not (case.candidate.from_isrc and case.is_exact):
            raise _RefusedError("one of the titles has an addition that may mean another version")
        case.add("the title is the same but for an addition", 0.7)
    else:
        _weigh_translation(case, named)


def _compare_titles(case: _Case) -> Named:
    mine, theirs = case.wanted.title, case.title
    named = compare_names(mine, theirs)
    if named.naming == "same":
        return named
    titles = case.wanted.track.title, case.candidate.title
    if same_movement(*titles):
        return Named("same", mine, theirs)
    is_on_it = case.wanted.is_by_composer and case.is_exact and is_same_album(case.wanted.album, case.album)
    if is_on_it and same_ending(*titles):
        return Named("same", mine, theirs)
    return named


def _weigh_translation(case: _Case, named: Named) -> None:
    """Titles that say the same in two languages: words cannot tell, so that everything else has to."""
    track, candidate = case.wanted.title, named.offered
    if not case.candidate.from_isrc:
        raise _RefusedError("the title is in another language, and no ISRC says that it is the same")
    if not case.is_exact:
        raise _RefusedError("the title is in another language, and the length differs")
    if track.extras or candidate.extras:
        raise _RefusedError("the title is in another language, with an addition")
    if not may_be_translation(track.core, candidate.core):
        raise _RefusedError("the title is read otherwise")
    mine, theirs = case.wanted.album.name, case.album.name
    if (
        mine
        and theirs
        and (mine == canonical(track.core)) != (theirs == canonical(candidate.core))
        and not case.same_album
    ):
        raise _RefusedError("the title differs: only one of them gives its album the name")
    case.add("the title is in another language", 0.7)


def _compare_marks(case: _Case, named: Named) -> None:
    mine, theirs = side_of(named.wanted.marks, case.wanted.album), side_of(named.offered.marks, case.album)
    track, candidate = case.wanted.track, case.candidate
    if "clean" in theirs.kinds - mine.kinds and track.explicit is False:
        mine = replace(mine, kinds=mine.kinds | {"clean"})
        case.add("the clean version", 0.9)
    if "clean" in (mine.kinds | mine.album_kinds) - theirs.kinds and candidate.is_explicit is False:
        theirs = replace(theirs, kinds=theirs.kinds | {"clean"})
        case.score *= 0.85
    difference = compare_versions(mine, theirs, same_album=case.same_album)
    if difference is None:
        case.score *= 1.0 if mine.names == theirs.names else 0.97
        return
    is_same_single = case.same_album and mine.kinds ^ theirs.kinds == {"single"}
    if not (difference.may_be_unsaid and case.is_exact and (candidate.from_isrc or is_same_single)):
        raise _RefusedError(difference.sentence)
    case.add(f"marked differently ({difference.sentence})", 0.65)


def _weigh_length(case: _Case) -> None:
    longer_s = case.longer_s
    is_backed = case.same_album or case.candidate.from_isrc
    if longer_s is None:
        if case.wanted.track.duration_ms is None:
            case.add("the library does not tell the length", 0.8 if is_backed else 0.7)
        elif is_backed:
            case.add("its length is not given", 0.75)
        else:
            raise _RefusedError("its length is not given, and neither album nor ISRC speaks for it")
        return
    difference_s = abs(longer_s)
    said = f"{difference_s:.0f} s {'longer' if longer_s > 0 else 'shorter'}"
    if difference_s <= EXACT_S:
        case.add("as long")
    elif difference_s <= CLOSE_S:
        case.add(said, 0.97)
    elif difference_s <= max(USUAL_S, 0.004 * (case.wanted.track.duration_ms or 0) / 1000):
        case.add(said, 0.88)
    elif difference_s <= WIDEST_S and is_backed and not _is_upload(case.candidate):
        case.add(said, 0.75)
    elif case.candidate.video_type == _OFFICIAL_VIDEO and 0 < longer_s <= VIDEO_LONGER_S:
        case.add(f"{said}, as a video may be", 0.8)
    else:
        raise _RefusedError(said)


def _weigh_artists(case: _Case) -> None:
    offered = _offered_artists(case)
    agreement = _compare_people(case, offered)
    level, is_isrc = agreement.level, case.candidate.from_isrc
    is_backed = case.same_album or is_isrc
    if case.naming == "translated" and level not in {"same", "alike"}:
        raise _RefusedError(f"the title is in another language, and {agreement.sentence}")
    accepted: dict[str, tuple[bool, float]] = {
        "same": (True, 1.0),
        "alike": (True, 0.95),
        "turned": (is_backed, 0.85),
        "fewer": (_is_loosely_credited(case, case.wanted.title), 0.69),
        "more": (_is_loosely_credited(case, case.title), 0.69),
        "various": (_is_self_evident(case), 0.75),
        "missing": (_is_self_evident(case), 0.7),
        "label": (_is_self_evident(case), 0.7),
        "unreadable": (case.is_exact and case.naming != "translated" and (is_isrc or case.album_tells), 0.75),
        "related": (_is_renamed(case, offered), 0.7),
        "different": (_is_renamed(case, offered), 0.6),
        "other guests": (False, 0.0),
    }
    is_accepted, factor = accepted[level]
    if not is_accepted:
        raise _RefusedError(agreement.sentence)
    if level in {"various", "missing", "label"} and case.album.kinds & {"cover", "karaoke"}:
        raise _RefusedError("from an album of covers")
    case.add(agreement.sentence, factor)
    if case.same_album:
        case.reasons.append("the album is the same")
    elif case.wanted.album.name and case.album.name:
        if _is_common(case.wanted.title) and not is_isrc:
            raise _RefusedError("on another album, and many songs have that title")
        case.add("on another album", 0.96)


def _is_common(title: Title) -> bool:
    """Whether many songs are called so, possibly by one artist: "Intro", "Chapter 3"."""
    return title.full in title_words().common or _NUMBERED.fullmatch(title.full) is not None


def _is_self_evident(case: _Case) -> bool:
    """Whether title, album and length say together what the artist's name does not."""
    if _is_common(case.wanted.title):
        return False
    if case.candidate.from_isrc:
        return case.is_exact and not _is_upload(case.candidate)
    return case.album_tells and _is_within(case, CLOSE_S)


def _is_renamed(case: _Case, offered: tuple[str, ...]) -> bool:
    """Whether everything but the name says that it is the same artist under a new one."""
    is_told = case.candidate.from_isrc and case.is_exact and case.album_tells
    return is_told and not _has_impostor(offered) and read_work(case.wanted.track.title) is None


def _is_loosely_credited(case: _Case, naming_more: Title) -> bool:
    """Whether it is the field that lists fewer artists, not another recording without or with a guest.

    A guest whom the title itself names is on one recording and not on the other, unless the ISRC says that it is one.
    """
    if case.candidate.from_isrc:
        return case.is_exact
    return case.same_album and not naming_more.guests and (case.is_exact or case.longer_s is None)


def _is_within(case: _Case, seconds: float) -> bool:
    return case.longer_s is None or abs(case.longer_s) <= seconds


def _offered_artists(case: _Case) -> tuple[str, ...]:
    """Who is named: in the title, if it names the artist as uploads do, else in the field; and the guests."""
    title, candidate = case.title, case.candidate
    if title.credited and not names_in(candidate.artists) & names_in(title.credited):
        return (*title.credited, *title.guests)
    return (*candidate.artists, *title.guests)


def _compare_people(case: _Case, offered: tuple[str, ...]) -> Agreement:
    wanted = case.wanted.artists
    remixers = [mark.names for mark in case.title.marks]
    is_classical = case.wanted.is_by_composer or read_work(case.wanted.track.title) is not None
    if is_classical and performers(wanted):
        return compare_artists(performers(wanted), performers(offered) or offered, remixers)
    return compare_artists(wanted, offered, remixers)


def _has_impostor(names: tuple[str, ...]) -> bool:
    return any(is_impostor(name) for name in names)


def _is_upload(candidate: Candidate) -> bool:
    return bool(candidate.video_type) and candidate.video_type not in {_ALBUM_AUDIO, _OFFICIAL_VIDEO}


def _weigh_source(case: _Case) -> None:
    candidate = case.candidate
    if candidate.video_type == _OFFICIAL_VIDEO:
        case.add("a video, not the album's sound", 0.85)
    if not _is_upload(candidate):
        return
    if _has_impostor(candidate.artists) and not any(is_impostor(name) for name in case.wanted.artists):
        raise _RefusedError(f"uploaded by {', '.join(candidate.artists)}")
    if case.longer_s is None and not candidate.from_isrc:
        raise _RefusedError("an upload of unknown length")
    by_itself = names_in(candidate.artists) & case.wanted.names or is_label(candidate.artists)
    case.add("an upload, not the album's sound", 0.75 if by_itself else 0.65)


def _weigh_explicit(case: _Case) -> None:
    """An explicit and a clean version are two recordings, and where both sides tell, they have to agree.

    Videos are seldom flagged: of those, only "explicit" tells something.
    """
    wanted, offered = case.wanted.track.explicit, case.candidate.is_explicit
    if wanted is None or offered is None or wanted == offered:
        return
    if not offered and case.candidate.video_type not in {"", _ALBUM_AUDIO}:
        return
    sentence = f"{'explicit' if offered else 'clean'}, and the library's is {'explicit' if wanted else 'clean'}"
    marks = (*case.wanted.title.marks, *case.title.marks)
    is_said = "clean" in case.wanted.album.kinds or any(mark.kinds & {"clean", "explicit"} for mark in marks)
    if is_said or not case.candidate.from_isrc:
        raise _RefusedError(sentence)
    case.add(sentence, 0.4)


def _nearness(case: _Case) -> float:
    """How near a refused candidate comes (0..0.6), to show the nearest first."""
    title = fuzz.ratio(case.wanted.title.full, case.title.full) / 100
    artist = 1.0 if names_in(case.candidate.artists) & case.wanted.names else 0.4
    length = 0.6 if case.longer_s is None else max(0.2, 1 - abs(case.longer_s) / 30)
    return round(0.6 * title * artist * length, 3)
