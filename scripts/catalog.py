"""Update the translation catalogs: ``python -m scripts.catalog``; ``--check`` lists those that are not current.

It extracts the messages from the code, adds new ones to every catalog in
``spotmap_build/locale/<language>/LC_MESSAGES``, removes unused ones, and compiles the catalogs: ``*.mo`` for Python,
and ``site_template/language.<language>.json`` for the page. Translators edit only ``*.po`` files. The messages of
the catalog ``errors`` are extracted by ``scripts/sentences.py``.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from scripts.sentences import find_sentences
from spotmap_build import cli, cli_help
from spotmap_build.cluster.wording import EMPTY, TRAITS
from spotmap_build.core.language import LANGUAGES, LOCALE
from spotmap_build.emit.facets import OWN_FACETS
from spotmap_build.insights.quality_report import AGREEMENTS
from spotmap_build.registry.features import FEATURES, OF_HEADS

ROOT: Final = Path(__file__).parents[1]
TEMPLATE: Final = ROOT / "site_template"
SCHEMA: Final = "spotmap.language/1"
TRANSLATED: Final = LANGUAGES[1:]
DOMAINS: Final = ("page", "terminal", "errors")
_COUNTED: Final = (1, 2)
JAVASCRIPT: Final[dict[str, Any]] = {
    "gettext": None,
    "gettext_noop": None,
    "ngettext": _COUNTED,
    "pgettext": ((1, "c"), 2),
}
JINJA: Final[dict[str, Any]] = {"_": None, "ngettext": _COUNTED, "_now": None, "_now_counted": _COUNTED}
PAGE_PYTHON: Final[dict[str, Any]] = {"page_message": None, "page_gettext": (2,), "page_ngettext": (2, 3)}
TERMINAL: Final[dict[str, Any]] = {"gettext": None, "gettext_noop": None, "ngettext": _COUNTED}
OPTIONS: Final = {"parse_template_string": True}
"""Options of Babel's JavaScript extractor: some messages are in template strings."""
VALUE: Final = re.compile(r"\{:[^}]*\}")
MAX_COUNT: Final = 1000
"""Counts up to which a catalog's plural rule is compared with CLDR's; rules repeat long before."""
MILLIONS: Final = (1_000_000, 2_000_000)
"""Counts with their own plural form in Spanish: "1.000.000 de pistas"."""


class PlainCatalog(Catalog):
    """A catalog whose header has no date and no version of Babel, so that equal content gives equal bytes."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale_identifier)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]

    mime_headers = property(_get_mime_headers)


@dataclass(frozen=True, slots=True)
class Found:
    """A message in the code: its location, comments for translators, and its context."""

    message: str | tuple[str, ...]
    name: str | None
    comments: tuple[str, ...] = ()
    context: str | None = None


def messages(domain: str) -> Catalog:
    """Return all messages of a domain, in the order of their files."""
    catalog = Catalog(domain=domain, charset="utf-8", fuzzy=False)
    for found in _found(domain):
        locations = [(found.name, 0)] if found.name else []
        catalog.add(found.message, locations=locations, auto_comments=found.comments, context=found.context)
    return catalog


@cache
def _found(domain: str) -> tuple[Found, ...]:
    """Extract the messages once for all languages."""
    if domain == "errors":
        sentences = (Found(message, name) for message, name in find_sentences().items())
        return (*sentences, Found(".", None, ("The end of a sentence",)))
    found = []
    for path, keywords, method in _files(domain):
        options = OPTIONS if method == "javascript" else None
        with path.open("rb") as file:
            for _, message, comments, context in extract(method, file, keywords, ("Translators:",), options):
                found.append(Found(message, _name(path), tuple(comments), context))
    if domain == "page":
        tables = "spotmap_build/registry/features.py"
        return (*found, *(Found(message, tables, (comment,)) for message, comment in _of_tables()))
    return (*found, *(Found(message, None, (comment,)) for message, comment in cli_help.messages(cli.main)))


def _files(domain: str) -> Iterator[tuple[Path, dict[str, Any], str]]:
    python = [(path, path.read_text("utf-8")) for path in sorted((ROOT / "spotmap_build").rglob("*.py"))]
    if domain == "terminal":
        yield from ((path, TERMINAL, "python") for path, text in python if "core.translation import" in text)
        return
    yield from ((path, JINJA, "jinja2.ext:babel_extract") for path in sorted(TEMPLATE.glob("*.j2")))
    yield from ((path, JAVASCRIPT, "javascript") for path in sorted((TEMPLATE / "viewer").rglob("*.js")))
    yield from ((path, PAGE_PYTHON, "python") for path, text in python if "core.language import" in text)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _of_tables() -> Iterator[tuple[str, str]]:
    """Yield the labels in the build's tables, each with a comment for translators."""
    for feature in (*FEATURES, *OF_HEADS.values()):
        if feature.public:
            yield _capital(feature.name.replace("_", " ")), f"A measure: {feature.meaning}"
        if words := feature.words:
            for word in (words.low, words.high):
                yield word, f"A word for music, by its {feature.label}; also within a list: both {word} and ..."
            unit = VALUE.sub("{amount}", words.format)
            if unit.removeprefix("{amount}").strip(" %") not in {"", feature.unit}:
                yield unit, "A value of this measure, in a sentence"
            for word in (words.lower, words.higher):
                yield word, f"Compared with other music, by its {feature.label}: to the right: {word}"
    for word in sorted({word for word in TRAITS.values() if word not in EMPTY}):
        yield word, "A word for music, by its tags"
    for facet in OWN_FACETS:
        for name in (facet, _capital(facet)):
            yield name, "A property of tracks from the library"
    for kind in AGREEMENTS:
        yield kind, 'A common property of tracks: "{kind}: neighbors by sound"'
    for joint in ("; ", ", ", " and "):
        yield joint, "Between the parts of a list, with its spaces"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def updated(domain: str, language: str) -> Catalog:
    """Return a language's catalog with the current messages of the code; new ones are empty."""
    path = po_path(domain, language)
    known = read_po(io.BytesIO(path.read_bytes() if path.exists() else b""), locale=language, domain=domain)
    name = Locale.parse(language).english_name
    header = f'# Messages of the catalog "{domain}" in {name}; see docs/languages.md'
    catalog = PlainCatalog(locale=language, domain=domain, charset="utf-8", fuzzy=False, header_comment=header)
    for message in messages(domain):
        if message.id:
            before = known.get(message.id, message.context)
            catalog[message.id] = message
            if before is not None:
                message.string, message.user_comments, message.flags = before.string, before.user_comments, before.flags
    return catalog


