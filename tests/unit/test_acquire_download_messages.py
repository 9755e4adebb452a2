"""yt-dlp's messages are classified: a problem of the recording, the service, the connection or the disk.

The texts are those of yt-dlp 2026.10, which passes on YouTube's own messages.
"""

from __future__ import annotations

import pytest

from spotmap_build.acquire.youtube.download_messages import error_for, plain
from spotmap_build.errors import OutputError, ServiceError, ServiceRefused, TrackError, Unanswered

COOKIES = (
    "Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ"
    "#how-do-i-pass-cookies-to-yt-dlp  for how to manually pass cookies. Also see  https://github.com/yt-dlp/yt-dlp/wiki"
    "/Extractors#exporting-youtube-cookies  for tips on effectively exporting YouTube cookies"
)
REPORT = (
    "; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate issue "
    "template. Confirm you are on the latest version using  yt-dlp -U"
)
RATE_LIMITED = (
    "Video unavailable. This content isn't available, try again later. The current session has been rate-limited by "
    "YouTube for up to an hour. It is recommended to use `-t sleep` to add a delay between video requests to avoid "
    "exceeding the rate limit. For more information, refer to  https://github.com/yt-dlp/yt-dlp/wiki/Extractors"
    "#this-content-isnt-available-try-again-later"
)
VPN = "You might want to use a VPN or a proxy server (with --proxy) to workaround."
UNRESOLVED = "HTTPSConnection(host='www.youtube.com', port=443): Failed to resolve 'www.youtube.com' ([Errno -2])"
NO_RUNTIME = (
    "[youtube] No supported JavaScript runtime could be found. Only deno is enabled by default; to use another runtime "
    "add  --js-runtimes RUNTIME[:PATH]  to your command/config."
)
UNSOLVED = "[youtube] dQw4w9WgXcQ: n challenge solving failed: Some formats may be missing. Ensure you have a supported"
NO_FORMAT = "Requested format is not available. Use --list-formats for a list of available formats"


def youtube(text: str) -> str:
    return f"\x1b[0;31mERROR:\x1b[0m [youtube] dQw4w9WgXcQ: {text}"


PERMANENT, RETRYABLE, NEEDS_PERSON = (False, False), (True, False), (False, True)


RECORDINGS = [
    (
        "private",
        PERMANENT,
        [f"Private video. Sign in if you've been granted access to this video. {COOKIES}", "This video is private"],
    ),
    (
        "unavailable",
        PERMANENT,
        [
            "Video unavailable",
            "Video unavailable. This video has been removed by the uploader",
            "This video has been removed for violating YouTube's Terms of Service",
            "This video is no longer available because the YouTube account associated with it has been terminated.",
            "This video is no longer available due to a copyright claim by Somebody",
            "Video unavailable. This video isn't available anymore",
            "This live stream recording is not available.",
            "Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404: Not Found>)",
        ],
    ),
    ("unavailable", RETRYABLE, ["Video unavailable. This video is not available"]),
    (
        "geo-blocked",
        NEEDS_PERSON,
        [
            "This video is not available in your country",
            f"The uploader has not made this video available in your country\nThis video is available in Japan.\n{VPN}",
            "Video unavailable. This video contains content from SME, who has blocked it in your country on copyright",
        ],
    ),
    (
        "age-restricted",
        NEEDS_PERSON,
        [
            f"Sign in to confirm your age. This video may be inappropriate for some users. {COOKIES}",
            "This video is age-restricted and only available on YouTube",
        ],
    ),
    (
        "members-only",
        NEEDS_PERSON,
        [
            "Join this channel to get access to members-only content like this video, and other exclusive perks.",
            "This video is available to this channel’s members on level: Fans (or any higher level).",
        ],
    ),
    (
        "premium-only",
        NEEDS_PERSON,
        ["This video is only available to Music Premium members", "This video requires payment to watch"],
    ),
    ("login-needed", NEEDS_PERSON, [f"Please sign in. {COOKIES}"]),
    ("drm", PERMANENT, ["This video is DRM protected"]),
    ("live", RETRYABLE, ["This live event will begin in 3 hours.", "Premieres in 45 minutes", "Offline."]),
    ("no-audio", RETRYABLE, [NO_FORMAT, "No video formats found!" + REPORT]),
    (
        "truncated-audio",
        RETRYABLE,
        [
            "\r[download] Got error: 10778 bytes read, 10778 more expected. Giving up after 2 retries",
            "\r[download] Got error: Downloaded 500 bytes, expected 900 bytes",
            "Did not get any data blocks",
            "The downloaded file is empty",
        ],
    ),
    ("download", RETRYABLE, ["Something that nobody has seen yet"]),
]


