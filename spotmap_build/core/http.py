"""HTTP sessions with limits that hold against any server: response size, total time, and redirect targets.

Requests only limits the time between two bytes: a response can be endless, decompress to gigabytes, or trickle in for
days. All services are accessed through a session created here (spotipy and ytmusicapi receive one as well), so every
failure is a ``requests.RequestException``.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from spotmap_build.core.translation import translatable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

MAX_REDIRECTS: Final = 5
CHUNK_BYTES: Final = 1 << 16
SENT_ELSEWHERE: Final = translatable(
    "it sends this request on to another address (perhaps a login page of the network)"
)

_REASONS: Final = {
    requests.TooManyRedirects: translatable(f"it redirects more than {MAX_REDIRECTS} times"),
    requests.Timeout: translatable("it does not respond"),
    requests.exceptions.SSLError: translatable("no secure connection"),
    requests.exceptions.ProxyError: translatable("the proxy rejected the request"),
    ValueError: translatable("the address is invalid"),
}


class BodyTooLarge(requests.RequestException):
    """A response exceeds the size limit after decompression."""


class ResponseTooSlow(requests.Timeout):
    """A response was incomplete at the end of the total time limit, even if data was still arriving."""


class RedirectRefused(requests.RequestException):
    """A server redirects the request to an address that is not allowed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request.

    Attributes
    ----------
    silence_s : float
        Maximum time to connect, and between two chunks of a response.
    total_s : float
        Maximum time from sending the request to the last byte of the response.
    body_bytes : int
        Maximum size of the response body after decompression.
    """

    silence_s: float = 20.0
    total_s: float = 120.0
    body_bytes: int = 32 << 20


def make_session(
    limits: Limits | None = None, *, follow_redirects: bool, is_allowed_redirect: Callable[[str], bool] | None = None
) -> requests.Session:
    """Create a session whose requests have limits.

    Parameters
    ----------
    limits : Limits, optional
        The defaults suit JSON responses.
    follow_redirects : bool
        Must be False for every request that carries a secret. If True, redirects are followed unless they lead from
        HTTPS to another scheme, or from the internet into a private network.
    is_allowed_redirect : callable, optional
        Returns whether a redirect may lead to an address. By default, all addresses are allowed.

    Returns
    -------
    requests.Session
        Raises ``requests.RequestException`` for every failure, and never sends passwords from ``.netrc``. For a request
        with ``stream=True``, the limits apply up to the headers; the caller must limit the body.
    """
    session = _Session(follow_redirects=follow_redirects, is_allowed_redirect=is_allowed_redirect)
    adapter = BoundedAdapter(limits or Limits())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def reason_of(error: Exception) -> str:
    """Return why a request failed, in a few words without addresses, which may contain logins.

    ``error``: of requests, or of the libraries below it while a body is read.
    """
    if isinstance(error, BodyTooLarge | ResponseTooSlow | RedirectRefused | requests.HTTPError):
        return str(error)
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return reason
    causes = tuple(_causes(error))
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return _REASONS[requests.Timeout]
    messages = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    if messages:
        return translatable(f"no connection: {messages[-1]}")
    return translatable("the connection broke, or the response is invalid")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, the innermost last."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        inner = inner.__cause__ or inner.__context__


def is_loopback(host: str | None) -> bool:
    """Return whether a host name refers to this machine: ``localhost``, ``127.0.0.1``, ``::1``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_trustworthy_address(url: str) -> bool:
    """Return whether secrets may be sent to an address: HTTPS, or HTTP on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


class _Session(requests.Session):
    def __init__(self, *, follow_redirects: bool, is_allowed_redirect: Callable[[str], bool] | None) -> None:
        super().__init__()
        self._follow_redirects = follow_redirects
        self._is_allowed_redirect = is_allowed_redirect
        self.max_redirects = MAX_REDIRECTS
        self.auth = _keep_headers

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        try:
            target = super().get_redirect_target(resp)
            address = urljoin(resp.url, target or "")
        except ValueError as error:  # invalid text or address
            raise RedirectRefused(translatable("it sends this request to no address"), response=resp) from error
        if target is None:
            return None
        if not self._follow_redirects:
            raise RedirectRefused(SENT_ELSEWHERE, response=resp)
        is_wanted = self._is_allowed_redirect is None or self._is_allowed_redirect(address)
        if not (is_wanted and _is_safe_redirect(resp.url, address)):
            raise RedirectRefused(translatable("it sends this request where it must not go"), response=resp)
        return target


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request's headers alone. Without ``auth``, a session would read passwords from ``.netrc``."""
    return request


