"""Which of the candidates is the track's recording, or none. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from spotmap_build.acquire.matching.albums import read_album
from spotmap_build.acquire.matching.artists import is_nobody
from spotmap_build.acquire.matching.case import ALBUM_AUDIO, Verdict, Wanted
from spotmap_build.acquire.matching.scoring import judge, prepare
from spotmap_build.core.normalize import native
from spotmap_build.core.text import printable
from spotmap_build.model import Candidate, Considered, Match, Track

if TYPE_CHECKING:
    from collections.abc import Sequence

DOUBTFUL_BELOW: Final = 0.7
"""A match with a lower confidence was taken with some gap in its evidence (an upload, a title in another language, a
length that is seconds off): right more often than not, and worth a look."""
CONSIDERED: Final = 5
"""How many of the others are reported."""

LONGEST: Final = 500
"""Characters of a title or an album's name that are looked at. To compare takes longer than in proportion; the longest
titles that there are, of classical works, have some two hundred."""
LONGEST_NAME: Final = 200
MOST_ARTISTS: Final = 60
"""Of whom a recording is by: more are on the longest charity singles, where the first tell enough."""

Texts = TypeVar("Texts", Track, Candidate)

_NAMELESS: Final = re.compile(
    r"^(?:\d+ )?(?:audio ?track|track|titel|titre|pista|traccia|faixa|piste|spur|trilha|untitled track|aud|img|vid|rec"
    r"|recording|new recording|voice ?memo|memo|voice|audio|unknown|sound ?clip|дорожка|とらっく|트랙"
    r"|曲目|音轨)"
    r"(?: ?\d[\dwa ]*)?$"
)
"""What programs call a file whose name they do not know."""
_EPISODE: Final = re.compile(
    r"\b(?:episode|ep|folge|episodio|avsnitt|выпуск|s\d+e) ?\d+\b|^(?:podcast|bonus episode|trailer)\b"
    r"|\bpodcast\b"
)
_EPISODE_LASTS_MS: Final = 15 * 60_000


def decide(track: Track, candidates: Sequence[Candidate]) -> Match:
    """Say which of the search results is the recording of a track.

    Everything has to agree as far as it is known: title, artists, version, length. How often something was listened to
    does not count. Where nothing fits, the answer is none: a gap on the map is better than a wrong song.
    """
    track, candidates = _bounded(track), [_bounded(candidate) for candidate in candidates]
    reason = _no_music(track)
    if reason:
        return Match(None, 0.95, (reason,))
    if not candidates:
        return Match(None, 0.9, ("the search found nothing",))
    wanted = prepare(track)
    verdicts = [judge(wanted, candidate) for candidate in candidates]
    fitting = sorted(_distinguished(verdicts), key=lambda each: _preference(each, track), reverse=True)
    doubt = _find_doubt(wanted, fitting)
    if fitting and not doubt:
        best = fitting[0]
        return Match(best.candidate, best.score, best.reasons, _considered(verdicts, best))
    others = _considered(verdicts, None)
    if fitting:
        return Match(None, 0.5, (doubt,), others)
    nearest = max(verdict.score for verdict in verdicts)
    return Match(None, round(1 - 0.8 * nearest, 3), (_why_none(others),), others)


def _bounded(record: Texts) -> Texts:
    """Return a record with texts of a length that can be compared, and of characters that every library takes."""
    title, album = printable(record.title[:LONGEST]), printable(record.album[:LONGEST])
    artists = tuple(printable(name[:LONGEST_NAME]) for name in record.artists[:MOST_ARTISTS])
    if (title, album, artists) == (record.title, record.album, record.artists):
        return record
    return replace(record, title=title, album=album, artists=artists)


def _no_music(track: Track) -> str:
    """Why nothing can be looked for: the track has no name of its own, or is an episode."""
    title = native(track.title)
    nobody = all(is_nobody(artist) for artist in track.artists)
    if _NAMELESS.match(title) and (nobody or title[-1:].isdecimal()) and not track.isrc:
        return "its title is only what a program called it"
    if nobody and not track.album and not track.isrc:
        return "nothing tells whose it is"
    names = native(" ".join((track.title, track.album, *track.artists)))
    is_long = (track.duration_ms or 0) > _EPISODE_LASTS_MS
    if ("podcast" in names.split() and not track.isrc) or (is_long and _EPISODE.search(title) and not track.isrc):
        return "it is an episode of a podcast, not a song"
    return ""


def _distinguished(verdicts: list[Verdict]) -> list[Verdict]:
    """Those that fit, in the light of each other.

    Where the track's own album has the title with an addition only, as long as the track, what is called plainly
    elsewhere may be the other recording of two.
    """
    fitting = [verdict for verdict in verdicts if verdict.fits]
    is_plain_there = any(verdict.is_own_album and not verdict.addition for verdict in fitting)
    if is_plain_there or not any(verdict.addition for verdict in verdicts):
        return [verdict for verdict in fitting if not verdict.addition or verdict.candidate.from_isrc]
    return [verdict for verdict in fitting if verdict.addition or verdict.candidate.from_isrc]


def _preference(verdict: Verdict, track: Track) -> tuple[float, bool, bool, bool, str]:
    candidate = verdict.candidate
    is_audio = candidate.video_type == ALBUM_AUDIO
    is_same_to_the_letter = candidate.title.casefold() == track.title.casefold()
    return verdict.score, is_audio, is_same_to_the_letter, candidate.from_isrc, candidate.video_id


def _find_doubt(wanted: Wanted, fitting: list[Verdict]) -> str:
    """Why none of those that fit is taken; empty where the best is.

    Translated titles are taken on other evidence, which has to point to one recording only. So has what fits a title
    that many songs have, where the library does not tell the album.
    """
    translated = {verdict.candidate.title for verdict in fitting if verdict.is_translated}
    if fitting and fitting[0].is_translated and len(translated) > 1:
        return "several recordings could be it, with titles in another language"
    albums = {read_album(verdict.candidate.album).name for verdict in fitting if verdict.candidate.album}
    if wanted.is_common and not wanted.album.name and len(albums) > 1:
        return "several recordings could be it: many songs have that title, and the library does not tell the album"
    return ""


def _considered(verdicts: list[Verdict], best: Verdict | None) -> tuple[Considered, ...]:
    others = sorted((verdict for verdict in verdicts if verdict is not best), key=lambda verdict: -verdict.score)
    return tuple(
        Considered(verdict.candidate, verdict.score, _why_not(verdict, best)) for verdict in others[:CONSIDERED]
    )


def _why_not(verdict: Verdict, best: Verdict | None) -> str:
    reasons = "; ".join(verdict.reasons)
    return f"fits less well: {reasons}" if verdict.fits and best is not None else reasons


def _why_none(others: tuple[Considered, ...]) -> str:
    nearest = others[0]
    return f'none of the results is it; the nearest, "{nearest.candidate.title}": {nearest.reason}'
