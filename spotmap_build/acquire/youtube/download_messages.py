"""What yt-dlp says when a download does not work, as errors of our own. Pure.

yt-dlp tells causes in sentences: YouTube's own, in English, between its own. Each rule knows one; the first that fits
counts, so the particular ones stand before the general ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.core.speech import sentence
from spotmap_build.errors import OutputError, ServiceError, ServiceRefused, SpotmapError, TrackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

LONGEST: Final = 200
"""Characters of a message that we do not know, as it stands in the report."""
HOUR_S: Final = 3_600
NEEDS_COOKIES: Final = "it takes cookies of a browser session that may see it (--cookies)"
CONNECTION: Final = "Check the connection, and run the command again: finished work is kept."
LATER: Final = "Wait an hour and run the same command again: finished work is kept."
OUTDATED: Final = "YouTube changes often: pip install --upgrade 'yt-dlp[default]'"
DOCTOR: Final = "Run 'spotmap-build doctor': YouTube needs a JavaScript runtime, such as: pip install deno"
COOKIES_HELP: Final = f"{LATER} Cookies of a browser session help: --cookies FILE."
COOKIES_ENDED: Final = "The cookies are no longer valid: export them again, from a private window that is then closed."


class Unreached(ServiceError):
    """Nothing came at all: worth another try at once."""


def error_for(message: str, warnings: Sequence[str] = ()) -> SpotmapError:
    """Return the error that a message of yt-dlp means.

    Parameters
    ----------
    message : str
        Of its DownloadError.
    warnings : Sequence[str]
        What it warned of before. They tell a missing runtime from missing audio, and a blocked way from an answer that
        nobody understands.

    Returns
    -------
    SpotmapError
        TrackError: this recording cannot be had (now). ServiceRefused: stop asking. ServiceError: the service or the
        way to it is at fault. OutputError: there is no room for the file.
    """
    warned = "\n".join(warnings)
    rule = _first((*ROOM, *REFUSALS, *RECORDINGS, *WAYS), message)
    if rule is None:
        return TrackError("download", f"It cannot be downloaded: {plain(message)}", retryable=True)
    return rule.make(message, warned)


def plain(message: str) -> str:
    """Strip noise and private details from a message of yt-dlp.

    Colors, its name and the video's id, advice about its command line, addresses (they hold signatures) and paths.
    """
    text = _ADVICE.sub("", _without_head(message))
    text = " ".join(_PRIVATE.sub("…", text).split()).rstrip(" .;:")
    return text[:LONGEST] + ("…" if len(text) > LONGEST else ".")


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
    """``words`` (a regular expression, any case) mean what ``make`` makes of the message and the warnings."""

    words: re.Pattern[str]
    make: Callable[[str, str], SpotmapError]


def _first(rules: Iterable[Rule], text: str) -> Rule | None:
    text = _without_head(text)
    return next((rule for rule in rules if rule.words.search(text)), None)


def _rule(words: str, make: Callable[[str, str], SpotmapError]) -> Rule:
    # YouTube writes apostrophes both ways.
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
        return ServiceRefused(
            f"YouTube wants no more downloads for now: {says}.", hint=hint, retry_after_s=retry_after_s
        )

    return make


def _unreached(says: str, *, hint: str = CONNECTION) -> Callable[[str, str], ServiceError]:
    def make(message: str, _warnings: str) -> ServiceError:
        # In the middle of a file, yt-dlp has tried again already.
        kind = ServiceError if "got error" in message.lower() else Unreached
        return kind(sentence(f"YouTube cannot be reached: {says}."), hint=hint)

    return make


def _forbidden(_message: str, _warnings: str) -> ServiceError:
    return ServiceError("YouTube did not give the audio (HTTP 403).", hint=OUTDATED)


def _nothing_to_choose(_message: str, warnings: str) -> SpotmapError:
    if _RUNTIME.search(warnings):
        return ServiceError("YouTube's script could not be run, so there is no audio.", hint=DOCTOR)
    return no_audio()


def _not_understood(message: str, warnings: str) -> SpotmapError:
    """Return the error of an answer that yt-dlp does not understand, by the warnings where the cause is among them.

    yt-dlp goes on without what it could not get, and stumbles later.
    """
    cause = _first((*REFUSALS, *WAYS[:-1]), warnings)
    if cause is not None:
        return cause.make(warnings, warnings)
    return ServiceError(f"yt-dlp does not understand YouTube's answer: {plain(message)}", hint=OUTDATED)


def no_audio() -> TrackError:
    """Return the error of a video without audio that can be downloaded."""
    return TrackError("no-audio", "YouTube offers no audio of it that can be downloaded.", retryable=True)


def live() -> TrackError:
    """Return the error of a video that has no end yet."""
    return TrackError("live", "The video is a live stream or a premiere that is not over.", retryable=True)


def too_slow(window_s: float) -> ServiceError:
    """Return the error of a service that answers at a rate at which nothing is ever finished."""
    return ServiceError(
        f"YouTube cannot be reached: in {window_s:.0f} s, hardly anything came.",
        hint=CONNECTION,
    )


def page_too_large(limit_bytes: int) -> TrackError:
    """Return the error of an oversized answer."""
    return TrackError(
        "not-audio", f"A page of more than {limit_bytes / 1e6:.0f} MB came instead of audio.", retryable=True
    )


def no_room(reason: str) -> OutputError:
    """Return the error of a disk on which downloaded audio cannot be kept until it is heard."""
    return OutputError(
        f"There is no place for downloaded audio: {reason}.",
        hint="Make room, or name another folder for temporary files in TMPDIR. Finished work is kept.",
    )


ROOM: Final = (
    _rule(
        r"no space left|disk quota exceeded|read-only file system|unable to (?:open for writing|write data)",
        lambda _message, _warnings: no_room("the disk is full, or cannot be written"),
    ),
)
REFUSALS: Final = (
    _rule(r"confirm you're not a bot|captcha|unusual traffic", _refused("it asks for a person")),
    _rule(r"rate-limited by YouTube|content isn't available, try again", _refused("too many", retry_after_s=HOUR_S)),
    _rule(r"HTTP Error 429|too many requests", _refused("too many (HTTP 429)")),
    _rule(r"IP is likely being blocked", _refused("it blocks this address")),
)
RECORDINGS: Final = (
    _rule(
        r"in your (?:country|location|region)|from your location|geo.?restrict",
        _track("geo-blocked", "The video is not available in this country.", needs_person=True),
    ),
    _rule(
        r"confirm your age|age.?restricted|age.?verif|inappropriate for some users",
        _track("age-restricted", f"The video has an age limit: {NEEDS_COOKIES}.", needs_person=True),
    ),
    _rule(
        r"join this channel|members.?only|this channel's members",
        _track("members-only", f"The video is for members of its channel: {NEEDS_COOKIES}.", needs_person=True),
    ),
    _rule(
        r"\bPremium\b|requires payment",
        _track("premium-only", f"The video is for those who pay: {NEEDS_COOKIES}.", needs_person=True),
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
    # In these words it hides anything, and not always for long.
    _rule(r"(?:video|content) (?:is not|isn't) available", _track("unavailable", retryable=True)),
    _rule(r"video (?:is )?unavailable", _track("unavailable")),
    _rule(r"sign in|log ?in", _track("login-needed", f"The video wants a login: {NEEDS_COOKIES}.", needs_person=True)),
    _rule(r"format is not available|no video formats found|only images are available", _nothing_to_choose),
    _rule(
        r"got error: .*(?:bytes read|Downloaded \d+ bytes)|any data blocks|downloaded file is empty",
        _track("truncated-audio", "The download broke off before its end.", retryable=True),
    ),
)
WAYS: Final = (
    _rule(r"HTTP Error 403", _forbidden),
    _rule(r"HTTP Error 5\d\d", _unreached("it is in trouble", hint="Run the command again later.")),
    _rule(r"timed out|timeout", _unreached("it does not answer")),
    _rule(r"certificate|\bSSL", _unreached("no secure connection")),
    _rule(r"resolve|name or service|nodename", _unreached("its name cannot be looked up")),
    _rule(r"connection|connect to|network is unreachable|bytes read|broken pipe", _unreached("no connection")),
    _rule(r"please report this issue|unable to extract|failed to (?:extract|parse)|unsupported URL", _not_understood),
)
