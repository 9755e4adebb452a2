"""The exception hierarchy: every error that a user can see.

Each class has a ``code`` (stable, for programs) and an ``exit_status`` for the command. Each instance has a ``hint``
that says what the user can do next. Exceptions of third-party libraries are translated into these classes only in the
module that wraps the library.
"""

from __future__ import annotations

from typing import ClassVar


class SpotmapError(Exception):
    """Base class of all errors that are shown to the user.

    Parameters
    ----------
    message
        What happened, naming the file, track or setting.
    hint
        What to do next, as a sentence; empty if there is nothing to do.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def unexpected(error: Exception) -> SpotmapError:
    """Describe an exception that no code expected: a bug."""
    return SpotmapError(
        f"spotmap-build failed unexpectedly, {type(error).__name__}: {error}.",
        hint="This is a bug; report it, with the lines above in the terminal.",
    )


class ConfigError(SpotmapError):
    """A flag, environment variable or line of ``spotmap.toml`` cannot be used."""

    code = "config"
    exit_status = 2


class PluginError(SpotmapError):
    """A plugin (a source, an embedder or a theme from another package) does not work."""

    code = "plugin"
    exit_status = 2


class SourceError(SpotmapError):
    """A library source (folder, table, ...) cannot be read at all."""

    code = "source"
    exit_status = 2


def unreadable_source(path: object, error: OSError) -> SourceError:
    """Describe why a file or folder of a source cannot be read."""
    return SourceError(
        f"{path} cannot be read: {error.strerror or error}.", hint="Fix that, or give another path after --source."
    )


class OutputError(SpotmapError):
    """The output folder cannot be used: it was not made by a build, is not writable, or the disk is full."""

    code = "output"
    exit_status = 2


class LoginError(SpotmapError):
    """A service requires the user to log in (again) before the build can continue."""

    code = "login"
    exit_status = 4


class CacheError(SpotmapError):
    """The cache cannot be opened, read or written (full disk, read-only, newer format)."""

    code = "cache"
    exit_status = 5


class UpstreamError(SpotmapError):
    """A service or download host did not deliver what the build needs."""

    code = "upstream"
    exit_status = 6


class ServiceError(UpstreamError):
    """A request failed but may succeed later: no connection, a stalled transfer, or an invalid response."""

    code = "service"


class ServiceRefused(ServiceError):
    """A service refuses further requests for now (rate limit, bot check). Send no more; finished work is kept.

    ``retry_after_s``: seconds until the next request is allowed, if the service says.
    """

    code = "refused"

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Unanswered(ServiceError):
    """There was no response, or a server error: the same request may succeed in a moment."""


class UnexpectedResponse(ServiceError):
    """A response makes no sense. It is not cached, so the next build sends the request again."""


class WeightsError(UpstreamError):
    """Model weights are missing, cannot be fetched, or do not match their checksum."""

    code = "weights"


class TrackError(SpotmapError):
    """One track failed; the build continues. The per-track step turns this into a row of the ledger.

    ``code`` is given per instance and appears in the ledger and the report. ``retryable`` and ``needs_person`` are
    those of :class:`~spotmap_build.model.Failed`.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool = False, needs_person: bool = False, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.track_code = code
        self.retryable = retryable
        self.needs_person = needs_person

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_track_error, (self.track_code, self.message, self.retryable, self.needs_person, self.hint))


def _rebuild_track_error(code: str, message: str, retryable: bool, needs_person: bool, hint: str) -> TrackError:
    """Rebuild a pickled error: exceptions with keyword arguments need this to come back from worker processes."""
    return TrackError(code, message, retryable=retryable, needs_person=needs_person, hint=hint)
