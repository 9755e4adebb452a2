"""The reference matches the code, and links work in the repository and on the documentation site."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from scripts import docs_site, reference

ROOT = Path(__file__).parents[2]


@cache
def _reference_pages() -> dict[str, str]:
    """Return the reference, made in a separate process because click keeps the first requested help option."""
    program = "import json; from scripts import reference; print(json.dumps(reference.pages()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    made: dict[str, str] = json.loads(done.stdout)
    return made


@pytest.mark.parametrize("name", ["commands.md", "settings.md", "report.md"])
def test_reference_matches_the_code(name: str) -> None:
    assert (ROOT / "docs/reference" / name).read_text() == _reference_pages()[name], "run: make docs"


def test_every_setting_is_explained() -> None:
    rows = [line.split(" | ") for line in reference.settings().splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 40
    assert [row for row in rows if len(row[-1]) < 10] == []


@pytest.mark.parametrize(
    ("page", "text", "without", "with_address"),
    [
        ("docs/a.md", "[A](b.md#c)", "[A](b.md#c)", "[A](b.md#c)"),
        ("docs/a.md", "[A](../CONTRIBUTING.md#d)", "[A](contributing.md#d)", "[A](contributing.md#d)"),
        ("docs/sub/a.md", "[A](../../CONTRIBUTING.md)", "[A](../contributing.md)", "[A](../contributing.md)"),
        ("CONTRIBUTING.md", "[A](docs/b.md)", "[A](b.md)", "[A](b.md)"),
        ("docs/a.md", "see [`x.py`](../code/x.py).", "see `x.py`.", "see [`x.py`](https://git/code/x.py)."),
        ("docs/a.md", "[A](https://a.b/c)[B](#d)", "[A](https://a.b/c)[B](#d)", "[A](https://a.b/c)[B](#d)"),
        ("docs/a.md", "`[A](no.md)`\n```\n[A](no.md)\n```\n", *["`[A](no.md)`\n```\n[A](no.md)\n```\n"] * 2),
        ("docs/a.md", "![A](b.md)", "![A](b.md)", "![A](b.md)"),
    ],
)
def test_links_are_rewritten_for_the_site(
    tmp_path: Path, page: str, text: str, without: str, with_address: str
) -> None:
    for name in ("docs/b.md", "docs/sub/c.md", "CONTRIBUTING.md", "code/x.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for address, expected in (("", without), ("https://git/", with_address)):
        assert docs_site.relinked(text, PurePosixPath(page), tmp_path, address) == expected


def test_broken_link_is_reported(tmp_path: Path) -> None:
    with pytest.raises(docs_site.BrokenLink, match=r"^docs/a\.md: there is no \.\./code/y\.py#L3$"):
        docs_site.relinked("[A](../code/y.py#L3)", PurePosixPath("docs/a.md"), tmp_path, "")


def outside_the_site() -> list[Path]:
    names = ("README.md", "SECURITY.md", "NOTICE.md", "benchmarks/README.md", "examples/*/README.md")
    return [path for name in names for path in sorted(ROOT.glob(name))]


@pytest.mark.parametrize("page", outside_the_site(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_pages_outside_the_site_exist(page: Path) -> None:
    docs_site.relinked(page.read_text(), PurePosixPath(page.relative_to(ROOT).as_posix()), ROOT, "")
    pictures = re.findall(r'(?:src|srcset)="([^":]+)"', page.read_text())
    assert [name for name in pictures if not (page.parent / name).is_file()] == []


def named(entries: object) -> list[str]:
    """Return the pages of a navigation in order."""
    if isinstance(entries, str):
        return [entries]
    assert isinstance(entries, dict | list)
    parts = entries.values() if isinstance(entries, dict) else entries
    return [page for part in parts for page in named(part)]


def test_navigation_lists_every_page_once() -> None:
    navigation = named(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"])
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(navigation) == sorted([*pages, *docs_site.MOVED.values()])


@pytest.mark.slow
def test_site_is_built_without_broken_links(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from scripts import docs_site; "
    program += "docs_site.BUILD = Path(sys.argv[1]); sys.exit(docs_site.main())"
    command = [sys.executable, "-c", program, str(tmp_path / "docs")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "docs/site/index.html").read_text()
    assert "Your music library as a map you recognize" in page
    # The page loads nothing from other hosts.
    assert re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"', page) == []
    assert (tmp_path / "docs/site/reference/commands/index.html").is_file()
