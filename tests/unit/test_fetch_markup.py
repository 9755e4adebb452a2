"""Playlists in markup: any text is read, in time in proportion to its length."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotmap_build.core.normalize import repair
from spotmap_build.core.text import unescape
from spotmap_build.fetch.folders.markup import Tag, element_pattern, read_elements, read_markup
from spotmap_build.fetch.folders.other_lists import read_other_list

TRACK = "<track><location>a.mp3</location><title>Song</title></track>"
ODD = (
    *("<![foo[", "<![if x]>", "<![ [", "<![CDATA[", "]]>", "<!--", "-->", "<!", "<!DOCTYPE x [", "<?", "?>", "</"),
    *("<", ">", "/>", "<track ", "<track a='", '<track a="', "</track ", "<title>", "<a:b:c>", "&", "&#", "&amp"),
    *("&#55296;", "&#x110000;", f"&#{'9' * 5_000};", "\0", "\ud800", "'", '"', "=", "<script>", "<plaintext>", "<1>"),
)


@given(st.lists(st.one_of(st.sampled_from([*ODD, TRACK]), st.text(max_size=5)), max_size=8))
def test_any_markup_is_read(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert all(token if isinstance(token, str) else token.name for token in read_markup(text))
    assert read_other_list(f"<playlist>{text}") is not None


ELEMENTS = (
    "<key>a &amp; b</key>",
    "<key></key>",
    " <key>\n1</key>",
    "<key>a<b></key>",
    "<key>c</Key>",
    "<key",
    "</key>",
)


@given(st.lists(st.one_of(st.sampled_from([*ODD, *ELEMENTS]), st.text(max_size=5)), max_size=8))
def test_elements_read_as_one_are_the_same_as_their_tags_and_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    apart: list[Tag | str] = []
    for token in read_elements(text, element_pattern("key")):
        if isinstance(token, tuple):
            apart += [Tag(token[0], True, False), token[1], Tag(token[0], False, True)]
        else:
            apart.append(token)
    assert without_space(apart) == without_space(read_markup(text))


def without_space(tokens: Iterable[Tag | str]) -> list[Tag | str]:
    """Join neighboring texts, and remove the spaces around them."""
    found: list[Tag | str] = []
    for is_text, group in groupby(tokens, lambda token: isinstance(token, str)):
        members = list(group)
        found += filter(None, ["".join(map(str, members)).strip()]) if is_text else members
    return found


@pytest.mark.parametrize("odd", ["<!--", "</", "<", "<track ", "<track a='", "<![if x]>", "<![CDATA[", "&#", "<title>"])
def test_repeated_markup_is_read_in_time_in_proportion(odd: str) -> None:
    """With ``html.parser``, 400 KB of some of these take minutes, and 16 MB days."""
    found = read_other_list("<playlist><title>" + odd * (400_000 // len(odd)))
    assert found is not None


@pytest.mark.parametrize("odd", ["<![foo[ x ]]>", "<![if x]>", "<!ENTITY a 'b'>", "<!-- <track> -->", "<?x <y?>", "<1"])
def test_tracks_around_odd_markup_are_read(odd: str) -> None:
    found = read_other_list(f"<playlist><trackList>{TRACK}{odd}{TRACK}</trackList></playlist>")
    assert found is not None
    assert [(item.line, item.name) for item in found.items] == [("a.mp3", "Song")] * 2


def test_attributes_are_read_in_every_notation() -> None:
    (tag, *_) = read_markup("""<m:Media SRC='a>b' tid=5 x:title="R&amp;B" empty='' bare/>""")
    attributes = (("src", "a>b"), ("tid", "5"), ("x:title", "R&B"), ("empty", ""), ("bare", ""))
    assert tag == Tag("media", True, True, attributes)


def test_stray_quotation_mark_does_not_hide_a_tag() -> None:
    found = read_other_list("<asx><entry><ref href=it's.mp3><title>Song</title></entry></asx>")
    assert found is not None
    assert [(item.line, item.name) for item in found.items] == [("it's.mp3", "Song")]


@pytest.mark.parametrize("decode", [unescape, repair])
def test_character_reference_with_thousands_of_digits_is_no_error(decode: object) -> None:
    assert callable(decode)
    assert decode(f"a&#{'9' * 5_000};b &amp; c") == "a\ufffdb & c"
