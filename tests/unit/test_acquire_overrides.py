"""overrides.toml: reading decisions, reporting mistakes, and adding decisions without changing the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spotmap_build.acquire import overrides
from spotmap_build.acquire.overrides import Override, parse_video_id, read_overrides, write_override
from spotmap_build.errors import ConfigError

VIDEO = "QH3Fx41Jpl4"


def write_overrides(folder: Path, content: str | bytes) -> Path:
    path = folder / "overrides.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_missing_file_has_no_decisions(tmp_path: Path) -> None:
    assert read_overrides(tmp_path / "overrides.toml") == {}


def test_every_kind_of_decision_is_read(tmp_path: Path) -> None:
    path = write_overrides(
        tmp_path,
        f'\ufeff[track."spotify:track:a"]\nvideo_id = "{VIDEO}"\n[track.b]\nexclude = true\n'
        f'[track]\n"c d".file = "sounds/c.flac"\ne = {{video_id = "https://youtu.be/{VIDEO}?si=x"}}\n',
    )
    assert read_overrides(path) == {
        "spotify:track:a": Override(video_id=VIDEO),
        "b": Override(exclude=True),
        "c d": Override(file=tmp_path / "sounds/c.flac"),
        "e": Override(video_id=VIDEO),
    }


@pytest.mark.parametrize(
    "address",
    [
        VIDEO,
        f"  {VIDEO}\n",
        f"https://music.youtube.com/watch?v={VIDEO}&list=RDAMVM{VIDEO}",
        f"https://www.youtube.com/watch?list=PL1&v={VIDEO}#t=3",
        f"music.youtube.com/watch?v={VIDEO}",
        f"https://youtu.be/{VIDEO}?si=abc",
        f"https://m.youtube.com/shorts/{VIDEO}/",
        f"http://youtube.com/embed/{VIDEO}",
    ],
)
def test_video_id_is_extracted_from_urls(address: str) -> None:
    assert parse_video_id(address) == VIDEO


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "short",
            VIDEO + "x",
            "QH3Fx41Jpl!",
            "https://youtu.be/",
            "https://[",
            "https://music.youtube.com/watch?v=1",
        ),
        *(
            f"https://example.org/watch?v={VIDEO}",
            "https://www.youtube.com/playlist?list=PL123456789",
            f"{VIDEO}\n{VIDEO}",
        ),
    ],
)
def test_invalid_video_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        parse_video_id(text)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[track.a]\nvideo_id = "QH3\n', ["line 2", "not TOML"]),
        (b"[track.a]\n# caf\xe9\nexclude = true\n", ["line 2", "UTF-8"]),
        ('[track.a]\nvideo = "QH3Fx41Jpl4"\n', ["'a'", "'video'", "video_id"]),
        (f'[track.a]\nvideo_id = "{VIDEO}"\nexclude = true\n', ["'a'", "video_id, exclude", "one of"]),
        ("[track.a]\n", ["'a'", "nothing"]),
        ('[track.a]\nvideo_id = "QH3Fx41"\n', ["'a'", "QH3Fx41", "browser"]),
        ("[track.a]\nvideo_id = 12345678901\n", ["'a'", "quotes"]),
        ("[track.a]\nexclude = false\n", ["'a'", "delete"]),
        ('[track.a]\nfile = ""\n', ["'a'", "file"]),
        ('[track.a]\nfile = "a\\u0000"\n', ["'a'", "file"]),
        ("[track]\na = 3\n", ["'a'", "not a table"]),
        ("[tracks.a]\nexclude = true\n", ["'tracks'", "[track."]),
        ("track = 1\n", ["'track'"]),
    ],
)
def test_mistake_is_reported_with_its_place_and_a_hint(tmp_path: Path, content: str | bytes, words: list[str]) -> None:
    path = write_overrides(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        read_overrides(path)
    assert str(path) in caught.value.message
    assert [part for part in words if part not in f"{caught.value.message} {caught.value.hint}"] == []
    assert caught.value.hint


def test_folder_in_place_of_the_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_overrides(tmp_path)


def test_pipe_in_place_of_the_file_is_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "overrides.toml")
    with pytest.raises(ConfigError, match="a pipe"):
        read_overrides(tmp_path / "overrides.toml")


@pytest.mark.parametrize(
    "content", ["a = " + "[" * 50_000, "a = " + "{a=" * 50_000, "a = " + "9" * 10_000, "a = 9999-99-99"]
)
def test_pathological_toml_is_reported(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigError, match="is not TOML"):
        read_overrides(write_overrides(tmp_path, content))


def test_oversized_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overrides, "MAX_BYTES", 10)
    with pytest.raises(ConfigError, match="larger than 10 bytes"):
        read_overrides(write_overrides(tmp_path, "# a comment"))


def test_new_decision_is_appended_with_the_title_as_a_comment(tmp_path: Path) -> None:
    before = "# my choices\n[track.a]   # the long one\nexclude = true\n"
    path = write_overrides(tmp_path, before)
    write_override(path, "spotify:track:b", Override(video_id=VIDEO), "Nina\nSimone - Sinnerman")
    assert path.read_text() == (
        before + f'\n# Nina Simone - Sinnerman\n[track."spotify:track:b"]\nvideo_id = "{VIDEO}"\n'
    )


def test_changed_decision_stays_in_place(tmp_path: Path) -> None:
    before = (
        f'# First\n[track.a]\nvideo_id = "{VIDEO}"  # found by hand\n\n'
        "# Second\n[track.b]\nexclude = true\n\n# the end\n"
    )
    path = write_overrides(tmp_path, before)
    write_override(path, "a", Override(exclude=True), "ignored")
    assert path.read_text() == before.replace(f'video_id = "{VIDEO}"', "exclude = true")
    write_override(path, "a", Override(video_id=VIDEO), "ignored")
    assert path.read_text() == before


def test_audio_file_is_written_relative_to_overrides_toml(tmp_path: Path) -> None:
    path = tmp_path / "overrides.toml"
    write_override(path, "near", Override(file=tmp_path / "sounds/a.flac"), "A - A")
    write_override(path, "far", Override(file=Path("/elsewhere/b.flac")), "B - B")
    assert 'file = "sounds/a.flac"' in path.read_text()
    assert read_overrides(path)["near"].file == tmp_path / "sounds/a.flac"
    assert read_overrides(path)["far"].file == Path("/elsewhere/b.flac")


def test_windows_line_endings_are_kept(tmp_path: Path) -> None:
    path = write_overrides(tmp_path, "[track.a]\r\nexclude = true\r\n")
    write_override(path, "b", Override(exclude=True), "B - B")
    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")


def test_symlinked_file_stays_a_symlink(tmp_path: Path) -> None:
    kept = write_overrides(tmp_path, "")
    link = tmp_path / "link.toml"
    link.symlink_to(kept)
    write_override(link, "a", Override(exclude=True), "A - A")
    assert link.is_symlink()
    assert read_overrides(kept) == {"a": Override(exclude=True)}


@pytest.mark.parametrize("before", ["track = {a = {exclude = true}}\n", "[track.a]\nexclude = maybe\n"])
def test_file_that_cannot_be_extended_is_left_unchanged(tmp_path: Path, before: str) -> None:
    path = write_overrides(tmp_path, before)
    with pytest.raises(ConfigError):
        write_override(path, "b", Override(exclude=True), "B - B")
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["overrides.toml"]


def test_decision_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_override(tmp_path / "absent/overrides.toml", "a", Override(exclude=True), "A - A")


IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
DECISIONS = st.one_of(
    st.just(Override(exclude=True)),
    st.text("abcXYZ019-_", min_size=11, max_size=11).map(lambda text: Override(video_id=text)),
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0/~\\", exclude_categories=("Zs", "Cc")),
        min_size=1,
        max_size=9,
    )
    .filter(lambda name: name not in {".", ".."})
    .map(lambda name: Override(file=Path("/music") / name)),
)


@settings(max_examples=60, deadline=None)
@given(choices=st.lists(st.tuples(IDS, DECISIONS), max_size=6), comment=st.text(max_size=20))
@example(choices=[("a\n\x7f\"'", Override(exclude=True))], comment="#\u2028[x]")
def test_written_decisions_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, choices: list[tuple[str, Override]], comment: str
) -> None:
    path = tmp_path_factory.mktemp("overrides") / "overrides.toml"
    for track_id, override in choices:
        write_override(path, track_id, override, comment)
    assert read_overrides(path) == dict(choices)


FRAGMENTS = st.sampled_from(
    [
        b"[track.",
        b'"a"',
        b"a",
        b"]\n",
        b"video_id",
        b" = ",
        b"exclude",
        b"true",
        b'"QH3Fx41Jpl4"',
        b"\n",
        b"file",
        b"\xff",
        b"{",
        b"}",
    ]
)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), st.lists(FRAGMENTS, max_size=14).map(b"".join)))
@example(b"[" * 5000)
def test_arbitrary_bytes_are_decisions_or_a_reported_mistake(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write_overrides(tmp_path_factory.mktemp("overrides"), content)
    message = ""
    try:
        kinds = set(map(type, read_overrides(path).values()))
    except ConfigError as error:
        kinds, message = set(), error.message
    assert kinds <= {Override}
    assert not message or str(path) in message
