"""Rendering the pages: escaping, undefined variables, replaced templates, themes, and which assets are included."""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import jinja2
import pytest

from spotmap_build.atlas import Figure
from spotmap_build.config import Config
from spotmap_build.core.language import LANGUAGES
from spotmap_build.emit import rendering
from spotmap_build.emit.page import (
    CONTENT_SECURITY_POLICY,
    EXAMPLE,
    FIRST_FILES,
    PageFacts,
    integrity,
    render_pages,
)
from spotmap_build.emit.picture import ICON_SIZES
from spotmap_build.emit.template import read_template
from spotmap_build.errors import ConfigError
from spotmap_build.pipeline import build, plan
from spotmap_build.progress import PlainProgress, Progress
from spotmap_build.registry.themes import THEMES

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
    ("sources", "has_ids", "credit"),
    [
        (("folder",), False, ""),
        (("table",), True, "Metadata from Spotify, to which cards link."),
        (("takeout",), False, "Metadata from Spotify, to which every card links."),
        (("folder", "spotify"), True, "Metadata and covers from Spotify, to which every card links."),
    ],
)
def test_spotify_is_credited_for_its_metadata(sources: tuple[str, ...], has_ids: bool, credit: str) -> None:
    facts = replace(FACTS, sources=sources, has_spotify_ids=has_ids)
    page = render_pages(read_template(), facts)["index.html"].decode()
    note = re.search(r'<p class="note">(.*?)</p>', page, re.DOTALL)
    assert note is not None
    text = re.sub("<[^>]*>", "", note[1]).strip()
    made = "Made with spotmap-build."
    assert text.startswith(made)
    assert text.removeprefix(made).strip() == credit
    # A list to paste into Spotify is offered where tracks are known there.
    assert ('data-export="uris"' in page) is bool(credit)


def test_what_nearness_means_stands_under_the_title() -> None:
    page = render_pages(read_template(), FACTS)["index.html"].decode()
    header = page[page.index('<header id="masthead"') : page.index('<section id="legend"')]
    assert FACTS.nearness in header


def test_text_is_escaped(template: Path) -> None:
    pages = render_pages(read_template(template), FACTS)
    assert pages["index.html"] == (
        b'<html data-generation="0123abcd"><p>A &lt;b&gt;map&lt;/b&gt;</p>Says &#34;hello&#34; &amp; more</html>'
    )
    assert set(pages) == {"index.html", "404.html"}


def test_page_is_ascii_outside_of_scripts_and_styles(template: Path) -> None:
    """It reads the same whatever charset a host declares."""
    (template / "index.html.j2").write_text(
        "<p id='map'>{{ title }} é</p><STYLE>p::after { content: '·' }</STYLE><script>'é'</script>"
        "<p id='legend'>日本</p>"
    )
    page = render_pages(read_template(template), replace(FACTS, title="Å 🎷"))["index.html"].decode()
    assert page == (
        "<p id='map'>&#197; &#127927; &#233;</p><STYLE>p::after { content: '·' }</STYLE><script>'é'</script>"
        "<p id='legend'>&#26085;&#26412;</p>"
    )


def test_undefined_variable_is_an_error(template: Path) -> None:
    (template / "404.html.j2").write_text("{{ titel }}")
    with pytest.raises(jinja2.UndefinedError, match="titel"):
        render_pages(read_template(template), FACTS)


@pytest.fixture
def custom(tmp_path: Path, template: Path) -> Path:
    """Return an empty folder for --template."""
    folder = tmp_path / "custom"
    folder.mkdir()
    (template / "index.html.j2").write_text("<html><p id=\"map\">{{ title }}</p><p id='legend'></p></html>")
    return folder


def test_custom_file_replaces_that_of_the_template(template: Path, custom: Path) -> None:
    (custom / "404.html.j2").write_text("Nothing here: {{ title }}")
    (custom / "style.css").write_text("p{}")
    for name in (".DS_Store", "style.css~", "#style.css#"):
        (custom / name).write_text("x")
    read = read_template(template, replacing=custom)
    assert render_pages(read, FACTS)["404.html"] == b"Nothing here: A &lt;b&gt;map&lt;/b&gt;"
    assert read.assets == {"style.css": b"p{}", "viewer.js": b"run()"}
    assert read.digest != read_template(template).digest


