"""Which image of a cover is downloaded, and from which hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotmap_build.config import load_config
from spotmap_build.core.image_addresses import ImageHosts, smallest_sufficient_image

SPOTIFY = [{"url": f"https://i.scdn.co/image/{edge}", "width": edge, "height": edge} for edge in (640, 300, 64)]
YOUTUBE = [{"url": f"https://lh3.googleusercontent.com/a=w{edge}", "width": edge, "height": edge} for edge in (60, 120)]


@pytest.mark.parametrize(
    ("images", "address"),
    [
        (SPOTIFY, "https://i.scdn.co/image/300"),
        (SPOTIFY[::-1], "https://i.scdn.co/image/300"),
        (YOUTUBE, "https://lh3.googleusercontent.com/a=w120"),
        ([{"url": "https://i.scdn.co/a", "width": None, "height": None}, *SPOTIFY[2:]], "https://i.scdn.co/image/64"),
        ([{"url": "https://i.scdn.co/first"}, {"url": "https://i.scdn.co/second"}], "https://i.scdn.co/first"),
        ([{"url": "https://i.ytimg.com/a", "width": 400, "height": 100}, *SPOTIFY], "https://i.scdn.co/image/300"),
        ([{"url": "//lh3.googleusercontent.com/a", "width": 1, "height": 1}], "https://lh3.googleusercontent.com/a"),
        ([None, 7, {"url": 5}, {"url": ""}, {}, SPOTIFY[0]], "https://i.scdn.co/image/640"),
        ([{"url": "https://i.scdn.co/a", "width": "640", "height": True}], "https://i.scdn.co/a"),
        ([{"url": "https://i.scdn.co/" + "a" * 1000, "width": 300, "height": 300}], ""),
        ([{"url": "https://i.scdn.co/a\nb", "width": 300, "height": 300}], ""),
        ([{"url": "https://i.scdn.co/\ud800", "width": 300, "height": 300}], ""),
        ([], ""),
        (None, ""),
        ({"url": "https://i.scdn.co/a"}, ""),
        ("https://i.scdn.co/a", ""),
    ],
)
def test_smallest_sufficient_image_is_chosen(images: object, address: str) -> None:
    assert smallest_sufficient_image(images, 160) == address


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("https://i.scdn.co/image/ab67616d00001e02", "scdn.co"),
        ("https://mosaic.scdn.co/300/a", "scdn.co"),
        ("https://image-cdn-fa.spotifycdn.com/image/a", "spotifycdn.com"),
        ("https://cdn-images.dzcdn.net/images/cover/a/250x250-000000-80-0-0.jpg", "dzcdn.net"),
        ("https://lh3.googleusercontent.com/a=w120-h120-l90-rj", "googleusercontent.com"),
        ("https://i.ytimg.com/vi/a/hq.jpg?sqp=-oaymw&rs=AMzJL3", "ytimg.com"),
        ("HTTPS://I.SCDN.CO:443/a", "scdn.co"),
    ],
)
def test_hosts_of_known_services_are_allowed(address: str, service: str) -> None:
    assert ImageHosts().service(address) == service


@pytest.mark.parametrize(
    "address",
    [
        "",
        "cover.jpg",
        "http://i.scdn.co/a",
        "ftp://i.scdn.co/a",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "https://i.scdn.co",
        "https://evilscdn.co/a",
        "https://scdn.co.evil.example/a",
        "https://scdn.co@evil.example/a",
        "https://me:secret@i.scdn.co/a",
        "https://evil.example/https://i.scdn.co/a",
        "https://evil.example\\.scdn.co/a",
        "https://evil.example/\\.scdn.co",
        "https://evil.example#.scdn.co/a",
        "https://evil.example?.scdn.co/a",
        "https://i.scdn.co:8443/a",
        "https://i.scdn.co:99999/a",
        "https://i.scdn.co./a",
        "https://i.scdn.co/a b",
        "https://i.scdn.co/\r\nHost: evil.example",
        "https://i.scdn.co/" + "a" * 1000,
        "https://\u2170.scdn.co/a",
        "https://127.0.0.1/a",
        "http://127.0.0.1:80/a",
        "http://[::1]/a",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_other_hosts_are_refused(address: str) -> None:
    assert not ImageHosts().is_allowed(address)


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("http://127.0.0.1:8080/image/a", True),
        ("http://127.0.0.1:9/image/a", True),
        ("http://127.0.0.2/a", False),
        ("http://localhost/a", False),
        ("http://127.0.0.1.evil.example/a", False),
        ("https://music.proxy.example/a", True),
        ("https://music.proxy.example:8443/a", True),
        ("http://music.proxy.example/a", False),
        ("https://sub.music.proxy.example/a", False),
        ("https://i.scdn.co/a", True),
    ],
)
def test_host_of_a_custom_endpoint_is_allowed(tmp_path: Path, address: str, is_allowed: bool) -> None:
    environment = {"SPOTMAP_SPOTIFY_API": "http://127.0.0.1:8080/v1/", "SPOTMAP_YTMUSIC": "https://music.proxy.example"}
    config = load_config({}, environment, tmp_path)
    assert ImageHosts.of_endpoints(config.other_endpoints).is_allowed(address) is is_allowed


def test_default_endpoints_add_no_hosts(tmp_path: Path) -> None:
    assert load_config({}, {}, tmp_path).other_endpoints == ()
