"""Translate yt-dlp's error messages into our own errors. Pure.

yt-dlp reports causes only as text: YouTube's messages, in English, and its own. Each rule matches one message. The
first matching rule applies, so specific rules come before general ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.services import CONNECTION, LATER
from spotmap_build.core.translation import translatable
from spotmap_build.errors import OutputError, ServiceError, ServiceRefused, SpotmapError, TrackError, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_MESSAGE_LENGTH: Final = 200
"""Maximum characters of an unknown message in the report."""
HOUR_S: Final = 3_600
NEEDS_COOKIES: Final = "it needs cookies of a browser session with access (--cookies)"
OUTDATED: Final = "YouTube changes often: pip install --upgrade 'yt-dlp[default]'"
DOCTOR: Final = "Run 'spotmap-build doctor': YouTube needs a JavaScript runtime, such as: pip install deno"
COOKIES_HELP: Final = f"{LATER} Cookies of a browser session help: --cookies FILE."
COOKIES_ENDED: Final = (
    "The cookies are no longer valid: export them again from a private window, and close it afterwards."
)


def error_for(message: str, warnings: Sequence[str] = ()) -> SpotmapError:
    """Return the error for a message of yt-dlp.

    Parameters
    ----------
    message : str
        The message of its ``DownloadError``.
    warnings : Sequence[str]
        Its warnings before that. They distinguish a missing JavaScript runtime from missing audio, and a blocked
        connection from an unexpected response.

    Returns
    -------
    SpotmapError
        ``TrackError``: this recording is unavailable (for now). ``ServiceRefused``: send no more requests.
        ``ServiceError``: the service or the connection failed. ``OutputError``: the file cannot be written.
    """
    warned = "\n".join(warnings)
    rule = _first((*ROOM, *REFUSALS, *RECORDINGS, *WAYS), message)
    if rule is None:
        return TrackError("download", f"It cannot be downloaded: {plain(message)}", retryable=True)
    return rule.make(message, warned)


def plain(message: str) -> str:
    """Strip noise and private details from a message of yt-dlp.

    Removes colors, prefixes with the extractor's name and the video id, advice on command-line options, URLs (which
    contain signatures) and paths.
    """
    text = _ADVICE.sub("", _without_head(message))
    text = " ".join(_PRIVATE.sub("…", text).split()).rstrip(" .;:")
    return text[:MAX_MESSAGE_LENGTH] + ("…" if len(text) > MAX_MESSAGE_LENGTH else ".")


_COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")
_HEAD: Final = re.compile(r"^\s*(?:ERROR:\s*)?(?:\[[\w:+-]+\]\s+(?:\S+:\s+)?)?")
_ADVICE: Final = re.compile(
    r"""(?:[;.]\s*)?\b(?:use\s+--|see\s+https?://|also\s+see|please\s+report|confirm\s+you\s+are\s+on\s+the\s+latest
    |it\s+is\s+recommended|for\s+more\s+information|you\s+might\s+want\s+to\s+use\s+a\s+VPN|this\s+helps\s+protect).*
    |\(caused\s+by.*""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_PRIVATE: Final = re.compile(r"https?://\S+|host='[^']*'|'[^']*[/\\][^']*'|(?<!\w)/[^\s'/]+/\S*")
_RUNTIME: Final = re.compile(r"JavaScript runtime|challenge solving failed", re.IGNORECASE)


def _without_head(message: str) -> str:
    return _HEAD.sub("", _COLOR.sub("", message))


@dataclass(frozen=True, slots=True)
class Rule:
    """If a message matches ``words`` (ignoring case), ``make`` creates the error from the message and the warnings."""

    words: re.Pattern[str]
    make: Callable[[str, str], SpotmapError]


def _first(rules: Iterable[Rule], text: str) -> Rule | None:
    text = _without_head(text)
    return next((rule for rule in rules if rule.words.search(text)), None)


def _rule(words: str, make: Callable[[str, str], SpotmapError]) -> Rule:
    # YouTube uses both kinds of apostrophes.
    return Rule(re.compile(words.replace("'", "['’]"), re.IGNORECASE), make)


def _track(
    code: str, says: str = "", *, retryable: bool = False, needs_person: bool = False
) -> Callable[[str, str], TrackError]:
    def make(message: str, _warnings: str) -> TrackError:
        text = says or f"YouTube says: {plain(message)}"
        return TrackError(code, text, retryable=retryable, needs_person=needs_person)

    return make


def _refused(says: str, *, retry_after_s: float | None = None) -> Callable[[str, str], ServiceRefused]:
    def make(_message: str, warnings: str) -> ServiceRefused:
        hint = COOKIES_ENDED if "cookies are no longer valid" in warnings else COOKIES_HELP
        return ServiceRefused(f"YouTube is refusing downloads for now: {says}.", hint=hint, retry_after_s=retry_after_s)

    return make


def _unreached(says: str, *, hint: str = CONNECTION) -> Callable[[str, str], ServiceError]:
    def make(message: str, _warnings: str) -> ServiceError:
        # After an error in the middle of a file, yt-dlp has already retried.
        kind = ServiceError if "got error" in message.lower() else Unanswered
        return kind(translatable(f"YouTube cannot be reached: {says}."), hint=hint)

    return make


def _forbidden(_message: str, _warnings: str) -> ServiceError:
    return ServiceError("YouTube did not give the audio (HTTP 403).", hint=OUTDATED)


def _nothing_to_choose(_message: str, warnings: str) -> SpotmapError:
    if _RUNTIME.search(warnings):
        return ServiceError("YouTube's script could not be run, so there is no audio.", hint=DOCTOR)
    return no_audio()


def _not_understood(message: str, warnings: str) -> SpotmapError:
    """Return the error for a response that yt-dlp cannot parse, or for its cause if the warnings show one.

    yt-dlp continues after a failed request and fails later on the missing data.
    """
    cause = _first((*REFUSALS, *WAYS[:-1]), warnings)
    if cause is not None:
        return cause.make(warnings, warnings)
    return ServiceError(f"yt-dlp cannot parse YouTube's response: {plain(message)}", hint=OUTDATED)


def no_audio() -> TrackError:
    """Return the error for a video without downloadable audio."""
    return TrackError("no-audio", "YouTube offers no downloadable audio of it.", retryable=True)


def live() -> TrackError:
    """Return the error for a video that is still live."""
    return TrackError("live", "The video is a live stream or a premiere that has not ended.", retryable=True)


def too_slow(window_s: float) -> ServiceError:
    """Return the error for a stalled download."""
    return ServiceError(
        f"YouTube cannot be reached: almost no data was received in {window_s:.0f} s.",
        hint=CONNECTION,
    )


def page_too_large(limit_bytes: int) -> TrackError:
    """Return the error for an oversized response."""
    return TrackError(
        "not-audio",
        f"A page of more than {limit_bytes / 1e6:.0f} MB was received instead of audio.",
        retryable=True,
    )


def no_room(reason: str) -> OutputError:
    """Return the error for a disk to which downloaded audio cannot be written."""
    return OutputError(
        f"Downloaded audio cannot be stored: {reason}.",
        hint="Free some disk space, or set TMPDIR to another folder for temporary files. Finished work is kept.",
    )


ROOM: Final = (
    _rule(
        r"no space left|disk quota exceeded|read-only file system|unable to (?:open for writing|write data)",
        lambda _message, _warnings: no_room("the disk is full, or cannot be written"),
    ),
)
REFUSALS: Final = (
    _rule(r"confirm you're not a bot|captcha|unusual traffic", _refused("it asks for proof that you are not a bot")),
    _rule(
        r"rate-limited by YouTube|content isn't available, try again",
        _refused("too many requests", retry_after_s=HOUR_S),
    ),
    _rule(r"HTTP Error 429|too many requests", _refused("too many requests (HTTP 429)")),
    _rule(r"IP is likely being blocked", _refused("it blocks this address")),
)
RECORDINGS: Final = (
    _rule(
        r"in your (?:country|location|region)|from your location|geo.?restrict",
        _track("geo-blocked", "The video is not available in this country.", needs_person=True),
    ),
    _rule(
        r"confirm your age|age.?restricted|age.?verif|inappropriate for some users",
        _track("age-restricted", f"The video is age-restricted: {NEEDS_COOKIES}.", needs_person=True),
    ),
    _rule(
        r"join this channel|members.?only|this channel's members",
        _track("members-only", f"The video is for members of its channel: {NEEDS_COOKIES}.", needs_person=True),
    ),
    _rule(
        r"\bPremium\b|requires payment",
        _track("premium-only", f"The video is for paying subscribers: {NEEDS_COOKIES}.", needs_person=True),
    ),
    _rule(r"\bDRM\b", _track("drm", "The video is protected against downloads (DRM).")),
    _rule(r"private video|video is private", _track("private", "The video is private.")),
    _rule(
        r"live event will begin|premieres in|premiere will begin|live event has ended|\boffline\b",
        lambda _message, _warnings: live(),
    ),
    _rule(
        r"been removed|removed by|no longer available|available anymore|been terminated|copyright|does not exist"
        r"|recording is not available|HTTP Error (?:404|410)",
        _track("unavailable"),
    ),
    # YouTube uses this wording for any reason, often temporary ones.
    _rule(r"(?:video|content) (?:is not|isn't) available", _track("unavailable", retryable=True)),
    _rule(r"video (?:is )?unavailable", _track("unavailable")),
    _rule(
        r"sign in|log ?in", _track("login-needed", f"The video requires a login: {NEEDS_COOKIES}.", needs_person=True)
    ),
    _rule(r"format is not available|no video formats found|only images are available", _nothing_to_choose),
    _rule(
        r"got error: .*(?:bytes read|Downloaded \d+ bytes)|any data blocks|downloaded file is empty",
        _track("truncated-audio", "The download is incomplete.", retryable=True),
    ),
)
WAYS: Final = (
    _rule(r"HTTP Error 403", _forbidden),
    _rule(r"HTTP Error 5\d\d", _unreached("it reports a server error", hint="Run the command again later.")),
    _rule(r"timed out|timeout", _unreached("it does not respond")),
    _rule(r"certificate|\bSSL", _unreached("no secure connection")),
    _rule(r"resolve|name or service|nodename", _unreached("its name cannot be looked up")),
    _rule(r"connection|connect to|network is unreachable|bytes read|broken pipe", _unreached("no connection")),
    _rule(r"please report this issue|unable to extract|failed to (?:extract|parse)|unsupported URL", _not_understood),
)