@pytest.mark.parametrize(
    ("name", "content", "message", "hint"),
    [
        (
            "styles.css",
            b"",
            r"styles\.css replaces nothing",
            "404.html.j2, index.html.j2, style.css, viewer.bundle.js",
        ),
        ("README.md", b"", r"README\.md replaces nothing", "index.html.j2"),
        ("", b"", "There is no file in", "index.html.j2"),
        ("style.css", b"\xff", "it is not in UTF-8", "Fix the file"),
        ("index.html.j2", b"<p id='map'>", "lacks elements that the viewer needs: #legend", "Keep every id"),
        (
            "404.html.j2",
            b"{{ titel }}",
            r"404\.html\.j2 cannot be rendered: 'titel' is undefined",
            "site_url, sources, title",
        ),
        ("404.html.j2", b"x\n{% if %}", r"404\.html\.j2, line 2 cannot be rendered", "title"),
        ("404.html.j2", b"{{ title.__class__.__mro__ }}", r"unsafe\.$", "title"),
        ("404.html.j2", b"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion", "title"),
        ("404.html.j2", b"{{ '{0.a[x]}'.format(figures) }}", "cannot be rendered", "title"),
        ("404.html.j2", b"{{ 1 / 0 }}", "division by zero", "title"),
        ("404.html.j2", b"{{ 'a' * 10 ** 9 }}", r"404\.html\.j2 cannot be rendered: it takes more than", "title"),
        ("404.html.j2", b"{{ 'a' * 34000000 }}", r"404\.html\.j2 cannot be rendered: it takes more than", "title"),
        ("404.html.j2", b"{% include 'x' %}", "cannot be rendered: x", "title"),
    ],
)
def test_unusable_custom_file_is_reported(custom: Path, name: str, content: bytes, message: str, hint: str) -> None:
    if name:
        (custom / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message) as refused:
        render_pages(read_template(custom.parent, replacing=custom), FACTS)
    assert hint in refused.value.hint


