"""Download album covers from the image hosts of services, at a limited rate, and shrink them to thumbnails.

Covers are optional: a missing cover is counted in a notice at the end of the build and never raises an error.
"""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import requests

from spotmap_build.acquire.services import Service
from spotmap_build.core.http import BodyTooLarge, Deadline, Limits, RedirectRefused, make_session, reason_of
from spotmap_build.core.rate_limiting import RateLimiter
from spotmap_build.core.retry_after import parse_retry_after
from spotmap_build.errors import ServiceError, ServiceRefused
from spotmap_build.fetch.covers import FORMATS
from spotmap_build.fetch.thumbnails import Thumbnails, UnreadablePicture

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from spotmap_build.core.image_addresses import ImageHosts
    from spotmap_build.run import Run

LIMITS: Final = Limits(silence_s=10, total_s=20, body_bytes=5 << 20)
"""For one image. The requested sizes have about 30 kB; the largest existing ones are below one megabyte."""
PER_S: Final = 10.0
"""Requests per second: 3,000 albums take five minutes. A browser sends as many at once for one page of a shop."""
THREADS: Final = 4
TOTAL_S: Final = 900.0
"""Maximum time per build; the next build fetches the rest."""
MAX_REQUESTS: Final = 20_000
"""Maximum number of requests per build."""
PERMANENT_AGE_S: Final = 30 * 86_400
"""An image that is gone or unusable is not requested again for this long."""
TEMPORARY_AGE_S: Final = 3_600
ACCEPT: Final = ", ".join(f"image/{name.lower()}" for name in FORMATS)
_NOT_THERE: Final = frozenset({404, 410})
_TOO_MANY: Final = 429
_NOT_IMAGES: Final = ("text/", "application/json")


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no cover, as a code, and for how long this is remembered; 0: the next build tries again."""

    code: str
    max_age_s: int = 0


LATER: Final = Missing("later")
GONE: Final = Missing("gone", PERMANENT_AGE_S)
UNUSABLE: Final = Missing("unusable", PERMANENT_AGE_S)
NOT_AN_IMAGE: Final = Missing("unusable", TEMPORARY_AGE_S)
"""An HTML page instead of an image may come from the local network, such as a login page."""
UNREACHABLE: Final = Missing("unreachable", TEMPORARY_AGE_S)


class _NoImage(Exception):
    """The response contains no image."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.code)
        self.missing = missing


class CoverFetcher:
    """Fetches covers as thumbnails. ``hosts``: the allowed hosts; ``limits``: those of one image.

    ``deadline_s``: deadline on the ``time.monotonic`` clock; never later than ``TOTAL_S`` from now.
    """

    def __init__(self, run: Run, hosts: ImageHosts, *, limits: Limits = LIMITS, deadline_s: float = math.inf) -> None:
        self._run = run
        self._hosts = hosts
        self._limits = limits
        self._limiter = RateLimiter(PER_S)
        self._deadline_s = min(deadline_s, time.monotonic() + TOTAL_S)
        self._stopped = threading.Event()
        self._in_flight: set[Deadline] = set()
        self._lock = threading.Lock()
        self._services: dict[str, Service] = {}
        self._session = make_session(limits, follow_redirects=True, is_allowed_redirect=hosts.is_allowed)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why requests to a service were stopped, as sentences."""
        return tuple(summary for service in self._services.values() if (summary := service.summary()))

    def fetch(self, addresses: Sequence[str]) -> Generator[tuple[str, bytes | Missing]]:
        """Yield each address with its thumbnail or the reason why there is none. All addresses must be allowed."""
        for name in sorted({self._hosts.service(address) for address in addresses}):
            self._services[name] = Service(self._run, name)
        requested, skipped = addresses[:MAX_REQUESTS], addresses[MAX_REQUESTS:]
        with (
            self._session,
            ThreadPoolExecutor(THREADS, thread_name_prefix="covers") as threads,
            Thumbnails() as thumbnails,  # closed first, so that no thread waits for a thumbnail
        ):
            try:
                found = threads.map(lambda address: self._thumbnail(address, thumbnails), requested)
                yield from zip(requested, found, strict=True)
            finally:
                self._stop()
        yield from ((address, LATER) for address in skipped)

    def _stop(self) -> None:
        """Abort all requests that are still in flight."""
        self._stopped.set()
        with self._lock:
            for deadline in self._in_flight:
                deadline.abort()

    @contextmanager
    def _abortable(self) -> Iterator[None]:
        with Deadline(self._limits.total_s) as deadline:
            with self._lock:
                self._in_flight.add(deadline)
            try:
                yield
            finally:
                with self._lock:
                    self._in_flight.discard(deadline)

    def _thumbnail(self, address: str, thumbnails: Thumbnails) -> bytes | Missing:
        try:
            return thumbnails.make(self._picture(address))
        except _NoImage as error:
            return error.missing
        except UnreadablePicture as error:
            return UNUSABLE if error.is_final else LATER

    def _picture(self, address: str) -> bytes:
        service = self._services[self._hosts.service(address)]
        if self._can_continue(service):
            self._limiter.wait()
        with self._abortable():
            if not self._can_continue(service):
                raise _NoImage(LATER)
            try:
                picture = self._request(address, service.name)
            except ServiceError as error:
                if self._stopped.is_set():
                    raise _NoImage(LATER) from error
                service.breaker.record_failure(error)
                service.store_refusal(error)
                raise _NoImage(UNREACHABLE if service.is_open else LATER) from error
            except _NoImage:  # the service did answer
                service.breaker.record_success()
                raise
        service.breaker.record_success()
        return picture

    def _can_continue(self, service: Service) -> bool:
        return service.is_open and not self._stopped.is_set() and time.monotonic() < self._deadline_s

    def _request(self, address: str, name: str) -> bytes:
        try:
            response = self._session.get(address, headers={"Accept": ACCEPT})
        except (BodyTooLarge, RedirectRefused, requests.TooManyRedirects) as error:
            raise _NoImage(UNUSABLE if isinstance(error, BodyTooLarge) else NOT_AN_IMAGE) from error
        except requests.RequestException as error:
            raise ServiceError(f"The covers at {name} cannot be fetched: {reason_of(error)}.") from error
        if response.status_code in _NOT_THERE:
            raise _NoImage(GONE)
        if response.status_code == _TOO_MANY:
            raise ServiceRefused(
                f"{name} is refusing requests for covers for now (HTTP {_TOO_MANY}).",
                retry_after_s=parse_retry_after(response.headers.get("Retry-After")),
            )
        if response.status_code != requests.codes.ok:
            raise ServiceError(f"The covers at {name} cannot be fetched (HTTP {response.status_code}).")
        if response.headers.get("Content-Type", "").lower().startswith(_NOT_IMAGES):
            raise _NoImage(NOT_AN_IMAGE)
        return response.content