def _is_safe_redirect(origin: str, target: str) -> bool:
    try:
        before, after = urlsplit(origin), urlsplit(target)
        if after.scheme not in {"https", before.scheme} or not after.hostname:
            return False
        return after.hostname == before.hostname or _is_public(after.hostname) or not _is_public(before.hostname or "")
    except ValueError:
        return False


def _is_public(host: str) -> bool:
    """Return whether all addresses of a host are on the internet; a host that does not resolve counts as public."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return all(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_global for entry in found)


class BoundedAdapter(HTTPAdapter):
    """Send requests within :class:`Limits`; every failure becomes a ``requests.RequestException``."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Use connections that a deadline can shut down."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Use the same connections for proxies."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request and read the whole response, or only its headers if ``stream`` is set."""
        options["timeout"] = self._limits.silence_s
        with Deadline(self._limits.total_s) as deadline:
            try:
                response = super().send(request, stream=True, **options)
                if not stream or response.is_redirect:  # requests reads the body of a redirect in any case
                    self._read_body(response)
            except (
                requests.RequestException,
                urllib3.exceptions.HTTPError,
                HTTPException,
                OSError,
                ValueError,
            ) as error:
                if deadline.has_expired:
                    raise self._too_slow(request) from error
                if isinstance(error, requests.RequestException):
                    raise
                raise requests.ConnectionError(error, request=request) from error
        if deadline.has_expired and not stream:  # the apparent end of the body may be the cut connection
            response.close()
            raise self._too_slow(request)
        return response

    def _too_slow(self, request: requests.PreparedRequest) -> ResponseTooSlow:
        limit_s = self._limits.total_s
        return ResponseTooSlow(translatable(f"the response is incomplete after {limit_s:g} s"), request=request)

    def _read_body(self, response: requests.Response) -> None:
        chunks: list[bytes] = []
        size_bytes = 0
        try:
            while chunk := response.raw.read(CHUNK_BYTES, decode_content=True):
                size_bytes += len(chunk)
                if size_bytes > self._limits.body_bytes:
                    raise BodyTooLarge(
                        translatable(f"the response is larger than {self._limits.body_bytes:,} bytes"),
                        request=response.request,
                        response=response,
                    )
                chunks.append(chunk)
        except BaseException:
            response.close()
            raise
        # Requests sets the same attributes after reading a body.
        response._content = b"".join(chunks)
        response._content_consumed = True  # type: ignore[attr-defined]


class Deadline:
    """Shut down the connections of this thread's requests when the time limit expires.

    A socket timeout only limits the time between two reads, and a header can trickle in byte by byte. Shutting down the
    socket from another thread ends any blocked read. Deadlines can be nested: a deadline around several requests, or
    around reading a stream, applies in addition to those of the individual requests.
    """

    def __init__(self, total_s: float) -> None:
        self.has_expired = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(total_s, self.abort)
        self._timer.daemon = True
        self._outer: Deadline | None = None

    def __enter__(self) -> Self:
        self._outer, _current.deadline = _current.deadline, self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:  # the connection returns to its pool and may serve another request
            self._sockets.clear()
        _current.deadline = self._outer

    def watch(self, connected: socket.socket) -> None:
        """Also shut down this connection when the time limit expires."""
        if self._outer is not None:
            self._outer.watch(connected)
        with self._lock:
            self._sockets.append(connected)
            if self.has_expired:
                _abort(connected)

    def abort(self) -> None:
        """Expire now. May be called from any thread."""
        with self._lock:
            self.has_expired = True
            for connected in self._sockets:
                _abort(connected)


def _abort(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not ``connected.shutdown``: on an SSL socket, it discards the SSL state that the reading thread is using.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _Current(threading.local):
    deadline: Deadline | None = None


_current = _Current()


def _watch(connected: object) -> None:
    if _current.deadline is not None and isinstance(connected, socket.socket):
        _current.deadline.watch(connected)


class _Connection(HTTPConnection):
    """A connection that the deadline of the current thread can shut down."""

    def connect(self) -> None:
        super().connect()
        _watch(self.sock)

    def request(self, *args: Any, **options: Any) -> None:
        _watch(self.sock)  # a reused connection
        super().request(*args, **options)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Final = {"http": _Pool, "https": _SecurePool}