def test_custom_page_that_takes_too_long_is_reported(custom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power is computed in one step, which no exception can interrupt."""
    monkeypatch.setattr(rendering, "CPU_S", 1)
    (custom / "404.html.j2").write_bytes(b"{{ 10 ** (10 ** 9) }}")
    with pytest.raises(ConfigError, match=r"404\.html\.j2 cannot be rendered: it takes more than"):
        render_pages(read_template(custom.parent, replacing=custom), FACTS)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("words.json", b"{", "Expecting property name"),
        ("language.de.json", b"[]", "it is not a JSON object"),
    ],
)
def test_invalid_custom_json_is_reported(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_template(replacing=tmp_path)


@pytest.mark.parametrize("command", [build, plan])
def test_mistakes_in_custom_files_are_found_before_the_library_is_read(
    custom: Path, command: Callable[[Config, Progress], object]
) -> None:
    (custom / "404.html.j2").write_text("{{ titel }}")
    config = Config(
        sources=(f"folder:{custom / 'absent'}",), out=custom.parent / "site", cache_dir=custom.parent / "cache"
    )
    with pytest.raises(ConfigError, match="'titel' is undefined"):
        command(replace(config, template=custom), PlainProgress(io.StringIO()))


def test_built_in_template_renders_for_the_example() -> None:
    assert b"A map" in render_pages(read_template(), EXAMPLE)["index.html"]


def test_missing_template_folder_is_reported(template: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent, cannot be read: No such file"):
        read_template(template, replacing=template / "absent")


def test_theme_is_appended_to_the_style_and_changes_the_digest() -> None:
    (theme,) = (each for each in THEMES if each.name == "high-contrast")
    plain, themed = read_template(), read_template(theme=theme)
    own, style = plain.assets["style.css"].decode(), themed.assets["style.css"].decode()
    assert style.startswith(own)
    assert style.removeprefix(own).count("--map-background: #000000;") == 2, "if chosen, and if the system asks for it"
    used = set(re.findall(r"--[\w-]+", style.removeprefix(own)))
    assert used <= set(re.findall(r"(--[\w-]+):", own)), "the theme sets only properties of the page"
    assert themed.digest != plain.digest
    assert themed.background == theme.dark.background


def test_integrity_hashes_are_given_for_the_first_files() -> None:
    files = {**dict.fromkeys(FIRST_FILES, b""), "viewer.js": b"alert('Hello, world.');", "details-000.json": b"{}"}
    reported = integrity(files)
    assert set(reported) == set(FIRST_FILES)
    # By `openssl dgst -sha256 -binary | base64`.
    assert reported["viewer.js"] == "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
    worker = render_pages(read_template(), replace(FACTS, integrity=reported))["sw.js"].decode()
    assert '"viewer.js": "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="' in worker


def test_assets_are_only_the_viewer_and_its_style(template: Path) -> None:
    assert read_template(template).assets == {"style.css": b"body{}", "viewer.js": b"run()"}


@pytest.mark.parametrize("name", ["index.html.j2", "404.html.j2", "style.css", "viewer.bundle.js"])
def test_digest_changes_with_every_file_of_the_site(template: Path, name: str) -> None:
    before = read_template(template).digest
    (template / name).write_text("changed")
    assert read_template(template).digest != before


@pytest.mark.parametrize("name", ["README.md", "viewer/main.js"])
def test_digest_ignores_files_that_are_not_published(template: Path, name: str) -> None:
    before = read_template(template).digest
    (template / name).write_text("changed")
    assert read_template(template).digest == before


def test_built_in_template_uses_the_policy_of_the_preview_and_all_assets() -> None:
    pages = render_pages(read_template(), replace(FACTS, title="Real"))
    page = pages["index.html"].decode()
    for name in ("index.html", "404.html"):
        assert f'content="{CONTENT_SECURITY_POLICY}"' in pages[name].decode()
    assert 'data-generation="0123abcd"' in page
    assets = read_template().assets
    assert {"viewer.js", "style.css"} <= set(assets)
    on_demand = {
        "words.json",
        "describe.js",
        "collections.js",
        "listening.js",
        "journeys.js",
        "table.js",
        "tools.js",
        "translate.js",
        "picture.js",
    }
    on_demand |= {f"language.{code}.json" for code in LANGUAGES[1:]} | {"words.de.json", "words.es.json"}
    for name in set(assets) - on_demand:
        assert f"data/0123abcd/{name}" in page


def test_page_explains_the_quality_of_the_map() -> None:
    figure = Figure("trustworthiness", "trustworthiness", 0.934, "How far you can trust <it>.", 0.5)
    page = render_pages(read_template(), replace(FACTS, figures=(figure,)))["index.html"].decode()
    assert "<dt><span>trustworthiness</span> <span>0.93</span></dt>" in page
    assert "How far you can trust &lt;it&gt;." in page
    assert "How good is this map" not in render_pages(read_template(), FACTS)["index.html"].decode()


@pytest.mark.parametrize("site_url", ["", "https://me.example/map/"])
def test_content_security_policy_allows_exactly_the_inline_code(site_url: str) -> None:
    pages = render_pages(read_template(), replace(FACTS, site_url=site_url))
    inline = [
        found[1]
        for name in ("index.html", "404.html")
        for found in re.finditer(r'<(?:style|script data-cfasync="false")>(.*?)</', pages[name].decode(), re.DOTALL)
    ]
    assert len(inline) == 3
    digests = {b64encode(sha256(code.encode()).digest()).decode() for code in inline}
    assert set(re.findall("'sha256-(.*?)'", CONTENT_SECURITY_POLICY)) == digests


@pytest.mark.parametrize("site_url", ["", "https://me.example/map/"])
def test_manifest_is_valid_json_for_any_title(site_url: str) -> None:
    title = '"</script>\\ \u2028 Musik & Töne'
    pages = render_pages(read_template(), replace(FACTS, title=title, site_url=site_url))
    manifest = json.loads(pages["manifest.webmanifest"])
    assert manifest["name"] == title
    assert manifest.get("id", "") == site_url
    assert manifest["start_url"] == manifest["scope"] == "./"
    assert {icon["src"] for icon in manifest["icons"]} == {f"icon-{size}.png" for size in ICON_SIZES}


@pytest.mark.parametrize("is_indexed", [False, True])
def test_indexing_is_refused_unless_enabled(is_indexed: bool) -> None:
    pages = render_pages(read_template(), replace(FACTS, is_indexed=is_indexed))
    robots_meta = '<meta name="robots" content="noindex">'
    assert (robots_meta in pages["index.html"].decode()) is not is_indexed
    assert robots_meta in pages["404.html"].decode()


def test_pages_contain_the_site_url_if_it_is_known() -> None:
    pages = render_pages(read_template(), replace(FACTS, site_url="https://me.example/map/?a&b"))
    page, not_found = pages["index.html"].decode(), pages["404.html"].decode()
    assert '<link rel="canonical" href="https://me.example/map/?a&amp;b">' in page
    assert 'property="og:url" content="https://me.example/map/?a&amp;b"' in page
    assert 'href="https://me.example/map/?a&amp;b"' in not_found
    assert 'property="og:image" content="https://me.example/map/?a&amp;bmap.png"' in page
    assert 'property="og:image:alt" content="1,200 tracks as points, in the colors of 3 clusters"' in page
    for name, content in (("title", "A &lt;b&gt;map&lt;/b&gt;"), ("image:width", "1200"), ("image:height", "630")):
        assert f'property="og:{name}" content="{content}"' in page
    assert 'name="twitter:card" content="summary_large_image"' in page
    unknown = render_pages(read_template(), FACTS)
    assert "canonical" not in unknown["index.html"].decode()
    assert not re.search("og:url|og:image|twitter", unknown["index.html"].decode())
    # A relative link would be resolved against the missing address.
    assert re.findall('(?:href|src)="(.*?)"', unknown["404.html"].decode()) == ["data:,"]
