"""Image addresses from services: which size to use, and which hosts a build may contact. Pure.

An address in a response or a file can point anywhere. Images are only downloaded from the hosts on which the services
store their covers, and from the endpoints that the person configured in place of a service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from spotmap_build.core.text import printable

DOMAINS: Final = ("scdn.co", "spotifycdn.com", "dzcdn.net", "googleusercontent.com", "ytimg.com")
"""Domains on which Spotify, Deezer and YouTube store covers, including their subdomains."""
MAX_ADDRESS_LENGTH: Final = 1_000
MAX_IMAGES: Final = 20
"""Limit for one album. Services list three or four."""
_ADDRESS: Final = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(/[!-\[\]-~]*)", re.IGNORECASE)
"""Stricter than the standard, because libraries disagree on where the host ends in other forms of addresses."""
_LOOPBACK: Final = re.compile(r"127(?:\.[0-9]{1,3}){3}|localhost|::1")


def smallest_sufficient_image(images: object, edge_px: int) -> str:
    """Choose among the sizes of one image.

    Parameters
    ----------
    images : object
        Unchecked value from a response; if valid, a list of ``{"url", "width", "height"}``.
    edge_px : int
        Minimum length of the shorter edge.

    Returns
    -------
    str
        The address of the smallest image that is large enough, else of the largest; empty if there is none.
    """
    sizes = [
        (min(_pixels(image.get("width")), _pixels(image.get("height"))), address)
        for image in (images[:MAX_IMAGES] if isinstance(images, list) else ())
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
    return address if len(address) <= MAX_ADDRESS_LENGTH else ""


def _pixels(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


@dataclass(frozen=True, slots=True)
class ImageHosts:
    """Hosts from which a build may download images.

    ``others`` are hosts in addition to :data:`DOMAINS`. If one is this machine, unencrypted HTTP is allowed.
    """

    others: frozenset[str] = frozenset()

    @classmethod
    def of_endpoints(cls, addresses: Iterable[str]) -> ImageHosts:
        """Also allow the hosts of configured endpoints that replace the default services."""
        return cls(frozenset(host for address in addresses if (host := urlsplit(address).hostname)))

    def service(self, address: str) -> str:
        """Return the allowed domain or host of an address; empty if it must not be contacted."""
        found = _ADDRESS.fullmatch(address)
        if found is None or len(address) > MAX_ADDRESS_LENGTH:
            return ""
        scheme, host, port = found[1].lower(), found[2].lower().strip("[]"), found[3]
        if host in self.others:
            return host if scheme == "https" or _LOOPBACK.fullmatch(host) else ""
        if scheme != "https" or port not in (None, "443"):
            return ""
        return next((domain for domain in DOMAINS if host == domain or host.endswith(f".{domain}")), "")

    def is_allowed(self, address: str) -> bool:
        """Return whether a build may send a request to this address."""
        return bool(self.service(address))
