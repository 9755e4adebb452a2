"""Addresses of pictures, as services tell them: which of several sizes to take, and whom a build may ask for one. Pure.

An address comes with an answer of a service or with a file, so it could lead anywhere. Asked are only the hosts on
which the services keep their covers, and those that the person set instead of a service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from spotmap_build.core.text import printable

DOMAINS: Final = ("scdn.co", "spotifycdn.com", "dzcdn.net", "googleusercontent.com", "ytimg.com")
"""Where Spotify, Deezer and YouTube keep covers: these, and every host below them."""
LONGEST_ADDRESS: Final = 1_000
MOST_IMAGES: Final = 20
"""Of one album; services tell three or four."""
_ADDRESS: Final = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(/[!-\[\]-~]*)", re.IGNORECASE)
"""Stricter than the standard: libraries disagree on where a host ends in what is not of this form."""
_LOOPBACK: Final = re.compile(r"127(?:\.[0-9]{1,3}){3}|localhost|::1")


def smallest_that_serves(images: object, edge_px: int) -> str:
    """Choose among the sizes of one picture.

    Parameters
    ----------
    images : object
        What an answer holds: a list of ``{"url", "width", "height"}`` where all is in order.
    edge_px : int
        How long the shorter edge should be at least.

    Returns
    -------
    str
        The address of the smallest that is large enough, else of the largest; empty where there is none.
    """
    sizes = [
        (min(_pixels(image.get("width")), _pixels(image.get("height"))), address)
        for image in (images[:MOST_IMAGES] if isinstance(images, list) else ())
        if isinstance(image, Mapping) and (address := _address(image.get("url")))
    ]
    enough = [size for size in sizes if size[0] >= edge_px]
    if enough:
        return min(enough, key=lambda size: size[0])[1]
    return max(sizes, key=lambda size: size[0])[1] if sizes else ""


def _address(value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or printable(value) != value:
        return ""
    address = f"https:{value}" if value.startswith("//") else value
    return address if len(address) <= LONGEST_ADDRESS else ""


def _pixels(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


@dataclass(frozen=True, slots=True)
class ImageHosts:
    """Whom a build may ask for pictures.

    ``others`` are hosts besides those of :data:`DOMAINS`; one that is this machine may be asked without encryption.
    """

    others: frozenset[str] = frozenset()

    @classmethod
    def of_endpoints(cls, addresses: Iterable[str]) -> ImageHosts:
        """Allow the hosts of the services that the person set instead of the usual ones."""
        return cls(frozenset(host for address in addresses if (host := urlsplit(address).hostname)))

    def service(self, address: str) -> str:
        """Name whom an address means: a domain or another host; empty where nobody may be asked."""
        found = _ADDRESS.fullmatch(address)
        if found is None or len(address) > LONGEST_ADDRESS:
            return ""
        scheme, host, port = found[1].lower(), found[2].lower().strip("[]"), found[3]
        if host in self.others:
            return host if scheme == "https" or _LOOPBACK.fullmatch(host) else ""
        if scheme != "https" or port not in (None, "443"):
            return ""
        return next((domain for domain in DOMAINS if host == domain or host.endswith(f".{domain}")), "")

    def may_ask(self, address: str) -> bool:
        """Tell whether a request may go there."""
        return bool(self.service(address))
