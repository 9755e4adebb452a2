"""Pages are escaped, misspelt variables are errors, and only what belongs in a site lands in it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import jinja2
import pytest

from spotmap_build.emit.page import (
    CONTENT_SECURITY_POLICY,
    FIRST_FILES,
    PageFacts,
    integrity,
    render_pages,
    template_assets,
    template_digest,
    template_folder,
)
from spotmap_build.emit.picture import ICON_SIZES
from spotmap_build.model import Figure

FACTS = PageFacts(
    title="A <b>map</b>",
    description='Says "hello" & more',
    generation="0123abcd",
    integrity={"viewer.js": "sha256-a+b/c="},
    track_count=1200,
    cluster_count=3,
    playlist_count=2,
    sources=("folder",),
)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    files = {
        "index.html.j2": '<html data-generation="{{ generation }}"><p>{{ title }}</p>{{ description }}</html>',
        "404.html.j2": "{{ title }}",
        "style.css": "body{}",
        "viewer.bundle.js": "run()",
        "README.md": "notes",
        "viewer/main.js": "import",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.mark.parametrize(
    ("sources", "has_ids", "said"),
    [
        (("folder",), False, ""),
        (("table",), True, "Metadata from Spotify, to which cards link."),
        (("takeout",), False, "Metadata from Spotify, to which every card links."),
        (("folder", "spotify"), True, "Metadata and covers from Spotify, to which every card links."),
    ],
)
def test_what_comes_from_spotify_is_said_to(sources: tuple[str, ...], has_ids: bool, said: str) -> None:
    facts = replace(FACTS, sources=sources, has_spotify_ids=has_ids)
    page = render_pages(template_folder(), facts)["index.html"].decode()
    note = re.search(r'<p class="note">Made from(.*?)</p>', page)
    assert note is not None
    assert re.sub("<[^>]*>", "", note[1]).partition(f"{FACTS.nearness}")[2].strip() == said


def test_text_is_escaped(template: Path) -> None:
    pages = render_pages(template, FACTS)
    assert pages["index.html"] == (
        b'<html data-generation="0123abcd"><p>A &lt;b&gt;map&lt;/b&gt;</p>Says &#34;hello&#34; &amp; more</html>'
    )
    assert set(pages) == {"index.html", "404.html"}


def test_a_misspelt_variable_is_an_error(template: Path) -> None:
    (template / "404.html.j2").write_text("{{ titel }}")
    with pytest.raises(jinja2.UndefinedError, match="titel"):
        render_pages(template, FACTS)


def test_browsers_are_told_what_to_check_the_first_files_by() -> None:
    files = {**dict.fromkeys(FIRST_FILES, b""), "viewer.js": b"alert('Hello, world.');", "details-000.json": b"{}"}
    told = integrity(files)
    assert set(told) == set(FIRST_FILES)
    # By `openssl dgst -sha256 -binary | base64`.
    assert told["viewer.js"] == "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
    worker = render_pages(template_folder(), replace(FACTS, integrity=told))["sw.js"].decode()
    assert '"viewer.js": "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="' in worker


def test_assets_are_the_viewer_and_its_style_only(template: Path) -> None:
    assert template_assets(template) == {"style.css": b"body{}", "viewer.js": b"run()"}


@pytest.mark.parametrize("name", ["index.html.j2", "404.html.j2", "style.css", "viewer.bundle.js"])
def test_the_digest_changes_with_every_file_that_lands_in_the_site(template: Path, name: str) -> None:
    before = template_digest(template)
    (template / name).write_text("changed")
    assert template_digest(template) != before


@pytest.mark.parametrize("name", ["README.md", "viewer/main.js"])
def test_the_digest_ignores_what_stays_behind(template: Path, name: str) -> None:
    before = template_digest(template)
    (template / name).write_text("changed")
    assert template_digest(template) == before


def test_the_real_template_renders_and_states_the_same_policy_as_the_preview() -> None:
    pages = render_pages(template_folder(), replace(FACTS, title="Real"))
    page = pages["index.html"].decode()
    for name in ("index.html", "404.html"):
        assert f'content="{CONTENT_SECURITY_POLICY}"' in pages[name].decode()
    assert 'data-generation="0123abcd"' in page
    assets = template_assets(template_folder())
    assert {"viewer.js", "style.css"} <= set(assets)
    for name in assets:
        assert f"data/0123abcd/{name}" in page


def test_the_page_says_how_good_the_map_is_in_sentences() -> None:
    figure = Figure("trustworthiness", "trustworthiness", 0.934, "How far you can trust <it>.", 0.5)
    page = render_pages(template_folder(), replace(FACTS, figures=(figure,)))["index.html"].decode()
    assert "<dt>Trustworthiness <span>0.93</span></dt>" in page
    assert "How far you can trust &lt;it&gt;." in page
    assert "How good is this map" not in render_pages(template_folder(), FACTS)["index.html"].decode()


@pytest.mark.parametrize("site_url", ["", "https://me.example/map/"])
def test_the_policy_permits_what_the_pages_have_inside(site_url: str) -> None:
    pages = render_pages(template_folder(), replace(FACTS, site_url=site_url))
    inside = [
        found[1]
        for name in ("index.html", "404.html")
        for found in re.finditer(r'<(?:style|script data-cfasync="false")>(.*?)</', pages[name].decode(), re.DOTALL)
    ]
    assert len(inside) == 3
    digests = {b64encode(sha256(code.encode()).digest()).decode() for code in inside}
    assert set(re.findall("'sha256-(.*?)'", CONTENT_SECURITY_POLICY)) == digests


@pytest.mark.parametrize("site_url", ["", "https://me.example/map/"])
def test_the_manifest_is_a_document_whatever_the_title_is(site_url: str) -> None:
    title = '"</script>\\ \u2028 Musik & Töne'
    pages = render_pages(template_folder(), replace(FACTS, title=title, site_url=site_url))
    manifest = json.loads(pages["manifest.webmanifest"])
    assert manifest["name"] == title
    assert manifest.get("id", "") == site_url
    assert manifest["start_url"] == manifest["scope"] == "./"
    assert {icon["src"] for icon in manifest["icons"]} == {f"icon-{size}.png" for size in ICON_SIZES}


def test_the_pages_name_the_address_of_the_site_where_it_is_known() -> None:
    pages = render_pages(template_folder(), replace(FACTS, site_url="https://me.example/map/?a&b"))
    page, not_found = pages["index.html"].decode(), pages["404.html"].decode()
    assert '<link rel="canonical" href="https://me.example/map/?a&amp;b">' in page
    assert 'property="og:url" content="https://me.example/map/?a&amp;b"' in page
    assert 'href="https://me.example/map/?a&amp;b"' in not_found
    assert 'property="og:image" content="https://me.example/map/?a&amp;bmap.png"' in page
    unknown = render_pages(template_folder(), FACTS)
    assert "canonical" not in unknown["index.html"].decode()
    assert not re.search("og:url|og:image|twitter", unknown["index.html"].decode())
    # What is relative would lead to where the missing address lies.
    assert re.findall('(?:href|src)="(.*?)"', unknown["404.html"].decode()) == ["data:,"]
