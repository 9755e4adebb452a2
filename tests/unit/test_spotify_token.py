"""The Spotify login stays secret in its file, in a CI secret, and in all text made from it."""

from __future__ import annotations

import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotmap_build.config import Config
from spotmap_build.errors import LoginError
from spotmap_build.fetch.spotify.settings import SpotifySettings
from spotmap_build.fetch.spotify.source import SpotifySource
from spotmap_build.fetch.spotify.token import (
    Login,
    ci_secret,
    load_login,
    login_ended,
    parse_ci_secret,
    remaining,
    save_login,
)
from tests.support.properties import PATIENT

DAY_S = 86_400
MADE_UNIX_S = 1_767_225_600  # 1 January 2026
FIELDS = {
    "client_id": "c0ffee",
    "refresh_token": "AQB-very-secret",
    "authorized_at_unix_s": MADE_UNIX_S,
    "scope": "user-library-read",
    "user_digest": "d1ge57",
}
LOGIN = Login("c0ffee", "AQB-very-secret", MADE_UNIX_S, "user-library-read", "d1ge57")


def no_message(message: str) -> None:
    raise AssertionError(f"unexpected message: {message}")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_login_round_trips(tmp_path: Path) -> None:
    file = tmp_path / "config/spotify.json"
    save_login(LOGIN, file)
    save_login(replace(LOGIN, refresh_token="AQB-newer"), file)
    assert load_login(file, say=no_message) == replace(LOGIN, refresh_token="AQB-newer")
    assert [path.name for path in file.parent.iterdir()] == ["spotify.json"]


def test_file_is_private_before_it_has_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    flush = os.fsync

    def noting_fsync(descriptor: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    file = tmp_path / "config/spotify.json"
    with umask(0):
        save_login(LOGIN, file)
    assert modes == [0o600, 0o700]
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_file_readable_by_others_is_made_private_with_a_message(tmp_path: Path) -> None:
    file = tmp_path / "spotify.json"
    save_login(LOGIN, file)
    file.chmod(0o644)
    messages: list[str] = []
    assert load_login(file, say=messages.append) == LOGIN
    assert mode(file) == 0o600
    assert len(messages) == 1
    assert str(file) in messages[0]


def test_file_readable_by_others_is_refused_if_it_cannot_be_made_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "spotify.json"
    save_login(LOGIN, file)
    file.chmod(0o604)

    def refuse(_descriptor: int, _mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(LoginError, match="cannot be made private"):
        load_login(file, say=no_message)


def test_symlink_in_place_of_the_file_is_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real/login.json", tmp_path / "link.json"
    link.symlink_to(real)
    for number in (1, 2):  # the first creates the link's target
        login = replace(LOGIN, refresh_token=f"AQB-number-{number}")
        save_login(login, link)
        assert link.is_symlink()
        assert (load_login(link, say=no_message), load_login(real, say=no_message)) == (login, login)
        assert mode(real) == 0o600
    assert [path.name for path in real.parent.iterdir()] == ["login.json"]


def special_file(folder: Path, kind: str) -> Path:
    """Create something that is not a regular file, or a link to it."""
    place = folder / "place"
    match kind:
        case "pipe" | "link to a pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "device" | "link to a device":
            place = Path("/dev/null")
        case "circle":
            place.symlink_to(place)
        case "socket":
            acquisition = socket.socket(socket.AF_UNIX)
            acquisition.bind(str(place))
            acquisition.close()
    if not kind.startswith("link"):
        return place
    (folder / "link").symlink_to(place)
    return folder / "link"


@pytest.mark.skipif(os.name != "posix", reason="such files are POSIX's")
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "folder", "device", "link to a device", "circle", "socket"])
def test_special_file_is_neither_read_nor_replaced(kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # a socket's name must be short
        place = special_file(Path(folder), kind)
        before = place.lstat()
        with pytest.raises(LoginError, match="cannot be read"):
            load_login(place, say=no_message)
        with pytest.raises(LoginError, match="cannot be stored"):
            save_login(LOGIN, place)
        assert (place.lstat().st_ino, place.lstat().st_mode) == (before.st_ino, before.st_mode)


def test_invalid_file_name_is_a_login_error(tmp_path: Path) -> None:
    for name in ("a\0b", "a" * 300):
        with pytest.raises(LoginError):
            load_login(tmp_path / name, say=no_message)
        with pytest.raises(LoginError, match="cannot be stored"):
            save_login(LOGIN, tmp_path / name)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize(
    ("folder_mode", "is_reported"),
    [(0o700, False), (0o755, False), (0o1777, False), (0o777, True), (0o770, True), (0o702, True)],
)
def test_folder_writable_by_others_is_reported(tmp_path: Path, folder_mode: int, is_reported: bool) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    own.mkdir(0o700)
    file, link = shared / "spotify.json", own / "spotify.json"
    save_login(LOGIN, file)
    link.symlink_to(file)
    shared.chmod(folder_mode)
    for place in (file, link):
        messages: list[str] = []
        assert load_login(place, say=messages.append) == LOGIN
        assert [f"chmod go-w {shared}" in message for message in messages] == [True] * is_reported
    assert mode(shared) | (folder_mode & stat.S_ISVTX) == folder_mode


def test_failed_write_keeps_the_previous_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "spotify.json"
    save_login(LOGIN, file)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(LoginError, match="No space left"):
            save_login(replace(LOGIN, refresh_token="newer"), file)
    assert load_login(file, say=no_message) == LOGIN
    assert [path.name for path in tmp_path.iterdir()] == ["spotify.json"]


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "{}", "[" * 50_000, "1" * 5_000, " " * 100_000 + json.dumps(FIELDS), "\udc80"),
        json.dumps({name: value for name, value in FIELDS.items() if name != "authorized_at_unix_s"}),
        *(json.dumps(FIELDS | {"refresh_token": token}) for token in (" ", "", "AQB-very\n", 7, None, "A" * 5_000)),
        *(json.dumps(FIELDS | {"authorized_at_unix_s": moment}) for moment in (True, -1, 2**40, 1.5, "1767225600")),
        *(json.dumps(FIELDS | {"client_id": value}) for value in ("", "a\x1b[2J", "a" * 5_000, ["a"])),
    ],
)
def test_damaged_file_gives_the_hint_to_log_in_again(tmp_path: Path, content: str) -> None:
    file = tmp_path / "spotify.json"
    file.touch(mode=0o600)
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(LoginError, match="damaged") as refused:
        load_login(file, say=no_message)
    assert "spotmap-build login" in refused.value.hint


