"""HTTP through requests, with bounds that hold against any server: size, time in all, and where a redirect may lead.

Requests bounds the silence between two bytes, and nothing else: an answer may be endless, inflate to gigabytes, or drip
for days. Every service of ours is asked through a session made here (spotipy and ytmusicapi are given one), so that
what goes wrong is always a ``requests.RequestException``.
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

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

MOST_REDIRECTS: Final = 5
CHUNK_BYTES: Final = 1 << 16


class BodyTooLarge(requests.RequestException):
    """An answer is larger, once decompressed, than any sensible one."""


class TooSlow(requests.Timeout):
    """An answer was not complete when its time was over, however lively the connection."""


class RedirectRefused(requests.RequestException):
    """A server sends the request on to where it must not go."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request.

    Attributes
    ----------
    silence_s : float
        For a connection, and between two pieces of an answer.
    total_s : float
        From sending the request to the last byte of the answer.
    body_bytes : int
        Of the answer's body, once decompressed.
    """

    silence_s: float = 20.0
    total_s: float = 120.0
    body_bytes: int = 32 << 20


def make_session(
    limits: Limits | None = None, *, follow_redirects: bool, may_lead_to: Callable[[str], bool] | None = None
) -> requests.Session:
    """Make a session whose requests are bounded.

    Parameters
    ----------
    limits : Limits, optional
        The defaults suit answers in JSON.
    follow_redirects : bool
        False for every request that carries a secret. Otherwise a redirect is followed where it does not leave HTTPS,
        and does not lead from the internet into a private network.
    may_lead_to : callable, optional
        Tells whether a redirect may also lead to this address; by default to any.

    Returns
    -------
    requests.Session
        It raises ``requests.RequestException`` for everything that can go wrong; passwords of ``.netrc`` are never
        sent. A request with ``stream=True`` is bounded up to its headers; the body is then the caller's to bound.
    """
    session = _Session(follow_redirects=follow_redirects, may_lead_to=may_lead_to)
    adapter = BoundedAdapter(limits or Limits())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name means this machine: ``localhost``, ``127.0.0.1``, ``::1``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_trustworthy_address(url: str) -> bool:
    """Tell whether secrets may go to an address: HTTPS, or HTTP on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


class _Session(requests.Session):
    def __init__(self, *, follow_redirects: bool, may_lead_to: Callable[[str], bool] | None) -> None:
        super().__init__()
        self._follow_redirects = follow_redirects
        self._may_lead_to = may_lead_to
        self.max_redirects = MOST_REDIRECTS
        self.auth = _keep_headers

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        try:
            target = super().get_redirect_target(resp)
            address = urljoin(resp.url, target or "")
        except ValueError as error:  # no text, or no address
            raise RedirectRefused("it sends this request to no address", response=resp) from error
        if target is None:
            return None
        if not self._follow_redirects:
            raise RedirectRefused("it sends this request on to another address", response=resp)
        is_wanted = self._may_lead_to is None or self._may_lead_to(address)
        if not (is_wanted and _may_lead(resp.url, address)):
            raise RedirectRefused("it sends this request where it must not go", response=resp)
        return target


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authenticate with what the request has; a session without ``auth`` would look into ``.netrc``."""
    return request


def _may_lead(origin: str, target: str) -> bool:
    try:
        before, after = urlsplit(origin), urlsplit(target)
        if after.scheme not in {"https", before.scheme} or not after.hostname:
            return False
        return after.hostname == before.hostname or _is_public(after.hostname) or not _is_public(before.hostname or "")
    except ValueError:
        return False


def _is_public(host: str) -> bool:
    """Whether all addresses of a host are on the internet; one that has none is nobody's private network."""
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
        """Use connections that a deadline can cut."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Use such connections through proxies as well."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request and read the whole answer, or (``stream``) its headers."""
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
                if deadline.is_over:
                    raise TooSlow(f"no whole answer within {self._limits.total_s:.0f} s", request=request) from error
                if isinstance(error, requests.RequestException):
                    raise
                raise requests.ConnectionError(error, request=request) from error
        if deadline.is_over and not stream:  # what looks like an end may be the cut
            response.close()
            raise TooSlow(f"no whole answer within {self._limits.total_s:.0f} s", request=request)
        return response

    def _read_body(self, response: requests.Response) -> None:
        pieces: list[bytes] = []
        size_bytes = 0
        try:
            while piece := response.raw.read(CHUNK_BYTES, decode_content=True):
                size_bytes += len(piece)
                if size_bytes > self._limits.body_bytes:
                    raise BodyTooLarge(
                        f"an answer of more than {self._limits.body_bytes:,} bytes",
                        request=response.request,
                        response=response,
                    )
                pieces.append(piece)
        except BaseException:
            response.close()
            raise
        # As requests itself does after reading a body.
        response._content = b"".join(pieces)
        response._content_consumed = True  # type: ignore[attr-defined]


class Deadline:
    """Cut the connections of this thread's request when its time is over.

    A socket has a limit for silence only, and a header may drip in byte by byte: shutting the socket down from another
    thread ends whatever read is waiting. One around several requests, or around the reading of a stream, holds beside
    those of the requests.
    """

    def __init__(self, total_s: float) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(total_s, self.cut)
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
        with self._lock:  # the connection goes back to its pool, and is not ours to cut any more
            self._sockets.clear()
        _current.deadline = self._outer

    def watch(self, connected: socket.socket) -> None:
        """Cut this connection too when the time is over."""
        if self._outer is not None:
            self._outer.watch(connected)
        with self._lock:
            self._sockets.append(connected)
            if self.is_over:
                _cut(connected)

    def cut(self) -> None:
        """End the time now; any thread may do so."""
        with self._lock:
            self.is_over = True
            for connected in self._sockets:
                _cut(connected)


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # The plain socket's: an SSL socket's own would take its state away from under the reading thread.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _Current(threading.local):
    deadline: Deadline | None = None


_current = _Current()


def _watch(connected: object) -> None:
    if _current.deadline is not None and isinstance(connected, socket.socket):
        _current.deadline.watch(connected)


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _watch(self.sock)

    def request(self, *args: Any, **options: Any) -> None:
        _watch(self.sock)  # one that is used again
        super().request(*args, **options)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _watch(self.sock)

    def request(self, *args: Any, **options: Any) -> None:
        _watch(self.sock)
        super().request(*args, **options)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Final = {"http": _Pool, "https": _SecurePool}