@pytest.mark.parametrize(
    ("code", "kind", "text"), [(code, kind, text) for code, kind, texts in RECORDINGS for text in texts]
)
def test_problem_of_a_recording_becomes_a_track_error(code: str, kind: tuple[bool, bool], text: str) -> None:
    error = error_for(youtube(text))
    assert isinstance(error, TrackError)
    assert (error.track_code, (error.retryable, error.needs_person)) == (code, kind)
    assert "--cookies-from-browser" not in error.message
    assert "https://" not in error.message
    assert "dQw4w9WgXcQ" not in error.message


@pytest.mark.parametrize(
    ("text", "retry_after_s"),
    [
        (f"Sign in to confirm you’re not a bot. {COOKIES}", None),
        (f"Sign in to confirm you're not a bot. {COOKIES}", None),
        ("Video unavailable. YouTube is requiring a captcha challenge before playback", None),
        (RATE_LIMITED, 3600),
        (RATE_LIMITED.replace("The current session", "Your account"), 3600),
        ("Unable to download API page: HTTP Error 429: Too Many Requests (caused by <HTTPError 429: …>)", None),
        ("All player responses are invalid. Your IP is likely being blocked by Youtube", None),
    ],
)
def test_refusal_stops_requests_and_gives_a_hint(text: str, retry_after_s: float | None) -> None:
    error = error_for(youtube(text))
    assert isinstance(error, ServiceRefused)
    assert error.retry_after_s == retry_after_s
    assert "Wait an hour" in error.hint
    assert "--cookies" in error.hint


def test_expired_cookies_are_named_in_the_hint() -> None:
    warning = "[youtube] The provided YouTube account cookies are no longer valid. They have likely been rotated"
    error = error_for(youtube("Sign in to confirm you’re not a bot."), [warning])
    assert isinstance(error, ServiceRefused)
    assert "no longer valid" in error.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'API page: {UNRESOLVED} (caused by TransportError("{UNRESOLVED}"))', "looked up"),
        ("webpage: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "no connection"),
        ("webpage: HTTPSConnectionPool(host='x', port=443): Read timed out. (read timeout=20.0)", "does not respond"),
        ("webpage: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "no secure connection"),
        ("webpage: HTTP Error 503: Service Unavailable", "server error"),
        ("API page: ('Unable to connect to proxy', NewConnectionError('…'))", "no connection"),
    ],
)
def test_connection_problem_is_recognized(text: str, words: str) -> None:
    error = error_for(youtube(f"Unable to download {text}{REPORT}"))
    assert isinstance(error, Unanswered)
    assert words in error.message
    assert "host=" not in error.message


def test_error_after_yt_dlps_own_retries_is_not_retried_immediately() -> None:
    error = error_for("ERROR: \r[download] Got error: Read timed out. Giving up after 2 retries")
    assert isinstance(error, ServiceError)
    assert not isinstance(error, Unanswered)


@pytest.mark.parametrize(
    "text", ["unable to download video data: HTTP Error 403: Forbidden", "Unable to extract initial data" + REPORT]
)
def test_unexpected_youtube_response_gives_the_hint_to_upgrade(text: str) -> None:
    error = error_for(youtube(text))
    assert type(error) is ServiceError
    assert "yt-dlp[default]" in error.hint


@pytest.mark.parametrize("warning", [NO_RUNTIME, UNSOLVED])
def test_missing_javascript_runtime_is_not_a_problem_of_the_recording(warning: str) -> None:
    error = error_for(youtube(NO_FORMAT), [warning])
    assert isinstance(error, ServiceError)
    assert "spotmap-build doctor" in error.hint


def test_warnings_are_searched_for_the_cause() -> None:
    message = youtube("Failed to extract any player response" + REPORT)
    assert type(error_for(message)) is ServiceError
    refused = error_for(
        message, ["[youtube] dQw4w9WgXcQ: Unable to download webpage: HTTP Error 429: Too Many Requests"]
    )
    assert isinstance(refused, ServiceRefused)
    assert isinstance(error_for(message, [f"[youtube] {UNRESOLVED}. Retrying (1/1)..."]), Unanswered)


@pytest.mark.parametrize(
    "text",
    [
        "unable to write data: [Errno 28] No space left on device",
        "unable to open for writing: [Errno 30] Read-only file system: '/tmp/spotmap-x/audio.m4a.part'",
    ],
)
def test_disk_error_ends_the_build(text: str) -> None:
    error = error_for(f"ERROR: {text}")
    assert isinstance(error, OutputError)
    assert "TMPDIR" in error.hint
    assert "/tmp" not in error.message


def test_words_in_a_video_id_are_ignored() -> None:
    error = error_for("ERROR: [youtube] DRM-captcha: Something else")
    assert isinstance(error, TrackError)
    assert error.track_code == "download"


def test_message_for_the_report_contains_no_urls_and_no_paths() -> None:
    text = "Cannot parse https://rr1.googlevideo.com/videoplayback?sig=SECRET and '/home/me/x.part' or /home/me/y."
    assert plain(youtube(text)) == "Cannot parse … and … or …."
    assert len(plain(youtube("word " * 200))) <= 201
