"""A match reports its evidence, its confidence and the candidates that were considered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotmap_build.acquire.matching import DOUBTFUL_BELOW, artists, decide, decision, scoring, titles
from spotmap_build.acquire.matching.case import Verdict, Wanted
from spotmap_build.model import Candidate, Track

ALBUM_AUDIO, VIDEO, UPLOAD = (f"MUSIC_VIDEO_TYPE_{code}" for code in ("ATV", "OMV", "UGC"))
TRACK = Track("id", "Salt", ("Ada Frayne",), "Coast", 200_000, explicit=False)
RIGHT = Candidate("right", "Salt", ("Ada Frayne",), "Coast", 200, ALBUM_AUDIO, False)
LIVE = Candidate("live", "Salt (Live)", ("Ada Frayne",), "Coast (Live)", 200, ALBUM_AUDIO, False)


def test_evidence_is_in_words() -> None:
    match = decide(TRACK, [LIVE, RIGHT])
    assert match.candidate == RIGHT
    assert match.evidence == (
        "the title is the same",
        "as long",
        "the artists are the same",
        "the album is the same",
    )
    assert match.confidence == 1.0


def test_refused_candidate_has_a_reason_in_words() -> None:
    match = decide(TRACK, [LIVE, RIGHT])
    assert [(other.candidate, other.reason) for other in match.considered] == [
        (LIVE, "a live recording, and the library's is not")
    ]


def test_refusal_names_the_nearest_candidate() -> None:
    match = decide(TRACK, [LIVE])
    assert match.candidate is None
    assert match.evidence == (
        'none of the results is it; the nearest, "Salt (Live)": a live recording, and the library\'s is not',
    )


def test_live_recording_on_the_album_is_taken_if_the_usual_one_elsewhere_has_another_length() -> None:
    track = replace(TRACK, album="How the Coast Was Won", duration_ms=260_000)
    live = replace(LIVE, album="How the Coast Was Won", duration_s=260)
    as_long = replace(RIGHT, album="", duration_s=262)
    match = decide(track, [live, RIGHT])
    assert match.candidate == live
    assert match.confidence < DOUBTFUL_BELOW
    assert decide(track, [live]).candidate is None
    assert decide(track, [live, replace(RIGHT, artists=("Ben Ode",))]).candidate is None
    assert decide(track, [live, as_long]).candidate == as_long


def test_album_may_say_or_omit_that_it_is_live_unless_only_one_title_names_a_place() -> None:
    track = replace(TRACK, title="Salt - Live")
    assert decide(track, [LIVE]).candidate == LIVE
    assert decide(replace(track, title="Salt - Live at the Barn"), [LIVE]).candidate is None


def test_no_results_are_no_recording() -> None:
    assert decide(TRACK, []).evidence == ("the search found nothing",)


@pytest.mark.parametrize(
    "doubtful",
    [
        Candidate("upload", "Ada Frayne - Salt", ("fan77",), "", 202, UPLOAD),
        Candidate("video", "Ada Frayne - Salt (Official Video)", ("Ada Frayne",), "", 212, VIDEO),
    ],
    ids=lambda candidate: candidate.video_id,
)
def test_weak_candidate_is_accepted_with_low_confidence_if_alone(doubtful: Candidate) -> None:
    alone = decide(TRACK, [doubtful])
    assert alone.candidate == doubtful
    assert alone.confidence < DOUBTFUL_BELOW
    assert decide(TRACK, [doubtful, RIGHT]).candidate == RIGHT


def test_isrc_raises_confidence_but_does_not_override_a_version_mismatch() -> None:
    on_hits = replace(RIGHT, album="Hits", duration_s=202)
    without, returned = decide(TRACK, [on_hits]), decide(TRACK, [replace(on_hits, from_isrc=True)])
    assert without.confidence < returned.confidence
    assert decide(TRACK, [replace(LIVE, from_isrc=True)]).candidate is None


@pytest.mark.parametrize(("seconds", "is_taken"), [(198, True), (202, True), (206, False), (194, False), (290, False)])
def test_duration_that_differs_too_much_is_no_match(seconds: int, is_taken: bool) -> None:
    match = decide(TRACK, [replace(RIGHT, album="Hits", duration_s=seconds)])
    assert (match.candidate is not None) == is_taken


def test_equal_duration_alone_is_no_evidence() -> None:
    assert decide(TRACK, [Candidate("other", "Pepper", ("Bo Lund",), "Spices", 200, ALBUM_AUDIO)]).candidate is None


def test_tie_between_equal_candidates_is_broken_deterministically() -> None:
    twins = [replace(RIGHT, video_id=name) for name in ("b", "a", "c")]
    assert {decide(TRACK, order).candidate for order in (twins, twins[::-1])} == {twins[2]}


def test_at_most_five_candidates_are_reported() -> None:
    many = [replace(LIVE, video_id=f"live-{number}") for number in range(30)]
    assert len(decide(TRACK, many).considered) == 5


def test_exact_title_is_preferred() -> None:
    track = replace(TRACK, title="Säl")
    exact, plain = (replace(RIGHT, video_id=title, title=title) for title in ("Säl", "Sal"))
    assert decide(track, [plain, exact]).candidate == exact
    assert decide(track, [plain]).candidate == plain


def test_track_without_duration_and_isrc_is_matched() -> None:
    track = Track("id", "Salt", ("Ada Frayne",), "Coast")
    match = decide(track, [LIVE, RIGHT])
    assert match.candidate == RIGHT
    assert match.confidence >= DOUBTFUL_BELOW


def test_guest_name_with_a_comma_is_one_artist() -> None:
    track = replace(TRACK, artists=("Ada Frayne", "Tyson, The Painter"))
    right = replace(RIGHT, title="Salt (feat. Tyson, The Painter)", album="Coast to Coast")
    assert decide(track, [right]).candidate == right


@pytest.mark.parametrize(
    "fragment", ["a & ", "(", "(feat. x", "aka (", "я ", "가 ", "漢\ud800", "Â©", "\n", "op 9 no 2 "]
)
def test_overlong_text_is_cut_before_comparison(fragment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: set[int] = set()
    prepare, judge = scoring.prepare, scoring.judge

    def check(record: Track | Candidate) -> None:
        assert len(record.artists) <= decision.MAX_ARTISTS
        lengths.update(map(len, (record.title, record.album, *record.artists)))

    def prepare_it(track: Track) -> Wanted:
        check(track)
        return prepare(track)

    def judge_it(wanted: Wanted, candidate: Candidate) -> Verdict:
        check(candidate)
        return judge(wanted, candidate)

    monkeypatch.setattr(decision, "prepare", prepare_it)
    monkeypatch.setattr(decision, "judge", judge_it)
    text = (fragment * 20_000)[:20_000]
    track = replace(TRACK, title=text, artists=(text, "Ada Frayne"), album=text)
    candidate = replace(RIGHT, title=text, artists=(text, "Ada Frayne"), album=f"{text} and more")
    decide(track, [candidate, RIGHT])
    decide(TRACK, [candidate, RIGHT])
    assert max(lengths) == decision.MAX_TEXT_LENGTH


def test_artists_beyond_the_limit_are_ignored() -> None:
    many = tuple(f"Artist {number}" for number in range(1_000))
    match = decide(replace(TRACK, artists=many), [replace(RIGHT, artists=many)])
    assert match.candidate is not None
    assert match.candidate.video_id == RIGHT.video_id


def test_guest_list_is_parsed_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    name_key = titles.name_key

    def counted(name: str) -> str:
        keys.append(name)
        return name_key(name)

    monkeypatch.setattr(titles, "name_key", counted)
    for count in (100, 200):
        keys.clear()
        assert len(titles._each(" & ".join("abcdefghij" * (count // 10)), frozenset({"x"}))) == count
        assert len(keys) <= titles.MAX_JOINED * count
    assert titles._each("Tyler, The Creator & Ada", frozenset({"tylercreator"})) == ["Tyler, The Creator", "Ada"]


def test_number_of_reordered_names_is_bounded() -> None:
    assert len(list(artists._across("Ирина Лескова", "Irina Leskova"))) == 2
    assert len(list(artists._across("я " * 200, "a " * 200))) == artists.MAX_WORDS
