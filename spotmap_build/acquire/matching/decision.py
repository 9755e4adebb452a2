"""Choose the track's recording among the candidates, or none. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from spotmap_build.acquire.matching.albums import read_album
from spotmap_build.acquire.matching.artists import names_in
from spotmap_build.acquire.matching.case import ALBUM_AUDIO, Verdict, Wanted
from spotmap_build.acquire.matching.people import is_nobody
from spotmap_build.acquire.matching.scoring import is_as_long, judge, prepare
from spotmap_build.acquire.matching.titles import canonical, take_apart
from spotmap_build.core.normalize import native
from spotmap_build.core.text import printable
from spotmap_build.model import Candidate, Considered, Match, Track

if TYPE_CHECKING:
    from collections.abc import Sequence

DOUBTFUL_BELOW: Final = 0.7
"""A match below this confidence has a gap in its evidence (an upload, a title in another language, a length that is
seconds off). It is more likely right than wrong, but worth a review."""
CONSIDERED: Final = 5
"""Maximum number of rejected candidates in the report."""

MAX_TEXT_LENGTH: Final = 500
"""Maximum characters of a title or an album's name that are compared. Comparing takes more than linear time; the
longest existing titles, of classical works, have about two hundred."""
MAX_NAME_LENGTH: Final = 200
MAX_ARTISTS: Final = 60
"""Maximum number of artists. Only the longest charity singles have more, and the first ones suffice."""

Texts = TypeVar("Texts", Track, Candidate)

_NAMELESS: Final = re.compile(
    r"^(?:\d+ )?(?:audio ?track|track|titel|titre|pista|traccia|faixa|piste|spur|trilha|untitled track|aud|img|vid|rec"
    r"|recording|new recording|voice ?memo|memo|voice|audio|unknown|sound ?clip|дорожка|とらっく|트랙"
    r"|曲目|音轨)"
    r"(?: ?\d[\dwa ]*)?$"
)
"""Default titles that programs give to files without a known name."""
_EPISODE: Final = re.compile(
    r"\b(?:episode|ep|folge|episodio|avsnitt|выпуск|s\d+e) ?\d+\b|^(?:podcast|bonus episode|trailer)\b"
    r"|\bpodcast\b"
)
_EPISODE_LASTS_MS: Final = 15 * 60_000


def decide(track: Track, candidates: Sequence[Candidate]) -> Match:
    """Decide which of the search results is the recording of a track.

    Title, artists, version and length have to agree as far as they are known. Popularity does not count. If nothing
    fits, the decision is for none: a gap on the map is better than a wrong song.
    """
    track, candidates = _bounded(track), [_bounded(candidate) for candidate in candidates]
    reason = _no_music(track)
    if reason:
        return Match(None, 0.95, (reason,))
    if not candidates:
        return Match(None, 0.9, ("the search found nothing",))
    wanted = prepare(track)
    verdicts = [judge(wanted, candidate) for candidate in candidates]
    if not any(verdict.fits for verdict in verdicts) and _is_studio_elsewhere(wanted, candidates):
        wanted = replace(wanted, album=replace(wanted.album, may_be_live=True))
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
    """Return a record with texts of limited length, without unprintable characters."""
    title, album = printable(record.title[:MAX_TEXT_LENGTH]), printable(record.album[:MAX_TEXT_LENGTH])
    artists = tuple(printable(name[:MAX_NAME_LENGTH]) for name in record.artists[:MAX_ARTISTS])
    if (title, album, artists) == (record.title, record.album, record.artists):
        return record
    return replace(record, title=title, album=album, artists=artists)


def _no_music(track: Track) -> str:
    """Return why the track cannot be searched for: it has no real title, or is an episode; empty otherwise."""
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


def _is_studio_elsewhere(wanted: Wanted, candidates: Sequence[Candidate]) -> bool:
    """Return whether the artist's usual recording of the song is on another album and has another length.

    The track is then not that recording, and its album may be a live album whose titles do not say so. This matters
    only if a candidate is live.
    """
    titles = [take_apart(candidate.title) for candidate in candidates]
    if wanted.album.may_be_live or not any("live" in mark.kinds for title in titles for mark in title.marks):
        return False
    return any(
        canonical(title.full) == wanted.title.full
        and not title.marks
        and names_in(candidate.artists) & wanted.names
        and read_album(candidate.album).name not in {"", wanted.album.name}
        and not is_as_long(wanted.track, candidate)
        for candidate, title in zip(candidates, titles, strict=True)
    )


def _distinguished(verdicts: list[Verdict]) -> list[Verdict]:
    """Return the fitting candidates, taking the others into account.

    If the track's own album has the title only with an addition and of the same length, a candidate with the plain
    title on another album may be a different recording.
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
    """Return why none of the fitting candidates is chosen; empty if the best one is.

    Translated titles are matched by other evidence, which must identify a single recording. The same holds for a common
    title if the library does not give the album.
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