def test_ci_secret_round_trips_in_one_line() -> None:
    secret = ci_secret(LOGIN)
    assert secret.startswith("spotmap1.")
    assert secret.removeprefix("spotmap1.").replace("-", "").replace("_", "").isalnum()
    assert parse_ci_secret(secret) == LOGIN
    assert parse_ci_secret(f"  {secret[:40]}\n{secret[40:]}\n") == LOGIN


@PATIENT
@given(st.text() | st.text().map(lambda text: "spotmap1." + text))
def test_any_other_text_is_refused_as_a_ci_secret_and_not_shown(text: str) -> None:
    with pytest.raises(LoginError) as refused:
        parse_ci_secret(text)
    assert refused.value.message == "SPOTMAP_SPOTIFY_LOGIN does not contain a complete login."


def test_truncated_ci_secret_is_refused() -> None:
    secret = ci_secret(LOGIN)
    for length in range(len(secret)):
        with pytest.raises(LoginError):
            parse_ci_secret(secret[:length])


def test_representations_do_not_show_the_token(tmp_path: Path) -> None:
    settings = SpotifySettings.from_config(Config(spotify_login=ci_secret(LOGIN), token_file=tmp_path / "t.json"))
    for shown in (LOGIN, settings, SpotifySource(settings), [LOGIN]):
        text = f"{shown!r} {shown}"
        assert LOGIN.refresh_token not in text
        assert ci_secret(LOGIN) not in text


@pytest.mark.parametrize(
    ("age_days", "left", "is_ending", "sentence"),
    [
        (0, 183, False, "The Spotify login is valid for 183 more days, until 2026-07-03."),
        (152, 31, False, "The Spotify login is valid for 31 more days, until 2026-07-03."),
        (153, 30, True, "The Spotify login is valid for 30 more days, until 2026-07-03. Log in again"),
        (182, 1, True, "The Spotify login is valid for 1 more day, until 2026-07-03. Log in again"),
        (184, -1, True, "The Spotify login ended on 2026-07-03, six months after it was made. Log in again"),
    ],
)
def test_remaining_days_of_a_login_are_reported(age_days: int, left: int, is_ending: bool, sentence: str) -> None:
    now_unix_s = MADE_UNIX_S + age_days * DAY_S
    assert (LOGIN.days_left(now_unix_s), LOGIN.is_ending(now_unix_s)) == (left, is_ending)
    assert remaining(LOGIN, now_unix_s).startswith(sentence)
    assert remaining(LOGIN, now_unix_s).endswith("spotmap-build login" if is_ending else ".")


@pytest.mark.parametrize(("age_days", "reason"), [(182, "taken back"), (184, "six months have passed")])
def test_reason_for_the_end_of_a_login_is_given(age_days: int, reason: str) -> None:
    assert reason in login_ended(LOGIN, MADE_UNIX_S + age_days * DAY_S).message


def test_token_file_is_in_the_users_configuration_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert SpotifySettings.from_config(Config()).token_file.name == "spotify.json"
    assert SpotifySettings.from_config(Config(token_file=tmp_path / "t.json")).token_file == tmp_path / "t.json"