def forms(text: object) -> list[str]:
    """Return the plural forms of a message or of its translation; one form if it has no plural."""
    return [str(form) for form in text] if isinstance(text, tuple | list) else [str(text or "")]


def po_path(domain: str, language: str) -> Path:
    """Return the path of the file that translators edit."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def as_po(catalog: Catalog) -> bytes:
    """Return a catalog as a ``.po`` file, for translators."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=120, include_lineno=False)
    return buffer.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """Return a catalog as a ``.mo`` file, for Python."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def as_json(catalog: Catalog, language: str) -> bytes:
    """Return a catalog for the page: translations by their English message."""
    texts: dict[str, str | list[str]] = {}
    sentences = []
    for message in catalog:
        key, said = forms(message.id)[0], forms(message.string)
        if not key or not all(said):
            continue
        texts[f"{message.context}\x04{key}" if message.context else key] = (
            said if len(forms(message.id)) > 1 else said[0]
        )
        if any(name.endswith(".py") for name, _ in message.locations):
            sentences.append(key)
    document = {
        "schema": SCHEMA,
        "language": language,
        "dir": Locale.parse(language).text_direction,
        "plural": _plural_forms(language),
        "texts": texts,
        "sentences": sentences,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plural_forms(language: str) -> dict[str, int]:
    """Return the index of the catalog's plural form for each of CLDR's plural categories, which browsers use."""
    import gettext

    rule, category = gettext.c2py(get_plural(language).plural_expr), Locale.parse(language).plural_form
    forms: dict[str, int] = {}
    for count in (*range(MAX_COUNT), *MILLIONS):
        if forms.setdefault(category(count), rule(count)) != rule(count):
            raise ValueError(f"{language}: the catalog's plural rule and the browsers' differ at {count}")
    return forms


def products() -> dict[Path, bytes]:
    """Return the content of all files that this script writes, by path."""
    files = {}
    for language in TRANSLATED:
        for domain in DOMAINS:
            catalog = updated(domain, language)
            path = po_path(domain, language)
            files[path] = as_po(catalog)
            files[path.with_suffix(".mo")] = as_mo(catalog)
            if domain == "page":
                files[TEMPLATE / f"language.{language}.json"] = as_json(catalog, language)
    return files


def main(arguments: list[str]) -> int:
    """Write the files that are not current, or list them with ``--check``."""
    files = products()
    stale = [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]
    if "--check" in arguments:
        for path in stale:
            print(f"not current: {_name(path)}")
        return 1 if stale else 0
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print("\n".join(f"written: {_name(path)}" for path in stale) or "the catalogs are current")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
