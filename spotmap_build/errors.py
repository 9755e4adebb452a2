"""Every error that a person can meet, in one tree.

Each class has a ``code`` (stable, for programs), an ``exit_status`` (what the command ends with) and each instance a
``hint``: what the person can do next. Foreign exceptions are translated into these at the one module that talks to the
foreign library, and nowhere else.
"""

from __future__ import annotations

from typing import ClassVar


class SpotmapError(Exception):
    """Something that the person running the build should read, and can act on.

    Parameters
    ----------
    message
        What happened, naming the file, track or setting.
    hint
        What to do next, as a sentence; may be empty where there is nothing to do.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(SpotmapError):
    """A flag, environment variable or line of ``spotmap.toml`` cannot be used."""

    code = "config"
    exit_status = 2


class PluginError(SpotmapError):
    """What another package adds (a source, an embedder, a theme) does not work."""

    code = "plugin"
    exit_status = 2


class SourceError(SpotmapError):
    """A library source (folder, table, ...) cannot be read at all."""

    code = "source"
    exit_status = 2


class OutputError(SpotmapError):
    """The output folder cannot be used: not ours, not writable, or the disk is full."""

    code = "output"
    exit_status = 2


class LoginError(SpotmapError):
    """A service wants the person to log in (again) before the build can go on."""

    code = "login"
    exit_status = 4


class CacheError(SpotmapError):
    """The cache cannot be opened, read or written (full disk, read-only, newer format)."""

    code = "cache"
    exit_status = 5


class UpstreamError(SpotmapError):
    """A service or download host did not give what the build needs."""

    code = "upstream"
    exit_status = 6


class ServiceError(UpstreamError):
    """A request to a service did not work, and may work another time: no connection, a stall, no sensible answer."""

    code = "service"


class ServiceRefused(ServiceError):
    """A service wants no more requests for now (rate limit, bot check). Stop asking; what is done is kept.

    ``retry_after_s``: when it may be asked again, in seconds from now, where it says so.
    """

    code = "refused"

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class WeightsError(UpstreamError):
    """Model weights are missing, cannot be fetched, or are not the file they should be."""

    code = "weights"


class TrackError(SpotmapError):
    """One track cannot go on; the build does. Turned into a ledger row at the boundary of the per-track step.

    ``code`` is given per instance: it is what the ledger and the report show. ``retryable`` and ``needs_person`` as in
    :class:`~spotmap_build.model.Failed`.
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
    """Errors with keyword arguments do not survive pickling by themselves; worker processes send these back."""
    return TrackError(code, message, retryable=retryable, needs_person=needs_person, hint=hint)
