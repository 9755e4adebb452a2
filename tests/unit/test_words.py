"""The words for searching by description refer to existing styles and features and cover those of the map."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any, Final

import pytest

from spotmap_build.cluster.term_matrix import term_of
from spotmap_build.cluster.wording import EMPTY, TRAITS, style_name
from spotmap_build.registry.features import FEATURES, OF_HEADS
from spotmap_build.registry.features import words as words_of_features
from spotmap_build.registry.heads import OF_EFFNET

ROOT: Final = Path(__file__).parents[2]
WORDS: Final[dict[str, Any]] = json.loads((ROOT / "site_template/words.json").read_text(encoding="utf-8"))
ENTRIES: Final[dict[str, dict[str, str]]] = WORDS["words"]
OTHERS: Final[dict[str, dict[str, Any]]] = {
    language: json.loads((ROOT / f"site_template/words.{language}.json").read_text(encoding="utf-8"))
    for language in WORDS["languages"]
}
FACTS: Final = {"year", "added_at", "duration_ms", "facet.plays"}
HEARD_BY_HEADS: Final = {f"feature.{name}" for name in OF_HEADS}


def tags_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def plain(text: str) -> str:
    """Normalize as the page does: no accents, no case, one space for all punctuation."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return re.sub(r"[\W_]+", " ", bare.lower()).strip()


def listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


MUSICNN: Final = tags_of(ROOT / "spotmap_build/embed/data/msd-musicnn.tags.txt")
DISCOGS: Final = tags_of(ROOT / "tests/data/discogs_styles.txt")
OF_HEADS_CALLED: Final = tuple(name for head in OF_EFFNET for name in head.tag_names)
CALLED: Final = {
    plain(term_of(tag).word) for tag in (*MUSICNN, *DISCOGS, *OF_HEADS_CALLED) if style_name(tag) not in EMPTY
}
PHRASES: Final = {
    plain(phrase)
    for name, entry in ENTRIES.items()
    for phrase in (name, *listed(entry.get("also", "")), entry.get("more", ""), *listed(entry.get("mores", "")))
}


def test_tags_of_both_embedders_are_known() -> None:
    assert (len(MUSICNN), len(DISCOGS)) == (50, 400)


def test_word_is_a_measure_or_styles_or_a_description() -> None:
    public = {f"feature.{feature.name}" for feature in FEATURES if feature.public}
    for name, entry in ENTRIES.items():
        assert set(entry) <= {"also", "trait", "end", "at", "more", "mores", "styles", "is"}, name
        # A word for a feature that only some maps have also needs styles or a description, for the other maps.
        measured = entry.get("trait") if entry.get("trait") not in HEARD_BY_HEADS else None
        assert (measured is not None) != ("styles" in entry or "is" in entry), name
        assert [style for style in listed(entry.get("styles", "")) if plain(style) not in CALLED] == [], name
        if "trait" in entry:
            assert entry["trait"] in public | FACTS | HEARD_BY_HEADS, name
            assert entry["end"] in {"low", "high"}, name


STYLES: Final = {plain(style) for entry in ENTRIES.values() for style in listed(entry.get("styles", ""))}


def test_every_musicnn_tag_is_a_word_or_one_of_its_styles() -> None:
    unknown = [
        tag for tag in MUSICNN if style_name(tag) not in EMPTY and plain(term_of(tag).word) not in PHRASES | STYLES
    ]
    assert unknown == []


def test_terms_in_cluster_names_are_words() -> None:
    of_features = {word for words in words_of_features().values() for word in (words.low, words.high)}
    assert {plain(word) for word in of_features | {*TRAITS.values()}} - PHRASES - {"80s"} == set()


def test_phrase_has_one_meaning() -> None:
    seen: dict[str, str] = {}
    twice = []
    for name, entry in ENTRIES.items():
        for phrase in listed(entry.get("also", "")):
            key = plain(phrase)
            if key in seen and seen[key] != name:
                twice.append((phrase, seen[key], name))
            seen[key] = name
    assert twice == []


@pytest.mark.parametrize("language", OTHERS)
def test_translations_refer_to_known_words(language: str) -> None:
    particles = {word for kind in ("idle", "not", "or", "very", "before", "after", "around", "over", "under", "like")
                 for word in WORDS[kind].split()}  # fmt: skip
    grammar = {"by", "and", "more", "less", "too", "between", *WORDS["early"], *WORDS["decades"]}
    most = {re.sub("er$", "est", plain(entry["more"])) for entry in ENTRIES.values() if "more" in entry}
    known = PHRASES | particles | grammar | most
    assert [name for name in OTHERS[language]["means"] if plain(name) not in known] == []


@pytest.mark.parametrize("language", OTHERS)
def test_translated_words_are_short_and_unambiguous(language: str) -> None:
    seen: set[str] = set()
    for phrases in OTHERS[language]["means"].values():
        for phrase in phrases.split(", "):
            assert 1 <= len(plain(phrase.replace("~", "")).split()) <= 3, phrase
            assert phrase not in seen
            seen.add(phrase)
